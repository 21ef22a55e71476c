//! Messages between client and agent: one JSON request line in, JSON event lines out.
//!
//! The agent's first line is [`greeting`] with the request's nonce: everything a login shell printed
//! before it is noise, and no other program can forge it. After [`Event::Need`] the client sends the
//! missing pieces of a blob on the same stdin, and on those of further connections ([`Op::Receive`]).

use super::certificate::ShownCertificate;
use super::needs::RuntimeNeeds;
use super::peers::Peers;
use super::secrets::GivenCertificate;
use crate::checked::{Checksum, FileName, HostPath, Port, ProxyUrl};
use crate::error::{Exit, Failure};
use crate::fetch::Token;
use crate::hardware::facts::Facts;
use crate::hardware::vendor::driver::Origin;
use crate::verify::Report;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Both ends are the same executable, so a mismatch means a broken staging.
pub const VERSION: u32 = 1;

/// Longest request line, bytes; a bundle is at most a few hundred kilobytes.
pub const LONGEST_REQUEST: u64 = 64 << 20;

/// Request of a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Version of the protocol.
    pub version: u32,
    /// Random text that the agent's greeting repeats, hex.
    pub nonce: String,
    /// Operation that is asked for.
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

/// Operations of the agent.
#[allow(clippy::large_enum_variant, reason = "there is one of it, and it is on its way into JSON")]
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// Sends the facts of the host.
    Probe {
        /// Whether disk and network are measured, which takes seconds.
        measure: bool,
        /// Read from for a moment, with `measure`.
        #[serde(default)]
        urls: Vec<String>,
    },
    /// Judges the host by a plan.
    Verify {
        /// The plan.
        plan: Box<crate::plan::Plan>,
        /// Whether warnings refuse as well.
        strict: bool,
        /// Requirements that may refuse without effect, by id.
        allow: Vec<String>,
        /// Reads the model and the runtime again.
        #[serde(default)]
        deep: bool,
        /// Measures what was promised: memory, disk, and the network towards the plan's files.
        #[serde(default)]
        measure: bool,
        /// Needs of the archive that would be applied.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        needs: Option<RuntimeNeeds>,
    },
    /// Brings the host to a bundle.
    Apply(Apply),
    /// Sends the state of the servers.
    Status,
    /// Sends the servers' log.
    Logs {
        /// Lines from the end.
        lines: u32,
        /// Whether new lines follow.
        follow: bool,
    },
    /// Sends the API key.
    KeyShow,
    /// Replaces the API key.
    KeyRotate,
    /// The host is still reached after its port was opened.
    ConfirmExposure,
    /// A further stream of an upload that the apply's own has begun.
    Receive {
        /// File of which pieces follow.
        blob: Blob,
    },
    /// Sends what other hosts of a plan over several have to know of this one.
    Identity {
        /// Makes a key for the workers, unless there is one.
        makes_key: bool,
    },
    /// Back to the generation before the one that serves. A host of a plan over several refuses with its [`PartOfWhole`].
    ///
    /// [`PartOfWhole`]: super::peers::PartOfWhole
    Rollback {
        /// Number of the generation to go to, on each host of a plan over several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<u64>,
    },
    /// Removes everything that this tool made.
    Remove {
        /// Whether models stay for a next apply.
        keep_models: bool,
    },
}

/// How long a server may show no progress while it starts and answers, unless the user says otherwise
/// (`apply --start-timeout`).
pub const START_TIMEOUT: Duration = Duration::from_secs(300);

/// Seconds that may be asked for instead.
pub const START_TIMEOUTS: std::ops::RangeInclusive<u64> = 1..=86400;

/// How long work of the host's own is waited for, unless the user says otherwise (`apply --wait`).
pub const WAIT: Duration = Duration::from_secs(600);

/// Content of [`Op::Apply`].
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
    /// Whether warnings refuse as well.
    pub strict: bool,
    /// Seconds that a server may show no progress while it starts and answers; `None`: as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timeout: Option<u64>,
    /// Where the driver of the host's cards is taken from, if they have none; `None`: it is not installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Origin>,
    /// The client has followed this apply up to a restart of the host: shows how it goes on, and begins nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rejoins: bool,
    /// Requirements that may refuse without stopping the apply, or the service later.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Archives of llama.cpp that the client can send: one with llama-server, and those of libraries beside it.
    #[serde(default)]
    pub runtime: Vec<Blob>,
    /// Needs of the archive among them, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_needs: Option<RuntimeNeeds>,
    /// Seconds to wait for work of the host's own before anything is sent; `None`: as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<u64>,
    /// For what the host downloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyUrl>,
    /// Source that the runtime is built from on the host, instead of an archive; the client can send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_source: Option<Blob>,
    /// llama-server as it is on the host already, instead of an archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_path: Option<HostPath>,
    /// Model files that the client has.
    pub models: Vec<Blob>,
    /// Who applies, for the lock: `user@machine`.
    pub client: String,
    /// Beginnings of addresses and what to try in their place first.
    #[serde(default)]
    pub mirrors: Vec<(String, String)>,
    /// Whether the client is asked for its word before servers stop, start and are timed ([`Event::Turn`]): it changes
    /// other hosts too.
    #[serde(default)]
    pub turns: bool,
    /// Settings for an API that is open to others.
    #[serde(default)]
    pub expose: Expose,
    /// The other hosts of a plan over several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peers: Option<Peers>,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Blob {
    /// Name of the file.
    pub name: FileName,
    /// SHA-256 of the content.
    pub sha256: Checksum,
    /// Size, bytes.
    pub size_bytes: u64,
}

