//! Lets other hosts in: ends TLS and hands each request to the server on 127.0.0.1. It listens on each of
//! the host's addresses that others can reach, and takes an address that comes later, too. It looks at
//! who connects as well: another program may flush the firewall's rules.
//!
//! hyper speaks HTTP on both sides, so a half request never reaches the server. `places` says who has a
//! connection, `pass` is one connection, [`bounds`] how long each part of it may take.

pub mod bounds;
mod early;
mod pass;
mod places;

pub use bounds::Bounds;

use super::certificate;
use super::holding::{Holding, RuleFiles};
use crate::agent::host::addresses;
use crate::agent::store::generation;
use crate::error::{Context, Exit, Failure, Result};
use crate::outside::{self, Kind};
use crate::plan::expose::Exposure;
use crate::render;
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod, SslOptions};
use openssl::x509::X509;
use pass::Way;
use places::Places;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// Interval at which the host's addresses are read.
const LOOK: Duration = Duration::from_secs(5);
/// Intervals at which the certificate's end is read: soon after a start, in case it is near already, and then rarely.
const FIRST_LOOK: Duration = Duration::from_secs(120);
const NEXT_LOOK: Duration = Duration::from_secs(3600);

/// Serves until it is stopped, or its certificate is to be renewed and nobody is being served: its end has
/// the unit renew it (`certificate::renew`) and start anew.
pub fn serve() -> Result<Exit> {
    let plan = generation::current_plan().ok_or_else(|| Failure::failed("no plan is in place"))?;
    let exposure = match RuleFiles::here().holding() {
        Holding::Plan => plan.expose.clone(),
        Holding::Earlier(earlier) => Some(earlier),
        Holding::Nobody => None,
    };
    let exposure = exposure.ok_or_else(|| Failure::usage("no other host may come in"))?;
    let port = render::port(&plan);
    let cert = credential("cert.pem")?;
    let acceptor = acceptor(&cert, &Zeroizing::new(credential("key.pem")?))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
    runtime.block_on(listen(Front::new(acceptor, exposure, server, Bounds::default()), port, &cert))
}

/// Reads one of the unit's credentials.
fn credential(name: &str) -> Result<Vec<u8>> {
    let folder: PathBuf = std::env::var_os("CREDENTIALS_DIRECTORY")
        .ok_or_else(|| Failure::failed("this runs as a part of its unit only"))?
        .into();
    let path = Path::new(&folder).join(name);
    outside::read_bounded(&path, outside::NOTE, Kind::Regular)
        .with_context(|| format!("reading {}", path.display()))
}

/// Makes an acceptor of TLS 1.2 and 1.3 with Mozilla's intermediate ciphers, from PEM texts. The first certificate is the
/// host's.
pub fn acceptor(cert: &[u8], key: &[u8]) -> Result<SslAcceptor> {
    let mut chain = X509::stack_from_pem(cert).context("reading the certificate")?.into_iter();
    let key = PKey::private_key_from_pem(key).context("reading the certificate's key")?;
    let mut builder =
        SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).context("preparing TLS")?;
    // A client that asks for new keys again and again costs far more than it pays.
    builder.set_options(SslOptions::NO_RENEGOTIATION);
    builder.set_certificate(&*chain.next().context("no certificate in the file")?)?;
    builder.set_private_key(&key)?;
    for above in chain {
        builder.add_extra_chain_cert(above)?;
    }
    builder.check_private_key().context("the certificate is not of this key")?;
    Ok(builder.build())
}

/// State that every connection shares.
pub struct Front {
    exposure: Exposure,
    way: Arc<Way>,
    places: Places,
}

impl Front {
    /// Makes a front for the ranges of `exposure` before `server`.
    pub fn new(acceptor: SslAcceptor, exposure: Exposure, server: SocketAddr, bounds: Bounds) -> Arc<Front> {
        let places = Places::new(bounds.most, bounds.most_of_one);
        Arc::new(Front { exposure, way: Arc::new(Way { acceptor, server, bounds }), places })
    }

    /// Accepts connections for ever.
    pub async fn accept(self: Arc<Front>, listener: TcpListener) {
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
            if may_enter(&self.exposure, peer.ip(), here)
                && let Some(place) = self.places.take(peer.ip())
            {
                tokio::spawn(pass::connection(self.way.clone(), stream, place));
            }
        }
    }
}

/// Returns the ranges, and the host itself.
fn may_enter(exposure: &Exposure, peer: IpAddr, here: IpAddr) -> bool {
    exposure.contains(peer) || peer.to_canonical() == here.to_canonical()
}

/// Follows the host's addresses, and the certificate's age.
async fn listen(front: Arc<Front>, port: u16, cert: &[u8]) -> Result<Exit> {
    let mut listeners: BTreeMap<IpAddr, JoinHandle<()>> = BTreeMap::new();
    let mut failed = BTreeSet::new();
    let mut look_at = Instant::now() + FIRST_LOOK;
    let mut is_due = false;
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
            match TcpListener::bind(SocketAddr::new(address, port)).await {
                Ok(listener) => {
                    say!("open on {} for {}", SocketAddr::new(address, port), front.exposure);
                    failed.remove(&address);
                    listeners.insert(address, tokio::spawn(front.clone().accept(listener)));
                }
                // A new IPv6 address is not usable for a moment; said once.
                Err(error) if failed.insert(address) => {
                    say!("cannot listen on {}: {error}", SocketAddr::new(address, port));
                }
                Err(_) => {}
            }
        }
        tokio::time::sleep(LOOK).await;
        if Instant::now() >= look_at {
            look_at = Instant::now() + NEXT_LOOK;
            is_due = certificate::is_due(cert)?;
        }
        if is_due && front.places.is_quiet() {
            return Err(Failure::failed("stopping, to be started with a new certificate").into());
        }
    }
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
