//! Kinds of a model's layers: what each keeps and works on, as `load_hparams` and `create_memory` of llama.cpp
//! b11434's llama-model.cpp have it.

use super::compressed::CHOSEN_FROM;
use super::gguf::Header;
use super::keys::Keys;
use super::latent::Latent;
use super::ngrams;
use super::window::Window;

/// Elements that one token adds to a layer's cache, and the sizes that the layer works with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerKv {
    /// Elements of a token's keys in the cache, all heads together.
    pub k: u64,
    /// Elements of a token's values in the cache, all heads together; 0 where the key holds them (latent
    /// attention).
    pub v: u64,
    /// Looks back over the sliding window only.
    pub window: bool,
    /// Numbers of 32 bits that a recurrent layer keeps of a slot, however long its context.
    pub state: u64,
    /// Query heads.
    pub heads: u64,
    /// Elements of one head's key.
    pub head_k: u64,
    /// Elements of one head's value.
    pub head_v: u64,
    /// Width of a dense feed-forward.
    pub ff: u64,
    /// Has experts instead.
    pub experts: bool,
    /// Elements of the keys that sparse attention caches besides, to choose tokens by.
    pub index_k: u64,
    /// Elements of the values beside those keys.
    pub index_v: u64,
    /// Tokens that a cell of that cache stands for, where it is not one.
    pub ratio: u64,
    /// Has a place in the attention cache, even if it is empty.
    pub cached: bool,
    /// Drafts tokens only (`nextn_predict_layers`): a server neither loads nor runs it.
    pub drafts: bool,
}

/// Largest state of a recurrent layer believed, elements.
const MAX_STATE: u64 = 1 << 32;
/// Most tokens in one compressed cell believed.
const MAX_RATIO: u64 = 1 << 16;
/// Most times that a model goes through its layers believed.
const MAX_LOOPS: u64 = 8;
/// Widest key or value of a layer believed, elements.
const MAX_WIDTH: u64 = 1 << 24;

/// Layers at the end of a file that only draft tokens.
pub fn drafting_layers(header: &Header) -> u64 {
    let Some(architecture) = header.text("general.architecture") else { return 0 };
    // There the setting means another thing, or the whole model drafts.
    if ["graniteswitch", "eagle3", "dflash", "gemma4-assistant"].contains(&architecture) {
        return 0;
    }
    let keys = Keys { header, architecture };
    let all = keys.optional("block_count").unwrap_or(0);
    keys.optional("nextn_predict_layers").filter(|n| *n < all).unwrap_or(0)
}

