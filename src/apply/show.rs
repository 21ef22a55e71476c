//! Events as progress for people: bars on a terminal, plain lines elsewhere, nothing but the result
//! with `--format json`. Everything goes to stderr.

use crate::lang::{Lang, Value, told};
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

/// Says nothing.
pub struct Silent;

impl Show for Silent {
    fn connecting(&mut self) {}
    fn event(&mut self, _: &Event) {}
    fn upload(&mut self, _: &str, _: u64, _: u64) {}
    fn finish(&mut self) {}
}

/// The lines of an event that people should see, without the host's name.
fn lines(event: &Event, lang: Lang) -> Vec<String> {
    match event {
        Event::Step { name, what } => vec![format!("{name}: {}", told(lang, what))],
        Event::StepDone { name, seconds, failed } if *seconds >= 1.0 => {
            vec![ended(name, *seconds, *failed, lang)]
        }
        Event::Verified { report } => {
            let warnings = verify::warnings(report, lang).into_iter();
            let refusals = verify::refusals(report, lang).into_iter();
            warnings
                .map(|text| tr!(lang, "show-warning", text = text))
                .chain(refusals.map(|text| tr!(lang, "show-refused", text = text)))
                .collect()
        }
        Event::Restarting { why } => vec![tr!(lang, "show-restarting", why = told(lang, why))],
        Event::Resumed { since } => vec![tr!(lang, "show-resumed", since = since)],
        Event::Exposed { ranges, port, confirm_seconds: Some(seconds), .. } => {
            let (port, seconds) = (port.to_string(), seconds.to_string());
            vec![tr!(lang, "show-exposed", port = port, ranges = ranges.to_string(), seconds = seconds)]
        }
        Event::Warning { text } => vec![tr!(lang, "show-warning", text = told(lang, text))],
        Event::Attached { since, by } => vec![tr!(lang, "show-attached", since = since, by = by)],
        Event::End(end) => end.log.iter().map(|line| format!("| {line}")).collect(),
        _ => Vec::new(),
    }
}

fn ended(step: &str, seconds: f64, failed: bool, lang: Lang) -> String {
    let seconds = Value::figure(format!("{seconds:.1}"));
    match failed {
        false => tr!(lang, "show-done", step = step, seconds = seconds),
        true => tr!(lang, "show-failed", step = step, seconds = seconds),
    }
}

/// Returns the minutes, rounded up, that `left` commands take at the pace of `done` ones; `None` where too few are done
/// to tell.
fn left(elapsed: Duration, done: u64, left: u64) -> Option<u64> {
    let told = done >= 5 && left > 0;
    told.then(|| (elapsed.as_secs_f64() / done as f64 * left as f64 / 60.0).ceil() as u64)
}

/// One line per event.
pub struct Plain {
    host: String,
    lang: Lang,
    last_upload: Option<Instant>,
    /// When the first command of a build was told, and how many were done then.
    build: Option<(Instant, u64)>,
    /// Word for what the running step does with bytes.
    doing: String,
}

impl Plain {
    /// Returns a plain display with the host's name before each line.
    pub fn new(host: &str) -> Plain {
        let lang = Lang::current();
        Plain {
            host: host.to_string(),
            lang,
            last_upload: None,
            build: None,
            doing: tr!(lang, "show-downloading"),
        }
    }

    fn say(&self, text: &str) {
        say!("{}: {}", self.host, outside::line(text));
    }

    /// Every half minute, and at the end, with an estimate of the rest by those that ended since the first was told.
    fn commands(&mut self, done: u64, total: u64) {
        let (at, first) = *self.build.get_or_insert((Instant::now(), done));
        let due = self.last_upload.is_none_or(|last| last.elapsed() > Duration::from_secs(30));
        if done != total && !due {
            return;
        }
        let left = left(at.elapsed(), done.saturating_sub(first), total.saturating_sub(done));
        self.say(&match left {
            Some(minutes) => tr!(self.lang, "show-built-left", done = done, total = total, minutes = minutes),
            None => tr!(self.lang, "show-built", done = done, total = total),
        });
        self.last_upload = (done != total).then(Instant::now);
    }

