//! Mamba layers (src/models/mamba-base.cpp of llama.cpp), of the first and the second version, and PLaMo 2's (plamo2.cpp).

use super::alloc::Id;
use super::recurrent::States;
use super::tensors::{Batch, Graph};
use crate::model::shape::Mamba;

/// The recurrent layer on the normed input.
pub(super) fn build(
    graph: &mut Graph,
    n_embd: u64,
    batch: &Batch,
    mamba: &Mamba,
    states: &States,
    normed: Id,
) -> Id {
    match (mamba.plamo, mamba.second) {
        (Some(step), _) => plamo(graph, n_embd, batch, mamba, step, states, normed),
        (None, true) => second(graph, n_embd, batch, mamba, states, normed),
        (None, false) => first(graph, n_embd, batch, mamba, states, normed),
    }
}

/// The convolution over the last tokens of `channels`, a window on what was projected.
fn convolved(graph: &mut Graph, mamba: &Mamba, states: &States, before: Id, turned: Id) -> Id {
    let [each, channels, sequences, _] = graph.dims(turned);
    let input = states.with_last(graph, before, turned);
    let weight = graph.float_weight(mamba.kernel * channels);
    let out = graph.op([channels, each, sequences, 1], &[input, weight]);
    let out = graph.add_weight(out);
    graph.unary(out)
}

fn second(graph: &mut Graph, n_embd: u64, batch: &Batch, m: &Mamba, states: &States, normed: Id) -> Id {
    let sequences = batch.slots;
    let each = batch.tokens / sequences;
    let channels = m.inner + 2 * m.groups * m.state;
    let head = m.inner / m.heads;
    let kept = m.kernel - 1;
    let before = states.load(graph, kept * channels);
    let before = graph.reshape(before, [kept, channels, sequences, 1]);
    let all = graph.mul_mat(m.inner + channels + m.heads, normed);
    let z = graph.columns(all, m.inner, [head, m.heads, each, sequences]);
    let mixed = graph.columns(all, channels, [each, channels, sequences, 1]);
    let step = graph.columns(all, m.heads, [m.heads, each, sequences, 1]);
    let mixed = convolved(graph, m, states, before, mixed);
    let x = graph.columns(mixed, m.inner, [head, m.heads, each, sequences]);
    let shared = m.state * m.groups;
    let [b, c] = [(); 2].map(|()| graph.columns(mixed, shared, [m.state, m.groups, each, sequences]));
    let step = graph.op([m.heads, each, sequences, 1], &[step]);
    let step = graph.add_weight(step);
    let decay = graph.float_weight(m.state * m.heads);
    let scan = scan(graph, batch, m, states, [x, step, decay, b, c]);
    let y = graph.view(scan, [head, m.heads, each, sequences]);
    let weight = graph.float_weight(m.heads);
    let skipped = graph.over(x, &[x, weight]);
    let y = graph.over(y, &[y, skipped]);
    let z = graph.op([head, m.heads, each, sequences], &[z]);
    let mut y = graph.op([head, m.heads, each, sequences], &[z, y]);
    if m.norm {
        y = graph.reshape(y, [m.inner / m.groups, m.groups, each, sequences]);
        y = graph.norm(y, true, false);
    }
    let y = graph.reshape(y, [m.inner, batch.tokens, 1, 1]);
    graph.mul_mat(n_embd, y)
}

