//! The chosen candidate as the plan's document.

use super::candidates::{Candidate, subject};
use super::ranking::alternatives;
use crate::engine;
use crate::engine::launch::Launch;
use crate::engine::split::SplitMode;
use crate::error::Result;
use crate::hardware::offers::{HOURS_PER_MONTH, HostKind, Offer, providers};
use crate::hardware::profiles::{GpuSpec, Profile};
use crate::plan::arrival::Journey;
use crate::plan::document::*;
use crate::plan::ledger::Graphs;
use crate::plan::request::{Request, Variant};
use crate::plan::runtime::{self, RuntimeChoice, RuntimeHost, distribution};
use crate::plan::speed::node::{self, Threads};
use crate::plan::{launch, paged, rag, requirements, verdict};

pub(super) fn document(
    request: &Request,
    rag: Option<&rag::Server>,
    chosen: &Candidate,
    everywhere: &[Candidate],
) -> Result<Plan> {
    let profile = &*chosen.machine.profile;
    let template = request.model.chat_template.as_ref();
    let mut reasons = verdict::reasons(&chosen.case(request));
    reasons.extend(verdict::thin_slots(&chosen.workload, request.model.shape.n_ctx_train, &request.fixed));
    if !request.model.shape.known() {
        let name = &request.model.shape.architecture;
        reasons.push(sentence!("unchecked-architecture", name = format!("{name:?}")));
    }
    if let Some(template) = template.filter(|template| template.text.is_none() && !template.in_file) {
        reasons.push(template.from.clone());
    }
    if chosen.placement.split == SplitMode::Tensor
        && request.fixed.split_mode.is_none()
        && request.model.checkpoint.is_none()
    {
        reasons.push(sentence!("split-tensor", build = &request.build.id));
    }
    if request.model.checkpoint.is_some() {
        reasons.push(sentence!(
            "paged-estimates",
            engine = request.fixed.engine.unwrap_or_else(engine::default).name()
        ));
    }
    if chosen.machine.offer.is_some_and(|offer| offer.host == HostKind::Container) {
        reasons.push(sentence!("container-offer"));
    }
    reasons.extend(match node::threads(profile, &chosen.placement, &chosen.memory) {
        Threads::All => None,
        Threads::OfOneNode { threads, nodes } => {
            Some(sentence!("on-one-node", threads = threads, nodes = nodes))
        }
        Threads::TooLarge(nodes) => Some(sentence!("over-nodes", nodes = nodes)),
        Threads::Slower(nodes) => Some(sentence!("slower-node", nodes = nodes)),
        Threads::Hidden(sockets) => Some(sentence!("hidden-nodes", sockets = sockets)),
    });
    let model = planned_model(request, chosen.variant);
    let graphs = Graphs::default();
    let cache = subject(request, &graphs, chosen.variant, &chosen.workload).prompt_cache_mib();
    let places = match profile.among.as_deref() {
        // The backend for cards of an earlier plan stays installed, and would compute prompts there.
        None if request.fixed.packages && profile.gpus.is_empty() => Some(&[][..]),
        places => places,
    };
    let shares = launch::shares_on_bus(&chosen.placement, places);
    let page = request.fixed.page;
    let paged =
        request.model.checkpoint.as_ref().map(|checkpoint| {
            paged::place(checkpoint, &chosen.workload, profile, request.fixed.host.as_ref())
        });
    let share = paged.map(|placed| placed.share);
    let launch = launch::chat(&model, &chosen.workload, &chosen.placement, cache, places, &shares, page);
    let node_threads = match node::threads(profile, &chosen.placement, &chosen.memory) {
        Threads::OfOneNode { threads, .. } => Some(threads),
        Threads::All | Threads::TooLarge(_) | Threads::Slower(_) | Threads::Hidden(_) => None,
    };
    let launch = Launch { card_share: share, node_threads, ..launch };
    let args = request.fixed.engine.unwrap_or_else(engine::default).arguments(&launch)?;
    let rag = rag.zip(chosen.rag.as_ref());
    let mut plan = Plan {
        schema: SCHEMA.to_string(),
        verdict: chosen.verdict,
        reasons,
        model,
        workload: chosen.workload.clone(),
        profile: planned_profile(profile),
        memory: chosen.memory.clone(),
        speed: chosen.speed.clone(),
        cost: chosen.machine.offer.map(|offer| cost(request, offer, &chosen.speed)),
        requirements: Vec::new(),
        llama_server: LlamaServer {
            build: request.build.id.clone(),
            args,
            image: request.fixed.image.clone(),
            packages: if request.fixed.packages {
                distribution::packages(profile.gpus.len())
            } else {
                Vec::new()
            },
            runtime: request.fixed.runtime.first().cloned(),
            runtime_beside: request.fixed.runtime.iter().skip(1).cloned().collect(),
            runtime_choice: runtime_choice(request, chosen),
            advisories: Vec::new(),
            start_timeout_seconds: None,
        },
        expose: request.fixed.expose.clone(),
        rag: rag.map(|(server, placed)| server.document(placed, first_of_several(profile))).transpose()?,
        further: Vec::new(),
        over_hosts: None,
        alternatives: alternatives(request, chosen, everywhere),
        near_miss: None,
        containers: Vec::new(),
        arrival: None,
    };
    if plan.engine().container().is_none_or(|container| !container.only) {
        plan.llama_server.advisories = plan.known_advisories(request.build);
    }
    plan.requirements = requirements::of(&plan, profile);
    if let Some(gpus) = chosen.machine.offer.and_then(|offer| offer.machine.gpus.as_ref()) {
        requirements::promise_card(&mut plan.requirements, &gpus.name);
    }
    plan.arrival = Some(Journey::of(&plan, profile).arrival());
    Ok(plan)
}

