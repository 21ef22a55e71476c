//! The choice: every profile and quantisation is tried, and the best wins.
//!
//! Best verdict first, then the lowest price, then weights on one class of device, then the best
//! quality up to Q8_0, then speed. Everything is deterministic: offers are compared by a total order,
//! other ties keep the order of the profiles and quantisations.

use super::arrival::Journey;
use super::document::*;
use super::ledger::{Graphs, Logits, Subject, refusal};
use super::placement::{self, Placement, SplitMode};
use super::request::{Request, Variant};
use super::verdict::{self, COMFORT_CONTEXT, COMFORT_SLOTS, Case, LEAST_CONTEXT, gib};
use super::{rag, requirements, server_args, speed};
use crate::error::{Failure, Result};
use crate::hardware::offers::matching;
use crate::hardware::offers::{HOURS_PER_MONTH, HostKind, Offer, Period};
use crate::hardware::profiles::Profile;
use crate::model::recipe::nominal_bits;
use crate::model::tensor_type::TensorType;
use std::cmp::Ordering;

/// One profile with one quantisation, judged.
struct Candidate<'a> {
    profile: &'a Profile,
    variant: &'a Variant,
    offer: Option<&'a Offer>,
    workload: Workload,
    placement: Placement,
    memory: Vec<DeviceLedger>,
    rag: Option<rag::Placed>,
    speed: Speed,
    verdict: Verdict,
    reasons: Vec<String>,
}

/// The plan for `request`; its verdict is `impossible` when nothing fits. Errors are usage errors:
/// a combination that llama.cpp refuses, a value out of range.
pub fn plan(request: &Request) -> Result<Plan> {
    check(request)?;
    let (tried, graphs) = (workloads(request), Graphs::default());
    let rag = request.rag.as_ref().map(|choice| rag::size(choice, request.build)).transpose()?;
    let least = placement::least_gpus(&request.fixed);
    let within = |offer: &Offer| request.budget.as_ref().is_none_or(|budget| budget.allows(offer));
    let mut everywhere = Vec::new();
    for profile in request.profiles.iter().filter(|profile| profile.gpus.len() >= least) {
        let offer = cheapest(request, profile, within);
        for variant in &request.model.variants {
            let judged = candidate(request, &graphs, &tried, rag.as_ref(), profile, variant);
            everywhere.push(Candidate { offer, ..judged });
        }
    }
    let eligible = |c: &&Candidate| match &request.profile {
        Some(id) => c.profile.id == *id && (request.budget.is_none() || c.offer.is_some()),
        None => c.profile.rented && (request.budget.is_none() || c.offer.is_some()),
    };
    let chosen = everywhere.iter().filter(eligible).min_by(|a, b| better(request, a, b));
    let Some(chosen) = chosen else {
        return Ok(over_budget(request, rag.as_ref(), everywhere));
    };
    let mut plan = document(request, rag.as_ref(), chosen, &everywhere);
    if plan.verdict == Verdict::Impossible {
        plan.reasons.push(nearest(&everywhere, request));
    }
    Ok(plan)
}

