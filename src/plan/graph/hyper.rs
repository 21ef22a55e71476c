//! DeepSeek V4's layers, which read from and write to several copies of the hidden state: hyper-connections
//! (src/models/deepseek4.cpp of llama.cpp).

use super::alloc::Id;
use super::compressed::Attention;
use super::feed_forward;
use super::tensors::{Batch, Graph, Part};
use crate::model::shape::{CONNECTIONS, Compressed, Shape};

/// Elements of a token's mix: into the layer, out of it, and of each copy into each.
const MIX: u64 = (2 + CONNECTIONS) * CONNECTIONS;

/// From the embedding `x` to the last state of the tokens that `out_ids` picks.
pub(super) fn build(
    graph: &mut Graph,
    shape: &Shape,
    sizes: &Compressed,
    batch: &Batch,
    n_layer: usize,
    (x, out_ids): (Id, Id),
) -> Id {
    let (n_embd, tokens) = (shape.n_embd, batch.tokens);
    let token_ids = graph.nodes[x].sources[1];
    let attention = Attention::new(graph, shape, sizes, batch);
    let one = graph.reshape(x, [n_embd, 1, tokens, 1]);
    let mut x = graph.op([n_embd, CONNECTIONS, tokens, 1], &[one]);
    let run = shape.layers.iter().take(n_layer).filter(|layer| !layer.drafts).count();
    for index in 0..run {
        graph.part = Part::Layer(index);
        let mix = Mix::of(graph, n_embd, x);
        let normed = graph.norm(mix.state, true, false);
        let attended = attention.build(graph, index, normed);
        x = mix.spread(graph, attended, x);
        let mix = Mix::of(graph, n_embd, x);
        [x, mix.out, mix.between].into_iter().for_each(|id| graph.expand(id));
        let normed = graph.norm(mix.state, true, false);
        let fed = match &shape.experts {
            Some(experts) => {
                let hashed = (index as u64) < sizes.hashed;
                let given = hashed.then(|| graph.get_rows_of_width(experts.used, token_ids));
                feed_forward::experts_of(graph, shape, experts, normed, tokens, given)
            }
            None => feed_forward::dense(graph, shape, normed, shape.layers[index].ff),
        };
        x = mix.spread(graph, fed, x);
    }
    graph.part = Part::Output;
    let flat = graph.reshape(x, [CONNECTIONS * n_embd, tokens, 1, 1]);
    let picked = graph.get_rows(flat, out_ids);
    joined(graph, n_embd, picked)
}

/// A mix of the copies of each token's hidden state.
struct Mix {
    /// The layer's input.
    state: Id,
    /// Shares of each copy in what the layer gives, and in each other.
    out: Id,
    between: Id,
}

impl Mix {
    fn of(graph: &mut Graph, n_embd: u64, x: Id) -> Mix {
        let tokens = graph.dims(x)[2];
        let flat = graph.reshape(x, [CONNECTIONS * n_embd, tokens, 1, 1]);
        let normed = graph.unweighted_norm(flat);
        let weight = graph.float_weight(MIX.saturating_mul(CONNECTIONS * n_embd));
        let mixes = graph.mul_mat_by(weight, MIX, normed);
        let (scale, base) = (graph.float_weight(3), graph.float_weight(MIX));
        let [into, out] = [(); 2].map(|()| {
            let share = graph.columns(mixes, CONNECTIONS, [CONNECTIONS, tokens, 1, 1]);
            let [scale, base] =
                [(scale, 1), (base, CONNECTIONS)].map(|(weight, width)| graph.view(weight, [width, 1, 1, 1]));
            affine(graph, share, scale, base)
        });
        let between = graph.op([CONNECTIONS, CONNECTIONS, tokens, 1], &[mixes, scale, base]);
        let state = graph.op([n_embd, tokens, 1, 1], &[x, into]);
        Mix { state, out, between }
    }

    /// The copies with their shares of what a layer gave.
    fn spread(&self, graph: &mut Graph, given: Id, before: Id) -> Id {
        let dims = graph.dims(before);
        graph.op(dims, &[given, before, self.out, self.between])
    }
}

/// One state of each token's copies, which lie side by side in `flat`: computed node by node at the end.
fn joined(graph: &mut Graph, n_embd: u64, flat: Id) -> Id {
    let tokens = graph.dims(flat)[1];
    let x = graph.reshape(flat, [n_embd, CONNECTIONS, tokens, 1]);
    let flat = graph.reshape(x, [CONNECTIONS * n_embd, tokens, 1, 1]);
    let normed = graph.unweighted_norm(flat);
    let weight = graph.float_weight((CONNECTIONS * CONNECTIONS).saturating_mul(n_embd));
    let mixes = graph.mul_mat_by(weight, CONNECTIONS, normed);
    let (scale, base) = (graph.float_weight(1), graph.float_weight(CONNECTIONS));
    let shares = affine(graph, mixes, scale, base);
    let mut sum = None;
    for _ in 0..CONNECTIONS {
        let copy = graph.columns(x, n_embd, [n_embd, tokens, 1, 1]);
        let share = graph.columns(shares, 1, [1, tokens, 1, 1]);
        let part = graph.times(copy, share);
        sum = Some(sum.map_or(part, |sum| graph.add(sum, part)));
    }
    sum.unwrap_or(x)
}

/// Shares of each token: scaled, moved, and put between bounds.
fn affine(graph: &mut Graph, x: Id, scale: Id, base: Id) -> Id {
    let scaled = graph.times(x, scale);
    let moved = graph.add(scaled, base);
    let bounded = graph.unary(moved);
    graph.scale(bounded)
}