/// The layers, for a head of `head_k` and `head_v` elements where no window is looked through.
pub(super) fn layers(
    keys: &Keys,
    n_layer: u64,
    [head_k, head_v]: [u64; 2],
    latent: Option<&Latent>,
    window: Option<&Window>,
    n_embd: u64,
    n_head: u64,
) -> Vec<LayerKv> {
    let parts = parts_of_layers(keys.header, n_layer);
    let state = state(keys, n_embd).min(MAX_STATE);
    let trunk = n_layer - drafting_layers(keys.header).min(n_layer);
    let listed = keys.by_layer("attention.head_count");
    let heads = |layer| listed(layer).unwrap_or(1);
    let (widths, heads_kv) = (keys.by_layer("feed_forward_length"), keys.by_layer("attention.head_count_kv"));
    let in_window = [("attention.key_length_swa", head_k), ("attention.value_length_swa", head_v)]
        .map(|(key, full)| keys.width(key).unwrap_or(full));
    // Layers from here on read an earlier layer's cache.
    let with_cache = match keys.architecture {
        "gemma3n" => 20,
        "gemma4" => n_layer - keys.optional("attention.shared_kv_layers").unwrap_or(0).min(n_layer),
        _ => n_layer,
    };
    let deci = keys.architecture == "deci";
    let interval = keys.optional("full_attention_interval").unwrap_or(8).max(1);
    let linear = |layer: u64| keys.architecture == "minimax-01" && !(layer + 1).is_multiple_of(interval);
    let nemotron = keys.architecture.starts_with("nemotron_h");
    let index = Index::new(keys);
    // DeepSeek V4 caches keys alone, of the window and compressed ones of all before.
    let compressed = keys.architecture == "deepseek4";
    let ratios = keys.by_layer("attention.compress_ratios");
    let one = |layer: u64| {
        if layer >= trunk {
            let drafts = LayerKv { drafts: true, ..LayerKv::default() };
            // DeepSeek V4's window has cells of a layer that isn't run, too.
            let cells = LayerKv { k: head_k, head_k, window: window.is_some(), cached: true, ..drafts };
            return if compressed { cells } else { drafts };
        }
        let mut part = parts[layer as usize];
        if linear(layer) {
            (part.recurrent, part.attends) = (true, false);
        }
        let ff = widths(layer).unwrap_or(4 * n_embd);
        let kv = heads_kv(layer).unwrap_or_else(|| heads(layer));
        let attends = part.attends && (!part.recurrent || kv > 0);
        let state = if part.recurrent { state.saturating_add(ngrams::state(keys, layer, n_embd)) } else { 0 };
        if part.recurrent && !attends {
            let experts = part.experts;
            return LayerKv { state, ff, experts, heads: n_head, head_k, head_v, ..LayerKv::default() };
        }
        let windowed = window.is_some_and(|window| window.covers(keys, layer, trunk));
        let [head_k, head_v] = if windowed { in_window } else { [head_k, head_v] };
        let owns = layer < with_cache;
        let width = |head: u64| if owns { (kv * head).min(MAX_WIDTH) } else { 0 };
        let (mut index_k, index_v) = index.of(keys, layer, windowed, head_v, latent.is_some());
        let (mut state, mut ratio) = (state, 0);
        if compressed {
            ratio = ratios(layer).unwrap_or(0).min(MAX_RATIO);
            (index_k, state) = index.compressed(head_k, ratio);
        }
        LayerKv {
            k: width(head_k),
            v: if latent.is_some() || compressed { 0 } else { width(head_v) },
            window: windowed,
            state,
            // DeciLM has layers without attention.
            heads: Some(heads(layer)).filter(|n| *n > 0 || deci).unwrap_or(n_head),
            head_k,
            head_v,
            ff,
            experts: part.experts,
            index_k,
            index_v,
            ratio,
            cached: owns && !(nemotron && ff > 0),
            drafts: false,
        }
    };
    let mut layers: Vec<LayerKv> = (0..n_layer).map(one).collect();
    // Granite Switch finds each token's adapter by one more head, which has a cache like a layer's.
    if keys.architecture == "graniteswitch" {
        let [k, v] = [head_k, head_v];
        layers.push(LayerKv { k, v, heads: 1, head_k, head_v, cached: true, ..LayerKv::default() });
    }
    // Nanbeige goes through its layers several times, with caches of their own.
    let loops = if keys.architecture == "nanbeige" { keys.optional("num_loops").unwrap_or(1) } else { 1 };
    layers.repeat(loops.clamp(1, MAX_LOOPS) as usize)
}

/// The caches beside the attention's that choose which tokens to look at.
struct Index {
    key: u64,
    dense_lead: u64,
}

impl Index {
    fn new(keys: &Keys) -> Index {
        let key = keys.width("attention.indexer.key_length").unwrap_or(0);
        let rows = match keys.architecture {
            // Beside a token's key its gate, and the pooled key.
            "glm5-next" => 3,
            "qwen4exp" => 2,
            _ => 1,
        };
        Index { key: key * rows, dense_lead: keys.optional("leading_dense_block_count").unwrap_or(0) }
    }