/// The model of the request in one quantisation.
pub fn planned_model(request: &Request, variant: &Variant) -> PlannedModel {
    let template = request.model.chat_template.as_ref();
    PlannedModel {
        id: request.model.id.clone(),
        architecture: request.model.shape.architecture.clone(),
        chat_template: template.and_then(|template| template.text.clone()),
        chat_template_from: template.map(|template| template.from.clone()),
        parameters: variant.weights.parameters,
        quant: variant.weights.quant.clone(),
        size_bytes: variant.size_bytes,
        n_ctx_train: request.model.shape.n_ctx_train,
        files: variant.files.clone(),
    }
}

/// The hardware as the plan's document has it.
pub fn planned_profile(profile: &Profile) -> PlannedProfile {
    let gpu = |gpu: &GpuSpec| PlannedGpu {
        vendor: gpu.vendor,
        name: gpu.name.clone(),
        vram_bytes: gpu.vram_mib << 20,
    };
    PlannedProfile {
        id: profile.id.clone(),
        kind: match profile.gpus.len() {
            0 => ProfileKind::Cpu,
            1 => ProfileKind::Gpu,
            _ => ProfileKind::MultiGpu,
        },
        processor: profile.processor,
        cpu_cores: profile.cpu_cores,
        ram_bytes: profile.ram_bytes(),
        disk_bytes: profile.disk_bytes(),
        gpus: profile.gpus.iter().map(gpu).collect(),
        nvlink: profile.nvlink,
    }
}

/// The place of the first card where a server sees several, and would use them all.
fn first_of_several(profile: &Profile) -> Option<usize> {
    match profile.among.as_deref() {
        Some(places) => places.first().copied(),
        None => (profile.gpus.len() > 1).then_some(0),
    }
}

/// A million tokens at the expected speed, one request at a time, all month.
fn cost(request: &Request, offer: &Offer, speed: &Speed) -> Cost {
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
            url: providers::url(&offer.provider).map(String::from),
            source: offer.source.clone(),
            as_of: offer.as_of.clone(),
            as_of_inferred: offer.dated.is_inferred(),
        },
        converted: asked_in(request, offer),
    }
}

/// The price in the currency of the budget, where the offer's is another.
fn asked_in(request: &Request, offer: &Offer) -> Option<Converted> {
    let currency = request.budget.as_ref()?.currency;
    if currency == offer.currency {
        return None;
    }
    let rate = (request.rates.convert(1.0, offer.currency, currency) * 1e6).round() / 1e6;
    let convert = |amount: f64| (amount * rate * 1e4).round() / 1e4;
    // The older of the two days is how old the figure is.
    let rates = [offer.currency, currency].map(|currency| request.rates.of(currency));
    let oldest = rates.into_iter().filter(|rate| rate.per_usd != 1.0).min_by_key(|rate| rate.as_of)?;
    Some(Converted {
        currency: currency.to_string(),
        per_hour: convert(offer.per_hour),
        per_month: convert(offer.per_month()),
        rate,
        rate_as_of: oldest.as_of.to_string(),
        rate_source: oldest.source.clone(),
    })
}

/// The archives for the host, where the plan is for a probed one.
fn runtime_choice(request: &Request, chosen: &Candidate) -> Option<RuntimeChoice> {
    let tensor = chosen.placement.split == SplitMode::Tensor;
    let known = request.fixed.host.as_ref().filter(|_| chosen.machine.profile.is_there());
    let host = || RuntimeHost::of_profile(&chosen.machine.profile, tensor, known);
    let container = request.fixed.engine.unwrap_or_else(engine::default).container();
    if let Some(container) = container.filter(|container| container.only) {
        return Some(runtime::image(
            container,
            request.model.checkpoint.as_ref().is_some_and(|of| of.is_bf16()),
        ));
    }
    if let Some(image) = container.and(request.fixed.image.as_ref()) {
        return Some(runtime::pinned_image(image, &host()));
    }
    if request.fixed.packages {
        return Some(runtime::packages(&host()));
    }
    // Another engine's releases have archives of other names.
    if request.fixed.engine.is_some_and(|engine| *engine != *engine::default()) {
        return None;
    }
    known.map(|_| runtime::choose(&host(), &request.build.id))
}
