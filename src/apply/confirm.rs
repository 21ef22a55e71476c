//! After a host's port was opened: comes back over a new connection, which proves that the host can
//! still be reached, and says so to the agent. Otherwise the host closes the port by itself.

use super::attempt::{HostOutcome, Work};
use crate::error::{Exit, Result};
use crate::wire::protocol::{Event, Op};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(1);

/// The time in which the agent waits to be confirmed, and who may enter again without that; `None`: it
/// does not wait.
fn awaited(outcome: &HostOutcome) -> Option<(Duration, Option<String>)> {
    let (seconds, earlier) = outcome.events.iter().rev().find_map(|event| match event {
        Event::Exposed { confirm_seconds, earlier, .. } => Some((*confirm_seconds, earlier.clone())),
        _ => None,
    })?;
    let seconds = seconds.filter(|_| outcome.end.exit == Exit::Done)?;
    Some((Duration::from_secs(seconds), earlier))
}

/// Confirms where that is awaited, in as many tries as there is time for; each `ask` is a new connection.
pub fn confirm(work: &Work, outcome: HostOutcome, ask: impl Fn(&Work) -> Result<HostOutcome>) -> HostOutcome {
    let Some((bound, earlier)) = awaited(&outcome) else { return outcome };
    let start = Instant::now();
    let work =
        Work { op: Op::ConfirmExposure, files: Vec::new(), token: None, certificate: None, ..work.clone() };
    loop {
        let error = match once(&work, &ask) {
            Ok(()) => return outcome,
            Err(error) => error,
        };
        if start.elapsed() + PAUSE > bound {
            return failed(outcome, &error, bound, earlier.as_deref());
        }
        std::thread::sleep(PAUSE);
    }
}

fn once(work: &Work, ask: impl Fn(&Work) -> Result<HostOutcome>) -> Result<()> {
    match ask(work)?.end.failure() {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

/// The model serves; that others may come in was taken back.
fn failed(
    mut outcome: HostOutcome,
    error: &anyhow::Error,
    bound: Duration,
    earlier: Option<&str>,
) -> HostOutcome {
    let (alone, back) = match earlier {
        Some(earlier) => ("not for the new range", format!("lets {earlier} in again, as before")),
        None => ("on the host alone", "closed it again".to_string()),
    };
    outcome.end.exit = Exit::Failed;
    outcome.end.message = format!(
        "{}, but {alone}: no new connection could confirm the open port within {} s ({error:#}), so the host {back}",
        outcome.end.message,
        bound.as_secs()
    );
    outcome.end.hint = Some("see why the host takes no new connection, then apply again".to_string());
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::protocol::End;

    fn outcome(exit: Exit, confirm_seconds: Option<u64>) -> HostOutcome {
        let exposed = Event::Exposed {
            ranges: "10.0.0.0/8".into(),
            port: "8080".parse().unwrap(),
            certificate: serde_json::Value::Null,
            confirm_seconds,
            earlier: None,
        };
        let end = End { exit, ..End::done(true, "x serves") };
        HostOutcome { host: "h".into(), end, events: vec![exposed] }
    }

    #[test]
    fn only_a_trial_that_went_well_is_confirmed() {
        assert_eq!(awaited(&outcome(Exit::Done, Some(60))), Some((Duration::from_secs(60), None)));
        assert_eq!(awaited(&outcome(Exit::Done, None)), None);
        assert_eq!(awaited(&outcome(Exit::RolledBack, Some(60))), None);
        let nothing = HostOutcome { events: Vec::new(), ..outcome(Exit::Done, None) };
        assert_eq!(awaited(&nothing), None);
    }

    #[test]
    fn it_is_told_who_may_enter_without_a_confirmation() {
        let error = anyhow::anyhow!("no route to host");
        for (earlier, says) in
            [(None, "host closed it again"), (Some("10.0.0.0/8"), "host lets 10.0.0.0/8 in again, as before")]
        {
            let ended = failed(outcome(Exit::Done, Some(60)), &error, Duration::from_secs(60), earlier).end;
            assert_eq!(ended.exit, Exit::Failed);
            assert!(ended.message.ends_with(says), "{}", ended.message);
        }
    }
}
