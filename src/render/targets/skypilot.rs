//! A service of SkyPilot: machines with the plan's cards, each brought to the plan by an apply on itself.

use super::target::{Target, without_driver};
use super::words::label;
use crate::error::{Failure, Result};
use crate::hardware::cards;
use crate::plan::Plan;
use crate::render::bundle::Bundle;
use crate::render::choices::Choices;
use crate::render::first_boot::PinnedProgram;
use crate::render::manifest::TOOL_VERSION;
use crate::render::templates;
use serde::Serialize;

/// A service's YAML.
pub struct SkyPilot;

/// Port of a replica, towards SkyServe's balancer.
const REPLICA: u16 = 8090;
/// Tokens of an answer, for the number of requests that a replica takes in a second.
const ANSWER: f64 = 256.0;
/// Disk that the system and this program need, GB.
const SYSTEM_GB: u64 = 20;
/// Names that SkyPilot's catalogues have for a card of this key and GB.
const NAMES: [(&str, f64, &str); 3] =
    [("A100", 80.0, "A100-80GB"), ("V100", 32.0, "V100-32GB"), ("RTXPRO6000", 96.0, "RTXPRO6000")];

impl Target for SkyPilot {
    fn name(&self) -> &'static str {
        "skypilot"
    }

    fn wanted(&self, choices: &Choices) -> bool {
        choices.targets.skypilot.is_some()
    }

    fn files(&self, plan: &Plan, _: &Bundle, choices: &Choices) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let Some(chosen) = &choices.targets.skypilot else { return Ok(Vec::new()) };
        without_driver(choices.driver, "the images that SkyPilot starts GPU machines from have one")?;
        let program = choices.first_boot.program.as_ref();
        let arrival = plan.arrival.as_ref();
        let values = Values {
            tool_version: TOOL_VERSION,
            plan,
            name: format!("agi-provision-{}", label(&plan.model.id)),
            accelerator: accelerator(plan)?,
            cards: plan.cards(),
            // SkyPilot counts memory in GB of 1024^3 bytes, as clouds do.
            memory_gib: ram(plan).div_ceil(1 << 30),
            disk_gb: (plan.files().map(|file| file.size_bytes).sum::<u64>() * 11 / 10)
                .div_ceil(1_000_000_000)
                + SYSTEM_GB,
            port: REPLICA,
            api: plan.llama_server.args.server().port(),
            least: chosen.replicas.least(),
            most: chosen.replicas.most(),
            scales: chosen.replicas.scales(),
            qps: format!("{:.3}", (plan.speed.decode_tok_s.low / ANSWER).max(0.001)),
            answer: ANSWER as u64,
            // Twice what is expected, and an hour for a machine that is not as promised.
            delay: 3600 + arrival.map_or(0, |arrival| (2.0 * arrival.download_seconds) as u64),
            program,
            urls: program.iter().flat_map(|program| &program.urls).map(|url| url.ascii()).collect(),
        };
        let fill = |name| templates::fill(name, &values).map(String::into_bytes);
        Ok(vec![("service.yaml", fill("skypilot/service.yaml")?), ("README.md", fill("skypilot/README.md")?)])
    }
}

#[derive(Serialize)]
struct Values<'a> {
    tool_version: &'static str,
    plan: &'a Plan,
    name: String,
    accelerator: Option<String>,
    cards: usize,
    memory_gib: u64,
    disk_gb: u64,
    port: u16,
    api: u16,
    least: u16,
    most: u16,
    scales: bool,
    qps: String,
    answer: u64,
    delay: u64,
    program: Option<&'a PinnedProgram>,
    urls: Vec<String>,
}

/// Returns SkyPilot's name of the plan's cards; none without cards.
fn accelerator(plan: &Plan) -> Result<Option<String>> {
    let Some(gpu) = plan.profile.gpus.first().filter(|_| plan.cards() > 0) else { return Ok(None) };
    let Some(card) = cards::named(&gpu.name) else {
        let message = format!("no catalogue's name is known of the card {:?}", gpu.name);
        return Err(Failure::usage(message)
            .hint("plan for a profile, `agi-provision profiles` lists them, or leave --target skypilot out")
            .into());
    };
    let other = NAMES.iter().find(|(key, gb, _)| *key == card.key && *gb == card.gb);
    Ok(Some(other.map_or(card.key.clone(), |(_, _, name)| name.to_string())))
}

/// Memory of the host, bytes: the plan's ledger.
fn ram(plan: &Plan) -> u64 {
    plan.memory.iter().find(|ledger| ledger.device == "host").map_or(0, |ledger| ledger.total_bytes)
}
