//! Where the layers of a model lie on one machine: all on its cards, or as many of them as fit.

use crate::engine::split::SplitMode;
use crate::hardware::profiles::Profile;
use crate::plan::document::DeviceLedger;
use crate::plan::ledger::Subject;
use crate::plan::placement::Placement;
use crate::plan::rag;
use crate::plan::request::Request;

/// All layers on the cards, where there are any, as far as the user left it open.
pub(super) fn whole(request: &Request, profile: &Profile) -> Placement {
    let n_layer = request.model.shape.layers.len() as u64;
    let shares = shares(profile);
    if shares.is_empty() {
        return Placement::host_only(n_layer);
    }
    let placement = match request.fixed.split_mode {
        Some(SplitMode::Tensor) if shares.len() > 1 => Placement::tensor(n_layer, &shares),
        _ => Placement::offload(n_layer, n_layer, &shares),
    };
    placement.with_experts_on_host(request.fixed.n_cpu_moe.unwrap_or(0).min(n_layer))
}

/// Share of each card: as its memory is, and the same of equal cards.
pub(super) fn shares(profile: &Profile) -> Vec<u64> {
    let first = profile.gpus.first().map_or(1, |gpu| gpu.vram_mib);
    let equal = profile.gpus.iter().all(|gpu| gpu.vram_mib == first);
    profile.gpus.iter().map(|gpu| if equal { 1 } else { gpu.vram_mib }).collect()
}

/// Counts the embedding server's share into a ledger.
pub(super) fn with_rag(mut memory: Vec<DeviceLedger>, rag: Option<&rag::Placed>) -> Vec<DeviceLedger> {
    if let Some(rag) = rag {
        rag.count_in(&mut memory);
    }
    memory
}

/// A way to lay a model on a machine with cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// All on the cards; on a machine without cards, all on the host.
    Whole,
    /// The experts of as few layers as fit on the host, all else on the cards.
    ExpertsOnHost,
    /// The most layers that fit on the cards, the others on the host.
    LayersOnHost,
}

/// A model on a machine that is to be placed.
pub(super) struct Spot<'a> {
    pub subject: &'a Subject<'a>,
    pub profile: &'a Profile,
    /// Share of each device that the embedding server takes.
    pub rag: Option<&'a rag::Placed>,
    /// The placement of [`Place::Whole`].
    pub whole: &'a Placement,
}

impl Spot<'_> {
    pub fn placed(&self, place: Place) -> Placement {
        match place {
            Place::Whole => self.whole.clone(),
            _ => self.with(place, self.most_on_cards(place)),
        }
    }

    /// Whether the model might fit so: it does where compute buffers take nothing.
    pub fn might_fit(&self, place: Place) -> bool {
        let placement = match place {
            Place::Whole => self.whole.clone(),
            _ => self.with(place, self.most_with(place, self.most(), None)),
        };
        self.memory(&placement, None).iter().all(|device| device.headroom_bytes >= 0)
    }

    fn layers(&self) -> u64 {
        self.subject.shape.layers.len() as u64
    }

    /// The most layers that may be on the cards where not all are.
    fn most(&self) -> u64 {
        self.layers().saturating_sub(1)
    }

    fn with(&self, place: Place, on_cards: u64) -> Placement {
        match place {
            Place::Whole => self.whole.clone(),
            Place::ExpertsOnHost => self.whole.clone().with_experts_on_host(self.layers() - on_cards),
            Place::LayersOnHost => Placement::offload(self.layers(), on_cards, &shares(self.profile)),
        }
    }

    fn memory(&self, placement: &Placement, compute: Option<&[u64]>) -> Vec<DeviceLedger> {
        let memory = match compute {
            Some(compute) => self.subject.with_compute(self.profile, placement, compute),
            None => self.subject.without_compute(self.profile, placement),
        };
        with_rag(memory, self.rag)
    }

    fn fits(&self, place: Place, layers: u64, compute: Option<&[u64]>) -> bool {
        self.memory(&self.with(place, layers), compute)[1..].iter().all(|gpu| gpu.headroom_bytes >= 0)
    }

    /// The most layers up to `high` that fit on the cards with these buffers; more layers never take less beside them.
    fn most_with(&self, place: Place, high: u64, compute: Option<&[u64]>) -> u64 {
        let (mut low, mut high) = (0, high);
        while low < high {
            let middle = (low + high).div_ceil(2);
            if self.fits(place, middle, compute) { low = middle } else { high = middle - 1 }
        }
        low
    }

    /// Returns the most layers that fit on the cards; 0 where none do. Works out the compute buffers, which take the most
    /// work, for few numbers: those of one are about those of the next.
    fn most_on_cards(&self, place: Place) -> u64 {
        let mut layers = self.most_with(place, self.most(), None);
        while layers > 0 {
            let compute = self.subject.compute_bytes(&self.with(place, layers));
            if self.fits(place, layers, Some(&compute)) {
                break;
            }
            layers = self.most_with(place, layers - 1, Some(&compute));
        }
        layers
    }
}
