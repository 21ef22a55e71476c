//! The certificate that other hosts see: made on the host, for its own addresses and the names clients
//! know it by, or given by the user. Its key never leaves the host.
//!
//! A certificate that was made is made anew by an apply when fewer than 30 days are left, when an address
//! or name is missing from it, or when it was made by a clock that was ahead; never in between, because clients pin it. A given one stays.

use crate::agent::host::addresses;
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::outside::{self, Kind};
use crate::paths;
use crate::wire::secrets::{days_left, fingerprint};
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Name};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

/// Days a certificate is good for: Apple's systems take no more than 825.
const DAYS: u32 = 820;
/// Days left under which an apply makes a new one.
pub const RENEW_DAYS: i64 = 30;
/// The organisation in the certificates that are made here, by which they are known.
const MADE_BY: &str = "agi-provision";

/// A certificate as it is on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub pem: String,
    /// Of the first certificate, as `AB:CD:…`.
    pub sha256: String,
    /// Names and addresses it is good for.
    pub names: BTreeSet<String>,
    /// Made here, not given.
    pub made: bool,
    pub days_left: i64,
}

impl Certificate {
    fn read(pem: &[u8]) -> Result<Certificate> {
        let chain = X509::stack_from_pem(pem)?;
        let leaf = chain.first().ok_or_else(|| Failure::failed("no certificate in the file"))?;
        let mut names = BTreeSet::new();
        for name in leaf.subject_alt_names().iter().flatten() {
            let address = name.ipaddress().and_then(|bytes| match bytes.len() {
                4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
                _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
            });
            names.extend(address.map(|address| address.to_string()));
            names.extend(name.dnsname().map(str::to_string));
        }
        let mut issuer = leaf.issuer_name().entries_by_nid(Nid::ORGANIZATIONNAME);
        let made = issuer.any(|entry| entry.data().as_slice() == MADE_BY.as_bytes());
        let pem = String::from_utf8(pem.to_vec())?;
        Ok(Certificate { pem, sha256: fingerprint(leaf)?, names, made, days_left: days_left(leaf)? })
    }

    /// For the status and the client.
    pub fn describe(&self) -> serde_json::Value {
        serde_json::json!({
            "sha256": self.sha256, "names": self.names, "made_here": self.made,
            "days_left": self.days_left, "pem": self.pem,
        })
    }
}

/// The one in place; `None` when there is none.
pub fn current() -> Result<Option<Certificate>> {
    match outside::read(paths::TLS_CERT.as_ref(), outside::NOTE, Kind::Regular) {
        Ok(pem) => Certificate::read(&pem).with_context(|| format!("reading {}", paths::TLS_CERT)).map(Some),
        Err(_) => Ok(None),
    }
}

/// Why the certificate in place will not do; `None`: it stays. `given`: the SHA-256 of the user's own.
pub fn wants(current: Option<&Certificate>, names: &BTreeSet<String>, given: Option<&str>) -> Option<String> {
    let Some(current) = current else {
        return Some(
            if given.is_some() { "install the certificate" } else { "make a certificate" }.to_string(),
        );
    };
    if let Some(given) = given {
        return (given != current.sha256).then(|| "install the certificate".to_string());
    }
    if !current.made {
        return None;
    }
    if current.days_left < RENEW_DAYS {
        return Some(format!("make a new certificate: this one has {} days left", current.days_left));
    }
    // Nobody takes it before its time.
    if current.days_left > i64::from(DAYS) {
        return Some("make a new certificate: the clock was ahead when this one was made".to_string());
    }
    let missing: Vec<&str> = names.difference(&current.names).map(String::as_str).collect();
    (!missing.is_empty()).then(|| format!("make a new certificate, for {} too", missing.join(", ")))
}

/// Makes a key and a certificate for `names`, and puts both in place.
pub fn make(names: &BTreeSet<String>) -> Result<()> {
    let (cert, key) = self_signed(names).context("making a certificate")?;
    install(&cert, &key)
}

pub fn install(cert: &[u8], key: &[u8]) -> Result<()> {
    files::directory(Path::new(paths::TLS), 0o700)?;
    files::write(Path::new(paths::TLS_KEY), key, 0o600)?;
    files::write(Path::new(paths::TLS_CERT), cert, 0o644)
}

