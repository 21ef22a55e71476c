use super::*;
use crate::model::Shape;
use crate::model::registry;
use crate::model::tensor_type::TensorType;
use crate::plan::graph::{Batch, GPU_ALIGNMENT, Layout, compute_bytes, decoder};

fn batch() -> Batch {
    let f16 = TensorType::by_name("F16").unwrap();
    Batch {
        tokens: 512,
        outputs: 2,
        streams: 2,
        cells: 2048,
        window_cells: 2048,
        flash_attn: true,
        k_type: f16,
        v_type: f16,
        rotation_apart: false,
    }
}

fn shape(id: &str) -> Shape {
    registry::find(id).unwrap().shape()
}

/// Every node once, and none before what it reads.
#[test]
fn an_order_of_its_own_runs_everything_after_what_it_reads() {
    for id in registry::ids() {
        let graph = decoder::build(&shape(id), &batch(), 4);
        let mut nodes = graph.order.clone();
        let keeps = reorder(&graph, &readers(&graph), &mut nodes);
        assert!(keeps.is_empty(), "{id} has no experts");
        let place = |id: Id| nodes.iter().position(|node| *node == id);
        let mut sorted = nodes.clone();
        sorted.sort_unstable();
        let mut all = graph.order.clone();
        all.sort_unstable();
        assert_eq!(sorted, all, "{id}");
        assert_ne!(nodes, graph.order, "{id}: nothing has moved");
        for (at, node) in nodes.iter().enumerate() {
            for source in &graph.nodes[*node].sources {
                assert!(place(*source).is_none_or(|before| before < at), "{id}: {node} reads {source}");
            }
        }
    }
}

#[test]
fn a_run_of_equal_layers_may_be_shortened_in_this_order_too() {
    for id in registry::ids() {
        let shape = shape(id);
        let whole =
            Layout { cards: 1, vulkan: true, alignment: GPU_ALIGNMENT, ..Layout::host(shape.layers.len()) };
        let short = whole.clone().shortened(&shape);
        assert!(short.layers.len() < whole.layers.len());
        let (short, whole) =
            (compute_bytes(&shape, &batch(), &short), compute_bytes(&shape, &batch(), &whole));
        assert_eq!(short, whole, "{id}");
    }
}
