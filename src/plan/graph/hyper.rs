//! Layers of DeepSeek V4 and GLM-5.3-Flash, which read from and write to several copies of the hidden state:
//! hyper-connections (src/models/deepseek4.cpp and glm5-next.cpp of llama.cpp).

use super::alloc::Id;
use super::compressed::Attention;
use super::feed_forward;
use super::pooled::Mixed;
use super::schedule::Layout;
use super::tensors::{Batch, GAPS, Graph, Part};
use crate::model::shape::{CONNECTIONS, Shape};

/// Elements of a token's mix: into the layer, out of it, and of each copy into each.
const MIX: u64 = (2 + CONNECTIONS) * CONNECTIONS;

/// The attention of each layer.
pub(super) enum Layers<'a> {
    /// To compressed cells; `hashed` first layers have experts that are looked up by the token.
    Compressed { attention: Box<Attention<'a>>, hashed: u64, token_ids: Id },
    /// To the tokens of pools, or delta attention.
    Mixed(Box<Mixed<'a>>),
}

impl<'a> Layers<'a> {
    /// Returns `None` where layers have no such connections; `x` is the embedding.
    pub fn of(graph: &mut Graph, shape: &'a Shape, batch: &'a Batch, x: Id) -> Option<Layers<'a>> {
        if let Some(sizes) = &shape.compressed {
            let attention = Box::new(Attention::new(graph, shape, sizes, batch));
            let token_ids = graph.nodes[x].sources[1];
            return Some(Layers::Compressed { attention, hashed: sizes.hashed, token_ids });
        }
        let pools = shape.pools.as_ref()?;
        Some(Layers::Mixed(Box::new(Mixed::new(graph, shape, pools, batch))))
    }

    fn attend(&self, graph: &mut Graph, index: usize, normed: Id) -> Id {
        match self {
            Layers::Compressed { attention, .. } => attention.build(graph, index, normed),
            Layers::Mixed(mixed) => mixed.build(graph, index, normed),
        }
    }
}

/// From the embedding `x` to the last state of the tokens that `out_ids` picks.
pub(super) fn build(
    graph: &mut Graph,
    shape: &Shape,
    layers: &Layers,
    (batch, layout): (&Batch, &Layout),
    (x, out_ids): (Id, Id),
) -> Id {
    let (n_embd, tokens) = (shape.n_embd, batch.tokens);
    let one = graph.reshape(x, [n_embd, 1, tokens, 1]);
    let mut x = graph.op([n_embd, CONNECTIONS, tokens, 1], &[one]);
    let fused = Fused::of(layers, batch, layout);
    let run = shape.layers.iter().take(layout.layers.len()).filter(|layer| !layer.drafts).count();
    for index in 0..run {
        graph.part = Part::Layer(index);
        let mix = Mix::of(graph, fused, n_embd, x);
        let normed = graph.norm(mix.state, true, false);
        let attended = layers.attend(graph, index, normed);
        x = mix.spread(graph, fused, attended, x);
        let mix = Mix::of(graph, fused, n_embd, x);
        if let Layers::Compressed { .. } = layers {
            [x, mix.out, mix.between].into_iter().for_each(|id| graph.expand(id));
        }
        let normed = graph.norm(mix.state, true, false);
        let fed = match &shape.experts {
            Some(experts) if shape.layers[index].experts => {
                let given = match layers {
                    Layers::Compressed { hashed, token_ids, .. } if (index as u64) < *hashed => {
                        Some(graph.get_rows_of_width(experts.used, *token_ids))
                    }
                    _ => None,
                };
                feed_forward::experts_of(graph, shape, experts, normed, tokens, given)
            }
            _ => feed_forward::dense(graph, shape, normed, shape.layers[index].ff),
        };
        x = mix.spread(graph, fused, fed, x);
    }
    graph.part = Part::Output;
    let flat = graph.reshape(x, [CONNECTIONS * n_embd, tokens, 1, 1]);
    let picked = graph.get_rows(flat, out_ids);
    match layers {
        Layers::Compressed { .. } => joined(graph, n_embd, picked),
        Layers::Mixed(_) => mean(graph, n_embd, picked),
    }
}

