//! One request to one host, from connection to the agent's last event.

use super::attempt::{Attempt, HostOutcome, SILENCE, Work, attempt, no_agent, nonce};
use super::confirm::confirm;
use super::executable::AgentFile;
use super::host::Host;
use super::link::Stream;
use super::root::not_root;
use super::show::{Show, Silent};
use super::turns;
use super::upload;
use crate::error::{Context, Exit, Failure, Result, exit_code};
use crate::ssh::{Lost, TimedOut};
use crate::wire::frames::Frame;
use crate::wire::protocol::{Apply, Event, Op};
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// `logs --follow` waits for the service to say something.
const FOLLOWING: Duration = Duration::from_secs(10 * 365 * 86400);
/// How often an agent that waits for its turn hears that the client is still there.
const BEAT: Duration = Duration::from_secs(10);
/// Most bytes of an answer that are kept; facts are the largest part of one, some 100 KB.
const MOST_KEPT: usize = 32 << 20;
/// How often the agent is staged: another session that ends may take it along.
const STAGINGS: u32 = 4;

/// Asks, waits through a restart of the host, and confirms over a new connection where the agent waits for that.
pub fn run(host: &Host, work: &Work, show: &mut dyn Show) -> Result<HostOutcome> {
    let mut heard = Heard::default();
    let mut outcome = ask(host, work, show, &mut heard);
    if outcome.as_ref().is_err_and(|error| !heard.restarts && lost_on_the_way(error) && repeats(&work.op)) {
        std::thread::sleep(PAUSE);
        heard = Heard::default();
        outcome = ask(host, work, show, &mut heard);
    }
    let outcome = match outcome {
        Err(_) if heard.restarts => after_restart(host, work, show, heard)?,
        other => other.map_err(cut_off)?,
    };
    Ok(confirm(work, outcome, |work| ask(host, work, &mut Silent, &mut Heard::default()).map_err(cut_off)))
}

/// The connection to a jump host was lost, and with it those to all hosts behind it.
fn lost_on_the_way(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Lost>().is_some_and(|lost| lost.on_the_way)
}

/// Asked twice, it does no more than once.
fn repeats(op: &Op) -> bool {
    matches!(op, Op::Probe { .. } | Op::Verify { .. } | Op::Status | Op::KeyShow | Op::Apply(_))
}

/// Events of an apply that went through a restart of the host.
#[derive(Default)]
struct Heard {
    /// Everything but progress, up to the restart.
    events: Vec<Event>,
    /// The last event is that the host restarts.
    restarts: bool,
    /// The journal's events up to the restart, which come again from its beginning, are passed over.
    again: bool,
}

/// A host is back, and its job at its end, within this time of the last that was heard of it.
const BACK: Duration = Duration::from_secs(1800);
/// Between two tries to reach it.
const PAUSE: Duration = Duration::from_secs(5);

/// Comes back to the apply for which the host restarts. Nothing is begun there: it goes on by itself.
fn after_restart(host: &Host, work: &Work, show: &mut dyn Show, before: Heard) -> Result<HostOutcome> {
    let Op::Apply(apply) = &work.op else {
        return Err(Failure::failed("only an apply restarts a host").into());
    };
    let work = Work { op: Op::Apply(Apply { rejoins: true, ..apply.clone() }), ..work.clone() };
    let start = Instant::now();
    loop {
        std::thread::sleep(PAUSE);
        let mut heard = Heard { again: true, ..Heard::default() };
        let error = match ask(host, &work, show, &mut heard) {
            Ok(outcome) => {
                let events = before.events.into_iter().chain(outcome.events).collect();
                return Ok(HostOutcome { events, ..outcome });
            }
            // Another key than before is no host that is still booting.
            Err(error) if exit_code(&error) == Exit::HostKey => return Err(error),
            Err(error) => error,
        };
        if start.elapsed() > BACK {
            let message = format!(
                "the host was not back {} minutes after it was restarted: {error:#}",
                BACK.as_secs() / 60
            );
            return Err(Failure::failed(message).hint(CARRIES_ON).into());
        }
    }
}

