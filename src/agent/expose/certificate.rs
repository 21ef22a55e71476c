//! The certificate that other hosts see: made on the host, for its own addresses and the names clients
//! know it by, or given by the user. Its key never leaves the host.
//!
//! A certificate that was made is made anew when fewer than 30 days are left, by an apply or by [`renew`]; by an
//! apply also when an address or name is missing from it, or when it was made by a clock that was ahead. Never in
//! between, because clients pin it; and always for the same key, because clients may pin that. A given one stays.

use crate::agent::host::addresses;
use crate::error::{Context, Exit, Failure, Result};
use crate::files;
use crate::outside::{self, Kind};
use crate::paths;
use crate::secret::Secret;
use crate::wire::certificate::ShownCertificate;
use crate::wire::secrets::{days_left, fingerprint};
use base64::Engine as _;
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
use zeroize::Zeroizing;

/// Days that a certificate is valid: Apple's systems take no more than 825.
const DAYS: u32 = 820;
/// An apply makes a new one when fewer days are left.
pub const RENEW_DAYS: i64 = 30;
/// The organisation in the certificates that are made here, by which they are known.
const MADE_BY: &str = "agi-provision";

/// A certificate as it is on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub pem: String,
    /// SHA-256 of the first certificate, as `AB:CD:…`.
    pub sha256: String,
    /// Names and addresses it is good for.
    pub names: BTreeSet<String>,
    /// Whether it was made here, not given.
    pub made: bool,
    pub days_left: i64,
    /// SHA-256 of the public key, as curl's `--pinnedpubkey` wants it. A new certificate has the same.
    pub pin: String,
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
        let public = leaf.public_key()?.public_key_to_der()?;
        let pin = format!(
            "sha256//{}",
            base64::engine::general_purpose::STANDARD.encode(openssl::sha::sha256(&public))
        );
        Ok(Certificate { pem, sha256: fingerprint(leaf)?, names, made, days_left: days_left(leaf)?, pin })
    }

    /// Whether it was made here and ends soon.
    fn is_due(&self) -> bool {
        self.made && self.days_left < RENEW_DAYS
    }

    /// Returns it as `status` and the client show it.
    pub fn shown(&self) -> ShownCertificate {
        ShownCertificate {
            sha256: self.sha256.clone(),
            names: self.names.clone(),
            made_here: self.made,
            days_left: self.days_left,
            pem: self.pem.clone(),
            public_key_pin: self.pin.clone(),
        }
    }
}

/// Returns the certificate in place; `None` when there is none.
pub fn current() -> Result<Option<Certificate>> {
    match outside::read_bounded(paths::TLS_CERT.as_ref(), outside::NOTE, Kind::Regular) {
        Ok(pem) => Certificate::read(&pem).with_context(|| format!("reading {}", paths::TLS_CERT)).map(Some),
        Err(_) => Ok(None),
    }
}

/// Returns why the certificate in place has to be replaced; `None` if it stays. `given`: the SHA-256 of the user's own.
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

/// Makes a certificate for `names` and puts it in place, with the key of the one before that was made here,
/// or a new one.
pub fn make(names: &BTreeSet<String>) -> Result<()> {
    let kept = current()?.filter(|old| old.made).and_then(|old| key_of(&old));
    let (cert, key) = self_signed(names, kept).context("making a certificate")?;
    install(&cert, &key)
}

/// Whether the front, which shows this certificate, is to stop for [`renew`].
pub fn is_due(pem: &[u8]) -> Result<bool> {
    Ok(Certificate::read(pem)?.is_due())
}

/// Renews a certificate that was made here and ends soon, when the unit has stopped: its next start shows the
/// new one. It is for what the old one was for, and what the host has got since.
pub fn renew() -> Result<Exit> {
    if let Some(old) = current()?.filter(Certificate::is_due) {
        let mut all = names(&[], Some(&old));
        all.extend(old.names);
        make(&all)?;
        say!("a new certificate, for the same key: the old one had {} days left", old.days_left);
    }
    Ok(Exit::Done)
}

/// Returns the key in place, unless it is another certificate's.
fn key_of(certificate: &Certificate) -> Option<PKey<Private>> {
    let pem =
        Zeroizing::new(outside::read_bounded(paths::TLS_KEY.as_ref(), outside::NOTE, Kind::Regular).ok()?);
    let key = PKey::private_key_from_pem(&pem).ok()?;
    let public = X509::from_pem(certificate.pem.as_bytes()).ok()?.public_key().ok()?;
    public.public_eq(&key).then_some(key)
}

pub fn install(cert: &[u8], key: &Secret) -> Result<()> {
    files::directory(Path::new(paths::TLS), 0o700)?;
    files::write(Path::new(paths::TLS_KEY), key.expose().as_bytes(), 0o600)?;
    files::write(Path::new(paths::TLS_CERT), cert, 0o644)
}

/// Returns the PEM of the certificate and of its key, `kept` or new.
fn self_signed(names: &BTreeSet<String>, kept: Option<PKey<Private>>) -> Result<(Vec<u8>, Secret)> {
    let key = match kept {
        Some(key) => key,
        None => PKey::from_ec_key(EcKey::generate(&*EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?)?)?,
    };
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
    Ok((builder.build().to_pem()?, Secret::try_from(key.private_key_to_pem_pkcs8()?)?))
}

/// Returns the names that a certificate of this host must be good for: the host's name, its addresses that others can
/// reach, and the names that the client uses for it. Names of an old certificate stay, its addresses go.
pub fn names(client: &[String], old: Option<&Certificate>) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = addresses::reachable().iter().map(IpAddr::to_string).collect();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let kept = old.into_iter().flat_map(|old| &old.names).filter(|name| name.parse::<IpAddr>().is_err());
    names.extend(kept.chain(client).chain([&host]).filter(|name| is_name(name)).cloned());
    names
}

/// Returns whether the text is a DNS name or an address.
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
        let (cert, key) = self_signed(&names, None).unwrap();
        let read = Certificate::read(&cert).unwrap();
        assert_eq!(read.names, names);
        assert!(read.made && (815..=820).contains(&read.days_left), "{read:?}");
        let given = GivenCertificate::new(&cert, key.expose().as_bytes()).unwrap();
        assert_eq!(given.sha256().unwrap(), read.sha256);
        assert!(!format!("{given:?}").contains("PRIVATE"));
        // A new one for the same key is another certificate, and keeps the pin.
        let kept = PKey::private_key_from_pem(key.expose().as_bytes()).unwrap();
        let renewed = Certificate::read(&self_signed(&names, Some(kept)).unwrap().0).unwrap();
        assert!(renewed.pin == read.pin && renewed.sha256 != read.sha256, "{renewed:?}");
        let (another, other) = self_signed(&names, None).unwrap();
        assert_ne!(Certificate::read(&another).unwrap().pin, read.pin);
        assert!(
            format!("{:#}", GivenCertificate::new(&cert, other.expose().as_bytes()).unwrap_err())
                .contains("not the key")
        );
        assert!(
            GivenCertificate::new(b"no", key.expose().as_bytes()).is_err()
                && GivenCertificate::new(&cert, b"no").is_err()
        );
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
            pin: String::new(),
        };
        let given = Certificate { made: false, ..made.clone() };
        let old = Certificate { days_left: 29, ..made.clone() };
        let ahead = Certificate { days_left: 3650, ..made.clone() };
        let given_long = Certificate { made: false, ..ahead.clone() };
        let due = [&made, &given, &old, &ahead, &Certificate { made: false, ..old.clone() }]
            .map(Certificate::is_due);
        assert_eq!(due, [false, false, true, false, false]);
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
