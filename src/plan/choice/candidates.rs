//! The candidates: one profile with one quantisation each, placed as well as it can be, and judged.

use super::machines::Machine;
use crate::engine::split::SplitMode;
use crate::hardware::profiles::Profile;
use crate::plan::document::{DeviceLedger, Speed, Verdict, Workload};
use crate::plan::ledger::{Graphs, Logits, Subject, refusal};
use crate::plan::placement::Placement;
use crate::plan::request::{Request, Variant};
use crate::plan::verdict::{self, COMFORT_CONTEXT, COMFORT_FREE, COMFORT_SLOTS, Case, Disk, LEAST_CONTEXT};
use crate::plan::{placement, rag, requirements, speed};

/// One machine with one quantisation, judged.
pub(super) struct Candidate<'a> {
    pub machine: Machine<'a>,
    pub variant: &'a Variant,
    pub workload: Workload,
    pub placement: Placement,
    pub memory: Vec<DeviceLedger>,
    pub rag: Option<rag::Placed>,
    pub disk: Disk,
    pub speed: Speed,
    pub verdict: Verdict,
    /// Terms of comfort that are not held.
    pub given_up: u64,
}

/// The workloads to try, the comfort workload first. What the user fixed stays.
pub(super) fn workloads(request: &Request) -> Vec<Workload> {
    let fixed = &request.fixed;
    let trained = request.model.shape.n_ctx_train.max(1);
    let workload = |slots: u64, slot_tokens: u64, kv_type: &str| {
        let slots = fixed.slots.unwrap_or(slots);
        let batch = fixed.batch.unwrap_or(2048);
        let kv_type = fixed.kv_type.clone().unwrap_or_else(|| kv_type.to_string());
        Workload {
            n_ctx: fixed.n_ctx.unwrap_or(slots * slot_tokens.min(trained)),
            slots,
            kv_unified: fixed.kv_unified,
            kv_type_k: kv_type.clone(),
            kv_type_v: kv_type,
            flash_attn: fixed.flash_attn.unwrap_or(true),
            batch,
            ubatch: fixed.ubatch.unwrap_or(512).min(batch),
        }
    };
    let mut all = Vec::new();
    for (slots, tokens) in [(COMFORT_SLOTS, COMFORT_CONTEXT), (1, COMFORT_CONTEXT), (1, LEAST_CONTEXT)] {
        all.extend(["f16", SMALL_CACHE].map(|kv_type| workload(slots, tokens, kv_type)));
    }
    all.dedup();
    let first = all[0].clone();
    all.retain(|workload| *workload == first || refusal(&request.model.shape, workload).is_none());
    all
}

/// The cache's type where f16 leaves no room: half the size, and hardly worse.
const SMALL_CACHE: &str = "q8_0";

/// How far a placement goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// The same as `Whole`, where that may be in comfort. Elsewhere without compute buffers, which take the most work.
    Comfort,
    /// The whole model on cards, or all of it on the host.
    Whole,
    /// Also part on cards and part on the host.
    Partial,
}

/// A machine and a quantisation, before it is known where the model lies.
pub(super) struct Trial<'a, 'b> {
    pub request: &'a Request,
    pub graphs: &'b Graphs,
    pub rag: Option<&'b rag::Server<'b>>,
    pub machine: &'b Machine<'a>,
    pub variant: &'a Variant,
    pub effort: Effort,
}

/// Where the layers lie, for a workload and what the embedding server takes of each device.
type Place<'p> = &'p dyn Fn(&Subject, Option<&rag::Placed>) -> Placement;

