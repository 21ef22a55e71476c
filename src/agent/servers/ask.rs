//! A question to a server over HTTP, and how long its answer is waited for.

use super::progress::{Progress, Stalled};
use crate::error::{Context, Failure, Result};
use reqwest::blocking::{Client, RequestBuilder};
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long a server may show no progress, and who hears meanwhile that it is waited for.
pub struct Patience<'a> {
    pub silence: Duration,
    pub tick: &'a mut dyn FnMut() -> Result<()>,
}

/// How often a client hears that an answer is still waited for.
pub const BEAT: Duration = Duration::from_secs(1);

/// Most bytes of one line; a vector of 8192 numbers has 200 KB.
const LONGEST_LINE: u64 = 4 << 20;

/// The server came no further for so long.
#[derive(Debug, thiserror::Error)]
#[error("the model came no further for {} s", .0.as_secs())]
struct Silence(Duration);

pub fn given_up(error: anyhow::Error, so_far: &str) -> anyhow::Error {
    match error.downcast_ref::<Silence>() {
        Some(silence) => Failure::failed(format!("{silence}: {so_far}"))
            .hint("--start-timeout SECONDS waits longer; the server's last lines show what it does")
            .into(),
        None => error,
    }
}

/// Sends the request, and gives `take` each line of the answer; it says how far the answer is by then, and
/// whether that was its end.
pub fn lines(
    request: RequestBuilder,
    path: &'static str,
    patience: Patience,
    mut take: impl FnMut(&str) -> Result<(u64, bool)>,
) -> Result<()> {
    waited(patience, move |sender| read_lines(request, path, sender), |line: String| take(&line))
}

/// The status of the answer.
pub fn status(request: RequestBuilder, patience: Patience) -> Result<u16> {
    let mut status = 0;
    let ask = |sender: &Sender<u16>| {
        let response = request.send().map_err(|error| asking(error.without_url()))?;
        let _ = sender.send(Ok(Some(response.status().as_u16())));
        Ok(())
    };
    let result = waited(patience, ask, |answer| {
        status = answer;
        Ok((1, true))
    });
    result.map_err(|error| given_up(error, "it has not answered"))?;
    Ok(status)
}

/// Sends a thread's values, then `None` at its end or the error that it failed with.
type Sender<T> = mpsc::Sender<Result<Option<T>>>;

/// Does `work` in a thread and gives `take` what it sends; it says how far the work is by then, and whether
/// that was its end.
fn waited<T: Send + 'static>(
    patience: Patience,
    work: impl FnOnce(&Sender<T>) -> Result<()> + Send + 'static,
    mut take: impl FnMut(T) -> Result<(u64, bool)>,
) -> Result<()> {
    let (sender, receiver) = mpsc::channel();
    // A read cannot be called off. One that is given up ends by itself: with the server, or after as long again.
    std::thread::spawn(move || {
        let result = work(&sender);
        let _ = sender.send(result.map(|()| None));
    });
    let (start, mut beat, mut done) = (Instant::now(), Instant::now(), 0);
    let mut progress = Progress::new(patience.silence, 1, u64::MAX);
    loop {
        match receiver.recv_timeout(BEAT) {
            Ok(Ok(Some(piece))) => match take(piece)? {
                (_, true) => return Ok(()),
                (further, false) => done = further,
            },
            Ok(Ok(None)) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(RecvTimeoutError::Timeout) => {}
        }
        progress.see(start.elapsed(), done).map_err(|Stalled(quiet)| Silence(quiet))?;
        if beat.elapsed() >= BEAT {
            beat = Instant::now();
            (patience.tick)()?;
        }
    }
}

fn read_lines(request: RequestBuilder, path: &str, sender: &Sender<String>) -> Result<()> {
    let response = request.send().map_err(|error| asking(error.without_url()))?;
    let status = response.status();
    let mut reader = BufReader::new(response);
    if !status.is_success() {
        let mut text = Vec::new();
        reader.take(1200).read_to_end(&mut text).context("reading the model's answer")?;
        let short: String = String::from_utf8_lossy(&text).chars().take(300).collect();
        return Err(Failure::failed(format!("the server refused {path}: {status} {short}")).into());
    }
    loop {
        let mut line = Vec::new();
        let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        match read.context("reading the model's answer")? {
            0 => return Ok(()),
            read if read as u64 == LONGEST_LINE => {
                return Err(Failure::failed("the server answers with a line that does not end").into());
            }
            _ => {}
        }
        // Nobody waits any more.
        if sender.send(Ok(Some(String::from_utf8_lossy(&line).into_owned()))).is_err() {
            return Ok(());
        }
    }
}

fn asking(error: reqwest::Error) -> anyhow::Error {
    anyhow::Error::from(error).context("asking the model")
}

/// No proxy is used and no certificate is needed: it is plain HTTP on this host.
pub fn client(limit: Duration) -> Result<Client> {
    Ok(Client::builder()
        .no_proxy()
        // The host's authorities need not be read.
        .tls_certs_only([])
        .connect_timeout(Duration::from_secs(2))
        .timeout(limit)
        .build()?)
}
