//! `levels`: what each level of hardware runs, from laptop to cluster.

use super::output::{self, print, print_json};
use crate::engine::llama_cpp::build;
use crate::error::{Context, Exit, Result};
use crate::lang::Lang;
use crate::plan::levels::{Scale, levels};
use crate::report::html;
use crate::report::levels::{markdown, text};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// How to print; text has three lines for each profile, Markdown and HTML every model's numbers too
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write to a file, such as hardware_agi_levels.md: Markdown, or the page with --format html
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Text,
    Markdown,
    Html,
    Json,
}

pub fn run(args: &Args) -> Result<Exit> {
    let lang = Lang::current();
    let levels = levels(&Scale::embedded(), build::find(build::DEFAULT)?)?;
    let page = match args.format {
        Format::Html => html::levels(&levels, lang)?,
        _ => markdown(&levels, lang),
    };
    if let Some(path) = &args.out {
        std::fs::write(path, &page).with_context(|| format!("writing {}", path.display()))?;
        say!("wrote {}", path.display());
    }
    match args.format {
        Format::Json => print_json(&levels)?,
        // A report that went to a file is not printed too.
        _ if args.out.is_some() => {}
        Format::Text => output::page(text(&levels, lang))?,
        Format::Markdown | Format::Html => print(&page)?,
    }
    Ok(Exit::Done)
}
