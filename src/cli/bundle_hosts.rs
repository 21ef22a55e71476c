//! `bundle --hosts`: a bundle for each host of one model over several, each in a folder of its own.

use super::bundle::{Args, put};
use super::driver_arg::From;
use super::output::{Format, print_json};
use super::over_hosts::part;
use super::source::{self, Source};
use crate::apply::LocalFile;
use crate::error::{Exit, Failure, Result};
use crate::render::Bundle;
use crate::render::choices::Targets;
use crate::render::first_boot::FirstBoot;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Writes a folder for the head and one for each worker.
///
/// # Errors
/// A target or a first boot is asked for: the hosts have to know each other by then, and `apply` tells them.
pub fn run(args: &Args) -> Result<Exit> {
    let machines = args.over.machines()?;
    let (request, model_files) = args.source.request()?;
    let (_, plans) = args.over.plans(&request, &machines)?;
    let first_boot = args.first_boot.choose(&plans[0], &FirstBoot::default(), None)?;
    let targets = args.targets.choose(&plans[0], &Targets::default())?;
    if args.seed_iso
        || first_boot != FirstBoot::default()
        || targets != Targets::default()
        || args.driver.and_then(From::origin).is_some()
    {
        return Err(Failure::usage("the hosts of one model have to know each other, which no first boot brings about")
            .hint("`agi-provision apply --hosts` brings them up together; leave the seed, the cloud, the driver and the targets out")
            .into());
    }
    let runtime = source::runtime(&args.runtime_archive)?;
    let mut changed = Vec::new();
    for (place, plan) in plans.into_iter().enumerate() {
        let is_head = place == 0;
        let source = Source::new(plan, if is_head { model_files.clone() } else { Vec::new() })?;
        let model: &[PathBuf] = if is_head { &args.model_file } else { &[] };
        let folder = part(place);
        let written = write(&source, &args.out.join(&folder), &runtime, model)?;
        changed.extend(written.into_iter().map(|path| format!("{folder}/{path}")));
    }
    match args.format {
        Format::Json => print_json(&json!({
            "schema": "agi-provision/bundled/1", "dir": args.out, "changed": changed, "warnings": [],
        }))?,
        Format::Text if changed.is_empty() => {
            say!("{} is as it should be; nothing changed", args.out.display());
        }
        Format::Text => say!("wrote {} files to {}", changed.len(), args.out.display()),
    }
    Ok(Exit::Done)
}

fn write(source: &Source, dir: &Path, runtime: &[LocalFile], model: &[PathBuf]) -> Result<Vec<String>> {
    let files = source.files(runtime, model, false)?;
    let bundle = source.bundle.carrying(files.iter().map(|file| file.entry()).collect(), None)?;
    let mut changed = Vec::new();
    // The directory is a bundle's before anything large is put there.
    if !Bundle::is_in(dir)? {
        changed = source.bundle.write(dir)?.changed;
    }
    changed.extend(put(dir, &files)?);
    changed.extend(bundle.write(dir)?.changed);
    changed.sort();
    changed.dedup();
    Ok(changed)
}
