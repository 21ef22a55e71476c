//! The header and the weights that a file of given dimensions and quantisation has, without a file.

use super::dimensions::Dimensions;
use super::gguf::{Header, TensorInfo, Value};
use super::layout::{self, Part};
use super::place::Piece;
use super::recipe::{Mix, Recipe};
use super::shape::{Shape, ShapeError};
use super::tensor_type::TensorType;
use super::weights::{Tensor, Weights};
use std::collections::BTreeMap;

impl Dimensions {
    /// Returns the shape that the planner reads from such a model's file.
    pub fn shape(&self) -> Result<Shape, ShapeError> {
        self.shape_of(&self.parts())
    }

    /// The same, of its tensors. A shape follows from their names and dimensions, whatever their types.
    pub(super) fn shape_of(&self, parts: &[Part]) -> Result<Shape, ShapeError> {
        let f16 = TensorType::by_name("F16").expect("ggml has it");
        Shape::from_header(&self.header_of(parts.iter().map(|part| (part, f16))))
    }

    /// Metadata and tensors of a file at `mix`, as llama.cpp's converter and quantiser write them.
    pub(crate) fn header(&self, mix: Mix) -> Header {
        let typed = self.typed(mix, false);
        self.header_of(typed.iter().map(|(part, kind)| (part, *kind)))
    }

