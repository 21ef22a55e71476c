//! A decoder-only model from token to logits (src/models/*.cpp of llama.cpp).

use super::alloc::{Id, Place};
use super::attention::Attention;
use super::lightning::Lightning;
use super::per_layer::Inputs;
use super::recurrent::States;
use super::schedule::Layout;
use super::tensors::{Batch, F32, Graph, I64, Kind, Op, Part};
use super::{
    altup, delta, feed_forward, gated_streams, hrm, hyper, kda, mamba, rwkv, short_conv, streams, switch,
};
use crate::model::shape::{FeedsOn, LayerKv, Outputs, Parallel, Shape};

pub fn build(shape: &Shape, batch: &Batch, layout: &Layout) -> Graph {
    let n_layer = layout.layers.len();
    let mut graph = Graph::new();
    if let Some(switch) = &shape.switch {
        let inputs = switch::Inputs::new(&mut graph, batch);
        let attention = Attention::new(&mut graph, shape, batch);
        let out_ids = graph.input(F32, [batch.outputs, 1, 1, 1]);
        let x = switch::build(&mut graph, shape, switch, (&inputs, &attention), out_ids);
        return with_logits(graph, shape, x, out_ids, Outputs::LastLayer);
    }
    let mut x = embed(&mut graph, shape, batch);
    if let Some(layers) = hyper::Layers::of(&mut graph, shape, batch, x) {
        let out_ids = graph.input(F32, [batch.outputs, 1, 1, 1]);
        x = hyper::build(&mut graph, shape, &layers, (batch, layout), (x, out_ids));
        return with_logits(graph, shape, x, out_ids, Outputs::LastLayer);
    }
    let attention = Attention::new(&mut graph, shape, batch);
    if shape.block.position_rows {
        let rows = graph.get_rows_of_width(shape.n_embd, attention.positions);
        x = graph.add(x, rows);
    }
    if shape.block.embedding_norm {
        // Its weights lie with the first layer.
        graph.part = Part::Layer(0);
        x = graph.norm(x, shape.block.rms, shape.block.norm_bias);
    }
    let out_ids = graph.input(F32, [batch.outputs, 1, 1, 1]);
    let outputs = match shape.block.outputs {
        Outputs::AfterNorm if batch.early_outputs => Outputs::LastLayer,
        outputs => outputs,
    };
    if shape.block.altup {
        x = altup::build(&mut graph, shape, batch, &attention, x);
        x = graph.get_rows(x, out_ids);
        return with_logits(graph, shape, x, out_ids, Outputs::LastLayer);
    }
    if let Some(hrm) = &shape.hrm {
        x = hrm::build(&mut graph, shape, &attention, hrm, x);
        x = graph.get_rows(x, out_ids);
        graph.nodes[x].output = true;
        return logits(graph, shape, x);
    }
    if let Some(streams) = shape.gated_streams {
        let parts = (batch, &attention);
        x = gated_streams::build(&mut graph, shape, parts, n_layer, streams, (x, out_ids));
        graph.nodes[x].output = true;
        return logits(graph, shape, x);
    }
    if let Some(count) = shape.streams {
        x = streams::build(&mut graph, shape, (batch, &attention), n_layer, count, (x, out_ids));
        return with_logits(graph, shape, x, out_ids, Outputs::LastLayer);
    }
    let inputs = Inputs::new(&mut graph, shape, batch, x);
    let states = shape.keeps_states().then(|| States::new(&mut graph, batch));
    let lightning = Lightning::new(&mut graph, shape, batch);
    let mut rwkv = rwkv::Layers::new(shape, batch);
    if shape.rwkv.is_some_and(|rwkv| rwkv.whole) {
        graph.part = Part::Layer(0);
        x = graph.norm(x, false, true);
    }
    let run = shape.layers.iter().take(n_layer).filter(|layer| !layer.drafts).count();
    for index in 0..run {
        graph.part = Part::Layer(index);
        let last = index + 1 == run && outputs == Outputs::LastLayer;
        let memory = Memory { attention: &attention, states: states.as_ref() };
        let out_ids = last.then_some(out_ids);
        x = match (&lightning, &mut rwkv, &states) {
            (None, Some(rwkv), Some(states)) => rwkv.layer(&mut graph, states, index, x, out_ids),
            (Some(lightning), _, Some(states)) => {
                lightning.layer(&mut graph, shape, batch, (&attention, states), index, x, out_ids)
            }
            _ => layer(&mut graph, shape, batch, memory, index, x, out_ids),
        };
        if let Some(inputs) = inputs {
            x = inputs.add(&mut graph, shape.n_embd, x);
        }
        if shape.block.out_scale {
            let factor = graph.float_weight(1);
            x = graph.times(x, factor);
        }
    }
    with_logits(graph, shape, x, out_ids, outputs)
}

