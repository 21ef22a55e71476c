//! How a command fails: what went wrong, what to try next, and the process's exit code.
//!
//! Ordinary errors are [`anyhow::Error`]s with context and exit 1. Where the exit code or a hint
//! matters, the chain holds a [`Failure`]; [`exit_code`] and [`hint`] find it.

use crate::lang::{self, Lang};
use std::fmt;

pub use anyhow::{Context, Result, anyhow, bail, ensure};

/// The exit codes of the contract (README, "Exit codes").
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// The command did what was asked.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// The command line or an input file is wrong.
    Usage = 2,
    /// No plan fits; the best one is printed all the same.
    NoPlanFits = 3,
    /// The host does not meet the plan; nothing was changed.
    HostDoesNotMeetPlan = 4,
    /// `--check` found changes.
    ChangesFound = 5,
    /// The host's SSH key is unknown or has changed.
    HostKey = 6,
    /// Another apply holds the host.
    Held = 7,
    /// The apply failed, and the old generation serves again.
    RolledBack = 8,
}

impl Exit {
    /// Over several hosts the worst wins, in this order.
    const WORST_FIRST: [Exit; 9] = [
        Exit::Failed,
        Exit::RolledBack,
        Exit::HostDoesNotMeetPlan,
        Exit::HostKey,
        Exit::Held,
        Exit::ChangesFound,
        Exit::NoPlanFits,
        Exit::Usage,
        Exit::Done,
    ];

    /// Returns the process's exit status.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The exit code that stands for all of `exits`; `Done` for none.
    pub fn worst(exits: impl IntoIterator<Item = Exit>) -> Exit {
        let rank = |exit: &Exit| Self::WORST_FIRST.iter().position(|e| e == exit);
        exits.into_iter().min_by_key(rank).unwrap_or(Exit::Done)
    }
}

/// An error with an exit code and, where there is one, the next thing to try.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Exit status of the command.
    pub exit: Exit,
    /// Reason, in one sentence.
    pub message: String,
    /// Next command or place to look, if there is one.
    pub hint: Option<String>,
}

impl Failure {
    /// Returns a failure without a hint.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Failure { exit, message: message.into(), hint: None }
    }

    /// Exit 1.
    pub fn failed(message: impl Into<String>) -> Self {
        Failure::new(Exit::Failed, message)
    }

    /// Exit 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure::new(Exit::Usage, message)
    }

    /// Adds a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The exit code that `error` asks for.
pub fn exit_code(error: &anyhow::Error) -> Exit {
    error.downcast_ref::<Failure>().map_or(Exit::Failed, |failure| failure.exit)
}

/// Returns what happened and its causes in a language, as far as their messages are known in it.
pub fn told(error: &anyhow::Error, lang: Lang) -> String {
    let causes = error.chain().map(|cause| lang::told(lang, &cause.to_string()));
    causes.collect::<Vec<_>>().join(": ")
}

/// The hint that `error` carries.
pub fn hint(error: &anyhow::Error) -> Option<&str> {
    error.downcast_ref::<Failure>().and_then(|failure| failure.hint.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_exit_over_several_hosts_follows_the_stated_order() {
        use Exit::*;
        assert_eq!(Exit::worst([]), Done);
        assert_eq!(Exit::worst([Done, ChangesFound]), ChangesFound);
        assert_eq!(Exit::worst([ChangesFound, Held, HostKey]), HostKey);
        assert_eq!(Exit::worst([HostKey, HostDoesNotMeetPlan, RolledBack]), RolledBack);
        assert_eq!(Exit::worst([RolledBack, Failed]), Failed);
    }

    #[test]
    fn the_page_on_exit_codes_has_each_and_no_other() {
        let page = include_str!("../docs/exit-codes.md");
        let mut codes: Vec<u8> = Exit::WORST_FIRST.iter().map(|exit| exit.code()).collect();
        codes.sort_unstable();
        let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok());
        assert_eq!(rows.collect::<Vec<u8>>(), codes);
    }

    #[test]
    fn a_failure_keeps_its_exit_and_hint_under_context() {
        let error =
            anyhow::Error::from(Failure::usage("no such model").hint("see `models`")).context("planning");
        assert_eq!(exit_code(&error), Exit::Usage);
        assert_eq!(hint(&error), Some("see `models`"));
        assert_eq!(exit_code(&anyhow!("plain")), Exit::Failed);
    }

    #[test]
    fn an_error_is_told_cause_by_cause() {
        let why = Failure::failed(english!("error-unreachable", place = "a:22", why = "no route"));
        let error = anyhow::Error::from(why).context("asking");
        assert_eq!(told(&error, Lang::English), "asking: a:22 cannot be reached: no route");
        assert_eq!(told(&error, Lang::Russian), "asking: a:22 недоступен: no route");
    }
}
