//! How an engine is run from a container image, by podman as a unit of Quadlet's.

/// How a container of the engine's image is run.
#[derive(Debug)]
pub struct Container {
    /// Whether the engine comes in no other form; else it does where a plan pins an image.
    pub only: bool,
    /// Template of its unit.
    pub unit: &'static str,
    /// Folder of the model's files in it.
    pub model: &'static str,
    /// Folder in it that the program may write to.
    pub cache: &'static str,
    /// Variable that carries the key of the API.
    pub key: &'static str,
    /// Variables that it is started with, beside those of the engine.
    pub environment: &'static [(&'static str, &'static str)],
    /// User and group in it, by their numbers; `None`: those of the host's service.
    pub user: Option<(u32, u32)>,
    /// Size of the memory that its processes share; empty: podman's own.
    pub shared_memory: &'static str,
    /// The oldest cards that its image works with; `None` where that depends on the image.
    pub least: Option<LeastCards>,
}

/// The oldest cards that an image has code for.
#[derive(Clone, Copy, Debug)]
pub struct LeastCards {
    /// Compute capability that its cards need.
    pub compute: (u64, u64),
    /// Compute capability that cards need for numbers of the type BF16.
    pub compute_bf16: (u64, u64),
    /// Source of both.
    pub source: &'static str,
}
