//! The parsers of this room as functions of a text, for the tests of hostile input.

use super::{certificate, config, key_file};
use std::path::Path;

/// An SSH configuration, asked for two hosts.
pub fn config(text: &str) {
    for name in ["box", "gpu1.example"] {
        if let Err(why) = config::parsed(text, name, Path::new("/nonexistent")) {
            let _ = crate::outside::line(&why);
        }
    }
}

/// A private key, a certificate.
pub fn private_key(text: &str) {
    if let Some(key) = key_file::parse(text) {
        let _ = key.public.as_deref().and_then(key_file::public_line);
    }
    if let Some(certificate) = certificate::parse(Path::new("cert"), text) {
        let _ = certificate.useless(std::time::SystemTime::UNIX_EPOCH);
    }
}
