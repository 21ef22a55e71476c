//! The feed-forward part of a layer (`build_ffn`, `build_moe_ffn` of llama-graph.cpp).

use super::alloc::Id;
use super::tensors::{Batch, Graph, Kind, Op};
use crate::model::shape::{Experts, FeedForward, Gating, Shape};

/// A dense feed-forward of `width` on `x`.
pub fn dense(graph: &mut Graph, shape: &Shape, x: Id, width: u64) -> Id {
    let (b, dims) = (&shape.block, graph.dims(x));
    let biased = |graph: &mut Graph, x: Id| if b.ff_bias { graph.add_weight(x) } else { x };
    let mut active = match b.feed_forward {
        FeedForward::Gated => {
            let up = graph.mul_mat(width, x);
            let up = biased(graph, up);
            let gate = graph.mul_mat(width, x);
            let gate = biased(graph, gate);
            graph.op([width, dims[1], 1, 1], &[gate, up])
        }
        FeedForward::Fused => {
            let both = graph.mul_mat(2 * width, x);
            let both = biased(graph, both);
            graph.op([width, dims[1], 1, 1], &[both])
        }
        FeedForward::Plain => {
            let up = graph.mul_mat(width, x);
            let up = biased(graph, up);
            graph.unary(up)
        }
    };
    if b.sub_norms {
        active = graph.norm(active, b.rms, false);
    }
    let down = graph.mul_mat(shape.n_embd, active);
    biased(graph, down)
}

/// Experts chosen per token, and the shared expert where there is one.
pub fn experts(graph: &mut Graph, shape: &Shape, batch: &Batch, e: &Experts, x: Id, last: bool) -> Id {
    let tokens = if last { batch.outputs } else { batch.tokens };
    experts_of(graph, shape, e, x, tokens, None)
}

/// The same of so many tokens, whose experts may be `given`.
pub fn experts_of(
    graph: &mut Graph,
    shape: &Shape,
    e: &Experts,
    x: Id,
    tokens: u64,
    given: Option<Id>,
) -> Id {
    let logits = logits(graph, e, x);
    let routed = routed(graph, shape, e, x, (logits, given), tokens);
    let Some(shared) = e.shared_width else {
        return routed;
    };
    let mut out = shared_expert(graph, shape, e, x, shared);
    if e.shared_gate {
        let weight = graph.float_weight(shape.n_embd);
        let logit = graph.mul_mat_by(weight, 1, x);
        let mut gate = graph.unary(logit);
        if e.shared_gate_by_silu {
            gate = graph.over(gate, &[gate, logit]);
            graph.named(gate, Op::Div);
        }
        out = graph.times(out, gate);
    }
    graph.add(routed, out)
}

/// A dense feed-forward and experts side by side (gemma4.cpp); the router reads the state before its norm, `x`.
pub fn beside(graph: &mut Graph, shape: &Shape, e: &Experts, x: Id, normed: Id, width: u64) -> Id {
    let plain = dense(graph, shape, normed, width);
    let plain = graph.norm(plain, true, false);
    let read = graph.norm(x, true, false);
    let router = graph.unweighted_norm(x);
    let router = graph.scale(router);
    let router = graph.add_weight(router);
    let logits = logits(graph, e, router);
    let tokens = graph.dims(x)[1];
    let chosen = routed(graph, shape, e, read, (logits, None), tokens);
    let chosen = graph.norm(chosen, true, false);
    graph.add(plain, chosen)
}

fn shared_expert(graph: &mut Graph, shape: &Shape, e: &Experts, x: Id, width: u64) -> Id {
    let columns = graph.dims(x)[1];
    let up = graph.mul_mat(width, x);
    let active = if e.ungated {
        graph.unary(up)
    } else {
        let gate = graph.mul_mat(width, x);
        graph.op([width, columns, 1, 1], &[gate, up])
    };
    graph.mul_mat(shape.n_embd, active)
}

