//! `init`: writes a project file from flags, or from answers on a terminal.

use super::output;
use super::project::FILE_NAME;
use crate::error::{Context, Exit, Failure, Result};
use crate::hardware::offers::Budget;
use crate::hardware::profiles;
use crate::lang::{Lang, told};
use crate::model::hub;
use crate::model::registry::{self, Model, Use};
use crate::ssh::Target;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  agi-provision init
  agi-provision init --model saiga-8b --budget 50/month
  agi-provision init --model ./my-q4_K.gguf --host root@203.0.113.7 --profile cpu-vps-32gb

Asks for what is not given where there is a terminal, and writes agi-provision.toml (docs/project.md).")]
pub struct Args {
    /// Model: a name (see `models`), hf:owner/repository[:quant], or a path to a .gguf file
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// On a terminal: list the models for this use, and ask which one
    #[arg(long = "use", value_name = "USE", conflicts_with = "model")]
    wanted: Option<Wanted>,
    /// The most to pay: 300/month, 0.6/hour, 5000RUB/month
    #[arg(long)]
    budget: Option<String>,
    /// A host to put the model on: [user@]name[:port]; may be repeated
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
    /// The class of machines that the plan is for (see `profiles`)
    #[arg(long, value_name = "ID")]
    profile: Option<String>,
    /// File to write, which must not exist yet
    #[arg(long, value_name = "FILE", default_value = FILE_NAME)]
    out: PathBuf,
}

/// A use that people name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    Chat,
    Code,
    Russian,
}

impl Wanted {
    fn is_for(self, model: &Model) -> bool {
        match self {
            Wanted::Chat => model.is_chat(),
            Wanted::Code => model.has_use(Use::Code),
            Wanted::Russian => {
                model.is_chat() && model.languages.iter().flatten().any(|language| language == "ru")
            }
        }
    }
}

/// Answers that a project file is made of; each was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Answers {
    model: String,
    budget: Option<String>,
    hosts: Vec<String>,
    profile: Option<String>,
}

pub fn run(args: &Args) -> Result<Exit> {
    if args.out.exists() {
        return Err(there_already(&args.out));
    }
    let answers = answers(args)?;
    let mut file = match std::fs::File::create_new(&args.out) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(there_already(&args.out)),
        file => file.with_context(|| format!("creating {}", args.out.display()))?,
    };
    file.write_all(content(&answers).as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("writing {}", args.out.display()))?;
    say!("wrote {}", args.out.display());
    crate::say::lines(&next(&answers));
    Ok(Exit::Done)
}

fn there_already(path: &Path) -> anyhow::Error {
    Failure::usage(format!("{} is there already, and nothing was written", path.display()))
        .hint("`agi-provision config show` says what holds here; --out FILE writes elsewhere")
        .into()
}

/// Takes what flags say, and asks for the rest where somebody is there to answer.
fn answers(args: &Args) -> Result<Answers> {
    let asks = output::can_ask();
    let model = match &args.model {
        Some(model) => checked_model(model)?,
        None if asks => ask_model(args.wanted)?,
        None => {
            return Err(Failure::usage("init needs a model, and there is no terminal to ask on")
                .hint("give --model; `agi-provision models --use chat` lists names")
                .into());
        }
    };
    let mut answers = Answers { model, hosts: args.host.clone(), ..Answers::default() };
    answers.hosts.iter().try_for_each(|host| Target::parse(host).map(|_| ()))?;
    answers.profile = match &args.profile {
        Some(profile) => Some(profiles::find(profile)?.id),
        None => None,
    };
    answers.budget = match &args.budget {
        Some(budget) => Some(checked_budget(budget)?),
        None => None,
    };
    if asks && answers.hosts.is_empty() && answers.budget.is_none() && answers.profile.is_none() {
        let host = "Is there a host already? [user@]name, or nothing where one is still to be rented:";
        answers.hosts.extend(until(host, |answer| Target::parse(answer).map(|_| answer.to_string()))?);
        if answers.hosts.is_empty() {
            let budget = "What may it cost at most? 300/month, 0.6/hour, or nothing for no limit:";
            answers.budget = until(budget, checked_budget)?;
        }
    }
    Ok(answers)
}

/// Asks until the answer is one; `None` for an empty one.
fn until<T>(question: &str, read: impl Fn(&str) -> Result<T>) -> Result<Option<T>> {
    loop {
        let answer = output::ask(&told(Lang::current(), question))?;
        if answer.is_empty() {
            return Ok(None);
        }
        match read(&answer) {
            Ok(value) => return Ok(Some(value)),
            Err(error) => {
                say!("{error:#}");
                if let Some(hint) = crate::error::hint(&error) {
                    say!("hint: {hint}");
                }
            }
        }
    }
}