/// Steps that llama.cpp computes as one operation each, unless that would not run on its layer's device.
#[derive(Clone, Copy)]
struct Fused {
    into: bool,
    out: bool,
}

impl Fused {
    fn of(layers: &Layers, batch: &Batch, layout: &Layout) -> Fused {
        // It looks where they run for one token of each slot. DeepSeek V4's last of a layer is held on the layer's device.
        let taken = layout.takes_from_host(batch.slots);
        let entered = layout.enters_cards() && matches!(layers, Layers::Mixed(_));
        Fused { into: !taken, out: !taken && !entered }
    }
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
    fn of(graph: &mut Graph, fused: Fused, n_embd: u64, x: Id) -> Mix {
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
        let state =
            if fused.into { graph.op([n_embd, tokens, 1, 1], &[x, into]) } else { sum(graph, x, into) };
        Mix { state, out, between }
    }

    /// The copies with their shares of what a layer gave.
    fn spread(&self, graph: &mut Graph, fused: Fused, given: Id, before: Id) -> Id {
        let dims = graph.dims(before);
        if fused.out {
            return graph.op(dims, &[given, before, self.out, self.between]);
        }
        let [n_embd, _, tokens, _] = dims;
        let copies = (0..CONNECTIONS).map(|_| {
            let share = slice(graph, self.out, 1);
            let mut copy = graph.times(given, share);
            for _ in 0..CONNECTIONS {
                let from = slice(graph, before, n_embd);
                let share = slice(graph, self.between, 1);
                let part = graph.times(from, share);
                copy = graph.add(copy, part);
            }
            graph.reshape(copy, [n_embd, 1, tokens, 1])
        });
        let copies: Vec<Id> = copies.collect();
        let mut all = copies[0];
        for (at, copy) in copies.into_iter().enumerate().skip(1) {
            all = graph.op([n_embd, at as u64 + 1, tokens, 1], &[all, copy]);
        }
        all
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
    sum(graph, x, shares)
}

/// The copies of each token by their shares, added.
fn sum(graph: &mut Graph, x: Id, shares: Id) -> Id {
    let n_embd = graph.dims(x)[0];
    let mut sum = None;
    for _ in 0..CONNECTIONS {
        let copy = slice(graph, x, n_embd);
        let share = slice(graph, shares, 1);
        let part = graph.times(copy, share);
        sum = Some(sum.map_or(part, |sum| graph.add(sum, part)));
    }
    sum.unwrap_or(x)
}

/// `width` elements of each token.
fn slice(graph: &mut Graph, of: Id, width: u64) -> Id {
    let [first, second, third, _] = graph.dims(of);
    // The last dimension that is not one counts the tokens.
    let (each, tokens) = if third > 1 { (first * second, third) } else { (first, second) };
    let part = graph.view(of, [width, tokens, 1, 1]);
    graph.nodes[part].bytes = graph.nodes[of].bytes.saturating_sub(4 * (each - width));
    // A copy has the same gaps between rows, so nothing else has its layout.
    graph.nodes[part].layout.0 = GAPS;
    part
}

/// The mean of each token's copies.
fn mean(graph: &mut Graph, n_embd: u64, flat: Id) -> Id {
    let tokens = graph.dims(flat)[1];
    let x = graph.reshape(flat, [n_embd, CONNECTIONS, tokens, 1]);
    let copy = |graph: &mut Graph| graph.columns(x, n_embd, [n_embd, tokens, 1, 1]);
    let mut sum = copy(graph);
    for _ in 1..CONNECTIONS {
        let next = copy(graph);
        sum = graph.add(sum, next);
    }
    graph.scale(sum)
}

/// Shares of each token: scaled, moved, and put between bounds.
fn affine(graph: &mut Graph, x: Id, scale: Id, base: Id) -> Id {
    let scaled = graph.times(x, scale);
    let moved = graph.add(scaled, base);
    let bounded = graph.unary(moved);
    graph.scale(bounded)
}
