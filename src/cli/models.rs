//! `models`: the models known by name, which of them fit a need, and `models show`, one in full.

use super::output::{self, Format, print, print_json};
use crate::error::{Exit, Failure, Result};
use crate::hardware::profiles::{self, Profile};
use crate::model::registry::{self, Model, Size, Use, nearest};
use crate::plan::document::Verdict;
use crate::plan::plan;
use crate::plan::request::{ModelChoice, Request};
use crate::report::table;
use crate::report::table::table as right_table;
use crate::units::gib;
use serde_json::{Value, json};
use std::fmt::Write;

#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  agi-provision models --language ru --fits gpu-24gb
  agi-provision models --use code --licence apache-2.0
  agi-provision models --use embedding
  agi-provision models show qwen3-8b
  agi-provision plan --model qwen3-8b --profile gpu-16gb

Case, signs and alphabet do not matter in a name: qwen3-8b, Qwen3:8B and сайга-8b are known.
A model that is not listed is planned from its repository: --model hf:owner/repository[:quant]."
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Show one model: dimensions, licence, files with sizes, where each number was read
    Show(ShowArgs),
}

#[derive(clap::Args)]
struct ListArgs {
    /// Only models whose card lists this language, by its code (ru, en, de)
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// Only models that this profile runs, with the verdict of each (see `profiles`)
    #[arg(long, value_name = "PROFILE")]
    fits: Option<String>,
    /// Only this licence, as the card calls it; `apache` finds apache-2.0
    #[arg(long, value_name = "NAME")]
    licence: Option<String>,
    /// Only models for this use
    #[arg(long = "use", value_name = "USE", value_enum)]
    wanted: Option<Wanted>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Wanted {
    Chat,
    Code,
    Embedding,
    Rerank,
}

#[derive(clap::Args)]
struct ShowArgs {
    /// Its id or another of its names
    model: String,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn run(args: &Args) -> Result<Exit> {
    match &args.command {
        Some(Command::Show(args)) => show(args),
        None => list(&args.list),
    }
}

/// A model, and the verdict and quantisation of the profile asked for.
struct Row {
    model: Model,
    fit: Option<(Verdict, String)>,
}

fn list(args: &ListArgs) -> Result<Exit> {
    let profile = args.fits.as_deref().map(profiles::find).transpose()?;
    let mut rows = Vec::new();
    for model in selected(args)? {
        match &profile {
            None => rows.push(Row { model, fit: None }),
            Some(profile) => {
                if let Some(fit) = fit(&model, profile)? {
                    rows.push(Row { model, fit: Some(fit) });
                }
            }
        }
    }
    rows.sort_by_cached_key(|row| (row.model.parameters(), row.model.id.clone()));
    if args.format == Format::Json {
        print_json(&rows.iter().map(summary).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        print("no model of the registry is all of that")?;
        say!(
            "\nhint: leave out one of --language, --licence, --use and --fits; each alone lists what it finds"
        );
        return Ok(Exit::Done);
    }
    let (answer, beside): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.model.is_chat());
    if !answer.is_empty() {
        print(&text(&answer, "id"))?;
    }
    if !beside.is_empty() {
        let gap = if answer.is_empty() { "" } else { "\n" };
        print(&format!("{gap}{}", text(&beside, "beside a model that answers")))?;
    }
    Ok(Exit::Done)
}

fn selected(args: &ListArgs) -> Result<Vec<Model>> {
    let mut models: Vec<Model> = registry::all().collect();
    if let Some(code) = &args.language {
        let code = code.to_lowercase();
        let known: Vec<String> =
            models.iter().flat_map(|m| m.languages.clone().unwrap_or_default()).collect();
        models.retain(|model| model.languages.as_ref().is_some_and(|codes| codes.contains(&code)));
        if models.is_empty() {
            return Err(unknown(
                "language",
                &code,
                &known,
                "codes are those of ISO 639-1, such as ru, en or de",
            ));
        }
    }
    if let Some(licence) = &args.licence {
        let wanted = licence.to_lowercase();
        let known: Vec<String> = models.iter().filter_map(|model| model.licence.clone()).collect();
        models.retain(|model| model.licence.as_ref().is_some_and(|licence| licence.contains(&wanted)));
        if models.is_empty() {
            return Err(unknown("licence", &wanted, &known, "`agi-provision models` lists them"));
        }
    }
    if let Some(wanted) = args.wanted {
        let wanted = match wanted {
            Wanted::Chat => Use::Chat,
            Wanted::Code => Use::Code,
            Wanted::Embedding => Use::Embedding,
            Wanted::Rerank => Use::Rerank,
        };
        models.retain(|model| model.has_use(wanted));
    }
    Ok(models)
}

fn unknown(what: &str, asked: &str, known: &[String], otherwise: &str) -> anyhow::Error {
    let mut names: Vec<&str> = known.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let near = nearest(asked, names.iter().copied());
    let hint = match near.as_slice() {
        [] if names.len() <= 12 => format!("known: {}", names.join(", ")),
        [] => otherwise.to_string(),
        near => format!("did you mean {}?", near.join(" or ")),
    };
    Failure::usage(format!("no model of the registry has the {what} {asked:?}")).hint(hint).into()
}

/// Returns the best verdict of `model` on `profile`, and its quantisation; `None` where it does not run.
fn fit(model: &Model, profile: &Profile) -> Result<Option<(Verdict, String)>> {
    if !model.is_chat() || model.published_quants().is_empty() {
        return Ok(None);
    }
    let mut request = Request::of_registry(&model.id, None)?;
    request.model = ModelChoice { chat_template: None, ..request.model };
    request.profiles = vec![profile.clone()];
    request.profile = Some(profile.id.clone());
    request.offers.clear();
    let plan = plan(&request)?;
    Ok((plan.verdict != Verdict::Impossible).then_some((plan.verdict, plan.model.quant)))
}

fn billions(parameters: u64) -> String {
    match parameters {
        0..1_000_000_000 => format!("{} M", parameters / 1_000_000),
        _ => format!("{:.1} B", parameters as f64 / 1e9),
    }
}

fn text(rows: &[&Row], first: &str) -> String {
    let fits = rows.iter().any(|row| row.fit.is_some());
    let mut head = vec![first, "parameters", "context", "licence", "languages", "published"];
    if fits {
        head.extend(["verdict", "quant"]);
    }
    let cells = |row: &&Row| {
        let model = &row.model;
        let mut cells = vec![
            model.id.clone(),
            billions(model.parameters()),
            model.dimensions.n_ctx_train.to_string(),
            model.licence.clone().unwrap_or_else(|| "?".to_string()),
            languages(model),
            model.quants(None).unwrap_or_default().join(" "),
        ];
        if let Some((verdict, quant)) = &row.fit {
            cells[5] = size(model, quant);
            let verdict = if *verdict == Verdict::Comfort { "comfort" } else { "compromise" };
            cells.extend([verdict.to_string(), quant.clone()]);
        }
        cells
    };
    if fits {
        head[5] = "file";
    }
    right_table(&head, rows.iter().map(cells), &[1, 2])
}

fn size(model: &Model, quant: &str) -> String {
    model.size_bytes(quant).map_or_else(String::new, gib)
}

/// Russian and English first, as many as fit a line.
fn languages(model: &Model) -> String {
    let Some(codes) = &model.languages else { return "?".to_string() };
    let mut codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    codes.sort_by_key(|code| (*code != "ru", *code != "en"));
    match codes.len() {
        0..=3 => codes.join(" "),
        n => format!("{} +{}", codes[..2].join(" "), n - 2),
    }
}

fn summary(row: &Row) -> Value {
    let model = &row.model;
    let kind = model.uses.iter().find(|one| **one != Use::Code).map_or("chat", |one| one.name());
    let mut value = json!({
        "id": model.id,
        "name": model.name,
        "aliases": model.aliases,
        "kind": kind,
        "uses": model.uses,
        "origin": model.origin,
        "repository": model.repository(),
        "architecture": model.dimensions.architecture,
        "parameters": model.parameters(),
        "active_parameters": model.active_parameters(),
        "n_ctx_train": model.dimensions.n_ctx_train,
        "licence": model.licence,
        "languages": model.languages,
        "date": model.date,
        "quants": model.published_quants(),
    });
    if model.has_use(Use::Embedding) {
        value["dimensions"] = json!(model.dimensions.n_embd);
        value["pooling"] = json!(model.dimensions.pooling);
    }
    if let Some((verdict, quant)) = &row.fit {
        value["fit"] = json!({"verdict": verdict, "quant": quant, "size_bytes": model.size_bytes(quant)});
    }
    value
}

fn show(args: &ShowArgs) -> Result<Exit> {
    let (model, _) = registry::named(&args.model)?;
    match args.format {
        Format::Json => print_json(&whole(&model))?,
        Format::Text => output::page(page(&model))?,
    }
    Ok(Exit::Done)
}

/// Bytes of a published file as they were seen; a size that was printed rounded is `size_printed`.
fn whole(model: &Model) -> Value {
    let mut value = summary(&Row { model: model.clone(), fit: None });
    let d = &model.dimensions;
    value["chat_template"] = json!(model.chat_template);
    value["shape"] = json!({
        "n_layer": d.n_layer, "n_embd": d.n_embd, "n_ff": d.n_ff, "n_vocab": d.n_vocab, "n_head": d.n_head,
        "n_head_kv": d.heads_kv(), "head_dim": d.head_dim(), "window": d.window, "tied": d.tied,
        "experts": d.experts.as_ref().map(|e| json!({"count": e.count, "used": e.used, "width": e.width})),
    });
    let files = model.files().map(|(repository, file)| {
        let printed = match &file.size {
            Some(Size::Printed(text)) => Some(text),
            _ => None,
        };
        let weights = if repository.own { None } else { d.weights(&file.quant, repository.imatrix) };
        let beside = model.beside_bytes.unwrap_or(0);
        json!({
            "repository": repository.repository, "quant": file.quant, "name": file.name,
            "size_bytes": file.size_bytes(), "size_printed": printed,
            "tensor_bytes": weights.as_ref().map(|weights| weights.total_bytes),
            "expected_bytes": weights.as_ref().map(|weights| weights.total_bytes + beside),
            "url": format!("https://huggingface.co/{}/resolve/main/{}", repository.repository, file.name),
        })
    });
    value["files"] = files.collect();
    value["sources"] = json!(model.sources);
    value
}

fn page(model: &Model) -> String {
    let d = &model.dimensions;
    let unknown = || "not seen".to_string();
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(out, "{name:<15}{value}");
        }
    };
    line("id", model.id.clone());
    line("name", model.name.clone());
    line("also called", model.aliases.join(", "));
    line("for", model.uses.iter().map(|one| one.name()).collect::<Vec<_>>().join(", "));
    line("origin", format!("https://huggingface.co/{}", model.origin));
    line("licence", model.licence.clone().unwrap_or_else(unknown));
    line("languages", model.languages.as_ref().map_or_else(unknown, |codes| codes.join(" ")));
    line("published", model.date.clone().unwrap_or_else(unknown));
    line("chat template", chat_template(model));
    let (parameters, active) = (model.parameters(), model.active_parameters());
    let of_them =
        if active < parameters { format!(", {} for a token", billions(active)) } else { String::new() };
    line("parameters", format!("{}{of_them}", billions(parameters)));
    line("trained for", format!("{} tokens", d.n_ctx_train));
    let mut shape = format!(
        "{}: {} layers of {}, {} heads on {} of {}, vocabulary {}",
        d.architecture,
        d.n_layer,
        d.n_embd,
        d.n_head,
        d.heads_kv(),
        d.head_dim(),
        d.n_vocab
    );
    if let Some(experts) = &d.experts {
        let _ = write!(shape, ", {} of {} experts", experts.used, experts.count);
    }
    if let Some(window) = d.window {
        let _ = write!(shape, ", window {window}");
    }
    line("architecture", shape);
    out.push('\n');
    let rows = model.files().map(|(repository, file)| {
        let size = match &file.size {
            Some(Size::Bytes(bytes)) => format!("{bytes} bytes"),
            Some(Size::Printed(text)) => text.clone(),
            None => "?".to_string(),
        };
        let rule = match repository.own || d.weights(&file.quant, repository.imatrix).is_none() {
            true => "own",
            false => "",
        };
        let parts = file.parts().len();
        let parts = if parts > 1 { format!(" ({parts} parts)") } else { String::new() };
        let place = format!("{}/{}{parts}", repository.repository, file.name);
        vec![file.quant.clone(), size, rule.to_string(), place]
    });
    out.push_str(&table::render(&["quant", "size", "", "file"], rows));
    out.push('\n');
    if model.files().any(|(repository, _)| repository.own) {
        out.push_str("\nown: its publisher chose a type for each tensor; memory is\nplanned by the published size; --model hf:OWNER/REPOSITORY:QUANT reads its header\n");
    }
    for source in &model.sources {
        let _ = writeln!(out, "\n{source}");
    }
    let _ = write!(out, "\nplan it: agi-provision plan --model {}", model.id);
    if model.has_use(Use::Embedding) {
        let _ = write!(out, "\nbeside a model that answers: --rag --rag-model {}", model.id);
    }
    out
}

