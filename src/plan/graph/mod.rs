//! llama.cpp's compute graph of one batch, tensor by tensor, so that its compute buffer can be sized
//! without running it: [`Graph`] is ggml's building blocks, `decoder` strings them together as
//! llama.cpp does, `alloc` places them.
//!
//! Follows ggml.c, ggml-alloc.c, llama-graph.cpp and src/models/*.cpp of b11434; b12032 builds the
//! same graphs for these architectures.

mod alloc;
mod attention;
mod decoder;
mod encoder;
mod feed_forward;
mod schedule;

use crate::model::Shape;
use crate::model::embedding::Embedder;
use crate::model::tensor_type::TensorType;
use alloc::{Id, Node, Place};
pub use encoder::Texts;
pub use schedule::Layout;

/// The batch that llama.cpp reserves its buffers for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch {
    /// `--ubatch-size`, at most the context.
    pub tokens: u64,
    /// Tokens that give logits; at most the logical batch.
    pub outputs: u64,
    /// Sequences with a cache of their own.
    pub streams: u64,
    /// Cells of one stream's cache, of full and of sliding-window layers.
    pub cells: u64,
    pub window_cells: u64,
    pub flash_attn: bool,
    /// Types of the cache.
    pub k_type: TensorType,
    pub v_type: TensorType,
    /// The matrices that turn a quantised cache lie beside it; among the inputs otherwise.
    pub rotation_apart: bool,
}

/// Bytes of the compute buffer of each device: the cards in order, then the CPU. The graph has as many
/// layers as the layout.
pub fn compute_bytes(shape: &Shape, batch: &Batch, layout: &Layout) -> Vec<u64> {
    let graph = decoder::build(shape, batch, layout.layers.len());
    if layout.cards == 0 {
        return vec![alloc::peak(&graph.nodes, &graph.order, &graph.leafs, CPU_ALIGNMENT)];
    }
    schedule::buffers(graph, layout)
}

/// The same for a text encoder.
pub fn encoder_compute_bytes<const N: usize>(
    model: &Embedder,
    texts: &Texts,
    alignments: [u64; N],
) -> [u64; N] {
    let graph = encoder::build(model, texts);
    alignments.map(|alignment| alloc::peak(&graph.nodes, &graph.order, &graph.leafs, alignment))
}

/// Bytes that tensors start at multiples of, on a CPU and with CUDA.
pub const CPU_ALIGNMENT: u64 = 32;
pub const GPU_ALIGNMENT: u64 = 128;

const F32: u8 = 4;
const F16: u8 = 2;
const I64: u8 = 8;

/// The part of the model that a weight or cache belongs to, which decides on its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Embedding,
    Layer(usize),
    /// The experts of a layer.
    Experts(usize),
    /// The layer's cache, which is no weight.
    Cache(usize),
    Output,
}

/// Kind of a node to the scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A window: nothing runs.
    View,
    /// Runs where its weight lies; on a card even so for a batch of so many columns or more.
    Batch(u64),
    /// A position or attention: its small weights do not decide where it runs.
    Free,
}

/// A graph under construction; the methods are ggml's functions of the same names.
struct Graph {
    nodes: Vec<Node>,
    /// Kind of every node, and the part it belongs to where it is a weight or cache.
    kinds: Vec<(Kind, Option<Part>)>,
    visited: Vec<bool>,
    order: Vec<Id>,
    leafs: Vec<Id>,
    /// The part under construction.
    part: Part,
}

impl Graph {
    fn new() -> Graph {
        Graph {
            nodes: Vec::with_capacity(4096),
            kinds: Vec::with_capacity(4096),
            visited: Vec::new(),
            order: Vec::new(),
            leafs: Vec::new(),
            part: Part::Embedding,
        }
    }

    /// A weight of the part under construction: it takes no room in the compute buffer, unless it is
    /// copied to another device. `bytes` as floats of 32 bits; see [`Layout::weight_width`].
    fn weight(&mut self, elements: u64) -> Id {
        let part = self.part;
        self.elsewhere(part, elements.saturating_mul(4))
    }

    fn expert_weight(&mut self, elements: u64) -> Id {
        let part = match self.part {
            Part::Layer(layer) => Part::Experts(layer),
            part => part,
        };
        self.elsewhere(part, elements.saturating_mul(4))
    }

