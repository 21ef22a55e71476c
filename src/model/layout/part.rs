//! One tensor before its type is known.

use crate::model::place::Place;

/// The role that llama-quantize goes by when it chooses a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Embedding,
    Output,
    Query,
    Key,
    /// Values, or queries, keys and values in one.
    Value,
    FusedQkv,
    AttentionOutput,
    Up,
    Gate,
    Down,
    Other,
}

/// Types that stay whatever the quantisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    Single,
    /// 16 bits, the type that the converter writes.
    Half,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub layer: Option<u64>,
    /// Name without `blk.N.`.
    pub name: &'static str,
    dims: [u64; 3],
    n_dims: usize,
    pub category: Category,
    /// `None`: quantised.
    pub full: Option<Full>,
    pub place: Place,
}

/// Properties that follow from a tensor's name and its number of dimensions.
#[derive(Clone, Copy)]
struct Named {
    name: &'static str,
    /// Dimensions as ggml counts them.
    effective: usize,
    n_dims: usize,
    category: Category,
    full: Option<Full>,
    place: Place,
}

impl Named {
    fn new(name: &'static str, effective: usize, n_dims: usize) -> Named {
        let (category, full) = (category(name), full(name, effective));
        Named { name, effective, n_dims, category, full, place: Place::of(name, n_dims) }
    }
}

impl Part {
    /// Fastest first.
    pub fn dims(&self) -> &[u64] {
        &self.dims[..self.n_dims]
    }

    pub fn elements(&self) -> u64 {
        self.dims().iter().product()
    }

    /// Returns what its layer puts before its name: `blk.7.`, nothing outside of the layers.
    pub fn prefix(&self) -> String {
        self.layer.map(|layer| format!("blk.{layer}.")).unwrap_or_default()
    }

    /// Returns its name in the file, `blk.7.attn_q.weight`.
    pub fn full_name(&self) -> String {
        [self.prefix().as_str(), self.name].concat()
    }
}

/// Collects the tensors of a model, layer by layer.
#[derive(Default)]
pub struct Parts {
    layer: Option<u64>,
    out: Vec<Part>,
    /// The names so far: every layer has the same.
    known: Vec<Named>,
}

impl Parts {
    /// Makes `layer` the layer of the tensors that are pushed from here on.
    pub fn layer(&mut self, layer: u64) {
        self.layer = Some(layer);
    }

    pub fn push(&mut self, name: &'static str, dims: &[u64]) {
        let mut all = [1; 3];
        all[..dims.len()].copy_from_slice(dims);
        // ggml counts dimensions up to the last that is not one.
        let effective = dims.iter().rposition(|n| *n != 1).map_or(1, |last| last + 1);
        let same = |known: &Named| {
            std::ptr::eq(known.name, name) && (known.effective, known.n_dims) == (effective, dims.len())
        };
        let known = self.known.iter().copied().find(same).unwrap_or_else(|| {
            let new = Named::new(name, effective, dims.len());
            self.known.push(new);
            new
        });
        let Named { category, full, place, .. } = known;
        self.out.push(Part { layer: self.layer, name, dims: all, n_dims: dims.len(), category, full, place });
    }

    pub fn done(self) -> Vec<Part> {
        self.out
    }
}

/// `tensor_get_category` of llama-quant.cpp at b11434.
fn category(name: &str) -> Category {
    let has = |part: &str| name.contains(part);
    match name {
        "output.weight" => Category::Output,
        "token_embd.weight" | "per_layer_token_embd.weight" => Category::Embedding,
        _ if has("attn_qkv.weight") => Category::FusedQkv,
        _ if has("attn_kv_b.weight") || has("attn_v.weight") => Category::Value,
        _ if has("attn_k.weight") => Category::Key,
        _ if has("attn_q.weight") => Category::Query,
        _ if has("attn_output.weight") => Category::AttentionOutput,
        _ if has("ffn_up") => Category::Up,
        _ if has("ffn_gate") => Category::Gate,
        _ if has("ffn_down") => Category::Down,
        _ => Category::Other,
    }
}

/// `tensor_allows_quantization` of llama-quant.cpp, and the types that conversion/base.py keeps, at b11434.
fn full(name: &str, n_dims: usize) -> Option<Full> {
    const SINGLE: [&str; 7] = [
        "_norm.weight",
        "ffn_gate_inp",
        "ssm_conv1d",
        "shortconv.conv.weight",
        "altup_correct",
        "altup_predict",
        "attn_rel_b",
    ];
    const HALF: [&str; 3] = ["altup", "laurel", "per_layer_model_proj"];
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let single = n_dims < 2
        || !name.ends_with("weight")
        || has(&SINGLE)
        || matches!(name, "position_embd.weight" | "token_types.weight");
    match () {
        () if single => Some(Full::Single),
        () if has(&HALF) => Some(Full::Half),
        () => None,
    }
}
