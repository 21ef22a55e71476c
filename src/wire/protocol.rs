//! Messages between client and agent: one JSON request line in, JSON event lines out.
//!
//! The agent's first line is [`greeting`] with the request's nonce: everything a login shell printed
//! before it is noise, and no other program can forge it. After [`Event::Need`] the client sends the
//! missing pieces of a blob on the same stdin, and on those of further connections ([`Op::Receive`]).

use super::secrets::GivenCertificate;
use crate::checked::{Checksum, FileName, HostPath, Port};
use crate::error::{Exit, Failure};
use crate::fetch::Token;
use crate::hardware::facts::Facts;
use crate::verify::Report;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Both ends are the same executable, so a mismatch means a broken staging.
pub const VERSION: u32 = 1;

/// Longest request line, bytes; a bundle is at most a few hundred kilobytes.
pub const LONGEST_REQUEST: u64 = 64 << 20;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    pub version: u32,
    pub nonce: String,
    pub op: Op,
    /// For downloads on the host; lives in the memory of both ends only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// The user's own certificate, which goes to memory and its place on the host only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<GivenCertificate>,
    /// A person's password made the agent root, for the facts.
    #[serde(default)]
    pub sudo_password: bool,
    /// By the client's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<jiff::Timestamp>,
}

#[allow(clippy::large_enum_variant, reason = "there is one of it, and it is on its way into JSON")]
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    Probe {
        measure: bool,
        /// Read from for a moment, with `measure`.
        #[serde(default)]
        urls: Vec<String>,
    },
    Verify {
        plan: Box<crate::plan::Plan>,
        strict: bool,
        allow: Vec<String>,
        /// Reads the model and the runtime again.
        #[serde(default)]
        deep: bool,
        /// Measures what was promised: memory, disk, and the network towards the plan's files.
        #[serde(default)]
        measure: bool,
    },
    Apply(Apply),
    Status,
    Logs {
        lines: u32,
        follow: bool,
    },
    KeyShow,
    KeyRotate,
    /// The host is still reached after its port was opened.
    ConfirmExposure,
    /// A further stream of an upload that the apply's own has begun.
    Receive {
        blob: Blob,
    },
    /// Back to the generation before the one that serves.
    Rollback,
    Remove {
        keep_models: bool,
    },
}

/// How long a server may show no progress while it starts and answers, unless the user says otherwise
/// (`apply --start-timeout`).
pub const START_TIMEOUT: Duration = Duration::from_secs(300);

/// Seconds that may be asked for instead.
pub const START_TIMEOUTS: std::ops::RangeInclusive<u64> = 1..=86400;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Apply {
    /// The bundle as a tar, base64.
    pub bundle: String,
    /// The user has seen that files of the bundle are not as its plan makes them, and wants them all the
    /// same.
    #[serde(default)]
    pub trust_edits: bool,
    /// Only say what would change.
    pub check: bool,
    pub strict: bool,
    /// Seconds that a server may show no progress while it starts and answers; `None`: as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timeout: Option<u64>,
    /// Requirements that may refuse without stopping the apply, or the service later.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Files the client can send.
    pub runtime: Option<Blob>,
    /// llama-server as it is on the host already, instead of an archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_path: Option<HostPath>,
    pub models: Vec<Blob>,
    /// Who applies, for the lock: `user@machine`.
    pub client: String,
    /// Beginnings of addresses and what to try in their place first.
    #[serde(default)]
    pub mirrors: Vec<(String, String)>,
    #[serde(default)]
    pub expose: Expose,
}

/// How to let other hosts in, where the plan does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expose {
    /// Names that the client uses for the host.
    pub names: Vec<String>,
    /// SHA-256 of the user's own certificate, `AB:CD:…`; its text is not here.
    pub certificate: Option<String>,
    /// Without a new connection by then, the rules that held before hold again. 0: nobody is there to
    /// confirm, so the plan's hold at once.
    pub confirm_seconds: u64,
}

/// How long a client has to confirm rules that are tried, seconds.
pub const CONFIRM_SECONDS: u64 = 60;

impl Default for Expose {
    fn default() -> Expose {
        Expose { names: Vec::new(), certificate: None, confirm_seconds: CONFIRM_SECONDS }
    }
}

/// [`Event::Journal`]'s schema.
pub const JOURNAL_SCHEMA: &str = "agi-provision/journal/1";