    fn header_of<'a>(&self, typed: impl Iterator<Item = (&'a Part, TensorType)>) -> Header {
        let mut before = (None, String::new());
        let tensors = typed.map(|(part, kind)| {
            if before.0 != part.layer {
                before = (part.layer, part.prefix());
            }
            TensorInfo {
                name: [before.1.as_str(), part.name].concat(),
                dims: part.dims().to_vec(),
                bytes: kind.tensor_bytes(part.dims()[0], part.elements()).unwrap_or(0),
                kind,
                offset: 0,
            }
        });
        let (metadata, tensors) = (self.metadata(), tensors.collect());
        Header { version: 3, metadata, wide_numbers: Vec::new(), tensors, data_offset: 0 }
    }

    /// Every tensor at `quant`; `None` for a quantisation that no rule goes by.
    pub fn tensors(&self, quant: &str) -> Option<Vec<Tensor>> {
        let tensor = |(part, kind): (Part, TensorType)| Tensor {
            name: part.full_name(),
            dims: part.dims().to_vec(),
            kind,
        };
        Some(self.typed(Mix::by_name(quant)?, false).into_iter().map(tensor).collect())
    }

    /// Returns the bytes of the tensors at `quant`, with an importance matrix or without. `None` for a
    /// quantisation that no rule goes by.
    pub fn weights(&self, quant: &str, imatrix: bool) -> Option<Weights> {
        self.weights_of(&self.parts(), quant, imatrix)
    }

    /// The same, of its tensors: several quantisations share them.
    pub(super) fn weights_of(&self, parts: &[Part], quant: &str, imatrix: bool) -> Option<Weights> {
        let mix = Mix::by_name(quant)?;
        let mut recipe = Recipe::new(self, parts, mix, imatrix);
        let pieces = parts.iter().map(|part| Piece {
            layer: part.layer.map(|layer| layer as usize),
            place: part.place,
            dims: part.dims(),
            kind: recipe.kind(part),
        });
        Some(Weights::sum(mix.name(), self.n_layer as usize, pieces))
    }

    /// Returns its tensors, whose types a quantisation gives.
    pub(super) fn parts(&self) -> Vec<Part> {
        layout::parts(self).unwrap_or_default()
    }

    fn typed(&self, mix: Mix, imatrix: bool) -> Vec<(Part, TensorType)> {
        let parts = self.parts();
        let mut recipe = Recipe::new(self, &parts, mix, imatrix);
        parts
            .into_iter()
            .map(|part| {
                let kind = recipe.kind(&part);
                (part, kind)
            })
            .collect()
    }

    /// Settings of the header that memory and speed follow from.
    fn metadata(&self) -> BTreeMap<String, Value> {
        let mut keys = Keys { architecture: &self.architecture, out: BTreeMap::new() };
        keys.out.insert("general.architecture".to_string(), Value::Text(self.architecture.clone()));
        keys.number("block_count", self.n_layer);
        keys.number("context_length", self.n_ctx_train);
        keys.number("embedding_length", self.n_embd);
        keys.number("attention.head_count", self.n_head);
        keys.some("nextn_predict_layers", Some(self.nextn).filter(|n| *n > 0));
        keys.some("pooling_type", self.pooling.map(|pooling| pooling as u64 + 1));
        if self.labels.is_some() {
            keys.number("pooling_type", 4);
        }
        let layer_norm = ["phi2", "command-r", "cohere2", "nemotron", "bert", "nomic-bert", "nomic-bert-moe"];
        let epsilon = if layer_norm.contains(&self.architecture.as_str()) { "" } else { "rms_" };
        keys.float(&format!("attention.layer_norm_{epsilon}epsilon"), 1e-5);
        self.feed_forward_keys(&mut keys);
        self.attention_keys(&mut keys);
        self.expert_keys(&mut keys);
        self.state_keys(&mut keys);
        if matches!(self.architecture.as_str(), "gemma2" | "gemma3n" | "gemma4") {
            keys.float("final_logit_softcapping", 30.0);
        }
        keys.out
    }

    fn feed_forward_keys(&self, keys: &mut Keys) {
        match self.gemma.as_ref().filter(|gemma| gemma.wide_shared) {
            Some(gemma) => {
                let wide = |layer| if layer >= self.n_layer - gemma.shared_kv { 2 } else { 1 };
                keys.list("feed_forward_length", (0..self.n_layer).map(|layer| wide(layer) * self.n_ff));
            }
            None if self.n_ff > 0 => keys.number("feed_forward_length", self.n_ff),
            None => keys.some("feed_forward_length", self.experts.as_ref().map(|experts| experts.width)),
        }
    }

    fn attention_keys(&self, keys: &mut Keys) {
        let of_layer = |layer: u64| match &self.gemma {
            Some(gemma) if gemma.full_head_kv > 0 && self.is_full(layer) => gemma.full_head_kv,
            _ if self.attends(layer) && !self.is_feed_forward(layer) => self.heads_kv(),
            _ => 0,
        };
        // Hybrids with a rule say it in a key of its own.
        let by_rule = self.state.as_ref().is_none_or(|state| state.attention.is_empty());
        let differ = self.gemma.as_ref().is_some_and(|gemma| gemma.full_head_kv > 0) || !by_rule;
        if differ {
            keys.list("attention.head_count_kv", (0..self.n_layer).map(of_layer));
        } else {
            keys.number("attention.head_count_kv", self.heads_kv());
        }
        if let Some(latent) = &self.latent {
            keys.some("attention.q_lora_rank", latent.q_rank);
            keys.number("attention.kv_lora_rank", latent.kv_rank);
            keys.number("rope.dimension_count", latent.rope);
            if latent.joint {
                keys.number("attention.key_length", latent.nope + latent.rope);
                keys.number("attention.value_length", latent.value);
            } else {
                if by_rule {
                    keys.number("attention.head_count_kv", 1);
                }
                keys.number("attention.key_length", latent.kv_rank + latent.rope);
                keys.number("attention.value_length", latent.kv_rank);
                keys.number("attention.key_length_mla", latent.nope + latent.rope);
                keys.number("attention.value_length_mla", latent.value);
            }
            if let Some([heads, width, top]) = latent.indexer {
                keys.number("attention.indexer.head_count", heads);
                keys.number("attention.indexer.key_length", width);
                keys.number("attention.indexer.top_k", top);
            }
        } else {
            let full = self.gemma.as_ref().map(|gemma| gemma.full_head_dim).filter(|n| *n > 0);
            if full.is_some() {
                keys.number("attention.key_length_swa", self.head_dim());
                keys.number("attention.value_length_swa", self.head_dim());
            }
            keys.number("attention.key_length", full.unwrap_or(self.head_dim()));
            keys.number("attention.value_length", full.unwrap_or(self.head_dim()));
        }
        if let Some(gemma) = &self.gemma {
            keys.number("embedding_length_per_layer_input", gemma.per_layer);
            keys.number("attention.shared_kv_layers", gemma.shared_kv);
        }
        keys.some("attention.sliding_window", self.window);
        if self.window.is_some() && self.window_every.is_some() {
            let windowed = (0..self.n_layer).map(|layer| u64::from(!self.is_full(layer)));
            keys.list("attention.sliding_window_pattern", windowed);
        }
    }

    fn expert_keys(&self, keys: &mut Keys) {
        let Some(experts) = &self.experts else { return };
        keys.number("expert_count", experts.count);
        keys.number("expert_used_count", experts.used);
        keys.number("expert_feed_forward_length", experts.width);
        keys.some("expert_shared_feed_forward_length", experts.shared);
        keys.some("expert_shared_count", experts.shared.map(|shared| shared.div_ceil(experts.width.max(1))));
        keys.some("leading_dense_block_count", Some(experts.lead).filter(|lead| *lead > 0));
        keys.some("interleave_moe_layer_step", experts.every);
        if experts.sigmoid {
            keys.number("expert_gating_func", 2);
            keys.out.insert(keys.name("expert_weights_norm"), Value::Bool(true));
        }
    }

    fn state_keys(&self, keys: &mut Keys) {
        let Some(state) = &self.state else { return };
        keys.some("full_attention_interval", state.attention_every);
        match self.architecture.as_str() {
            "lfm2" | "lfm2moe" => keys.number("shortconv.l_cache", state.conv),
            "kimi-linear" => {
                keys.number("ssm.conv_kernel", state.conv);
                keys.number("kda.head_dim", state.size);
            }
            _ => {
                keys.number("ssm.conv_kernel", state.conv);
                keys.number("ssm.inner_size", state.inner);
                keys.number("ssm.state_size", state.size);
                keys.number("ssm.time_step_rank", state.heads);
                keys.number("ssm.group_count", state.groups);
            }
        }
    }
}

/// Settings of an architecture.
struct Keys<'a> {
    architecture: &'a str,
    out: BTreeMap<String, Value>,
}

impl Keys<'_> {
    fn name(&self, key: &str) -> String {
        format!("{}.{key}", self.architecture)
    }

    fn number(&mut self, key: &str, n: u64) {
        self.out.insert(self.name(key), Value::Unsigned(n));
    }

    fn some(&mut self, key: &str, n: Option<u64>) {
        if let Some(n) = n {
            self.number(key, n);
        }
    }

    fn float(&mut self, key: &str, x: f64) {
        self.out.insert(self.name(key), Value::Float(x));
    }

    fn list(&mut self, key: &str, numbers: impl Iterator<Item = u64>) {
        self.out.insert(self.name(key), Value::Numbers(numbers.map(|n| n as f64).collect()));
    }
}
