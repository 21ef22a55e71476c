//! The order in which ggml's Vulkan backend computes a run of nodes (`ggml_vk_graph_optimize` of b11434): it
//! brings together what does not depend on each other and what one shader computes, so that more tensors live at
//! once than in the order of the graph.

use super::alloc::{Id, Node, Place};
use super::tensors::{Graph, Op};
use super::window::Recent;
use std::collections::BTreeSet;

/// Nodes that are looked at from the first one that is left.
const WINDOW: usize = 20;
/// Nodes after one that a shader may take along.
const NEAR: usize = 15;

/// Operations that one shader computes, choosing experts; what they read is kept to the end of them.
const TOPK_MOE: [&[Op]; 4] = [
    &[
        Op::SoftMax,
        Op::Reshape,
        Op::ArgSort,
        Op::View,
        Op::GetRows,
        Op::Reshape,
        Op::SumRows,
        Op::Clamp,
        Op::Div,
        Op::Reshape,
    ],
    &[
        Op::Unary,
        Op::Reshape,
        Op::Add,
        Op::ArgSort,
        Op::View,
        Op::GetRows,
        Op::Reshape,
        Op::SumRows,
        Op::Clamp,
        Op::Div,
        Op::Reshape,
    ],
    &[Op::SoftMax, Op::Reshape, Op::ArgSort, Op::View, Op::GetRows],
    &[Op::ArgSort, Op::View, Op::GetRows, Op::Reshape, Op::SoftMax, Op::Reshape],
];

/// Others that stay as they are.
const KEPT: [&[Op]; 5] = [
    &[Op::RmsNorm, Op::Mul, Op::Add, Op::Mul],
    &[Op::RmsNorm, Op::Mul, Op::Add],
    &[Op::RmsNorm, Op::Mul, Op::Rope, Op::View, Op::SetRows],
    &[Op::RmsNorm, Op::View, Op::SetRows],
    &[Op::Rope, Op::View, Op::SetRows],
];

/// Tensors that stay until a node has run.
pub(super) struct Keep {
    pub(super) until: Id,
    pub(super) tensors: Vec<Id>,
}

/// How many nodes read each tensor.
pub(super) fn readers(graph: &Graph) -> Vec<u32> {
    let mut readers = vec![0; graph.nodes.len()];
    for id in &graph.order {
        graph.nodes[*id].sources.iter().for_each(|source| readers[*source] += 1);
    }
    readers
}

/// Puts the nodes of one graph's splits into the backend's order.
pub(super) struct Reorder<'a> {
    graph: &'a Graph,
    readers: &'a [u32],
    /// Tensor that each view shows; each other tensor itself.
    bases: Vec<Id>,
    /// Id → it has its place in the split that is at work; between two splits no tensor has.
    done: Vec<bool>,
    recent: Recent,
}

impl<'a> Reorder<'a> {
    /// Returns it for the graph, with the `readers` of each tensor.
    pub(super) fn of(graph: &'a Graph, readers: &'a [u32]) -> Reorder<'a> {
        let base = |(id, node): (Id, &Node)| match node.place {
            Place::View(root) => root,
            _ => id,
        };
        let bases = graph.nodes.iter().enumerate().map(base).collect();
        let count = graph.nodes.len();
        Reorder { graph, readers, bases, done: vec![false; count], recent: Recent::of(count) }
    }

    /// Puts `nodes` into the backend's order, and says what is kept longer than it is read.
    pub(super) fn reorder(&mut self, nodes: &mut [Id]) -> Vec<Keep> {
        let mut pass = self.pass(nodes);
        while pass.first < pass.nodes.len() {
            if !pass.keep_pattern() {
                let set = pass.next_set();
                pass.push(&set);
            }
        }
        let Pass { order, keeps, .. } = pass;
        nodes.copy_from_slice(&order);
        nodes.iter().for_each(|id| self.done[*id] = false);
        self.recent.forget(nodes.len());
        keeps
    }

    fn pass<'b>(&'b mut self, nodes: &'b [Id]) -> Pass<'b> {
        let count = nodes.len();
        let ops: Vec<Op> = nodes.iter().map(|id| self.graph.op_of(*id)).collect();
        Pass {
            graph: self.graph,
            readers: self.readers,
            nodes,
            bases: &self.bases,
            waits: Vec::with_capacity(count),
            used: vec![false; count],
            starts: starts(&ops),
            ops,
            done: &mut self.done,
            recent: &mut self.recent,
            order: Vec::with_capacity(count),
            first: 0,
            keeps: Vec::new(),
        }
    }
}

