//! ggml's scheduler (ggml-backend.cpp, `ggml_backend_sched`), as far as sizes go: which device each
//! node runs on, where the graph is cut, and what is copied over at each cut.
//!
//! A card takes every node. llama.cpp keeps a layer's norms on the layer's card, which saves one copy per card;
//! llama-fit-params does not see that.

use super::alloc::{self, Id, Node, Place, Sources, Step};
use super::tensors::{CPU_ALIGNMENT, FILE, GPU_ALIGNMENT, Graph, Kind, Part};
use super::vulkan::{self, Keep, Reorder};
use std::collections::BTreeMap;

/// Device of each part of the model: cards count from 0, and the CPU comes after the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub cards: u8,
    pub layers: Vec<u8>,
    /// Device of each layer's experts.
    pub experts: Vec<u8>,
    pub output: u8,
    /// Several cards work in turns: this many copies of all that passes between devices.
    pub copies: u32,
    /// Bytes that an element of a matrix takes, where it is copied to a card.
    pub weight_width: f64,
    /// Bytes of the embedding, where it is copied to a card.
    pub embedding_bytes: u64,
    /// Alignment of a card's buffer, bytes.
    pub alignment: u64,
    /// Order in which the cards' backend computes.
    pub order: CardOrder,
    /// A layer's norms are on the layer's card: llama.cpp's own wish where all layers are on cards.
    pub keeps_norms: bool,
    /// The first card computes large batches with weights that lie on the host.
    pub takes_batches: bool,
}

/// Order in which a card's backend computes the nodes of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardOrder {
    /// The graph's own: CUDA.
    Graph,
    /// Vulkan's own.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests compare it with the backend's own buffers"))]
    Vulkan,
    /// One of both, as it is not known which backend comes: the larger of the two buffers.
    Either,
}

/// Fewest tokens for which a card computes with weights that lie in host memory
/// (`op_offload_min_batch_size` of ggml-cuda.cu).
const OFFLOAD_BATCH: u64 = 32;

impl Layout {
    /// Everything on the CPU.
    pub fn host(n_layer: usize) -> Layout {
        Layout {
            cards: 0,
            layers: vec![0; n_layer],
            experts: vec![0; n_layer],
            output: 0,
            copies: 1,
            weight_width: 0.0,
            embedding_bytes: 0,
            alignment: GPU_ALIGNMENT,
            order: CardOrder::Graph,
            keeps_norms: false,
            takes_batches: true,
        }
    }

    /// A card computes what comes between the last layer of the host and what follows: nothing there has a weight.
    pub fn enters_cards(&self) -> bool {
        let all: Vec<u8> = self.layers.iter().copied().chain([self.output]).collect();
        all.windows(2).any(|pair| pair[0] == self.cards && pair[1] != self.cards)
    }

    /// A card computes with the weights of a layer of the host, for so many tokens.
    pub fn takes_from_host(&self, tokens: u64) -> bool {
        self.takes_batches && tokens >= OFFLOAD_BATCH && self.cards > 0 && self.layers.contains(&self.cards)
    }

    fn device(&self, part: Part) -> u8 {
        match part {
            Part::Embedding | Part::Scratch => self.cards,
            Part::Layer(layer) | Part::Cache(layer) | Part::Positions(layer) => self.layers[layer],
            Part::Experts(layer) => self.experts[layer],
            Part::Output => self.output,
        }
    }
}

/// A run of nodes on one device, and what is copied there before it.
struct Split {
    device: u8,
    copied: Vec<Id>,
    nodes: Vec<Id>,
}

/// Bytes of the compute buffer of every card in order, then of the CPU.
pub fn buffers(mut graph: Graph, layout: &Layout) -> Vec<u64> {
    let devices = assign(&graph, layout);
    for (id, (_, part)) in graph.kinds.iter().enumerate() {
        let in_file = (graph.nodes[id].place, graph.nodes[id].layout.0) == (Place::Elsewhere, FILE);
        if in_file && matches!(part, Some(part) if is_weight(*part)) {
            let elements = graph.nodes[id].bytes as f64 / 4.0;
            graph.nodes[id].bytes = match part {
                Some(Part::Embedding) if elements > 0.0 => layout.embedding_bytes,
                _ => (elements * layout.weight_width) as u64,
            };
        }
    }
    let given = |leaf: &Id| graph.nodes[*leaf].place == Place::Input && graph.kinds[*leaf].1.is_none();
    let inputs: Vec<Id> = graph.leafs.iter().copied().filter(given).collect();
    let readers = vulkan::readers(&graph);
    let (mut splits, copies) = split(&mut graph, layout, &devices);
    let mut alignments = vec![layout.alignment; layout.cards as usize];
    alignments.push(CPU_ALIGNMENT);
    let peaks = |graph: &mut Graph, splits: &[Split], keeps: &[Keep]| {
        let (order, leafs) = run(graph, layout, &devices, splits, &copies, &inputs, keeps);
        alloc::peaks(&graph.nodes, &order, &leafs, &alignments)
    };
    let mut bytes = match layout.order {
        CardOrder::Graph => return peaks(&mut graph, &splits, &[]),
        CardOrder::Vulkan => vec![0; alignments.len()],
        CardOrder::Either => peaks(&mut graph, &splits, &[]),
    };
    let mut reorder = Reorder::of(&graph, &readers);
    let on_cards = splits.iter_mut().filter(|split| split.device < layout.cards);
    let keeps: Vec<Keep> = on_cards.flat_map(|split| reorder.reorder(&mut split.nodes)).collect();
    let reordered = peaks(&mut graph, &splits, &keeps);
    bytes.iter_mut().zip(reordered).for_each(|(bytes, other)| *bytes = other.max(*bytes));
    bytes
}