fn ask_model(wanted: Option<Wanted>) -> Result<String> {
    let words = "chat, code or russian";
    let question =
        format!("Which model? A name, hf:owner/repository, a .gguf file, or a use ({words}) for a list:");
    let mut wanted = wanted;
    loop {
        if let Some(use_) = wanted.take() {
            list(use_)?;
        }
        let answer = output::ask(&told(Lang::current(), &question))?;
        match <Wanted as clap::ValueEnum>::from_str(&answer, true) {
            Ok(use_) => wanted = Some(use_),
            Err(_) if answer.is_empty() => say!("a model is needed; Ctrl-C ends this"),
            Err(_) => match checked_model(&answer) {
                Ok(model) => return Ok(model),
                Err(error) => say!("{error:#}; {}", crate::error::hint(&error).unwrap_or_default()),
            },
        }
    }
}

/// Names models for a use, the newest first.
fn list(wanted: Wanted) -> Result<()> {
    const SHOWN: usize = 20;
    let mut models: Vec<Model> = registry::all().filter(|model| wanted.is_for(model)).collect();
    models.sort_by(|a, b| b.date.cmp(&a.date).then_with(|| a.id.cmp(&b.id)));
    let more = models.len().saturating_sub(SHOWN);
    for model in models.iter().take(SHOWN) {
        say!("  {:<28} {}", model.id, model.date.as_deref().unwrap_or_default());
    }
    if more > 0 {
        say!("  and {more} older ones: `agi-provision models`");
    }
    Ok(())
}

/// Returns the model as the project file names it.
fn checked_model(text: &str) -> Result<String> {
    if Path::new(text).is_file() || hub::parse(text).is_some() {
        return Ok(text.to_string());
    }
    if text.to_ascii_lowercase().ends_with(".gguf") {
        return Err(Failure::usage(format!("there is no file {text}"))
            .hint("give the path of a .gguf file")
            .into());
    }
    // A name may carry a quantisation, which the plan reads.
    let name = text.split_once(':').map_or(text, |(name, _)| name);
    registry::find(text).or_else(|error| registry::find(name).map_err(|_| error))?;
    Ok(text.to_string())
}

fn checked_budget(text: &str) -> Result<String> {
    match text.parse::<Budget>() {
        Ok(_) => Ok(text.to_string()),
        Err(why) => Err(Failure::usage(format!("{text:?} is no budget: {why}"))
            .hint("such as 300/month, 0.6/hour, 250EUR/month or 5000RUB/month")
            .into()),
    }
}

/// Returns the text of the file. Pure.
fn content(answers: &Answers) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_string()).to_string();
    let hosts: Vec<String> = answers.hosts.iter().map(|host| quoted(host)).collect();
    let given = |key: &str, value: &Option<String>, example: &str| match value {
        Some(value) => format!("{key} = {}\n", quoted(value)),
        None => format!("# {key} = {example}\n"),
    };
    format!(
        "# Project file of agi-provision: commands in this folder and below need no flags.\n\
         # Every key: `agi-provision config show`, docs/project.md. No password belongs here.\n\n\
         model = {}\n{}\n\
         [constraints]\n{}{}# ctx = 8192\n# slots = 2\n\n\
         # Addresses that may use the API besides the host itself:\n\
         # [exposure]\n# ranges = [\"203.0.113.0/24\"]\n",
        quoted(&answers.model),
        match hosts.is_empty() {
            true => "# hosts = [\"root@203.0.113.7\"]\n".to_string(),
            false => format!("hosts = [{}]\n", hosts.join(", ")),
        },
        given("budget", &answers.budget, "\"50/month\""),
        given("profile", &answers.profile, "\"cpu-vps-32gb\""),
    )
}

/// Returns the commands to go on with.
fn next(answers: &Answers) -> String {
    let plan = "  agi-provision plan        which machine is enough, with which settings";
    let host = match answers.hosts.is_empty() {
        true => "  then rent it, and put it into the file as hosts = [\"root@ADDRESS\"]\n",
        false => "",
    };
    format!(
        "\nnext:\n{plan}\n{host}  agi-provision doctor      what is missing here and on the host\n  \
         agi-provision apply       install, verify, answer\n  agi-provision tunnel      the API on this machine"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_holds_the_answers_and_examples_for_the_rest() {
        let answers = Answers {
            model: "a \"b\"".to_string(),
            budget: Some("50/month".to_string()),
            hosts: vec!["root@a".to_string(), "b:22".to_string()],
            profile: None,
        };
        let text = content(&answers);
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["model"].as_str(), Some("a \"b\""));
        assert_eq!(table["hosts"].as_array().unwrap().len(), 2);
        assert_eq!(table["constraints"]["budget"].as_str(), Some("50/month"));
        assert!(text.contains("\n# profile = \"cpu-vps-32gb\"\n"), "{text}");
        assert!(!next(&answers).contains("rent") && next(&Answers::default()).contains("then rent it"));
    }

    #[test]
    fn names_files_and_repositories_are_models_and_other_words_are_not() {
        for text in ["saiga-8b", "mistral-7b:Q4_K_M", "hf:owner/repository"] {
            assert_eq!(checked_model(text).unwrap(), text);
        }
        for text in ["saiga-9999b-zzz", "./nowhere.gguf"] {
            assert!(crate::error::hint(&checked_model(text).unwrap_err()).is_some(), "{text}");
        }
        assert!(checked_budget("much").is_err());
        let for_code = registry::all().filter(|model| Wanted::Code.is_for(model)).count();
        assert!(for_code > 3, "{for_code}");
    }
}
