//! The HTTP client of downloads: authorities, redirects, limits.

use crate::error::{Context, Result};
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

/// `stall`: the longest wait for a connection's next bytes. The system's proxy settings hold.
pub fn client(stall: Duration) -> Result<reqwest::blocking::Client> {
    let mut builder = reqwest::blocking::Client::builder()
        .user_agent(concat!("agi-provision/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT.min(stall.max(Duration::from_millis(100))))
        // Of each read, not of the whole.
        .timeout(stall)
        .redirect(redirects());
    if !system_has_roots() {
        for root in bundled_roots()? {
            builder = builder.add_root_certificate(root);
        }
    }
    builder.build().context("preparing downloads")
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

    #[test]
    fn the_bundled_authorities_are_read() {
        assert!(bundled_roots().unwrap().len() > 100);
    }
}