/// PEM of the certificate and of its key.
fn self_signed(names: &BTreeSet<String>) -> Result<(Vec<u8>, Vec<u8>)> {
    let key: PKey<Private> =
        PKey::from_ec_key(EcKey::generate(&*EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?)?)?;
    let mut name = X509Name::builder()?;
    name.append_entry_by_nid(Nid::ORGANIZATIONNAME, MADE_BY)?;
    // A common name has 64 characters at most.
    let common: String = names.first().map_or("host", String::as_str).chars().take(64).collect();
    name.append_entry_by_nid(Nid::COMMONNAME, &common)?;
    let name = name.build();
    let mut serial = BigNum::new()?;
    serial.rand(159, MsbOption::MAYBE_ZERO, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&serial)?)?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    builder.set_pubkey(&key)?;
    // A client's clock may be a day behind.
    let yesterday = jiff::Timestamp::now().as_second() - 86400;
    builder.set_not_before(&*Asn1Time::from_unix(yesterday)?)?;
    builder.set_not_after(&*Asn1Time::days_from_now(DAYS)?)?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
    builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
    let mut alternatives = SubjectAlternativeName::new();
    for name in names {
        match name.parse::<IpAddr>() {
            Ok(_) => alternatives.ip(name),
            Err(_) => alternatives.dns(name),
        };
    }
    let context = builder.x509v3_context(None, None);
    let alternatives = alternatives.build(&context)?;
    let identifier = SubjectKeyIdentifier::new().build(&context)?;
    builder.append_extension(alternatives)?;
    builder.append_extension(identifier)?;
    builder.sign(&key, MessageDigest::sha256())?;
    Ok((builder.build().to_pem()?, key.private_key_to_pem_pkcs8()?))
}

/// What a certificate of this host must be good for: its name, its addresses that others can reach, and
/// what the client calls it. Of an old certificate the names stay, the addresses go.
pub fn names(client: &[String], old: Option<&Certificate>) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = addresses::reachable().iter().map(IpAddr::to_string).collect();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let kept = old.into_iter().flat_map(|old| &old.names).filter(|name| name.parse::<IpAddr>().is_err());
    names.extend(kept.chain(client).chain([&host]).filter(|name| is_name(name)).cloned());
    names
}

/// What may stand in a certificate; an address is one too.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    name.parse::<IpAddr>().is_ok()
        || (name.len() <= 253 && !name.is_empty() && name.chars().all(plain) && !name.starts_with(['-', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::secrets::GivenCertificate;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn a_made_certificate_is_for_its_names_and_for_two_years() {
        let names = set(&["10.0.0.5", "2001:db8::1", "box.example.org"]);
        let (cert, key) = self_signed(&names).unwrap();
        let read = Certificate::read(&cert).unwrap();
        assert_eq!(read.names, names);
        assert!(read.made && (815..=820).contains(&read.days_left), "{read:?}");
        let given = GivenCertificate::new(&cert, &key).unwrap();
        assert_eq!(given.sha256().unwrap(), read.sha256);
        assert!(!format!("{given:?}").contains("PRIVATE"));
        let (_, other) = self_signed(&names).unwrap();
        assert!(format!("{:#}", GivenCertificate::new(&cert, &other).unwrap_err()).contains("not the key"));
        assert!(GivenCertificate::new(b"no", &key).is_err() && GivenCertificate::new(&cert, b"no").is_err());
    }

    #[test]
    fn a_certificate_is_made_anew_only_when_it_must() {
        let names = set(&["10.0.0.5", "box"]);
        let made = Certificate {
            pem: String::new(),
            sha256: "AA".into(),
            names: names.clone(),
            made: true,
            days_left: 400,
        };
        let given = Certificate { made: false, ..made.clone() };
        let old = Certificate { days_left: 29, ..made.clone() };
        let ahead = Certificate { days_left: 3650, ..made.clone() };
        let given_long = Certificate { made: false, ..ahead.clone() };
        let more = set(&["10.0.0.5", "10.0.0.6", "box"]);
        for (current, names, theirs, changes) in [
            (None, &names, None, true),
            (None, &names, Some("AA"), true),
            (Some(&made), &names, None, false),
            (Some(&made), &set(&["box"]), None, false),
            (Some(&made), &more, None, true),
            (Some(&old), &names, None, true),
            (Some(&ahead), &names, None, true),
            (Some(&given_long), &names, None, false),
            (Some(&given), &more, None, false),
            (Some(&made), &names, Some("AA"), false),
            (Some(&made), &names, Some("BB"), true),
        ] {
            let wanted = wants(current, names, theirs);
            assert_eq!(wanted.is_some(), changes, "{current:?} {names:?} {theirs:?}: {wanted:?}");
        }
    }

    #[test]
    fn only_names_become_names() {
        for (name, good) in [
            ("box", true),
            ("10.0.0.1", true),
            ("::1", true),
            ("a b", false),
            ("", false),
            ("-x", false),
            ("x,DNS:y", false),
        ] {
            assert_eq!(is_name(name), good, "{name}");
        }
    }
}
