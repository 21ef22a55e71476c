//! `plan`: its arguments, which `bundle` and `apply` share, and what it prints.

use super::hosts::HostArgs;
use super::model_arg::{self, Loaded};
use super::output::{print, print_json};
use super::rag_arg::RagArgs;
use super::resolve;
use crate::apply::inventory::Overrides;
use crate::engine::llama_cpp::build;
use crate::engine::split::SplitMode;
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::facts::Facts;
use crate::hardware::offers::{Budget, Rates, machine};
use crate::hardware::{offers, profiles};
use crate::model::registry::nearest;
use crate::plan::document::Verdict;
use crate::plan::explain::Explanation;
use crate::plan::expose::{Exposure, Range};
use crate::plan::request::{Fixed, Prefer, Request};
use crate::plan::{Plan, host_cards, reconcile};
use crate::report;
use std::path::PathBuf;

/// Arguments of `plan`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    plan: PlanArgs,
    /// Plan for the machine with these facts (`probe --format json`)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "budget", "host", "local"])]
    facts: Option<PathBuf>,
    /// With --host or --local: plan for that machine, which is probed and measured
    #[command(flatten)]
    hosts: HostArgs,
    /// Count containers too (RunPod, Vast): they run no systemd, so `apply` cannot use them
    #[arg(long)]
    containers: bool,
    /// Also say how each number came about: its formula, its inputs and their source; the rule's terms
    /// and what the choice was between
    #[arg(long)]
    explain: bool,
    /// How to print the plan
    #[arg(long, value_enum, default_value_t)]
    format: PlanFormat,
    /// Also write the plan to a file: JSON, or the page with --format html
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum PlanFormat {
    #[default]
    Text,
    Json,
    Html,
}

/// Arguments that a plan is made from.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Planning")]
pub struct PlanArgs {
    /// Model: a name (see `models`), hf:owner/repository[:quant], or a path to a .gguf file
    #[allow(rustdoc::broken_intra_doc_links, reason = "the help's brackets are no link")]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// The most to pay: 300/month, 0.6/hour, 250EUR/month, 5000RUB/month
    #[arg(long)]
    budget: Option<Budget>,
    /// The most an hour may cost, in the form of --budget; both hold
    #[arg(long, value_name = "PRICE")]
    max_price: Option<Budget>,
    /// Prices of this file instead of those known (see `offers`)
    #[arg(long, value_name = "FILE")]
    offers: Option<PathBuf>,
    /// Plan for this class of machines only (see `profiles`), or for one on offer: provider/instance (see `offers`)
    #[arg(long, value_name = "ID")]
    profile: Option<String>,
    /// Among what runs, what comes first (docs/choice.md)
    #[arg(long, value_enum, value_name = "WHAT")]
    prefer: Option<Prefer>,
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
    /// How several GPUs share the model: whole layers, or a part of every matrix (experimental)
    #[arg(long, value_name = "layer|tensor")]
    split_mode: Option<SplitMode>,
    /// Layers whose experts stay in host memory, from the first on, for a mixture of experts on a GPU
    #[arg(long, value_name = "N")]
    n_cpu_moe: Option<u64>,
    #[command(flatten)]
    rag: RagArgs,
    /// tokens/s that decode must reach at the low end of its interval
    #[arg(long, value_name = "TOK_S", value_parser = speed)]
    min_speed: Option<f64>,
    /// Ask the model's repository and llama.cpp's releases: plan from the published file's own header, and
    /// pin addresses, sizes and SHA-256
    #[arg(long)]
    resolve: bool,
    /// Let these addresses use the API too, with TLS: 203.0.113.0/24, 2001:db8::/32; may be repeated
    #[arg(long, value_name = "CIDR")]
    expose: Vec<Range>,
    /// With --expose: a range of (nearly) everyone is meant
    #[arg(long, requires = "expose")]
    expose_everyone: bool,
    /// Also serve llama-server's own page for chats, through `tunnel`; it asks for the API key
    #[arg(long)]
    webui: bool,
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

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse::<f64>().ok().filter(|speed| speed.is_finite() && *speed >= 0.0);
    speed.ok_or_else(|| "expected tokens/s, such as 7 or 0.5".to_string())
}