/// A file known by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    pub name: FileName,
    pub sha256: Checksum,
    pub size_bytes: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    Facts {
        facts: Box<Facts>,
    },
    Verified {
        report: Report,
    },
    /// A step begins to change something.
    Step {
        name: String,
        what: String,
    },
    /// The step has ended; `seconds` it took.
    StepDone {
        name: String,
        seconds: f64,
        /// Without doing what it was to do.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        failed: bool,
    },
    /// How far the running step is; may be dropped.
    Progress {
        done: u64,
        total: Option<u64>,
        unit: Unit,
    },
    /// Changes that `--check` found in one step.
    Differs {
        step: String,
        changes: Vec<String>,
    },
    /// Send what is missing of these, as [`super::frames`] says.
    Need {
        blobs: Vec<Needed>,
    },
    /// All bytes of a blob arrived and its hash is right.
    Received {
        sha256: Checksum,
    },
    /// An apply of the same bundle was under way; its events follow from its beginning.
    Attached {
        since: String,
        by: String,
    },
    /// The first line of a journal.
    Journal {
        schema: String,
        bundle: String,
    },
    /// The host was restarted in the middle; the job goes on.
    Resumed {
        since: String,
    },
    Warning {
        text: String,
    },
    /// Other hosts may come in. With `confirm_seconds` only until then, unless a new connection sends
    /// [`Op::ConfirmExposure`].
    Exposed {
        ranges: String,
        port: Port,
        /// `sha256`, `names`, `made_here`, `days_left`, `pem`.
        certificate: serde_json::Value,
        confirm_seconds: Option<u64>,
        /// Who may enter again when nobody confirms; nobody where it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        earlier: Option<String>,
    },
    /// Still at it; sent when nothing else is, so that silence means a lost host.
    Alive,
    /// Data for stdout (logs, a key, a status).
    Output {
        text: String,
    },
    /// A document for stdout.
    Document {
        value: serde_json::Value,
    },
    /// The last event.
    End(End),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Bytes,
    Seconds,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Needed {
    pub sha256: Checksum,
    /// Ranges of bytes that the host has not.
    pub missing: Vec<(u64, u64)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct End {
    pub exit: Exit,
    /// Something on the host is different from before, or would be after a check.
    pub changed: bool,
    pub message: String,
    pub hint: Option<String>,
    /// Last lines of the service's log, where they explain a failure.
    #[serde(default)]
    pub log: Vec<String>,
    #[serde(default)]
    pub receipt: Option<serde_json::Value>,
}

impl End {
    pub fn done(changed: bool, message: impl Into<String>) -> End {
        End { exit: Exit::Done, changed, message: message.into(), hint: None, log: Vec::new(), receipt: None }
    }

    pub fn failed(error: &anyhow::Error) -> End {
        End {
            exit: crate::error::exit_code(error),
            changed: false,
            message: bounded(format!("{error:#}")),
            hint: crate::error::hint(error).map(str::to_string),
            log: Vec::new(),
            receipt: None,
        }
    }

    /// Returns the end as an error for the client's user; `None` for a success.
    pub fn failure(&self) -> Option<Failure> {
        if matches!(self.exit, Exit::Done | Exit::ChangesFound) {
            return None;
        }
        Some(Failure { exit: self.exit, message: self.message.clone(), hint: self.hint.clone() })
    }
}

/// Most of an error's text that a journal keeps, bytes: what programs say in it can be of any length.
const MOST_TEXT: usize = 16 << 10;

/// The beginning and the end of a text that is longer than [`MOST_TEXT`].
fn bounded(text: String) -> String {
    if text.len() <= MOST_TEXT {
        return text;
    }
    let half = MOST_TEXT / 2;
    let (start, end) = (text.floor_char_boundary(half), text.ceil_char_boundary(text.len() - half));
    format!("{} … {}", &text[..start], &text[end..])
}

/// The agent's first line.
pub fn greeting(nonce: &str) -> String {
    format!("agi-provision-agent {nonce}")
}

/// Returns the line that is printed instead of a greeting when the agent has to be staged.
pub fn stage_marker(nonce: &str) -> String {
    format!("agi-provision-stage {nonce}")
}

/// Receives events: the client's connection, or the journal.
pub trait Events {
    fn send(&mut self, event: &Event) -> std::io::Result<()>;
}

impl<W: std::io::Write> Events for W {
    fn send(&mut self, event: &Event) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.write_all(&line)?;
        self.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_error_keeps_its_beginning_and_its_end() {
        let text = format!("unpacking: {}: no space", "é".repeat(1 << 20));
        let end = End::failed(&anyhow::anyhow!(text));
        assert!(end.message.len() <= MOST_TEXT + 10, "{} bytes", end.message.len());
        assert!(end.message.starts_with("unpacking: é") && end.message.ends_with("é: no space"));
        assert_eq!(End::failed(&anyhow::anyhow!("short")).message, "short");
    }
}
