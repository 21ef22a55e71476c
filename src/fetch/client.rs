//! The HTTP client of downloads: authorities, redirects, limits, and what its answers and errors say.

use super::answer::{Head, NextTry, Refusal};
use super::route::Route;
use crate::error::{Context, Failure, Result};
use reqwest::blocking::Response;
use reqwest::header::{self, HeaderName};
use std::io;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(15);
const MOST_REDIRECTS: usize = 10;

/// Where distributions keep the authorities that the system trusts.
const SYSTEM_ROOTS: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// `stall`: the longest wait for a connection's next bytes. The environment's proxy settings hold, unless the route has
/// others.
pub fn client(stall: Duration, route: &Route) -> Result<reqwest::blocking::Client> {
    let mut builder = reqwest::blocking::Client::builder()
        .user_agent(concat!("agi-provision/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT.min(stall.max(Duration::from_millis(100))))
        // Limit of each read, not of the whole.
        .timeout(stall)
        .redirect(redirects());
    for proxy in route.proxies().map_or(Ok(Vec::new()), |proxies| proxies.of_client())? {
        builder = builder.proxy(proxy);
    }
    if !system_has_roots() {
        for root in bundled_roots()? {
            builder = builder.add_root_certificate(root);
        }
    }
    builder.build().context("preparing downloads")
}

/// Asks for the head of `url` through the route's proxy. Any answer will do but one of the proxy's own, that it does
/// not let us through or does not reach the site.
pub fn reach(url: &str, route: &Route, limit: Duration) -> Result<()> {
    let answer = client(limit, route)?.head(url).send();
    let answer = answer.map_err(|error| Failure::failed(not_sent(error, limit).why))?;
    match answer.status().as_u16() {
        status @ (407 | 502..=504) => Err(Failure::failed(format!("the proxy answers {status}")).into()),
        _ => Ok(()),
    }
}

/// Never from https to http, which would let anyone on the way choose what is sent.
fn redirects() -> reqwest::redirect::Policy {
    reqwest::redirect::Policy::custom(|attempt| {
        let downgraded = attempt.url().scheme() != "https"
            && attempt.previous().last().is_some_and(|from| from.scheme() == "https");
        if downgraded {
            return attempt.error("it redirects from https to http");
        }
        if attempt.previous().len() > MOST_REDIRECTS {
            return attempt.error("it redirects in circles");
        }
        attempt.follow()
    })
}

/// A header that is text.
pub fn text(response: &Response, name: HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_string)
}

pub fn head(response: &Response) -> Head {
    Head {
        status: response.status().as_u16(),
        content_length: text(response, header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        content_range: text(response, header::CONTENT_RANGE),
        etag: text(response, header::ETAG),
        retry_after: text(response, header::RETRY_AFTER),
    }
}

/// Why a question was not answered within `stall`.
pub fn not_sent(error: reqwest::Error, stall: Duration) -> Refusal {
    let later = |why: String| Refusal::broken(why, NextTry::Later(None));
    let error = error.without_url();
    if error.is_timeout() {
        return later(format!("no answer within {:.0} s", stall.as_secs_f64().max(1.0)));
    }
    let cause = certificate(&error).unwrap_or_else(|| innermost(&error));
    if error.is_builder() {
        return Refusal::broken(format!("not an address: {cause}"), NextTry::Never);
    }
    // A certificate or a redirect does not get better by itself.
    if error.is_redirect() || cause.contains("certificate") {
        return Refusal::broken(cause, NextTry::Never);
    }
    later(if error.is_connect() { format!("no connection: {cause}") } else { cause })
}

/// Why an answer's body ended early.
pub fn broken(error: &io::Error, stall: Duration) -> Refusal {
    let timed_out = error.kind() == io::ErrorKind::TimedOut
        || error.get_ref().is_some_and(|inner| {
            inner.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout)
        });
    let why = if timed_out {
        format!("nothing came for {:.0} s", stall.as_secs_f64().max(1.0))
    } else {
        let cause = error.get_ref().map_or_else(|| error.to_string(), |inner| innermost(inner));
        format!("it was cut: {cause}")
    };
    Refusal::broken(why, NextTry::Later(None))
}

/// Tells what is wrong with the server's certificate. OpenSSL's own error, the innermost, does not; the one
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

/// For [`pause`](super::answer::pause).
pub fn chance() -> u8 {
    let mut chance = [128];
    let _ = getrandom::fill(&mut chance);
    chance[0]
}

fn system_has_roots() -> bool {
    let named = std::env::var_os("SSL_CERT_FILE").is_some() || std::env::var_os("SSL_CERT_DIR").is_some();
    named || SYSTEM_ROOTS.iter().any(|path| std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0))
}

/// Mozilla's list, for a minimal system that trusts nobody yet.
fn bundled_roots() -> Result<Vec<reqwest::Certificate>> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    roots.map(|der| reqwest::Certificate::from_der(der).context("reading a bundled authority")).collect()
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

    #[test]
    fn the_bundled_authorities_are_read() {
        assert!(bundled_roots().unwrap().len() > 100);
    }
}
