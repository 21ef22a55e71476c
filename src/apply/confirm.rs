//! After a host's port was opened: comes back over a new connection, which proves that the host can
//! still be reached, and says so to the agent. Otherwise the host closes the port by itself.

use super::link::Host;
use super::session::{Outcome, Work, ask};
use super::show::Silent;
use crate::agent::protocol::{Event, Op};
use crate::error::{Exit, Result};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(1);

/// The time in which the agent waits to be confirmed; `None`: it does not.
fn awaited(outcome: &Outcome) -> Option<Duration> {
    let seconds = outcome.events.iter().rev().find_map(|event| match event {
        Event::Exposed { confirm_seconds, .. } => Some(*confirm_seconds),
        _ => None,
    })?;
    seconds.filter(|_| outcome.end.exit == Exit::Done).map(Duration::from_secs)
}

/// Confirms where that is awaited, in as many tries as there is time for.
pub fn confirm(host: &Host, work: &Work, outcome: Outcome) -> Outcome {
    let Some(bound) = awaited(&outcome) else { return outcome };
    let start = Instant::now();
    let work =
        Work { op: Op::ConfirmExposure, files: Vec::new(), token: None, certificate: None, ..work.clone() };
    loop {
        let error = match once(host, &work) {
            Ok(()) => return outcome,
            Err(error) => error,
        };
        if start.elapsed() + PAUSE > bound {
            return failed(outcome, &error, bound);
        }
        std::thread::sleep(PAUSE);
    }
}

fn once(host: &Host, work: &Work) -> Result<()> {
    match ask(host, work, &mut Silent)?.end.failure() {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

/// The model serves; that others may come in was taken back.
fn failed(mut outcome: Outcome, error: &anyhow::Error, bound: Duration) -> Outcome {
    outcome.end.exit = Exit::Failed;
    outcome.end.message = format!(
        "{}, but on the host alone: no new connection could confirm the open port within {} s ({error:#}), so the host \
         closed it again",
        outcome.end.message,
        bound.as_secs()
    );
    outcome.end.hint = Some("see why the host takes no new connection, then apply again".to_string());
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::protocol::End;

    fn outcome(exit: Exit, confirm_seconds: Option<u64>) -> Outcome {
        let exposed = Event::Exposed {
            ranges: "10.0.0.0/8".into(),
            port: 8080,
            certificate: serde_json::Value::Null,
            confirm_seconds,
        };
        let end = End { exit, ..End::done(true, "x serves") };
        Outcome { host: "h".into(), end, events: vec![exposed] }
    }

    #[test]
    fn only_a_trial_that_went_well_is_confirmed() {
        assert_eq!(awaited(&outcome(Exit::Done, Some(60))), Some(Duration::from_secs(60)));
        assert_eq!(awaited(&outcome(Exit::Done, None)), None);
        assert_eq!(awaited(&outcome(Exit::RolledBack, Some(60))), None);
        let nothing = Outcome { events: Vec::new(), ..outcome(Exit::Done, None) };
        assert_eq!(awaited(&nothing), None);
    }
}
