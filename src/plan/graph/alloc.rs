//! ggml's graph allocator (ggml-alloc.c, `ggml_gallocr`), as far as sizes go: inputs first, then every
//! node in order, in place of a parent where ggml would, else in the best fitting free block; a tensor
//! is freed after its last reader. The highest byte ever used is the compute buffer's size.

use smallvec::SmallVec;

/// A tensor of a [`Graph`](super::Graph).
pub type Id = usize;

/// Tensors that a node reads, mostly so few that they lie in the node itself.
pub type Sources = SmallVec<[Id; 4]>;

/// Tensor in the eyes of the allocator.
#[derive(Clone, Debug)]
pub struct Node {
    /// Bytes of its data.
    pub bytes: u64,
    pub place: Place,
    /// May overwrite a parent of the same layout (`ggml_op_can_inplace`).
    pub in_place: bool,
    /// Kept to the end of the graph.
    pub output: bool,
    /// Element type and dimensions; equal ones have the same layout, as only whole tensors are asked.
    pub layout: (u8, [u64; 4]),
    pub sources: Sources,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Weights and caches lie elsewhere.
    Elsewhere,
    /// Filled before the graph runs.
    Input,
    /// A window on another tensor.
    View(Id),
    Own,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    offset: u64,
    size: u64,
}

/// The free blocks of one buffer, by address; the last one is endless.
struct Free {
    alignment: u64,
    blocks: Vec<Block>,
    peak: u64,
}

impl Free {
    fn new(alignment: u64) -> Free {
        Free { alignment, blocks: vec![Block { offset: 0, size: u64::MAX / 2 }], peak: 0 }
    }

    fn take(&mut self, size: u64) -> u64 {
        let size = size.next_multiple_of(self.alignment);
        let inner = &self.blocks[..self.blocks.len() - 1];
        // ggml takes the last of equally good blocks.
        let best = inner.iter().enumerate().filter(|(_, b)| b.size >= size).rev().min_by_key(|(_, b)| b.size);
        let index = best.map_or(self.blocks.len() - 1, |(index, _)| index);
        let block = &mut self.blocks[index];
        let offset = block.offset;
        block.offset += size;
        block.size -= size;
        if block.size == 0 {
            self.blocks.remove(index);
        }
        self.peak = self.peak.max(offset + size);
        offset
    }

    fn give(&mut self, offset: u64, size: u64) {
        let size = size.next_multiple_of(self.alignment);
        if size == 0 {
            return;
        }
        let at = self.blocks.partition_point(|block| block.offset < offset);
        self.blocks.insert(at, Block { offset, size });
        self.join(at);
        if at > 0 {
            self.join(at - 1);
        }
    }

    /// Joins block `at` with the next one where they touch.
    fn join(&mut self, at: usize) {
        if at + 1 < self.blocks.len()
            && self.blocks[at].offset + self.blocks[at].size == self.blocks[at + 1].offset
        {
            self.blocks[at].size += self.blocks[at + 1].size;
            self.blocks.remove(at + 1);
        }
    }
}

#[derive(Clone, Copy, Default)]
struct State {
    children: u32,
    views: u32,
    offset: u64,
    buffer: u8,
    allocated: bool,
}

struct Allocator<'a> {
    nodes: &'a [Node],
    state: Vec<State>,
    free: Vec<Free>,
}

/// A step of a run over several buffers.
#[derive(Clone, Copy)]
pub struct Step {
    pub id: Id,
    pub buffer: u8,
    /// Nothing runs: the node only keeps its source until here.
    pub keeps: bool,
}

/// Bytes of the compute buffer for `order` (the nodes, as they run) and `leafs` (what they read that
/// is not computed, in order of first use). `alignment` is the backend's: 32 on a CPU, 128 with CUDA.
pub fn peak(nodes: &[Node], order: &[Id], leafs: &[Id], alignment: u64) -> u64 {
    let step = |id: &Id| Step { id: *id, buffer: 0, keeps: false };
    let (order, leafs): (Vec<Step>, Vec<Step>) =
        (order.iter().map(step).collect(), leafs.iter().map(step).collect());
    peaks(nodes, &order, &leafs, &[alignment])[0]
}

