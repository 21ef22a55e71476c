//! Names to addresses without the C library's resolver: in a static executable that one may load the
//! host's NSS modules and fail or crash on another glibc.
//!
//! In order: address literals, /etc/hosts, `localhost`, DNS as /etc/resolv.conf says. Only DNS starts
//! an async runtime.

use crate::outside::{self, Kind};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use hickory_resolver::Resolver;
use hickory_resolver::config::LookupIpStrategy;

use crate::error::{Failure, Result};

const HOSTS: &str = "/etc/hosts";
/// Bound on DNS in all.
const DNS_LIMIT: Duration = Duration::from_secs(5);
/// One question to one name server; the next is asked after it.
const DNS_QUESTION: Duration = Duration::from_millis(1600);
/// More addresses of one name than these are not tried.
const MOST: usize = 8;

/// The addresses of `name`, at least one, at most eight, in the order in which to try them.
///
/// # Errors
/// Exit 1, after 5 s at most, where there is none.
pub fn resolve(name: &str, port: u16) -> Result<Vec<SocketAddr>> {
    if let Some(address) = literal(name, port) {
        return Ok(vec![address]);
    }
    let hosts = outside::read_bounded(HOSTS.as_ref(), outside::DOCUMENT, Kind::Regular).unwrap_or_default();
    let mut found = in_hosts(&String::from_utf8_lossy(&hosts), name);
    if found.is_empty() && is_localhost(name) {
        found = vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()];
    }
    if found.is_empty() {
        found = in_dns(name).map_err(|why| {
            Failure::failed(english!("error-resolve", name = name, why = why.to_string()))
                .hint(english!("hint-resolve"))
        })?;
    }
    Ok(found.into_iter().take(MOST).map(|address| SocketAddr::new(address, port)).collect())
}

fn literal(name: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, port));
    }
    let (address, zone) = name.split_once('%')?;
    let address = address.parse::<Ipv6Addr>().ok()?;
    let index = fs::read_to_string(format!("/sys/class/net/{zone}/ifindex")).ok();
    let scope = zone.parse().ok().or_else(|| index?.trim().parse().ok())?;
    Some(SocketAddrV6::new(address, port, 0, scope).into())
}

/// RFC 6761: this name and those below it never go to DNS.
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// All addresses that the text of a hosts file has for `name`, in its order.
fn in_hosts(text: &str, name: &str) -> Vec<IpAddr> {
    let name = name.trim_end_matches('.');
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split('#').next().unwrap_or("").split_ascii_whitespace();
        let address = words.next()?.parse::<IpAddr>().ok()?;
        words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
    });
    lines.fold(Vec::new(), |mut all, address| {
        if !all.contains(&address) {
            all.push(address);
        }
        all
    })
}

fn in_dns(name: &str) -> Result<Vec<IpAddr>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("starting the resolver: {error}"))?;
    let lookup = async {
        let mut builder = Resolver::builder_tokio().map_err(|error| format!("/etc/resolv.conf: {error}"))?;
        let options = builder.options_mut();
        options.timeout = DNS_QUESTION;
        options.attempts = 2;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        let resolver = builder.build().map_err(|error| error.to_string())?;
        let answer = resolver.lookup_ip(name).await.map_err(|error| match error.is_no_records_found() {
            true => "the name servers know no address of it".to_string(),
            false => error.to_string(),
        })?;
        Ok::<Vec<IpAddr>, String>(answer.iter().collect())
    };
    let found = runtime.block_on(async { tokio::time::timeout(DNS_LIMIT, lookup).await });
    runtime.shutdown_background();
    match found {
        Err(_) => Err(format!("no name server answered within {} s", DNS_LIMIT.as_secs())),
        Ok(Err(why)) => Err(why),
        Ok(Ok(addresses)) if addresses.is_empty() => Err("it has no address".into()),
        Ok(Ok(addresses)) => Ok(addresses),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, exit_code, hint};
    use std::time::Instant;

    #[test]
    fn literals_need_nothing() {
        for (name, want) in [
            ("192.0.2.1", "192.0.2.1:22"),
            ("2001:db8::1", "[2001:db8::1]:22"),
            ("fe80::1%3", "[fe80::1%3]:22"),
            ("fe80::1%lo", "[fe80::1%1]:22"),
        ] {
            let start = Instant::now();
            let got: Vec<String> = resolve(name, 22).unwrap().iter().map(SocketAddr::to_string).collect();
            assert_eq!(got, [want]);
            assert!(start.elapsed() < Duration::from_millis(100));
        }
    }

    #[test]
    fn a_hosts_file_is_read_in_order_without_repeats() {
        let text = "# 9.9.9.9 web1\n192.0.2.1\tWeb1 alias # web2\n\nnonsense web1\n2001:db8::1 web1\n192.0.2.1 web1\n";
        let want: [IpAddr; 2] = ["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        assert_eq!(in_hosts(text, "web1."), want);
        assert_eq!(in_hosts(text, "ALIAS"), want[..1]);
        assert!(in_hosts(text, "web2").is_empty());
    }

    #[test]
    fn localhost_is_always_there() {
        let all = resolve("localhost", 7).unwrap();
        assert!(all.iter().all(|address| address.ip().is_loopback() && address.port() == 7));
        assert!(resolve("x.localhost", 7).is_ok());
    }

    #[test]
    fn a_name_that_does_not_exist_ends_in_bounded_time() {
        let start = Instant::now();
        let error = resolve("no-such-host.invalid", 22).unwrap_err();
        assert!(start.elapsed() < DNS_LIMIT + Duration::from_secs(3));
        assert_eq!(exit_code(&error), Exit::Failed);
        assert!(error.to_string().starts_with("cannot resolve no-such-host.invalid"), "{error}");
        assert!(hint(&error).is_some());
    }
}