/// The last norm and the logits of the tokens that `out_ids` picks.
fn with_logits(mut graph: Graph, shape: &Shape, mut x: Id, out_ids: Id, outputs: Outputs) -> Graph {
    graph.part = Part::Output;
    if outputs == Outputs::AfterLayers {
        graph.nodes[x].output = true;
        x = graph.get_rows(x, out_ids);
    }
    let mut normed = graph.norm(x, shape.block.rms, shape.block.norm_bias);
    graph.nodes[normed].output = true;
    if outputs == Outputs::AfterNorm {
        normed = graph.get_rows(normed, out_ids);
        graph.nodes[normed].output = true;
    }
    logits(graph, shape, normed)
}

/// The logits of normed states.
fn logits(mut graph: Graph, shape: &Shape, normed: Id) -> Graph {
    graph.part = if shape.block.output_by_embedding { Part::Embedding } else { Part::Output };
    let mut logits = graph.mul_mat(shape.n_vocab, normed);
    if shape.block.output_bias {
        logits = graph.add_weight(logits);
    }
    for _ in 0..if shape.block.logit_softcap { 3 } else { 0 } {
        logits = graph.scale(logits);
    }
    if shape.block.picture_tokens > 0 {
        let pictures = graph.scratch(F32, [shape.block.picture_tokens, 1, 1, 1]);
        let pictures = graph.scale(pictures);
        graph.named(pictures, Op::Clamp);
        let dims = graph.dims(logits);
        logits = graph.op(dims, &[logits, pictures]);
    }
    graph.nodes[logits].output = true;
    graph.expand(logits);
    graph
}

/// Token embeddings: one branch for tokens, one for vectors, one for both, all of them in the graph.
pub fn embed(graph: &mut Graph, shape: &Shape, batch: &Batch) -> Id {
    let (tokens, wide) = (batch.tokens, [shape.n_embd, batch.tokens, 1, 1]);
    let ids = graph.input(F32, [tokens, 1, 1, 1]);
    let vectors = graph.input(F32, wide);
    if shape.block.embeds_by_output {
        graph.part = Part::Output;
    }
    let of_tokens = graph.get_rows_of_width(shape.n_embd, ids);
    [of_tokens, vectors].into_iter().for_each(|id| graph.expand(id));
    if shape.block.mixed_inputs {
        let mixed = mixed(graph, shape.n_embd, tokens);
        graph.expand(mixed);
    }
    let mut x = of_tokens;
    if shape.block.embedding_scale_rows {
        let rows = graph.input(F32, [1, tokens, 1, 1]);
        x = graph.over(x, &[x, rows]);
    } else if shape.block.embedding_scale {
        x = graph.scale(x);
    }
    graph.expand(x);
    graph.part = Part::Embedding;
    x
}

/// The embedding of a batch of tokens and vectors.
fn mixed(graph: &mut Graph, n_embd: u64, tokens: u64) -> Id {
    let wide = [n_embd, tokens, 1, 1];
    let ids = graph.input(F32, [tokens, 1, 1, 1]);
    let slots = graph.input(I64, [tokens, 1, 1, 1]);
    let vectors = graph.input(F32, wide);
    let copied = graph.op(wide, &[vectors]);
    let rows = graph.get_rows_of_width(n_embd, ids);
    graph.view_with(copied, wide, &[rows, slots, copied])
}

/// Parts of a model that layers keep something in between batches.
#[derive(Clone, Copy)]
struct Memory<'a> {
    attention: &'a Attention<'a>,
    states: Option<&'a States>,
}

