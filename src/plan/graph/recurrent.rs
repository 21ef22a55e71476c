//! States that recurrent layers keep between batches, one of each slot (`build_rs` of llama-graph.cpp).

use super::alloc::Id;
use super::tensors::{Batch, F32, Graph, Kind, Op};

/// The inputs that all recurrent layers share: which slot's state belongs to which sequence of the batch.
pub(super) struct States {
    slots: u64,
    copy: Id,
}

impl States {
    pub fn new(graph: &mut Graph, batch: &Batch) -> States {
        States { slots: batch.slots, copy: graph.input(F32, [batch.slots, 1, 1, 1]) }
    }

    /// States of `size` elements, one of each sequence of the batch.
    pub fn load(&self, graph: &mut Graph, size: u64) -> Id {
        let cache = graph.cache();
        let states = graph.view(cache, [size, self.slots, 1, 1]);
        forget(graph, states, size);
        let all = graph.op([size, self.slots, 1, 1], &[states, self.copy]);
        graph.kinds[all].0 = Kind::Batch(0);
        graph.named(all, Op::GetRows);
        let these = graph.view(all, [size, self.slots, 1, 1]);
        graph.expand(these);
        let others = graph.view(all, [size, 0, 1, 1]);
        self.store(graph, others);
        these
    }

    /// The same of an operation that reads the states where they lie.
    pub fn load_by(&self, graph: &mut Graph, size: u64, read: impl FnOnce(&mut Graph, Id, Id) -> Id) -> Id {
        let cache = graph.cache();
        let states = graph.view(cache, [size, self.slots, 1, 1]);
        forget(graph, states, size);
        let rest = graph.view(self.copy, [self.slots - 1, 1, 1, 1]);
        let others = graph.op([size, self.slots - 1, 1, 1], &[states, rest]);
        graph.kinds[others].0 = Kind::Batch(0);
        graph.named(others, Op::GetRows);
        let ids = graph.view(self.copy, [self.slots, 1, 1, 1]);
        let by_head = graph.reshape(states, [size, self.slots, 1, 1]);
        let out = read(graph, by_head, ids);
        graph.expand(out);
        let others = graph.view(others, [size, 0, 1, 1]);
        self.store(graph, others);
        out
    }

    /// The input of a convolution: the last tokens of the batch `before`, and those of `turned`. Keeps its last ones.
    pub fn with_last(&self, graph: &mut Graph, before: Id, turned: Id) -> Id {
        let (input, last) = joined(graph, before, turned);
        self.store(graph, last);
        input
    }

    /// The same; they are copied before they are kept.
    pub fn with_copied_last(&self, graph: &mut Graph, before: Id, turned: Id) -> Id {
        let (input, last) = joined(graph, before, turned);
        let dims = graph.dims(last);
        let copied = graph.op(dims, &[last]);
        self.store(graph, copied);
        input
    }

    /// Puts a state back for the next batch.
    pub fn store(&self, graph: &mut Graph, state: Id) {
        let dims = graph.dims(state);
        let cache = graph.cache();
        let place = graph.view(cache, dims);
        let stored = graph.view_with(place, dims, &[state, place]);
        graph.expand(stored);
    }
}

/// The tokens `before` and those of `turned`, and the last of both, as many as before.
fn joined(graph: &mut Graph, before: Id, turned: Id) -> (Id, Id) {
    let (kept, [each, channels, sequences, _]) = (graph.dims(before)[0], graph.dims(turned));
    let input = graph.op([kept + each, channels, sequences, 1], &[before, turned]);
    (input, graph.columns(input, kept, [kept, channels, sequences, 1]))
}

/// Sets a state to zero where it lies, for a sequence that begins: computed on the device of the states.
fn forget(graph: &mut Graph, states: Id, size: u64) {
    let dims = [size, 1, 1, 1];
    let zero = graph.view(states, dims);
    let zero = graph.view_with(zero, dims, &[zero]);
    graph.named(zero, Op::Scale);
    graph.expand(zero);
}
