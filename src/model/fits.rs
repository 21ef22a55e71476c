//! Compares the dimensions of a file's tensors with its settings, as `check_tensor_dims` of llama-model-loader.cpp
//! does with what the loaders in src/models/*.cpp ask for. Only what all of an architecture's layers have alike is
//! compared: what is left out here llama-server may still refuse.

use super::gguf::Value;
use super::keys::Keys;
use super::layers::drafting_layers;

/// Architectures whose feed-forward has other dimensions than these settings say.
const OWN_FEED_FORWARD: &[&str] = &["arctic", "qwen"];

/// Why the settings do not go with each other; none where they do. `whole_rope`: a position turns the whole head, or llama.cpp
/// does not load the model.
pub(super) fn settings(keys: &Keys, whole_rope: bool) -> Option<String> {
    let number = |key: &str| keys.optional(key).unwrap_or(0);
    let (count, used) = (number("expert_count"), number("expert_used_count"));
    let listed = |key: &str| matches!(keys.header.metadata.get(&keys.name(key)), Some(Value::Numbers(_)));
    if !listed("expert_count") && !listed("expert_used_count") {
        if count > 0 && !(1..=count).contains(&used) {
            return Some(format!("{} is {used} of {count} experts", keys.name("expert_used_count")));
        }
        if count == 0 && used > 0 {
            return Some(format!(
                "{} is {used}, and the model has no experts",
                keys.name("expert_used_count")
            ));
        }
    }
    let layers = number("block_count");
    for key in ["attention.head_count", "attention.head_count_kv", "feed_forward_length"] {
        let length = keys.header.length(&keys.name(key)).filter(|length| *length != layers);
        if let Some(length) = length {
            return Some(format!("{} has {length} entries for {layers} layers", keys.name(key)));
        }
    }
    let key = keys.name("rope.dimension_count");
    let heads = keys.per_layer("attention.head_count", 0).filter(|n| *n > 0)?;
    let head = keys.optional("attention.key_length").unwrap_or(number("embedding_length") / heads);
    let turned = keys.header.number(&key)?;
    (whole_rope && turned != head && !listed("attention.head_count"))
        .then(|| format!("{key} is {turned}, and a head has {head} elements"))
}

/// The first tensor whose dimensions are not those that the settings say.
pub(super) fn wrong_tensor(keys: &Keys, attends: bool) -> Option<String> {
    let header = keys.header;
    if let Some(tensor) = header.tensors.iter().find(|tensor| is_surplus(keys, &tensor.name)) {
        return Some(format!("the tensor {:?} is one too many by the header's settings", tensor.name));
    }
    let all = keys.optional("block_count").unwrap_or(0);
    let sizes = Sizes::of(keys, all - drafting_layers(header).min(all), attends)?;
    let rows = header.tensors.iter().find(|tensor| tensor.name == "token_embd.weight");
    let rows = rows.and_then(|tensor| tensor.dims.get(1)).copied();
    let wrong = header.tensors.iter().find_map(|tensor| {
        let dims = sizes.expected(&tensor.name, rows)?;
        let there = [0, 1].map(|at| tensor.dims.get(at).copied().unwrap_or(1));
        (there != dims).then_some((tensor, dims))
    });
    let (tensor, [width, rows]) = wrong?;
    let there = tensor.dims.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
    let said = if rows == 1 { width.to_string() } else { format!("{width} x {rows}") };
    Some(format!("the tensor {:?} has {there} elements, and the header's settings say {said}", tensor.name))
}

/// Tensors of experts in a model without experts.
fn is_surplus(keys: &Keys, name: &str) -> bool {
    let without = keys.optional("expert_count").unwrap_or(0) == 0
        && !matches!(keys.header.metadata.get(&keys.name("expert_count")), Some(Value::Numbers(_)));
    let of_experts = ["_exps.", ".ffn_gate_inp.", ".exp_probs_b"].iter().any(|part| name.contains(part));
    without && of_experts
}

/// Sizes that the settings say.
struct Sizes<'a> {
    keys: &'a Keys<'a>,
    embedding: u64,
    layers: u64,
    head_k: u64,
    head_v: u64,
    attends: bool,
    feeds: bool,
    /// Gate and up are matrices of their own.
    gated: bool,
}

impl Sizes<'_> {
    fn of<'a>(keys: &'a Keys<'a>, layers: u64, attends: bool) -> Option<Sizes<'a>> {
        let embedding = keys.optional("embedding_length")?;
        let heads = keys.per_layer("attention.head_count", 0).unwrap_or(0);
        // A first layer without heads leaves all of them without a width (`load_hparams` of llama-model.cpp).
        let head = |key: &str| match embedding.checked_div(heads) {
            Some(width) => keys.optional(key).unwrap_or(width),
            None => 0,
        };
        let has = |key: &str| keys.header.metadata.contains_key(&keys.name(key));
        // Heads of two sizes, or a joint key for all.
        let own = has("attention.key_length_swa") || has("attention.kv_lora_rank");
        Some(Sizes {
            keys,
            embedding,
            layers,
            head_k: head("attention.key_length"),
            head_v: head("attention.value_length"),
            attends: attends && !own,
            feeds: !OWN_FEED_FORWARD.contains(&keys.architecture),
            gated: keys.header.tensors.iter().any(|tensor| tensor.name.ends_with(".ffn_gate.weight")),
        })
    }

    /// The first two dimensions of the tensor of this name; none where they are not compared.
    fn expected(&self, name: &str, rows: Option<u64>) -> Option<[u64; 2]> {
        let width = self.embedding;
        let Some((layer, part)) = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.')) else {
            return match name {
                "output_norm.weight" => Some([width, 1]),
                "output.weight" => Some([width, rows?]),
                "token_embd.weight" => Some([width, rows?]),
                _ => None,
            };
        };
        let layer: u64 = layer.parse().ok().filter(|layer| *layer < self.layers)?;
        let heads = || self.keys.per_layer("attention.head_count", layer).unwrap_or(0);
        let heads_kv = || self.keys.per_layer("attention.head_count_kv", layer).unwrap_or_else(heads);
        let fed = || self.keys.per_layer("feed_forward_length", layer).unwrap_or(0);
        match part {
            "attn_norm.weight" | "ffn_norm.weight" => Some([width, 1]),
            "attn_q.weight" if self.attends => Some([width, heads() * self.head_k]),
            "attn_k.weight" if self.attends => Some([width, heads_kv() * self.head_k]),
            "attn_v.weight" if self.attends => Some([width, heads_kv() * self.head_v]),
            "attn_output.weight" if self.attends => Some([heads() * self.head_v, width]),
            "ffn_gate.weight" if self.feeds => Some([width, fed()]),
            "ffn_up.weight" if self.feeds && self.gated => Some([width, fed()]),
            "ffn_down.weight" if self.feeds => Some([fed(), width]),
            _ => None,
        }
    }
}
