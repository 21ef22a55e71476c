//! Documents of the commands that work on hosts, with `--format json`: one object for one host, an array of such objects for
//! several, and with `--format jsonl` one object a line.

use super::hosts::worst;
use super::output::{HostFormat, print, print_json};
use crate::agent::session::status::Status;
use crate::apply::fleet::Results;
use crate::error::{Exit, Result, exit_code, hint};
use crate::hardware::facts::Facts;
use crate::lang::Lang;
use crate::outside;
use crate::report::verify;
use crate::say;
use crate::verify::Line;
use crate::wire::certificate::ShownCertificate;
use crate::wire::protocol::Event;
use serde::Serialize;
use serde_json::Value;
use std::marker::PhantomData;

/// Answer of one host; `Kept` is the type of its receipt.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Answer<Said, Kept = ()> {
    /// Name of the host, as it was given.
    host: String,
    /// Exit code of this host alone (docs/exit-codes.md).
    exit: u8,
    /// Something on the host is different from before; with `--check`, would be.
    changed: bool,
    /// How it ended, in one sentence.
    message: String,
    /// Hint for the next step; null: none is known.
    hint: Option<String>,
    /// Last lines of the service's log, where they explain a failure.
    log: Vec<String>,
    /// Receipt of an apply that succeeded.
    #[schemars(with = "Option<Kept>")]
    receipt: Option<Value>,
    /// Sentences about what a person should know and what stops nothing: all that is said as a warning on stderr.
    warnings: Vec<String>,
    #[serde(flatten)]
    said: Said,
    #[serde(skip)]
    kept: PhantomData<Kept>,
}

/// Output of a command: one host's answer, or an array of them.
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "describes what `print_answers` writes")]
pub enum Answers<Said, Kept = ()> {
    /// One host.
    One(Answer<Said, Kept>),
    /// Several hosts, in the order in which they were named.
    Several(Vec<Answer<Said, Kept>>),
}

/// Answer to an order, of which nothing more is said.
#[derive(Default, Serialize, schemars::JsonSchema)]
pub struct Nothing {}

/// Answer to `probe`.
#[derive(Default, Serialize, schemars::JsonSchema)]
pub struct Probed {
    /// The host's facts; missing where it could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
}

/// Answer to `verify`.
#[derive(Default, Serialize, schemars::JsonSchema)]
pub struct Verified {
    /// Judgement of each requirement; missing where the host could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<Vec<Line>>,
    /// Plan of the model that the host does meet, where it does not meet this one.
    pub instead: Option<String>,
}

/// Answer to `status`.
#[derive(Default, Serialize, schemars::JsonSchema)]
pub struct StatusSaid {
    /// State of the host; missing where nothing was ever installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Status>")]
    pub status: Option<Value>,
}

/// Answer to `key show` and `key rotate`.
#[derive(Default, Serialize, schemars::JsonSchema)]
pub struct KeySaid {
    /// The API key; null where there is none.
    pub key: Option<String>,
}

/// Answer to `apply`.
#[derive(Default, Serialize, schemars::JsonSchema)]
pub struct Applied {
    /// Judgement of each requirement; missing where the host was not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<Vec<Line>>,
    /// The host's facts; missing where it could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
    /// With `--expose`: who may come in, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposed: Option<Opened>,
    /// Changes that `--check` found.
    pub differences: Vec<Difference>,
}

/// A port that was opened.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Opened {
    /// Ranges of addresses, parted by commas.
    pub ranges: String,
    pub port: u16,
    #[schemars(with = "ShownCertificate")]
    pub certificate: Value,
}

/// Changes that one step would make.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Difference {
    pub step: String,
    /// Sentences for people.
    pub changes: Vec<String>,
}

impl Applied {
    /// Returns what an apply's events say of the host.
    pub fn of(events: &[Event]) -> Applied {
        let mut said = Applied::default();
        for event in events {
            match event {
                Event::Differs { step, changes } => {
                    said.differences.push(Difference { step: step.clone(), changes: changes.clone() });
                }
                Event::Verified { report } => said.verification = Some(report.lines.clone()),
                Event::Facts { facts } => said.facts = Some(Facts::clone(facts)),
                Event::Exposed { ranges, port, certificate, .. } => {
                    said.exposed = Some(Opened {
                        ranges: ranges.clone(),
                        port: port.number(),
                        certificate: certificate.clone(),
                    });
                }
                _ => {}
            }
        }
        said
    }
}

/// Returns what is said as a warning on stderr: by a host, and by this program on all of them.
fn warnings(events: &[Event]) -> Vec<String> {
    let of = |event: &Event| match event {
        Event::Warning { text } => vec![text.clone()],
        Event::Verified { report } => verify::warnings(report, Lang::English),
        _ => Vec::new(),
    };
    events.iter().flat_map(of).chain(say::warnings()).collect()
}

/// Prints each host's answer as JSON: how it ended, and with `said` what it said. Gives the exit code of the worst.
pub fn print_answers<Said: Default + Serialize>(
    results: &Results,
    format: HostFormat,
    said: impl Fn(&[Event]) -> Said,
) -> Result<Exit> {
    let answers = results.iter().map(|(host, result)| match result {
        Ok(outcome) => {
            let end = &outcome.end;
            Answer {
                host: host.name(),
                exit: end.exit.code(),
                changed: end.changed,
                message: end.message.clone(),
                hint: end.hint.clone(),
                log: end.log.clone(),
                receipt: end.receipt.clone(),
                warnings: warnings(&outcome.events),
                said: said(&outcome.events),
                kept: PhantomData::<()>,
            }
        }
        Err(error) => Answer {
            host: host.name(),
            exit: exit_code(error).code(),
            changed: false,
            message: format!("{error:#}"),
            hint: hint(error).map(str::to_string),
            log: Vec::new(),
            receipt: None,
            warnings: say::warnings(),
            said: Said::default(),
            kept: PhantomData,
        },
    });
    match (format, results.len()) {
        (HostFormat::Jsonl, _) => {
            for answer in answers {
                print(&outside::json(&serde_json::to_string(&answer)?))?;
            }
        }
        (_, 1) => answers.into_iter().try_for_each(|answer| print_json(&answer))?,
        _ => print_json(&answers.collect::<Vec<_>>())?,
    }
    Ok(worst(results))
}
