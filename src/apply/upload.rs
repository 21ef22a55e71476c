//! Sends a file to the host in pieces: over the agent's own connection, and over further ones while
//! each of them makes it faster. A connection that cannot be made or ends is done without: the agent
//! names what did not arrive, and that is sent again.

use super::attempt::{Attempt, Work, attempt, nonce};
use super::blobs::LocalFile;
use super::host::Host;
use super::link::{Link, Stream};
use super::show::Show;
use crate::error::{Context, Failure, Result};
use crate::wire::frames::{self, Frame};
use crate::wire::protocol::{End, Event, Needed, Op};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Most connections at a time; sshd takes ten that are not logged in yet, and these come one by one.
const MOST: usize = 6;
/// How long a number of connections is measured before another is tried.
const SAMPLE: Duration = Duration::from_millis(400);
/// Another connection must bring this much more, or no further one is made.
const WORTH: f64 = 1.08;
/// Remaining time below which no further connection is opened.
const SOON: Duration = Duration::from_millis(1500);
/// The agent takes a client that says nothing for a minute for lost.
const BEAT: Duration = Duration::from_secs(10);
/// For the agent's answers while pieces are on their way.
const ANSWER: Duration = Duration::from_secs(90);

/// State that all connections of an upload share.
struct Pieces {
    left: Mutex<VecDeque<(u64, u64)>>,
    /// Bytes given to connections.
    sent: AtomicU64,
    stop: AtomicBool,
}

impl Pieces {
    fn new(missing: &[(u64, u64)]) -> Pieces {
        let left = Mutex::new(frames::pieces(missing).collect());
        Pieces { left, sent: AtomicU64::new(0), stop: AtomicBool::new(false) }
    }

    fn next(&self) -> Option<(u64, u64)> {
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        self.left.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop_front()
    }

    fn bytes_left(&self) -> u64 {
        let left = self.left.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        left.iter().map(|(start, end)| end - start).sum()
    }
}

/// Whether another connection should be tried, by the rates (bytes/s) with one, two, … so far.
fn another(rates: &[f64], left: u64) -> bool {
    let Some(now) = rates.last().filter(|rate| **rate > 0.0) else { return false };
    let better = match rates {
        [.., before, now] => *now >= before * WORTH,
        _ => true,
    };
    better && rates.len() < MOST && left as f64 / now > SOON.as_secs_f64()
}

