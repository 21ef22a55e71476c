//! `bundle`: a plan as a directory of plain files.

use super::apply::SourceArgs;
use crate::error::{Exit, Failure, Result};
use crate::plan::document::Verdict;
use std::path::PathBuf;

#[derive(clap::Args)]
#[command(after_help = "Example:
  agi-provision bundle --model saiga-13b --profile gpu-24gb --out saiga/")]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Directory to write
    #[arg(help_heading = "Output", long, value_name = "DIR")]
    out: PathBuf,
}

pub fn run(args: &Args) -> Result<Exit> {
    let source = args.source.load()?;
    if source.plan.verdict == Verdict::Impossible {
        return Err(Failure::new(
            Exit::NoPlanFits,
            format!("nothing to bundle: {}", source.plan.reasons.join("; ")),
        )
        .hint("`agi-provision plan` with the same flags shows the ledger")
        .into());
    }
    let outcome = source.bundle.write(&args.out)?;
    match outcome.changed.len() {
        0 => eprintln!("{} is as it should be; nothing changed", args.out.display()),
        count => eprintln!("wrote {count} files to {}", args.out.display()),
    }
    let unpinned =
        source.bundle.manifest().downloads.iter().filter(|download| download.sha256.is_none()).count();
    if unpinned > 0 {
        eprintln!(
            "{unpinned} download(s) are not pinned: give the files to `apply` with --model-file and --runtime-archive"
        );
    }
    Ok(Exit::Done)
}
