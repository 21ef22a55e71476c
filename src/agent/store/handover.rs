//! Passes secrets from a session to the job that it starts. They never touch the disk: `/run` is memory, and the job
//! removes them when it takes them.

use super::turn;
use crate::agent::host::private;
use crate::error::{Context, Failure, Result};
use crate::fetch::Token;
use crate::outside::{self, Kind};
use crate::wire::secrets::{GivenCertificate, Secrets};
use crate::{files, paths};
use std::path::Path;
use zeroize::Zeroizing;

/// Leaves `secrets` for the job that starts now, and removes those that an earlier session left.
pub fn leave(secrets: &Secrets) -> Result<()> {
    private::enter()?;
    leave_token(secrets.token.as_ref())?;
    leave_certificate(secrets.certificate.as_ref())?;
    turn::forget()?;
    private::leave();
    Ok(())
}

fn leave_token(token: Option<&Token>) -> Result<()> {
    match token {
        Some(token) => {
            files::write(Path::new(paths::TOKEN), &Zeroizing::new(serde_json::to_vec(token)?), 0o600)
        }
        None => files::remove(Path::new(paths::TOKEN)),
    }
}

/// Takes the token that a session left; nobody can take it twice. `None` after a restart of the host.
pub fn take_token() -> Result<Option<Token>> {
    let Ok(bytes) = outside::read_bounded(paths::TOKEN.as_ref(), outside::NOTE, Kind::Regular) else {
        return Ok(None);
    };
    let bytes = Zeroizing::new(bytes);
    files::remove(Path::new(paths::TOKEN))?;
    Ok(Some(serde_json::from_slice(&bytes).context("reading the token")?))
}

fn leave_certificate(given: Option<&GivenCertificate>) -> Result<()> {
    match given {
        Some(given) => {
            files::write(Path::new(paths::TLS_GIVEN), &Zeroizing::new(serde_json::to_vec(given)?), 0o600)
        }
        None => files::remove(Path::new(paths::TLS_GIVEN)),
    }
}

/// Takes the user's certificate that a session left.
pub fn take_certificate() -> Result<GivenCertificate> {
    let read = outside::read_bounded(paths::TLS_GIVEN.as_ref(), outside::NOTE, Kind::Regular);
    let bytes = read.map(Zeroizing::new).map_err(|_| {
        Failure::failed(
            "the certificate that was given is gone: it is kept in memory only, until the host restarts",
        )
        .hint("apply again with --tls-cert and --tls-key")
    })?;
    files::remove(Path::new(paths::TLS_GIVEN))?;
    serde_json::from_slice(&bytes).context("reading the certificate")
}
