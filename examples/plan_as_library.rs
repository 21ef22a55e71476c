//! Planning from Rust: the same pure function that the command uses.
//!
//!     cargo run --example plan_as_library

use agi_provision::hardware::{offers, profiles};
use agi_provision::model::registry;
use agi_provision::plan::request::{Fixed, ModelChoice, Request, Variant};
use agi_provision::plan::{build, plan};

fn main() -> anyhow::Result<()> {
    let model = registry::find("mistral-7b")?;
    let variants = model.files.iter().filter_map(|file| {
        let weights = model.weights(&file.quant)?;
        Some(Variant { size_bytes: weights.total_bytes, weights, files: Vec::new() })
    });
    let request = Request {
        model: ModelChoice {
            id: model.id.clone(),
            shape: model.shape(),
            chat_template: None,
            variants: variants.collect(),
        },
        profiles: profiles::all(),
        profile: None,
        offers: offers::all(),
        budget: Some("100/month".parse().map_err(anyhow::Error::msg)?),
        fixed: Fixed { n_ctx: Some(16384), slots: Some(2), ..Fixed::default() },
        rag: None,
        build: build::find(build::DEFAULT)?,
    };
    let plan = plan(&request)?;
    println!("{} {} on {}: {:?}", plan.model.id, plan.model.quant, plan.profile.id, plan.verdict);
    for device in &plan.memory {
        println!("{}: {} of {} bytes", device.device, device.total_bytes, device.capacity_bytes);
    }
    Ok(())
}
