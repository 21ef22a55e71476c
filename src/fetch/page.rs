//! One file of unknown content into memory, bounded in size and time: catalogues, lists.

use super::answer::{Answer, Head, judge};
use crate::error::{Context, Failure, Result};
use reqwest::blocking::{Client, Response};
use std::io::Read;
use std::time::{Duration, Instant};

const TRIES: u32 = 3;
/// Before the second try; doubled for the third.
const PAUSE: Duration = Duration::from_millis(500);
/// Most that a server's Retry-After is obeyed.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// A whole file may take this many times the longest wait for its next bytes.
const WHOLE: u32 = 10;

/// Fetches files over HTTP, or from a folder of this machine.
pub struct Pages {
    client: Client,
    stall: Duration,
    most_bytes: u64,
}

/// What came.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub bytes: Vec<u8>,
    /// RFC 2822, as the server gave it.
    pub last_modified: Option<String>,
}

impl Pages {
    /// `stall`: the longest wait for a connection and for its next bytes.
    pub fn new(stall: Duration, most_bytes: u64) -> Result<Pages> {
        Ok(Pages { client: super::client::client(stall)?, stall, most_bytes })
    }

    /// The file at `address`, a URL or a path; `None` when there is none. Busy and failing answers,
    /// stalled and cut ones are asked for again, [`TRIES`] times in all.
    ///
    /// # Errors
    /// It could not be had; with the reason and a hint.
    pub fn get(&self, address: &str) -> Result<Option<Page>> {
        if !address.contains("://") {
            return self.read(address);
        }
        let mut pause = PAUSE;
        for tried in 1.. {
            let wait = match self.try_get(address) {
                Ok(Got::Page(page)) => return Ok(Some(page)),
                Ok(Got::Nothing) => return Ok(None),
                Ok(Got::Never(why, hint)) => return Err(Failure::failed(why).hint(hint).into()),
                Ok(Got::Later(why, _)) if tried == TRIES => {
                    return Err(Failure::failed(why).hint("try again in some minutes").into());
                }
                Ok(Got::Later(_, after)) => after.unwrap_or(pause),
                // A limit of ours would be met again.
                Err(error) if error.downcast_ref::<Failure>().is_some() => return Err(error),
                Err(error) if tried == TRIES => {
                    let hint = format!("tried {TRIES} times; is it reachable from here?");
                    return Err(Failure::failed(format!("{error:#}")).hint(hint).into());
                }
                Err(_) => pause,
            };
            std::thread::sleep(wait.min(LONGEST_PAUSE));
            pause *= 2;
        }
        unreachable!("the last try returns")
    }

    fn read(&self, path: &str) -> Result<Option<Page>> {
        let mut bytes = Vec::new();
        let file = match std::fs::File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.with_context(|| format!("opening {path}"))?,
        };
        file.take(self.most_bytes + 1).read_to_end(&mut bytes).with_context(|| format!("reading {path}"))?;
        self.check_size(bytes.len() as u64)?;
        Ok(Some(Page { bytes, last_modified: None }))
    }

    fn try_get(&self, url: &str) -> Result<Got> {
        let began = Instant::now();
        let response = self.client.get(url).send().map_err(without_url).context("no answer")?;
        let head = Head {
            status: response.status().as_u16(),
            retry_after: header(&response, "retry-after"),
            ..Head::default()
        };
        // Of a file whose size is not known beforehand.
        match judge(&head, 0, 0, 0) {
            Answer::Whole | Answer::Part => {}
            Answer::Later { why, after } => return Ok(Got::Later(why, after)),
            Answer::NeedsToken(status) => {
                let hint = "this address gives it to nobody without a key; name another with --from";
                return Ok(Got::Never(format!("it needs permission ({status})"), hint));
            }
            Answer::Never(_) if matches!(head.status, 404 | 410) => return Ok(Got::Nothing),
            Answer::Never(why) => return Ok(Got::Never(why, "is this the right address?")),
        }
        self.check_size(response.content_length().unwrap_or(0))?;
        let last_modified = header(&response, "last-modified");
        let bytes = self.body(response, began)?;
        Ok(Got::Page(Page { bytes, last_modified }))
    }

    /// A server that sends a byte now and then does not hold this up for ever.
    fn body(&self, mut response: Response, began: Instant) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            match response.read(&mut buffer).context("the download stopped")? {
                0 => return Ok(bytes),
                read => bytes.extend_from_slice(&buffer[..read]),
            }
            self.check_size(bytes.len() as u64)?;
            let most = self.stall * WHOLE;
            if began.elapsed() > most {
                let seconds = most.as_secs_f32();
                return Err(Failure::failed(format!("it was not through after {seconds:.0} seconds")).into());
            }
        }
    }

    fn check_size(&self, bytes: u64) -> Result<()> {
        if bytes <= self.most_bytes {
            return Ok(());
        }
        Err(Failure::failed(format!("it is larger than {} MiB", self.most_bytes >> 20)).into())
    }
}

enum Got {
    Page(Page),
    Nothing,
    Later(String, Option<Duration>),
    Never(String, &'static str),
}

fn header(response: &Response, name: &str) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_string())
}

fn without_url(error: reqwest::Error) -> reqwest::Error {
    error.without_url()
}