/// Both caps hold.
fn cap(budget: Option<&Budget>, price: Option<&Budget>, rates: &Rates) -> Option<Budget> {
    match (budget, price) {
        (Some(a), Some(b)) => Some(a.clone().and(b, rates)),
        (a, b) => a.or(b).cloned(),
    }
}

/// The class that is meant, or the machine on offer, `provider/instance`. Unknown: exit 2.
fn named(profile: &str, offers: &[offers::Offer]) -> Result<String> {
    if !profile.contains('/') {
        return Ok(profiles::find(profile)?.id);
    }
    let same = |offer: &&offers::Offer| machine::name(offer).eq_ignore_ascii_case(profile);
    let Some(offer) = offers.iter().find(same) else {
        let near = nearest(profile, offers.iter().map(|offer| offer.instance.as_str()));
        let lead =
            if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(" or ")) };
        return Err(Failure::usage(format!("no machine on offer is called {profile:?}"))
            .hint(format!("{lead}`agi-provision offers` lists provider and instance"))
            .into());
    };
    match machine::unusable(&offer.machine) {
        Some(why) => Err(Failure::usage(format!("{profile} cannot be planned for: {why}")).into()),
        None => Ok(profile.to_string()),
    }
}

/// A plan, and the model's files where they lie on this machine.
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// Model files on this machine that it was made from.
    pub model_files: Vec<PathBuf>,
}

impl PlanArgs {
    /// Arguments that make no sense with a finished plan.
    pub const IDS: [&str; 23] = [
        "model",
        "budget",
        "max_price",
        "offers",
        "profile",
        "prefer",
        "quant",
        "ctx",
        "slots",
        "kv_type",
        "kv_unified",
        "flash_attn",
        "batch",
        "ubatch",
        "split_mode",
        "n_cpu_moe",
        "min_speed",
        "rag",
        "rag_model",
        "rag_chunks",
        "rag_chunk_tokens",
        "webui",
        "llama_build",
    ];

    /// These, with what an inventory says of one host.
    pub fn with(&self, overrides: &Overrides) -> PlanArgs {
        PlanArgs {
            profile: overrides.profile.clone().or_else(|| self.profile.clone()),
            quant: overrides.quant.clone().or_else(|| self.quant.clone()),
            ctx: overrides.ctx.or(self.ctx),
            slots: overrides.slots.or(self.slots),
            ..self.clone()
        }
    }

    /// A finished plan with `--expose`, where that is given; what it says stays otherwise.
    pub fn expose(&self, plan: &mut Plan) -> Result<()> {
        plan.expose = self.exposure()?.or(plan.expose.take());
        Ok(())
    }

    /// Exit 2 for a range of everyone that was not said to be meant.
    fn exposure(&self) -> Result<Option<Exposure>> {
        let exposure = Exposure::of(&self.expose);
        let wide = exposure.iter().flat_map(|exposure| &exposure.ranges).find(|range| range.is_wide());
        if let Some(range) = wide.filter(|_| !self.expose_everyone) {
            let message = format!("--expose {range} lets (nearly) everyone try the API's key");
            return Err(Failure::usage(message)
                .hint("name the addresses that need it, or add --expose-everyone")
                .into());
        }
        Ok(exposure)
    }

    /// To be applied: containers, which run no systemd, are not on offer.
    pub fn plan(&self) -> Result<Planned> {
        let (request, model_files) = self.request(None, false)?;
        Ok(Planned { plan: crate::plan::plan(&request)?, model_files })
    }

