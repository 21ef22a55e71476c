//! Writes and follows a job's journal: events as JSON lines in a file that outlives the connection.

use crate::error::{Context, Result};
use crate::wire::protocol::{Event, Events};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

pub struct Journal {
    file: File,
}

impl Journal {
    /// Opens a journal to go on with it, or makes one. Removes a line at its end that a power cut left half written.
    pub fn create(path: &Path) -> Result<Journal> {
        let what = || format!("opening {}", path.display());
        let file = File::options().create(true).read(true).append(true).open(path).with_context(what)?;
        let whole = whole_lines(BufReader::new(&file)).with_context(what)?;
        if whole < file.metadata().with_context(what)?.len() {
            file.set_len(whole).and_then(|()| file.sync_all()).with_context(what)?;
        }
        Ok(Journal { file })
    }
}

/// Returns the length of the part in which every line is an event, bytes.
fn whole_lines(mut reader: impl BufRead) -> io::Result<u64> {
    let (mut whole, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') || serde_json::from_slice::<Event>(&line).is_err() {
            return Ok(whole);
        }
        whole += read as u64;
    }
}

impl Events for Journal {
    fn send(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        // Progress may be lost to a power cut, the rest may not.
        if matches!(event, Event::Progress { .. }) { Ok(()) } else { self.file.sync_data() }
    }
}

/// Reads a journal as it grows.
pub struct Follower {
    reader: BufReader<File>,
    partial: Vec<u8>,
    path: PathBuf,
}

impl Follower {
    pub fn open(path: &Path) -> Result<Follower> {
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        Ok(Follower { reader: BufReader::new(file), partial: Vec::new(), path: path.to_path_buf() })
    }

    /// Returns the event of the next whole line, or `None` if there is none yet. A line that is not an event is an
    /// error: nobody else writes to the journal.
    pub fn next_event(&mut self) -> Result<Option<Event>> {
        self.reader.read_until(b'\n', &mut self.partial)?;
        if self.partial.last() != Some(&b'\n') {
            return Ok(None);
        }
        let event = serde_json::from_slice(&self.partial)
            .with_context(|| format!("reading {}", self.path.display()))?;
        self.partial.clear();
        Ok(Some(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_waits_for_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let mut journal = Journal::create(&path).unwrap();
        journal.send(&Event::Warning { text: "one".into() }).unwrap();
        let mut follower = Follower::open(&path).unwrap();
        assert!(matches!(follower.next_event().unwrap(), Some(Event::Warning { text }) if text == "one"));
        assert!(follower.next_event().unwrap().is_none());
        let mut raw = File::options().append(true).open(&path).unwrap();
        let line = serde_json::to_vec(&Event::Warning { text: "two".into() }).unwrap();
        raw.write_all(&line[..5]).unwrap();
        assert!(follower.next_event().unwrap().is_none());
        raw.write_all(&line[5..]).unwrap();
        raw.write_all(b"\n").unwrap();
        assert!(matches!(follower.next_event().unwrap(), Some(Event::Warning { text }) if text == "two"));
    }

    /// A power cut may leave any number of the bytes written last, or zeros in their place.
    #[test]
    fn a_journal_cut_at_any_byte_keeps_its_whole_lines_and_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let texts = ["one", "\u{442}\u{432}\u{43e}", "line\nbreak", ""];
        let mut journal = Journal::create(&path).unwrap();
        texts.iter().for_each(|text| journal.send(&Event::Warning { text: text.to_string() }).unwrap());
        let bytes = std::fs::read(&path).unwrap();
        for cut in 0..=bytes.len() {
            for zeros in [0, 1, 4096] {
                let mut left = bytes[..cut].to_vec();
                left.resize(cut + zeros, 0);
                std::fs::write(&path, &left).unwrap();
                let whole = bytes[..cut].iter().filter(|byte| **byte == b'\n').count();
                Journal::create(&path).unwrap().send(&Event::Warning { text: "after".into() }).unwrap();
                let mut follower = Follower::open(&path).unwrap();
                let mut seen = Vec::new();
                while let Some(Event::Warning { text }) = follower.next_event().unwrap() {
                    seen.push(text);
                }
                assert_eq!(seen[..whole], texts[..whole], "cut at {cut}");
                assert_eq!(seen[whole..], ["after"], "cut at {cut}");
            }
        }
    }
}
