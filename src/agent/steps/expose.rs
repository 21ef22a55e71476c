//! The way in for other hosts: certificate, rules, and the unit that ends TLS. Last, when the model
//! already answers on the host itself.

use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::Run;
use crate::agent::expose::{self, certificate, firewall};
use crate::agent::host::{addresses, packages, service};
use crate::agent::store::desired::Desired;
use crate::agent::store::handover;
use crate::agent::store::made;
use crate::agent::store::thing::Thing;
use crate::checked::Port;
use crate::error::{Failure, Result};
use crate::files;
use crate::plan::expose::Exposure;
use crate::wire::protocol::Event;
use crate::{paths, render};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

pub struct Expose;

const NFT: &str = "/usr/sbin/nft";
/// From the unit's start to an answer over TLS.
const START: Duration = Duration::from_secs(15);

impl Resource for Expose {
    fn id(&self) -> Id {
        Id::Expose
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let Some(exposure) = &desired.plan.expose else {
            // The generation's switch closes it; this is for one that was opened by hand.
            let open = Path::new(paths::EXPOSE_FILE).exists() && expose::is_running()?;
            let close = || vec![Change::Close(english!("change-close"))].into();
            return Ok(if open { close() } else { Observed::default() });
        };
        let mut changes = Vec::new();
        if !Path::new(NFT).exists() {
            changes.push(Change::Install(english!("change-nftables")));
        }
        changes.extend(certificate_change(desired)?.map(Change::Replace));
        let rules = expose::rules().filter(|rules| expose::is_confirmed(rules));
        let port = render::port(&desired.plan);
        if rules.is_none() {
            let text = english!("change-open", version = port.to_string(), ranges = exposure.to_string());
            changes.push(Change::Open(text));
        } else if !expose::is_running()? || !firewall::is_loaded() {
            changes.push(Change::Open(english!(
                "change-open-again",
                version = port.to_string(),
                ranges = exposure.to_string()
            )));
        }
        Ok(changes.into())
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        let Some(exposure) = &desired.plan.expose else { return expose::close() };
        let opened = open(exposure, desired, run);
        if opened.is_err() {
            // Takes back what was begun. The error of `open` says more than one of these would.
            let _ = files::remove(Path::new(paths::EXPOSE_TRIAL));
            let _ = expose::settle();
        }
        opened
    }
}

fn certificate_change(desired: &Desired) -> Result<Option<String>> {
    let current = certificate::current()?;
    let names = certificate::names(&desired.expose.names, current.as_ref());
    Ok(certificate::wants(current.as_ref(), &names, desired.expose.certificate.as_deref()))
}

fn open(exposure: &Exposure, desired: &Desired, run: &mut Run) -> Result<()> {
    if !Path::new(NFT).exists() {
        if !packages::is_there("apt-get") {
            return Err(Failure::failed("the host has no nftables, and no apt-get to install it")
                .hint("install the package nftables there, then apply again")
                .into());
        }
        made::add([Thing::Package { name: "nftables".to_string() }])?;
        packages::install("the firewall", &[], &["nftables"], &run.route)?;
        run.notes.packages.push("nftables".to_string());
    }
    if certificate_change(desired)?.is_some() {
        match &desired.expose.certificate {
            Some(_) => {
                let given = handover::take_certificate()?;
                certificate::install(given.cert.as_bytes(), &given.key)?;
            }
            None => {
                let current = certificate::current()?;
                certificate::make(&certificate::names(&desired.expose.names, current.as_ref()))?;
            }
        }
    }
    let rules = expose::rules().ok_or_else(|| Failure::failed("the generation has no rules"))?;
    let bound = desired.expose.confirm_seconds;
    let confirmed = expose::is_confirmed(&rules);
    let port = render::port(&desired.plan);
    service::reload()?;
    let mut earlier = None;
    match (confirmed, bound) {
        (true, _) => expose::start()?,
        (false, 0) => expose::open_unasked(&rules, exposure, port)?,
        (false, _) => earlier = expose::begin_trial(&rules, port, bound)?,
    }
    let certificate = certificate::current()?.ok_or_else(|| Failure::failed("the certificate is gone"))?;
    answers(port, &certificate.sha256)?;
    if certificate.days_left < certificate::RENEW_DAYS {
        run.warn(format!("the certificate is good for {} more days", certificate.days_left))?;
    }
    for advice in firewall::advice(&firewall::others(), exposure, port) {
        run.warn(advice)?;
    }
    run.event(&Event::Exposed {
        ranges: exposure.to_string(),
        port: Port::try_from(u64::from(port))?,
        certificate: serde_json::json!(certificate.shown()),
        confirm_seconds: (!confirmed && bound > 0).then_some(bound),
        earlier: earlier.map(|earlier| earlier.to_string()),
    })
}

/// Over TLS on an address of the host, with our certificate.
fn answers(port: u16, sha256: &str) -> Result<()> {
    let start = Instant::now();
    // Its certificate may be for a name that this host does not know itself by: its hash counts.
    let client = reqwest::blocking::Client::builder()
        .no_proxy()
        .danger_accept_invalid_certs(true)
        .tls_info(true)
        .connect_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(5))
        .build()?;
    let mut last = "the host has no address that others reach".to_string();
    loop {
        for address in addresses::reachable() {
            let url = format!("https://{}/health", SocketAddr::new(address, port));
            let response = match client.get(&url).send() {
                Ok(response) => response,
                Err(error) => {
                    last = format!(
                        "{}: {:#}",
                        SocketAddr::new(address, port),
                        anyhow::Error::from(error.without_url())
                    );
                    continue;
                }
            };
            let info = response.extensions().get::<reqwest::tls::TlsInfo>();
            let der = info.and_then(|info| info.peer_certificate()).unwrap_or_default();
            let shown: Vec<String> = Sha256::digest(der).iter().map(|byte| format!("{byte:02X}")).collect();
            if response.status().is_success() && shown.join(":") == sha256 {
                return Ok(());
            }
            last = format!("{address} answers {} with another certificate", response.status());
        }
        if start.elapsed() > START {
            let unit = paths::EXPOSE_UNIT;
            return Err(Failure::failed(format!("the API does not answer over TLS: {last}"))
                .hint(format!("`journalctl -u {unit}` on the host says why; is port {port} taken there?"))
                .into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
