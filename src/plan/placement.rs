//! Where a model lies: on the host, on cards, or part here and part there, as llama.cpp places it.

use super::document::Workload;
use super::graph::{GPU_ALIGNMENT, Layout};
use super::request::Fixed;
use crate::engine::llama_cpp::build::Build;
use crate::engine::split::SplitMode;
use crate::hardware::profiles::Profile;
use crate::model::tensor_type::TensorType;
use crate::model::{Shape, Weights};

/// Returns the reason why llama.cpp would refuse the placement that the user fixed, or why it has no effect.
pub(super) fn refusal(shape: &Shape, workload: &Workload, fixed: &Fixed, build: &Build) -> Option<String> {
    if fixed.split_mode == Some(SplitMode::Tensor)
        && let Some(why) = tensor_refusal(shape, workload, build)
    {
        return Some(why);
    }
    if fixed.n_cpu_moe.is_some_and(|layers| layers > 0) && shape.experts.is_none() {
        return Some("--n-cpu-moe is for mixtures of experts: this model has none".to_string());
    }
    None
}

fn tensor_refusal(shape: &Shape, workload: &Workload, build: &Build) -> Option<String> {
    let architecture = &shape.architecture;
    if !workload.flash_attn {
        return Some("llama.cpp refuses --split-mode tensor without flash attention".to_string());
    }
    build.no_tensor_split.contains(architecture).then(|| {
        format!("llama.cpp {} refuses --split-mode tensor for the architecture {architecture:?}", build.id)
    })
}

/// A tensor split may be chosen without being asked for: equal cards of a host that was looked at, with
/// NVLink between every pair. llama.cpp calls the mode experimental and wants fast links for it
/// (docs/multi-gpu.md of b11434), so not for what a catalogue promises, nor for a model or a cache that it
/// warns of or that splits unevenly.
pub(super) fn may_share(profile: &Profile, shape: &Shape, workload: &Workload, build: &Build) -> bool {
    let cards = &profile.gpus;
    let equal = cards.iter().all(|card| (&card.name, card.vram_mib) == (&cards[0].name, cards[0].vram_mib));
    let quantised = |name: &str| TensorType::by_name(name).is_none_or(|kind| kind.block > 1);
    profile.is_there()
        && profile.nvlink
        && cards.len() > 1
        && equal
        && shape.known()
        && shape.experts.is_none()
        && shape.heads_kv().is_multiple_of(cards.len() as u64)
        && !quantised(&workload.kv_type_k)
        && !quantised(&workload.kv_type_v)
        && tensor_refusal(shape, workload, build).is_none()
}

/// Fewest GPUs that what the user fixed needs.
pub(super) fn least_gpus(fixed: &Fixed) -> usize {
    let needs_a_card =
        fixed.engine.is_some_and(|engine| engine.container().is_some_and(|container| container.only));
    match (fixed.split_mode, fixed.n_cpu_moe) {
        (Some(_), _) => 2,
        (None, Some(_)) => 1,
        (None, None) => usize::from(needs_a_card),
    }
}

/// Device of each layer. llama.cpp fills from the back: the first layers stay on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Layers on each GPU, in order; empty on a CPU host. With a tensor split, all on the first.
    pub gpu_layers: Vec<u64>,
    /// Layers on the host, which are the first ones.
    pub host_layers: u64,
    /// The card of the output layer.
    pub output: usize,
    /// The first so many layers keep their experts on the host (`--n-cpu-moe`).
    pub host_experts: u64,
    /// Way in which several cards share the model.
    pub split: SplitMode,
    /// Share of each card (`--tensor-split`), in any unit.
    pub shares: Vec<u64>,
    /// The first so many cards are devices of other hosts (`--rpc`).
    pub remote: usize,
}

impl Placement {
    /// Returns a placement with all `n_layer` layers on the host.
    pub fn host_only(n_layer: u64) -> Placement {
        Placement {
            gpu_layers: Vec::new(),
            host_layers: n_layer,
            output: 0,
            host_experts: 0,
            split: SplitMode::Layer,
            shares: Vec::new(),
            remote: 0,
        }
    }