impl<'a> Trial<'a, '_> {
    /// The first of `workloads` that runs: all on cards, else without some experts, else without some
    /// layers. The last of them where none does.
    pub fn best(&self, workloads: &[Workload]) -> Candidate<'a> {
        let (request, profile) = (self.request, &*self.machine.profile);
        let workloads: Vec<Workload> = workloads.iter().map(|w| suited(request, profile, w)).collect();
        let whole = whole(request, profile);
        let workloads = match self.effort {
            // The others have less than comfort asks for, or are the same.
            Effort::Comfort => &workloads[..1],
            Effort::Whole | Effort::Partial => &workloads[..],
        };
        if self.effort == Effort::Comfort
            && let Some(beyond) = self.beyond_comfort(&workloads[0], &whole)
        {
            return beyond;
        }
        // The user's own placement is kept as given.
        let open = !profile.gpus.is_empty()
            && self.effort == Effort::Partial
            && request.fixed.n_cpu_moe.is_none()
            && request.fixed.split_mode != Some(SplitMode::Tensor);
        let on_cards = |_: &Subject, _: Option<&rag::Placed>| whole.clone();
        let experts =
            |subject: &Subject, rag: Option<&rag::Placed>| experts_on_host(subject, profile, rag, &whole);
        let part = |subject: &Subject, rag: Option<&rag::Placed>| partial(subject, profile, rag);
        let mut places: Vec<Place> = vec![&on_cards];
        if open && request.model.shape.experts.is_some() {
            places.push(&experts);
        }
        if open {
            places.push(&part);
        }
        let mut last = None;
        for place in places {
            for workload in workloads {
                let tried = self.with_rag(workload, place);
                if tried.verdict != Verdict::Impossible {
                    return self.shared(&tried).unwrap_or(tried);
                }
                last = Some(tried);
            }
        }
        last.expect("there is a workload")
    }

    /// Returns the candidate without compute buffers, where it is not in comfort even so: with the buffers it has less
    /// memory free, and is no faster.
    fn beyond_comfort(&self, workload: &Workload, whole: &Placement) -> Option<Candidate<'a>> {
        // The embedding server's place depends on the buffers.
        if self.rag.is_some() {
            return None;
        }
        let (profile, shape) = (&*self.machine.profile, &self.request.model.shape);
        let subject = subject(self.request, self.graphs, self.variant, workload);
        let without = |placement: Placement| {
            let memory = subject.without_compute(profile, &placement);
            self.with_memory(&subject, placement, memory, None)
        };
        if placement::may_share(profile, shape, workload, self.request.build) {
            let shared = without(Placement::tensor(shape.layers.len() as u64, &shares(profile)));
            if shared.verdict == Verdict::Comfort {
                return None;
            }
        }
        Some(without(whole.clone())).filter(|candidate| candidate.verdict != Verdict::Comfort)
    }

    /// The same with a part of every matrix on every card, where nobody said how to split it, the links
    /// between the cards permit it, the verdict is no worse, and it is faster.
    fn shared(&self, by_layers: &Candidate) -> Option<Candidate<'a>> {
        let (request, profile, workload) = (self.request, &*self.machine.profile, &by_layers.workload);
        let fixed = &request.fixed;
        // A pinned archive is one of a release, of which none is made for it: CUDA's lack NCCL.
        let open = fixed.split_mode.is_none() && fixed.n_cpu_moe.is_none() && fixed.runtime.is_empty();
        let shape = &request.model.shape;
        if !open
            || by_layers.verdict == Verdict::Impossible
            || by_layers.placement.is_split()
            || !placement::may_share(profile, shape, workload, request.build)
        {
            return None;
        }
        let placement = Placement::tensor(shape.layers.len() as u64, &shares(profile));
        let shared = self.with_rag(workload, &|_, _| placement.clone());
        let speed = |c: &Candidate| c.speed.decode_tok_s.expected;
        (shared.verdict <= by_layers.verdict && speed(&shared) > speed(by_layers)).then_some(shared)
    }

    /// With the embedding server, where there is one, at the better of its places. The rule: on the first
    /// card where the whole model is on cards and that one keeps the share free that comfort asks for;
    /// else on the host, unless the verdict is better with it on the card.
    fn with_rag(&self, workload: &Workload, place: Place) -> Candidate<'a> {
        let subject = subject(self.request, self.graphs, self.variant, workload);
        let judged = |rag: Option<rag::Placed>| self.judged(&subject, place(&subject, rag.as_ref()), rag);
        let Some(server) = self.rag else { return judged(None) };
        let on_host = || judged(Some(server.on_host(&self.machine.profile)));
        let Some(on_card) = server.on_gpu(&self.machine.profile).map(|rag| judged(Some(rag))) else {
            return on_host();
        };
        let roomy =
            |gpu: &DeviceLedger| gpu.headroom_bytes as f64 >= COMFORT_FREE * gpu.capacity_bytes as f64;
        if on_card.placement.host_layers == 0 && on_card.memory.get(1).is_some_and(roomy) {
            return on_card;
        }
        let on_host = on_host();
        let key = |c: &Candidate| (c.verdict, shortage(c));
        if key(&on_card) < key(&on_host) { on_card } else { on_host }
    }

    fn judged(&self, subject: &Subject, placement: Placement, rag: Option<rag::Placed>) -> Candidate<'a> {
        let memory = self.memory(subject, &placement, rag.as_ref());
        self.with_memory(subject, placement, memory, rag)
    }

    fn with_memory(
        &self,
        subject: &Subject,
        placement: Placement,
        memory: Vec<DeviceLedger>,
        rag: Option<rag::Placed>,
    ) -> Candidate<'a> {
        let (request, profile, variant) = (self.request, &*self.machine.profile, self.variant);
        let of_rag = self.rag.map_or(0, |server| server.disk_bytes());
        let disk = variant.size_bytes.saturating_add(of_rag);
        let speed = speed::predict(profile, subject, &placement, &memory);
        let need = requirements::disk_need(disk, requirements::pinned_bytes(&request.fixed.runtime));
        let candidate = Candidate {
            machine: self.machine.clone(),
            variant,
            workload: subject.workload.clone(),
            placement,
            memory,
            rag,
            disk: Disk { need, of_rag, has: profile.disk_bytes() },
            speed,
            verdict: Verdict::Impossible,
            given_up: 0,
        };
        candidate.judged(request)
    }

    /// Returns the ledger. Leaves out compute buffers, which take the most work, where the rest does not fit and the
    /// candidate is only looked at whole: it is impossible without them.
    fn memory(
        &self,
        subject: &Subject,
        placement: &Placement,
        rag: Option<&rag::Placed>,
    ) -> Vec<DeviceLedger> {
        let profile = &self.machine.profile;
        if self.effort != Effort::Partial {
            let least = with_rag(subject.without_compute(profile, placement), rag);
            if least.iter().any(|device| device.headroom_bytes < 0) {
                return least;
            }
        }
        ledger(subject, profile, placement, rag)
    }
}

