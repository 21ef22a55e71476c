//! Authentication with keys: named files, the configuration's files, the agent's keys, default files.

use std::io::ErrorKind;
use std::path::Path;

use ssh2::Session;

use super::agent::{self, AgentKey};
use super::config::Settings;
use super::key_file::{self, KeyFile};
use super::wire::is_lost;
use crate::error::{Failure, Result};

/// Keys that are offered at most. OpenSSH's server hangs up after six.
const MOST_ATTEMPTS: usize = 16;

/// Authenticates `session` as `settings.user`.
///
/// # Errors
/// Exit 2 where a named key file is missing or no key; exit 1 with all that was tried, and what the
/// server offers, where it takes none.
pub(super) fn authenticate(session: &Session, settings: &Settings, peer: &str) -> Result<()> {
    let mut attempt = Attempt { session, settings, tried: Vec::new(), offered: Vec::new(), count: 0 };
    match attempt.all()? {
        Verdict::In => Ok(()),
        Verdict::Refused => attempt.refused(peer),
        Verdict::Cut => Err(attempt.cut(peer)),
    }
}

enum Verdict {
    In,
    Refused,
    /// The server ended the connection, or no longer answers.
    Cut,
}

struct Attempt<'a> {
    session: &'a Session,
    settings: &'a Settings,
    /// One line for each key, for the error.
    tried: Vec<String>,
    /// Public keys that were refused, so that none is offered twice.
    offered: Vec<Vec<u8>>,
    /// Keys offered.
    count: usize,
}

