//! An engine that comes as a container image, and is run by podman as a unit of Quadlet's.

/// How a container of the engine's image is run.
#[derive(Debug)]
pub struct Container {
    /// Folder of the model's files in it.
    pub model: &'static str,
    /// Folder in it that the program may write to.
    pub cache: &'static str,
    /// Variable that carries the key of the API.
    pub key: &'static str,
    /// Variables that it is started with.
    pub environment: &'static [(&'static str, &'static str)],
    /// User and group in it, by their numbers.
    pub user: (u32, u32),
    /// Size of the memory that its processes share.
    pub shared_memory: &'static str,
    /// Compute capability that its cards need.
    pub least_compute: (u64, u64),
    /// Compute capability that cards need for numbers of the type BF16.
    pub least_compute_bf16: (u64, u64),
    /// Source of what is here.
    pub source: &'static str,
}
