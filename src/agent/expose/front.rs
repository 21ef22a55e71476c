//! Ends TLS for other hosts and passes the bytes on to the server on 127.0.0.1. It listens on each of
//! the host's addresses that others can reach, and takes an address that comes later, too. It looks at
//! who connects as well: another program may flush the firewall's rules.

use super::holding::{Found, Holding};
use crate::agent::host::addresses;
use crate::agent::store::generation;
use crate::error::{Context, Exit, Failure, Result};
use crate::outside::{self, Kind};
use crate::plan::expose::Exposure;
use crate::render;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_native_tls::TlsAcceptor;

/// Connections at a time; llama-server itself works on few.
const MOST: usize = 512;
/// For a handshake; the server's own limits hold for what comes after it.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often the host's addresses are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// A peer that acknowledges nothing for this long is gone, milliseconds.
const UNACKNOWLEDGED: u32 = 60_000;

/// The ranges, and the host itself.
fn may_enter(exposure: &Exposure, peer: IpAddr, here: IpAddr) -> bool {
    exposure.contains(peer) || peer.to_canonical() == here.to_canonical()
}

/// Serves until it is stopped.
pub fn serve() -> Result<Exit> {
    let plan = generation::current_plan().ok_or_else(|| Failure::failed("no plan is in place"))?;
    let exposure = match Found::here().holding() {
        Holding::Plan => plan.expose.clone(),
        Holding::Earlier(earlier) => Some(earlier),
        Holding::Nobody => None,
    };
    let exposure = exposure.ok_or_else(|| Failure::usage("no other host may come in"))?;
    let port = render::port(&plan);
    let read = |name: &str| -> Result<Vec<u8>> {
        let path = credential(name)?;
        outside::read(&path, outside::NOTE, Kind::Regular)
            .with_context(|| format!("reading {}", path.display()))
    };
    let identity = native_tls::Identity::from_pkcs8(&read("cert.pem")?, &read("key.pem")?)
        .context("reading the certificate and its key")?;
    let acceptor = native_tls::TlsAcceptor::builder(identity)
        .min_protocol_version(Some(native_tls::Protocol::Tlsv12))
        .build()
        .context("preparing TLS")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(listen(Front {
        acceptor: acceptor.into(),
        exposure,
        port,
        permits: Semaphore::new(MOST),
    }))
}

/// The unit's credentials.
fn credential(name: &str) -> Result<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY")
        .ok_or_else(|| Failure::failed("this runs as a part of its unit only"))?;
    Ok(Path::new(&folder).join(name))
}

struct Front {
    acceptor: TlsAcceptor,
    exposure: Exposure,
    port: u16,
    permits: Semaphore,
}

/// Follows the host's addresses.
async fn listen(front: Front) -> Result<Exit> {
    let front = Arc::new(front);
    let mut listeners: BTreeMap<IpAddr, JoinHandle<()>> = BTreeMap::new();
    let mut failed = BTreeSet::new();
    loop {
        let now = addresses::reachable();
        for gone in listeners.keys().filter(|address| !now.contains(address)).copied().collect::<Vec<_>>() {
            if let Some(task) = listeners.remove(&gone) {
                task.abort();
            }
        }
        for address in
            now.iter().filter(|address| !listeners.contains_key(address)).copied().collect::<Vec<_>>()
        {
            match TcpListener::bind(SocketAddr::new(address, front.port)).await {
                Ok(listener) => {
                    say!("open on {} for {}", SocketAddr::new(address, front.port), front.exposure);
                    failed.remove(&address);
                    listeners.insert(address, tokio::spawn(accept(front.clone(), listener)));
                }
                // A new IPv6 address is not usable for a moment; said once.
                Err(error) if failed.insert(address) => {
                    say!("cannot listen on {}: {error}", SocketAddr::new(address, front.port));
                }
                Err(_) => {}
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn accept(front: Arc<Front>, listener: TcpListener) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            // Out of descriptors, or a peer that left at once.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let here = stream.local_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |local| local.ip());
        if may_enter(&front.exposure, peer.ip(), here) {
            tokio::spawn(pass_on(front.clone(), stream));
        }
    }
}

/// One connection. Its end is the server's or the client's; nobody is told of a failed one.
async fn pass_on(front: Arc<Front>, stream: TcpStream) {
    let Ok(_permit) = front.permits.try_acquire() else { return };
    let _ = stream.set_nodelay(true);
    let _ = rustix::net::sockopt::set_socket_keepalive(&stream, true);
    let _ = rustix::net::sockopt::set_tcp_user_timeout(&stream, UNACKNOWLEDGED);
    let Ok(Ok(mut client)) = tokio::time::timeout(HANDSHAKE, front.acceptor.accept(stream)).await else {
        return;
    };
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, front.port)).await else { return };
    let _ = server.set_nodelay(true);
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_stay_out_whatever_the_firewall_says() {
        let exposure = Exposure::of(&["10.1.0.0/16".parse().unwrap()]).unwrap();
        for (peer, enters) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("10.9.0.1", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(
                may_enter(&exposure, peer.parse().unwrap(), "10.9.0.1".parse().unwrap()),
                enters,
                "{peer}"
            );
        }
    }
}
