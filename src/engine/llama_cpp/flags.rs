//! Every argument that this program can give llama-server, with the kind of its value. Which of them a
//! build takes is in `profiles/llama-builds.toml`. What is not here is in no plan: among it everything
//! that opens another door (`--ssl-*`, `--path`, `--props`, `--slots`, `--tools`, `--mcp-*`,
//! `--media-path`, `--slot-save-path`; `--rpc` to anything but the forwards of a plan's workers), reads or writes another file (`--lora`, `--log-file`), fetches a
//! model (`--hf-repo`), or is known to be dangerous (`--sleep-idle-seconds`, GHSA-6hc7-9rph-cm99).

use super::forwards::are_forwards;
use crate::engine::grammar::{CARDS, Flag, Grammar, Kind, Row, model_path};
use crate::engine::server::{ADDRESS, ServerName};
use crate::model::tensor_type::TensorType;
use crate::paths;

/// Name in plans.
pub const NAME: &str = "llama.cpp";
/// Name of the program in its archives.
pub const PROGRAM: &str = "llama-server";

/// Arguments of llama-server.
pub static GRAMMAR: Grammar = Grammar {
    engine: NAME,
    program: PROGRAM,
    rows: TABLE,
    opposites: &[(KV_UNIFIED, NO_KV_UNIFIED), (WEBUI, NO_WEBUI)],
    of_server: API_KEY_FILE,
    of_model: Some(MODEL),
    naming: &[MODEL, ALIAS],
    ours,
};

/// `--model`: path of the model's first GGUF file.
pub const MODEL: Flag = Flag::new("--model");
/// `--alias`: name of the model in the API.
pub const ALIAS: Flag = Flag::new("--alias");
/// `--host`: address to listen on, which is [`ADDRESS`].
pub const HOST: Flag = Flag::new("--host");
/// `--port`: port to listen on.
pub const PORT: Flag = Flag::new("--port");
/// `--api-key-file`: file with the API key.
pub const API_KEY_FILE: Flag = Flag::new("--api-key-file");
/// `--ctx-size`: context of all slots together, tokens.
pub const CTX_SIZE: Flag = Flag::new("--ctx-size");
/// `--parallel`: number of slots.
pub const PARALLEL: Flag = Flag::new("--parallel");
/// `--cache-type-k`: type of the cached keys.
pub const CACHE_TYPE_K: Flag = Flag::new("--cache-type-k");
/// `--cache-type-v`: type of the cached values.
pub const CACHE_TYPE_V: Flag = Flag::new("--cache-type-v");
/// `--flash-attn`: `on` or `off`.
pub const FLASH_ATTN: Flag = Flag::new("--flash-attn");
/// `--batch-size`: logical batch, tokens.
pub const BATCH_SIZE: Flag = Flag::new("--batch-size");
/// `--ubatch-size`: physical batch, tokens.
pub const UBATCH_SIZE: Flag = Flag::new("--ubatch-size");
/// `--n-gpu-layers`: layers on cards, the output among them.
pub const N_GPU_LAYERS: Flag = Flag::new("--n-gpu-layers");
/// `--n-cpu-moe`: number of first layers whose experts stay in host memory.
pub const N_CPU_MOE: Flag = Flag::new("--n-cpu-moe");
/// `--split-mode`: way in which cards share the model, `none`, `layer` or `tensor`.
pub const SPLIT_MODE: Flag = Flag::new("--split-mode");
/// `--tensor-split`: share of each card, in any unit.
pub const TENSOR_SPLIT: Flag = Flag::new("--tensor-split");
/// `--main-gpu`: index of the card that is used alone.
pub const MAIN_GPU: Flag = Flag::new("--main-gpu");
/// `--rpc`: the workers of a plan over several hosts, each by its forward on 127.0.0.1.
pub const RPC: Flag = Flag::new("--rpc");
/// `--device`: only `none`, which leaves all cards alone.
pub const DEVICE: Flag = Flag::new("--device");
/// `--fit`: only `off`, so that llama.cpp does not change the arguments to fit the memory.
pub const FIT: Flag = Flag::new("--fit");
/// `--cache-ram`: size of the prompt cache, MiB.
pub const CACHE_RAM: Flag = Flag::new("--cache-ram");
/// `--ctx-checkpoints`: number of context checkpoints of a slot.
pub const CTX_CHECKPOINTS: Flag = Flag::new("--ctx-checkpoints");
/// `--load-mode`: way in which the file is read, such as `mmap`.
pub const LOAD_MODE: Flag = Flag::new("--load-mode");
/// `--numa`: where threads run on a host of several NUMA nodes; `isolate`: on the node that the server starts on.
pub const NUMA: Flag = Flag::new("--numa");
/// `--threads`: number of threads; -1: as many as there are.
pub const THREADS: Flag = Flag::new("--threads");
/// `--threads-http`: number of threads for HTTP.
pub const THREADS_HTTP: Flag = Flag::new("--threads-http");
/// `--timeout`: seconds without a byte after which a connection is closed.
pub const TIMEOUT: Flag = Flag::new("--timeout");
/// `--chat-template-file`: path of the chat template.
pub const CHAT_TEMPLATE_FILE: Flag = Flag::new("--chat-template-file");
/// `--pooling`: rule that makes one vector from those of a text's tokens.
pub const POOLING: Flag = Flag::new("--pooling");
/// `--kv-unified`: one KV cache for all slots.
pub const KV_UNIFIED: Flag = Flag::new("--kv-unified");
/// `--no-kv-unified`: a KV cache for each slot.
pub const NO_KV_UNIFIED: Flag = Flag::new("--no-kv-unified");
/// `--embedding`: the server makes embeddings only.
pub const EMBEDDING: Flag = Flag::new("--embedding");
/// `--jinja`: chat templates are run by the Jinja engine.
pub const JINJA: Flag = Flag::new("--jinja");
/// `--webui`: a web page for chats, which asks for the key.
pub const WEBUI: Flag = Flag::new("--webui");
/// `--no-webui`: no web page for chats. A plan has this or its opposite, as the page is there by default.
pub const NO_WEBUI: Flag = Flag::new("--no-webui");
/// `--no-slots`: no `/slots` endpoint.
pub const NO_SLOTS: Flag = Flag::new("--no-slots");
/// `--metrics`: the `/metrics` endpoint for Prometheus.
pub const METRICS: Flag = Flag::new("--metrics");
/// `--offline`: nothing is downloaded.
pub const OFFLINE: Flag = Flag::new("--offline");

