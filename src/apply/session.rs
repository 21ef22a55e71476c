//! One request to one host, from connection to the agent's last event.

use super::blobs::{AgentFile, LocalFile};
use super::confirm::confirm;
use super::link::{Host, Link, Stream, stage_marker};
use super::remote::not_root;
use super::show::Show;
use super::upload;
use crate::agent::expose::certificate::Given;
use crate::agent::protocol::{End, Event, Op, Request, VERSION, greeting};
use crate::error::{Context, Failure, Result};
use crate::fetch::Token;
use crate::hash::hex;
use crate::ssh::{Lost, TimedOut};
use std::time::Duration;

/// What is asked of every host.
#[derive(Clone, Debug)]
pub struct Work {
    pub op: Op,
    pub agent: AgentFile,
    /// Files the host may ask for.
    pub files: Vec<LocalFile>,
    /// For what hosts download.
    pub token: Option<Token>,
    /// The user's own, for a host that lets others in.
    pub certificate: Option<Given>,
}

/// How a host answered. Connection problems are errors, and no outcome.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub host: String,
    pub end: End,
    /// Everything but progress, in order.
    pub events: Vec<Event>,
}

/// The agent sends something at least every few seconds.
const SILENCE: Duration = Duration::from_secs(90);
/// `logs --follow` waits for the service to say something.
const FOLLOWING: Duration = Duration::from_secs(10 * 365 * 86400);
/// Noise of a login shell before the agent's greeting, bytes.
const MOST_NOISE: usize = 16 << 20;

/// Asks, and confirms over a new connection where the agent waits for that.
pub fn run(host: &Host, work: &Work, show: &mut dyn Show) -> Result<Outcome> {
    let outcome = ask(host, work, show)?;
    Ok(confirm(host, work, outcome))
}

/// One request over one connection.
pub(super) fn ask(host: &Host, work: &Work, show: &mut dyn Show) -> Result<Outcome> {
    show.connecting();
    let mut link = host.connect()?;
    let nonce = nonce()?;
    if let Some(outcome) = attempt(host, link.as_mut(), work, &nonce, show)? {
        return Ok(outcome);
    }
    show.upload("agent", 0, work.agent.size_bytes);
    let total = work.agent.size_bytes;
    link.stage(&work.agent, &mut |done| show.upload("agent", done, total))?;
    attempt(host, link.as_mut(), work, &nonce, show)?
        .ok_or_else(|| Failure::failed("the agent was staged but is not found on the host").into())
}

pub(super) fn nonce() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::failed(format!("no randomness: {error}")))?;
    Ok(hex(&bytes))
}

/// `None`: the agent has to be staged first.
fn attempt(
    host: &Host,
    link: &mut dyn Link,
    work: &Work,
    nonce: &str,
    show: &mut dyn Show,
) -> Result<Option<Outcome>> {
    match greeted(host, link, work, nonce)? {
        Some(stream) => converse(host, stream, work, show).map(Some),
        None => Ok(None),
    }
}

/// Sends the request and waits for the agent's greeting. `None`: the agent is not on the host.
pub(super) fn greeted<'a>(
    host: &Host,
    link: &'a mut dyn Link,
    work: &Work,
    nonce: &str,
) -> Result<Option<Box<dyn Stream + 'a>>> {
    let mut op = work.op.clone();
    if let Op::Apply(apply) = &mut op {
        apply.expose.names = host.names();
    }
    let request = Request {
        version: VERSION,
        nonce: nonce.to_string(),
        op,
        token: work.token.clone(),
        certificate: work.certificate.clone(),
    };
    let mut line = serde_json::to_vec(&request)?;
    line.push(b'\n');
    let mut stream = link.open(&work.agent, nonce)?;
    stream.write(&line)?;
    let (greeting, marker) = (greeting(nonce), stage_marker(nonce));
    let mut noise = 0;
    while noise < MOST_NOISE {
        // The shell's last words may lack their line break, so only the end of a line counts.
        match stream.line(SILENCE).context("waiting for the agent to start")? {
            Some(line) if line.ends_with(greeting.as_bytes()) => {
                return Ok(Some(stream));
            }
            Some(line) if line.ends_with(marker.as_bytes()) => return Ok(None),
            Some(line) => noise += line.len() + 1,
            None => {
                let stderr = stream.finish()?;
                return Err(not_root(&stderr).unwrap_or_else(|| no_agent(&stderr)).into());
            }
        }
    }
    Err(Failure::failed("the host's login shell prints without end")
        .hint("look at the user's .bashrc there")
        .into())
}

fn no_agent(stderr: &str) -> Failure {
    let said = stderr.trim();
    if said.is_empty() {
        return Failure::failed("the agent did not start on the host, and nothing says why")
            .hint("does the user's .bashrc or a forced command there end every session?");
    }
    let detail: String = said.chars().take(500).collect();
    Failure::failed(format!("the agent did not start on the host: {detail}"))
        .hint("is /usr/local mounted noexec, or the host not Linux on x86-64?")
}

fn converse(
    host: &Host,
    mut stream: Box<dyn Stream + '_>,
    work: &Work,
    show: &mut dyn Show,
) -> Result<Outcome> {
    let mut events = Vec::new();
    let limit = if matches!(work.op, Op::Logs { follow: true, .. }) { FOLLOWING } else { SILENCE };
    loop {
        let Some(line) = stream.line(limit).map_err(cut_off)? else {
            let stderr = stream.finish()?;
            return Err(Failure::failed(format!("the agent ended without its last word: {}", stderr.trim()))
                .hint(CARRIES_ON)
                .into());
        };
        let event: Event = serde_json::from_slice(&line).context("reading the agent's answer")?;
        show.event(&event);
        match event {
            Event::End(end) => {
                stream.finish()?;
                return Ok(Outcome { host: host.name(), end, events });
            }
            Event::Need { blobs } => {
                let mut each = blobs.iter();
                each.try_for_each(|need| upload::send(host, stream.as_mut(), work, need, show))
                    .map_err(cut_off)?
            }
            Event::Progress { .. } | Event::Alive => {}
            other => events.push(other),
        }
    }
}

const CARRIES_ON: &str = "the same command again carries on where it stopped";

/// What to do when the connection went, not the work.
fn cut_off(error: anyhow::Error) -> anyhow::Error {
    let gone = error.downcast_ref::<Lost>().is_some() || error.downcast_ref::<TimedOut>().is_some();
    if gone { Failure::failed(format!("{error:#}")).hint(CARRIES_ON).into() } else { error }
}
