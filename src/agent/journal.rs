//! A job's journal: events as JSON lines in a file that outlives the connection.

use super::protocol::{Event, Events};
use crate::error::{Context, Result};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

pub struct Journal {
    file: File,
}

impl Journal {
    pub fn create(path: &Path) -> Result<Journal> {
        let file = File::options().create(true).append(true).open(path);
        Ok(Journal { file: file.with_context(|| format!("opening {}", path.display()))? })
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

    /// The next whole line's event, or `None` when there is none yet. A line that is not an event is
    /// an error: the journal is ours alone.
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
}