/// [`peak`] of each of several buffers, by their alignments; a step's tensor lies in its buffer.
pub fn peaks(nodes: &[Node], order: &[Step], leafs: &[Step], alignments: &[u64]) -> Vec<u64> {
    let state = vec![State::default(); nodes.len()];
    let free = alignments.iter().map(|alignment| Free::new(*alignment)).collect();
    let mut allocator = Allocator { nodes, state, free };
    leafs.iter().for_each(|leaf| allocator.allocate(leaf.id, leaf.buffer));
    for step in order {
        if let (Place::View(of), false) = (nodes[step.id].place, step.keeps) {
            allocator.state[of].views += 1;
        }
        nodes[step.id].sources.iter().for_each(|source| allocator.state[*source].children += 1);
    }
    for step in order {
        nodes[step.id].sources.iter().for_each(|source| allocator.allocate(*source, step.buffer));
        allocator.allocate(step.id, step.buffer);
        nodes[step.id].sources.iter().for_each(|source| allocator.read(*source));
    }
    allocator.free.iter().map(|free| free.peak).collect()
}

impl Allocator<'_> {
    fn allocate(&mut self, id: Id, buffer: u8) {
        let node = &self.nodes[id];
        if self.state[id].allocated || !matches!(node.place, Place::Own | Place::Input) {
            return;
        }
        self.state[id].allocated = true;
        if node.in_place
            && let Some(parent) = node.sources.iter().copied().find(|parent| self.can_reuse(node, *parent))
        {
            self.state[id].offset = self.state[parent].offset;
            self.state[id].buffer = self.state[parent].buffer;
            self.state[parent].allocated = false;
            return;
        }
        self.state[id].buffer = buffer;
        self.state[id].offset = self.free[buffer as usize].take(node.bytes);
    }

    fn can_reuse(&self, node: &Node, parent: Id) -> bool {
        let (other, state) = (&self.nodes[parent], self.state[parent]);
        state.allocated
            && !other.output
            && other.layout == node.layout
            && state.children == 1
            && state.views == 0
    }

    /// A reader of `id` has run.
    fn read(&mut self, id: Id) {
        self.state[id].children -= 1;
        if self.state[id].children > 0 || self.state[id].views > 0 {
            return;
        }
        match self.nodes[id].place {
            Place::View(of) => {
                self.state[of].views -= 1;
                if self.state[of].views == 0 && self.state[of].children == 0 {
                    self.release(of);
                }
            }
            _ => self.release(id),
        }
    }

    fn release(&mut self, id: Id) {
        if self.state[id].allocated && !self.nodes[id].output {
            let State { buffer, offset, .. } = self.state[id];
            self.free[buffer as usize].give(offset, self.nodes[id].bytes);
            self.state[id].allocated = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(bytes: u64, sources: &[Id]) -> Node {
        Node {
            bytes,
            place: Place::Own,
            in_place: false,
            output: false,
            layout: (4, [bytes / 4, 1, 1, 1]),
            sources: sources.into(),
        }
    }

    #[test]
    fn a_chain_needs_two_neighbours_at_a_time() {
        let mut nodes = vec![Node { place: Place::Input, ..own(64, &[]) }];
        (0..9).for_each(|n| nodes.push(own(64, &[n])));
        let order: Vec<Id> = (1..10).collect();
        assert_eq!(peak(&nodes, &order, &[0], 32), 128);
        nodes.iter_mut().for_each(|node| node.in_place = true);
        assert_eq!(peak(&nodes, &order, &[0], 32), 64);
    }

    #[test]
    fn a_tensor_with_a_view_stays_allocated() {
        let nodes = [
            own(32, &[]),
            Node { place: Place::View(0), ..own(32, &[0]) },
            own(32, &[]),
            own(32, &[1, 2]),
            own(32, &[3]),
        ];
        assert_eq!(peak(&nodes, &[0, 1, 2, 3, 4], &[], 32), 96);
    }
}
