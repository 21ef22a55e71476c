//! One try to reach the agent on a host: the request, up to the agent's greeting.

use super::blobs::LocalFile;
use super::executable::{AgentFile, uname_in};
use super::host::Host;
use super::link::{Link, Stream};
use super::remote::endless;
use crate::error::{Context, Failure, Result};
use crate::fetch::Token;
use crate::hash::hex;
use crate::processor::Processor;
use crate::wire::protocol::{End, Event, Op, Request, VERSION, greeting, stage_marker};
use crate::wire::secrets::GivenCertificate;
use std::time::Duration;

/// Request to every host, with the files that go with it.
#[derive(Clone, Debug)]
pub struct Work {
    /// Request to the agent.
    pub op: Op,
    /// Executable that is staged if the host does not have it.
    pub agent: AgentFile,
    /// Files the host may ask for.
    pub files: Vec<LocalFile>,
    /// For what hosts download.
    pub token: Option<Token>,
    /// The user's own, for a host that lets others in.
    pub certificate: Option<GivenCertificate>,
}

/// How a host answered. Connection problems are errors, and no outcome.
#[derive(Clone, Debug)]
pub struct HostOutcome {
    /// Name of the host, as the user gave it.
    pub host: String,
    /// End that the agent reported.
    pub end: End,
    /// Everything but progress, in order.
    pub events: Vec<Event>,
}

/// The agent sends something at least every few seconds.
pub(super) const SILENCE: Duration = Duration::from_secs(90);
/// Noise of a login shell before the agent's greeting, bytes.
const MOST_NOISE: usize = 16 << 20;

pub(super) fn nonce() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::failed(format!("no randomness: {error}")))?;
    Ok(hex(&bytes))
}

/// How a request to the agent went, up to its greeting.
pub(super) enum Attempt<T> {
    Done(T),
    /// The agent is not on the host.
    ToStage {
        /// The host's processor by `uname -m`, where the host's shell said it.
        uname: Option<String>,
    },
    /// It did not come to the greeting.
    Ended {
        said: String,
        /// The last line on stdout.
        noise: String,
        asked: bool,
    },
}

/// Sends the request; `then` gets the agent's stream once it has greeted.
pub(super) fn attempt<T>(
    host: &Host,
    link: &mut dyn Link,
    work: &Work,
    nonce: &str,
    then: impl FnOnce(Box<dyn Stream + '_>) -> Result<T>,
) -> Result<Attempt<T>> {
    let mut op = work.op.clone();
    if let Op::Apply(apply) = &mut op {
        apply.expose.names = host.names();
    }
    let mut stream = link.open(&work.agent, nonce)?;
    let request = Request {
        version: VERSION,
        nonce: nonce.to_string(),
        op,
        token: work.token.clone(),
        certificate: work.certificate.clone(),
        sudo_password: stream.used_password(),
        time: Some(jiff::Timestamp::now()),
    };
    let mut line = zeroize::Zeroizing::new(serde_json::to_vec(&request)?);
    line.push(b'\n');
    stream.write(&line)?;
    let (greeting, marker) = (greeting(nonce), stage_marker(nonce));
    let (mut noise, mut last) = (0, Vec::new());
    while noise < MOST_NOISE {
        // The shell's last words may lack their line break, so only the end of a line counts.
        match stream.line(SILENCE).context("waiting for the agent to start")? {
            Some(line) if line.ends_with(greeting.as_bytes()) => {
                return then(stream).map(Attempt::Done);
            }
            Some(line) if line.ends_with(marker.as_bytes()) => {
                // A host may allow one session at a time: this one has to be gone before the next.
                stream.finish()?;
                return Ok(Attempt::ToStage { uname: uname_in(&line, &marker) });
            }
            // A forced `cat` would do so for ever.
            Some(echo) if echo == line.trim_ascii_end() => {
                return Err(no_agent("", "what it was sent", work.agent.processor).into());
            }
            Some(line) => {
                noise += line.len() + 1;
                if !line.trim_ascii().is_empty() {
                    last = line;
                }
            }
            None => {
                let asked = stream.used_password();
                let said = stream.finish()?;
                return Ok(Attempt::Ended {
                    said,
                    noise: String::from_utf8_lossy(&last).into_owned(),
                    asked,
                });
            }
        }
    }
    Err(endless().into())
}

/// `said`: on stderr; `noise`: the last line of stdout, which a forced command may have printed.
pub(super) fn no_agent(said: &str, noise: &str, processor: Processor) -> Failure {
    let short = |text: &str| text.trim().chars().take(500).collect::<String>();
    // sshd's word for a missing home, which is no obstacle.
    let lines = said.lines().filter(|line| !line.contains("Could not chdir to home directory"));
    let (said, noise) = (short(&lines.collect::<Vec<_>>().join("\n")), short(noise));
    let started =
        ["Permission denied", "Exec format error", "not found"].iter().any(|text| said.contains(text));
    let failed = |why: String| Failure::failed(format!("the agent did not start on the host{why}"));
    if started || (noise.is_empty() && !said.is_empty()) {
        return failed(format!(": {said}"))
            .hint(format!("is /usr/local mounted noexec, or the host not Linux on {processor}?"));
    }
    let also = if said.is_empty() { String::new() } else { format!(" and {said:?}") };
    failed(match noise.as_str() {
        "" => ", and nothing says why".to_string(),
        noise => format!(", which said {noise:?}{also} instead"),
    })
    .hint(
        "does sshd force another command on this user (ForceCommand, or command= in authorized_keys), or does \
         the user's .bashrc there end every session?",
    )
}
