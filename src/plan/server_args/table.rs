//! Every argument that this program can give llama-server, with the kind of its value. Which of them a
//! build takes is in `profiles/llama-builds.toml`. What is not here is in no plan: among it everything
//! that opens another door (`--ssl-*`, `--path`, `--props`, `--slots`, `--tools`, `--mcp-*`, `--rpc`,
//! `--media-path`, `--slot-save-path`), reads or writes another file (`--lora`, `--log-file`), fetches a
//! model (`--hf-repo`), or is known to be dangerous (`--sleep-idle-seconds`, GHSA-6hc7-9rph-cm99).

use crate::model::tensor_type::TensorType;

/// An argument of llama-server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// `--model`: path of the model's first GGUF file.
    Model,
    /// `--alias`: name of the model in the API.
    Alias,
    /// `--host`: address to listen on, which is [`super::ADDRESS`].
    Host,
    /// `--port`: port to listen on.
    Port,
    /// `--api-key-file`: file with the API key.
    ApiKeyFile,
    /// `--ctx-size`: context of all slots together, tokens.
    CtxSize,
    /// `--parallel`: number of slots.
    Parallel,
    /// `--cache-type-k`: type of the cached keys.
    CacheTypeK,
    /// `--cache-type-v`: type of the cached values.
    CacheTypeV,
    /// `--flash-attn`: `on` or `off`.
    FlashAttn,
    /// `--batch-size`: logical batch, tokens.
    BatchSize,
    /// `--ubatch-size`: physical batch, tokens.
    UbatchSize,
    /// `--n-gpu-layers`: layers on cards, the output among them.
    NGpuLayers,
    /// `--n-cpu-moe`: number of first layers whose experts stay in host memory.
    NCpuMoe,
    /// `--split-mode`: way in which cards share the model, `none`, `layer` or `tensor`.
    SplitMode,
    /// `--tensor-split`: share of each card, in any unit.
    TensorSplit,
    /// `--main-gpu`: index of the card that is used alone.
    MainGpu,
    /// `--device`: only `none`, which leaves all cards alone.
    Device,
    /// `--fit`: only `off`, so that llama.cpp does not change the arguments to fit the memory.
    Fit,
    /// `--cache-ram`: size of the prompt cache, MiB.
    CacheRam,
    /// `--ctx-checkpoints`: number of context checkpoints of a slot.
    CtxCheckpoints,
    /// `--load-mode`: way in which the file is read, such as `mmap`.
    LoadMode,
    /// `--threads`: number of threads; -1: as many as there are.
    Threads,
    /// `--threads-http`: number of threads for HTTP.
    ThreadsHttp,
    /// `--timeout`: seconds without a byte after which a connection is closed.
    Timeout,
    /// `--chat-template-file`: path of the chat template.
    ChatTemplateFile,
    /// `--pooling`: rule that makes one vector from those of a text's tokens.
    Pooling,
    /// `--kv-unified`: one KV cache for all slots.
    KvUnified,
    /// `--no-kv-unified`: a KV cache for each slot.
    NoKvUnified,
    /// `--embedding`: the server makes embeddings only.
    Embedding,
    /// `--jinja`: chat templates are run by the Jinja engine.
    Jinja,
    /// `--no-webui`: no web page for chats.
    NoWebui,
    /// `--no-slots`: no `/slots` endpoint.
    NoSlots,
    /// `--metrics`: the `/metrics` endpoint for Prometheus.
    Metrics,
    /// `--offline`: nothing is downloaded.
    Offline,
}

/// Kind of value that follows an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// Nothing.
    Switch,
    /// A whole number between these.
    Whole(i64, i64),
    OneOf(&'static [&'static str]),
    /// Whole numbers with commas between: the parts of cards.
    Shares,
    /// A line of text for people.
    Text,
    /// A value that we set: it follows from the server's name, and a plan may only repeat it.
    Ours,
}

pub(super) struct Row {
    pub flag: Flag,
    pub name: &'static str,
    pub kind: Kind,
    /// A plan without it is refused: its default is another than ours, or less safe.
    pub required: bool,
}

const fn row(flag: Flag, name: &'static str, kind: Kind) -> Row {
    Row { flag, name, kind, required: false }
}

