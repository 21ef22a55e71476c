//! The threads of a download: those that fetch, the one that hashes, the one that keeps the record.

use super::answer::{self, Answer, Head};
use super::state::{Mode, Over, Piece, Shared, State, Trouble, key};
use super::{Options, Progress, Source, Unfinished, full, hash, no_space};
use crate::error::{Context, Result, anyhow};
use reqwest::blocking::{Client, Response};
use reqwest::header;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes read from a connection at a time.
const BUFFER: usize = 256 << 10;
/// A request asks for this much; less when that keeps every connection busy.
const LARGEST_PIECE: u64 = 64 << 20;
const SMALLEST_PIECE: u64 = 4 << 20;
/// What a power cut may cost.
const RECORD_EVERY: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(100);
/// Less than this over [`Options::stall`] is a stalled connection, bytes per second.
const SLOWEST: u64 = 1 << 10;

pub struct Job<'a> {
    pub source: &'a Source,
    pub dest: &'a Path,
    pub options: &'a Options,
    pub client: &'a Client,
    pub file: &'a File,
    pub shared: &'a Shared,
}

impl Job<'_> {
    /// The hash of what came, once all of it is there.
    pub fn run(&self, progress: &mut dyn FnMut(Progress) -> Result<()>) -> Result<String> {
        let size = self.source.size_bytes;
        let workers = self.options.ranges.clamp(1, 16);
        let found = std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.work(workers as u64));
            }
            scope.spawn(|| self.keep_record());
            let hashing = scope.spawn(|| {
                let found = hash::follow(self.file, size, self.shared);
                self.shared.ring();
                found
            });
            loop {
                let done = {
                    let mut state = self.shared.lock();
                    if state.over.is_none() {
                        state = self.shared.wait(state, TICK);
                    }
                    state.record.have.total()
                };
                if let Err(error) = progress(Progress { done, total: size }) {
                    self.shared.lock().over.get_or_insert(Over::Failed(error));
                    self.shared.ring();
                }
                if hashing.is_finished() {
                    return hashing
                        .join()
                        .unwrap_or_else(|_| Err(io::Error::other("the hashing thread failed")));
                }
                if self.shared.lock().over.is_some() {
                    std::thread::sleep(TICK / 10);
                }
            }
        });
        match found.with_context(|| format!("reading {} back", self.dest.display()))? {
            Some(found) => Ok(found),
            None => Err(self.why_unfinished()),
        }
    }

    fn why_unfinished(&self) -> anyhow::Error {
        let mut state = self.shared.lock();
        match state.over.take() {
            Some(Over::Failed(error)) => error,
            _ => Unfinished {
                message: state.problems.join("; "),
                have: state.record.have.total(),
                total: self.source.size_bytes,
                needs_token: state.needs_token,
            }
            .into(),
        }
    }

    fn work(&self, workers: u64) {
        let urls = &self.source.urls;
        let piece_size = (self.source.size_bytes / (workers * 4)).clamp(SMALLEST_PIECE, LARGEST_PIECE);
        let mut buffer = vec![0; BUFFER];
        loop {
            let Some(piece) = self.next_piece(piece_size) else { return };
            let trouble = self.get(&piece, &mut buffer).err();
            let mut chance = [128];
            let _ = getrandom::fill(&mut chance);
            let mut state = self.shared.lock();
            state.give_back(&piece, trouble, urls, chance[0]);
            state.give_up(self.options.attempts.max(1), urls);
            drop(state);
            self.shared.ring();
        }
    }

    /// Waits for a piece; `None` when the download is over.
    fn next_piece(&self, most: u64) -> Option<Piece> {
        let mut state = self.shared.lock();
        loop {
            if state.over.is_some() {
                return None;
            }
            let now = Instant::now();
            let pause = state.not_before.map(|until| until.saturating_duration_since(now));
            match pause.filter(|pause| !pause.is_zero()) {
                Some(pause) => state = self.shared.wait(state, pause),
                None => match state.take(&self.source.urls, most) {
                    Some(piece) => return Some(piece),
                    None => state = self.shared.wait(state, Duration::from_millis(500)),
                },
            }
        }
    }

    /// One request, and its bytes written.
    fn get(&self, piece: &Piece, buffer: &mut [u8]) -> Result<(), Trouble> {
        let url = &self.source.urls[piece.url];
        let mut request = self
            .client
            .get(url)
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::RANGE, format!("bytes={}-{}", piece.start, piece.end - 1));
        if let Some(tag) = answer::strong(piece.etag.as_deref()) {
            request = request.header(header::IF_RANGE, tag);
        }
        if let Some(secret) = self.options.token.as_ref().and_then(|token| token.for_url(url)) {
            request = request.bearer_auth(secret);
        }
        let response = request.send().map_err(|error| not_sent(error, self.options.stall))?;
        let head = head(&response);
        let judged = answer::judge(&head, piece.start, piece.end, self.source.size_bytes);
        if matches!(judged, Answer::Part | Answer::Whole) {
            if answer::changed(piece.etag.as_deref(), head.etag.as_deref()) {
                return Err(Trouble::Changed);
            }
            let mut state = self.shared.lock();
            if let Some(tag) = answer::strong(head.etag.as_deref()) {
                state.record.etags.insert(key(url), tag.to_string());
            }
            if state.url == piece.url {
                state.mode = if judged == Answer::Part { Mode::Ranges } else { Mode::Whole };
            }
        }
        self.shared.ring();
        match judged {
            Answer::Part => self.copy(response, piece, piece.start, piece.end, buffer),
            Answer::Whole => self.copy(response, piece, 0, self.source.size_bytes, buffer),
            Answer::Later { why, after } => Err(Trouble::Later { why, after }),
            Answer::Never(why) => Err(Trouble::Never(why)),
            Answer::NeedsToken(status) => {
                let given = self.options.token.as_ref().is_some_and(|token| token.for_url(url).is_some());
                let why = if given { "refuses the token" } else { "wants a token" };
                Err(Trouble::NeedsToken(format!("it {why} ({status})")))
            }
        }
    }

    /// Writes the body, `[at, end)` of the file; what is there already is passed over.
    fn copy(
        &self,
        mut body: Response,
        piece: &Piece,
        mut at: u64,
        end: u64,
        buffer: &mut [u8],
    ) -> Result<(), Trouble> {
        let later = |why: String| Trouble::Later { why, after: None };
        let (mut window, mut in_window) = (Instant::now(), 0);
        while at < end {
            let want = buffer.len().min((end - at) as usize);
            let read = match body.read(&mut buffer[..want]) {
                Ok(0) => return Err(later(format!("it ended the connection {} bytes early", end - at))),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(later(broken(&error, self.options.stall))),
            };
            let upto = at + read as u64;
            self.write(at, &buffer[..read]).map_err(Trouble::Fatal)?;
            let mut state = self.shared.lock();
            // What came counts, even when nothing more is wanted: the next try goes on from it.
            if !state.resetting {
                state.wrote(at, upto);
            }
            if stop(&state, piece) {
                return Ok(());
            }
            let over = state.over.is_some();
            drop(state);
            self.shared.ring();
            if over {
                return Ok(());
            }
            at = upto;
            in_window += read as u64;
            if window.elapsed() >= self.options.stall {
                if in_window < SLOWEST * self.options.stall.as_secs() {
                    return Err(later("it sends next to nothing".to_string()));
                }
                (window, in_window) = (Instant::now(), 0);
            }
        }
        Ok(())
    }

    /// Writes what of `bytes` is not there yet.
    fn write(&self, start: u64, bytes: &[u8]) -> Result<()> {
        let end = start + bytes.len() as u64;
        let mut at = self.shared.lock().record.have.covered_until(start).min(end);
        let result = self.file.write_all_at(&bytes[(at - start) as usize..], at);
        at = end;
        result.map_err(|error| match full(&error) {
            true => no_space(self.source, self.dest),
            false => anyhow!(error).context(format!("writing {} at {at}", self.dest.display())),
        })
    }

    /// Writes the record every few seconds, and once at the end unless all is there.
    fn keep_record(&self) {
        let mut last = Instant::now();
        loop {
            let mut state = self.shared.lock();
            while state.over.is_none() && last.elapsed() < RECORD_EVERY {
                state = self.shared.wait(state, RECORD_EVERY.saturating_sub(last.elapsed()).max(TICK));
            }
            let over = state.over.is_some();
            if over && state.active > 0 {
                let waited = self.shared.wait(state, TICK);
                drop(waited);
                continue;
            }
            let record = state.record.clone();
            let complete = matches!(state.over, Some(Over::Complete));
            drop(state);
            // First the bytes, then the claim that they are there. A record that cannot be written
            // costs the next try some time, nothing else.
            if !complete && self.file.sync_data().is_ok() {
                let _ = record.write(self.dest);
            }
            if over {
                return;
            }
            last = Instant::now();
        }
    }
}

