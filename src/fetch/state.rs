//! State that the threads of a download share: the bytes that are there, who works where, what went wrong.

use super::answer::{self, NextTry, Refusal};
use super::ranges::Ranges;
use super::record::Record;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Abilities of the server at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Not known yet: one request at a time.
    Unknown,
    Ranges,
    /// It sends the whole file, always.
    Whole,
}

/// Why a download is over.
#[derive(Debug)]
pub enum Over {
    /// All bytes are there.
    Complete,
    /// No address is left.
    Exhausted,
    Failed(anyhow::Error),
}

/// How one request ended, when not well.
#[derive(Debug)]
pub enum Trouble {
    /// It may go better later.
    Later {
        why: String,
        after: Option<Duration>,
    },
    /// This address is of no use.
    Never(String),
    NeedsToken(String),
    /// Another file lies there now.
    Changed,
    /// Writing failed, or the caller wants no more.
    Fatal(anyhow::Error),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Trouble {
        match refusal.then {
            NextTry::Later(after) => Trouble::Later { why: refusal.why, after },
            NextTry::Never => Trouble::Never(refusal.why),
            NextTry::Token => Trouble::NeedsToken(refusal.why),
        }
    }
}

/// A piece of work: which bytes, from which address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub start: u64,
    pub end: u64,
    pub url: usize,
    pub etag: Option<String>,
}

#[derive(Debug)]
pub struct State {
    pub record: Record,
    pub taken: Ranges,
    pub url: usize,
    pub mode: Mode,
    /// In a row, without a new byte.
    pub failures: u32,
    pub not_before: Option<Instant>,
    /// Why earlier addresses were given up, and the last trouble of this one.
    pub problems: Vec<String>,
    pub last: String,
    pub needs_token: bool,
    pub active: usize,
    /// Start from nothing as soon as nobody works any more.
    pub resetting: bool,
    /// The file at this address changed this often.
    pub resets: u32,
    /// How often everything was begun anew.
    pub epoch: u32,
    pub over: Option<Over>,
}

/// A file that changes more often than this while it is fetched is none to wait for.
const MOST_RESETS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(250);

impl State {
    pub fn new(record: Record, url: usize) -> State {
        let complete = record.have.total() == record.size_bytes;
        State {
            record,
            taken: Ranges::default(),
            url,
            mode: Mode::Unknown,
            failures: 0,
            not_before: None,
            problems: Vec::new(),
            last: String::new(),
            needs_token: false,
            active: 0,
            resetting: false,
            resets: 0,
            epoch: 0,
            over: complete.then_some(Over::Complete),
        }
    }

    /// Notes bytes that were written.
    pub fn wrote(&mut self, start: u64, end: u64) {
        let before = self.record.have.total();
        self.record.have.add(start, end);
        if self.record.have.total() > before {
            self.failures = 0;
        }
        if self.record.have.total() == self.record.size_bytes && !self.resetting {
            self.over.get_or_insert(Over::Complete);
        }
    }

    /// The next piece for one more worker, of `most` bytes at most; `urls` by index.
    pub fn take(&mut self, urls: &[String], most: u64) -> Option<Piece> {
        let alone = self.mode != Mode::Ranges;
        if self.resetting || (alone && self.active > 0) {
            return None;
        }
        let (start, end) = self.record.have.next_gap(&self.taken, self.record.size_bytes, most)?;
        self.taken.add(start, end);
        self.active += 1;
        let etag = self.record.etags.get(&key(&urls[self.url])).cloned();
        Some(Piece { start, end, url: self.url, etag })
    }

    /// A worker is done with `piece`, well or not. `chance` is 0 to 255.
    pub fn give_back(&mut self, piece: &Piece, trouble: Option<Trouble>, urls: &[String], chance: u8) {
        self.taken.remove(piece.start, piece.end);
        self.active -= 1;
        if let Some(trouble) = trouble {
            self.trouble(piece.url, trouble, urls, chance);
        }
        if self.resetting && self.active == 0 {
            self.resetting = false;
            self.epoch += 1;
            self.record.have = Ranges::default();
            self.record.etags.clear();
            self.mode = Mode::Unknown;
        }
    }

    fn trouble(&mut self, url: usize, trouble: Trouble, urls: &[String], chance: u8) {
        if url != self.url || self.over.is_some() {
            return;
        }
        match trouble {
            Trouble::Later { why, after } => {
                // Several connections cut at once are one failure.
                if self.not_before.is_none_or(|until| until <= Instant::now()) {
                    self.failures += 1;
                }
                self.last = why;
                let pause = answer::pause(FIRST_PAUSE, self.failures, chance).max(after.unwrap_or_default());
                self.not_before = self.not_before.max(Some(Instant::now() + pause));
            }
            Trouble::Never(why) => self.next_url(&why, urls),
            Trouble::NeedsToken(why) => {
                self.needs_token = true;
                self.next_url(&why, urls);
            }
            Trouble::Changed => {
                self.resetting = true;
                self.resets += 1;
                if self.resets > MOST_RESETS {
                    self.next_url("the file there changes all the time", urls);
                }
            }
            Trouble::Fatal(error) => self.over = Some(Over::Failed(error)),
        }
    }

