//! A job's turn where its host shares a machine with others of the same client: the job says in its journal that it is
//! ready, the session that follows it hears the client's word, and leaves it in memory for the job. A job whose client
//! is gone begins without it.

use crate::agent::host::private;
use crate::error::Result;
use crate::outside::{self, Kind};
use crate::wire::frames::{Frame, HEADER};
use crate::wire::protocol::{Event, Events};
use crate::{files, paths};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

/// Time without a sign of the client after which its word is not waited for. It gives one each ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// Content of the file when the turn has come; before, it changes with each sign of the client.
const BEGIN: &[u8] = b"begin";

/// Says that the job is ready for its turn, and waits for it.
pub fn wait(events: &mut dyn Events) -> Result<()> {
    private::enter()?;
    wait_at(Path::new(paths::TURN), PATIENCE, events)
}

/// Removes what a job left that was killed while it waited.
pub fn forget() -> Result<()> {
    files::remove(Path::new(paths::TURN))
}

fn wait_at(path: &Path, patience: Duration, events: &mut dyn Events) -> Result<()> {
    files::write(path, b"", 0o600)?;
    events.send(&Event::Turn)?;
    let (mut heard, mut since) = (Vec::new(), Instant::now());
    while heard != BEGIN && since.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(5));
        let word = outside::read_bounded(path, outside::NOTE, Kind::Regular).unwrap_or_default();
        if word != heard {
            (heard, since) = (word, Instant::now());
        }
    }
    files::remove(path)
}

/// Events of a job on their way to a client, whose word is passed back where the job waits for it.
pub struct Following<'a, R> {
    pub events: &'a mut dyn Events,
    /// Frames of the client.
    pub input: &'a mut R,
}

impl<R: Read> Events for Following<'_, R> {
    fn send(&mut self, event: &Event) -> io::Result<()> {
        self.events.send(event)?;
        match event {
            Event::Turn => pass_back(Path::new(paths::TURN), self.input),
            _ => Ok(()),
        }
    }
}

/// Passes the client's frames on until the one that ends a stream, which is the word to begin. Nothing is left for a job
/// that does not wait any more.
fn pass_back(path: &Path, input: &mut impl Read) -> io::Result<()> {
    let leave = |word: &[u8]| match path.exists() {
        true => files::write(path, word, 0o600).map_err(io::Error::other),
        false => Ok(()),
    };
    for sign in 1_u64.. {
        let mut header = [0; HEADER];
        input.read_exact(&mut header)?;
        match Frame::read(header) {
            Frame::End => return leave(BEGIN),
            Frame::Alive => leave(sign.to_string().as_bytes())?,
            Frame::Piece { .. } => {
                return Err(io::Error::other("the client sends a file that nobody asked for"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits for a turn while a session passes on what the client sends.
    fn turn(sent: Vec<[u8; HEADER]>, patience: Duration) -> (String, Duration, bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("turn");
        let mut events = Vec::new();
        let (heard, began) = std::thread::scope(|scope| {
            let session = scope.spawn(|| {
                while !path.exists() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                pass_back(&path, &mut sent.concat().as_slice()).is_ok()
            });
            let start = Instant::now();
            wait_at(&path, patience, &mut events).unwrap();
            (session.join().unwrap(), start.elapsed())
        });
        assert!(!path.exists());
        (String::from_utf8(events).unwrap(), began, heard)
    }

    #[test]
    fn a_job_begins_with_the_clients_word_and_without_it_once_the_client_is_gone() {
        let (alive, end) = (Frame::Alive.header(), Frame::End.header());
        let piece = Frame::Piece { start: 0, length: 4 }.header();
        let long = Duration::from_secs(600);
        for sent in [vec![end], vec![alive, alive, end]] {
            let (said, took, heard) = turn(sent, long);
            assert_eq!((said.as_str(), heard), ("{\"event\":\"turn\"}\n", true));
            assert!(took < long / 2, "{took:?}");
        }
        let short = Duration::from_millis(200);
        for sent in [vec![], vec![alive], vec![alive, piece, end]] {
            let (_, took, heard) = turn(sent.clone(), short);
            assert!(took >= short && !heard, "{took:?} {sent:?}");
        }
    }

    #[test]
    fn a_word_that_comes_late_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("turn");
        pass_back(&path, &mut [Frame::Alive.header(), Frame::End.header()].concat().as_slice()).unwrap();
        assert!(!path.exists());
    }
}