    /// For any machine, or for the one with these facts, with or without containers; and the model's files on this
    /// machine.
    fn request(&self, facts: Option<&Facts>, containers: bool) -> Result<(Request, Vec<PathBuf>)> {
        let model = self.model.as_deref().ok_or_else(|| {
            Failure::usage("no model is named")
                .hint("give --model NAME or --model FILE.gguf; `agi-provision models` lists names")
        })?;
        let build = build::find(&self.llama_build)?;
        let rates = offers::store::rates();
        let budget = cap(self.budget.as_ref(), self.max_price.as_ref(), &rates);
        let file = self.offers.as_deref();
        // A machine that is named may be one that others beat.
        let one = self.profile.as_deref().is_some_and(|profile| profile.contains('/'));
        let known = if one { offers::store::all(file)? } else { offers::store::for_choice(file, &rates)? };
        known.warnings.iter().for_each(|warning| say!("warning: {warning}"));
        let profile = self.profile.as_deref().map(|profile| named(profile, &known.offers)).transpose()?;
        let Loaded { choice, mut local, published } =
            model_arg::load(model, self.quant.as_deref(), self.resolve)?;
        // Asked of the model's files alone.
        let is_file = !local.is_empty();
        let rag = self.rag.load(self.resolve)?.map(|rag| {
            local.extend(rag.local);
            rag.choice
        });
        let mut request = Request {
            model: choice,
            profiles: profiles::all(),
            profile,
            offers: known.offers,
            containers,
            rates,
            prefer: self.prefer,
            budget,
            fixed: Fixed {
                n_ctx: self.ctx,
                slots: self.slots,
                kv_type: self.kv_type.as_ref().map(|name| name.to_ascii_lowercase()),
                flash_attn: self.flash_attn,
                kv_unified: self.kv_unified,
                batch: self.batch,
                ubatch: self.ubatch,
                split_mode: self.split_mode,
                n_cpu_moe: self.n_cpu_moe,
                quant: self.quant.as_deref().is_some_and(|quant| quant != "auto")
                    || is_file
                    || model.starts_with("hf:"),
                min_speed: self.min_speed,
                host: None,
                runtime: None,
                page: self.webui,
                expose: self.exposure()?,
            },
            rag,
            build,
        };
        if let Some(facts) = facts {
            request = reconcile::request(request, facts);
        }
        if let Some(published) = published {
            resolve::headers(&mut request, |choice, variant| published.read(choice, variant))?;
        }
        if self.resolve {
            request.fixed.runtime = resolve::runtime(&request)?;
        }
        Ok((request, local))
    }
}

/// Runs `plan`.
pub fn run(args: &Args) -> Result<Exit> {
    let facts = match &args.facts {
        Some(path) => Some(super::reconcile::read_facts(path)?),
        None if args.hosts.is_given() => Some(super::reconcile::probe(&args.hosts)?),
        None => None,
    };
    let (request, _) = args.plan.request(facts.as_ref(), args.containers)?;
    let (mut plan, explanation) = match args.explain {
        true => crate::plan::explained(&request).map(|(plan, explanation)| (plan, Some(explanation)))?,
        false => (crate::plan::plan(&request)?, None),
    };
    let left_out: Vec<String> = facts.iter().flat_map(|facts| host_cards::left_out(facts, &plan)).collect();
    plan.reasons.extend(left_out);
    let document = Document { plan: &plan, explanation: explanation.as_ref() };
    let page = match args.format {
        PlanFormat::Html => Some(page(&request, &plan, explanation.as_ref(), facts.is_some())?),
        _ => None,
    };
    if let Some(path) = &args.out {
        let content = match &page {
            Some(page) => page.clone(),
            None => serde_json::to_string_pretty(&document)? + "\n",
        };
        std::fs::write(path, content).with_context(|| format!("writing {}", path.display()))?;
    }
    match (page, args.format) {
        // A page that went to a file is not for the terminal too.
        (Some(_), _) if args.out.is_some() => {}
        (Some(page), _) => print(&page)?,
        (None, PlanFormat::Json) => print_json(&document)?,
        (None, _) => {
            let mut text = report::plan::text(&plan);
            if let Some(explanation) = &explanation {
                text = format!("{text}\n{}", report::explain::text(explanation));
            }
            print(&text)?;
        }
    }
    Ok(if plan.verdict == Verdict::Impossible { Exit::NoPlanFits } else { Exit::Done })
}

/// Returns the plan's page. A machine that is there is compared with none on offer.
fn page(request: &Request, plan: &Plan, explanation: Option<&Explanation>, is_there: bool) -> Result<String> {
    let market = if is_there { Vec::new() } else { crate::plan::choice::market(request)? };
    report::html::plan(plan, &market, explanation)
}

/// A plan as JSON; an explanation stands beside its keys.
#[derive(serde::Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'a Explanation>,
}
