//! The facts of this machine as JSON; with a plan, what they mean for it. Needs no root and leaves
//! nothing, unlike `probe --local` and `verify --local`, which run the agent as on any host.
//!
//!     cargo run --example local_facts [-- PLAN.json]

use agi_provision::hardware::probe::{probe, probe_and_measure};
use agi_provision::lang::Lang;
use agi_provision::plan::Plan;
use agi_provision::{paths, report, verify};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(plan) = std::env::args().nth(1) else {
        let facts = probe_and_measure(Path::new(paths::MODELS));
        println!("{}", serde_json::to_string_pretty(&facts)?);
        return Ok(());
    };
    let plan = Plan::from_json(&std::fs::read_to_string(plan)?)?;
    let facts = probe(Path::new(paths::MODELS));
    let report = verify::check(&plan.requirements, &facts, &verify::Held::default());
    println!("{}", report::verify::text(&report, Lang::English));
    if report.passes() { Ok(()) } else { Err("this machine does not meet the plan".into()) }
}
