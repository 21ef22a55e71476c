//! Plans for machines that exist: facts from a file or a host, and what would fit where a plan does not.

use super::hosts::HostArgs;
use super::model_arg;
use crate::apply::HostOutcome;
use crate::apply::fleet::{Results, Style};
use crate::error::{Context, Failure, Result};
use crate::hardware::facts::{Facts, SCHEMA};
use crate::hardware::profiles;
use crate::lang::Sentence;
use crate::outside::{self, Kind};
use crate::plan::document::Verdict;
use crate::plan::{Plan, reconcile};
use crate::verify::{Judgement, Report};
use crate::wire::protocol::{Event, Op};
use serde_json::Value;
use std::path::Path;

/// Facts as `probe --format json` wrote them, with or without the host's name around.
pub fn read_facts(path: &Path) -> Result<Facts> {
    let text = outside::text(path, outside::DOCUMENT, Kind::Named)
        .with_context(|| format!("reading {}", path.display()))?;
    let hint = "`agi-provision probe --format json` writes them";
    let wrong = |why: String| Failure::usage(format!("{} has no facts: {why}", path.display())).hint(hint);
    let value: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let facts = value.get("facts").unwrap_or(&value);
    if facts["schema"] != SCHEMA {
        return Err(wrong(format!("its schema is {}, not {SCHEMA:?}", facts["schema"])).into());
    }
    Ok(serde_json::from_value(facts.clone()).map_err(|error| wrong(error.to_string()))?)
}

/// Probes the one host that is named.
pub fn probe(hosts: &HostArgs) -> Result<Facts> {
    let op = Op::Probe { measure: true, urls: Vec::new() };
    let mut results = hosts.run(op, Vec::new(), Style::Silent, "nothing was changed")?;
    let (_, result) = match results.len() {
        1 => results.remove(0),
        _ => return Err(Failure::usage("a plan is for one host").hint("plan for each host apart").into()),
    };
    facts_of(result)
}

/// Probes every host that is named, without measuring, so that the next apply finds the same facts.
pub fn probe_all(hosts: &HostArgs) -> Result<Results> {
    let op = Op::Probe { measure: false, urls: Vec::new() };
    hosts.run(op, Vec::new(), Style::Silent, "nothing was changed")
}

/// The facts that a probe sent.
pub fn facts_of(result: Result<HostOutcome>) -> Result<Facts> {
    let outcome = result?;
    if let Some(failure) = outcome.end.failure() {
        return Err(failure.into());
    }
    let facts = outcome.events.into_iter().find_map(|event| match event {
        Event::Facts { facts } => Some(*facts),
        _ => None,
    });
    facts.ok_or_else(|| Failure::failed("the host sent no facts").into())
}

/// Returns one sentence on what the host could run of the plan's model, if it lacks something.
pub fn instead(plan: &Plan, report: &Report, events: &[Event]) -> Option<Sentence> {
    const SIZES: [&str; 5] = ["ram", "disk", "gpu-count", "gpu-vram", "nvlink"];
    let lacks = |outcome: Judgement| matches!(outcome, Judgement::Refused | Judgement::Warning);
    if !report.lines.iter().any(|line| SIZES.contains(&line.id.as_str()) && lacks(line.outcome)) {
        return None;
    }
    let facts = events.iter().find_map(|event| match event {
        Event::Facts { facts } => Some(facts),
        _ => None,
    })?;
    let Ok(model) = model_arg::load(&plan.model.id, None, false) else {
        return Some(sentence!("instead-unknown", model = &*plan.model.id));
    };
    let Some(found) = reconcile::instead(plan, model.choice, facts, profiles::all()) else {
        return Some(sentence!("instead-none", model = &*plan.model.id));
    };
    let (quant, w) = (&found.model.quant, &found.workload);
    if report.passes() && *quant == plan.model.quant && w.n_ctx >= plan.workload.n_ctx {
        return None;
    }
    let id = match found.verdict {
        Verdict::Comfort => "instead-in-comfort",
        _ => "instead-compromise",
    };
    let model = &*plan.model.id;
    let command =
        format!("agi-provision plan --model {model} --quant {quant} --ctx {} --slots {}", w.n_ctx, w.slots);
    let (tokens, slots) = (w.n_ctx.to_string(), w.slots);
    Some(sentence!(id, model = model, quant = quant, tokens = tokens, slots = slots, command = command))
}