/// One request over one connection.
fn ask(host: &Host, work: &Work, show: &mut dyn Show, heard: &mut Heard) -> Result<HostOutcome> {
    show.connecting();
    let mut link = host.connect()?;
    let nonce = nonce()?;
    let mut staged = 0;
    // With the agent for the host's processor, once that is known.
    let mut work = Cow::Borrowed(work);
    loop {
        tracing::debug!("{}: starts the agent {}", host.name(), work.agent.staged().display());
        match attempt(host, link.as_mut(), &work, &nonce, |stream| {
            tracing::info!("{}: the agent answers", host.name());
            converse(host, stream, &work, show, heard)
        })? {
            Attempt::Done(outcome) => return Ok(outcome),
            Attempt::ToStage { uname } if staged < STAGINGS => {
                let agent = work.agent.clone().for_uname(uname.as_deref())?;
                if agent.processor != work.agent.processor {
                    // It may be there already.
                    work.to_mut().agent = agent;
                    continue;
                }
                tracing::info!(
                    "{}: has no such agent; sends {}, {} bytes",
                    host.name(),
                    agent.path.display(),
                    agent.size_bytes
                );
                show.upload("agent", 0, agent.size_bytes);
                let total = agent.size_bytes;
                link.stage(&agent, &nonce, &mut |done| show.upload("agent", done, total))?;
                staged += 1;
            }
            Attempt::ToStage { .. } => {
                return Err(Failure::failed("the agent was staged but is not found on the host")
                    .hint("does something there clear /usr/local/lib/agi-provision?")
                    .into());
            }
            // It went between the look for it and its start; the next attempt finds that.
            Attempt::Ended { said, .. } if staged < STAGINGS && vanished(&said, &work.agent) => staged += 1,
            // Where programs may not be run, staging says so.
            Attempt::Ended { said, .. } if staged == 0 && denied(&said, &work.agent) => {
                link.stage(&work.agent, &nonce, &mut |_| {})?;
                staged += 1;
            }
            Attempt::Ended { said, noise, asked } => {
                tracing::debug!("{}: the agent did not start: {}", host.name(), said.trim());
                if !link.another_way(&said)? {
                    return Err(not_root(&said, asked)
                        .unwrap_or_else(|| no_agent(&said, &noise, work.agent.processor))
                        .into());
                }
            }
        }
    }
}

/// The shell or sudo did not find the agent that was there a moment before.
fn vanished(said: &str, agent: &AgentFile) -> bool {
    let path = agent.staged().display().to_string();
    let mut lines = said.lines().filter(|line| line.contains(&path));
    lines.any(|line| line.contains("not found") || line.contains("No such file or directory"))
}

/// The kernel did not let the agent be started.
fn denied(said: &str, agent: &AgentFile) -> bool {
    let path = agent.staged().display().to_string();
    said.lines().any(|line| line.contains(&path) && line.contains("Permission denied"))
}

fn converse(
    host: &Host,
    mut stream: Box<dyn Stream + '_>,
    work: &Work,
    show: &mut dyn Show,
    heard: &mut Heard,
) -> Result<HostOutcome> {
    let (mut events, mut kept) = (Vec::new(), 0);
    // The machine that the host runs on, and its turn there until this host is done.
    let (mut machine, mut turn) = (None, None);
    let follows = matches!(work.op, Op::Logs { follow: true, .. });
    let limit = if follows { FOLLOWING } else { SILENCE };
    loop {
        let line = stream.line(limit);
        if heard.restarts && !matches!(line, Ok(Some(_))) {
            heard.events = std::mem::take(&mut events);
        }
        let Some(line) = line? else {
            let stderr = stream.finish()?;
            return Err(Failure::failed(format!("the agent ended without its last word: {}", stderr.trim()))
                .hint(CARRIES_ON)
                .into());
        };
        let event: Event = serde_json::from_slice(&line).context("reading the agent's answer")?;
        if heard.again && !matches!(event, Event::End(_)) {
            heard.again = !matches!(event, Event::Restarting { .. });
            continue;
        }
        told(host, &event);
        show.event(&event);
        heard.restarts = match event {
            Event::Alive => heard.restarts,
            _ => matches!(event, Event::Restarting { .. }),
        };
        if let Event::Facts { facts } = &event {
            let started = facts.os.booted_at;
            machine = started.map(|second| format!("{} of {second}", facts.os.kernel));
        }
        match event {
            Event::End(end) => {
                drop(turn);
                stream.finish()?;
                return Ok(HostOutcome { host: host.name(), end, events });
            }
            Event::Need { blobs } => {
                let mut each = blobs.iter();
                each.try_for_each(|need| upload::send(host, stream.as_mut(), work, need, show))?
            }
            Event::Turn => {
                if let Some(machine) = &machine {
                    let mut said = false;
                    turn = turns::take(machine, BEAT, || {
                        if !std::mem::replace(&mut said, true) {
                            show.waiting();
                        }
                        stream.write(&Frame::Alive.header())
                    })?;
                }
                stream.write(&Frame::End.header())?;
            }
            Event::TurnOver => turn = None,
            Event::Progress { .. } | Event::Alive => {}
            // Shown as it comes, for as long as someone looks.
            Event::Output { .. } if follows => {}
            other => {
                kept += line.len();
                if kept > MOST_KEPT {
                    return Err(Failure::failed(format!("the host says more than {} MiB", MOST_KEPT >> 20))
                        .hint("is the agent there the one that was staged? `remove` and apply again")
                        .into());
                }
                events.push(other);
            }
        }
    }
}