fn check(request: &Request) -> Result<()> {
    let fixed = &request.fixed;
    if let Some(name) = &fixed.kv_type
        && !TensorType::CACHE.contains(&name.as_str())
    {
        let hint = format!("llama-server accepts {}", TensorType::CACHE.join(", "));
        return Err(Failure::usage(format!("{name:?} is not a KV cache type")).hint(hint).into());
    }
    let limits = [
        ("context", fixed.n_ctx, 1 << 24),
        ("slots", fixed.slots, 256),
        ("batch", fixed.batch, 1 << 16),
        ("ubatch", fixed.ubatch, 1 << 16),
    ];
    for (what, value, most) in limits {
        if let Some(value) = value.filter(|n| *n == 0 || *n > most) {
            return Err(Failure::usage(format!("{what} {value} is not between 1 and {most}")).into());
        }
    }
    if let Some(why) = refusal(&request.model.shape, &workloads(request)[0]) {
        return Err(Failure::usage(why)
            .hint("choose another --kv-type or --flash-attn; f16 always works")
            .into());
    }
    let refused = placement::refusal(&request.model.shape, &workloads(request)[0], fixed, request.build);
    if let Some(why) = refused {
        return Err(Failure::usage(why)
            .hint("leave --split-mode and --n-cpu-moe out: the plan then places the model itself")
            .into());
    }
    let least = placement::least_gpus(fixed);
    let named = request.profiles.iter().find(|profile| request.profile.as_ref() == Some(&profile.id));
    if let Some(profile) = named.filter(|profile| profile.gpus.len() < least) {
        let have = match profile.gpus.len() {
            0 => "no GPU",
            _ => "one GPU",
        };
        return Err(Failure::usage(format!("{} has {have}, and what was asked needs {least}", profile.id))
            .hint("`agi-provision profiles` lists profiles with more; or leave --split-mode and --n-cpu-moe out")
            .into());
    }
    Ok(())
}

/// The workloads to try, the comfort workload first. What the user fixed stays.
fn workloads(request: &Request) -> Vec<Workload> {
    let fixed = &request.fixed;
    let trained = request.model.shape.n_ctx_train.max(1);
    let kv_type = fixed.kv_type.clone().unwrap_or_else(|| "f16".to_string());
    let workload = |slots: u64, slot_tokens: u64| {
        let slots = fixed.slots.unwrap_or(slots);
        let batch = fixed.batch.unwrap_or(2048);
        Workload {
            n_ctx: fixed.n_ctx.unwrap_or(slots * slot_tokens.min(trained)),
            slots,
            kv_unified: fixed.kv_unified,
            kv_type_k: kv_type.clone(),
            kv_type_v: kv_type.clone(),
            flash_attn: fixed.flash_attn.unwrap_or(true),
            batch,
            ubatch: fixed.ubatch.unwrap_or(512).min(batch),
        }
    };
    let mut all = vec![
        workload(COMFORT_SLOTS, COMFORT_CONTEXT),
        workload(1, COMFORT_CONTEXT),
        workload(1, LEAST_CONTEXT),
    ];
    all.dedup();
    all
}

fn candidate<'a>(
    request: &'a Request,
    graphs: &Graphs,
    workloads: &[Workload],
    rag: Option<&rag::Server>,
    profile: &'a Profile,
    variant: &'a Variant,
) -> Candidate<'a> {
    let tried = |placement: &dyn Fn(&Workload) -> Placement| {
        let judge = |w| judged(request, graphs, profile, variant, w, rag, placement(w));
        workloads.iter().map(judge).collect::<Vec<_>>()
    };
    let whole = whole(request, profile);
    let mut attempts = tried(&|_| whole.clone());
    // The user's own placement is kept as given.
    let open = !profile.gpus.is_empty()
        && request.fixed.n_cpu_moe.is_none()
        && request.fixed.split_mode != Some(SplitMode::Tensor);
    let nothing = |attempts: &[Candidate]| attempts.iter().all(|a| a.verdict == Verdict::Impossible);
    if open && request.model.shape.experts.is_some() && nothing(&attempts) {
        attempts.extend(tried(&|w| experts_on_host(&subject(request, graphs, variant, w), profile, &whole)));
    }
    if open && nothing(&attempts) {
        attempts.extend(tried(&|w| partial(&subject(request, graphs, variant, w), profile)));
    }
    let least = attempts.len() - 1;
    let runs = attempts.iter().position(|a| a.verdict != Verdict::Impossible).unwrap_or(least);
    attempts.swap_remove(runs)
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

/// What each card gets: as much as its memory, and the same of equal cards.
fn shares(profile: &Profile) -> Vec<u64> {
    let first = profile.gpus.first().map_or(1, |gpu| gpu.vram_mib);
    let equal = profile.gpus.iter().all(|gpu| gpu.vram_mib == first);
    profile.gpus.iter().map(|gpu| if equal { 1 } else { gpu.vram_mib }).collect()
}