    /// `offloaded` layers and the output on cards that get `shares`: as llama.cpp does (`load_tensors`
    /// of llama-model.cpp), an item goes to the first card whose sum of shares is above its place.
    pub fn offload(n_layer: u64, offloaded: u64, shares: &[u64]) -> Placement {
        let all = shares.iter().sum::<u64>() as f32;
        let mut sum = 0.0;
        let ends: Vec<f32> = shares
            .iter()
            .map(|share| {
                sum += *share as f32;
                sum / all
            })
            .collect();
        let card = |item: u64| {
            let place = item as f32 / (offloaded + 1) as f32;
            ends.iter().position(|end| *end > place).unwrap_or(ends.len() - 1)
        };
        let mut gpu_layers = vec![0; shares.len()];
        (0..offloaded).for_each(|item| gpu_layers[card(item)] += 1);
        Placement {
            gpu_layers,
            host_layers: n_layer - offloaded,
            output: card(offloaded),
            host_experts: 0,
            split: SplitMode::Layer,
            shares: shares.to_vec(),
            remote: 0,
        }
    }

    /// All layers on cards that share each of them.
    pub fn tensor(n_layer: u64, shares: &[u64]) -> Placement {
        let mut gpu_layers = vec![0; shares.len()];
        gpu_layers[0] = n_layer;
        Placement {
            gpu_layers,
            host_layers: 0,
            output: 0,
            host_experts: 0,
            split: SplitMode::Tensor,
            shares: shares.to_vec(),
            remote: 0,
        }
    }

    /// The same, but the first `layers` layers keep their experts on the host.
    pub fn with_experts_on_host(self, layers: u64) -> Placement {
        Placement { host_experts: layers, ..self }
    }

    /// The same, but the first `devices` of the cards are other hosts'.
    pub fn with_remote(self, devices: usize) -> Placement {
        Placement { remote: devices, ..self }
    }

    /// Whether any of its cards is the host's own.
    pub(super) fn has_own_cards(&self) -> bool {
        self.gpu_layers.len() > self.remote
    }

    /// llama-server's `-ngl`: the offloaded layers and the output.
    pub fn n_gpu_layers(&self) -> u64 {
        if self.gpu_layers.is_empty() { 0 } else { self.gpu_layers.iter().sum::<u64>() + 1 }
    }

    /// Weights lie on host and GPU.
    pub fn is_split(&self) -> bool {
        !self.gpu_layers.is_empty() && (self.host_layers > 0 || self.host_experts > 0)
    }

    /// Layout for ggml's scheduler. Cards take turns on one batch, with four copies of what passes
    /// between them, when all layers are on cards and nothing was placed by hand.
    pub(super) fn layout(&self, weights: &Weights) -> Layout {
        let n_layer = weights.layer_bytes.len();
        if self.gpu_layers.is_empty() {
            return Layout::host(n_layer);
        }
        let cards = match self.split {
            SplitMode::Layer => self.gpu_layers.len() as u8,
            SplitMode::Tensor => 1,
        };
        let mut layers = vec![cards; self.host_layers as usize];
        for (card, count) in self.gpu_layers.iter().enumerate() {
            layers.extend(std::iter::repeat_n(card as u8, *count as usize));
        }
        let mut experts = layers.clone();
        experts.iter_mut().take(self.host_experts as usize).for_each(|device| *device = cards);
        let turns = cards > 1 && !self.is_split();
        Layout {
            cards,
            layers,
            experts,
            output: self.output as u8,
            copies: if turns { 4 } else { 1 },
            // Only what lies on the host is ever copied.
            weight_width: if self.is_split() { weights.matrix_width } else { 0.0 },
            // No device of another host takes work from a processor.
            takes_batches: self.has_own_cards(),
            alignment: GPU_ALIGNMENT,
            ..Layout::host(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_split_as_llama_cpp_does() {
        // 80 layers and the output are 81 items on two cards.
        let placement = Placement::offload(80, 80, &[1, 1]);
        assert_eq!((placement.gpu_layers.as_slice(), placement.output), (&[41, 39][..], 1));
        assert_eq!(placement.n_gpu_layers(), 81);
        assert!(!placement.is_split());
        let part = Placement::offload(80, 30, &[24564]);
        assert_eq!((part.gpu_layers.as_slice(), part.host_layers, part.is_split()), (&[30][..], 50, true));
        assert_eq!(Placement::host_only(22).n_gpu_layers(), 0);
        // llama-fit-params b11434 with `-ts 3,1`: 22 and 6 layers of 28.
        assert_eq!(Placement::offload(28, 28, &[3, 1]).gpu_layers, [22, 6]);
    }
}
