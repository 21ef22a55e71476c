//! Parses the name of a host: `[user@]name[:port]`, also as `ssh://[user@]name[:port]`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::error::{Failure, Result};

/// A host as it was named. The name may be an alias of the SSH configuration, so nothing is looked
/// up here, and user and port stay unknown unless they were given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub user: Option<String>,
    /// A name, an alias or an address; an IPv6 address has no brackets here.
    pub name: String,
    pub port: Option<u16>,
}

impl Target {
    /// Reads `[user@]name[:port]`, `[user@][v6][:port]` or `[user@]v6`; `ssh://` may stand before the first two
    /// and a `/` after them.
    ///
    /// # Errors
    /// Exit 2 with a hint when any part is empty, has whitespace or control characters, starts with
    /// `-` (it would be an option to any tool it is handed on to), or the port is not 1–65535.
    pub fn parse(text: &str) -> Result<Target> {
        parse(text).map_err(|why| {
            Failure::usage(format!("{text:?} is not a host: {why}"))
                .hint("write it as [user@]name[:port], for example root@203.0.113.7 or admin@[2001:db8::1]:2222")
                .into()
        })
    }
}

fn parse(text: &str) -> Result<Target, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("it has whitespace or control characters");
    }
    let text = match text.split_at_checked("ssh://".len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ssh://") => {
            rest.strip_suffix('/').unwrap_or(rest)
        }
        _ => text,
    };
    // The last `@`: user names of some providers contain one (`me@example.org@host`).
    let (user, rest) = match text.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, text),
    };
    if user.is_some_and(str::is_empty) {
        return Err("the user before '@' is empty");
    }
    let (name, port) = split_port(rest)?;
    if name.is_empty() {
        return Err("the name is empty");
    }
    if name.starts_with('-') || user.is_some_and(|user| user.starts_with('-')) {
        return Err("a name cannot start with '-'");
    }
    if name.contains(['/', '[', ']', ',', '*', '?', '!', '|', '#', '\'', '"', '\\']) {
        return Err("the name has a character that no host name has");
    }
    let port = port.map(parse_port).transpose()?;
    Ok(Target { user: user.map(str::to_string), name: name.to_string(), port })
}

fn split_port(rest: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(bracketed) = rest.strip_prefix('[') {
        let (name, after) = bracketed.split_once(']').ok_or("the '[' is not closed")?;
        let address = name.split('%').next().unwrap_or(name);
        // `ssh -G` puts an IPv4 address in brackets too.
        if address.parse::<IpAddr>().is_err() {
            return Err("what is in brackets is not an address");
        }
        return match after {
            "" => Ok((name, None)),
            _ => Ok((name, Some(after.strip_prefix(':').ok_or("after ']' only ':port' may follow")?))),
        };
    }
    match rest.matches(':').count() {
        0 => Ok((rest, None)),
        1 => Ok(rest.split_once(':').map_or((rest, None), |(name, port)| (name, Some(port)))),
        _ => {
            let address = rest.split('%').next().unwrap_or(rest);
            address.parse::<Ipv6Addr>().map_err(|_| "it has several ':' and is not an IPv6 address")?;
            Ok((rest, None))
        }
    }
}

fn parse_port(text: &str) -> Result<u16, &'static str> {
    // `u16::from_str` takes a leading '+'.
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err("the port is not a number");
    }
    match text.parse() {
        Ok(0) | Err(_) => Err("the port is not between 1 and 65535"),
        Ok(port) => Ok(port),
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match self.port {
            Some(port) => write!(f, "{}", HostPort(&self.name, port)),
            None => f.write_str(&self.name),
        }
    }
}

impl std::str::FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Target> {
        Target::parse(text)
    }
}

/// `host:port`, with brackets where the host is an IPv6 address.
pub(super) struct HostPort<'a>(pub &'a str, pub u16);

impl fmt::Display for HostPort<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HostPort(host, port) = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, exit_code, hint};
    use proptest::prelude::*;

    fn target(user: Option<&str>, name: &str, port: Option<u16>) -> Target {
        Target { user: user.map(str::to_string), name: name.to_string(), port }
    }

    #[test]
    fn every_form_is_read_and_written_back() {
        for (text, want) in [
            ("web1", target(None, "web1", None)),
            ("root@web1", target(Some("root"), "web1", None)),
            ("root@web1:2222", target(Some("root"), "web1", Some(2222))),
            ("203.0.113.7:1", target(None, "203.0.113.7", Some(1))),
            ("2001:db8::1", target(None, "2001:db8::1", None)),
            ("u@fe80::1%eth0", target(Some("u"), "fe80::1%eth0", None)),
            ("u@[2001:db8::1]:65535", target(Some("u"), "2001:db8::1", Some(65535))),
            ("me@example.org@web1", target(Some("me@example.org"), "web1", None)),
        ] {
            let parsed = Target::parse(text).unwrap();
            assert_eq!(parsed, want, "{text}");
            assert_eq!(parsed.to_string(), text);
        }
        for (text, want) in [
            ("[::1]", target(None, "::1", None)),
            ("me@[192.0.2.1]:22", target(Some("me"), "192.0.2.1", Some(22))),
            ("ssh://me@web1:2222", target(Some("me"), "web1", Some(2222))),
            ("SSH://web1/", target(None, "web1", None)),
            ("ssh://[2001:db8::1]:2222", target(None, "2001:db8::1", Some(2222))),
        ] {
            assert_eq!(Target::parse(text).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_a_hint() {
        for text in [
            "",
            " ",
            "a b",
            "@web1",
            "root@",
            "web1:",
            "web1:0",
            "web1:65536",
            "web1:+22",
            "web1:x",
            "-oProxy",
            "-x@web1",
            "root@-v",
            "[::1",
            "[::1]x",
            "[web1]:22",
            "a:b:c",
            ":22",
            "web1\n",
            "ssh://",
            "http://web1",
            "ssh://web1/path",
            "web*",
            "a,b",
        ] {
            let error = Target::parse(text).expect_err(text);
            assert_eq!(exit_code(&error), Exit::Usage, "{text:?}");
            assert!(hint(&error).is_some());
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_parses_survives_a_round_trip(text in ".{0,40}") {
            if let Ok(parsed) = Target::parse(&text) {
                prop_assert_eq!(Target::parse(&parsed.to_string()).unwrap(), parsed);
            }
        }
    }
}