    fn of(&self, keys: &Keys, layer: u64, window: bool, head_v: u64, latent: bool) -> (u64, u64) {
        let listed = || keys.per_layer("attention.indexer.types", layer).unwrap_or(1) != 0;
        let chooses = match keys.architecture {
            "minimax-m3" => layer >= self.dense_lead,
            // GLM 5.2's own list is not in old files: all layers are an upper bound.
            "glm-dsa" | "hy_v4" | "dots3note" | "glm5-next" => listed() && !window,
            _ => true,
        };
        match self.key {
            0 => (0, 0),
            _ if !chooses => (0, 0),
            key => (key, if latent || keys.architecture != "minimax-m3" { 0 } else { head_v }),
        }
    }
}

impl Index {
    /// Elements of a compressed cell and numbers of what is not compressed yet, for a head of `head` elements: a window
    /// of [`CHOSEN_FROM`] tokens overlaps with the one before and is chosen from, one of 128 is read whole.
    fn compressed(&self, head: u64, ratio: u64) -> (u64, u64) {
        match ratio {
            0 => (0, 0),
            CHOSEN_FROM => (head + self.key, 2 * 8 * 2 * (head + self.key)),
            _ => (head, 2 * ratio * head),
        }
    }
}

/// Abilities of a layer, by the names of its tensors.
#[derive(Clone, Copy, Default)]
struct Parts {
    attends: bool,
    /// Has keys of its own.
    keys: bool,
    /// Keeps a state instead of a cache, or beside it.
    recurrent: bool,
    experts: bool,
}

fn parts_of_layers(header: &Header, n_layer: u64) -> Vec<Parts> {
    let mut all = vec![Parts::default(); n_layer as usize];
    for tensor in &header.tensors {
        let part = tensor.name.strip_prefix("blk.").and_then(|rest| rest.split_once('.'));
        let Some((layer, part)) = part else { continue };
        let Some(parts) = layer.parse::<usize>().ok().and_then(|layer| all.get_mut(layer)) else { continue };
        let is = |starts: &[&str]| starts.iter().any(|start| part.starts_with(start));
        parts.attends |= is(&["attn_k", "attn_v", "attn_qkv.", "attn_q."]);
        parts.keys |= is(&["attn_k.", "attn_kv_a_mqa."]);
        parts.experts |= part.contains("_exps.");
        parts.recurrent |= is(&["ssm_", "time_mix_", "shortconv."]);
    }
    // A gated delta net has an `attn_qkv` too, and no key.
    all.iter_mut().filter(|parts| parts.recurrent).for_each(|parts| parts.attends &= parts.keys);
    all
}

/// Elements that a recurrent layer keeps of a slot: the last inputs of its convolution and its state
/// (`n_embd_r` and `n_embd_s` of llama-hparams.cpp).
fn state(keys: &Keys, n_embd: u64) -> u64 {
    let of = |key: &str| keys.optional(key).unwrap_or(0);
    let head = of("wkv.head_size");
    if head > 0 {
        let shifts = keys.optional("token_shift_count").unwrap_or(2);
        return shifts.saturating_mul(n_embd).saturating_add(n_embd.saturating_mul(head));
    }
    let short = of("shortconv.l_cache");
    if short > 0 {
        return n_embd.saturating_mul(short - 1);
    }
    let heads = keys.per_layer("attention.head_count", 0).unwrap_or(0);
    let delta = of("kda.head_dim");
    if delta > 0 {
        let kept = match of("ssm.conv_kernel") {
            0 => 3,
            kernel => kernel - 1,
        };
        let inner = heads.saturating_mul(delta);
        return inner.saturating_mul(delta).saturating_add(inner.saturating_mul(3).saturating_mul(kept));
    }
    if keys.architecture == "minimax-01" {
        let head = keys.width("attention.key_length").unwrap_or(n_embd / heads.max(1));
        return heads.saturating_mul(head).saturating_mul(head);
    }
    let (inner, state) = (of("ssm.inner_size"), of("ssm.state_size"));
    let groups = (2 * of("ssm.group_count")).saturating_mul(state);
    let kept = of("ssm.conv_kernel").saturating_sub(1);
    kept.saturating_mul(inner.saturating_add(groups)).saturating_add(state.saturating_mul(inner))
}
