//! ggml's building blocks: a graph under construction, and the batch that it is for.

use super::alloc::{Id, Node, Place};
use crate::model::tensor_type::TensorType;

/// The batch that llama.cpp reserves its buffers for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch {
    /// `--ubatch-size`, at most the context.
    pub tokens: u64,
    /// Tokens that give logits; at most the logical batch.
    pub outputs: u64,
    /// Sequences with a cache of their own.
    pub streams: u64,
    /// Sequences, whether they share a cache or not.
    pub slots: u64,
    /// Cells of one stream's cache, of full and of sliding-window layers.
    pub cells: u64,
    pub window_cells: u64,
    pub flash_attn: bool,
    /// Types of the cache.
    pub k_type: TensorType,
    pub v_type: TensorType,
    /// The matrices that turn a quantised cache lie beside it; among the inputs otherwise.
    pub rotation_apart: bool,
    /// Tokens that give logits are picked in the last layer, not after the last norm, unless a model drafts.
    pub early_outputs: bool,
}

impl Batch {
    /// Bytes of an element of attention's mask.
    pub(super) fn mask_width(&self) -> u8 {
        if self.flash_attn { F16 } else { F32 }
    }
}

/// Bytes that tensors start at multiples of, on a CPU and with CUDA.
pub const CPU_ALIGNMENT: u64 = 32;
pub const GPU_ALIGNMENT: u64 = 128;

pub(super) const F32: u8 = 4;
pub(super) const F16: u8 = 2;
pub(super) const I64: u8 = 8;
/// Width of a weight whose elements are as wide as the file's matrices.
pub(super) const FILE: u8 = 0;
/// The same of a window whose rows lie apart.
pub(super) const GAPS: u8 = u8::MAX;

/// The part of the model that a weight or cache belongs to, which decides on its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Embedding,
    Layer(usize),
    /// The experts of a layer.
    Experts(usize),
    /// The layer's cache, which is no weight.
    Cache(usize),
    /// Factors of the layer's positions: one tensor for all layers of a device.
    Positions(usize),
    Output,
    /// No part: a tensor that is neither given nor read from the file, on the device of its first reader.
    Scratch,
}

/// Kind of a node to the scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A window: nothing runs.
    View,
    /// Runs where its weight lies; on a card even so for a batch of so many columns or more.
    Batch(u64),
    /// A position or attention: its small weights do not decide where it runs.
    Free,
}

/// A node's operation in ggml, where a backend looks at it before it changes the order of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// A leaf, or a copy on another device.
    Nothing,
    View,
    Reshape,
    MulMat,
    MulMatId,
    Add,
    AddId,
    Mul,
    Div,
    Scale,
    Clamp,
    Unary,
    SoftMax,
    RmsNorm,
    Rope,
    SetRows,
    GetRows,
    SumRows,
    ArgSort,
    Other,
}

/// A graph under construction; the methods are ggml's functions of the same names.
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    /// Kind of every node, and the part it belongs to where it is a weight or cache.
    pub(super) kinds: Vec<(Kind, Option<Part>)>,
    pub(super) ops: Vec<Op>,
    /// Norms, each with its layer.
    pub(super) norms: Vec<(Id, usize)>,
    pub(super) visited: Vec<bool>,
    pub(super) order: Vec<Id>,
    pub(super) leafs: Vec<Id>,
    /// The part under construction.
    pub(super) part: Part,
    /// Weights of a layer that is gone through again, in the order in which it reads them, and how many it read this time.
    pub(super) again: Option<(Vec<Id>, usize)>,
}

impl Graph {
    pub(super) fn new() -> Graph {
        Graph {
            nodes: Vec::with_capacity(4096),
            kinds: Vec::with_capacity(4096),
            ops: Vec::with_capacity(4096),
            norms: Vec::new(),
            visited: Vec::with_capacity(4096),
            order: Vec::with_capacity(4096),
            leafs: Vec::with_capacity(512),
            part: Part::Embedding,
            again: None,
        }
    }

    /// Says what the node computes.
    pub(super) fn named(&mut self, id: Id, op: Op) -> Id {
        self.ops[id] = op;
        id
    }

    /// The operation of a node, or of what was added to the nodes afterwards.
    pub(super) fn op_of(&self, id: Id) -> Op {
        self.ops.get(id).copied().unwrap_or(Op::Nothing)
    }

    /// A weight of the part under construction: it takes no room in the compute buffer, unless it is
    /// copied to another device. `bytes` as floats of 32 bits; see [`Layout::weight_width`].
    pub(super) fn weight(&mut self, elements: u64) -> Id {
        let part = self.part;
        self.elsewhere(part, elements.saturating_mul(4))
    }

    /// The same, which a quantised model has as floats of 32 bits too: a norm, a bias, a router, a convolution.
    pub(super) fn float_weight(&mut self, elements: u64) -> Id {
        let id = self.weight(elements);
        self.as_floats(id)
    }

