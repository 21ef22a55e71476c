//! Manifests for Kubernetes: a StatefulSet whose pods each have a volume with the model, checked before llama-server
//! starts.

use super::target::{Target, without_driver};
use super::words::label;
use crate::error::{Failure, Result};
use crate::hardware::vendor;
use crate::plan::Plan;
use crate::plan::document::{Bound, ModelFile, ProfileKind};
use crate::plan::requirements::ids;
use crate::render::bundle::Bundle;
use crate::render::choices::{Choices, Kubernetes as Chosen};
use crate::render::first_boot::PinnedProgram;
use crate::render::manifest::TOOL_VERSION;
use crate::render::templates;
use reqwest::Url;
use serde::Serialize;

/// Plain manifests, and beside them those that want Prometheus.
pub struct Kubernetes;

/// Room on the volume beside the model's files, bytes.
const BESIDE: u64 = 1 << 30;
/// Slowest volume that a start is waited for, bytes/s.
const SLOW_VOLUME: u64 = 50_000_000;
/// Seconds for a start beside reading the model; what an apply waits for progress.
const START: u64 = 300;
/// Seconds between two looks at a server that starts.
const LOOK: u64 = 5;
/// Share of the slots at which another pod is asked for, thousandths.
const BUSY: u64 = 800;

/// Where the pod has what a host has elsewhere: the argument, and its value here.
const ELSEWHERE: [(&str, &str); 3] = [
    ("--host", "0.0.0.0"),
    ("--api-key-file", "/run/agi-provision/api-key"),
    ("--chat-template-file", "/plan/chat-template.jinja"),
];

impl Target for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn wanted(&self, choices: &Choices) -> bool {
        choices.targets.kubernetes.is_some()
    }

    fn files(&self, plan: &Plan, _: &Bundle, choices: &Choices) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let Some(chosen) = &choices.targets.kubernetes else { return Ok(Vec::new()) };
        check(plan)?;
        without_driver(
            choices.driver,
            "the nodes of a cluster have theirs from their image or from NVIDIA's GPU operator",
        )?;
        let program = choices.first_boot.program.as_ref();
        let gate = program.map(|program| script("kubernetes/gate.sh", plan, Some(program))).transpose()?;
        let model = script("kubernetes/model.sh", plan, program)?;
        let values = values(plan, chosen, program, &gate, &model);
        let fill = |name| templates::fill(name, &values).map(String::into_bytes);
        let mut files = vec![
            ("README.md", fill("kubernetes/README.md")?),
            ("base/kustomization.yaml", fill("kubernetes/kustomization.yaml")?),
            ("base/config.yaml", fill("kubernetes/config.yaml")?),
            ("base/statefulset.yaml", fill("kubernetes/statefulset.yaml")?),
            ("base/services.yaml", fill("kubernetes/services.yaml")?),
            ("base/network.yaml", fill("kubernetes/network.yaml")?),
        ];
        if chosen.replicas.scales() {
            files.extend([
                ("autoscale/kustomization.yaml", fill("kubernetes/autoscale.yaml")?),
                ("autoscale/hpa.yaml", fill("kubernetes/hpa.yaml")?),
                ("autoscale/podmonitor.yaml", fill("kubernetes/podmonitor.yaml")?),
                ("autoscale/prometheus-adapter-rules.yaml", fill("kubernetes/adapter.yaml")?),
            ]);
        }
        Ok(files)
    }
}

/// Refuses a plan that one container of llama-server does not serve.
fn check(plan: &Plan) -> Result<()> {
    let refused = |why: String| {
        Failure::usage(format!("a pod does not serve this plan: {why}"))
            .hint("make a plan of one server for it: `agi-provision plan` without --rag and --engine")
    };
    if let Some(beside) = plan.beside().next() {
        return Err(refused(format!("it has a second server, {}", beside.name)).into());
    }
    if plan.engine().front().is_some() || plan.container().is_some() {
        return Err(
            refused(format!("its engine, {}, is started by another program", plan.engine().name())).into()
        );
    }
    Ok(())
}

#[derive(Serialize)]
struct Values<'a> {
    tool_version: &'static str,
    plan: &'a Plan,
    plan_json: String,
    arch: &'static str,
    name: String,
    image: &'a str,
    least: u16,
    most: u16,
    scales: bool,
    args: Vec<String>,
    port: u16,
    health: &'static str,
    /// Bytes of memory: the host's ledger.
    memory: u64,
    cpus: u64,
    /// Name of the cards' resource; none without cards.
    resource: Option<&'static str>,
    cards: usize,
    /// Least memory of a card less one, MiB, as NVIDIA's feature discovery labels nodes.
    above_mib: Option<u64>,
    storage_gib: u64,
    start_looks: u64,
    look: u64,
    /// Thousandths of requests in work.
    busy: u64,
    gate: &'a Option<String>,
    model: &'a str,
    /// Addresses of private mirrors, with their port.
    mirrors: Vec<(String, u16)>,
    unpinned: Vec<&'a str>,
}

