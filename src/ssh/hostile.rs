//! The parsers of this room as functions of a text, for the tests of hostile input.

use super::reader::{self, Asked};
use super::{certificate, key_file};
use std::path::Path;

/// An SSH configuration, asked for two hosts.
pub fn config(text: &str) {
    for name in ["box", "gpu1.example"] {
        let asked = Asked { name, user: None, port: None, home: Path::new("/nonexistent") };
        if let Err(why) = reader::read_config(&[("config".into(), text.to_string())], &asked) {
            let _ = crate::outside::line(&why);
        }
    }
}

/// A private key, a certificate.
pub fn private_key(text: &str) {
    if let Some(key) = key_file::parse(text) {
        let _ = key.public.as_deref().and_then(key_file::public_line);
    }
    if let Some(half) = key_file::parse_half(text) {
        let _ = half.hardware();
    }
    if let Some(certificate) = certificate::parse(Path::new("cert"), text) {
        let _ = certificate.useless(std::time::SystemTime::UNIX_EPOCH);
    }
}