    /// The same in other dimensions than the file's: to the scheduler a window, and no weight.
    pub(super) fn reshaped_weight(&mut self, dims: [u64; 4]) -> Id {
        let weight = self.float_weight(0);
        self.reshape(weight, dims)
    }

    /// Says that a weight has floats of 32 bits.
    pub(super) fn as_floats(&mut self, weight: Id) -> Id {
        self.nodes[weight].layout.0 = F32;
        weight
    }

    pub(super) fn expert_weight(&mut self, elements: u64) -> Id {
        let part = match self.part {
            Part::Layer(layer) => Part::Experts(layer),
            part => part,
        };
        self.elsewhere(part, elements.saturating_mul(4))
    }

    /// The cache of the layer under construction.
    pub(super) fn cache(&mut self) -> Id {
        let part = match self.part {
            Part::Layer(layer) => Part::Cache(layer),
            part => part,
        };
        self.elsewhere(part, 0)
    }

    pub(super) fn elsewhere(&mut self, part: Part, bytes: u64) -> Id {
        let of_layer = matches!(part, Part::Layer(_));
        if let Some((weights, read)) = self.again.as_mut().filter(|_| of_layer)
            && let Some(weight) = weights.get(*read)
        {
            *read += 1;
            return *weight;
        }
        let id = self.push(Place::Elsewhere, false, FILE, [0; 4], &[]);
        self.nodes[id].bytes = bytes.min(1 << 60);
        self.kinds[id].1 = Some(part);
        if let Some((weights, read)) = self.again.as_mut().filter(|_| of_layer) {
            weights.push(id);
            *read += 1;
        }
        id
    }

    pub(super) fn push(
        &mut self,
        place: Place,
        in_place: bool,
        width: u8,
        dims: [u64; 4],
        sources: &[Id],
    ) -> Id {
        // Saturating: a hostile header's dimensions are as large as it likes.
        let bytes = dims.iter().fold(width as u64, |bytes, n| bytes.saturating_mul(*n)).min(1 << 60);
        let sources = sources.into();
        self.nodes.push(Node { bytes, place, in_place, output: false, layout: (width, dims), sources });
        let rows = dims[1..].iter().fold(1u64, |rows, n| rows.saturating_mul(*n));
        self.kinds.push((Kind::Batch(rows), None));
        self.visited.push(false);
        self.ops.push(match place {
            Place::Input | Place::Elsewhere => Op::Nothing,
            Place::View(_) => Op::SetRows,
            Place::Own => Op::Other,
        });
        self.nodes.len() - 1
    }

    pub(super) fn dims(&self, id: Id) -> [u64; 4] {
        self.nodes[id].layout.1
    }

    pub(super) fn input(&mut self, width: u8, dims: [u64; 4]) -> Id {
        self.push(Place::Input, false, width, dims, &[])
    }

    /// Room that a node fills, on its device.
    pub(super) fn scratch(&mut self, width: u8, dims: [u64; 4]) -> Id {
        let id = self.input(width, dims);
        self.kinds[id].1 = Some(Part::Scratch);
        id
    }

    /// The same, filled with one number.
    pub(super) fn filled(&mut self, width: u8, dims: [u64; 4]) -> Id {
        let room = self.scratch(width, dims);
        self.push(Place::Own, true, width, dims, &[room])
    }

    /// A row of so many numbers, filled with one and repeated for each token.
    pub(super) fn filled_rows(&mut self, width: u8, count: u64, tokens: u64) -> Id {
        let row = self.filled(width, [count, 1, 1, 1]);
        let rows = self.push(Place::Own, false, width, [count, tokens, 1, 1], &[row]);
        self.reshape(rows, [1, count, tokens, 1])
    }

    /// A new tensor of floats.
    pub(super) fn op(&mut self, dims: [u64; 4], sources: &[Id]) -> Id {
        self.push(Place::Own, false, F32, dims, sources)
    }

    /// A new tensor that may overwrite a source.
    pub(super) fn over(&mut self, like: Id, sources: &[Id]) -> Id {
        let dims = self.dims(like);
        self.push(Place::Own, true, F32, dims, sources)
    }

    pub(super) fn view(&mut self, of: Id, dims: [u64; 4]) -> Id {
        let id = self.view_with(of, dims, &[of]);
        self.ops[id] = Op::View;
        self.kinds[id].0 = Kind::View;
        // A window on something narrower than floats is as narrow.
        let elements = |dims: [u64; 4]| dims.iter().fold(1u128, |all, n| all.saturating_mul(*n as u128));
        let bytes = (self.nodes[of].bytes as u128).saturating_mul(elements(dims));
        if let Some(share) = bytes.checked_div(elements(self.dims(of))) {
            self.nodes[id].bytes = share.min(1 << 60) as u64;
        }
        id
    }

