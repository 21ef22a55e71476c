//! Asks a running server without the key and with a wrong one. Every apply ends so: a server's arguments
//! say what it should do, and a runtime from someone else need not do it.

use crate::agent::host::service;
use crate::engine::kind::Engine;
use crate::engine::question::{Guarded, Method};
use crate::error::{Context, Failure, Result};
use crate::hardware::probe::listening;
use crate::plan::servers::Server;
use reqwest::blocking::Client;
use std::net::SocketAddr;
use std::time::Duration;

const WRONG_KEY: &str = "this-is-no-key";

/// Checks that every address that a process of a server's unit listens on is the one of the plan, and that it answers
/// 401 without the key. `pid` is the unit's main process: systemd is not asked again.
///
/// # Errors
/// It listens elsewhere or nowhere, or answers anything else.
pub fn check(server: &Server, pid: u32) -> Result<()> {
    let (engine, unit) = (server.engine(), server.name.unit());
    let addresses = of_processes(&service::processes_around(pid), &unit)?;
    judge(engine, &unit, &addresses, server.name.port())?;
    let client = Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .connect_timeout(Duration::from_secs(2))
        // A server that computes an answer instead of refusing is busy for a while.
        .timeout(Duration::from_secs(10))
        .build()?;
    let behind = |address: &&SocketAddr| address.port() != server.name.port();
    for address in &addresses {
        let front = engine.front().filter(|_| behind(&address));
        let guarded = front.map_or(engine.guarded(), |front| front.guarded);
        ask(&client, engine, guarded, &unit, *address)?;
    }
    Ok(())
}

/// Addresses that the kernel says `unit` listens on.
pub fn addresses(unit: &str) -> Result<Vec<SocketAddr>> {
    let pid = service::state(unit)?.pid;
    let processes = if pid == 0 { Vec::new() } else { service::processes_around(pid) };
    of_processes(&processes, unit)
}

fn of_processes(processes: &[u32], unit: &str) -> Result<Vec<SocketAddr>> {
    listening(processes).with_context(|| format!("asking the kernel where {unit} listens"))
}

fn judge(engine: &dyn Engine, unit: &str, addresses: &[SocketAddr], port: u16) -> Result<()> {
    if addresses.is_empty() {
        return Err(Failure::failed(format!("the kernel knows no address that {unit} listens on")).into());
    }
    let behind = engine.front().and_then(|front| port.checked_add(front.behind));
    let planned = |found: u16| found == port || Some(found) == behind;
    let strange = |address: &&SocketAddr| !address.ip().is_loopback() || !planned(address.port());
    match addresses.iter().find(strange) {
        None => Ok(()),
        Some(address) => Err(Failure::failed(format!(
            "{unit} listens on {address}; by the plan it listens on port {port}{} of this host only",
            behind.map_or(String::new(), |behind| format!(" and {behind}"))
        ))
        .hint(format!("its {} does not do what its arguments say: {}", engine.program(), own_release(engine)))
        .into()),
    }
}

fn own_release(engine: &dyn Engine) -> String {
    format!("take {}'s own release", engine.name())
}

