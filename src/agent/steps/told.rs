//! A step's beginning and its end are told by one function, so that no step stays open in a journal,
//! however it ends.

use crate::agent::steps::run::Run;
use crate::error::Result;
use crate::wire::protocol::{Event, Events};
use std::time::Instant;

/// Takes the events of steps.
pub trait Tell {
    fn tell(&mut self, event: &Event) -> Result<()>;
}

impl Tell for Run<'_> {
    fn tell(&mut self, event: &Event) -> Result<()> {
        self.event(event)
    }
}

impl Tell for dyn Events + '_ {
    fn tell(&mut self, event: &Event) -> Result<()> {
        Ok(self.send(event)?)
    }
}

/// A client that may go away while the work goes on.
pub struct Watcher<'a>(pub &'a mut dyn Events);

impl Tell for Watcher<'_> {
    fn tell(&mut self, event: &Event) -> Result<()> {
        let _ = self.0.send(event);
        Ok(())
    }
}

/// Does `work` as the step `name`, which changes `what`; `to` hears when it begins, and when and how it ends.
pub fn told<C: Tell + ?Sized, T>(
    to: &mut C,
    name: &str,
    what: impl Into<String>,
    work: impl FnOnce(&mut C) -> Result<T>,
) -> Result<T> {
    let start = Instant::now();
    to.tell(&Event::Step { name: name.to_string(), what: what.into() })?;
    let result = work(to);
    let (name, seconds) = (name.to_string(), start.elapsed().as_secs_f64());
    let end = to.tell(&Event::StepDone { name, seconds, failed: result.is_err() });
    // Why it failed is worth more than that nobody hears it.
    let value = result?;
    end.map(|()| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::anyhow;
    use serde_json::Value;

    fn lines(sent: Vec<u8>) -> Vec<Value> {
        String::from_utf8(sent).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_step_that_fails_ends_as_well_and_says_so() {
        for fails in [false, true] {
            let mut sent = Vec::new();
            let events: &mut dyn Events = &mut sent;
            let result = told(events, "model", "put it there", |_| match fails {
                true => Err(anyhow!("the disk is full")),
                false => Ok(7),
            });
            assert_eq!(result.is_err(), fails);
            let lines = lines(sent);
            let names: Vec<&Value> = lines.iter().map(|line| &line["event"]).collect();
            assert_eq!(names, ["step", "step-done"]);
            assert_eq!(lines[1]["failed"], if fails { Value::Bool(true) } else { Value::Null });
        }
    }

    #[test]
    fn a_watcher_who_left_stops_nothing() {
        struct Gone;
        impl Events for Gone {
            fn send(&mut self, _: &Event) -> std::io::Result<()> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
        }
        assert_eq!(told(&mut Watcher(&mut Gone), "rollback", "", |_| Ok(7)).unwrap(), 7);
        let events: &mut dyn Events = &mut Gone;
        assert!(told(events, "model", "", |_| Ok(7)).is_err());
    }
}
