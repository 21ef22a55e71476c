//! llama.cpp's RPC backend: devices of other hosts. A worker runs ggml-rpc-server, the head's llama-server takes
//! `--rpc` and sends each worker its weights, every batch's graph and what crosses a cut of it.
//!
//! Messages are those of protocol 7.0 (b11434, ggml-rpc.cpp): a request is one byte of command, eight of length and
//! its content; an answer is eight bytes of length and its content. A tensor is described in 296 bytes.

use super::flags::{self, HOST, PORT, THREADS};
use super::forwards::endpoints;
pub use super::forwards::{MOST_DEVICES, forward};
use crate::engine::arguments::{Draft, ServerArgs};
use crate::engine::grammar::{Grammar, Kind, Row};
use crate::engine::server::{ADDRESS, ServerName};
use crate::error::Result;

/// The worker's program, in the runtime's archive beside llama-server.
pub const WORKER: &str = "ggml-rpc-server";

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

/// Arguments of a worker.
pub static GRAMMAR: Grammar = Grammar {
    engine: flags::NAME,
    program: WORKER,
    rows: &[
        Row::must(HOST, Kind::Ours),
        Row::must(PORT, Kind::Ours),
        Row::may(THREADS, Kind::Whole(1, 1024)),
    ],
    opposites: &[],
    of_server: PORT,
    of_model: None,
    naming: &[],
    ours: |flag, server, _| match flag {
        HOST => Some(ADDRESS.to_string()),
        PORT => Some(server.port().to_string()),
        _ => None,
    },
};

/// Arguments that a head has beside those of one machine, for so many workers: layers on devices, the output among them, and the
/// share of each device, the workers' first.
pub fn head_arguments(workers: usize, layers: u64, shares: &[u64]) -> Vec<String> {
    let shares: Vec<String> = shares.iter().map(u64::to_string).collect();
    let pairs = [
        ("--rpc", endpoints(workers)),
        ("--n-gpu-layers", layers.to_string()),
        ("--split-mode", "layer".to_string()),
        ("--tensor-split", shares.join(",")),
    ];
    pairs.into_iter().flat_map(|(flag, value)| [flag.to_string(), value]).collect()
}

/// Arguments of a worker: on its own 127.0.0.1 alone, which is also the program's default; `threads` where the CPU
/// computes.
///
/// # Errors
/// More threads than a plan may give.
pub fn worker_arguments(threads: Option<u64>) -> Result<ServerArgs> {
    let mut args = Draft::new(&GRAMMAR, ServerName::WORKER, "");
    args.ours(HOST).ours(PORT);
    if let Some(threads) = threads {
        args.set(THREADS, threads);
    }
    args.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_listens_on_its_own_address_and_takes_nothing_else() {
        let args = worker_arguments(Some(8)).unwrap();
        assert_eq!(args.to_argv(), ["--host", "127.0.0.1", "--port", "50052", "--threads", "8"]);
        assert_eq!((args.server(), args.model()), (ServerName::WORKER, None));
        for (texts, why) in [
            (&["--host", "0.0.0.0", "--port", "50052"][..], "it is 127.0.0.1"),
            (&["--host", "127.0.0.1", "--port", "50053"], "it is"),
            (&["--host", "127.0.0.1", "--port", "50052", "--cache"], "is not one that a plan may give"),
            (&["--host", "127.0.0.1"], "--port is missing"),
        ] {
            let texts: Vec<String> = texts.iter().map(|text| text.to_string()).collect();
            let refused = ServerArgs::parse(&GRAMMAR, &texts).unwrap_err();
            assert!(
                refused.contains(why) && refused.starts_with("ggml-rpc-server's arguments:"),
                "{refused}"
            );
        }
    }
}
