//! Settings that a server is started with, in no engine's words.

use super::server::ServerName;
use super::split::SplitMode;
use crate::checked::ModelId;

/// Settings of one server, from which an engine makes its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// Server that they are for; its role says what it gives.
    pub server: ServerName,
    /// Name of the model's first file.
    pub model: &'a str,
    /// Name of the model in the API.
    pub alias: &'a ModelId,
    /// Context of all slots together, tokens.
    pub n_ctx: u64,
    /// Requests served side by side.
    pub slots: u64,
    /// Whether all slots share one KV cache.
    pub kv_unified: bool,
    /// Types of the cached keys and values; `None` leaves them as the model has them.
    pub kv_types: Option<(&'a str, &'a str)>,
    /// Whether flash attention is on.
    pub flash_attn: bool,
    /// Logical and physical batch, tokens.
    pub batch: (u64, u64),
    /// Layers on cards, the output among them.
    pub layers: u64,
    /// Number of first layers whose experts stay in host memory.
    pub host_experts: u64,
    /// Cards that it uses.
    pub cards: Cards<'a>,
    /// Share of each card's memory that it may take, hundredths; `None` for an engine that takes what it needs.
    pub card_share: Option<u64>,
    /// Number of workers of other hosts that hold layers too, before its own cards.
    pub workers: usize,
    /// Size of the prompt cache, MiB.
    pub prompt_cache_mib: u64,
    /// Whether the generation has a chat template for it.
    pub chat_template: bool,
    /// Whether it has a web page for chats.
    pub page: bool,
    /// Threads of the one NUMA node that it stays on; `None`: all there are.
    pub node_threads: Option<u64>,
    /// Rule that makes one vector from those of a text's tokens.
    pub pooling: Option<&'a str>,
}

/// Cards that a server uses.
#[derive(Clone, Copy, Debug)]
pub enum Cards<'a> {
    /// Cards that the server uses.
    All,
    /// None, although the host may have some.
    Idle,
    /// The one at this place on the bus, of several.
    One(usize),
    /// Several together, each with its share in any unit, in the order of the bus; one with none is left alone.
    Shared(SplitMode, &'a [u64]),
}
