//! The program without a command: says what to do first.

use super::project;
use crate::error::Exit;
use crate::say;

const NEW: &str =
    "agi-provision puts a language model on a machine you rent or own, and proves that it runs there.

Begin here:
  agi-provision plan --model saiga-8b    which machine is enough, and what it costs; no network
  agi-provision init                     asks for model and host, and writes agi-provision.toml
  agi-provision doctor                   what is missing on this machine
  agi-provision apply --help             put a model on a machine that SSH reaches";

const PROJECT: &str = "commands for it need no flags:
  agi-provision plan      which machine is enough, and what it costs
  agi-provision apply     bring the project's hosts to that plan
  agi-provision status    what serves there
  agi-provision tunnel    the model's API on this machine, through SSH";

const END: &str = "
Usage: agi-provision <COMMAND>

hint: `agi-provision --help` lists every command";

/// Writes the first steps to stderr. Nothing was asked for, so it is a mistake: exit 2.
pub fn run() -> Exit {
    let begin = match project::here() {
        Some(path) => format!("{} is this folder's project file; {PROJECT}", path.display()),
        None => NEW.to_string(),
    };
    say::lines(&format!("{begin}\n{END}"));
    Exit::Usage
}