/// A tensor that passes from one device to another, as [`Layout`] counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    pub from: u8,
    pub to: u8,
    pub bytes: u64,
}

/// All that passes between devices in one batch, the logits to the CPU at the end.
pub fn crossings(mut graph: Graph, layout: &Layout) -> Vec<Crossing> {
    let devices = assign(&graph, layout);
    let (splits, _) = split(&mut graph, layout, &devices);
    let copied = splits.iter().flat_map(|split| split.copied.iter().map(|id| (*id, split.device)));
    let mut all: Vec<Crossing> =
        copied.map(|(id, to)| Crossing { from: devices[id], to, bytes: graph.nodes[id].bytes }).collect();
    if let Some(logits) = graph.order.last() {
        let (from, to) = (devices[*logits], layout.cards);
        all.extend((from != to).then(|| Crossing { from, to, bytes: graph.nodes[*logits].bytes }));
    }
    all
}

fn is_weight(part: Part) -> bool {
    !matches!(part, Part::Cache(_))
}

/// The device of every node (`ggml_backend_sched_split_graph`, passes 1 to 4).
fn assign(graph: &Graph, layout: &Layout) -> Vec<u8> {
    let mut devices: Vec<Option<u8>> = vec![None; graph.nodes.len()];
    for leaf in &graph.leafs {
        devices[*leaf] = match graph.kinds[*leaf].1 {
            Some(Part::Scratch) => None,
            Some(part) => Some(layout.device(part)),
            None => Some(layout.cards),
        };
    }
    for id in &graph.order {
        devices[*id] = from_weights(graph, layout, *id);
    }
    if layout.keeps_norms {
        graph.norms.iter().for_each(|(norm, layer)| devices[*norm] = Some(layout.layers[*layer]));
    }
    let steps: Vec<Id> = graph.order.iter().copied().filter(|id| graph.kinds[*id].0 != Kind::View).collect();
    // Cards spread down, then up, over what no weight decides; then the CPU takes what is left.
    spread(&mut devices, steps.iter(), layout.cards);
    spread(&mut devices, steps.iter().rev(), layout.cards);
    spread(&mut devices, steps.iter(), u8::MAX);
    spread(&mut devices, steps.iter().rev(), u8::MAX);
    let root = |id: Id| match graph.nodes[id].place {
        Place::View(root) => Some(root),
        _ => None,
    };
    for id in &graph.order {
        if devices[*id].is_none() {
            devices[*id] = root(*id).and_then(|root| devices[root]);
        }
        for source in &graph.nodes[*id].sources {
            if devices[*source].is_none() {
                devices[*source] = root(*source).map_or(devices[*id], |root| devices[root]);
            }
        }
        devices[*id].get_or_insert(0);
    }
    devices.into_iter().map(|device| device.unwrap_or(layout.cards)).collect()
}

fn from_weights(graph: &Graph, layout: &Layout, id: Id) -> Option<u8> {
    if let Place::View(root) = graph.nodes[id].place
        && let Some(part) = graph.kinds[root].1.filter(|_| graph.nodes[root].place == Place::Elsewhere)
    {
        return Some(layout.device(part));
    }
    let weight = |source: &Id| {
        let part = graph.kinds[*source].1?;
        (graph.nodes[*source].place == Place::Elsewhere && is_weight(part)).then_some(part)
    };
    let part = graph.nodes[id].sources.iter().find_map(weight)?;
    match graph.kinds[id].0 {
        Kind::Free => None,
        Kind::Batch(rows)
            if layout.takes_batches && layout.device(part) == layout.cards && rows >= OFFLOAD_BATCH =>
        {
            Some(0)
        }
        _ => Some(layout.device(part)),
    }
}

/// Gives nodes without a device that of the node before; devices from `except` on are not spread.
fn spread<'a>(devices: &mut [Option<u8>], steps: impl Iterator<Item = &'a Id>, except: u8) {
    let mut current = None;
    for id in steps {
        match devices[*id] {
            Some(device) => current = (device < except).then_some(device),
            None => devices[*id] = current,
        }
    }
}

