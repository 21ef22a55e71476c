//! `plan`: its arguments, which `bundle` and `apply` share, and what it prints.

use super::model_arg::{self, Loaded};
use super::{print, print_json};
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::offers::Budget;
use crate::hardware::{offers, profiles};
use crate::plan::document::Verdict;
use crate::plan::request::{Fixed, Request};
use crate::plan::{Plan, build};
use crate::report;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    plan: PlanArgs,
    /// How to print the plan
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
    /// Also write the plan's JSON to a file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What a plan is asked for.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Planning")]
pub struct PlanArgs {
    /// Model: a name (see `models`), hf:owner/repository[:quant], or a path to a .gguf file
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// The most to pay: 300/month, 0.6/hour, 250EUR/month
    #[arg(long)]
    budget: Option<Budget>,
    /// The most an hour may cost, in the form of --budget; the lower of both holds
    #[arg(long, value_name = "PRICE")]
    max_price: Option<Budget>,
    /// Plan for this hardware only (see `profiles`)
    #[arg(long, value_name = "ID")]
    profile: Option<String>,
    /// Quantisation: auto, Q4_K_M, F16, …, or bits such as 4-bit
    #[arg(long, value_name = "QUANT")]
    quant: Option<String>,
    /// Context of all slots together, tokens
    #[arg(long, value_name = "TOKENS")]
    ctx: Option<u64>,
    /// Requests served side by side
    #[arg(long, value_name = "N")]
    slots: Option<u64>,
    /// KV cache type: f16, q8_0, …
    #[arg(long, value_name = "TYPE")]
    kv_type: Option<String>,
    /// One KV cache for all slots instead of one each
    #[arg(long)]
    kv_unified: bool,
    /// Flash attention
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    flash_attn: Option<bool>,
    /// Logical batch, tokens
    #[arg(long, value_name = "N")]
    batch: Option<u64>,
    /// Physical batch, tokens
    #[arg(long, value_name = "N")]
    ubatch: Option<u64>,
    /// tokens/s that decode must reach at the low end of its interval
    #[arg(long, value_name = "TOK_S")]
    min_speed: Option<f64>,
    /// Ask the model's repository for sizes and SHA-256, and pin them in the plan
    #[arg(long)]
    resolve: bool,
    /// llama.cpp build to pin
    #[arg(long, value_name = "BUILD", default_value = build::DEFAULT)]
    llama_build: String,
}

fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("use on or off".to_string()),
    }
}

/// The lower of two caps; both must be in one currency.
fn cap(budget: Option<&Budget>, price: Option<&Budget>) -> Result<Option<Budget>> {
    match (budget, price) {
        (Some(a), Some(b)) if a.currency != b.currency => {
            Err(Failure::usage("--budget and --max-price are in different currencies")
                .hint("no exchange rate is known here; give both in USD or both in EUR")
                .into())
        }
        (Some(a), Some(b)) => Ok(Some(if a.per_hour <= b.per_hour { a.clone() } else { b.clone() })),
        (a, b) => Ok(a.or(b).cloned()),
    }
}

/// A plan, and the model's files where they lie on this machine.
pub struct Planned {
    pub plan: Plan,
    pub model_files: Vec<PathBuf>,
}

impl PlanArgs {
    pub fn plan(&self) -> Result<Planned> {
        let model = self.model.as_deref().ok_or_else(|| {
            Failure::usage("no model is named")
                .hint("give --model NAME or --model FILE.gguf; `agi-provision models` lists names")
        })?;
        let Loaded { choice, local } = model_arg::load(model, self.quant.as_deref(), self.resolve)?;
        let profile = self.profile.as_deref().map(profiles::find).transpose()?;
        let request = Request {
            model: choice,
            profiles: profiles::all(),
            profile: profile.map(|profile| profile.id),
            offers: offers::all(),
            budget: cap(self.budget.as_ref(), self.max_price.as_ref())?,
            fixed: Fixed {
                n_ctx: self.ctx,
                slots: self.slots,
                kv_type: self.kv_type.as_ref().map(|name| name.to_ascii_lowercase()),
                flash_attn: self.flash_attn,
                kv_unified: self.kv_unified,
                batch: self.batch,
                ubatch: self.ubatch,
                quant: self.quant.as_deref().is_some_and(|quant| quant != "auto")
                    || !local.is_empty()
                    || model.starts_with("hf:"),
                min_speed: self.min_speed,
            },
            build: build::find(&self.llama_build)?,
        };
        Ok(Planned { plan: crate::plan::plan(&request)?, model_files: local })
    }
}

pub fn run(args: &Args) -> Result<Exit> {
    let plan = args.plan.plan()?.plan;
    if let Some(path) = &args.out {
        std::fs::write(path, plan.to_json()).with_context(|| format!("writing {}", path.display()))?;
    }
    match args.format {
        super::Format::Json => print_json(&plan)?,
        super::Format::Text => print(&report::plan::text(&plan))?,
    }
    Ok(if plan.verdict == Verdict::Impossible { Exit::NoPlanFits } else { Exit::Done })
}
