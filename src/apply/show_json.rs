//! Progress as JSON lines on stderr (`--log-format json`), for programs that watch.

use super::show::Show;
use crate::error::{exit_code, hint};
use crate::wire::protocol::Event;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How often an upload's progress is told.
const OFTEN: Duration = Duration::from_millis(500);

/// One object a line: `host`, `time` and `event`, and what belongs to the event.
pub struct JsonLines {
    host: String,
    last_upload: Option<Instant>,
}

impl JsonLines {
    /// Returns the lines of one host.
    pub fn new(host: &str) -> JsonLines {
        JsonLines { host: host.to_string(), last_upload: None }
    }

    fn say(&self, event: Value) {
        crate::say::object(&self.line(event));
    }

    fn line(&self, mut event: Value) -> Value {
        event["host"] = json!(self.host);
        event["time"] = json!(jiff::Timestamp::now().to_string());
        event
    }
}

/// An agent's event as it is told. What the answer on stdout has as a whole is not, nor are words between the two ends.
fn told(event: &Event) -> Option<Value> {
    match event {
        Event::Facts { .. } | Event::Output { .. } | Event::Document { .. } => None,
        Event::Need { .. }
        | Event::Received { .. }
        | Event::Alive
        | Event::Turn
        | Event::TurnOver
        | Event::Journal { .. } => None,
        Event::End(end) => Some(json!({
            "event": "end", "exit": end.exit.code(), "changed": end.changed, "message": end.message,
            "hint": end.hint, "log": end.log,
        })),
        event => serde_json::to_value(event).ok(),
    }
}

impl Show for JsonLines {
    fn connecting(&mut self) {
        self.say(json!({"event": "connecting"}));
    }

    fn event(&mut self, event: &Event) {
        if let Some(event) = told(event) {
            self.say(event);
        }
    }

    fn upload(&mut self, name: &str, done: u64, total: u64) {
        if done == total || self.last_upload.is_none_or(|last| last.elapsed() > OFTEN) {
            self.last_upload = Some(Instant::now());
            self.say(json!({"event": "upload", "name": name, "done": done, "total": total, "unit": "bytes"}));
        }
    }

    fn waiting(&mut self) {
        self.say(json!({"event": "waiting", "for": "another host on the same machine"}));
    }

    fn failed(&mut self, error: &anyhow::Error) {
        self.say(json!({
            "event": "failed", "exit": exit_code(error).code(), "message": format!("{error:#}"),
            "hint": hint(error),
        }));
    }

    fn finish(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::protocol::{End, Unit};

    #[test]
    fn events_are_objects_with_their_host() {
        let lines = JsonLines::new("n1");
        let of = |event: &Event| told(event).map(|event| lines.line(event));
        let step = of(&Event::Step { name: "user".into(), what: "create it".into() }).unwrap();
        assert_eq!((step["host"].as_str(), step["event"].as_str()), (Some("n1"), Some("step")));
        assert!(step["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{step}");
        let progress = of(&Event::Progress { done: 1, total: Some(2), unit: Unit::Bytes }).unwrap();
        assert_eq!((progress["event"].as_str(), progress["done"].as_u64()), (Some("progress"), Some(1)));
        let end = of(&Event::End(End::done(true, "it serves"))).unwrap();
        assert_eq!((end["exit"].as_u64(), end["event"].as_str()), (Some(0), Some("end")));
        assert!(of(&Event::Alive).is_none() && of(&Event::Output { text: "key".into() }).is_none());
    }
}
