//! A certificate as a host shows it.

use serde::Serialize;
use std::collections::BTreeSet;

/// Certificate of an API that is open to others, without its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ShownCertificate {
    /// SHA-256 of the first certificate, as `AB:CD:…`.
    pub sha256: String,
    /// Names and addresses it is good for.
    pub names: BTreeSet<String>,
    /// Whether it was made on the host, not given.
    pub made_here: bool,
    /// Days until it ends; negative after that.
    pub days_left: i64,
    /// The certificate and its chain, PEM.
    pub pem: String,
    /// SHA-256 of its public key, for curl's `--pinnedpubkey`. A new certificate has the same.
    pub public_key_pin: String,
}