fn first(graph: &mut Graph, n_embd: u64, batch: &Batch, m: &Mamba, states: &States, normed: Id) -> Id {
    let sequences = batch.slots;
    let each = batch.tokens / sequences;
    let kept = m.kernel - 1;
    let before = states.load(graph, kept * m.inner);
    let before = graph.reshape(before, [kept, m.inner, sequences, 1]);
    let normed = graph.reshape(normed, [n_embd, each, sequences, 1]);
    let all = graph.mul_mat(2 * m.inner, normed);
    let x = graph.columns(all, m.inner, [each, m.inner, sequences, 1]);
    let z = graph.columns(all, m.inner, [m.inner, each, sequences, 1]);
    let x = convolved(graph, m, states, before, x);
    let parts = graph.mul_mat(m.heads + 2 * m.state, x);
    let mut step = graph.columns(parts, m.heads, [m.heads, each, sequences, 1]);
    let [mut b, mut c] = [(); 2].map(|()| graph.columns(parts, m.state, [m.state, 1, each, sequences]));
    if m.norm {
        for part in [&mut step, &mut b, &mut c] {
            *part = graph.norm(*part, true, false);
        }
    } else {
        step = graph.op([m.heads, each, sequences, 1], &[step]);
    }
    let step = graph.mul_mat(m.inner, step);
    let step = graph.add_weight(step);
    let shown = graph.reshape(x, [1, m.inner, each, sequences]);
    let decay = graph.float_weight(m.state * m.heads);
    let scan = scan(graph, batch, m, states, [shown, step, decay, b, c]);
    let y = graph.view(scan, [m.inner, each, sequences, 1]);
    let skipped = graph.add_weight(x);
    let y = graph.over(y, &[y, skipped]);
    let z = graph.op([m.inner, each, sequences, 1], &[z]);
    let y = graph.op([m.inner, each, sequences, 1], &[z, y]);
    let out = graph.mul_mat(n_embd, y);
    graph.reshape(out, [n_embd, batch.tokens, 1, 1])
}

fn plamo(
    graph: &mut Graph,
    n_embd: u64,
    batch: &Batch,
    m: &Mamba,
    step: u64,
    states: &States,
    normed: Id,
) -> Id {
    let sequences = batch.slots;
    let each = batch.tokens / sequences;
    let head = m.inner / m.heads;
    let (kept, by_head) = (m.kernel - 1, [head, m.heads, each, sequences]);
    let before = states.load(graph, kept * m.inner);
    let before = graph.reshape(before, [kept, m.inner, sequences, 1]);
    let normed = graph.reshape(normed, [n_embd, each, sequences, 1]);
    let both = graph.mul_mat(2 * m.inner, normed);
    let both = graph.view(both, [2 * m.inner, sequences, each, 1]);
    let both = graph.op([2 * head, m.heads, each, sequences], &[both]);
    let [x, z] = [(); 2].map(|()| graph.columns(both, head, by_head));
    let x = graph.op([m.inner, each, sequences, 1], &[x]);
    let turned = graph.view(x, [each, m.inner, sequences, 1]);
    let input = states.with_last(graph, before, turned);
    let weight = graph.float_weight(m.kernel * m.inner);
    let x = graph.op([m.inner, each, sequences, 1], &[input, weight]);
    let x = graph.unary(x);
    let parts = graph.mul_mat(step + 2 * m.state, x);
    let [mut b, mut c] = [(); 2].map(|()| graph.columns(parts, m.state, [m.state, each, sequences, 1]));
    let mut dt = graph.columns(parts, step, [step, each, sequences, 1]);
    for part in [&mut b, &mut c, &mut dt] {
        *part = graph.norm(*part, true, false);
    }
    let dt = graph.mul_mat(m.heads, dt);
    let dt = graph.add_weight(dt);
    let x = graph.view(x, by_head);
    let [b, c] = [b, c].map(|part| graph.view(part, [m.state, 1, each, sequences]));
    let decay = graph.reshaped_weight([1, m.heads, 1, 1]);
    let scan = scan(graph, batch, m, states, [x, dt, decay, b, c]);
    let y = graph.view(scan, by_head);
    let weight = graph.reshaped_weight([1, m.heads, 1, 1]);
    let skipped = graph.over(x, &[x, weight]);
    let y = graph.over(y, &[y, skipped]);
    let z = graph.op(by_head, &[z]);
    let y = graph.op(by_head, &[z, y]);
    let y = graph.view(y, [m.inner, each, sequences, 1]);
    let out = graph.mul_mat(n_embd, y);
    graph.reshape(out, [n_embd, batch.tokens, 1, 1])
}

/// `ggml_ssm_scan`: what is given, and behind it the states.
fn scan(graph: &mut Graph, batch: &Batch, m: &Mamba, states: &States, [x, step, decay, b, c]: [Id; 5]) -> Id {
    let state = m.state * m.inner;
    let elements = m.inner * batch.tokens + state * batch.slots;
    let scan = states.load_by(graph, state, |graph, before, ids| {
        graph.op([elements, 1, 1, 1], &[before, x, step, decay, b, c, ids])
    });
    let last = graph.view(scan, [state, batch.slots, 1, 1]);
    states.store(graph, last);
    scan
}
