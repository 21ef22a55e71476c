//! Bytes that one token reads of each device.

use crate::plan::document::DeviceLedger;
use crate::plan::ledger::Subject;
use crate::plan::placement::Placement;

pub(super) struct TokenReads {
    pub host: f64,
    /// Part of those that weights take, and all weights that lie there.
    pub host_weights: f64,
    pub host_held: f64,
    pub cards: Vec<OfCard>,
    /// Share of all parameters that work on a token.
    pub share: f64,
}

pub(super) struct OfCard {
    pub weights: f64,
    pub cache: f64,
    /// All weights that lie there.
    pub held: f64,
}

impl TokenReads {
    /// Counts one row of the embedding, not the table, unless it is the output's matrix too; only the chosen experts
    /// of a layer; half of the cache, because the slot is half full.
    pub fn of(subject: &Subject, placement: &Placement, memory: &[DeviceLedger]) -> TokenReads {
        let weights = subject.weights;
        let idle = subject.shape.experts.as_ref().map_or(0.0, |e| 1.0 - e.used as f64 / e.count as f64);
        let experts =
            |from: usize, to: usize| weights.expert_bytes[from..to.max(from)].iter().sum::<u64>() as f64;
        let (n_layer, host_layers) = (weights.layer_bytes.len(), placement.host_layers as usize);
        let kv = |device: &DeviceLedger| device.kv_bytes as f64 / (2 * subject.workload.slots.max(1)) as f64;
        let on_host = host_layers.max(placement.host_experts as usize);
        let no_card = placement.gpu_layers.iter().all(|layers| *layers == 0);
        let embedding = match weights.tied && no_card {
            true => 0.0,
            false => weights.embedding_bytes.min(memory[0].weights_bytes) as f64,
        };
        let host_held = if on_host == 0 { 0.0 } else { memory[0].weights_bytes as f64 - embedding };
        let host_weights = host_held - idle * experts(0, on_host);
        let all_idle = idle * experts(on_host, n_layer);
        let on_cards: f64 = memory[1..].iter().map(|card| card.weights_bytes as f64).sum();
        let card = |card: &DeviceLedger| {
            let held = card.weights_bytes as f64;
            // The experts that lie on cards are spread as their weights are.
            OfCard { weights: held - all_idle * held / on_cards.max(1.0), cache: kv(card), held }
        };
        let total = weights.total_bytes.max(1) as f64;
        TokenReads {
            host: if on_host == 0 { 0.0 } else { host_weights + kv(&memory[0]) },
            host_weights,
            host_held,
            cards: memory[1..].iter().map(card).collect(),
            share: 1.0 - idle * experts(0, n_layer) / total,
        }
    }
}
