use super::*;
use crate::model::Shape;
use crate::model::gguf::Header;
use crate::model::registry;
use crate::model::tensor_type::TensorType;
use crate::model::{Weights, weights_of};
use crate::plan::graph::Repeats;
use crate::plan::graph::{Batch, CardOrder, Layout, compute_bytes, decoder};
use crate::plan::placement::Placement;

fn batch() -> Batch {
    let f16 = TensorType::by_name("F16").unwrap();
    Batch {
        tokens: 512,
        outputs: 2,
        streams: 2,
        slots: 2,
        cells: 2048,
        window_cells: 2048,
        flash_attn: true,
        k_type: f16,
        v_type: f16,
        rotation_apart: false,
        early_outputs: false,
    }
}

/// Models without experts, windows or states.
const LLAMA_LIKE: [&str; 5] = ["tinyllama-1.1b", "phi-2", "llama-7b", "saiga-8b", "llama-65b"];

fn shape(id: &str) -> Shape {
    registry::find(id).unwrap().shape()
}

/// Every node once, and none before what it reads.
#[test]
fn an_order_of_its_own_runs_everything_after_what_it_reads() {
    for id in LLAMA_LIKE {
        let graph = decoder::build(&shape(id), &batch(), &Layout::host(4));
        let mut nodes = graph.order.clone();
        let keeps = Reorder::of(&graph, &readers(&graph)).reorder(&mut nodes);
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

/// The nodes that each one waits for, found at once, are those that are found by looking at every pair.
#[test]
fn a_node_waits_for_what_every_pair_says() {
    for id in LLAMA_LIKE.iter().copied().chain(["gpt-oss-20b", "gemma-3-1b", "qwen3-30b-a3b"]) {
        let graph = decoder::build(&shape(id), &batch(), &Layout::host(4));
        let (nodes, readers) = (graph.order.clone(), readers(&graph));
        let mut reorder = Reorder::of(&graph, &readers);
        let mut pass = reorder.pass(&nodes);
        pass.look(nodes.len());
        for index in 0..nodes.len() {
            for back in 1..WINDOW.min(index + 1) {
                let waits = pass.waits[index] >> (back - 1) & 1 == 1;
                assert_eq!(waits, pass.depends(index, index - back), "{id}: {index}, {back} before");
            }
        }
    }
}

/// Layouts of a model of so many layers: the host, a card, a card with layers or experts on the host, two cards and more,
/// and the cards in Vulkan's order.
fn layouts(n_layer: usize) -> Vec<Layout> {
    let weights = Weights::of("F16", &[], n_layer);
    let count = n_layer as u64;
    let placements = [
        Placement::offload(count, count, &[1]),
        Placement::offload(count, count - count / 3, &[1]),
        Placement::offload(count, count, &[1]).with_experts_on_host(count / 2),
        Placement::offload(count, count, &[1, 1]),
        Placement::offload(count, count, &[1; 4]),
        Placement::offload(count, count, &[3, 2, 2, 3, 2, 2, 2, 1]),
        Placement::offload(count, count - count / 3, &[1; 4]),
    ];
    let cards = placements.map(|placement| placement.layout(&weights));
    let vulkan = cards.clone().map(|layout| Layout { order: CardOrder::Vulkan, ..layout });
    [Layout::host(n_layer)].into_iter().chain(cards).chain(vulkan).collect()
}

#[test]
fn layers_and_cards_that_repeat_may_be_left_out_for_every_known_model() {
    let (mut wrong, mut seen, mut shorter) = (Vec::new(), Vec::new(), 0);
    for model in registry::all().filter(|model| model.is_chat()) {
        let shape = model.shape();
        if seen.contains(&shape) {
            continue;
        }
        for whole in layouts(shape.layers.len()) {
            let short = whole.clone().shortened(&Repeats::of(&shape));
            if short.layout.layers.len() == whole.layers.len() {
                continue;
            }
            shorter += 1;
            let slack = short.slack() as i64;
            let long = Batch { cells: 65536, window_cells: 1536, streams: 1, flash_attn: false, ..batch() };
            for batch in [batch(), long] {
                let bytes = [
                    short.all(&compute_bytes(&shape, &batch, &short.layout)),
                    compute_bytes(&shape, &batch, &whole),
                ];
                let enough =
                    |(short, whole): (&u64, &u64)| (0..=slack).contains(&(*short as i64 - *whole as i64));
                if bytes[0].iter().zip(&bytes[1]).all(enough) {
                    continue;
                }
                let cut = (short.layout.layers.len(), whole.layers.len());
                wrong
                    .push(format!("{} {cut:?} cards {} {:?}: {bytes:?}", model.id, whole.cards, whole.order));
            }
        }
        seen.push(shape);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(shorter > 100, "{shorter}");
}

#[allow(dead_code, reason = "the large shapes are measured elsewhere")]
mod shapes {
    use crate::model::{dimensions, gguf_write, tensor_type};
    include!("../../../tests/oracle/shapes.rs");
    include!("../../../tests/oracle/small.rs");
}

/// Bytes of the compute buffer of that name in a log.
fn recorded(log: &str, buffer: &str) -> u64 {
    let start = format!("{buffer} compute buffer size = ");
    let line = log.lines().find_map(|line| line.split_once(&start)).unwrap_or_else(|| panic!("no {buffer}"));
    (line.1.trim_end_matches(" MiB").trim().parse::<f64>().unwrap() * 1048576.0) as u64
}

#[test]
fn the_buffers_are_those_that_were_recorded() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/llama-server");
    let mut wrong = Vec::new();
    for reference in shapes::ON_A_CARD {
        let (head, size) = shapes::file(reference);
        let header = Header::read(&head[..], Some(size)).unwrap();
        let shape = Shape::from_header(&header).unwrap();
        let n_layer = shape.layers.len();
        for (shared, cards) in [("1", 1), ("2-layer", 2)] {
            let file = folder.join(format!("{}.{shared}.log", reference.name));
            let Ok(log) = std::fs::read_to_string(file) else { continue };
            let placement = Placement::offload(n_layer as u64, n_layer as u64, &vec![1; cards]);
            let layout = placement.layout(&weights_of(&header, n_layer));
            let layout = Layout { order: CardOrder::Vulkan, keeps_norms: true, ..layout };
            let computed = compute_bytes(&shape, &batch(), &layout);
            let names = (0..cards).map(|card| format!("Vulkan{card}")).chain(["Vulkan_Host".to_string()]);
            for (name, bytes) in names.zip(computed) {
                // Hundredths of a MiB are logged.
                let real = recorded(&log, &name);
                if bytes.abs_diff(real) > 16 << 10 {
                    wrong.push(format!("{} {shared} {name}: {bytes}, not {real}", reference.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
