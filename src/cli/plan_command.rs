//! `plan`: what it prints, for one model or, without one, the best few.

use super::hosts::HostArgs;
use super::output::{self, print, print_json};
use super::plan::PlanArgs;
use super::plan_hosts;
use super::project::{Flag, Settings};
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::facts::Facts;
use crate::lang::{Lang, Sentence};
use crate::plan::document::Verdict;
use crate::plan::explain::Explanation;
use crate::plan::request::Request;
use crate::plan::suggest::{Asked, Purpose, Suggestion, suggest};
use crate::plan::{Plan, host_cards};
use crate::report;
use crate::say;
use crate::ssh::quote;
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
    #[command(flatten)]
    several: plan_hosts::PlanHostsArgs,
    /// Count containers too (RunPod, Vast): they run no systemd, so `apply` cannot use them
    #[arg(long)]
    containers: bool,
    /// Without --model: the use for which the best few are listed
    #[arg(long = "for", value_enum, value_name = "USE", conflicts_with = "model")]
    purpose: Option<Purpose>,
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

/// Runs `plan`.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    if args.several.are_given() {
        let json = match args.format {
            PlanFormat::Text => false,
            PlanFormat::Json => true,
            PlanFormat::Html => {
                let message = "--format html is for the plan of one machine";
                return Err(Failure::usage(message).hint("with --hosts: --format text or json").into());
            }
        };
        return plan_hosts::run(&args.several, &args.plan, &args.hosts, json, args.out.as_deref());
    }
    let facts = match &args.facts {
        Some(path) => Some(super::reconcile::read_facts(path)?),
        None if args.hosts.is_given() => Some(super::reconcile::probe(&args.hosts)?),
        None => None,
    };
    if !args.plan.names_a_model() && (facts.is_some() || args.plan.asks_for_a_machine()) {
        return suggestions(args, facts.as_ref(), settings);
    }
    let (request, _) = args.plan.request(facts.as_ref(), args.containers)?;
    let (mut plan, explanation) = match args.explain {
        true => crate::plan::explained(&request).map(|(plan, explanation)| (plan, Some(explanation)))?,
        false => (crate::plan::plan(&request)?, None),
    };
    let left_out: Vec<Sentence> = facts.iter().flat_map(|facts| host_cards::left_out(facts, &plan)).collect();
    plan.reasons.extend(left_out);
    let document = PlanDocument { plan: &plan, explanation: explanation.as_ref(), warnings: say::warnings() };
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
            let mut text = report::plan::text(&plan, Lang::current());
            if let Some(explanation) = &explanation {
                text.line("");
                text.add(report::explain::text(explanation, Lang::current()));
            }
            output::page(text)?;
        }
    }
    Ok(if plan.verdict == Verdict::Impossible { Exit::NoPlanFits } else { Exit::Done })
}

/// Returns the plan's page. A machine that is there is compared with none on offer.
fn page(request: &Request, plan: &Plan, explanation: Option<&Explanation>, is_there: bool) -> Result<String> {
    let market = if is_there { Vec::new() } else { crate::plan::choice::market(request)? };
    report::html::plan(plan, &market, explanation, Lang::current())
}

/// The best few models for what is there or can be paid for.
fn suggestions(args: &Args, facts: Option<&Facts>, settings: &Settings) -> Result<Exit> {
    if args.format == PlanFormat::Html || args.explain || args.out.is_some() {
        return Err(Failure::usage("--format html, --explain and --out are for the plan of one model")
            .hint("name it with --model; without these the best few models are listed")
            .into());
    }
    let purpose = args.purpose.unwrap_or_default();
    let request = args.plan.for_any_model(args.containers)?;
    let found = suggest(&Asked { purpose, request, quant: args.plan.asked_quant(), facts })?;
    let commands: Vec<String> = found.iter().map(|one| command(args, one, settings)).collect();
    let ranked_by = purpose.ranked_by();
    if args.format == PlanFormat::Json {
        let rows = found.iter().zip(&commands).map(|(suggestion, command)| Row { suggestion, command });
        print_json(&Suggestions {
            schema: SUGGESTIONS,
            purpose,
            ranked_by: ranked_by.to_string(),
            suggestions: rows.collect(),
            warnings: say::warnings(),
        })?;
    } else if found.is_empty() {
        let lang = Lang::current();
        print(&tr!(lang, "suggest-none"))?;
        say!("\n{}: {}", tr!(lang, "outcome-hint"), tr!(lang, "suggest-none-hint"));
    } else {
        output::page(report::suggest::text(&found, &commands, &ranked_by, Lang::current()))?;
    }
    Ok(if found.is_empty() { Exit::NoPlanFits } else { Exit::Done })
}

/// Schema of the best few models.
const SUGGESTIONS: &str = "agi-provision/suggestions/1";

/// The best few models as JSON.
#[derive(serde::Serialize, schemars::JsonSchema)]
pub struct Suggestions<'a> {
    #[schemars(extend("const" = SUGGESTIONS))]
    schema: &'static str,
    #[serde(rename = "for")]
    purpose: Purpose,
    /// How they are ranked, for people.
    ranked_by: String,
    /// The best first.
    suggestions: Vec<Row<'a>>,
    /// Sentences that are said as warnings on stderr.
    warnings: Vec<String>,
}

/// A suggestion as JSON, with the command that takes it.
#[derive(serde::Serialize, schemars::JsonSchema)]
struct Row<'a> {
    #[serde(flatten)]
    suggestion: &'a Suggestion,
    /// Command that takes it.
    #[schemars(regex(pattern = "^agi-provision (plan|apply) "))]
    command: &'a str,
}

/// The command that takes a suggestion: an apply where there is a host, else its plan.
fn command(args: &Args, one: &Suggestion, settings: &Settings) -> String {
    let (model, rag) = match &one.beside {
        Some(beside) => (beside, format!(" --rag --rag-model {}", one.model)),
        None => (&one.model, String::new()),
    };
    let asked = args.plan.asked_quant().map(|quant| ("quant", Some(quant.to_string())));
    let mut flags: Vec<Flag> = asked.into_iter().chain(args.plan.flags()).collect();
    match &args.facts {
        Some(path) => {
            let facts = quote(&path.to_string_lossy()).to_string();
            format!("agi-provision plan --model {model}{}{rag} --facts {facts}", settings.needed(&flags))
        }
        None if args.hosts.is_given() => {
            // An apply does not measure the host, so it is told what the measured one was found to run.
            let found = if one.beside.is_some() { String::new() } else { format!(" --quant {}", one.quant) };
            flags.retain(|(name, _)| *name != "quant" || found.is_empty());
            flags.extend(args.hosts.all());
            // Its files are not here, so they are pinned for the host to download.
            format!("agi-provision apply --model {model}{found}{rag} --resolve{}", settings.needed(&flags))
        }
        None => {
            let containers = if args.containers { " --containers" } else { "" };
            format!("agi-provision plan --model {model}{}{rag}{containers}", settings.needed(&flags))
        }
    }
}

/// A plan as JSON; an explanation stands beside its keys.
#[derive(serde::Serialize, schemars::JsonSchema)]
pub struct PlanDocument<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    /// With `--explain`: how each number came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'a Explanation>,
    /// Sentences that are said as warnings on stderr; missing in a bundle's plan.json.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}
