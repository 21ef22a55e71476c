//! Where a server behind a balancer answers.

use super::numbers::Port;
use super::text::{length, text_type, visible};
use std::net::{IpAddr, Ipv6Addr};

text_type!(
    /// An address or a DNS name, with a port or without: `10.0.0.7:8080`, `[2001:db8::7]:8080`, `gpu1.example.org`.
    Endpoint,
    "an address of a server",
    check
);

fn check(text: &str) -> Result<(), String> {
    length(text, 270)?;
    visible(text)?;
    parts(text).map(|_| ())
}

/// Host, without brackets, and port.
fn parts(text: &str) -> Result<(&str, Option<u16>), String> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or("its bracket does not end")?;
            host.parse::<Ipv6Addr>().map_err(|_| format!("{host:?} is no IPv6 address"))?;
            match after {
                "" => (host, None),
                _ => (host, Some(after.strip_prefix(':').ok_or("what follows the bracket is no port")?)),
            }
        }
        None if text.matches(':').count() > 1 => {
            return Err("an IPv6 address is written in brackets: [2001:db8::7]:8080".to_string());
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    if host.parse::<IpAddr>().is_err() {
        check_name(host)?;
    }
    let port = port.map(|port| port.parse::<Port>().map_err(|_| format!("{port:?} is no port")));
    Ok((host, port.transpose()?.map(u16::from)))
}

fn check_name(name: &str) -> Result<(), String> {
    let label = |label: &str| {
        let inside = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && inside && !label.starts_with('-') && !label.ends_with('-')
    };
    // An address that is written wrongly is no name: 10.0.0.300.
    let last = name.rsplit('.').next().unwrap_or_default();
    if name.len() > 253 || !name.split('.').all(label) || last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{name:?} is no address and no name of a host"));
    }
    Ok(())
}

impl Endpoint {
    /// Returns the address or name, without brackets.
    pub fn host(&self) -> &str {
        parts(self).map_or("", |(host, _)| host)
    }

    /// Returns the port; `None` if none is written.
    pub fn port(&self) -> Option<u16> {
        parts(self).ok().and_then(|(_, port)| port)
    }

    /// Returns the same with `port` where none is written.
    pub fn at(&self, port: u16) -> Endpoint {
        match self.port() {
            Some(_) => self.clone(),
            None => Endpoint(format!("{self}:{port}")),
        }
    }

    /// Returns whether it is an address of the balancer's own machine, which nobody else can listen to.
    pub fn is_loopback(&self) -> bool {
        self.host().parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_read_with_their_port() {
        for (text, host, port, loopback) in [
            ("10.0.0.7:8080", "10.0.0.7", Some(8080), false),
            ("127.0.0.1", "127.0.0.1", None, true),
            ("[::1]:9000", "::1", Some(9000), true),
            ("[2001:db8::7]", "2001:db8::7", None, false),
            ("gpu1.example.org:443", "gpu1.example.org", Some(443), false),
            ("localhost", "localhost", None, false),
        ] {
            let endpoint = Endpoint::new(text).unwrap();
            assert_eq!((endpoint.host(), endpoint.port()), (host, port), "{text}");
            assert_eq!(endpoint.is_loopback(), loopback, "{text}");
            assert_eq!(endpoint.at(8080).port(), Some(port.unwrap_or(8080)), "{text}");
        }
        assert_eq!(Endpoint::new("[2001:db8::7]").unwrap().at(8080).as_str(), "[2001:db8::7]:8080");
    }

    #[test]
    fn whatever_else_a_configuration_could_be_told_is_refused() {
        for text in [
            "",
            ":8080",
            "a b",
            "a\nserver evil 1.2.3.4",
            "10.0.0.300",
            "host:0",
            "host:65536",
            "host:08",
            "host:80:90",
            "2001:db8::7",
            "[gpu1]:80",
            "[::1",
            "[::1]x",
            "-a.example",
            "a..b",
            "user@host",
            "${HOST}",
            "unix@/run/x",
        ] {
            assert!(Endpoint::new(text).is_err(), "{text}");
        }
    }
}
