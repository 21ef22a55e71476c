//! Events as progress for people: bars on a terminal, plain lines elsewhere, nothing but the result
//! with `--format json`. Everything goes to stderr.

use crate::outside;
use crate::report::verify;
use crate::units::gib;
use crate::wire::protocol::{Event, Unit};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// Shows the progress of one host.
pub trait Show: Send {
    /// Called when a connection begins.
    fn connecting(&mut self);
    /// Called for each event of the agent.
    fn event(&mut self, event: &Event);
    /// Bytes of an upload so far.
    fn upload(&mut self, name: &str, done: u64, total: u64);
    /// The host waits until another one on the same machine is done.
    fn waiting(&mut self) {}
    /// The host could not be worked on.
    fn failed(&mut self, _: &anyhow::Error) {}
    /// The host is finished.
    fn finish(&mut self);
}

const WAITS: &str = "waiting until another host on the same machine is done";

/// Says nothing.
pub struct Silent;

impl Show for Silent {
    fn connecting(&mut self) {}
    fn event(&mut self, _: &Event) {}
    fn upload(&mut self, _: &str, _: u64, _: u64) {}
    fn finish(&mut self) {}
}

/// The lines of an event that people should see, without the host's name.
fn lines(event: &Event) -> Vec<String> {
    match event {
        Event::Step { name, what } => vec![format!("{name}: {what}")],
        Event::StepDone { name, seconds, failed } if *seconds >= 1.0 => {
            vec![ended(name, *seconds, *failed)]
        }
        Event::Verified { report } => {
            let warnings = report
                .warnings()
                .map(|line| format!("warning: {}: promised {}, found {}", line.id, line.needed, line.found));
            let refusals = verify::refusals(report).into_iter().map(|line| format!("refused: {line}"));
            warnings.chain(refusals).collect()
        }
        Event::Restarting { why } => vec![format!(
            "the host restarts, {why}; the apply goes on there by itself, and this command waits for it (Ctrl-C stops \
             the waiting alone)"
        )],
        Event::Resumed { since } => {
            vec![format!("the host was restarted; the apply that began {since} goes on")]
        }
        Event::Exposed { ranges, port, confirm_seconds: Some(seconds), .. } => {
            vec![format!("port {port} is open to {ranges}; a new connection confirms it within {seconds} s")]
        }
        Event::Warning { text } => vec![format!("warning: {text}")],
        Event::Attached { since, by } => {
            vec![format!("this bundle is being applied since {since} by {by}; showing its progress")]
        }
        Event::End(end) => end.log.iter().map(|line| format!("| {line}")).collect(),
        _ => Vec::new(),
    }
}

fn ended(name: &str, seconds: f64, failed: bool) -> String {
    match failed {
        false => format!("{name}: done in {seconds:.1} s"),
        true => format!("{name}: failed after {seconds:.1} s"),
    }
}

/// One line per event.
pub struct Plain {
    host: String,
    last_upload: Option<Instant>,
    /// Verb for what the running step does with bytes.
    doing: &'static str,
}

impl Plain {
    /// Returns a plain display with the host's name before each line.
    pub fn new(host: &str) -> Plain {
        Plain { host: host.to_string(), last_upload: None, doing: "downloading" }
    }

    fn say(&self, text: &str) {
        say!("{}: {}", self.host, outside::line(text));
    }

    /// Every few seconds, and at the end.
    fn bytes(&mut self, what: &str, done: u64, total: u64) {
        let due = self.last_upload.is_none_or(|last| last.elapsed() > Duration::from_secs(5));
        if done == total || due {
            self.say(&format!("{what}: {} of {}", gib(done), gib(total)));
            self.last_upload = (done != total).then(Instant::now);
        }
    }
}

impl Show for Plain {
    fn connecting(&mut self) {
        self.say("connecting");
    }

    fn event(&mut self, event: &Event) {
        lines(event).iter().for_each(|line| self.say(line));
        if let Event::Step { name, .. } = event {
            self.doing = if name.ends_with("-sha256") { "read" } else { "downloading" };
        }
        // A download by the host takes as long as an upload to it.
        if let Event::Progress { done, total: Some(total), unit: Unit::Bytes } = event {
            self.bytes(self.doing, *done, *total);
        }
    }

    fn upload(&mut self, name: &str, done: u64, total: u64) {
        self.bytes(&format!("sending {name}"), done, total);
    }

    fn waiting(&mut self) {
        self.say(WAITS);
    }

    fn finish(&mut self) {}
}

/// A bar that shows the running step, with finished steps above it.
pub struct Bars {
    host: String,
    all: MultiProgress,
    bar: ProgressBar,
    step: String,
}

impl Bars {
    /// Returns a bar among `all`, with the host's name before it.
    pub fn new(host: &str, all: &MultiProgress) -> Bars {
        let bar = all.add(ProgressBar::new_spinner());
        bar.set_style(spinner());
        bar.enable_steady_tick(Duration::from_millis(120));
        Bars { host: host.to_string(), all: all.clone(), bar, step: String::new() }
    }

    fn say(&self, text: &str) {
        let _ = self.all.println(format!("{}: {}", self.host, outside::line(text)));
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn bytes_bar() -> ProgressStyle {
    ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Show for Bars {
    fn connecting(&mut self) {
        self.bar.set_message(outside::line(&format!("{}: connecting", self.host)));
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Step { name, what } => {
                self.step = format!("{}: {name}: {}", self.host, outside::line(what));
                self.bar.set_style(spinner());
                self.bar.set_message(self.step.clone());
            }
            Event::StepDone { name, seconds, failed } => self.say(&ended(name, *seconds, *failed)),
            Event::Progress { done, unit: Unit::Seconds, .. } => {
                self.bar.set_message(format!("{} ({done} s)", self.step));
            }
            Event::Progress { done, total: Some(total), unit: Unit::Bytes } => {
                self.bar.set_length(*total);
                self.bar.set_position(*done);
            }
            Event::Facts { .. } => self.bar.set_message(outside::line(&format!("{}: checking", self.host))),
            other => lines(other).iter().for_each(|line| self.say(line)),
        }
    }

    fn upload(&mut self, name: &str, done: u64, total: u64) {
        if self.bar.length() != Some(total) || done == 0 {
            self.bar.set_style(bytes_bar());
            self.bar.set_length(total);
            self.bar.set_message(outside::line(&format!("{}: sending {name}", self.host)));
            self.bar.reset_eta();
        }
        self.bar.set_position(done);
    }

    fn waiting(&mut self) {
        self.bar.set_message(outside::line(&format!("{}: {WAITS}", self.host)));
    }

    fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}