fn fits(subject: &Subject, profile: &Profile, placement: &Placement) -> bool {
    subject.ledger(profile, placement)[1..].iter().all(|gpu| gpu.headroom_bytes >= 0)
}

/// The experts of as few layers as fit on the host, all else on the cards.
fn experts_on_host(subject: &Subject, profile: &Profile, whole: &Placement) -> Placement {
    let n_layer = subject.shape.layers.len() as u64;
    let with = |layers: u64| whole.clone().with_experts_on_host(layers);
    // More layers on the host never take more of a card.
    let (mut low, mut high) = (1, n_layer);
    while low < high {
        let middle = (low + high) / 2;
        if fits(subject, profile, &with(middle)) { high = middle } else { low = middle + 1 }
    }
    with(low)
}

/// As many layers on the GPUs as fit.
fn partial(subject: &Subject, profile: &Profile) -> Placement {
    let (n_layer, shares) = (subject.shape.layers.len() as u64, shares(profile));
    let with = |offloaded: u64| Placement::offload(n_layer, offloaded, &shares);
    // Fewer layers take less, but for a few MiB of compute: halve first, then step down.
    let (mut low, mut high) = (0, n_layer - 1);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if fits(subject, profile, &with(middle)) { low = middle } else { high = middle - 1 }
    }
    (0..=low).rev().map(with).find(|placement| fits(subject, profile, placement)).unwrap_or_else(|| with(0))
}

fn subject<'a>(
    request: &'a Request,
    graphs: &'a Graphs,
    variant: &'a Variant,
    workload: &'a Workload,
) -> Subject<'a> {
    let (shape, weights) = (&request.model.shape, &variant.weights);
    Subject { shape, weights, workload, build: request.build, logits: Logits::PerSlot, graphs }
}

fn judged<'a>(
    request: &'a Request,
    graphs: &Graphs,
    profile: &'a Profile,
    variant: &'a Variant,
    workload: &Workload,
    rag: Option<&rag::Server>,
    placement: Placement,
) -> Candidate<'a> {
    let subject = subject(request, graphs, variant, workload);
    let mut memory = subject.ledger(profile, &placement);
    let of_rag = rag.map_or(0, |server| server.disk_bytes());
    let disk = variant.size_bytes.saturating_add(of_rag);
    let rag = rag.map(|server| server.place(profile, &placement, &mut memory));
    let speed = speed::predict(profile, &subject, &placement, &memory);
    let workload = workload.clone();
    let (mut verdict, mut reasons) = verdict::judge(&Case {
        weights: &variant.weights,
        n_ctx_train: request.model.shape.n_ctx_train,
        workload: &workload,
        placement: &placement,
        memory: &memory,
        speed: &speed,
        fixed: &request.fixed,
    });
    let disk = requirements::disk_need(disk);
    if disk > profile.disk_bytes() {
        verdict = Verdict::Impossible;
        let of_rag = match of_rag {
            0 => String::new(),
            bytes => format!(", {} of them for the embedding model and its index", gib(bytes)),
        };
        reasons.push(format!(
            "the disk holds {} and {} are needed{of_rag}",
            gib(profile.disk_bytes()),
            gib(disk)
        ));
    }
    Candidate { profile, variant, offer: None, workload, placement, memory, rag, speed, verdict, reasons }
}

/// The cheapest of the offers for a profile that are `wanted`, by the budget's period.
fn cheapest<'a>(
    request: &'a Request,
    profile: &Profile,
    wanted: impl Fn(&Offer) -> bool,
) -> Option<&'a Offer> {
    let for_it =
        request.offers.iter().filter(|offer| wanted(offer) && matching::fits(&offer.machine, profile));
    for_it.min_by(|a, b| a.order(b, period(request)))
}