const fn must(flag: Flag, name: &'static str, kind: Kind) -> Row {
    Row { flag, name, kind, required: true }
}

/// Most bytes of a text, and most cards.
pub(super) const TEXT: usize = 512;
pub(super) const CARDS: usize = 64;

/// Tokens, layers, MiB and seconds that nothing real exceeds.
const TOKENS: i64 = 1 << 26;
const LAYERS: i64 = 10_000;
const MIB: i64 = 1 << 22;
const DAY: i64 = 86_400;

pub(super) const TABLE: &[Row] = &[
    must(Flag::Model, "--model", Kind::Ours),
    row(Flag::Alias, "--alias", Kind::Text),
    must(Flag::Host, "--host", Kind::Ours),
    must(Flag::Port, "--port", Kind::Ours),
    must(Flag::ApiKeyFile, "--api-key-file", Kind::Ours),
    must(Flag::CtxSize, "--ctx-size", Kind::Whole(1, TOKENS)),
    must(Flag::Parallel, "--parallel", Kind::Whole(1, 256)),
    row(Flag::CacheTypeK, "--cache-type-k", Kind::OneOf(TensorType::CACHE)),
    row(Flag::CacheTypeV, "--cache-type-v", Kind::OneOf(TensorType::CACHE)),
    row(Flag::FlashAttn, "--flash-attn", Kind::OneOf(&["on", "off"])),
    row(Flag::BatchSize, "--batch-size", Kind::Whole(1, TOKENS)),
    row(Flag::UbatchSize, "--ubatch-size", Kind::Whole(1, TOKENS)),
    row(Flag::NGpuLayers, "--n-gpu-layers", Kind::Whole(0, LAYERS)),
    row(Flag::NCpuMoe, "--n-cpu-moe", Kind::Whole(0, LAYERS)),
    row(Flag::SplitMode, "--split-mode", Kind::OneOf(&["none", "layer", "tensor"])),
    row(Flag::TensorSplit, "--tensor-split", Kind::Shares),
    row(Flag::MainGpu, "--main-gpu", Kind::Whole(0, CARDS as i64)),
    row(Flag::Device, "--device", Kind::OneOf(&["none"])),
    row(Flag::Fit, "--fit", Kind::OneOf(&["off"])),
    row(Flag::CacheRam, "--cache-ram", Kind::Whole(0, MIB)),
    row(Flag::CtxCheckpoints, "--ctx-checkpoints", Kind::Whole(0, 1024)),
    row(Flag::LoadMode, "--load-mode", Kind::OneOf(&["mmap", "none", "mlock", "mmap+mlock", "dio"])),
    // -1: as many as there are.
    row(Flag::Threads, "--threads", Kind::Whole(-1, 1024)),
    row(Flag::ThreadsHttp, "--threads-http", Kind::Whole(1, 1024)),
    row(Flag::Timeout, "--timeout", Kind::Whole(1, DAY)),
    row(Flag::ChatTemplateFile, "--chat-template-file", Kind::Ours),
    row(Flag::Pooling, "--pooling", Kind::OneOf(&["mean", "cls", "last"])),
    row(Flag::KvUnified, "--kv-unified", Kind::Switch),
    row(Flag::NoKvUnified, "--no-kv-unified", Kind::Switch),
    row(Flag::Embedding, "--embedding", Kind::Switch),
    row(Flag::Jinja, "--jinja", Kind::Switch),
    must(Flag::NoWebui, "--no-webui", Kind::Switch),
    must(Flag::NoSlots, "--no-slots", Kind::Switch),
    row(Flag::Metrics, "--metrics", Kind::Switch),
    must(Flag::Offline, "--offline", Kind::Switch),
];

/// Arguments that mean the opposite of each other.
pub(super) const OPPOSITES: [(Flag, Flag); 1] = [(Flag::KvUnified, Flag::NoKvUnified)];

impl Flag {
    /// Returns the argument that llama-server calls `name`, such as `--model`; `None` if plans may not give
    /// it.
    pub fn named(name: &str) -> Option<Flag> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.flag)
    }

    /// Returns llama-server's name of the argument.
    pub fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.flag == self).map_or("", |row| row.name)
    }
}