fn routed(
    graph: &mut Graph,
    shape: &Shape,
    e: &Experts,
    x: Id,
    (logits, given): (Id, Option<Id>),
    tokens: u64,
) -> Id {
    let used = e.used;
    let (chosen, weights) = router(graph, e, logits, given, tokens);
    graph.expand(weights);
    let x = graph.reshape(x, [shape.n_embd, 1, tokens, 1]);
    let wide = [e.width, used, tokens, 1];
    let by_expert = |graph: &mut Graph, dims: [u64; 4], x: Id| {
        let elements = dims[0].saturating_mul(graph.dims(x)[0]).saturating_mul(e.count);
        let weight = graph.expert_weight(elements);
        let out = graph.op(dims, &[weight, x, chosen]);
        graph.kinds[out].0 = Kind::Batch(tokens);
        graph.named(out, Op::MulMatId);
        if e.bias {
            let bias = graph.expert_weight(dims[0].saturating_mul(e.count));
            let bias = graph.as_floats(bias);
            let biased = graph.over(out, &[out, bias, chosen]);
            graph.named(biased, Op::AddId)
        } else {
            out
        }
    };
    let active = if e.ungated {
        let up = by_expert(graph, wide, x);
        graph.unary(up)
    } else if e.merged_gate {
        let both = by_expert(graph, [2 * e.width, used, tokens, 1], x);
        let (gate, up) = (graph.view(both, wide), graph.view(both, wide));
        graph.op(wide, &[gate, up])
    } else {
        let up = by_expert(graph, wide, x);
        let gate = by_expert(graph, wide, x);
        graph.op(wide, &[gate, up])
    };
    let outs = by_expert(graph, [shape.n_embd, used, tokens, 1], active);
    let outs = if e.scaled_out {
        let scales = graph.expert_weight(e.count);
        let scales = graph.as_floats(scales);
        let repeated = graph.op([1, e.count, tokens, 1], &[scales]);
        let picked = graph.op([1, used, tokens, 1], &[repeated, chosen]);
        graph.named(picked, Op::GetRows);
        graph.times(outs, picked)
    } else {
        outs
    };
    let outs = graph.times(outs, weights);
    graph.expand(outs);
    let one = [shape.n_embd, tokens, 1, 1];
    let views: Vec<Id> = (0..used)
        .map(|_| {
            let view = graph.view(outs, one);
            graph.expand(view);
            view
        })
        .collect();
    let mut sum = views[0];
    for view in &views[1..] {
        sum = graph.add(sum, *view);
        graph.expand(sum);
    }
    if used == 1 { graph.op(one, &[sum]) } else { sum }
}

fn logits(graph: &mut Graph, e: &Experts, x: Id) -> Id {
    let weight = graph.float_weight(e.count.saturating_mul(graph.dims(x)[0]));
    let logits = graph.mul_mat_by(weight, e.count, x);
    if e.gate_bias { graph.add_weight(logits) } else { logits }
}

/// The experts chosen and their weights, `[1, used, tokens]`.
fn router(graph: &mut Graph, e: &Experts, logits: Id, given: Option<Id>, tokens: u64) -> (Id, Id) {
    let probabilities = match e.gating {
        Gating::Softmax => {
            let soft = graph.scale(logits);
            graph.named(soft, Op::SoftMax)
        }
        Gating::Sigmoid => graph.unary(logits),
        Gating::RootOfSoftplus => {
            let soft = graph.unary(logits);
            graph.unary(soft)
        }
        Gating::SoftmaxOfChosen => logits,
    };
    let chosen = given.unwrap_or_else(|| {
        let mut ranked = probabilities;
        if e.choice_bias {
            ranked = graph.add_weight(ranked);
        }
        let sorted = graph.op([e.count, tokens, 1, 1], &[ranked]);
        graph.named(sorted, Op::ArgSort);
        graph.view(sorted, [e.used, tokens, 1, 1])
    });
    let spread = graph.reshape(probabilities, [1, e.count, tokens, 1]);
    let mut weights = graph.op([1, e.used, tokens, 1], &[spread, chosen]);
    graph.named(weights, Op::GetRows);
    if e.gating == Gating::SoftmaxOfChosen {
        let flat = graph.reshape(weights, [e.used, tokens, 1, 1]);
        let soft = graph.scale(flat);
        graph.named(soft, Op::SoftMax);
        weights = graph.reshape(soft, [1, e.used, tokens, 1]);
    }
    if e.normed {
        let flat = graph.reshape(weights, [e.used, tokens, 1, 1]);
        let sum = graph.op([1, tokens, 1, 1], &[flat]);
        graph.named(sum, Op::SumRows);
        let clamped = graph.scale(sum);
        graph.named(clamped, Op::Clamp);
        let normed = graph.over(flat, &[flat, clamped]);
        graph.named(normed, Op::Div);
        weights = graph.reshape(normed, [1, e.used, tokens, 1]);
    }
    if e.scaled {
        weights = graph.scale(weights);
    }
    (chosen, weights)
}
