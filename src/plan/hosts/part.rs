//! The plan of one host of several: what its bundle is made of, and what it is brought to.

use super::document::HostsPlan;
use super::pool::Machine;
use crate::engine;
use crate::engine::arguments::ServerArgs;
use crate::engine::launch::{Cards, Launch};
use crate::engine::llama_cpp::rpc;
use crate::engine::split::SplitMode;
use crate::error::{Failure, Result};
use crate::hardware::profiles::Profile;
use crate::plan::choice::{Pooled, planned_model, planned_profile};
use crate::plan::document::{DeviceLedger, LlamaServer, OverHosts, Plan, SCHEMA, WorkerArgs};
use crate::plan::ledger::Graphs;
use crate::plan::request::Request;
use crate::plan::{launch, requirements};

/// Arguments of a worker on this hardware: as many threads as compute where the processor does.
pub(super) fn worker(profile: &Profile) -> Result<ServerArgs> {
    let threads = || profile.found.map_or(profile.cpu_cores, |cpu| cpu.threads).max(1);
    rpc::worker_arguments(profile.gpus.is_empty().then(threads))
}

/// The plan of the host at this place. Its ledger is its own: that of the head has the workers' devices too, after its
/// own, so that what its server reports of them is compared.
///
/// # Errors
/// Another engine than the one that has workers was asked for.
pub(super) fn of(
    request: &Request,
    machines: &[Machine],
    whole: &HostsPlan,
    best: &Pooled,
    at: usize,
) -> Result<Plan> {
    let engine = request.fixed.engine.unwrap_or_else(engine::default);
    if *engine != *engine::default() {
        return Err(Failure::usage(format!("{} has no workers on other hosts", engine.name()))
            .hint("leave --engine out")
            .into());
    }
    let profile = &machines[at].profile;
    let is_head = at == 0;
    let model = planned_model(request, best.variant);
    let graphs = Graphs::default();
    let subject = best.subject(request, &graphs);
    let cache = subject.prompt_cache_mib();
    let shares = best.placement.shares.clone();
    let launch = Launch {
        workers: machines.len() - 1,
        cards: Cards::Shared(SplitMode::Layer, &shares),
        ..launch::chat(&model, &best.workload, &best.placement, cache, None, &shares, request.fixed.page)
    };
    let args = engine.arguments(&launch)?;
    let mut plan = Plan {
        schema: SCHEMA.to_string(),
        verdict: whole.verdict,
        reasons: whole.reasons.clone(),
        workload: best.workload.clone(),
        profile: planned_profile(profile),
        memory: memory(whole, at),
        speed: whole.speed.clone(),
        cost: None,
        requirements: Vec::new(),
        llama_server: LlamaServer {
            build: request.build.id.clone(),
            args,
            image: None,
            packages: Vec::new(),
            runtime: request.fixed.runtime.first().cloned(),
            runtime_beside: request.fixed.runtime.iter().skip(1).cloned().collect(),
            runtime_choice: None,
            start_timeout_seconds: None,
            advisories: Vec::new(),
        },
        expose: None,
        rag: None,
        further: Vec::new(),
        over_hosts: Some(OverHosts {
            hosts: machines.iter().map(|machine| machine.name.clone()).collect(),
            place: at,
            worker: (!is_head).then(|| worker(profile)).transpose()?.map(WorkerArgs),
        }),
        alternatives: Vec::new(),
        near_miss: None,
        containers: Vec::new(),
        arrival: None,
        model,
    };
    if !is_head {
        // The weights come from the head, over the network.
        plan.model.files = Vec::new();
        (plan.model.chat_template, plan.model.chat_template_from) = (None, None);
    }
    plan.llama_server.advisories = plan.known_advisories(request.build);
    plan.requirements = requirements::of(&plan, profile);
    Ok(plan)
}

/// The ledger of a host: its own memory as `host`, then its cards as `gpu0`, …, by the names that it has itself; of the
/// head, the workers' devices after them.
fn memory(whole: &HostsPlan, at: usize) -> Vec<DeviceLedger> {
    let named = |ledger: &DeviceLedger, device: String| DeviceLedger { device, ..ledger.clone() };
    let own = &whole.hosts[at].memory;
    if at == 0 {
        let remote = whole.hosts[1..].iter().flat_map(|host| &host.memory);
        return own.iter().chain(remote.filter(|ledger| ledger.is_remote())).cloned().collect();
    }
    // A worker whose processor computes has one ledger; beside cards, its process has one of its own.
    let (cards, beside): (Vec<&DeviceLedger>, Vec<&DeviceLedger>) = match own.as_slice() {
        [alone] => (Vec::new(), vec![alone]),
        several => several.iter().partition(|ledger| ledger.is_remote()),
    };
    let host = beside.into_iter().map(|ledger| named(ledger, "host".to_string()));
    let cards = cards.into_iter().enumerate().map(|(card, ledger)| named(ledger, format!("gpu{card}")));
    host.chain(cards).collect()
}
