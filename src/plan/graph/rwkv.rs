//! Layers of RWKV (src/models/rwkv6-base.cpp, rwkv7-base.cpp and what builds on them in llama.cpp): each token is mixed with the
//! one before, by time and by channel.

use super::alloc::Id;
use super::feed_forward;
use super::recurrent::States;
use super::tensors::{Batch, Graph, Op};
use crate::model::Shape;
use crate::model::shape::Rwkv;

/// Layers of one model, in their order.
pub(super) struct Layers<'a> {
    shape: &'a Shape,
    rwkv: Rwkv,
    tokens: u64,
    sequences: u64,
    /// The first layer's value, which later ones mix with theirs.
    first: Option<Id>,
}

impl<'a> Layers<'a> {
    /// `None` for a model of another kind.
    pub fn new(shape: &'a Shape, batch: &Batch) -> Option<Layers<'a>> {
        let rwkv = shape.rwkv?;
        Some(Layers { shape, rwkv, tokens: batch.tokens, sequences: batch.slots, first: None })
    }

    fn wide(&self, tokens: u64) -> [u64; 4] {
        [self.shape.n_embd, tokens, self.sequences, 1]
    }

    fn flat(&self) -> [u64; 4] {
        [self.shape.n_embd, self.tokens, 1, 1]
    }

    fn by_head(&self) -> [u64; 4] {
        [self.rwkv.head, self.shape.n_embd / self.rwkv.head, self.tokens, 1]
    }

    /// Each token's predecessor: the last of the batch before, and all but the last of this.
    fn shifted(&self, graph: &mut Graph, before: Id, x: Id) -> Id {
        let each = self.tokens / self.sequences;
        let others = graph.view(x, self.wide(each - 1));
        graph.op(self.wide(each), &[before, others])
    }

    fn norm(&self, graph: &mut Graph, x: Id) -> Id {
        graph.norm(x, !self.rwkv.whole, self.rwkv.whole || self.shape.block.norm_bias)
    }

    pub fn layer(
        &mut self,
        graph: &mut Graph,
        states: &States,
        index: usize,
        input: Id,
        out_ids: Option<Id>,
    ) -> Id {
        let (n_embd, each) = (self.shape.n_embd, self.tokens / self.sequences);
        let count = if self.rwkv.whole { 2 } else { 1 };
        let input = graph.reshape(input, self.wide(each));
        let shift = states.load(graph, n_embd * count);
        let [by_time, by_channel] = [(); 2].map(|()| graph.columns(shift, n_embd, self.wide(1)));
        let normed = self.norm(graph, input);
        let before = self.shifted(graph, by_time, normed);
        let mixed = match self.rwkv.seventh {
            true => self.seventh(graph, states, normed, before),
            false => self.sixth(graph, states, normed, before),
        };
        if !self.rwkv.whole {
            let last = graph.view(normed, self.wide(1));
            states.store(graph, last);
        }
        let mut middle = graph.add(mixed, input);
        if !self.rwkv.whole {
            middle = graph.reshape(middle, self.flat());
            if let Some(ids) = out_ids {
                middle = graph.get_rows(middle, ids);
            }
            let normed = self.norm(graph, middle);
            let fed = feed_forward::dense(graph, self.shape, normed, self.shape.layers[index].ff);
            return graph.add(fed, middle);
        }
        let by_channels = self.norm(graph, middle);
        let before = self.shifted(graph, by_channel, by_channels);
        let [last, of_channels] = [normed, by_channels].map(|x| graph.view(x, self.wide(1)));
        let kept = graph.op([n_embd, 2, self.sequences, 1], &[last, of_channels]);
        let kept = graph.view(kept, [n_embd * 2 * self.sequences, 1, 1, 1]);
        states.store(graph, kept);
        let mut all = [middle, by_channels, before].map(|x| graph.reshape(x, self.flat()));
        if let Some(ids) = out_ids {
            all = all.map(|x| graph.get_rows(x, ids));
        }
        let [middle, x, before] = all;
        let mixed = self.channels(graph, x, before);
        let sum = graph.add(mixed, middle);
        let rescales = self.rwkv.rescale > 0 && (index as u64 + 1).is_multiple_of(self.rwkv.rescale);
        if rescales { graph.scale(sum) } else { sum }
    }

    fn channels(&self, graph: &mut Graph, x: Id, before: Id) -> Id {
        let apart = graph.times(before, x);
        let part = |graph: &mut Graph| {
            let part = graph.mul_weight(apart);
            graph.add(part, x)
        };
        let for_key = part(graph);
        let receptance = (!self.rwkv.seventh).then(|| {
            let part = part(graph);
            let receptance = graph.mul_mat(self.shape.n_embd, part);
            graph.unary(receptance)
        });
        let key = graph.mul_mat(self.rwkv.ff, for_key);
        let key = graph.unary(key);
        let key = graph.unary(key);
        let value = graph.mul_mat(self.shape.n_embd, key);
        receptance.map_or(value, |receptance| graph.times(receptance, value))
    }

    /// The state's new part goes back, and what it gave is the result.
    fn read(&self, graph: &mut Graph, states: &States, sources: &[Id]) -> Id {
        let (n_embd, head) = (self.shape.n_embd, self.rwkv.head);
        let out = graph.op([n_embd, self.tokens + head * self.sequences, 1, 1], sources);
        let given = graph.view(out, [n_embd * self.tokens, 1, 1, 1]);
        let state = graph.view(out, [n_embd * head * self.sequences, 1, 1, 1]);
        states.store(graph, state);
        given
    }

    /// Norm of each head's group.
    fn grouped(&self, graph: &mut Graph, x: Id) -> Id {
        let x = graph.reshape(x, self.by_head());
        let dims = graph.dims(x);
        let normed = graph.op(dims, &[x]);
        let normed = graph.reshape(normed, self.flat());
        let normed = graph.mul_weight(normed);
        graph.add_weight(normed)
    }

    fn seventh(&mut self, graph: &mut Graph, states: &States, x: Id, before: Id) -> Id {
        let (r, n_embd, flat, heads) = (self.rwkv, self.shape.n_embd, self.flat(), self.by_head());
        let each = self.tokens / self.sequences;
        let apart = graph.times(before, x);
        let parts = if r.gate.is_some() { 6 } else { 5 };
        let apart = graph.op([n_embd, each, self.sequences, parts], &[apart]);
        let factors = graph.float_weight(n_embd * parts);
        let mixed = graph.times(apart, factors);
        let mixed = graph.add(mixed, x);
        let view = |graph: &mut Graph| graph.view(mixed, flat);
        let receptance = view(graph);
        let receptance = graph.mul_mat(n_embd, receptance);
        let low = |graph: &mut Graph, rank: u64, between: bool| {
            let part = view(graph);
            let part = graph.mul_mat(rank, part);
            let part = if between { graph.unary(part) } else { part };
            graph.mul_mat(n_embd, part)
        };
        let decay = view(graph);
        let decay = by_floats(graph, r.decay, decay);
        let decay = graph.unary(decay);
        let decay = by_floats(graph, n_embd, decay);
        let decay = graph.add_weight(decay);
        let decay = graph.unary(decay);
        let decay = graph.scale(decay);
        let decay = graph.unary(decay);
        let [key, mut value] = [(); 2].map(|()| {
            let part = view(graph);
            graph.mul_mat(n_embd, part)
        });
        match self.first {
            None => self.first = Some(value),
            Some(first) => {
                let apart = graph.times(first, value);
                let share = low(graph, r.value, false);
                let share = graph.add_weight(share);
                let share = graph.unary(share);
                let share = graph.times(apart, share);
                value = graph.add(value, share);
            }
        }
        let gate = r.gate.map(|rank| low(graph, rank, true));
        let rate = low(graph, r.rate, false);
        let rate = graph.add_weight(rate);
        let rate = graph.unary(rate);
        let removed = graph.mul_weight(key);
        let removed = graph.reshape(removed, heads);
        let removed = graph.op(heads, &[removed]);
        let learned = graph.mul_weight(key);
        let by_rate = graph.times(rate, learned);
        let apart = graph.times(by_rate, learned);
        let key = graph.add(key, apart);
        let [receptance, decay, key, value, rate] =
            [receptance, decay, key, value, rate].map(|x| graph.reshape(x, heads));
        let state = states.load(graph, n_embd * r.head);
        let negative = graph.unary(removed);
        let by_rate = graph.times(removed, rate);
        let given = self.read(graph, states, &[receptance, decay, key, value, negative, by_rate, state]);
        let given = if r.whole { self.grouped(graph, given) } else { graph.reshape(given, flat) };
        let both = graph.times(key, receptance);
        let weight = graph.reshaped_weight([heads[0], heads[1], 1, 1]);
        let both = graph.times(both, weight);
        let sum = graph.op([1, heads[1], heads[2], 1], &[both]);
        graph.named(sum, Op::SumRows);
        let bonus = graph.times(value, sum);
        let bonus = graph.reshape(bonus, flat);
        let mut given = graph.add(given, bonus);
        if let Some(gate) = gate {
            given = graph.times(given, gate);
        }
        let out = graph.mul_mat(n_embd, given);
        graph.reshape(out, self.wide(each))
    }

    fn sixth(&self, graph: &mut Graph, states: &States, x: Id, before: Id) -> Id {
        let (r, n_embd, flat, heads) = (self.rwkv, self.shape.n_embd, self.flat(), self.by_head());
        let (tokens, each) = (self.tokens, self.tokens / self.sequences);
        let apart = graph.times(before, x);
        let [apart, x] = [apart, x].map(|x| graph.reshape(x, flat));
        let mixed = graph.mul_weight(apart);
        let mixed = graph.add(mixed, x);
        let mixed = by_floats(graph, r.mix, mixed);
        let mixed = graph.unary(mixed);
        let rank = r.mix / 5;
        let mixed = graph.reshape(mixed, [rank, 1, 5, tokens]);
        let mixed = graph.view(mixed, [rank, 1, tokens, 5]);
        let mixed = graph.op([rank, 1, tokens, 5], &[mixed]);
        let weight = graph.float_weight((rank * 5).saturating_mul(n_embd));
        let weight = graph.reshape(weight, [rank, n_embd, 1, 5]);
        let mut mixed = graph.op([n_embd, 1, tokens, 5], &[weight, mixed]);
        graph.named(mixed, Op::MulMat);
        let between = |graph: &mut Graph, part: Id, apart: Id, x: Id| {
            let part = graph.add_weight(part);
            let part = graph.times(part, apart);
            graph.add(part, x)
        };
        if r.fused {
            let [apart, x] = [apart, x].map(|x| graph.reshape(x, [n_embd, 1, tokens, 1]));
            mixed = between(graph, mixed, apart, x);
        }
        let [for_decay, for_key, for_value, for_receptance, for_gate] = [(); 5].map(|()| {
            let part = graph.view(mixed, flat);
            if r.fused { part } else { between(graph, part, apart, x) }
        });
        let project = |graph: &mut Graph, part: Id, rows: u64| {
            let x = graph.mul_mat(rows, part);
            if r.bias { graph.add_weight(x) } else { x }
        };
        let receptance = project(graph, for_receptance, n_embd);
        let [mut key, mut value] = [for_key, for_value].map(|part| project(graph, part, r.keys));
        let gate = graph.mul_mat(n_embd, for_gate);
        let gate = graph.unary(gate);
        if r.keys < n_embd {
            let groups = r.keys / r.head;
            [key, value] = [key, value].map(|x| {
                let apart = graph.reshape(x, [r.head, 1, groups, tokens]);
                graph.op([r.head, heads[1] / groups.max(1), groups, tokens], &[apart])
            });
        }
        let [mut key, value, receptance] = [key, value, receptance].map(|x| graph.reshape(x, heads));
        let decay = graph.mul_mat(r.decay, for_decay);
        let decay = graph.unary(decay);
        let decay = graph.mul_mat(n_embd, decay);
        let mut decay = graph.add_weight(decay);
        for _ in 0..3 {
            decay = graph.unary(decay);
        }
        let decay = graph.reshape(decay, heads);
        if !r.whole {
            let part = graph.times(key, decay);
            key = graph.times(key, part);
        }
        let state = states.load(graph, n_embd * r.head);
        let given = match r.whole {
            true => {
                let first = graph.float_weight(n_embd);
                self.read(graph, states, &[key, value, receptance, first, decay, state])
            }
            false => self.read(graph, states, &[key, value, receptance, decay, state]),
        };
        let given = if r.whole { self.grouped(graph, given) } else { graph.reshape(given, flat) };
        let given = graph.times(given, gate);
        let out = graph.mul_mat(n_embd, given);
        graph.reshape(out, self.wide(each))
    }
}

/// A product with a matrix of floats of 32 bits.
fn by_floats(graph: &mut Graph, rows: u64, x: Id) -> Id {
    let weight = graph.float_weight(rows.saturating_mul(graph.dims(x)[0]));
    graph.mul_mat_by(weight, rows, x)
}