/// Returns the length of the shortest pattern that starts at each of these operations; 0 where none does.
fn starts(ops: &[Op]) -> Vec<u8> {
    let shortest = |rest: &[Op]| {
        let all = TOPK_MOE.iter().chain(&KEPT).filter(|pattern| rest.starts_with(pattern));
        all.map(|pattern| pattern.len() as u8).min().unwrap_or(0)
    };
    (0..ops.len()).map(|at| shortest(&ops[at..])).collect()
}

struct Pass<'a> {
    graph: &'a Graph,
    readers: &'a [u32],
    nodes: &'a [Id],
    bases: &'a [Id],
    /// Nodes of the window before each that have to run before it, as far as was looked: the nearest is bit 0.
    waits: Vec<u32>,
    /// Index in `nodes` → it has its place.
    used: Vec<bool>,
    /// Operation of each node.
    ops: Vec<Op>,
    /// Length of the shortest pattern that starts at each node by its operation; 0 where none does.
    starts: Vec<u8>,
    /// Id → it has its place.
    done: &'a mut [bool],
    recent: &'a mut Recent,
    order: Vec<Id>,
    /// First index without a place.
    first: usize,
    keeps: Vec<Keep>,
}

impl Pass<'_> {
    fn op(&self, index: usize) -> Op {
        self.ops[index]
    }

    fn sources(&self, index: usize) -> &[Id] {
        &self.graph.nodes[self.nodes[index]].sources
    }

    fn is_empty(&self, index: usize) -> bool {
        matches!(self.op(index), Op::View | Op::Reshape | Op::Nothing)
    }

    /// `b` has to run before `a`.
    fn depends(&self, a: usize, b: usize) -> bool {
        let (a_id, b_id) = (self.nodes[a], self.nodes[b]);
        let (a_base, b_base) = (self.bases[a_id], self.bases[b_id]);
        if a_base == b_base || self.sources(a).contains(&b_id) {
            return true;
        }
        let reads =
            |index: usize, base: Id| self.sources(index).iter().any(|source| self.bases[*source] == base);
        (reads(a, b_base) || reads(b, a_base)) && !self.is_empty(a) && !self.is_empty(b)
    }

    /// Looks which nodes before `end` have to run before which: [`Pass::depends`] for all nodes of the window at once.
    fn look(&mut self, end: usize) {
        for index in self.waits.len()..end {
            let id = self.nodes[index];
            let (runs, sources) = (!self.is_empty(index), &self.graph.nodes[id].sources);
            let waits = self.recent.waits(index, id, sources, self.bases, runs);
            self.waits.push(waits & ((1 << (WINDOW - 1)) - 1));
        }
    }

    /// Returns the nodes of the window that are without a place: `first` is bit 0.
    fn unplaced(&self, end: usize) -> u32 {
        let window = self.used[self.first..end].iter().enumerate();
        window.fold(0, |bits, (at, used)| bits | u32::from(!used) << at)
    }

    /// Returns those of `nodes`, of which `first` is bit 0, that the one at `index` waits for: the nearest is bit 0.
    fn waits_for(&self, index: usize, nodes: u32) -> u32 {
        // The bits in the other order, and those before `index` alone.
        let before = (nodes << (u32::BITS as usize - (index - self.first))).reverse_bits();
        self.waits[index] & before
    }

    fn matches(&self, pattern: &[Op], start: usize) -> bool {
        let end = start + pattern.len();
        self.ops.get(start..end) == Some(pattern) && self.used[start..end].iter().all(|used| !used)
    }

    fn starts_pattern(&self, index: usize) -> bool {
        let length = self.starts[index] as usize;
        length > 0 && self.used[index..index + length].iter().all(|used| !used)
    }

    fn keep_pattern(&mut self) -> bool {
        let first = self.first;
        if !self.starts_pattern(first) {
            return false;
        }
        if let Some(pattern) = TOPK_MOE.iter().find(|pattern| self.matches(pattern, first)) {
            self.keep_inputs(pattern.len());
            self.push(&(first..first + pattern.len()).collect::<Vec<_>>());
            return true;
        }
        let Some(pattern) = KEPT.iter().find(|pattern| self.matches(pattern, first)) else { return false };
        self.push(&(first..first + pattern.len()).collect::<Vec<_>>());
        true
    }

    /// The inputs of a pattern of that length stay until its last node, with a scale after it.
    fn keep_inputs(&mut self, length: usize) {
        let mut last = self.first + length - 1;
        if last + 1 < self.nodes.len() && self.op(last + 1) == Op::Scale {
            last += 1;
        }
        let (mut seen, mut tensors) = (BTreeSet::new(), Vec::new());
        for index in self.first..self.first + length {
            tensors.extend(self.sources(index).iter().copied().filter(|source| seen.insert(*source)));
            seen.insert(self.nodes[index]);
        }
        self.keeps.push(Keep { until: self.nodes[last], tensors });
    }

    fn push(&mut self, set: &[usize]) {
        for index in set {
            self.order.push(self.nodes[*index]);
            self.done[self.nodes[*index]] = true;
            self.used[*index] = true;
        }
        while self.first < self.nodes.len() && self.used[self.first] {
            self.first += 1;
        }
    }

    /// The next nodes that do not wait for each other, but for what one shader computes together.
    fn next_set(&mut self) -> Vec<usize> {
        let first = self.first;
        let end = (first + WINDOW).min(self.nodes.len());
        self.look(end);
        let mut set = Vec::with_capacity(WINDOW);
        set.push(first);
        let mut unplaced = self.unplaced(end);
        for index in first + 1..end {
            if self.used[index] || self.is_empty(index) {
                continue;
            }
            let last = set[set.len() - 1];
            let waits = self.waits_for(index, unplaced);
            let of_last = if last < index { 1 << (index - last - 1) } else { 0 };
            let has_to_wait = waits & !of_last != 0 || waits & of_last != 0 && !self.fuses(last, index);
            if has_to_wait || self.starts_pattern(index) {
                continue;
            }
            set.push(index);
            self.take_along(index, &mut set);
            unplaced = self.unplaced(end);
        }
        // A sum is followed at once by what one shader computes with it.
        if self.op(set[set.len() - 1]) != Op::Add {
            let in_window = set.iter().filter(|index| **index < end);
            let mut left = in_window.fold(unplaced, |left, index| left & !(1 << (index - first)));
            for index in first + 1..end {
                if self.used[index] || !self.is_empty(index) {
                    continue;
                }
                if self.waits_for(index, left) == 0 {
                    set.push(index);
                    left &= !(1 << (index - first));
                }
            }
        }
        set
    }

    /// `index` may directly follow `before`, which it reads.
    fn fuses(&self, before: usize, index: usize) -> bool {
        let adjacent = index == before + 1;
        match (self.op(before), self.op(index)) {
            (Op::RmsNorm | Op::Unary, Op::Mul) => {
                (before + 1..index).all(|between| self.used[between] || self.is_empty(between))
            }
            (Op::MulMat | Op::Add, Op::Add) | (Op::MulMatId, Op::AddId | Op::Mul) => adjacent,
            _ => false,
        }
    }

    /// Adds what a shader computes with the node at `index`, further on.
    fn take_along(&mut self, index: usize, set: &mut Vec<usize>) {
        let before = if index > 0 { Some(self.op(index - 1)) } else { None };
        let mut turned = index;
        match (before, self.op(index)) {
            (Some(Op::RmsNorm), Op::Mul) => {
                let rope = self.near(index).find(|later| {
                    self.op(*later) == Op::Rope
                        && self.sources(*later).first() == Some(&self.nodes[index])
                        && self.sources(*later)[1..].iter().all(|source| self.is_leaf(*source))
                });
                if let Some(rope) = rope {
                    self.take(rope, set);
                    turned = rope;
                }
            }
            (Some(Op::MulMatId), Op::AddId) => self.take_reader(index, Op::Mul, set),
            (Some(Op::MulMat), Op::Add) => self.take_reader(index, Op::Add, set),
            (_, Op::Unary) => self.take_reader_of_either(index, set),
            _ => {}
        }
        if matches!(self.op(turned), Op::Rope | Op::RmsNorm) {
            self.take_store(turned, set);
        }
    }

    fn near(&self, index: usize) -> std::ops::Range<usize> {
        index + 1..(index + NEAR).min(self.nodes.len())
    }

    fn take(&mut self, index: usize, set: &mut Vec<usize>) {
        set.push(index);
        self.used[index] = true;
    }

    fn is_leaf(&self, id: Id) -> bool {
        self.graph.op_of(id) == Op::Nothing
    }

    /// Takes the first `op` that reads the node first, and besides what is there already.
    fn take_reader(&mut self, index: usize, op: Op, set: &mut Vec<usize>) {
        let id = self.nodes[index];
        let reader = self.near(index).find(|later| {
            let sources = self.sources(*later);
            self.op(*later) == op
                && sources.first() == Some(&id)
                && sources.get(1).is_some_and(|other| self.is_leaf(*other) || self.done[*other])
        });
        if let Some(reader) = reader {
            self.take(reader, set);
        }
    }

    fn take_reader_of_either(&mut self, index: usize, set: &mut Vec<usize>) {
        let id = self.nodes[index];
        let reader = self.near(index).find(|later| {
            let sources = self.sources(*later);
            let other = match sources {
                [one, other] if *one == id => other,
                [other, one] if *one == id => other,
                _ => return false,
            };
            self.op(*later) == Op::Mul && (self.is_leaf(*other) || self.done[*other])
        });
        if let Some(reader) = reader {
            self.take(reader, set);
        }
    }

    /// Takes the store into the cache of what was turned or normed, and the view between them.
    fn take_store(&mut self, index: usize, set: &mut Vec<usize>) {
        let (id, mut view) = (self.nodes[index], None);
        let mut store = None;
        for later in self.near(index).filter(|later| !self.used[*later]) {
            let reads = |of: Id| self.sources(later).first() == Some(&of);
            match (view, self.op(later)) {
                (None, Op::View) if reads(id) => view = Some(later),
                (Some(view), Op::SetRows) if reads(self.nodes[view]) => {
                    store = Some((view, later));
                    break;
                }
                _ => {}
            }
        }
        let Some((view, store)) = store else { return };
        // Nothing else reads what would be in the shader's registers.
        let alone =
            [id, self.nodes[view]].iter().all(|id| self.readers[*id] == 1 && !self.graph.nodes[*id].output);
        let waits = |between: usize| {
            !self.used[between] && between != view && !self.is_empty(between) && self.depends(store, between)
        };
        if alone && !(index + 1..store).any(waits) {
            self.take(view, set);
            self.take(store, set);
        }
    }
}

#[cfg(test)]
#[path = "vulkan_tests.rs"]
mod tests;
