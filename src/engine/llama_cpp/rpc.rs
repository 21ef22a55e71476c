//! llama.cpp's RPC backend: devices of other hosts. A worker runs ggml-rpc-server, the head's llama-server takes
//! `--rpc` and sends each worker its weights, every batch's graph and what crosses a cut of it.
//!
//! Messages are those of protocol 7.0 (b11434, ggml-rpc.cpp): a request is one byte of command, eight of length and
//! its content; an answer is eight bytes of length and its content. A tensor is described in 296 bytes.

/// The worker's program, in the runtime's archive beside llama-server.
pub const WORKER: &str = "ggml-rpc-server";

/// Port that a worker listens on, on its own 127.0.0.1.
pub const PORT: u16 = 50052;

/// Most devices that llama-server spreads layers over (`llama_max_devices`).
pub const MOST_DEVICES: usize = 16;

/// Memory of a worker before any buffer: 5.6 MiB resident (b11434 for the CPU, measured), and the graph it was sent.
pub const WORKER_PROCESS: u64 = 32 << 20;

const REQUEST: u64 = 1 + 8;
const ANSWER: u64 = 8;
const TENSOR: u64 = 296;

/// Bytes of a request that fills a tensor: the tensor, a flag, an offset, the content. Nothing answers it.
pub const fn fill(content: u64) -> u64 {
    REQUEST + TENSOR + 1 + 8 + content
}

/// Bytes of a request for a tensor's content, and of its answer.
pub const fn fetch(content: u64) -> (u64, u64) {
    (REQUEST + TENSOR + 8 + 8, ANSWER + content)
}

/// Bytes of a request to compute the same graph again. Nothing answers it.
pub const COMPUTE_AGAIN: u64 = REQUEST + 4;

/// Arguments of a head whose workers are reached at `endpoints`: layers on devices, the output among them, and the
/// share of each device, the workers' first.
pub fn head_arguments(endpoints: &[String], layers: u64, shares: &[u64]) -> Vec<String> {
    let shares: Vec<String> = shares.iter().map(u64::to_string).collect();
    let pairs = [
        ("--rpc", endpoints.join(",")),
        ("--n-gpu-layers", layers.to_string()),
        ("--split-mode", "layer".to_string()),
        ("--tensor-split", shares.join(",")),
    ];
    pairs.into_iter().flat_map(|(flag, value)| [flag.to_string(), value]).collect()
}

/// Arguments of a worker: on its own 127.0.0.1 alone, which is also the program's default; `threads` where the CPU
/// computes.
pub fn worker_arguments(port: u16, threads: Option<u64>) -> Vec<String> {
    let mut all = vec!["--host".to_string(), "127.0.0.1".to_string(), "--port".to_string(), port.to_string()];
    all.extend(threads.into_iter().flat_map(|threads| ["--threads".to_string(), threads.to_string()]));
    all
}