    /// Gives the address up when it has failed too often.
    pub fn give_up(&mut self, attempts: u32, urls: &[String]) {
        if self.failures >= attempts && self.over.is_none() {
            let why = format!("{} ({} tries)", self.last, self.failures);
            self.next_url(&why, urls);
        }
    }

    fn next_url(&mut self, why: &str, urls: &[String]) {
        self.problems.push(format!("{}: {why}", key(&urls[self.url])));
        self.failures = 0;
        self.not_before = None;
        self.mode = Mode::Unknown;
        self.resets = 0;
        if self.url + 1 < urls.len() {
            self.url += 1;
        } else {
            self.over.get_or_insert(Over::Exhausted);
        }
    }
}

/// An address without its query, which may hold a signature.
pub fn key(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or(url).to_string()
}

/// The state, and a bell that rings when it changes.
pub struct Shared {
    state: Mutex<State>,
    bell: Condvar,
}

impl Shared {
    pub fn new(state: State) -> Shared {
        Shared { state: Mutex::new(state), bell: Condvar::new() }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn ring(&self) {
        self.bell.notify_all();
    }

    /// Gives up the lock until the bell rings, `limit` at most.
    pub fn wait<'a>(&self, guard: MutexGuard<'a, State>, limit: Duration) -> MutexGuard<'a, State> {
        self.bell.wait_timeout(guard, limit).unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State::new(Record { size_bytes: 100, ..Record::default() }, 0)
    }

    fn later() -> Option<Trouble> {
        Some(Trouble::Later { why: "cut".into(), after: None })
    }

    fn urls() -> Vec<String> {
        vec!["http://a/x?sig=1".into(), "http://b/x".into()]
    }

    #[test]
    fn one_works_until_ranges_are_known_to_work() {
        let (mut state, urls) = (state(), urls());
        let first = state.take(&urls, 30).unwrap();
        assert_eq!((first.start, first.end), (0, 30));
        assert_eq!(state.take(&urls, 30), None);
        state.mode = Mode::Ranges;
        assert_eq!(state.take(&urls, 30).map(|piece| (piece.start, piece.end)), Some((30, 60)));
        state.wrote(0, 10);
        state.give_back(&first, later(), &urls, 0);
        assert_eq!(state.take(&urls, 30).map(|piece| (piece.start, piece.end)), Some((10, 30)));
    }

    #[test]
    fn addresses_are_tried_in_turn_and_connections_cut_together_count_once() {
        let (mut state, urls) = (state(), urls());
        state.mode = Mode::Ranges;
        let (one, two) = (state.take(&urls, 10).unwrap(), state.take(&urls, 10).unwrap());
        state.give_back(&one, later(), &urls, 0);
        state.give_back(&two, later(), &urls, 0);
        assert_eq!(state.failures, 1);
        state.give_up(1, &urls);
        assert_eq!((state.url, state.mode, state.problems.len()), (1, Mode::Unknown, 1));
        assert_eq!(state.problems[0], "http://a/x: cut (1 tries)");
        let three = state.take(&urls, 10).unwrap();
        state.give_back(&three, Some(Trouble::Never("404".into())), &urls, 0);
        assert!(matches!(state.over, Some(Over::Exhausted)));
    }

    #[test]
    fn a_changed_file_starts_over_when_nobody_writes_any_more() {
        let (mut state, urls) = (state(), urls());
        state.mode = Mode::Ranges;
        let (one, two) = (state.take(&urls, 10).unwrap(), state.take(&urls, 10).unwrap());
        state.wrote(0, 5);
        state.give_back(&one, Some(Trouble::Changed), &urls, 0);
        assert_eq!(state.take(&urls, 10), None);
        assert_eq!(state.record.have.total(), 5);
        state.give_back(&two, None, &urls, 0);
        assert_eq!((state.record.have.total(), state.mode), (0, Mode::Unknown));
        assert!(state.take(&urls, 10).is_some());
    }

    #[test]
    fn all_bytes_end_it() {
        let mut state = state();
        state.wrote(50, 100);
        assert!(state.over.is_none());
        state.wrote(0, 50);
        assert!(matches!(state.over, Some(Over::Complete)));
    }
}
