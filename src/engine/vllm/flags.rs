//! Every argument that this program can give vLLM's `serve` (docs/configuration/engine_args.md, docs/cli/serve.md).
//! An argument that is not here is in no plan: among them everything that opens another door, takes the key from argv (`--api-key`),
//! loads code (`--trust-remote-code`, `--middleware`, `--tool-server`) or unpacks pickled objects (`--load-format`).

use crate::engine::grammar::{Flag, Grammar, Kind, Row};
use crate::engine::server::ServerName;

/// Name in plans.
pub const NAME: &str = "vllm";
/// Folder of the model's files in the container.
pub const FOLDER: &str = "/model";
/// Address in the container, whose port is published on the host's 127.0.0.1 alone.
const IN_CONTAINER: &str = "0.0.0.0";

/// Arguments of the image's entry point.
pub static GRAMMAR: Grammar = Grammar {
    engine: NAME,
    program: "vllm serve",
    rows: TABLE,
    opposites: &[],
    of_server: PORT,
    of_model: None,
    naming: &[MODEL, SERVED_MODEL_NAME],
    ours,
};

/// `--model`: folder of the model's files; the image's own page gives it so.
pub const MODEL: Flag = Flag::new("--model");
/// `--served-model-name`: name of the model in the API.
pub const SERVED_MODEL_NAME: Flag = Flag::new("--served-model-name");
/// `--host`: address in the container.
pub const HOST: Flag = Flag::new("--host");
/// `--port`: port in the container, and on the host's 127.0.0.1.
pub const PORT: Flag = Flag::new("--port");
/// `--load-format`: only safetensors.
pub const LOAD_FORMAT: Flag = Flag::new("--load-format");
/// `--tensor-parallel-size`: number of cards that share every matrix.
pub const TENSOR_PARALLEL_SIZE: Flag = Flag::new("--tensor-parallel-size");
/// `--max-model-len`: context of one request, tokens.
pub const MAX_MODEL_LEN: Flag = Flag::new("--max-model-len");
/// `--max-num-seqs`: requests served side by side.
pub const MAX_NUM_SEQS: Flag = Flag::new("--max-num-seqs");
/// `--max-num-batched-tokens`: tokens of one step.
pub const MAX_NUM_BATCHED_TOKENS: Flag = Flag::new("--max-num-batched-tokens");
/// `--gpu-memory-utilization`: share of all memory of each card that it may take.
pub const GPU_MEMORY_UTILIZATION: Flag = Flag::new("--gpu-memory-utilization");
/// `--block-size`: tokens of a block of the cache.
pub const BLOCK_SIZE: Flag = Flag::new("--block-size");
/// `--kv-cache-dtype`: type of the cached keys and values; `auto` is the model's.
pub const KV_CACHE_DTYPE: Flag = Flag::new("--kv-cache-dtype");

/// Tokens that nothing real exceeds.
const TOKENS: i64 = 1 << 26;

const TABLE: &[Row] = &[
    Row::must(MODEL, Kind::Ours),
    Row::must(SERVED_MODEL_NAME, Kind::Text),
    Row::must(HOST, Kind::Ours),
    Row::must(PORT, Kind::Ours),
    Row::must(LOAD_FORMAT, Kind::OneOf(&["safetensors"])),
    Row::must(TENSOR_PARALLEL_SIZE, Kind::Whole(1, 64)),
    Row::must(MAX_MODEL_LEN, Kind::Whole(1, TOKENS)),
    Row::must(MAX_NUM_SEQS, Kind::Whole(1, 256)),
    Row::must(MAX_NUM_BATCHED_TOKENS, Kind::Whole(1, TOKENS)),
    Row::must(GPU_MEMORY_UTILIZATION, Kind::Hundredths),
    Row::must(BLOCK_SIZE, Kind::OneOf(&["16"])),
    Row::must(KV_CACHE_DTYPE, Kind::OneOf(&["auto"])),
];

/// The value that we set.
fn ours(flag: Flag, server: ServerName, _model: &str) -> Option<String> {
    match flag {
        MODEL => Some(FOLDER.to_string()),
        HOST => Some(IN_CONTAINER.to_string()),
        PORT => Some(server.port().to_string()),
        _ => None,
    }
}