fn layer(
    graph: &mut Graph,
    shape: &Shape,
    batch: &Batch,
    memory: Memory,
    index: usize,
    input: Id,
    out_ids: Option<Id>,
) -> Id {
    let b = &shape.block;
    let sizes = &shape.layers[index];
    let mut residual = input;
    let mut normed =
        if sizes.heads > 0 && b.norms_before { graph.norm(input, b.rms, b.norm_bias) } else { input };
    let mut x = match sizes {
        LayerKv { heads: 0, .. } => input,
        LayerKv { k: 0, cached: true, .. } if b.may_lack_parts => graph.mul_mat(shape.n_embd, normed),
        LayerKv { state: 1.., k: 0, .. }
            if let (Some(delta), Some(states)) = (&shape.delta, memory.states) =>
        {
            delta::build(graph, shape.n_embd, batch, delta, states, normed)
        }
        LayerKv { state: 1.., k: 0, heads, .. }
            if let (Some(kda), Some(states)) = (&shape.kda, memory.states) =>
        {
            kda::build(graph, shape.n_embd, batch, (kda, *heads), states, normed)
        }
        LayerKv { state: 1.., k: 0, .. }
            if let (Some(kernel), Some(states)) = (shape.short_conv, memory.states) =>
        {
            short_conv::build(graph, shape.n_embd, batch, kernel, states, normed)
        }
        LayerKv { state: 1.., .. } if let (Some(mamba), Some(states)) = (&shape.mamba, memory.states) => {
            if sizes.k == 0 {
                mamba::build(graph, shape.n_embd, batch, mamba, states, normed)
            } else {
                // Side by side, each with a norm of its own by the same weight.
                let attended = memory.attention.build(graph, index, normed);
                let weight = graph.nodes[normed].sources[1];
                let normed = graph.norm_by(input, weight, b.rms);
                let recurrent = mamba::build(graph, shape.n_embd, batch, mamba, states, normed);
                graph.add(attended, recurrent)
            }
        }
        LayerKv { k: 0, .. } if shape.mamba.is_some_and(|mamba| mamba.bare) => match &shape.experts {
            Some(experts) if sizes.experts => {
                feed_forward::experts(graph, shape, batch, experts, normed, false)
            }
            _ => feed_forward::dense(graph, shape, normed, sizes.ff),
        },
        _ => memory.attention.build(graph, index, normed),
    };
    let beside = shape.mamba.is_some() && sizes.state > 0 && sizes.k > 0;
    if let Some(ids) = out_ids.filter(|_| !beside) {
        x = graph.get_rows(x, ids);
        residual = graph.get_rows(residual, ids);
        if b.parallel.is_some() || b.feeds_on == FeedsOn::SameNorm {
            normed = graph.get_rows(normed, ids);
        }
    }
    if shape.mamba.is_some_and(|mamba| mamba.bare) {
        return graph.add(x, residual);
    }
    let last = out_ids.is_some();
    if let Some(order) = b.parallel {
        let fed = feed_forward::dense(graph, shape, normed, sizes.ff);
        let (first, second, third) = match order {
            Parallel::AttentionFirst => (x, fed, residual),
            Parallel::FeedForwardFirst => (fed, x, residual),
            Parallel::ResidualSecond => (fed, residual, x),
        };
        let sum = graph.add(first, second);
        return graph.add(sum, third);
    }
    if b.may_lack_parts && sizes.ff == 0 {
        return residual;
    }
    if b.attn_post_norm {
        x = graph.norm(x, b.rms, false);
    }
    let mut middle = match sizes.heads {
        0 => x,
        _ if shape.short_conv.is_some() => graph.add(residual, x),
        _ => graph.add(x, residual),
    };
    if let Some(ids) = out_ids.filter(|_| beside) {
        middle = graph.get_rows(middle, ids);
    }
    let normed = match b.feeds_on {
        FeedsOn::NormedSum => graph.norm(middle, b.rms, b.norm_bias),
        FeedsOn::Sum => middle,
        FeedsOn::Attention => x,
        FeedsOn::SameNorm => normed,
    };
    let mut fed = match &shape.experts {
        Some(experts) if sizes.experts && b.experts_beside => {
            feed_forward::beside(graph, shape, experts, middle, normed, sizes.ff)
        }
        Some(experts) if sizes.experts => feed_forward::experts(graph, shape, batch, experts, normed, last),
        _ => feed_forward::dense(graph, shape, normed, sizes.ff),
    };
    if b.ffn_post_norm {
        fed = graph.norm(fed, b.rms, false);
    }
    if b.residual_first { graph.add(middle, fed) } else { graph.add(fed, middle) }
}

impl Graph {
    /// Rows of the embedding.
    pub fn get_rows_of_width(&mut self, width: u64, ids: Id) -> Id {
        let count = self.dims(ids)[0];
        let weight = self.weight(0);
        let id = self.push(Place::Own, false, F32, [width, count, 1, 1], &[weight, ids]);
        self.kinds[id].0 = Kind::Batch(0);
        self.named(id, Op::GetRows)
    }
}
