//! One thing that `doctor` looked at.

use crate::error::Exit;
use serde::Serialize;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Ok,
    /// An apply may go on, with what the advice says.
    Warning,
    /// An apply would fail.
    Failed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// `here`, or the host's name.
    pub at: String,
    /// Short name of what was looked at, such as `known-hosts`.
    pub id: String,
    pub outcome: Outcome,
    /// Finding, in words.
    pub found: String,
    /// Next step, if there is one.
    pub advice: Option<String>,
    /// Exit code of a failed one.
    #[serde(skip)]
    pub exit: Exit,
}

impl Check {
    pub fn ok(at: &str, id: &str, found: impl Into<String>) -> Check {
        let (at, id, found) = (at.to_string(), id.to_string(), found.into());
        Check { at, id, outcome: Outcome::Ok, found, advice: None, exit: Exit::Done }
    }

    pub fn warning(at: &str, id: &str, found: impl Into<String>, advice: impl Into<String>) -> Check {
        Check { outcome: Outcome::Warning, advice: Some(advice.into()), ..Check::ok(at, id, found) }
    }

    pub fn failed(
        at: &str,
        id: &str,
        found: impl Into<String>,
        advice: impl Into<String>,
        exit: Exit,
    ) -> Check {
        Check { outcome: Outcome::Failed, exit, ..Check::warning(at, id, found, advice) }
    }
}
