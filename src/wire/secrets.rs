//! Secrets that travel from the client to a job: in the request on stdin, then in memory. No file on the
//! disk may hold them.

use crate::error::{Context, Failure, Result};
use crate::fetch::Token;
use crate::secret::Secret;
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::x509::X509;
use serde::{Deserialize, Serialize};

/// Secrets that a job needs besides its files.
#[derive(Default)]
pub struct Secrets {
    /// Token for downloads.
    pub token: Option<Token>,
    /// Certificate of the user's own.
    pub certificate: Option<GivenCertificate>,
}

/// The user's own: PEM texts.
#[derive(Clone, Serialize, Deserialize)]
pub struct GivenCertificate {
    /// Certificate and chain, PEM.
    pub cert: String,
    /// Private key, PEM.
    #[serde(with = "crate::secret::travels")]
    pub key: Secret,
}

impl std::fmt::Debug for GivenCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("GivenCertificate { .. }")
    }
}

impl GivenCertificate {
    /// Exit 2 for what is no certificate in use, or another key's.
    pub fn new(cert: &[u8], key: &[u8]) -> Result<GivenCertificate> {
        let chain = X509::stack_from_pem(cert).ok().filter(|chain| !chain.is_empty()).ok_or_else(|| {
            Failure::usage("--tls-cert holds no PEM certificate")
                .hint("`openssl x509 -inform der -in CERT` prints one in PEM")
        })?;
        let key = PKey::private_key_from_pem_passphrase(key, b"").map_err(|_| {
            Failure::usage("--tls-key holds no PEM private key without a passphrase")
                .hint("`openssl pkey -in KEY -out PLAIN` takes a passphrase off")
        })?;
        let own = chain[0].public_key().is_ok_and(|public| public.public_eq(&key));
        if !own {
            return Err(Failure::usage("--tls-key is not the key of the first certificate in --tls-cert")
                .hint("the key's own certificate comes first in the file, then those of its authorities")
                .into());
        }
        if days_left(&chain[0])? < 0 {
            return Err(Failure::usage("the certificate in --tls-cert has expired")
                .hint("renew it; `openssl x509 -enddate -noout -in CERT` shows the day")
                .into());
        }
        let mut pem = Vec::new();
        for certificate in &chain {
            pem.extend(certificate.to_pem()?);
        }
        let key = key.private_key_to_pem_pkcs8()?;
        Ok(GivenCertificate { cert: String::from_utf8(pem)?, key: Secret::try_from(key)? })
    }

    /// SHA-256 of the first certificate, as `AB:CD:…`.
    pub fn sha256(&self) -> Result<String> {
        let chain = X509::stack_from_pem(self.cert.as_bytes())?;
        fingerprint(chain.first().context("no certificate in the file")?)
    }
}

/// SHA-256 of a certificate, as `AB:CD:…`.
pub fn fingerprint(certificate: &X509) -> Result<String> {
    let digest = certificate.digest(MessageDigest::sha256())?;
    let hex: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    Ok(hex.join(":"))
}

/// Whole days until a certificate expires; negative when it has.
pub fn days_left(certificate: &X509) -> Result<i64> {
    let now = Asn1Time::days_from_now(0)?;
    let left = now.diff(certificate.not_after())?;
    Ok(i64::from(left.days) - i64::from(left.secs < 0))
}