/// Nobody wants this worker's bytes any more.
fn stop(state: &State, piece: &Piece) -> bool {
    state.resetting || state.url != piece.url || matches!(state.over, Some(Over::Exhausted | Over::Failed(_)))
}

fn head(response: &Response) -> Head {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_string);
    Head {
        status: response.status().as_u16(),
        content_length: text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        content_range: text(header::CONTENT_RANGE),
        etag: text(header::ETAG),
        retry_after: text(header::RETRY_AFTER),
    }
}

fn not_sent(error: reqwest::Error, stall: Duration) -> Trouble {
    let later = |why: String| Trouble::Later { why, after: None };
    let error = error.without_url();
    if error.is_timeout() {
        return later(format!("no answer within {:.0} s", stall.as_secs_f64().max(1.0)));
    }
    let cause = certificate(&error).unwrap_or_else(|| innermost(&error));
    if error.is_builder() {
        return Trouble::Never(format!("not an address: {cause}"));
    }
    // A certificate or a redirect does not get better by itself.
    if error.is_redirect() || cause.contains("certificate") {
        return Trouble::Never(cause);
    }
    later(if error.is_connect() { format!("no connection: {cause}") } else { cause })
}

/// What is wrong with the server's certificate. OpenSSL's own error, the innermost, does not say; the one
/// around it has the reason in brackets.
fn certificate(error: &dyn std::error::Error) -> Option<String> {
    const FAILED: &str = "certificate verify failed";
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if text.contains(FAILED)
            && let Some((_, reason)) = text.trim_end_matches(')').rsplit_once(" (")
        {
            return Some(format!("{FAILED} ({reason})"));
        }
        next = error.source();
    }
    None
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn broken(error: &io::Error, stall: Duration) -> String {
    let timed_out = error.kind() == io::ErrorKind::TimedOut
        || error.get_ref().is_some_and(|inner| {
            inner.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout)
        });
    if timed_out {
        return format!("nothing came for {:.0} s", stall.as_secs_f64().max(1.0));
    }
    let cause = error.get_ref().map_or_else(|| error.to_string(), |inner| innermost(inner));
    format!("it was cut: {cause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Layer>>);

    fn layers(texts: &[&'static str]) -> Layer {
        Layer(texts[0], texts.get(1..).filter(|rest| !rest.is_empty()).map(|rest| Box::new(layers(rest))))
    }

    #[test]
    fn a_certificate_that_is_refused_says_why() {
        let stack = "error:0A000086:SSL routines:f:certificate verify failed:ssl/statem/statem_clnt.c:2125:";
        let with_reason = "error:0A000086:SSL routines:f:certificate verify failed:ssl/statem/statem_clnt.c:2125: \
                           (certificate has expired)";
        for (texts, want) in [
            (
                &["error sending request", "client error (Connect)", with_reason, stack][..],
                Some("certificate verify failed (certificate has expired)"),
            ),
            (&["error sending request", "client error (Connect)", "Connection refused (os error 111)"], None),
            (&["error sending request", stack], None),
        ] {
            assert_eq!(certificate(&layers(texts)).as_deref(), want, "{texts:?}");
        }
    }
}
