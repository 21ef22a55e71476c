//! One try to log in: what was tried so far, and what the server would take.

use super::method::Method;
use super::proxy::Socket;
use super::settings::Settings;
use super::wire::{Watchdog, is_lost};
use ssh2::Session;

pub(super) enum Verdict {
    In,
    Refused,
    /// The server ended the connection, or no longer answers.
    Cut,
}

pub(super) struct Attempt<'a> {
    pub session: &'a Session,
    pub socket: &'a Socket,
    pub watchdog: &'a Watchdog,
    pub settings: &'a Settings,
    pub peer: &'a str,
    /// One line for each key and method, for the error.
    pub tried: Vec<String>,
    pub hint: Option<String>,
    /// Methods that the server would take now; `None` until it was asked.
    pub offers: Option<String>,
    /// Keys that the server was shown.
    pub keys_tried: usize,
    /// We ended the connection: an empty answer would have counted as a wrong one.
    pub broken_off: bool,
}

impl Attempt<'_> {
    pub fn offered(&self, method: Method) -> bool {
        self.offers.as_ref().is_none_or(|offers| offers.split(',').any(|offer| offer == method.name()))
    }

    /// Asks what the server would take, which is also how one that wants nothing lets us in.
    pub fn ask_offers(&mut self) -> Option<Verdict> {
        let offers = self.session.auth_methods(&self.settings.user).map(str::to_string);
        if self.session.authenticated() {
            return Some(Verdict::In);
        }
        match offers {
            Err(error) if is_lost(&error) || no_answer(&error) => Some(Verdict::Cut),
            offers => {
                self.offers = offers.ok().filter(|methods| !methods.is_empty());
                None
            }
        }
    }
}

/// libssh2 calls a missing answer a refusal; only the text tells them apart.
pub(super) fn no_answer(error: &ssh2::Error) -> bool {
    error.message().starts_with("Waiting for") || error.message().starts_with("Failed getting response")
}

pub(super) fn reason(error: &ssh2::Error) -> String {
    const PASSWORD_EXPIRED: i32 = -17;
    match error.code() {
        ssh2::ErrorCode::Session(code::AUTHENTICATION_FAILED | code::PUBLICKEY_UNVERIFIED) => {
            "refused".into()
        }
        ssh2::ErrorCode::Session(PASSWORD_EXPIRED) => {
            "the password has expired: log in once with `ssh` and change it".into()
        }
        _ => error.message().to_string(),
    }
}

/// libssh2's codes.
pub(super) mod code {
    /// The server does not want it.
    pub const AUTHENTICATION_FAILED: i32 = -18;
    /// It wanted the key, and then not the signature; or there was none.
    pub const PUBLICKEY_UNVERIFIED: i32 = -19;
}
