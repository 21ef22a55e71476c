//! A text encoder from tokens to one vector a sequence (src/models/bert.cpp and `build_pooling` of
//! llama.cpp b11434): no cache, every token sees every other.

use super::alloc::{Id, Place};
use super::tensors::{Batch, F16, F32, Graph};
use super::{decoder, feed_forward};
use crate::model::embedder::{Embedder, Pooling};
use crate::model::tensor_type::TensorType;

/// Texts that llama-server reserves its buffers for with `--embedding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts {
    /// `--ubatch-size`: tokens of all texts that are read at once.
    pub tokens: u64,
    /// `--parallel`.
    pub sequences: u64,
    pub flash_attn: bool,
}

pub fn build(model: &Embedder, texts: &Texts) -> Graph {
    let shape = &model.shape;
    let tokens = texts.tokens;
    let f32 = TensorType::by_name("F32").expect("ggml has this type");
    let batch = Batch {
        tokens,
        outputs: tokens,
        streams: 1,
        slots: texts.sequences.max(1),
        cells: tokens,
        window_cells: 0,
        flash_attn: texts.flash_attn,
        k_type: f32,
        v_type: f32,
        rotation_apart: false,
        early_outputs: true,
    };
    let mut graph = Graph::new();
    let positions = graph.input(F32, [tokens, 1, 1, 1]);
    let mut x = decoder::embed(&mut graph, shape, &batch);
    if model.token_types {
        x = graph.add_weight(x);
    }
    if model.positions {
        let rows = graph.get_rows_of_width(shape.n_embd, positions);
        x = graph.add(rows, x);
    }
    x = graph.norm(x, false, true);
    let mask = graph.input(if texts.flash_attn { F16 } else { F32 }, [tokens, tokens, 1, 1]);
    let out_ids = graph.input(F32, [tokens, 1, 1, 1]);
    for index in 0..shape.layers.len() {
        let last = index + 1 == shape.layers.len();
        let turned = (!model.positions).then_some(positions);
        let mut out = attention(&mut graph, model, texts, x, mask, turned);
        if last {
            out = graph.get_rows(out, out_ids);
            x = graph.get_rows(x, out_ids);
        }
        let sum = graph.add(out, x);
        let middle = graph.norm(sum, false, true);
        let fed = feed_forward::dense(&mut graph, shape, middle, shape.n_ff);
        let sum = graph.add(fed, middle);
        x = graph.norm(sum, false, true);
    }
    graph.nodes[x].output = true;
    graph.expand(x);
    pool(&mut graph, model, texts, x);
    graph
}

fn attention(
    graph: &mut Graph,
    model: &Embedder,
    texts: &Texts,
    x: Id,
    mask: Id,
    positions: Option<Id>,
) -> Id {
    let (s, b, tokens) = (&model.shape, &model.shape.block, texts.tokens);
    let (size, heads) = (s.head_dim, s.n_head);
    let width = size * heads;
    let biased = |graph: &mut Graph, x: Id| if b.qkv_bias { graph.add_weight(x) } else { x };
    let [q, k, v] = if b.fused_qkv {
        let all = graph.mul_mat(3 * width, x);
        let all = biased(graph, all);
        [all; 3]
    } else {
        [(); 3].map(|()| {
            let projected = graph.mul_mat(width, x);
            biased(graph, projected)
        })
    };
    let mut parts = [q, k, v].map(|part| graph.view(part, [size, heads, tokens, 1]));
    if let Some(positions) = positions {
        for part in &mut parts[..2] {
            *part = graph.over(*part, &[*part, positions]);
        }
    }
    parts.into_iter().for_each(|part| graph.expand(part));
    let [q, k, v] = parts.map(|part| graph.view(part, [size, tokens, heads, 1]));
    let out = if texts.flash_attn {
        // It reads keys and values of 16 bits.
        let [k, v] = [k, v].map(|part| {
            let dims = graph.dims(part);
            graph.push(Place::Own, false, F16, dims, &[part])
        });
        let out = graph.op([size, heads, tokens, 1], &[q, k, v, mask]);
        graph.view(out, [width, tokens, 1, 1])
    } else {
        let scores = graph.op([tokens, tokens, heads, 1], &[k, q]);
        let scores = graph.over(scores, &[scores, mask]);
        let turned = graph.view(v, [tokens, size, heads, 1]);
        let turned = graph.op([tokens, size, heads, 1], &[turned]);
        let out = graph.op([size, tokens, heads, 1], &[turned, scores]);
        let out = graph.view(out, [size, heads, tokens, 1]);
        graph.op([width, tokens, 1, 1], &[out])
    };
    graph.expand(out);
    let out = graph.mul_mat(s.n_embd, out);
    if b.out_bias { graph.add_weight(out) } else { out }
}

fn pool(graph: &mut Graph, model: &Embedder, texts: &Texts, x: Id) {
    let pooled = match model.pooling {
        Pooling::Cls | Pooling::Last => {
            let which = graph.input(F32, [texts.sequences, 1, 1, 1]);
            graph.get_rows(x, which)
        }
        Pooling::Mean => {
            let turned = graph.view(x, [texts.tokens, model.shape.n_embd, 1, 1]);
            let turned = graph.op([texts.tokens, model.shape.n_embd, 1, 1], &[turned]);
            let mean = graph.input(F32, [texts.tokens, texts.sequences, 1, 1]);
            graph.op([model.shape.n_embd, texts.sequences, 1, 1], &[turned, mean])
        }
    };
    graph.nodes[pooled].output = true;
    graph.expand(pooled);
}
