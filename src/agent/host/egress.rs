//! Whether this host reaches the sites that it is to download from, and which way.

use crate::checked::ProxyUrl;
use crate::error::{Failure, Result};
use crate::fetch::route::Route;
use crate::fetch::{Source, rate, reach};
use crate::ssh::resolve;
use std::collections::BTreeMap;
use std::net::TcpStream;
use std::time::Duration;

/// For one try to reach one site.
const LIMIT: Duration = Duration::from_secs(8);

/// The way out, and what is known of it.
pub struct Egress {
    pub route: Route,
    /// Names of the sites.
    pub sites: Vec<String>,
    /// Text about the way; the error is why a file cannot be had.
    pub found: std::result::Result<String, String>,
}

/// Takes the first way on which each file has an address that answers. `alive` is called before each try.
pub fn choose(
    given: Option<&ProxyUrl>,
    sources: &[&Source],
    alive: &mut dyn FnMut() -> Result<()>,
) -> Result<Egress> {
    let mut sites: Vec<String> = Vec::new();
    for host in sources.iter().flat_map(|source| &source.urls).filter_map(|url| rate::host(url)) {
        if !sites.contains(&host) {
            sites.push(host);
        }
    }
    let mut failed = None;
    for route in Route::all(given) {
        match all_reached(sources, &route, alive)? {
            Ok(()) => {
                let found = Ok(route.title());
                return Ok(Egress { route, sites, found });
            }
            Err(why) => failed = failed.or(Some((route, why))),
        }
    }
    let (route, why) = failed.unwrap_or((Route::Usual, "there is no way".to_string()));
    Ok(Egress { found: Err(format!("{}: {why}", route.title())), route, sites })
}

fn all_reached(
    sources: &[&Source],
    route: &Route,
    alive: &mut dyn FnMut() -> Result<()>,
) -> Result<std::result::Result<(), String>> {
    // One question to each site.
    let mut known: BTreeMap<String, std::result::Result<(), String>> = BTreeMap::new();
    for source in sources {
        let mut last = Err("it has no address".to_string());
        for url in &source.urls {
            let site = url.split('/').take(3).collect::<Vec<_>>().join("/");
            if !known.contains_key(&site) {
                alive()?;
                let tried = if route.is_direct() { connect(url) } else { reach(url, route, LIMIT) };
                known.insert(site.clone(), tried.map_err(|error| format!("{error:#}")));
            }
            last = known[&site].clone();
            if last.is_ok() {
                break;
            }
        }
        if last.is_err() {
            return Ok(last);
        }
    }
    Ok(Ok(()))
}

/// A connection is enough: what a server then says is the download's to judge.
fn connect(url: &str) -> Result<()> {
    let (host, port) =
        rate::host_and_port(url).ok_or_else(|| Failure::failed(format!("{url} names no host")))?;
    let addresses = resolve(&host, port)?;
    let share = LIMIT / addresses.len().max(1) as u32;
    let mut last = None;
    for address in &addresses {
        match TcpStream::connect_timeout(address, share) {
            Ok(_) => return Ok(()),
            Err(error) => last = Some(error),
        }
    }
    let why = last.map_or("it has no address".to_string(), |error| error.to_string());
    Err(Failure::failed(format!("no connection to {host}: {why}")).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    fn source(urls: &[String]) -> Source {
        Source { urls: urls.to_vec(), sha256: "7".repeat(64).parse().unwrap(), size_bytes: 1 }
    }

    /// A port on which nobody listens.
    fn closed() -> u16 {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    }

    #[test]
    fn a_site_that_answers_is_reached_directly_and_a_mirror_will_do() {
        let site = TcpListener::bind("127.0.0.1:0").unwrap();
        let good = format!("http://127.0.0.1:{}/m", site.local_addr().unwrap().port());
        let bad = format!("http://127.0.0.1:{}/m", closed());
        let mirrored = source(&[bad.clone(), good]);
        let egress = choose(None, &[&mirrored], &mut || Ok(())).unwrap();
        assert_eq!((egress.found.as_deref(), egress.sites.len()), (Ok("directly"), 1));
        let alone = source(&[bad]);
        let egress = choose(None, &[&mirrored, &alone], &mut || Ok(())).unwrap();
        let why = egress.found.unwrap_err();
        assert!(why.starts_with("directly: no connection to 127.0.0.1: "), "{why}");
    }

    #[test]
    fn a_proxy_that_is_given_is_asked_and_its_refusal_told() {
        let site = source(&["http://models.example/m".to_string()]);
        for (status, reached) in [("404 Not Found", true), ("407 Proxy Authentication Required", false)] {
            let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
            let given = format!("http://127.0.0.1:{}", proxy.local_addr().unwrap().port()).parse().unwrap();
            let answered = std::thread::spawn(move || {
                let (mut stream, _) = proxy.accept().unwrap();
                let mut head = [0; 1024];
                let read = stream.read(&mut head).unwrap();
                let text = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(text.as_bytes()).unwrap();
                String::from_utf8_lossy(&head[..read]).into_owned()
            });
            let egress = choose(Some(&given), &[&site], &mut || Ok(())).unwrap();
            assert_eq!(egress.found.is_ok(), reached, "{:?}", egress.found);
            assert!(egress.found.is_ok() || egress.found.unwrap_err().contains("407"));
            assert!(answered.join().unwrap().starts_with("HEAD http://models.example/m "));
        }
    }
}