fn values<'a>(
    plan: &'a Plan,
    chosen: &'a Chosen,
    program: Option<&PinnedProgram>,
    gate: &'a Option<String>,
    model: &'a str,
) -> Values<'a> {
    let host = plan.memory.iter().find(|ledger| ledger.device == "host");
    let need = |id: &str| {
        let requirement = plan.requirements.iter().find(|requirement| requirement.id == id);
        match requirement.and_then(|requirement| requirement.need.as_ref()) {
            Some(Bound::AtLeast(bytes)) => Some(*bytes),
            _ => None,
        }
    };
    let cards = plan.cards();
    let card = plan.profile.gpus.first().filter(|_| cards > 0);
    let maker = vendor::of(plan.profile.vendor());
    let files: u64 = plan.files().map(|file| file.size_bytes).sum();
    let above_mib = need(ids::GPU_VRAM).map(|bytes| bytes.div_ceil(1 << 20).saturating_sub(1));
    let unpinned = plan.files().filter(|file| file.url.is_none() || file.sha256.is_none());
    Values {
        tool_version: TOOL_VERSION,
        plan,
        plan_json: plan.to_json(),
        arch: plan.profile.processor.row().debian,
        name: format!("agi-provision-{}", label(&plan.model.id)),
        image: &chosen.image,
        least: chosen.replicas.least(),
        most: chosen.replicas.most(),
        scales: chosen.replicas.scales(),
        args: args(plan),
        port: plan.llama_server.args.server().port(),
        health: plan.engine().health(),
        memory: host.map_or(0, |ledger| ledger.total_bytes),
        cpus: cpus(plan),
        resource: card.map(|card| maker.cluster_resource(&card.name)),
        cards,
        above_mib: above_mib.filter(|_| cards > 0 && maker.labels_memory()),
        storage_gib: (files + BESIDE).div_ceil(1 << 30),
        start_looks: (START + files / SLOW_VOLUME).div_ceil(LOOK),
        look: LOOK,
        busy: (plan.workload.slots * BUSY).max(1),
        gate,
        model,
        mirrors: mirrors(plan, program),
        unpinned: unpinned.map(|file| file.name.as_str()).collect(),
    }
}

/// Cores that a pod asks for: a node keeps a part of one for itself. With cards, those feed them.
fn cpus(plan: &Plan) -> u64 {
    let all = plan.profile.cpu_cores.saturating_sub(1).max(1);
    if plan.profile.kind == ProfileKind::Cpu { all } else { all.min(4) }
}

/// The plan's arguments with the places of a pod.
fn args(plan: &Plan) -> Vec<String> {
    let args = &plan.llama_server.args;
    let model = format!("/models/{}", args.model().map_or("", |name| name.as_str()));
    let here = |flag: &str| match flag {
        "--model" => Some(model.clone()),
        _ => ELSEWHERE.iter().find(|(known, _)| *known == flag).map(|(_, value)| value.to_string()),
    };
    args.pairs()
        .flat_map(|(flag, value)| {
            let value = value.map(|value| here(flag.name()).unwrap_or(value));
            std::iter::once(flag.name().to_string()).chain(value)
        })
        .collect()
}

/// A script of a container that goes first.
fn script(name: &str, plan: &Plan, program: Option<&PinnedProgram>) -> Result<String> {
    #[derive(Serialize)]
    struct Values<'a> {
        files: Vec<&'a ModelFile>,
        urls: Vec<String>,
        program: Option<&'a PinnedProgram>,
    }
    let urls = program.iter().flat_map(|program| &program.urls).map(|url| url.ascii()).collect();
    templates::fill(name, &Values { files: plan.files().collect(), urls, program })
}

/// Addresses that the pod downloads from and that the rule for the internet leaves out.
fn mirrors(plan: &Plan, program: Option<&PinnedProgram>) -> Vec<(String, u16)> {
    let files = plan.files().filter_map(|file| file.url.as_ref());
    let urls = files.chain(program.into_iter().flat_map(|program| &program.urls));
    let mut all: Vec<(String, u16)> = urls
        .filter_map(|url| {
            let url = Url::parse(url).ok()?;
            let address: std::net::IpAddr = url.host_str()?.trim_matches(['[', ']']).parse().ok()?;
            let bits = if address.is_ipv4() { 32 } else { 128 };
            Some((format!("{address}/{bits}"), url.port_or_known_default()?))
        })
        .collect();
    all.sort();
    all.dedup();
    all
}