fn chat_template(model: &Model) -> String {
    match model.chat_template.as_deref() {
        _ if !model.is_chat() => String::new(),
        Some("file") => "in the published file".to_string(),
        Some(name) => format!("{name}, of the model's card"),
        None => "none: a base model, which completes text".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{model_arg, rag_arg::RagArgs};
    use clap::{Args as _, FromArgMatches};

    /// `kind` says by which flag a listed model is taken.
    #[test]
    fn every_listed_model_is_taken_by_the_flag_of_its_kind_and_by_no_other() {
        for model in registry::all() {
            let row = summary(&Row { model, fit: None });
            let id = row["id"].as_str().unwrap();
            let command = RagArgs::augment_args(clap::Command::new("plan"));
            let matches = command.get_matches_from(["plan", "--rag", "--rag-model", id]);
            let beside = RagArgs::from_arg_matches(&matches).unwrap().load(false);
            let alone = model_arg::load(id, None, false);
            let of = |kind: &str| row["kind"] == kind;
            assert_eq!((alone.is_ok(), beside.is_ok()), (of("chat"), of("embedding")), "{row}");
            if let Err(error) = alone {
                let named = if of("embedding") { "embedding model" } else { "reranker" };
                assert!(error.to_string().contains(named), "{error}");
                assert_eq!(crate::error::exit_code(&error), Exit::Usage);
            }
        }
    }

    fn args(change: impl Fn(&mut ListArgs)) -> ListArgs {
        let mut args =
            ListArgs { language: None, fits: None, licence: None, wanted: None, format: Format::Text };
        change(&mut args);
        args
    }

    #[test]
    fn filters_take_what_cards_say_and_refuse_what_none_says() {
        let russian = selected(&args(|args| args.language = Some("RU".to_string()))).unwrap();
        assert!(russian.len() > 10 && russian.iter().any(|model| model.id == "saiga-8b"));
        assert!(
            russian.iter().all(|model| model.languages.as_ref().unwrap().iter().any(|code| code == "ru"))
        );
        let free = selected(&args(|args| args.licence = Some("Apache".to_string()))).unwrap();
        assert!(free.iter().all(|model| model.licence.as_deref() == Some("apache-2.0")), "{free:?}");
        let none = selected(&args(|args| args.licence = Some("apache-3.0".to_string()))).unwrap_err();
        assert!(crate::error::hint(&none).unwrap().contains("apache-2.0"), "{none:#}");
        let code = selected(&args(|args| args.wanted = Some(Wanted::Code))).unwrap();
        assert!(code.iter().all(|model| model.has_use(Use::Code)) && !code.is_empty());
    }

    #[test]
    fn what_a_profile_cannot_run_is_not_listed_as_fitting_it() {
        let profile = profiles::find("gpu-24gb").unwrap();
        let of = |id: &str| fit(&registry::find(id).unwrap(), &profile).unwrap();
        assert_eq!(of("tinyllama-1.1b").unwrap().0, Verdict::Comfort);
        assert_eq!(of("deepseek-r1"), None);
        assert_eq!(of("bge-m3"), None);
    }
}
