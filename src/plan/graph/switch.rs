//! Granite Switch: an attention of one head over a cache of its own finds which adapter a token is for, and each matrix of a
//! layer has that adapter's beside it (src/models/granite-switch.cpp of llama.cpp).

use super::alloc::Id;
use super::attention::Attention;
use super::tensors::{Batch, F32, Graph, Kind, Op, Part};
use crate::model::shape::{Shape, Switch};

/// Substituted tokens, and what the search for their adapters reads.
pub(super) struct Inputs {
    tokens: Id,
    key: Id,
    value: Id,
    query: Id,
}

impl Inputs {
    pub fn new(graph: &mut Graph, batch: &Batch) -> Inputs {
        let mut input = || graph.input(F32, [batch.tokens, 1, 1, 1]);
        Inputs { tokens: input(), key: input(), value: input(), query: input() }
    }
}

/// All layers; the last one of the shape is the search's cache.
pub(super) fn build(
    graph: &mut Graph,
    shape: &Shape,
    switch: &Switch,
    (inputs, attention): (&Inputs, &Attention),
    out_ids: Id,
) -> Id {
    let mut x = graph.get_rows_of_width(shape.n_embd, inputs.tokens);
    if shape.block.embedding_scale {
        x = graph.scale(x);
    }
    let last = shape.layers.len() - 1;
    let mut ids = search(graph, shape, inputs, attention, last);
    for index in 0..last {
        graph.part = Part::Layer(index);
        let out_ids = (index + 1 == last).then_some(out_ids);
        (x, ids) = layer(graph, shape, switch, attention, index, (x, ids), out_ids);
    }
    x
}

/// The adapter of each token.
fn search(graph: &mut Graph, shape: &Shape, inputs: &Inputs, attention: &Attention, layer: usize) -> Id {
    let (size, tokens) = (shape.layers[layer].head_k, graph.dims(inputs.tokens)[0]);
    let [q, k, v] = [inputs.query, inputs.key, inputs.value].map(|signal| {
        let signal = graph.reshape(signal, [1, 1, tokens, 1]);
        graph.op([size, 1, tokens, 1], &[signal])
    });
    let found = attention.over_cache(graph, layer, [q, k, v], true);
    let first = graph.columns(found, 1, [1, tokens, 1, 1]);
    let first = graph.op([1, tokens, 1, 1], &[first]);
    let first = graph.reshape(first, [tokens, 1, 1, 1]);
    let clamped = graph.scale(first);
    graph.named(clamped, Op::Clamp);
    let rounded = graph.unary(clamped);
    graph.op([tokens, 1, 1, 1], &[rounded])
}

fn layer(
    graph: &mut Graph,
    shape: &Shape,
    switch: &Switch,
    attention: &Attention,
    index: usize,
    (input, mut ids): (Id, Id),
    out_ids: Option<Id>,
) -> (Id, Id) {
    let (sizes, tokens) = (&shape.layers[index], graph.dims(input)[1]);
    let widths = [sizes.head_k * sizes.heads, sizes.k, sizes.v];
    let normed = graph.norm(input, true, false);
    let joint = graph.mul_mat(widths.iter().sum(), normed);
    let [q, k, v] = widths.map(|width| {
        let own = graph.columns(joint, width, [width, tokens, 1, 1]);
        graph.op([width, tokens, 1, 1], &[own])
    });
    let [q, k, v] = [(q, widths[0]), (k, widths[1]), (v, widths[2])].map(|(own, width)| {
        let delta = delta(graph, switch, width, normed, ids);
        let sum = graph.add(own, delta);
        graph.reshape(sum, [sizes.head_k, width / sizes.head_k.max(1), tokens, 1])
    });
    let [q, k] = [q, k].map(|x| attention.placed(graph, x));
    let attended = attention.over_cache(graph, index, [q, k, v], true);
    let mut x = switched(graph, switch, shape.n_embd, attended, ids);
    let mut residual = input;
    if let Some(out_ids) = out_ids {
        x = graph.get_rows(x, out_ids);
        residual = graph.get_rows(residual, out_ids);
        let rows = graph.reshape(ids, [1, tokens, 1, 1]);
        let rows = graph.get_rows(rows, out_ids);
        let count = graph.dims(rows)[1];
        ids = graph.reshape(rows, [count, 1, 1, 1]);
    }
    let x = graph.scale(x);
    let middle = graph.add(x, residual);
    let normed = graph.norm(middle, true, false);
    let gate = switched(graph, switch, sizes.ff, normed, ids);
    let up = switched(graph, switch, sizes.ff, normed, ids);
    let gate = graph.unary(gate);
    let active = graph.times(gate, up);
    let down = switched(graph, switch, shape.n_embd, active, ids);
    let down = graph.scale(down);
    (graph.add(down, middle), ids)
}

/// A matrix of the layer and the adapter's beside it.
fn switched(graph: &mut Graph, switch: &Switch, rows: u64, x: Id, ids: Id) -> Id {
    let base = graph.mul_mat(rows, x);
    let delta = delta(graph, switch, rows, x, ids);
    graph.add(base, delta)
}

/// Returns what each token's adapter adds.
fn delta(graph: &mut Graph, switch: &Switch, rows: u64, x: Id, ids: Id) -> Id {
    let [width, tokens, ..] = graph.dims(x);
    let ids = graph.reshape(ids, [1, tokens, 1, 1]);
    let x = graph.reshape(x, [width, 1, tokens, 1]);
    let low = by_slot(graph, switch, switch.rank, x, ids);
    let delta = by_slot(graph, switch, rows, low, ids);
    graph.reshape(delta, [rows, tokens, 1, 1])
}

fn by_slot(graph: &mut Graph, switch: &Switch, rows: u64, x: Id, ids: Id) -> Id {
    let [width, _, tokens, _] = graph.dims(x);
    let weight = graph.weight(width.saturating_mul(rows).saturating_mul(switch.slots));
    let product = graph.op([rows, 1, tokens, 1], &[weight, x, ids]);
    graph.kinds[product].0 = Kind::Batch(tokens);
    graph.named(product, Op::MulMatId)
}