/// What prices are compared by.
fn period(request: &Request) -> Period {
    request.budget.as_ref().map_or(Period::Month, |budget| budget.period())
}

/// Dollars before other currencies, which cannot be compared, before no known price.
fn by_price(request: &Request, a: &Candidate, b: &Candidate) -> Ordering {
    let key = |c: &Candidate| c.offer.map(|offer| (offer.currency, offer.price(period(request))));
    match (key(a), key(b)) {
        (Some((currency, price)), Some((other_currency, other_price))) => {
            currency.cmp(&other_currency).then(price.total_cmp(&other_price))
        }
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Bits for ranking; F16 is no better than Q8_0 unless asked for.
fn quality(candidate: &Candidate) -> u64 {
    let quant = &candidate.variant.weights.quant;
    let within = if quant.ends_with("_L") {
        2
    } else if quant.ends_with("_M") {
        1
    } else {
        0
    };
    nominal_bits(quant).unwrap_or(4).min(8) * 4 + within
}

fn shortage(candidate: &Candidate) -> i64 {
    candidate.memory.iter().map(|device| (-device.headroom_bytes).max(0)).sum()
}

fn better(request: &Request, a: &Candidate, b: &Candidate) -> Ordering {
    let by_verdict = a.verdict.cmp(&b.verdict);
    if a.verdict == Verdict::Impossible && b.verdict == Verdict::Impossible {
        return shortage(a).cmp(&shortage(b));
    }
    by_verdict
        .then(by_price(request, a, b))
        .then(a.placement.is_split().cmp(&b.placement.is_split()))
        .then(quality(b).cmp(&quality(a)))
        .then(b.speed.decode_tok_s.expected.total_cmp(&a.speed.decode_tok_s.expected))
}

/// The plan for the cheapest offer that would run it, which no budget allowed: impossible, and why.
fn over_budget<'a>(
    request: &'a Request,
    rag: Option<&rag::Server>,
    mut everywhere: Vec<Candidate<'a>>,
) -> Plan {
    let asked = |c: &&Candidate| match &request.profile {
        Some(id) => c.profile.id == *id,
        None => c.profile.rented,
    };
    let asked_in = request.budget.as_ref().map(|budget| budget.currency);
    let runs = |c: &&Candidate| c.verdict != Verdict::Impossible && c.offer.is_some();
    // First in the currency that was asked for.
    for same_currency in [true, false] {
        for c in &mut everywhere {
            c.offer = cheapest(request, c.profile, |o| !same_currency || Some(o.currency) == asked_in);
        }
        if everywhere.iter().filter(asked).any(|c| runs(&c)) {
            break;
        }
    }
    let by_price = |a: &&Candidate, b: &&Candidate| by_price(request, a, b).then(better(request, a, b));
    let cheapest = everywhere.iter().filter(asked).filter(runs).min_by(by_price);
    let nearest = || everywhere.iter().filter(asked).min_by(|a, b| better(request, a, b));
    let shown = cheapest.or_else(nearest).unwrap_or(&everywhere[0]);
    let mut plan = document(request, rag, shown, &everywhere);
    plan.verdict = Verdict::Impossible;
    plan.reasons = vec![match (cheapest.and_then(|c| c.offer), &request.budget) {
        (Some(offer), Some(budget)) => {
            let period = budget.period();
            let price = (offer.price(period) * 10_000.0).round() / 10_000.0;
            let capped = offer.price(period) < offer.per_hour * period.hours();
            format!(
                "no known offer is within {budget}; the cheapest that runs it is {} at {} for {price} {}/{}{}",
                offer.instance,
                offer.provider,
                offer.currency,
                period.as_str(),
                if capped { ", its monthly maximum" } else { "" },
            )
        }
        _ => "no known offer runs it at any price".to_string(),
    }];
    plan
}

/// The nearest thing that would run, when the choice would not.
fn nearest(everywhere: &[Candidate], request: &Request) -> String {
    let runs = |c: &&Candidate| c.verdict != Verdict::Impossible && c.profile.rented;
    let Some(near) = everywhere.iter().filter(runs).min_by(|a, b| better(request, a, b)) else {
        let rag = if request.rag.is_some() { "fewer --rag-chunks, " } else { "" };
        return format!(
            "no known profile runs it as asked; a smaller --ctx, fewer --slots, {rag}or a smaller model would"
        );
    };
    format!(
        "the nearest that runs: --profile {} --quant {} ({})",
        near.profile.id,
        near.variant.weights.quant,
        match near.verdict {
            Verdict::Comfort => format!("{} in comfort", request.model.id),
            _ => format!("{} as a compromise", request.model.id),
        }
    )
}

fn document(
    request: &Request,
    rag: Option<&rag::Server>,
    chosen: &Candidate,
    everywhere: &[Candidate],
) -> Plan {
    let profile = chosen.profile;
    let weights = &chosen.variant.weights;
    let kind = match profile.gpus.len() {
        0 => ProfileKind::Cpu,
        1 => ProfileKind::Gpu,
        _ => ProfileKind::MultiGpu,
    };
    let template = request.model.chat_template.as_ref();
    let mut reasons = chosen.reasons.clone();
    reasons.extend(verdict::thin_slots(&chosen.workload, request.model.shape.n_ctx_train, &request.fixed));
    if !request.model.shape.known {
        let name = &request.model.shape.architecture;
        reasons.push(format!(
            "the architecture {name:?} is not one the ledger is checked for: sizes are estimates"
        ));
    }
    if let Some(template) = template.filter(|template| template.text.is_none()) {
        reasons.push(template.from.clone());
    }
    if chosen.offer.is_some_and(|offer| offer.host == HostKind::Container) {
        reasons.push(container(request, profile));
    }
    let mut plan = Plan {
        schema: SCHEMA.to_string(),
        verdict: chosen.verdict,
        reasons,
        model: PlannedModel {
            id: request.model.id.clone(),
            architecture: request.model.shape.architecture.clone(),
            chat_template: template.and_then(|template| template.text.clone()),
            chat_template_from: template.map(|template| template.from.clone()),
            parameters: weights.parameters,
            quant: weights.quant.clone(),
            size_bytes: chosen.variant.size_bytes,
            n_ctx_train: request.model.shape.n_ctx_train,
            files: chosen.variant.files.clone(),
        },
        workload: chosen.workload.clone(),
        profile: PlannedProfile {
            id: profile.id.clone(),
            kind,
            cpu_cores: profile.cpu_cores,
            ram_bytes: profile.ram_bytes(),
            disk_bytes: profile.disk_bytes(),
            gpus: profile
                .gpus
                .iter()
                .map(|gpu| PlannedGpu { name: gpu.name.clone(), vram_bytes: gpu.vram_mib << 20 })
                .collect(),
            nvlink: profile.nvlink,
        },
        memory: chosen.memory.clone(),
        speed: chosen.speed.clone(),
        cost: chosen.offer.map(|offer| cost(offer, &chosen.speed)),
        requirements: Vec::new(),
        llama_server: LlamaServer {
            build: request.build.id.clone(),
            args: Vec::new(),
            runtime: request.fixed.runtime.clone(),
        },
        rag: rag
            .zip(chosen.rag.as_ref())
            .map(|(server, placed)| server.document(placed, kind == ProfileKind::MultiGpu)),
        alternatives: alternatives(request, chosen, everywhere),
        arrival: None,
    };
    let graphs = Graphs::default();
    let cache = subject(request, &graphs, chosen.variant, &chosen.workload).prompt_cache_mib();
    plan.llama_server.args = server_args::args(&plan, &chosen.placement, cache);
    plan.requirements = requirements::of(&plan, profile);
    if let Some(gpus) = chosen.offer.and_then(|offer| offer.machine.gpus.as_ref()) {
        requirements::promise_card(&mut plan.requirements, &gpus.name);
    }
    plan.arrival = Some(Journey::of(&plan, profile).arrival());
    plan
}

/// That the price is a container's, and what `apply` could use instead.
fn container(request: &Request, profile: &Profile) -> String {
    let within = |offer: &Offer| request.budget.as_ref().is_none_or(|budget| budget.allows(offer));
    let vm = cheapest(request, profile, |offer| offer.host == HostKind::Vm && within(offer));
    let instead = match vm {
        Some(vm) => format!("{} at {} for {} {}/hour", vm.instance, vm.provider, vm.per_hour, vm.currency),
        None => "none is among the known offers".to_string(),
    };
    format!("the cheapest offer is a container without systemd; `apply` needs a virtual machine: {instead}")
}

/// A million tokens at the expected speed, one request at a time, all month.
fn cost(offer: &Offer, speed: &Speed) -> Cost {
    let tokens_per_month = speed.decode_tok_s.expected * 3600.0 * HOURS_PER_MONTH;
    let cents = |x: f64| (x * 10_000.0).round() / 10_000.0;
    Cost {
        currency: offer.currency.to_string(),
        per_hour: offer.per_hour,
        per_month: cents(offer.per_month()),
        per_million_tokens: cents(offer.per_month() / tokens_per_month.max(1e-9) * 1e6),
        offer: OfferRef {
            provider: offer.provider.clone(),
            instance: offer.instance.clone(),
            region: offer.region.clone(),
            host: Some(offer.host),
            per_month_cap: offer.per_month_cap,
            source: offer.source.clone(),
            as_of: offer.as_of.clone(),
        },
    }
}

/// What else runs it: the Pareto front over quality, speed and price of what can be rented, within the
/// budget where there is one. A profile without a price competes with its like.
fn alternatives(request: &Request, chosen: &Candidate, everywhere: &[Candidate]) -> Vec<Alternative> {
    let runs = |c: &&Candidate| {
        c.verdict != Verdict::Impossible
            && c.profile.rented
            && (request.budget.is_none() || c.offer.is_some())
    };
    let itself = |c: &Candidate| std::ptr::eq(c, chosen);
    let mut running: Vec<&Candidate> = everywhere.iter().filter(runs).collect();
    // What is equal in all three: the chosen one before the better before the worse.
    running.sort_by(|a, b| itself(b).cmp(&itself(a)).then_with(|| better(request, a, b)));
    let beaten = |at: usize| {
        let by = |(other, o): (usize, &&Candidate)| match dominance(o, running[at]) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => other < at,
            _ => false,
        };
        running.iter().enumerate().any(by)
    };
    let front = running.iter().enumerate().filter(|(at, c)| !itself(c) && !beaten(*at));
    front
        .map(|(_, c)| Alternative {
            profile: c.profile.id.clone(),
            quant: c.variant.weights.quant.clone(),
            verdict: c.verdict,
            per_month: c.offer.map(|offer| (offer.per_month() * 100.0).round() / 100.0),
            currency: c.offer.map(|offer| offer.currency.to_string()),
            decode_tok_s: Some(c.speed.decode_tok_s.expected),
        })
        .collect()
}

/// `Less`: `a` is at least as good in quality, speed and price of a month, and better in one. `Equal`: in
/// all three. `None`: neither, or the prices cannot be compared.
fn dominance(a: &Candidate, b: &Candidate) -> Option<Ordering> {
    let price = match (a.offer, b.offer) {
        (Some(a), Some(b)) if a.currency == b.currency => a.per_month().total_cmp(&b.per_month()),
        (None, None) => Ordering::Equal,
        _ => return None,
    };
    let speed = |c: &Candidate| c.speed.decode_tok_s.expected;
    let terms = [quality(b).cmp(&quality(a)), speed(b).total_cmp(&speed(a)), price];
    terms.iter().all(|term| term.is_le()).then(|| terms.into_iter().min().unwrap_or(Ordering::Equal))
}
