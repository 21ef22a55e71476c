//! `bundle`: a plan as a directory of plain files, with what it needs, and as a machine's seed.

use super::driver_arg::{self, From};
use super::first_boot::{self, FirstBootArgs, UserData, Warning};
use super::output::{Format, print_json};
use super::over_hosts::OverHostsArgs;
use super::source::{self, Source, SourceArgs};
use super::targets::TargetArgs;
use crate::apply::AgentFile;
use crate::apply::carry::{self, Travelling};
use crate::error::{Context, Exit, Failure, Result};
use crate::hash::sha256_file;
use crate::plan::document::Verdict;
use crate::render::carried::{SEED, Seed};
use crate::render::{Bundle, CarriedKind, Choices, seed};
use crate::units::gib;
use crate::wire::protocol::START_TIMEOUTS;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("needs_program").multiple(true))]
#[command(after_help = "Examples:
  agi-provision bundle --model saiga-13b --profile gpu-24gb --out saiga/
  agi-provision bundle --plan plan.json --cloud hetzner --out seed/ \\
      --agent-url https://example.org/agi-provision
  agi-provision bundle --model ./model-q4_K.gguf --profile cpu-vps-32gb --seed-iso --out seed/ \\
      --model-file ./model-q4_K.gguf --runtime-archive llama-b11434-bin-ubuntu-x64.tar.gz
  agi-provision bundle --plan plan.json --out many/ --balance a=10.0.0.7 --balance b=10.0.0.8")]
pub struct Args {
    #[command(flatten)]
    pub(super) source: SourceArgs,
    #[command(flatten)]
    pub(super) over: OverHostsArgs,
    /// A model's file that the bundle shall carry; repeat for a split model, and for that of --rag
    #[arg(help_heading = "Output", long, value_name = "FILE")]
    pub(super) model_file: Vec<PathBuf>,
    /// llama.cpp that the bundle shall carry: a .tar.gz with llama-server and its libraries; repeat for one with
    /// more libraries, such as CUDA's (cudart-…)
    #[arg(help_heading = "Output", long, value_name = "FILE")]
    pub(super) runtime_archive: Vec<PathBuf>,
    /// Also write seed.iso, from which cloud-init brings a virtual machine to the plan at its first boot
    #[arg(help_heading = "Output", long, group = "needs_program")]
    pub(super) seed_iso: bool,
    #[command(flatten)]
    pub(super) first_boot: FirstBootArgs,
    #[command(flatten)]
    pub(super) targets: TargetArgs,
    /// Where the host's card gets its driver from, if it has none: at a first boot and with apply --bundle; the host is
    /// restarted where that takes it
    #[arg(help_heading = "Applying", long, value_enum, value_name = "FROM")]
    pub(super) driver: Option<From>,
    /// With --seed-iso or --agent-url: the agi-provision executable for the machine, where this one cannot run there
    #[arg(help_heading = "First boot", long, value_name = "FILE", requires = "needs_program")]
    agent: Option<PathBuf>,
    /// At a first boot, give up a server that makes no progress for this long while it starts and answers
    /// [default: 300]
    #[arg(
        help_heading = "First boot", long, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(START_TIMEOUTS)
    )]
    start_timeout: Option<u64>,
    /// Directory to write
    #[arg(help_heading = "Output", long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// How to print the result
    #[arg(help_heading = "Output", long, value_enum, default_value_t)]
    pub(super) format: Format,
}

pub fn run(args: &Args) -> Result<Exit> {
    let source = args.source.load()?.waiting(args.start_timeout)?;
    if source.plan.verdict == Verdict::Impossible {
        return Err(Failure::new(
            Exit::NoPlanFits,
            format!("nothing to bundle: {}", source.plan.reasons.join("; ")),
        )
        .hint("`agi-provision plan` with the same flags shows the ledger")
        .into());
    }
    // All that can be wrong comes before the first write.
    let kept = source.bundle.manifest().choices();
    let choices = Choices {
        first_boot: args.first_boot.choose(&source.plan, &kept.first_boot, args.agent.as_deref())?,
        targets: args.targets.choose(&source.plan, &kept.targets)?,
        driver: driver_arg::kept(args.driver, kept.driver).filter(|_| source.plan.cards() > 0),
    };
    let source = source.chosen(&choices)?;
    let runtime = source::runtime(&args.runtime_archive)?;
    let files = source.files(&runtime, &args.model_file, false)?;
    let processor = source.plan.profile.processor;
    let agent = args.seed_iso.then(|| AgentFile::find_for(args.agent.as_deref(), processor)).transpose()?;
    let mut bundle = source.bundle.carrying(files.iter().map(Travelling::entry).collect(), None)?;
    let mut changed = Vec::new();
    // The directory is a bundle's before anything large is put there: a run that is cut off can be repeated.
    if !Bundle::is_in(&args.out)? {
        changed = source.bundle.write(&args.out)?.changed;
    }
    changed.extend(put(&args.out, &files)?);
    if let Some(agent) = &agent {
        let (image, new) = write_seed(&bundle, &args.out, agent)?;
        bundle = bundle.carrying(bundle.manifest().carried.clone(), Some(image))?;
        changed.extend(new.then(|| SEED.to_string()));
    }
    changed.extend(bundle.write(&args.out)?.changed);
    changed.sort();
    changed.dedup();
    let mut warnings = advice(&lacking(&source, &files), args.seed_iso);
    warnings.extend(first_boot::warnings(&bundle, args.seed_iso));
    if args.driver.and_then(From::origin).is_some() && choices.driver.is_none() {
        warnings.push(Warning::new(
            "the plan uses no cards: no driver is installed for it",
            "leave --driver out, or plan for a profile with cards",
        ));
    }
    tell(args, &changed, &UserData::of(&bundle), &warnings)?;
    Ok(Exit::Done)
}

