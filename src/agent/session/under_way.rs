//! Work that is being done to the host at this moment, for `status`: by whom, since when, and at which step.

use crate::agent::host::lock::{self, Holder};
use crate::agent::job;
use crate::error::Result;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct UnderWay {
    /// `apply`, `rollback`, `remove`, `key rotate`.
    pub what: String,
    /// `user@machine`; empty where the host does not know.
    pub by: String,
    /// When it began, RFC 3339.
    pub since: String,
    /// The step that runs; `None` before the first and between two.
    pub step: Option<String>,
    /// Changes that the step makes, as text.
    pub changes: Option<String>,
}

/// Returns the work under way; `None` if nobody changes anything.
pub fn look() -> Result<Option<UnderWay>> {
    // A job whose unit has been started takes the lock a moment later.
    let holder = match lock::holder() {
        Some(holder) => Some(holder),
        None => job::starting()?.map(|holder| Holder { job: true, ..holder }),
    };
    let step = holder.as_ref().filter(|holder| holder.job).and_then(|_| job::running_step());
    Ok(holder.map(|holder| of(holder, step)))
}

fn of(holder: Holder, step: Option<(String, String)>) -> UnderWay {
    // For work other than an apply the holder has the command's name instead of a client.
    let (what, by) = match holder.client.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
        Some(command) => (command.to_string(), String::new()),
        None => ("apply".to_string(), holder.client),
    };
    let (step, changes) = step.unzip();
    UnderWay { what, by, since: holder.since, step, changes }
}

impl UnderWay {
    /// Returns a clause such as `an apply by a@b runs since 2026-01-02T03:04:05Z, now at step model`.
    pub fn sentence(&self) -> String {
        let by = if self.by.is_empty() { String::new() } else { format!(" by {}", self.by) };
        let step = self.step.as_ref().map_or(String::new(), |step| format!(", now at step {step}"));
        format!("`{}`{by} runs since {}{step}", self.what, self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_names_who_holds_the_host() {
        let holder = |client: &str| Holder { client: client.into(), since: "T".into(), ..Holder::default() };
        let step = Some(("model".to_string(), "put it there".to_string()));
        let apply = of(holder("a@b"), step);
        assert_eq!(apply.sentence(), "`apply` by a@b runs since T, now at step model");
        assert_eq!(apply.changes.as_deref(), Some("put it there"));
        assert_eq!(of(holder("`key rotate`"), None).sentence(), "`key rotate` runs since T");
    }
}
