//! Passes a job's journal on until the job has ended. The journal is read in one place, and what is read
//! there is passed on: no event can be lost between two looks at the job's unit.

use crate::error::{Failure, Result};
use crate::wire::protocol::{End, Event, Events};
use std::time::Duration;

/// Job as its follower sees it.
pub trait Watched {
    /// Returns the journal's next event; `None` where there is none yet.
    fn next_event(&mut self) -> Result<Option<Event>>;
    /// Returns whether its unit runs. Fails if systemd does not answer.
    fn is_running(&mut self) -> Result<bool>;
    /// Returns the time since a fixed moment.
    fn now(&mut self) -> Duration;
    fn sleep(&mut self, time: Duration);
}

/// Silence after which its unit is looked at, and the client is told that it still runs.
const QUIET: Duration = Duration::from_secs(3);
/// systemd may answer nothing for this long.
const SILENT: Duration = Duration::from_secs(600);
/// A host that restarts goes down within this time, and its unit begins within this time of the next boot.
const RESTART: Duration = Duration::from_secs(600);
const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(50);

/// Passes its events on to `events`, and returns its end.
///
/// # Errors
/// Fails if the unit has ended without an end in the journal, if systemd does not answer, or if nobody takes the events.
pub fn follow(job: &mut impl Watched, events: &mut dyn Events) -> Result<End> {
    let (mut quiet, mut pause) = (job.now(), SHORTEST);
    let mut silent: Option<Duration> = None;
    // The unit writes nothing more. What it wrote before is read once more after that is known.
    let mut ended = false;
    // Since the last event is that the host restarts: no unit runs until it has.
    let mut restarts: Option<Duration> = None;
    loop {
        while let Some(event) = job.next_event()? {
            if let Event::End(end) = event {
                return Ok(end);
            }
            restarts = matches!(event, Event::Restarting { .. }).then(|| job.now());
            events.send(&event)?;
            (quiet, pause) = (job.now(), SHORTEST);
        }
        if ended {
            return Err(Failure::failed("the job ended without saying why")
                .hint("`journalctl -u agi-provision-apply` on the host may know; apply again to carry on")
                .into());
        }
        if job.now().saturating_sub(quiet) > QUIET {
            let restarts = restarts.is_some_and(|since| job.now().saturating_sub(since) < RESTART);
            match job.is_running() {
                Ok(running) => (ended, silent) = (!running && !restarts, None),
                // A host whose memory runs out answers nobody for a while; its job goes on all the same.
                Err(error) => {
                    let since = *silent.get_or_insert(job.now());
                    if job.now().saturating_sub(since) > SILENT {
                        return Err(error);
                    }
                }
            }
            if ended {
                continue;
            }
            events.send(&Event::Alive)?;
            quiet = job.now();
        }
        job.sleep(pause);
        pause = (pause * 2).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, anyhow};
    use std::collections::VecDeque;

    /// Events at successive looks at the journal or at the unit.
    enum Then {
        /// The journal has this event.
        Says(Event),
        /// The journal has nothing, and says nothing until its unit is looked at.
        Nothing,
        /// The unit is looked at: it runs, it has ended, or systemd does not answer.
        Unit(Option<bool>),
        /// While the unit is looked at the job writes this event and ends.
        EndsMeanwhile(Event),
    }
    use Then::*;

    struct Script {
        then: VecDeque<Then>,
        journal: VecDeque<Event>,
        now: Duration,
    }

    impl Watched for Script {
        fn next_event(&mut self) -> Result<Option<Event>> {
            if let Some(event) = self.journal.pop_front() {
                return Ok(Some(event));
            }
            match self.then.front() {
                Some(Says(_)) => match self.then.pop_front() {
                    Some(Says(event)) => Ok(Some(event)),
                    _ => unreachable!(),
                },
                Some(Nothing) => {
                    self.then.pop_front();
                    self.now += QUIET;
                    Ok(None)
                }
                _ => Ok(None),
            }
        }

        fn is_running(&mut self) -> Result<bool> {
            match self.then.pop_front() {
                Some(Unit(Some(running))) => Ok(running),
                Some(EndsMeanwhile(event)) => {
                    self.journal.push_back(event);
                    Ok(false)
                }
                _ => Err(anyhow!("systemd does not answer")),
            }
        }

        fn now(&mut self) -> Duration {
            self.now
        }

        fn sleep(&mut self, time: Duration) {
            self.now += time;
        }
    }

    fn warning(text: &str) -> Event {
        Event::Warning { text: text.to_string() }
    }

    fn restarting() -> Event {
        Event::Restarting { why: "to load the driver".into() }
    }

    fn rolled_back() -> Event {
        Event::End(End { exit: Exit::RolledBack, ..End::done(true, english!("end-old-generation")) })
    }

    /// How it ended, and what was passed on.
    fn follow(then: Vec<Then>) -> (Result<End>, Vec<String>) {
        let mut script = Script { then: then.into(), journal: VecDeque::new(), now: Duration::ZERO };
        let mut sent = Vec::new();
        let end = super::follow(&mut script, &mut sent);
        let lines = String::from_utf8(sent).unwrap();
        (end, lines.lines().map(str::to_string).collect())
    }

    fn said(end: Result<End>) -> String {
        end.map_or_else(|error| error.to_string(), |end| format!("exit {}", end.exit.code()))
    }

    const UNSAID: &str = "the job ended without saying why";
    const NO_ANSWER: &str = "systemd does not answer";

    #[test]
    fn the_client_hears_everything_that_the_job_wrote_before_it_ended() {
        let alive = || Unit(Some(true));
        for (name, then, end, events) in [
            ("at once", vec![Says(rolled_back())], "exit 8", 0),
            ("after events", vec![Says(warning("a")), Says(warning("b")), Says(rolled_back())], "exit 8", 2),
            ("while the unit is looked at", vec![Nothing, EndsMeanwhile(rolled_back())], "exit 8", 0),
            (
                "one event while the unit is looked at, and no end",
                vec![Nothing, EndsMeanwhile(warning("a"))],
                UNSAID,
                1,
            ),
            (
                "an event and the end after the unit has ended",
                vec![Nothing, Unit(Some(false)), Says(warning("a")), Says(rolled_back())],
                "exit 8",
                1,
            ),
            ("killed", vec![Says(warning("a")), Nothing, Unit(Some(false))], UNSAID, 1),
            (
                "long quiet",
                vec![
                    Nothing,
                    alive(),
                    Nothing,
                    alive(),
                    Says(warning("a")),
                    Nothing,
                    alive(),
                    Says(rolled_back()),
                ],
                "exit 8",
                4,
            ),
            (
                "the host restarts and is slow to go down",
                vec![
                    Says(restarting()),
                    Nothing,
                    Unit(Some(false)),
                    Nothing,
                    Unit(Some(false)),
                    Says(rolled_back()),
                ],
                "exit 8",
                3,
            ),
            (
                "killed after a restart",
                vec![Says(restarting()), Says(warning("a")), Nothing, Unit(Some(false))],
                UNSAID,
                2,
            ),
            (
                "systemd silent for a while",
                vec![Nothing, Unit(None), Nothing, alive(), Says(rolled_back())],
                "exit 8",
                2,
            ),
            ("systemd silent for good", vec![Nothing], NO_ANSWER, 197),
        ] {
            let (ended, sent) = follow(then);
            assert_eq!((said(ended).as_str(), sent.len()), (end, events), "{name}: {sent:?}");
        }
    }

    #[test]
    fn a_host_that_never_goes_down_for_its_restart_is_given_up() {
        let mut then = vec![Says(restarting())];
        for _ in 0..=RESTART.as_secs() / QUIET.as_secs() + 1 {
            then.extend([Nothing, Unit(Some(false))]);
        }
        let (ended, sent) = follow(then);
        assert_eq!(said(ended), UNSAID);
        let minutes = (sent.len() as u64 - 1) * QUIET.as_secs() / 60;
        assert!((9..=10).contains(&minutes), "{minutes}");
    }

    #[test]
    fn a_client_that_is_gone_ends_the_following_and_not_the_job() {
        struct Gone;
        impl Events for Gone {
            fn send(&mut self, _: &Event) -> std::io::Result<()> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
        }
        let then = vec![Says(warning("a")), Says(rolled_back())];
        let mut script = Script { then: then.into(), journal: VecDeque::new(), now: Duration::ZERO };
        assert!(super::follow(&mut script, &mut Gone).is_err());
    }
}