fn tell(args: &Args, changed: &[String], user_data: &UserData, warnings: &[Warning]) -> Result<()> {
    if args.format == Format::Json {
        return print_json(&serde_json::json!({
            "schema": "agi-provision/bundled/1",
            "dir": args.out,
            "changed": changed,
            "user_data": user_data,
            "warnings": warnings,
        }));
    }
    match changed.len() {
        0 => say!("{} is as it should be; nothing changed", args.out.display()),
        count => say!("wrote {count} files to {}", args.out.display()),
    }
    for line in user_data.lines() {
        say!("{line}");
    }
    for Warning { message, hint } in warnings {
        say!("warning: {message}");
        say!("hint: {hint}");
    }
    Ok(())
}

pub(super) fn put(dir: &Path, files: &[Travelling]) -> Result<Vec<String>> {
    let bar = if super::output::interactive() {
        indicatif::ProgressBar::new(0)
    } else {
        indicatif::ProgressBar::hidden()
    };
    let changed = carry::put(dir, files, &source::hashed, &mut |name, done, total| {
        bar.set_message(format!("copying {name}"));
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    changed
}

/// Writes the image, and whether it is another one than before.
fn write_seed(bundle: &Bundle, dir: &Path, agent: &AgentFile) -> Result<(Seed, bool)> {
    let carried: u64 = bundle.manifest().carried.iter().map(|file| file.size_bytes).sum();
    if carried > 1 << 30 {
        say!("writing {SEED}, {}", gib(carried + agent.size_bytes));
    }
    let (place, temporary) = (dir.join(SEED), dir.join(format!(".{SEED}.new")));
    let hash = |path: &Path| sha256_file(path, |_| {}).with_context(|| format!("reading {}", path.display()));
    let program = seed::Program { path: &agent.path, sha256: &agent.sha256 };
    let made = seed::write(bundle, dir, &program, &temporary).and_then(|size_bytes| {
        let image = Seed { sha256: hash(&temporary)?, size_bytes };
        let same = fs::metadata(&place).is_ok_and(|there| there.len() == size_bytes)
            && hash(&place)? == image.sha256;
        if same {
            fs::remove_file(&temporary).with_context(|| format!("removing {}", temporary.display()))?;
        } else {
            fs::rename(&temporary, &place).with_context(|| format!("writing {}", place.display()))?;
        }
        Ok((image, !same))
    });
    if made.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    made
}

/// A file that the bundle does not carry.
struct Lacking {
    name: String,
    /// The host can download it.
    pinned: bool,
}

fn lacking(source: &Source, files: &[Travelling]) -> Vec<Lacking> {
    let carried = |what, name: &str| {
        files
            .iter()
            .any(|each| each.what == what && (what == CarriedKind::Runtime || each.file.blob.name == name))
    };
    let downloads = source.bundle.manifest().downloads.iter();
    let lacking = downloads.filter(|download| !carried(download.what, &download.name));
    let pinned = |download: &crate::render::Download| download.sha256.is_some() && download.url.is_some();
    lacking.map(|download| Lacking { name: download.name.clone(), pinned: pinned(download) }).collect()
}

/// Returns advice on files that the user still has to bring; none if a host downloads all that is not carried.
fn advice(lacking: &[Lacking], seed: bool) -> Vec<Warning> {
    let names = |pinned: bool| {
        let names = lacking.iter().filter(|file| file.pinned == pinned).map(|file| file.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let (unpinned, downloaded) = (names(false), names(true));
    let mut all = Vec::new();
    if !unpinned.is_empty() {
        all.push(match seed {
            true => Warning::new(
                format!("the seed does not carry {unpinned}, and no download is pinned: the machine's image must have it"),
                "give --model-file and --runtime-archive here",
            ),
            false => Warning::new(
                format!("not pinned and not carried: {unpinned}"),
                "give the files here or to `apply`, with --model-file and --runtime-archive",
            ),
        });
    }
    if seed && !downloaded.is_empty() {
        all.push(Warning::new(
            format!("the seed does not carry {downloaded}: the machine downloads it at its first boot"),
            "--model-file and --runtime-archive put it on the seed",
        ));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_the_bundle_lacks_are_named_with_what_to_do() {
        let file = |name: &str, pinned| Lacking { name: name.to_string(), pinned };
        let said = |lacking: &[Lacking], seed| {
            let all = advice(lacking, seed).into_iter();
            all.map(|warning| format!("{}; {}", warning.message, warning.hint)).collect::<Vec<_>>().join("\n")
        };
        assert!(advice(&[file("m.gguf", true)], false).is_empty());
        let lacking = [file("llama.cpp b1", false), file("m.gguf", true)];
        let plain = said(&lacking, false);
        assert!(plain.contains("carried: llama.cpp b1;") && !plain.contains("m.gguf"), "{plain}");
        let seed = said(&lacking, true);
        assert!(seed.contains("does not carry llama.cpp b1, and no") && seed.lines().count() == 2, "{seed}");
        assert!(seed.contains("does not carry m.gguf: the machine downloads"), "{seed}");
    }
}