/// Copies: (node, device) → its copy.
type Copies = BTreeMap<(Id, u8), Id>;

/// Cuts the graph where the device changes (pass 5); sources on other devices become copies.
fn split(graph: &mut Graph, layout: &Layout, devices: &[u8]) -> (Vec<Split>, Copies) {
    let mut copies = Copies::new();
    let mut splits: Vec<Split> = Vec::new();
    // Factors of positions are one tensor on each device.
    let mut positions = BTreeMap::<u8, Id>::new();
    let order = graph.order.clone();
    let first = order.iter().find(|id| graph.kinds[**id].0 != Kind::View);
    let mut current = Split { device: first.map_or(0, |id| devices[*id]), copied: vec![], nodes: vec![] };
    for id in order {
        if graph.kinds[id].0 == Kind::View {
            current.nodes.push(id);
            continue;
        }
        let elsewhere = |source: &Id| devices[*source] != current.device;
        let foreign_weight = |source: &Id| {
            graph.nodes[*source].place == Place::Elsewhere
                && graph.kinds[*source].1.is_some_and(is_weight)
                && elsewhere(source)
        };
        // The memory of a weight that was copied can be used again by the next.
        let anew = !current.copied.is_empty() && graph.nodes[id].sources.iter().any(foreign_weight);
        if devices[id] != current.device || anew {
            let next = Split { device: devices[id], copied: vec![], nodes: vec![] };
            splits.push(std::mem::replace(&mut current, next));
        }
        for at in 0..graph.nodes[id].sources.len() {
            let source = graph.nodes[id].sources[at];
            if devices[source] == current.device {
                continue;
            }
            let source = match graph.kinds[source].1 {
                Some(Part::Positions(_)) => *positions.entry(devices[source]).or_insert(source),
                _ => source,
            };
            let copy = copies.entry((source, current.device)).or_insert_with(|| {
                current.copied.push(source);
                copy_of(&mut graph.nodes, source, layout.copies > 1)
            });
            graph.nodes[id].sources[at] = *copy;
        }
        current.nodes.push(id);
    }
    splits.push(current);
    (splits, copies)
}

fn copy_of(nodes: &mut Vec<Node>, source: Id, kept: bool) -> Id {
    let node = Node {
        place: Place::Own,
        in_place: false,
        output: kept,
        sources: Sources::new(),
        ..nodes[source].clone()
    };
    nodes.push(node);
    nodes.len() - 1
}

/// A node that keeps `sources` until it has run, and is a view of the first.
fn keeper(graph: &Graph, sources: &[Id]) -> Node {
    let first = sources[0];
    let root = match graph.nodes[first].place {
        Place::View(root) => root,
        _ => first,
    };
    Node { place: Place::View(root), sources: sources.into(), in_place: false, ..graph.nodes[first].clone() }
}

/// The order of allocation: what is allocated first, and every step.
fn run(
    graph: &mut Graph,
    layout: &Layout,
    devices: &[u8],
    splits: &[Split],
    copies: &Copies,
    inputs: &[Id],
    keeps: &[Keep],
) -> (Vec<Step>, Vec<Step>) {
    let step = |id: Id, buffer: u8| Step { id, buffer, keeps: false };
    let (mut order, mut leafs) = (Vec::new(), Vec::new());
    let mut kept_until = BTreeMap::<Id, Vec<&Keep>>::new();
    keeps.iter().for_each(|keep| kept_until.entry(keep.until).or_default().push(keep));
    for split in splits {
        for source in &split.copied {
            // The source stays until it is copied.
            graph.nodes.push(keeper(graph, &[*source]));
            order.push(Step { id: graph.nodes.len() - 1, buffer: devices[*source], keeps: true });
            order.push(step(copies[&(*source, split.device)], split.device));
        }
        for id in &split.nodes {
            order.push(step(*id, devices[*id]));
            for keep in kept_until.get(id).into_iter().flatten() {
                graph.nodes.push(keeper(graph, &keep.tensors));
                order.push(Step { id: graph.nodes.len() - 1, buffer: split.device, keeps: true });
            }
        }
    }
    if layout.copies > 1 {
        for input in inputs {
            graph.nodes[*input].output = true;
            leafs.push(step(*input, layout.cards));
            for _ in 1..layout.copies {
                leafs.push(step(copy_of(&mut graph.nodes, *input, true), layout.cards));
            }
        }
        for split in splits {
            for source in &split.copied {
                leafs.push(step(copies[&(*source, split.device)], split.device));
                for _ in 1..layout.copies {
                    leafs.push(step(copy_of(&mut graph.nodes, *source, true), split.device));
                }
            }
        }
    }
    leafs.extend(graph.leafs.iter().map(|leaf| step(*leaf, devices[*leaf])));
    (order, leafs)
}