fn ask(
    client: &Client,
    engine: &dyn Engine,
    guarded: &[Guarded],
    unit: &str,
    address: SocketAddr,
) -> Result<()> {
    for Guarded { method, path } in guarded {
        for key in [None, Some(WRONG_KEY)] {
            let url = format!("http://{address}{path}");
            let request = match method {
                Method::Get => client.get(url),
                Method::Post => client.post(url).header("Content-Type", "application/json").body("{}"),
            };
            let request = match key {
                Some(key) => request.bearer_auth(key),
                None => request,
            };
            let with = if key.is_some() { "with a wrong key" } else { "without the key" };
            let status = request.send().map(|response| response.status().as_u16());
            let said = match status {
                Ok(401) => continue,
                Ok(status) => status.to_string(),
                Err(error) => format!("nothing ({})", error.without_url()),
            };
            return Err(Failure::failed(format!(
                "{unit} answers {said} to {path} on {address} {with}, and not 401: anyone who reaches it could use it"
            ))
            .hint(format!("its {} does not ask for the key: {}", engine.program(), own_release(engine)))
            .into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;

    /// A server that answers by `status` of the request's first line and its key, until the test ends.
    fn server(status: fn(&str, Option<&str>) -> u16) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut first, mut key, mut length) = (String::new(), None, 0);
                reader.read_line(&mut first).unwrap();
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    let line = line.trim().to_ascii_lowercase();
                    if line.is_empty() {
                        break;
                    }
                    if let Some(value) = line.strip_prefix("authorization: bearer ") {
                        key = Some(value.to_string());
                    }
                    if let Some(value) = line.strip_prefix("content-length: ") {
                        length = value.parse().unwrap();
                    }
                }
                let _ = reader.read_exact(&mut vec![0; length]);
                let status = status(&first, key.as_deref());
                let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        address
    }

    fn asked(address: SocketAddr) -> Result<()> {
        let (client, engine) = (Client::builder().no_proxy().build().unwrap(), engine::default());
        ask(&client, engine, engine.guarded(), "x.service", address)
    }

    #[test]
    fn only_a_server_that_refuses_everything_without_the_key_is_closed() {
        asked(server(|_, _| 401)).unwrap();
        type Case = (fn(&str, Option<&str>) -> u16, &'static str);
        let cases: [Case; 5] = [
            (|_, _| 200, "answers 200 to /metrics"),
            (|_, key| if key.is_some() { 200 } else { 401 }, "with a wrong key"),
            (
                |line, _| if line.starts_with("POST /completion") { 400 } else { 401 },
                "answers 400 to /completion",
            ),
            (|line, _| if line.contains("embeddings") { 200 } else { 401 }, "/v1/embeddings"),
            // Not there at all is no refusal of the key.
            (|line, _| if line.contains("chat") { 404 } else { 401 }, "answers 404"),
        ];
        for (status, why) in cases {
            let said = asked(server(status)).unwrap_err().to_string();
            assert!(said.contains(why) && said.contains("not 401"), "{said}");
        }
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(asked(nobody).unwrap_err().to_string().contains("answers nothing"));
    }

    #[test]
    fn a_server_listens_where_the_plan_says_and_nowhere_else() {
        let judged = |addresses: &[&str]| {
            let addresses: Vec<SocketAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
            judge(engine::default(), "x.service", &addresses, 8080).map_err(|error| error.to_string())
        };
        judged(&["127.0.0.1:8080"]).unwrap();
        judged(&["127.0.0.1:8080", "[::1]:8080"]).unwrap();
        for (addresses, why) in [
            (&[][..], "no address"),
            (&["0.0.0.0:8080"][..], "0.0.0.0:8080"),
            (&["[::]:8080"][..], "[::]:8080"),
            (&["192.0.2.7:8080"][..], "192.0.2.7:8080"),
            (&["127.0.0.1:8080", "0.0.0.0:4444"][..], "0.0.0.0:4444"),
            (&["127.0.0.1:8080", "127.0.0.1:4444"][..], "127.0.0.1:4444"),
        ] {
            assert!(judged(addresses).unwrap_err().contains(why), "{addresses:?}");
        }
        // One that stands in front of a server has a second port, and no third.
        let front = engine::named("text-generation-webui").unwrap();
        let judged = |text: &str| judge(front, "x.service", &[text.parse().unwrap()], 8080);
        judged("127.0.0.1:8080").unwrap();
        judged("127.0.0.1:8085").unwrap();
        for other in ["127.0.0.1:8086", "0.0.0.0:8085"] {
            assert!(judged(other).unwrap_err().to_string().contains("port 8080 and 8085"), "{other}");
        }
    }

    #[test]
    fn the_kernel_says_where_this_process_listens() {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let found = listening(&[std::process::id()]).unwrap();
        assert!(found.contains(&listener.local_addr().unwrap()), "{found:?}");
        assert!(listening(&[]).unwrap().is_empty());
    }
}