/// Tells which event came; of what a command prints, only that it came.
fn told(host: &Host, event: &Event) {
    if !crate::trace::is_on() {
        return;
    }
    let name = host.name();
    match event {
        Event::Step { name: step, what } => tracing::info!("{name}: step {step}: {what}"),
        Event::StepDone { name: step, seconds, failed } => {
            let ended = if *failed { "failed" } else { "is done" };
            tracing::info!("{name}: step {step} {ended} after {seconds:.1} s");
        }
        Event::Verified { report } => {
            for line in &report.lines {
                tracing::debug!("{name}: {}: {:?}, found {}", line.id, line.outcome, line.found);
            }
        }
        Event::Need { blobs } => tracing::info!("{name}: asks for {} files", blobs.len()),
        Event::Received { sha256 } => tracing::debug!("{name}: has the file {sha256}"),
        Event::Attached { since, by } => tracing::info!("{name}: an apply by {by} runs since {since}"),
        Event::Restarting { why } => tracing::info!("{name}: restarts {why}"),
        Event::Turn => tracing::debug!("{name}: waits for its turn on the machine"),
        Event::Facts { .. } => tracing::debug!("{name}: sends its facts"),
        Event::End(end) => tracing::info!("{name}: ends with exit {}", end.exit.code()),
        _ => {}
    }
}

const CARRIES_ON: &str = "the same command again carries on where it stopped";

/// Adds the hint to carry on to an error of the connection; other errors stay as they are.
fn cut_off(error: anyhow::Error) -> anyhow::Error {
    let gone = error.downcast_ref::<Lost>().is_some() || error.downcast_ref::<TimedOut>().is_some();
    if gone { Failure::failed(format!("{error:#}")).hint(CARRIES_ON).into() } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processor::Processor;

    #[test]
    fn an_agent_that_went_meanwhile_is_told_from_other_trouble() {
        let agent = AgentFile {
            path: "a".into(),
            sha256: "7".repeat(64).parse().unwrap(),
            size_bytes: 1,
            processor: Processor::own(),
            named: false,
        };
        let path = format!("/usr/local/lib/agi-provision/agent-{}", "7".repeat(64));
        for (said, gone) in [
            (format!("sh: 1: exec: {path}: not found"), true),
            (format!("motd\nbash: line 1: {path}: No such file or directory\n"), true),
            (format!("sudo: {path}: command not found"), true),
            (format!("sh: 1: exec: {path}: Permission denied"), false),
            ("sh: 1: exec: sudo: not found".to_string(), false),
            (format!("{path}\nsh: sudo: not found"), false),
        ] {
            assert_eq!(vanished(&said, &agent), gone, "{said}");
            assert_eq!(denied(&said, &agent), said.ends_with("Permission denied"), "{said}");
        }
    }

    #[test]
    fn output_of_a_program_that_ran_instead_of_the_agent_is_shown() {
        for (said, noise, message, hint) in [
            ("", "", "and nothing says why", "end every session"),
            ("", "only backups", "which said \"only backups\" instead", "ForceCommand"),
            (
                "Could not chdir to home directory /h: No such file\n",
                "x",
                "which said \"x\" instead",
                "ForceCommand",
            ),
            ("oops\n", "x", "which said \"x\" and \"oops\" instead", "ForceCommand"),
            ("sh: 1: /usr/local/a: Permission denied\n", "Hello", "host: sh: 1: /usr", "noexec"),
            ("segmentation fault", "", "host: segmentation", "noexec"),
        ] {
            let failure = no_agent(said, noise, Processor::own());
            assert!(failure.message.contains(message), "{failure:?}");
            assert!(failure.hint.unwrap().contains(hint), "{message}");
        }
    }
}