/// Sends what `need` says over `stream`, the agent's own, and others.
pub(super) fn send(
    host: &Host,
    stream: &mut dyn Stream,
    work: &Work,
    need: &Needed,
    show: &mut dyn Show,
) -> Result<()> {
    let local = work.files.iter().find(|file| file.blob.sha256 == need.sha256);
    let local = local.ok_or_else(|| {
        Failure::failed(format!("the host asks for {}, which was not offered", need.sha256))
    })?;
    let total = local.blob.size_bytes;
    if need.missing.iter().any(|(start, end)| start > end || *end > total) {
        return Err(
            Failure::failed(format!("the host asks for bytes that {} has not", local.blob.name)).into()
        );
    }
    // A host may ask for the same bytes as often as it likes.
    let missing = need.missing.iter().fold(0u64, |sum, (start, end)| sum.saturating_add(end - start));
    let here = total.saturating_sub(missing);
    tracing::info!(
        "{}: sends {}, {missing} of {total} bytes, from {}",
        host.name(),
        local.blob.name,
        local.path.display()
    );
    let pieces = Pieces::new(&need.missing);
    show.upload(&local.blob.name, here, total);
    std::thread::scope(|scope| {
        let more =
            matches!(host, Host::Ssh { .. }).then(|| scope.spawn(|| widen(host, work, local, &pieces)));
        let mut told = Instant::now();
        let mut progress = |show: &mut dyn Show| {
            if told.elapsed() > Duration::from_millis(50) {
                told = Instant::now();
                show.upload(&local.blob.name, here + pieces.sent.load(Ordering::Relaxed), total);
            }
        };
        let sent = send_pieces(stream, local, &pieces, &mut || progress(show));
        if sent.is_err() {
            pieces.stop.store(true, Ordering::Relaxed);
        }
        // The others have pieces on their way; only then is the end of this stream the end of all.
        let mut heard = Instant::now();
        while more.as_ref().is_some_and(|thread| !thread.is_finished()) {
            progress(show);
            if sent.is_ok() && heard.elapsed() > BEAT {
                heard = Instant::now();
                stream.write(&Frame::Alive.header())?;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        sent
    })?;
    stream.write(&Frame::End.header())?;
    show.upload(&local.blob.name, total, total);
    Ok(())
}

/// One connection's share: the next piece, until there is none.
fn send_pieces(
    stream: &mut dyn Stream,
    local: &LocalFile,
    pieces: &Pieces,
    tick: &mut dyn FnMut(),
) -> Result<()> {
    let what = || format!("reading {}", local.path.display());
    let mut file = File::open(&local.path).with_context(what)?;
    while let Some((start, end)) = pieces.next() {
        file.seek(SeekFrom::Start(start)).with_context(what)?;
        stream.write(&Frame::Piece { start, length: end - start }.header())?;
        let mut before = 0;
        let mut source = (&mut file).take(end - start);
        stream.send(&mut source, &mut |done| {
            pieces.sent.fetch_add(done - before, Ordering::Relaxed);
            before = done;
            tick();
        })?;
        if source.limit() > 0 {
            return Err(Failure::failed(format!(
                "{} became shorter while it was sent",
                local.path.display()
            ))
            .hint("apply again when nothing writes to that file")
            .into());
        }
    }
    Ok(())
}

/// Makes further connections while they pay.
fn widen(host: &Host, work: &Work, local: &LocalFile, pieces: &Pieces) {
    std::thread::scope(|scope| {
        let mut rates = Vec::new();
        loop {
            let (before, start) = (pieces.sent.load(Ordering::Relaxed), Instant::now());
            while start.elapsed() < SAMPLE {
                if pieces.bytes_left() == 0 || pieces.stop.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            let sent = pieces.sent.load(Ordering::Relaxed) - before;
            rates.push(sent as f64 / start.elapsed().as_secs_f64());
            if !another(&rates, pieces.bytes_left()) {
                return;
            }
            // Connected here, one after the other; a server that takes no more ends the widening.
            let Ok(link) = host.connect() else { return };
            tracing::debug!("{}: sends over {} connections", host.name(), rates.len() + 1);
            scope.spawn(move || {
                let mut link = link;
                let _ = beside(host, link.as_mut(), work, local, pieces);
            });
        }
    });
}

/// A further connection's whole life.
fn beside(host: &Host, link: &mut dyn Link, work: &Work, local: &LocalFile, pieces: &Pieces) -> Result<()> {
    let op = Op::Receive { blob: local.blob.clone() };
    let work = Work { op, files: Vec::new(), token: None, certificate: None, ..work.clone() };
    let nonce = nonce()?;
    loop {
        match attempt(host, link, &work, &nonce, |stream| share(stream, local, pieces))? {
            Attempt::Done(()) | Attempt::ToStage { .. } => return Ok(()),
            Attempt::Ended { said, .. } if !link.another_way(&said)? => return Ok(()),
            Attempt::Ended { .. } => {}
        }
    }
}

fn share(mut stream: Box<dyn Stream + '_>, local: &LocalFile, pieces: &Pieces) -> Result<()> {
    send_pieces(stream.as_mut(), local, pieces, &mut || {})?;
    stream.write(&Frame::End.header())?;
    while let Some(line) = stream.line(ANSWER)? {
        if let Ok(Event::End(End { .. })) = serde_json::from_slice(&line) {
            break;
        }
    }
    stream.finish().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frames::PIECE;

    #[test]
    fn a_connection_more_is_tried_while_it_pays() {
        const GIB: u64 = 1 << 30;
        for (rates, left, more) in [
            (&[][..], GIB, false),
            (&[0.0], GIB, false),
            (&[100e6], GIB, true),
            (&[100e6], 100 << 20, false),
            (&[100e6, 180e6], GIB, true),
            (&[100e6, 104e6], GIB, false),
            (&[100e6, 180e6, 170e6], GIB, false),
            (&[10e6, 20e6, 30e6, 40e6, 50e6], GIB, true),
            (&[10e6, 20e6, 30e6, 40e6, 50e6, 60e6], GIB, false),
        ] {
            assert_eq!(another(rates, left), more, "{rates:?} {left}");
        }
    }

    #[test]
    fn missing_ranges_are_cut_into_pieces_in_their_order() {
        let pieces = Pieces::new(&[(0, 2 * PIECE), (5 * PIECE, 5 * PIECE + 9)]);
        assert_eq!(pieces.bytes_left(), 2 * PIECE + 9);
        let taken: Vec<(u64, u64)> = std::iter::from_fn(|| pieces.next()).collect();
        assert_eq!(taken, [(0, PIECE), (PIECE, 2 * PIECE), (5 * PIECE, 5 * PIECE + 9)]);
    }
}
