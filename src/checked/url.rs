//! Addresses of downloads.

use super::text::{length, text_type, visible};
use reqwest::Url;
use std::net::IpAddr;

/// Longest address, bytes.
const LONGEST: usize = 2048;

text_type!(
    /// Where a file may be downloaded from: `https`, or `http` from a mirror on this machine or in a private
    /// network, named by its IP address. No user, no password, no fragment. What comes from there counts
    /// only with the SHA-256 that is pinned beside it.
    DownloadUrl,
    "an address for downloads",
    check
);

text_type!(
    /// A proxy that hosts download through: `http` or `https`, a host, perhaps a port, and nothing else. One that
    /// wants a password is named in the host's /etc/environment.
    ProxyUrl,
    "an address of a proxy",
    check_proxy
);

fn check_proxy(text: &str) -> Result<(), String> {
    length(text, LONGEST)?;
    visible(text)?;
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let rest = text.split_once("://").map_or("", |(_, rest)| rest.trim_end_matches('/'));
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{} is not http or https", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "it has a user's name or a password, which belongs into the host's /etc/environment".to_string()
        );
    }
    if url.host_str().is_none_or(str::is_empty) || rest.contains(['/', '?', '#', '\\', ' ', '"', '<', '>']) {
        return Err("it is more than a host and a port, such as http://10.0.0.1:3128".to_string());
    }
    Ok(())
}

fn check(text: &str) -> Result<(), String> {
    length(text, LONGEST)?;
    visible(text)?;
    // The parser would drop or mend these.
    if let Some(odd) = text.chars().find(|c| matches!(c, ' ' | '\\' | '"' | '<' | '>' | '`')) {
        return Err(format!("it has the character {odd:?}"));
    }
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let written = |scheme: &str| text.strip_prefix(scheme).is_some_and(|rest| !rest.starts_with('/'));
    match url.scheme() {
        "https" if written("https://") => {}
        "http" if written("http://") && is_near(&url) => {}
        "http" => return Err("http is for addresses of a private network; give https".to_string()),
        "https" => return Err("it does not begin with https:// and a host".to_string()),
        other => return Err(format!("{other} is not https")),
    }
    if !url.has_host() || url.host_str() == Some("") {
        return Err("it names no host".to_string());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it has a user's name or a password".to_string());
    }
    if url.fragment().is_some() {
        return Err("it has a fragment".to_string());
    }
    Ok(())
}

impl DownloadUrl {
    /// Returns the same address in ASCII, as it is asked for: a host's name in punycode, other characters in percent.
    pub fn ascii(&self) -> String {
        Url::parse(self).map_or_else(|_| self.to_string(), String::from)
    }
}

/// The machine itself or a private network. Names are not asked for: they may lead anywhere later.
fn is_near(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => false,
    }
}
