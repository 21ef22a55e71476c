//! llama.cpp's own container images, whose entry point is llama-server.
//!
//! From `.github/workflows/docker.yml`, `.devops/` and docs/docker.md of b11434: `server-BUILD` and
//! `server-KIND-BUILD` of ghcr.io/ggml-org/llama.cpp start /app/llama-server, have no user of their own and no groups of
//! devices. A container of them is on the host's network and listens where the archive's server does, sees the files at
//! the paths of the host, and has the service's user: its arguments are the same ones.

use crate::engine::container::Container;
use crate::paths;

/// Repository of the images.
pub const REPOSITORY: &str = "ghcr.io/ggml-org/llama.cpp";

pub(super) static CONTAINER: Container = Container {
    only: false,
    unit: include_str!("../../../templates/quadlet/llama.cpp.container"),
    model: "",
    cache: paths::CACHE,
    key: "LLAMA_API_KEY",
    environment: &[
        // Code that is compiled for the cards stays for the next start.
        ("HOME", paths::CACHE),
        ("XDG_CACHE_HOME", paths::CACHE),
        ("CUDA_CACHE_PATH", CUDA_CACHE),
        // Cards are counted in the order of the bus, as plans count them.
        ("CUDA_DEVICE_ORDER", "PCI_BUS_ID"),
    ],
    user: None,
    shared_memory: "",
    least: None,
};

/// CUDA's part of the cache.
const CUDA_CACHE: &str = "/var/cache/agi-provision/cuda";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cudas_part_of_the_cache_lies_in_it() {
        assert_eq!(CUDA_CACHE, format!("{}/cuda", paths::CACHE));
    }
}
