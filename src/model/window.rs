//! Layers that look back over a part of the context only, as src/models/*.cpp of llama.cpp b11434 sets them.

use super::gguf::Value;
use super::keys::Keys;

/// Layers that look back over `tokens` only.
pub(super) struct Window {
    pub tokens: u64,
    layers: Layers,
}

enum Layers {
    Listed,
    /// Every n-th layer is full, the first or the last of each n; 0: none is.
    Every {
        period: u64,
        full_first: bool,
    },
    /// All that have a cache.
    All,
}

impl Window {
    /// `layer` is one of the `n_layer` that are not for drafting.
    pub fn covers(&self, keys: &Keys, layer: u64, n_layer: u64) -> bool {
        match self.layers {
            _ if layer >= n_layer => false,
            Layers::Listed => keys
                .header
                .per_layer(&keys.name("attention.sliding_window_pattern"), layer as usize)
                .is_some_and(|n| n != 0),
            Layers::Every { period: 0, .. } | Layers::All => true,
            Layers::Every { period, full_first: true } => !layer.is_multiple_of(period),
            Layers::Every { period, full_first: false } => layer % period < period - 1,
        }
    }
}

/// Ways in which an architecture uses `attention.sliding_window`.
enum Size {
    /// Takes it; no window without it.
    Given,
    /// Takes it, or this where it is not given.
    GivenOr(u64),
    /// Takes its presence, and this size.
    Always(u64),
}

pub(super) fn window(keys: &Keys, n_layer: u64) -> Option<Window> {
    const LISTED: u64 = u64::MAX;
    let (size, period, full_first) = match keys.architecture {
        "gemma2" => (Size::GivenOr(4096), 2, false),
        "gpt-oss" => (Size::Given, 2, false),
        "gemma3n" => (Size::Given, 5, false),
        "gemma3" => (Size::Given, 6, false),
        "plamo3" => (Size::Given, 8, false),
        "cohere2" | "afmoe" | "mellum" | "muse-glimmer" | "olmo2" => (Size::Given, 4, false),
        "exaone-moe" => (Size::GivenOr(128), 4, false),
        "exaone4" if n_layer == 64 => (Size::GivenOr(4096), 4, false),
        "cohere2moe" | "laguna" => (Size::Given, 4, true),
        // The given size is ignored.
        "smallthinker" => (Size::Always(4096), 4, true),
        "llama4" if keys.optional("attention.sliding_window") == Some(0) => return None,
        "llama4" => (Size::GivenOr(8192), 4, false),
        "gemma4" | "granite_swa" | "maple" | "mimo2" | "spark2_5" | "step35" | "dots3note" => {
            (Size::Given, LISTED, false)
        }
        "lfm2" | "lfm2moe" | "deepseek4" => (Size::Given, 0, false),
        // Others are not known to have one: every layer counts in full.
        _ => return None,
    };
    let given = keys.optional("attention.sliding_window");
    let tokens = match size {
        Size::Given => given?,
        Size::GivenOr(_) if keys.architecture == "llama4" => 8192,
        Size::GivenOr(tokens) => given.unwrap_or(tokens),
        Size::Always(tokens) => given.filter(|n| *n > 0).map(|_| tokens)?,
    };
    let pattern = "attention.sliding_window_pattern";
    let layers = match keys.header.metadata.get(&keys.name(pattern)) {
        _ if matches!(keys.architecture, "lfm2" | "lfm2moe" | "deepseek4") => Layers::All,
        Some(Value::Numbers(_)) => Layers::Listed,
        _ if period == LISTED => Layers::Listed,
        _ => Layers::Every { period: keys.optional(pattern).unwrap_or(period), full_first },
    };
    (tokens > 0).then_some(Window { tokens, layers })
}
