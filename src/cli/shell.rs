//! `completions` and `man`, generated from the arguments.

use super::output::print;
use crate::error::{Context, Exit, Result};
use clap_complete::env::Shells;
use std::path::PathBuf;

/// Variable by which a shell's script asks this program for candidates.
pub const VARIABLE: &str = "COMPLETE";

/// Completes at once where zsh loads the script by itself, as a function from a folder of its fpath: what is defined there
/// counts from the second time on only.
const ZSH_AUTOLOAD: &str = r#"if [[ ${funcstack[1]} = _agi-provision ]]; then
    _clap_dynamic_completer_agi_provision "$@"
fi
"#;

#[derive(clap::Args)]
pub struct CompletionsArgs {
    /// The shell to complete for
    shell: clap_complete::Shell,
}

/// Prints a script that asks this program at each completion, so that names are those of today.
pub fn completions(args: &CompletionsArgs) -> Result<Exit> {
    let name = args.shell.to_string();
    let shells = Shells::builtins();
    let shell = shells.completer(&name).with_context(|| format!("{name} has no completions"))?;
    let mut script = Vec::new();
    let program = "agi-provision";
    shell.write_registration(VARIABLE, program, program, program, &mut script)?;
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if args.shell == clap_complete::Shell::Zsh {
        script.push_str(ZSH_AUTOLOAD);
    }
    print(&script)?;
    Ok(Exit::Done)
}

#[derive(clap::Args)]
pub struct ManArgs {
    /// Write a page for each command to this directory, instead of printing the first one
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub fn man(args: &ManArgs, command: clap::Command) -> Result<Exit> {
    if let Some(dir) = &args.dir {
        let wrote = || format!("writing manual pages to {}", dir.display());
        std::fs::create_dir_all(dir).with_context(wrote)?;
        clap_mangen::generate_to(command, dir).with_context(wrote)?;
        say!("wrote the manual pages to {}", dir.display());
        return Ok(Exit::Done);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    print(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}