impl Attempt<'_> {
    fn all(&mut self) -> Result<Verdict> {
        let settings = self.settings;
        let named = !settings.identity.is_empty();
        let configured = if named { &settings.identity } else { &settings.config_identity };
        let mut held = Held::default();
        for path in configured {
            match self.file(path, named, &mut held)? {
                Verdict::Refused => {}
                end => return Ok(end),
            }
        }
        if named {
            return Ok(Verdict::Refused);
        }
        if !settings.identities_only {
            for key in held.keys(settings.agent_socket.as_deref(), &mut self.tried) {
                match self.agent_key(&key) {
                    Verdict::Refused => {}
                    end => return Ok(end),
                }
            }
        }
        for path in &settings.default_keys {
            match self.file(path, false, &mut held)? {
                Verdict::Refused => {}
                end => return Ok(end),
            }
        }
        Ok(Verdict::Refused)
    }

    /// A key file; an encrypted one stands for the agent's key of the same name.
    fn file(&mut self, path: &Path, named: bool, held: &mut Held) -> Result<Verdict> {
        let key = match key_file::read(path) {
            Ok(key) => key,
            Err(error) if named => {
                let failure =
                    Failure::usage(format!("the key file {} cannot be used: {error}", path.display()));
                return Err(failure.hint("--identity takes the path of a private key").into());
            }
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    self.tried.push(format!("{}: {error}", path.display()));
                }
                return Ok(Verdict::Refused);
            }
        };
        if key.public.as_ref().is_some_and(|public| self.offered.contains(public)) {
            return Ok(Verdict::Refused);
        }
        if !key.encrypted {
            return Ok(self.plain_file(path, &key));
        }
        let in_agent = held
            .keys(self.settings.agent_socket.as_deref(), &mut self.tried)
            .into_iter()
            .find(|held| key.public.as_ref() == Some(&held.blob));
        if let Some(in_agent) = in_agent {
            return Ok(self.agent_key(&in_agent));
        }
        let path = path.display();
        self.tried.push(format!("{path}: is encrypted: add it to ssh-agent (ssh-add {path})"));
        Ok(Verdict::Refused)
    }

    fn plain_file(&mut self, path: &Path, key: &KeyFile) -> Verdict {
        let label = path.display().to_string();
        let user = &self.settings.user;
        let step = |session: &Session| session.userauth_pubkey_memory(user, None, &key.text, None);
        self.offer(label, key.public.clone(), step)
    }

    /// Waits for the agent's user where the agent asks for leave to sign.
    fn agent_key(&mut self, key: &AgentKey) -> Verdict {
        if self.offered.contains(&key.blob) {
            return Verdict::Refused;
        }
        let label = format!("{} (ssh-agent)", key.comment);
        let settings = self.settings;
        let step = |session: &Session| {
            let mut agent = session.agent()?;
            if let Some(socket) = &settings.agent_socket {
                agent.set_identity_path(socket)?;
            }
            agent.connect()?;
            agent.list_identities()?;
            let identities = agent.identities()?;
            match identities.iter().find(|identity| identity.blob() == key.blob) {
                Some(identity) => agent.userauth(&settings.user, identity),
                None => Err(ssh2::Error::new(ssh2::ErrorCode::Session(-1), "the agent has lost the key")),
            }
        };
        self.offer(label, Some(key.blob.clone()), step)
    }

    fn offer(
        &mut self,
        label: String,
        public: Option<Vec<u8>>,
        step: impl FnOnce(&Session) -> Result<(), ssh2::Error>,
    ) -> Verdict {
        if self.count == MOST_ATTEMPTS {
            self.tried.push(format!("{label}: not tried, {MOST_ATTEMPTS} keys are enough"));
            return Verdict::Refused;
        }
        self.count += 1;
        self.offered.extend(public);
        let error = match step(self.session) {
            Ok(()) => return Verdict::In,
            Err(error) => error,
        };
        // libssh2 calls a missing answer a refused key; only the text tells them apart.
        if is_lost(&error) || error.message().starts_with("Waiting for") {
            self.tried.push(format!("{label}: no answer"));
            return Verdict::Cut;
        }
        self.tried.push(format!("{label}: {}", reason(&error)));
        Verdict::Refused
    }

    /// Asks what the server would take, which is also how one that wants no key lets us in.
    fn refused(self, peer: &str) -> Result<()> {
        let offers = self.session.auth_methods(&self.settings.user).map(str::to_string);
        if self.session.authenticated() {
            return Ok(());
        }
        if offers.as_ref().is_err_and(is_lost) {
            return Err(self.cut(peer));
        }
        let offers = offers.ok().filter(|methods| !methods.is_empty());
        let offers = offers.map_or(String::new(), |methods| format!("; the server offers {methods}"));
        let message = format!("{peer} refused to let {} in: {}{offers}", self.settings.user, self.list());
        Err(Failure::failed(message).hint(self.hint()).into())
    }

    fn cut(self, peer: &str) -> anyhow::Error {
        let message = format!("{peer} hung up or fell silent after {} keys: {}", self.count, self.list());
        let hint = "servers hang up after a few wrong keys: name the right one with --identity";
        Failure::failed(message).hint(hint).into()
    }

    fn list(&self) -> String {
        if self.tried.is_empty() { "there is no key to try".into() } else { self.tried.join("; ") }
    }

    fn hint(&self) -> String {
        let user = &self.settings.user;
        if self.tried.is_empty() {
            return "make a key with `ssh-keygen -t ed25519` and add its .pub to the host, or name one with --identity".into();
        }
        format!(
            "is {user} the right user, and is the key's .pub in {user}'s ~/.ssh/authorized_keys there? \
             Name another key with --identity"
        )
    }
}

fn reason(error: &ssh2::Error) -> String {
    const AUTHENTICATION_FAILED: i32 = -18;
    const PUBLICKEY_UNVERIFIED: i32 = -19;
    match error.code() {
        ssh2::ErrorCode::Session(AUTHENTICATION_FAILED | PUBLICKEY_UNVERIFIED) => "refused".into(),
        _ => error.message().to_string(),
    }
}

/// The agent's keys, asked for once and only if it comes to that.
#[derive(Default)]
struct Held(Option<Vec<AgentKey>>);

impl Held {
    fn keys(&mut self, socket: Option<&Path>, tried: &mut Vec<String>) -> Vec<AgentKey> {
        self.0
            .get_or_insert_with(|| {
                let Some(socket) = socket else { return Vec::new() };
                agent::keys(socket).unwrap_or_else(|error| {
                    tried.push(format!("ssh-agent at {}: {error}", socket.display()));
                    Vec::new()
                })
            })
            .clone()
    }
}
