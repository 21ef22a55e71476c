//! llama.cpp's compute graph of one batch, tensor by tensor, so that its compute buffer can be sized
//! without running it: `tensors` has ggml's building blocks, `decoder` strings them together as
//! llama.cpp does, `alloc` places them.
//!
//! Follows ggml.c, ggml-alloc.c, llama-graph.cpp and src/models/*.cpp of b11434; b12032 builds the
//! same graphs for these architectures.

mod alloc;
mod altup;
mod attention;
mod blocks;
mod cache;
mod chooser;
mod compressed;
mod decoder;
mod delta;
mod encoder;
mod feed_forward;
mod gated_streams;
mod hrm;
mod hyper;
mod kda;
mod lightning;
mod low_rank;
mod mamba;
mod ngrams;
mod per_layer;
mod pool;
mod pool_choice;
mod pooled;
mod recurrent;
mod rwkv;
mod schedule;
mod short_conv;
mod shorten;
mod streams;
mod switch;
mod tensors;
mod vulkan;
mod window;

use crate::model::Shape;
use crate::model::embedder::Embedder;
pub use encoder::Texts;
pub use schedule::{CardOrder, Crossing, Layout};
pub use shorten::Repeats;
pub use tensors::{Batch, CPU_ALIGNMENT, GPU_ALIGNMENT};

/// Bytes of the compute buffer of each device: the cards in order, then the CPU. The graph has as many
/// layers as the layout.
pub fn compute_bytes(shape: &Shape, batch: &Batch, layout: &Layout) -> Vec<u64> {
    let graph = decoder::build(shape, batch, layout);
    if layout.cards == 0 {
        return vec![alloc::peak(&graph.nodes, &graph.order, &graph.leafs, CPU_ALIGNMENT)];
    }
    schedule::buffers(graph, layout)
}

/// Returns the bytes that pass between devices in one batch.
pub fn crossings(shape: &Shape, batch: &Batch, layout: &Layout) -> Vec<Crossing> {
    schedule::crossings(decoder::build(shape, batch, layout), layout)
}

/// Returns the compute buffers of a text encoder.
pub fn encoder_compute_bytes<const N: usize>(
    model: &Embedder,
    texts: &Texts,
    alignments: [u64; N],
) -> [u64; N] {
    let graph = encoder::build(model, texts);
    alignments.map(|alignment| alloc::peak(&graph.nodes, &graph.order, &graph.leafs, alignment))
}
