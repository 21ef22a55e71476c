//! The candidates: one profile with one quantisation each, placed as well as it can be, and judged.

use super::machines::{Machine, paged_refusal};
use super::places::{Place, Spot, shares, whole, with_rag};
use crate::engine::split::SplitMode;
use crate::hardware::profiles::Profile;
use crate::model::safetensors::checkpoint::Checkpoint;
use crate::plan::document::{DeviceLedger, Speed, Verdict, Workload};
use crate::plan::ledger::{Graphs, Logits, Subject, refusal};
use crate::plan::placement::Placement;
use crate::plan::request::{Request, Variant};
use crate::plan::verdict::{self, COMFORT_CONTEXT, COMFORT_FREE, COMFORT_SLOTS, Case, Disk, LEAST_CONTEXT};
use crate::plan::{paged, placement, rag, requirements, speed};

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
    let types = if request.model.checkpoint.is_some() { &["f16"][..] } else { &["f16", SMALL_CACHE] };
    let mut all = Vec::new();
    for (slots, tokens) in [(COMFORT_SLOTS, COMFORT_CONTEXT), (1, COMFORT_CONTEXT), (1, LEAST_CONTEXT)] {
        all.extend(types.iter().map(|kv_type| workload(slots, tokens, kv_type)));
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
    /// Part on cards and part on the host, where the whole is known not to run: what does not run even so has no compute
    /// buffers.
    Split,
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
type Placing<'p> = &'p dyn Fn(&Subject, Option<&rag::Placed>) -> Placement;

impl<'a> Trial<'a, '_> {
    /// The first of `workloads` that runs: all on cards, else without some experts, else without some
    /// layers. The last of them where none does.
    pub fn best(&self, workloads: &[Workload]) -> Candidate<'a> {
        let (request, profile) = (self.request, &*self.machine.profile);
        if let Some(checkpoint) = &request.model.checkpoint {
            return self.paged(checkpoint, workloads);
        }
        let workloads = match self.effort {
            // The others have less than comfort asks for, or are the same.
            Effort::Comfort => &workloads[..1],
            _ => workloads,
        };
        let workloads: Vec<Workload> = workloads.iter().map(|w| suited(request, profile, w)).collect();
        let (workloads, whole) = (&workloads[..], whole(request, profile));
        if self.effort == Effort::Comfort
            && let Some(beyond) = self.beyond_comfort(&workloads[0], &whole)
        {
            return beyond;
        }
        let mut last = None;
        for place in self.places() {
            let tried = self.first_that_runs(workloads, place, &whole);
            if tried.verdict != Verdict::Impossible {
                return self.shared(&tried).unwrap_or(tried);
            }
            last = Some(tried);
        }
        last.expect("there is a place")
    }

    /// The places to try, in their order.
    fn places(&self) -> Vec<Place> {
        let (request, profile) = (self.request, &*self.machine.profile);
        // The user's own placement is kept as given.
        let open = !profile.gpus.is_empty()
            && matches!(self.effort, Effort::Partial | Effort::Split)
            && request.fixed.n_cpu_moe.is_none()
            && request.fixed.split_mode != Some(SplitMode::Tensor);
        let has_experts = request.model.shape.experts.is_some();
        let mut places = Vec::new();
        if !open || self.effort != Effort::Split {
            places.push(Place::Whole);
        }
        if open && has_experts {
            places.push(Place::ExpertsOnHost);
        }
        if open {
            places.push(Place::LayersOnHost);
        }
        places
    }

    /// The first of `workloads` that runs at a place; the last of them where none does.
    fn first_that_runs(&self, workloads: &[Workload], place: Place, whole: &Placement) -> Candidate<'a> {
        let tried = |workload: &Workload| self.at(workload, place, whole);
        let runs = |candidate: &Candidate| candidate.verdict != Verdict::Impossible;
        let first = tried(&workloads[0]);
        if runs(&first) || workloads.len() == 1 {
            return first;
        }
        let least = tried(&workloads[workloads.len() - 1]);
        // Each workload before takes more memory than that of the last two which has the same type of cache.
        let hopeless =
            !runs(&least) && (workloads.len() < 3 || !runs(&tried(&workloads[workloads.len() - 2])));
        if hopeless {
            return least;
        }
        workloads[1..].iter().map(tried).find(runs).unwrap_or(least)
    }

    fn at(&self, workload: &Workload, place: Place, whole: &Placement) -> Candidate<'a> {
        let profile = &*self.machine.profile;
        if self.effort == Effort::Split {
            let subject = subject(self.request, self.graphs, self.variant, workload);
            let spot = Spot { subject: &subject, profile, rag: None, whole };
            if !spot.might_fit(place) {
                let memory = subject.without_compute(profile, whole);
                return self.with_memory(&subject, whole.clone(), memory, None);
            }
        }
        self.with_rag(workload, &|subject, rag| Spot { subject, profile, rag, whole }.placed(place))
    }

    /// The first of `workloads` that runs on cards that share every matrix, with a cache of blocks; the last of them where
    /// none does.
    fn paged(&self, checkpoint: &Checkpoint, workloads: &[Workload]) -> Candidate<'a> {
        let (request, profile) = (self.request, &*self.machine.profile);
        let (n_layer, shares) = (checkpoint.config.dimensions.n_layer, shares(profile));
        let placement = match shares.len() {
            0 | 1 => Placement::offload(n_layer, n_layer, if shares.is_empty() { &[1] } else { &shares }),
            _ => Placement::tensor(n_layer, &shares),
        };
        let mut last = None;
        for workload in workloads {
            let subject = subject(request, self.graphs, self.variant, workload);
            let placed = paged::place(checkpoint, workload, profile, request.fixed.host.as_ref());
            let mut tried = self.with_memory(&subject, placement.clone(), placed.memory, None);
            // Its cards cannot serve the model, however much memory they have.
            if paged_refusal(request, profile).is_some() {
                tried.verdict = Verdict::Impossible;
            }
            if tried.verdict != Verdict::Impossible {
                return tried;
            }
            last = Some(tried);
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
    fn with_rag(&self, workload: &Workload, place: Placing) -> Candidate<'a> {
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
        let speed = match &request.model.checkpoint {
            // A token reads the cache of its own request, not all blocks that there are.
            Some(checkpoint) => {
                let read = paged::read_by_a_token(checkpoint, subject.workload, &memory);
                speed::predict(profile, subject, &placement, &read)
            }
            None => speed::predict(profile, subject, &placement, &memory),
        };
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

    /// Returns the ledger. Leaves out compute buffers, which take the most work, where the rest does not fit and nobody
    /// is shown what is missing: it is impossible without them.
    fn memory(
        &self,
        subject: &Subject,
        placement: &Placement,
        rag: Option<&rag::Placed>,
    ) -> Vec<DeviceLedger> {
        let mut memory = with_rag(subject.without_compute(&self.machine.profile, placement), rag);
        let fits = memory.iter().all(|device| device.headroom_bytes >= 0);
        if fits || self.effort == Effort::Partial {
            subject.add_compute(&mut memory, placement);
        }
        memory
    }
}

/// Without flash attention where that answers faster, and the user and the cache's type leave it open.
fn suited(request: &Request, profile: &Profile, workload: &Workload) -> Workload {
    let (shape, asked) = (&request.model.shape, request.fixed.flash_attn);
    let without = Workload { flash_attn: false, ..workload.clone() };
    let slower = profile.gpus.is_empty() && asked.is_none() && !speed::flash_attention_pays(shape);
    if slower && refusal(shape, &without).is_none() { without } else { workload.clone() }
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
    /// Works the compute buffers out to the byte, where the search took a little more.
    pub fn settle(&mut self, request: &Request) {
        let counted = self.memory.iter().any(|device| device.compute_bytes > 0);
        if !counted || request.model.checkpoint.is_some() || !request.model.shape.keeps_states() {
            return;
        }
        let graphs = Graphs::exact();
        let subject = subject(request, &graphs, self.variant, &self.workload);
        let memory = subject.ledger(&self.machine.profile, &self.placement);
        self.memory = with_rag(memory, self.rag.as_ref());
    }

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

#[cfg(test)]
#[path = "candidates_tests.rs"]
mod tests;