/// Events that the agent sends, and that a job writes to its journal. The schema has those that a job writes.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// Facts of the host.
    Facts {
        /// The facts.
        facts: Box<Facts>,
    },
    /// Judgement of the host.
    Verified {
        /// The report.
        report: Report,
    },
    /// A step begins to change something.
    Step {
        /// Name of the step.
        name: String,
        /// Changes that it makes, as text.
        what: String,
    },
    /// The step has ended; `seconds` it took.
    StepDone {
        /// Name of the step.
        name: String,
        /// Time that it took, seconds.
        seconds: f64,
        /// Without doing what it was to do.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        failed: bool,
    },
    /// How far the running step is; may be dropped.
    Progress {
        /// Amount so far.
        done: u64,
        /// Amount in all, if that is known.
        total: Option<u64>,
        /// Unit of both.
        unit: Unit,
    },
    /// Changes that `--check` found in one step.
    #[schemars(skip)]
    Differs {
        /// Name of the step.
        step: String,
        /// Changes that an apply would make, as text.
        changes: Vec<String>,
    },
    /// Send what is missing of these, as [`super::frames`] says.
    #[schemars(skip)]
    Need {
        /// Missing ranges of each blob.
        blobs: Vec<Needed>,
    },
    /// Servers are about to stop, start and be timed. The job goes on with the client's word: frames that say it is
    /// still there, then the one that ends a stream.
    Turn,
    /// The servers have started and were timed.
    TurnOver,
    /// All bytes of a blob arrived and its hash is right.
    #[schemars(skip)]
    Received {
        /// Blob that has arrived.
        sha256: Checksum,
    },
    /// An apply of the same bundle was under way; its events follow from its beginning.
    #[schemars(skip)]
    Attached {
        /// When the job began, RFC 3339.
        since: String,
        /// Client that began it, `user@machine`.
        by: String,
    },
    /// The first line of a journal.
    Journal {
        /// Schema of the journal.
        #[schemars(extend("const" = JOURNAL_SCHEMA))]
        schema: String,
        /// Id of the bundle.
        bundle: String,
    },
    /// The host is about to restart, and the job goes on at its next boot.
    Restarting {
        /// Reason.
        why: String,
    },
    /// The host was restarted in the middle; the job goes on.
    Resumed {
        /// When the job began, RFC 3339.
        since: String,
    },
    /// Something that the user should know.
    Warning {
        /// The text.
        text: String,
    },
    /// Other hosts may come in. With `confirm_seconds` only until then, unless a new connection sends
    /// [`Op::ConfirmExposure`].
    Exposed {
        /// Ranges of addresses that may enter.
        ranges: String,
        /// Port that is open to them.
        port: Port,
        /// A [`ShownCertificate`], from a host whose agent may be older.
        #[schemars(with = "ShownCertificate")]
        certificate: serde_json::Value,
        /// Time for a new connection to confirm the rules, seconds; `None` if they hold already.
        confirm_seconds: Option<u64>,
        /// Who may enter again when nobody confirms; nobody where it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        earlier: Option<String>,
    },
    /// Still at it; sent when nothing else is, so that silence means a lost host.
    #[schemars(skip)]
    Alive,
    /// Data for stdout (logs, a key, a status).
    #[schemars(skip)]
    Output {
        /// The text.
        text: String,
    },
    /// A document for stdout.
    #[schemars(skip)]
    Document {
        /// The document.
        value: serde_json::Value,
    },
    /// The last event.
    End(End),
}

/// Unit of a progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// Commands of a build.
    Commands,
}

/// Parts of a blob that the agent needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Needed {
    /// SHA-256 of the blob.
    pub sha256: Checksum,
    /// Ranges of bytes that the host has not.
    pub missing: Vec<(u64, u64)>,
}

/// End of an operation.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct End {
    /// Exit status of the command.
    pub exit: Exit,
    /// Something on the host is different from before, or would be after a check.
    pub changed: bool,
    /// Result, in one sentence.
    pub message: String,
    /// Next command or place to look, after a failure.
    pub hint: Option<String>,
    /// Last lines of the service's log, where they explain a failure.
    #[serde(default)]
    pub log: Vec<String>,
    /// Receipt of an apply that succeeded, `agi-provision/receipt/1`; null otherwise.
    #[serde(default)]
    #[schemars(schema_with = "object_or_null")]
    pub receipt: Option<serde_json::Value>,
}

fn object_or_null(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["object", "null"]})
}

impl End {
    /// Returns the end of an operation that succeeded.
    pub fn done(changed: bool, message: impl Into<String>) -> End {
        End { exit: Exit::Done, changed, message: message.into(), hint: None, log: Vec::new(), receipt: None }
    }

    /// Returns the end for an error.
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
    /// Sends an event. Fails if nobody takes it.
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
