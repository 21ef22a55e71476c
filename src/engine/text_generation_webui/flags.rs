//! Every argument that this program can give server.py of text-generation-webui (read in modules/shared.py of v4.9), and
//! through its `--extra-flags` the llama-server that it starts. What is not here is in no plan: among it everything that
//! opens another door (`--share`, `--public-api`, `--gradio-auth`), takes a key from argv (`--api-key`, `--admin-key`),
//! loads code (`--extensions`, `--trust-remote-code`) or starts another program (`--ik`).

use crate::engine::grammar::{CARDS, Flag, Grammar, Kind, Row, model_path};
use crate::engine::llama_cpp::flags as llama;
use crate::engine::server::{ADDRESS, ServerName};
use crate::model::tensor_type::TensorType;
use crate::paths;

/// Name in plans.
pub const NAME: &str = "text-generation-webui";
/// Script that takes the arguments.
pub const SCRIPT: &str = "server.py";

/// Arguments of server.py.
pub static GRAMMAR: Grammar = Grammar {
    engine: NAME,
    program: SCRIPT,
    rows: TABLE,
    opposites: &[(llama::KV_UNIFIED, llama::NO_KV_UNIFIED)],
    of_server: API_PORT,
    of_model: Some(MODEL),
    naming: &[MODEL],
    ours,
};

/// `--portable`: without what needs more than llama.cpp.
pub const PORTABLE: Flag = Flag::new("--portable");
/// `--user-data-dir`: folder of `CMD_FLAGS.txt`, the file with the keys.
pub const USER_DATA_DIR: Flag = Flag::new("--user-data-dir");
/// `--model-dir`: folder of the models that it lists.
pub const MODEL_DIR: Flag = Flag::new("--model-dir");
/// `--model`: path of the model's first file.
pub const MODEL: Flag = Flag::new("--model");
/// `--loader`: only `llama.cpp`.
pub const LOADER: Flag = Flag::new("--loader");
/// `--api`: the API.
pub const API: Flag = Flag::new("--api");
/// `--api-port`: port of the API.
pub const API_PORT: Flag = Flag::new("--api-port");
/// `--listen`: the address is the one of `--listen-host`, and a request may name the host as it likes, as it does
/// through the unit that ends TLS.
pub const LISTEN: Flag = Flag::new("--listen");
/// `--listen-host`: address of the API.
pub const LISTEN_HOST: Flag = Flag::new("--listen-host");
/// `--nowebui`: without its page, which asks for no key.
pub const NOWEBUI: Flag = Flag::new("--nowebui");
/// `--ctx-size`: context of all slots together, tokens.
pub const CTX_SIZE: Flag = Flag::new("--ctx-size");
/// `--parallel`: number of slots.
pub const PARALLEL: Flag = Flag::new("--parallel");
/// `--batch-size`: logical batch, tokens.
pub const BATCH_SIZE: Flag = Flag::new("--batch-size");
/// `--ubatch-size`: physical batch, tokens.
pub const UBATCH_SIZE: Flag = Flag::new("--ubatch-size");
/// `--gpu-layers`: layers on cards, the output among them; given, it also turns `--fit` off.
pub const GPU_LAYERS: Flag = Flag::new("--gpu-layers");
/// `--split-mode`: way in which cards share the model.
pub const SPLIT_MODE: Flag = Flag::new("--split-mode");
/// `--tensor-split`: share of each card.
pub const TENSOR_SPLIT: Flag = Flag::new("--tensor-split");
/// `--chat-template-file`: path of the chat template.
pub const CHAT_TEMPLATE_FILE: Flag = Flag::new("--chat-template-file");
/// `--extra-flags`: further arguments of the llama-server.
pub const EXTRA_FLAGS: Flag = Flag::new("--extra-flags");

const TABLE: &[Row] = &[
    Row::must(PORTABLE, Kind::Switch),
    Row::must(USER_DATA_DIR, Kind::Ours),
    Row::must(MODEL_DIR, Kind::Ours),
    Row::must(MODEL, Kind::Ours),
    Row::must(LOADER, Kind::OneOf(&[llama::NAME])),
    Row::must(API, Kind::Switch),
    Row::must(API_PORT, Kind::Ours),
    Row::must(LISTEN, Kind::Switch),
    Row::must(LISTEN_HOST, Kind::Ours),
    Row::must(NOWEBUI, Kind::Switch),
    Row::must(CTX_SIZE, Kind::Whole(1, llama::TOKENS)),
    Row::must(PARALLEL, Kind::Whole(1, 256)),
    Row::must(BATCH_SIZE, Kind::Whole(1, llama::TOKENS)),
    Row::must(UBATCH_SIZE, Kind::Whole(1, llama::TOKENS)),
    Row::must(GPU_LAYERS, Kind::Whole(0, llama::LAYERS)),
    Row::may(SPLIT_MODE, Kind::OneOf(&["none", "layer", "tensor"])),
    Row::may(TENSOR_SPLIT, Kind::Shares),
    Row::may(CHAT_TEMPLATE_FILE, Kind::Ours),
    Row::must(EXTRA_FLAGS, Kind::Inner(EXTRA)),
];

/// Arguments of its llama-server that it has no own ones for. Each is one that it does not give itself, but
/// `--flash-attn`, which it always turns on: of two the last one counts.
const EXTRA: &[Row] = &[
    Row::may(llama::CACHE_TYPE_K, Kind::OneOf(TensorType::CACHE)),
    Row::may(llama::CACHE_TYPE_V, Kind::OneOf(TensorType::CACHE)),
    Row::may(llama::FLASH_ATTN, Kind::OneOf(&["off"])),
    Row::may(llama::N_CPU_MOE, Kind::Whole(0, llama::LAYERS)),
    Row::may(llama::MAIN_GPU, Kind::Whole(0, CARDS as i64)),
    Row::may(llama::DEVICE, Kind::OneOf(&["none"])),
    Row::must(llama::CACHE_RAM, Kind::Whole(0, llama::MIB)),
    Row::must(llama::CTX_CHECKPOINTS, Kind::Whole(0, 1024)),
    Row::may(llama::LOAD_MODE, Kind::OneOf(&["mmap"])),
    Row::may(llama::KV_UNIFIED, Kind::Switch),
    Row::may(llama::NO_KV_UNIFIED, Kind::Switch),
    Row::must(llama::NO_SLOTS, Kind::Switch),
    Row::must(llama::OFFLINE, Kind::Switch),
];

/// The value that we set.
fn ours(flag: Flag, server: ServerName, model: &str) -> Option<String> {
    match flag {
        USER_DATA_DIR => Some(server.runtime_folder()),
        MODEL_DIR => Some(format!("{}/{}", paths::GENERATION, paths::generation::MODEL)),
        MODEL => Some(model_path(model)),
        API_PORT => Some(server.port().to_string()),
        LISTEN_HOST => Some(ADDRESS.to_string()),
        CHAT_TEMPLATE_FILE => Some(format!("{}/{}", paths::GENERATION, paths::generation::CHAT_TEMPLATE)),
        _ => None,
    }
}