/// Tokens, layers, MiB and seconds that nothing real exceeds.
pub const TOKENS: i64 = 1 << 26;
pub const LAYERS: i64 = 10_000;
pub const MIB: i64 = 1 << 22;
const DAY: i64 = 86_400;

const TABLE: &[Row] = &[
    Row::must(MODEL, Kind::Ours),
    Row::may(ALIAS, Kind::Text),
    Row::must(HOST, Kind::Ours),
    Row::must(PORT, Kind::Ours),
    Row::must(API_KEY_FILE, Kind::Ours),
    Row::must(CTX_SIZE, Kind::Whole(1, TOKENS)),
    Row::must(PARALLEL, Kind::Whole(1, 256)),
    Row::may(CACHE_TYPE_K, Kind::OneOf(TensorType::CACHE)),
    Row::may(CACHE_TYPE_V, Kind::OneOf(TensorType::CACHE)),
    Row::may(FLASH_ATTN, Kind::OneOf(&["on", "off"])),
    Row::may(BATCH_SIZE, Kind::Whole(1, TOKENS)),
    Row::may(UBATCH_SIZE, Kind::Whole(1, TOKENS)),
    Row::may(N_GPU_LAYERS, Kind::Whole(0, LAYERS)),
    Row::may(N_CPU_MOE, Kind::Whole(0, LAYERS)),
    Row::may(SPLIT_MODE, Kind::OneOf(&["none", "layer", "tensor"])),
    Row::may(TENSOR_SPLIT, Kind::Shares),
    Row::may(MAIN_GPU, Kind::Whole(0, CARDS as i64)),
    Row::may(RPC, Kind::Checked(are_forwards)),
    Row::may(DEVICE, Kind::OneOf(&["none"])),
    Row::may(FIT, Kind::OneOf(&["off"])),
    Row::may(CACHE_RAM, Kind::Whole(0, MIB)),
    Row::may(CTX_CHECKPOINTS, Kind::Whole(0, 1024)),
    Row::may(LOAD_MODE, Kind::OneOf(&["mmap", "none", "mlock", "mmap+mlock", "dio"])),
    Row::may(NUMA, Kind::OneOf(&["distribute", "isolate", "numactl"])),
    // -1: as many as there are.
    Row::may(THREADS, Kind::Whole(-1, 1024)),
    Row::may(THREADS_HTTP, Kind::Whole(1, 1024)),
    Row::may(TIMEOUT, Kind::Whole(1, DAY)),
    Row::may(CHAT_TEMPLATE_FILE, Kind::Ours),
    Row::may(POOLING, Kind::OneOf(&["mean", "cls", "last"])),
    Row::may(KV_UNIFIED, Kind::Switch),
    Row::may(NO_KV_UNIFIED, Kind::Switch),
    Row::may(EMBEDDING, Kind::Switch),
    Row::may(JINJA, Kind::Switch),
    Row::may(WEBUI, Kind::Switch),
    Row::must(NO_WEBUI, Kind::Switch),
    Row::must(NO_SLOTS, Kind::Switch),
    Row::may(METRICS, Kind::Switch),
    Row::must(OFFLINE, Kind::Switch),
];

/// The value that we set.
fn ours(flag: Flag, server: ServerName, model: &str) -> Option<String> {
    match flag {
        MODEL => Some(model_path(model)),
        HOST => Some(ADDRESS.to_string()),
        PORT => Some(server.port().to_string()),
        API_KEY_FILE => Some(server.key_file()),
        CHAT_TEMPLATE_FILE => Some(format!("{}/{}", paths::GENERATION, paths::generation::CHAT_TEMPLATE)),
        _ => None,
    }
}
