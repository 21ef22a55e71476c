//! How fast an address is read: a look of a few seconds, for `probe --measure` and `verify --measure`.

use super::client::client;
use super::route::Route;
use super::source::Token;
use crate::error::{Context, Failure, Result};
use std::io::Read;
use std::time::{Duration, Instant};

/// Measured rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// From the question to the first byte of the file, redirects and TLS included.
    pub first_byte_seconds: f64,
    /// 10^6 bits/s after it.
    pub mbit_s: f64,
}

/// Reads for this long at most, and no more than that many bytes.
const LONGEST: Duration = Duration::from_secs(3);
const MOST: u64 = 128 << 20;
/// A server that says nothing is given up.
const STALL: Duration = Duration::from_secs(5);
/// Less says nothing of a rate: a connection takes a while to get up to speed.
const LEAST: u64 = 256 << 10;

/// The name of the host in an address, without user or port.
pub fn host(url: &str) -> Option<String> {
    reqwest::Url::parse(url).ok()?.host_str().map(str::to_string)
}

/// The same with its port.
pub fn host_and_port(url: &str) -> Option<(String, u16)> {
    let url = reqwest::Url::parse(url).ok()?;
    Some((url.host_str()?.trim_matches(['[', ']']).to_string(), url.port_or_known_default()?))
}

/// Reads the beginning of `url`. Errors: it cannot be reached, refuses, or sends too little to judge.
pub fn rate(url: &str, token: Option<&Token>) -> Result<Rate> {
    let start = Instant::now();
    let mut request = client(STALL, &Route::Usual)?.get(url).header("Range", format!("bytes=0-{}", MOST - 1));
    if let Some(secret) = token.and_then(|token| token.for_url(url)) {
        request = request.bearer_auth(secret);
    }
    let mut answer = request.send().map_err(|error| anyhow::Error::from(error.without_url()))?;
    if !answer.status().is_success() {
        return Err(Failure::failed(format!("it answers {}", answer.status())).into());
    }
    let mut buffer = vec![0; 256 << 10];
    let mut read =
        |answer: &mut reqwest::blocking::Response| answer.read(&mut buffer).context("reading from it");
    let first = read(&mut answer)?;
    let began = Instant::now();
    let mut total = 0;
    while first > 0 && began.elapsed() < LONGEST && total < MOST {
        match read(&mut answer)? {
            0 => break,
            n => total += n as u64,
        }
    }
    if total < LEAST && began.elapsed() < LONGEST {
        return Err(
            Failure::failed(format!("{} bytes are too few to measure with", first as u64 + total)).into()
        );
    }
    let mbit_s = total as f64 * 8.0 / 1e6 / began.elapsed().as_secs_f64();
    Ok(Rate { first_byte_seconds: (began - start).as_secs_f64(), mbit_s: (mbit_s * 10.0).round() / 10.0 })
}