    /// The cache of the layer under construction.
    fn cache(&mut self) -> Id {
        let part = match self.part {
            Part::Layer(layer) => Part::Cache(layer),
            part => part,
        };
        self.elsewhere(part, 0)
    }

    fn elsewhere(&mut self, part: Part, bytes: u64) -> Id {
        let id = self.push(Place::Elsewhere, false, F32, [0; 4], &[]);
        self.nodes[id].bytes = bytes.min(1 << 60);
        self.kinds[id].1 = Some(part);
        id
    }

    fn push(&mut self, place: Place, in_place: bool, width: u8, dims: [u64; 4], sources: &[Id]) -> Id {
        // Saturating: a hostile header's dimensions are as large as it likes.
        let bytes = dims.iter().fold(width as u64, |bytes, n| bytes.saturating_mul(*n)).min(1 << 60);
        let sources = sources.to_vec();
        self.nodes.push(Node { bytes, place, in_place, output: false, layout: (width, dims), sources });
        let rows = dims[1..].iter().fold(1u64, |rows, n| rows.saturating_mul(*n));
        self.kinds.push((Kind::Batch(rows), None));
        self.visited.push(false);
        self.nodes.len() - 1
    }

    fn dims(&self, id: Id) -> [u64; 4] {
        self.nodes[id].layout.1
    }

    fn input(&mut self, width: u8, dims: [u64; 4]) -> Id {
        self.push(Place::Input, false, width, dims, &[])
    }

    /// A new tensor of floats.
    fn op(&mut self, dims: [u64; 4], sources: &[Id]) -> Id {
        self.push(Place::Own, false, F32, dims, sources)
    }

    /// A new tensor that may overwrite a source.
    fn over(&mut self, like: Id, sources: &[Id]) -> Id {
        let dims = self.dims(like);
        self.push(Place::Own, true, F32, dims, sources)
    }

    fn view(&mut self, of: Id, dims: [u64; 4]) -> Id {
        let id = self.view_with(of, dims, &[of]);
        self.kinds[id].0 = Kind::View;
        // A window on something narrower than floats is as narrow.
        let elements = |dims: [u64; 4]| dims.iter().fold(1u128, |all, n| all.saturating_mul(*n as u128));
        let bytes = (self.nodes[of].bytes as u128).saturating_mul(elements(dims));
        if let Some(share) = bytes.checked_div(elements(self.dims(of))) {
            self.nodes[id].bytes = share.min(1 << 60) as u64;
        }
        id
    }

    fn view_with(&mut self, of: Id, dims: [u64; 4], sources: &[Id]) -> Id {
        let root = match self.nodes[of].place {
            Place::View(root) => root,
            _ => of,
        };
        self.push(Place::View(root), false, F32, dims, sources)
    }

    /// `weight × b`: rows of the weight by columns of `b`.
    fn mul_mat(&mut self, rows: u64, b: Id) -> Id {
        let [_, columns, heads, streams] = self.dims(b);
        let weight = self.weight(rows.saturating_mul(self.dims(b)[0]));
        let id = self.op([rows, columns, heads, streams], &[weight, b]);
        self.kinds[id].0 = Kind::Batch(columns);
        id
    }

    fn add_weight(&mut self, a: Id) -> Id {
        let weight = self.weight(self.dims(a)[0]);
        self.over(a, &[a, weight])
    }

    fn add(&mut self, a: Id, b: Id) -> Id {
        self.over(a, &[a, b])
    }

    fn scale(&mut self, a: Id) -> Id {
        self.over(a, &[a])
    }

    /// Root-mean-square or layer norm with its weight and, where there is one, its bias.
    fn norm(&mut self, a: Id, rms: bool, bias: bool) -> Id {
        let dims = self.dims(a);
        // Only the RMS norm may overwrite its source.
        let normed = self.push(Place::Own, rms, F32, dims, &[a]);
        let weighted = self.add_weight(normed);
        if bias { self.add_weight(weighted) } else { weighted }
    }

    fn get_rows(&mut self, a: Id, rows: Id) -> Id {
        let (width, count) = (self.dims(a)[0], self.dims(rows)[0]);
        let id = self.op([width, count, 1, 1], &[a, rows]);
        self.kinds[id].0 = Kind::Batch(0);
        id
    }

    /// Adds `id` and what it needs to the graph, sources first.
    fn expand(&mut self, id: Id) {
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