/// Without flash attention where that answers faster, and the user and the cache's type leave it open.
fn suited(request: &Request, profile: &Profile, workload: &Workload) -> Workload {
    let (shape, asked) = (&request.model.shape, request.fixed.flash_attn);
    let without = Workload { flash_attn: false, ..workload.clone() };
    let slower = profile.gpus.is_empty() && asked.is_none() && !speed::flash_attention_pays(shape);
    if slower && refusal(shape, &without).is_none() { without } else { workload.clone() }
}

/// All layers on the cards, where there are any, as far as the user left it open.
fn whole(request: &Request, profile: &Profile) -> Placement {
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
fn shares(profile: &Profile) -> Vec<u64> {
    let first = profile.gpus.first().map_or(1, |gpu| gpu.vram_mib);
    let equal = profile.gpus.iter().all(|gpu| gpu.vram_mib == first);
    profile.gpus.iter().map(|gpu| if equal { 1 } else { gpu.vram_mib }).collect()
}

/// The model's ledger with the embedding server's share of each device.
fn ledger(
    subject: &Subject,
    profile: &Profile,
    placement: &Placement,
    rag: Option<&rag::Placed>,
) -> Vec<DeviceLedger> {
    with_rag(subject.ledger(profile, placement), rag)
}

/// Counts the embedding server's share into a ledger.
fn with_rag(mut memory: Vec<DeviceLedger>, rag: Option<&rag::Placed>) -> Vec<DeviceLedger> {
    if let Some(rag) = rag {
        rag.count_in(&mut memory);
    }
    memory
}

/// The experts of as few layers as fit on the host, all else on the cards.
fn experts_on_host(
    subject: &Subject,
    profile: &Profile,
    rag: Option<&rag::Placed>,
    whole: &Placement,
) -> Placement {
    let n_layer = subject.shape.layers.len() as u64;
    let with = |on_cards: u64| whole.clone().with_experts_on_host(n_layer - on_cards);
    with(most_on_cards(n_layer.saturating_sub(1), subject, profile, rag, with))
}

/// Returns the placement with as many layers on the GPUs as fit.
fn partial(subject: &Subject, profile: &Profile, rag: Option<&rag::Placed>) -> Placement {
    let (n_layer, shares) = (subject.shape.layers.len() as u64, shares(profile));
    let with = |offloaded: u64| Placement::offload(n_layer, offloaded, &shares);
    with(most_on_cards(n_layer.saturating_sub(1), subject, profile, rag, with))
}

/// Returns the most layers, up to `most`, that fit on the cards as `with` places them; 0 where none do. Works out the
/// compute buffers, which take the most work, for few numbers: those of one are about those of the next.
fn most_on_cards(
    most: u64,
    subject: &Subject,
    profile: &Profile,
    rag: Option<&rag::Placed>,
    with: impl Fn(u64) -> Placement,
) -> u64 {
    let fits = |layers: u64, compute: Option<&[u64]>| {
        let placement = with(layers);
        let memory = match compute {
            Some(compute) => subject.with_compute(profile, &placement, compute),
            None => subject.without_compute(profile, &placement),
        };
        with_rag(memory, rag)[1..].iter().all(|gpu| gpu.headroom_bytes >= 0)
    };
    // The most up to `high` that fit with these buffers; more layers never take less beside them.
    let most_with = |high: u64, compute: Option<&[u64]>| {
        let (mut low, mut high) = (0, high);
        while low < high {
            let middle = (low + high).div_ceil(2);
            if fits(middle, compute) { low = middle } else { high = middle - 1 }
        }
        low
    };
    let mut layers = most_with(most, None);
    while layers > 0 {
        let compute = subject.compute_bytes(&with(layers));
        if fits(layers, Some(&compute)) {
            break;
        }
        layers = most_with(layers - 1, Some(&compute));
    }
    layers
}

pub(super) fn subject<'a>(
    request: &'a Request,
    graphs: &'a Graphs,
    variant: &'a Variant,
    workload: &'a Workload,
) -> Subject<'a> {
    let (shape, weights) = (&request.model.shape, &variant.weights);
    Subject { shape, weights, workload, build: request.build, logits: Logits::PerSlot, graphs }
}

impl Candidate<'_> {
    /// Returns it with the verdict of the rule.
    pub fn judged(mut self, request: &Request) -> Self {
        let judged = verdict::judge(&self.case(request));
        (self.verdict, self.given_up) = (judged.verdict, judged.given_up);
        self
    }

    /// Returns the part of the candidate that the rule judges.
    pub fn case<'c>(&'c self, request: &'c Request) -> Case<'c> {
        Case {
            weights: &self.variant.weights,
            n_ctx_train: request.model.shape.n_ctx_train,
            workload: &self.workload,
            placement: &self.placement,
            memory: &self.memory,
            disk: self.disk,
            speed: &self.speed,
            fixed: &request.fixed,
        }
    }
}

/// Bytes that it lacks, over all devices.
pub(super) fn shortage(candidate: &Candidate) -> i64 {
    candidate.memory.iter().map(|device| (-device.headroom_bytes).max(0)).sum()
}
