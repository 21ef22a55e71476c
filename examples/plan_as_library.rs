//! Planning from Rust: the same pure function that the command uses.
//!
//!     cargo run --example plan_as_library

use agi_provision::plan::request::Fixed;
use agi_provision::plan::{Request, plan};

fn main() -> anyhow::Result<()> {
    let mut request = Request::of_registry("mistral-7b", None)?;
    request.budget = Some("100/month".parse().map_err(anyhow::Error::msg)?);
    request.fixed = Fixed { n_ctx: Some(16384), slots: Some(2), ..request.fixed };
    let plan = plan(&request)?;
    println!("{} {} on {}: {:?}", plan.model.id, plan.model.quant, plan.profile.id, plan.verdict);
    for device in &plan.memory {
        println!("{}: {} of {} bytes", device.device, device.total_bytes, device.capacity_bytes);
    }
    Ok(())
}
