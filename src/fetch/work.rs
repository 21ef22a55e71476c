//! The threads of a download: those that fetch, the one that hashes, the one that keeps the record.

use super::answer::{self, Asked, NextTry, Refusal, Sent};
use super::client;
use super::hash;
use super::source::{Options, Progress, Source, Unfinished, no_space};
use super::state::{Mode, Over, Piece, Shared, State, Trouble, key};
use crate::checked::Checksum;
use crate::error::{Context, Result, anyhow};
use crate::files;
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
/// Longest download that a power cut may cost.
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
    pub fn run(&self, progress: &mut dyn FnMut(Progress) -> Result<()>) -> Result<Checksum> {
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
            let mut state = self.shared.lock();
            state.give_back(&piece, trouble, urls, client::chance());
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
        let size = self.source.size_bytes;
        let response = request.send().map_err(|error| client::not_sent(error, self.options.stall))?;
        let head = client::head(&response);
        let judged = answer::judge(&head, Asked::Part { start: piece.start, end: piece.end, size });
        if let Ok(sent) = judged {
            if answer::changed(piece.etag.as_deref(), head.etag.as_deref()) {
                return Err(Trouble::Changed);
            }
            let mut state = self.shared.lock();
            if let Some(tag) = answer::strong(head.etag.as_deref()) {
                state.record.etags.insert(key(url), tag.to_string());
            }
            if state.url == piece.url {
                state.mode = if sent == Sent::Part { Mode::Ranges } else { Mode::Whole };
            }
        }
        self.shared.ring();
        match judged {
            Ok(Sent::Part) => self.copy(response, piece, piece.start, piece.end, buffer),
            Ok(Sent::Whole) => self.copy(response, piece, 0, size, buffer),
            Err(Refusal { why, then: NextTry::Token, .. }) => {
                let given = self.options.token.as_ref().is_some_and(|token| token.for_url(url).is_some());
                let why = if given { format!("it refuses the token ({})", head.status) } else { why };
                Err(Trouble::NeedsToken(why))
            }
            Err(refusal) => Err(refusal.into()),
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
                Err(error) => return Err(client::broken(&error, self.options.stall).into()),
            };
            let upto = at + read as u64;
            self.write(at, &buffer[..read]).map_err(Trouble::Fatal)?;
            let mut state = self.shared.lock();
            // Bytes that came count, even when no more are wanted: the next try goes on from them.
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
        result.map_err(|error| match files::full(&error) {
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