    /// A window on `width` elements of each row: a copy on another device has room for all between the first and the last.
    pub(super) fn columns(&mut self, of: Id, width: u64, dims: [u64; 4]) -> Id {
        let id = self.view(of, dims);
        let left_out = self.dims(of)[0].saturating_sub(width);
        self.nodes[id].bytes = self.nodes[of].bytes.saturating_sub(left_out.saturating_mul(4));
        id
    }

    /// The whole of it in other dimensions.
    pub(super) fn reshape(&mut self, of: Id, dims: [u64; 4]) -> Id {
        let id = self.view(of, dims);
        self.named(id, Op::Reshape)
    }

    pub(super) fn view_with(&mut self, of: Id, dims: [u64; 4], sources: &[Id]) -> Id {
        let root = match self.nodes[of].place {
            Place::View(root) => root,
            _ => of,
        };
        self.push(Place::View(root), false, F32, dims, sources)
    }

    /// `weight × b`: rows of the weight by columns of `b`.
    pub(super) fn mul_mat(&mut self, rows: u64, b: Id) -> Id {
        let weight = self.weight(rows.saturating_mul(self.dims(b)[0]));
        self.mul_mat_by(weight, rows, b)
    }

    /// The same with a matrix of each head.
    pub(super) fn mul_mat_by_head(&mut self, rows: u64, b: Id) -> Id {
        let [width, _, heads, _] = self.dims(b);
        let weight = self.weight(rows.saturating_mul(width).saturating_mul(heads));
        self.mul_mat_by(weight, rows, b)
    }

    /// The same with a weight that others read too.
    pub(super) fn mul_mat_by(&mut self, weight: Id, rows: u64, b: Id) -> Id {
        let [_, columns, heads, streams] = self.dims(b);
        let id = self.op([rows, columns, heads, streams], &[weight, b]);
        self.kinds[id].0 = Kind::Batch(columns);
        self.named(id, Op::MulMat)
    }

    pub(super) fn add_weight(&mut self, a: Id) -> Id {
        let weight = self.float_weight(self.dims(a)[0]);
        self.add(a, weight)
    }

    /// A weight as wide as a row, times each row.
    pub(super) fn mul_weight(&mut self, a: Id) -> Id {
        let weight = self.float_weight(self.dims(a)[0]);
        self.times(a, weight)
    }

    pub(super) fn add(&mut self, a: Id, b: Id) -> Id {
        let id = self.over(a, &[a, b]);
        self.named(id, Op::Add)
    }

    /// A product or a difference of each element of `a` and of `b`, whose rows may repeat; in place of `a` where ggml would.
    pub(super) fn times(&mut self, a: Id, b: Id) -> Id {
        let id = self.over(a, &[a, b]);
        self.named(id, Op::Mul)
    }

    pub(super) fn scale(&mut self, a: Id) -> Id {
        let id = self.over(a, &[a]);
        self.named(id, Op::Scale)
    }

    /// A function of each element.
    pub(super) fn unary(&mut self, a: Id) -> Id {
        let id = self.over(a, &[a]);
        self.named(id, Op::Unary)
    }

    /// Root-mean-square or layer norm with its weight and, where there is one, its bias.
    pub(super) fn norm(&mut self, a: Id, rms: bool, bias: bool) -> Id {
        let weight = self.float_weight(self.dims(a)[0]);
        let weighted = self.norm_by(a, weight, rms);
        if bias { self.add_weight(weighted) } else { weighted }
    }

    /// A root-mean-square norm without a weight.
    pub(super) fn unweighted_norm(&mut self, a: Id) -> Id {
        let id = self.unary(a);
        self.named(id, Op::RmsNorm)
    }

    /// The same as [`norm`](Self::norm), without a bias, with a weight that others read too.
    pub(super) fn norm_by(&mut self, a: Id, weight: Id, rms: bool) -> Id {
        let dims = self.dims(a);
        // Only the RMS norm may overwrite its source.
        let normed = self.push(Place::Own, rms, F32, dims, &[a]);
        if rms {
            self.named(normed, Op::RmsNorm);
        }
        if let Part::Layer(layer) = self.part {
            self.norms.push((normed, layer));
        }
        self.times(normed, weight)
    }

    pub(super) fn get_rows(&mut self, a: Id, rows: Id) -> Id {
        let (width, count) = (self.dims(a)[0], self.dims(rows)[0]);
        let id = self.op([width, count, 1, 1], &[a, rows]);
        self.kinds[id].0 = Kind::Batch(0);
        self.named(id, Op::GetRows)
    }

    /// Adds `id` and what it needs to the graph, sources first.
    pub(super) fn expand(&mut self, id: Id) {
        if std::mem::replace(&mut self.visited[id], true) {
            return;
        }
        for index in 0..self.nodes[id].sources.len() {
            self.expand(self.nodes[id].sources[index]);
        }
        match self.nodes[id].place {
            Place::Input | Place::Elsewhere => self.leafs.push(id),
            _ => self.order.push(id),
        }
    }
}
