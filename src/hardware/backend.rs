//! llama.cpp's backends for graphics cards.

use super::words::words;
use serde::{Deserialize, Serialize};

/// Through what llama.cpp computes on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// NVIDIA's cards, through the CUDA runtime.
    Cuda,
    /// AMD's cards, through ROCm's HIP.
    Rocm,
    /// Any maker's cards, through a Vulkan driver.
    Vulkan,
}

words!(Backend, "backend", Cuda = "cuda", Rocm = "rocm", Vulkan = "vulkan");

impl Backend {
    /// Every backend.
    pub const ALL: [Backend; 3] = [Backend::Cuda, Backend::Rocm, Backend::Vulkan];

    /// Its name in messages.
    pub fn title(self) -> &'static str {
        match self {
            Backend::Cuda => "CUDA",
            Backend::Rocm => "ROCm",
            Backend::Vulkan => "Vulkan",
        }
    }

    /// The library beside llama-server that it is in. It is opened while the server runs; where a library that it
    /// needs is missing, the server passes over it and the card.
    pub fn library(self) -> &'static str {
        match self {
            Backend::Cuda => "libggml-cuda.so",
            Backend::Rocm => "libggml-hip.so",
            Backend::Vulkan => "libggml-vulkan.so",
        }
    }
}
