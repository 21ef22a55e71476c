//! The chosen candidate as the plan's document.

use super::candidates::{Candidate, subject};
use super::ranking::{alternatives, cheapest};
use crate::error::Result;
use crate::hardware::offers::{HOURS_PER_MONTH, HostKind, Offer};
use crate::hardware::profiles::Profile;
use crate::plan::arrival::Journey;
use crate::plan::document::*;
use crate::plan::ledger::Graphs;
use crate::plan::request::Request;
use crate::plan::runtime::{self, RuntimeChoice, RuntimeHost};
use crate::plan::split::SplitMode;
use crate::plan::{chat_args, rag, requirements, verdict};

pub(super) fn document(
    request: &Request,
    rag: Option<&rag::Server>,
    chosen: &Candidate,
    everywhere: &[Candidate],
) -> Result<Plan> {
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
    if let Some(template) = template.filter(|template| template.text.is_none() && !template.in_file) {
        reasons.push(template.from.clone());
    }
    if chosen.placement.split == SplitMode::Tensor && request.fixed.split_mode.is_none() {
        reasons.push(format!(
            "every pair of cards has NVLink, so each takes a part of every matrix: --split-mode tensor, which \
             llama.cpp {} calls experimental and which wants a build with CUDA and NCCL; --split-mode layer is the \
             other",
            request.build.id
        ));
    }
    if chosen.offer.is_some_and(|offer| offer.host == HostKind::Container) {
        reasons.push(container(request, profile));
    }
    let model = PlannedModel {
        id: request.model.id.clone(),
        architecture: request.model.shape.architecture.clone(),
        chat_template: template.and_then(|template| template.text.clone()),
        chat_template_from: template.map(|template| template.from.clone()),
        parameters: weights.parameters,
        quant: weights.quant.clone(),
        size_bytes: chosen.variant.size_bytes,
        n_ctx_train: request.model.shape.n_ctx_train,
        files: chosen.variant.files.clone(),
    };
    let graphs = Graphs::default();
    let cache = subject(request, &graphs, chosen.variant, &chosen.workload).prompt_cache_mib();
    let args = chat_args::chat(&model, &chosen.workload, &chosen.placement, cache)?;
    let rag = rag.zip(chosen.rag.as_ref());
    let mut plan = Plan {
        schema: SCHEMA.to_string(),
        verdict: chosen.verdict,
        reasons,
        model,
        workload: chosen.workload.clone(),
        profile: PlannedProfile {
            id: profile.id.clone(),
            kind,
            processor: profile.processor,
            cpu_cores: profile.cpu_cores,
            ram_bytes: profile.ram_bytes(),
            disk_bytes: profile.disk_bytes(),
            gpus: profile
                .gpus
                .iter()
                .map(|gpu| PlannedGpu {
                    vendor: gpu.vendor,
                    name: gpu.name.clone(),
                    vram_bytes: gpu.vram_mib << 20,
                })
                .collect(),
            nvlink: profile.nvlink,
        },
        memory: chosen.memory.clone(),
        speed: chosen.speed.clone(),
        cost: chosen.offer.map(|offer| cost(offer, &chosen.speed)),
        requirements: Vec::new(),
        llama_server: LlamaServer {
            build: request.build.id.clone(),
            args,
            runtime: request.fixed.runtime.clone(),
            runtime_choice: runtime_choice(request, chosen),
            advisories: Vec::new(),
            start_timeout_seconds: None,
        },
        expose: request.fixed.expose.clone(),
        rag: rag
            .map(|(server, placed)| server.document(placed, kind == ProfileKind::MultiGpu))
            .transpose()?,
        further: Vec::new(),
        alternatives: alternatives(request, chosen, everywhere),
        arrival: None,
    };
    plan.llama_server.advisories = plan.llama_server.known_advisories(request.build);
    plan.requirements = requirements::of(&plan, profile);
    if let Some(gpus) = chosen.offer.and_then(|offer| offer.machine.gpus.as_ref()) {
        requirements::promise_card(&mut plan.requirements, &gpus.name);
    }
    plan.arrival = Some(Journey::of(&plan, profile).arrival());
    Ok(plan)
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

/// The archives for the host, where the plan is for a probed one.
fn runtime_choice(request: &Request, chosen: &Candidate) -> Option<RuntimeChoice> {
    let known = request.fixed.host.as_ref().filter(|_| chosen.profile.is_there())?;
    let tensor = chosen.placement.split == SplitMode::Tensor;
    Some(runtime::choose(&RuntimeHost::of_profile(chosen.profile, tensor, Some(known)), &request.build.id))
}
