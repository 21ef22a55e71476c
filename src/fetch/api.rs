//! A server with an API: its address and a token from the environment, and the questions to it.

use super::answer::Asked;
use super::ask::{Asker, Patience, Reply, Unanswered};
use super::route::Route;
use super::source::Token;
use crate::error::{Failure, Result};

/// Asks one server.
pub struct Api {
    base: String,
    asker: Asker,
}

impl Api {
    /// At `usual`, unless the variable `endpoint` names another; `token` is a variable as well.
    pub fn from_env(endpoint: &str, usual: &str, token: &str) -> Result<Api> {
        let base = variable(endpoint).unwrap_or_else(|| usual.to_string());
        Api::new(endpoint, &base, variable(token), Patience::default())
    }

    /// `what` names the address in an error, such as the variable it was read from.
    pub fn new(what: &str, base: &str, token: Option<String>, patience: Patience) -> Result<Api> {
        if !base.starts_with("https://") && !base.starts_with("http://") {
            return Err(Failure::usage(format!("{what} {base:?} is not a URL"))
                .hint("give an address that begins with https://")
                .into());
        }
        let token = token.map(|secret| Token { origin: base.to_string(), secret: secret.into() });
        let base = base.trim_end_matches('/').to_string();
        Ok(Api { base, asker: Asker::new(token, patience, &Route::Usual)? })
    }

    /// Without a final slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns whether requests carry a token.
    pub fn has_token(&self) -> bool {
        self.asker.has_token()
    }

    /// Gets the content of `url`, an address of this server.
    pub fn get(&self, url: &str, asked: Asked) -> Result<Reply, Unanswered> {
        self.asker.get(url, asked)
    }
}

/// A variable that is set to something.
pub fn variable(name: &str) -> Option<String> {
    let text = std::env::var(name).ok()?.trim().to_string();
    (!text.is_empty()).then_some(text)
}