    /// Every few seconds, and at the end.
    fn bytes(&mut self, what: &str, done: u64, total: u64) {
        let due = self.last_upload.is_none_or(|last| last.elapsed() > Duration::from_secs(5));
        if done == total || due {
            let (now, all) = (Value::figure(gib(done)), Value::figure(gib(total)));
            self.say(&tr!(self.lang, "show-bytes", what = what, done = now, total = all));
            self.last_upload = (done != total).then(Instant::now);
        }
    }
}

impl Show for Plain {
    fn connecting(&mut self) {
        self.say(&tr!(self.lang, "show-connecting"));
    }

    fn event(&mut self, event: &Event) {
        lines(event, self.lang).iter().for_each(|line| self.say(line));
        if let Event::Step { name, .. } = event {
            self.doing = match name.ends_with("-sha256") {
                true => tr!(self.lang, "show-reading"),
                false => tr!(self.lang, "show-downloading"),
            };
        }
        // A download by the host takes as long as an upload to it.
        if let Event::Progress { done, total: Some(total), unit: Unit::Bytes } = event {
            self.bytes(&self.doing.clone(), *done, *total);
        }
        if let Event::Progress { done, total: Some(total), unit: Unit::Commands } = event {
            self.commands(*done, *total);
        }
    }

    fn upload(&mut self, name: &str, done: u64, total: u64) {
        self.bytes(&tr!(self.lang, "show-sending", name = name), done, total);
    }

    fn waiting(&mut self) {
        self.say(&tr!(self.lang, "show-waiting"));
    }

    fn finish(&mut self) {}
}

/// A bar that shows the running step, with finished steps above it.
pub struct Bars {
    host: String,
    lang: Lang,
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
        Bars { host: host.to_string(), lang: Lang::current(), all: all.clone(), bar, step: String::new() }
    }

    /// Shows a text after the host's name in the bar.
    fn now(&self, text: &str) {
        self.bar.set_message(outside::line(&format!("{}: {text}", self.host)));
    }

    fn say(&self, text: &str) {
        let text = format!("{}: {}", self.host, outside::line(text));
        let _ = self.all.println(crate::say::headed(&crate::width::on_stderr(&text)));
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn commands_bar() -> ProgressStyle {
    ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn bytes_bar() -> ProgressStyle {
    ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Show for Bars {
    fn connecting(&mut self) {
        self.now(&tr!(self.lang, "show-connecting"));
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Step { name, what } => {
                self.step = format!("{}: {name}: {}", self.host, outside::line(&told(self.lang, what)));
                self.bar.set_style(spinner());
                self.bar.set_message(self.step.clone());
            }
            Event::StepDone { name, seconds, failed } => self.say(&ended(name, *seconds, *failed, self.lang)),
            Event::Progress { done, unit: Unit::Seconds, .. } => {
                self.bar.set_message(format!("{} ({done} s)", self.step));
            }
            Event::Progress { done, total: Some(total), unit: Unit::Bytes } => {
                self.bar.set_length(*total);
                self.bar.set_position(*done);
            }
            Event::Progress { done, total: Some(total), unit: Unit::Commands } => {
                if self.bar.length() != Some(*total) {
                    self.bar.set_style(commands_bar());
                    self.bar.set_length(*total);
                    self.bar.reset_eta();
                }
                self.bar.set_position(*done);
            }
            Event::Facts { .. } => self.now(&tr!(self.lang, "show-checking")),
            other => lines(other, self.lang).iter().for_each(|line| self.say(line)),
        }
    }

    fn upload(&mut self, name: &str, done: u64, total: u64) {
        if self.bar.length() != Some(total) || done == 0 {
            self.bar.set_style(bytes_bar());
            self.bar.set_length(total);
            self.now(&tr!(self.lang, "show-sending", name = name));
            self.bar.reset_eta();
        }
        self.bar.set_position(done);
    }

    fn waiting(&mut self) {
        self.now(&tr!(self.lang, "show-waiting"));
    }

    fn finish(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_build_is_told_by_its_pace_once_there_is_one() {
        let minutes = |seconds, done, rest| left(Duration::from_secs(seconds), done, rest);
        assert_eq!(minutes(60, 10, 90), Some(9));
        assert_eq!(minutes(61, 10, 90), Some(10));
        assert_eq!((minutes(60, 4, 90), minutes(60, 10, 0)), (None, None));
    }
}
