//! The settings with which llama.cpp is compiled on a host, those of the lab's builds (tests/lab/build-llama,
//! tests/gpu/build-server) but for the host's own processor.

use crate::engine::from_source::FromSource;

pub static SOURCE: FromSource = FromSource {
    marks: &["CMakeLists.txt", "ggml/CMakeLists.txt"],
    settings: &[
        "CMAKE_BUILD_TYPE=Release",
        "CMAKE_BUILD_WITH_INSTALL_RPATH=ON",
        "BUILD_SHARED_LIBS=ON",
        "LLAMA_BUILD_COMMIT=unknown",
        "LLAMA_BUILD_TESTS=OFF",
        "LLAMA_BUILD_EXAMPLES=OFF",
        "LLAMA_BUILD_UI=OFF",
        "LLAMA_USE_PREBUILT_UI=OFF",
        "LLAMA_BUILD_WEBUI=OFF",
        "LLAMA_OPENSSL=OFF",
        "LLAMA_CURL=OFF",
        "GGML_CCACHE=OFF",
        "GGML_NATIVE=ON",
    ],
    number: "LLAMA_BUILD_NUMBER",
    // Without the driver's library at hand, which only virtual memory of its own would need.
    cuda: &["GGML_CUDA=ON", "GGML_CUDA_NO_VMM=ON"],
    nccl: "GGML_CUDA_NCCL",
};
