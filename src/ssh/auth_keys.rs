//! Keys: named files, the configuration's files, the agent's keys, default files; a certificate before
//! the key that it is about. Keys that need no question come before those that need a
//! passphrase.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ssh2::{ErrorCode, Session};

use super::agent::{self, AgentKey};
use super::ask::LIMIT;
use super::attempt::{Attempt, Verdict, code, no_answer, reason};
use super::certificate::{self, Certificate};
use super::key_file::{self, KeyFile};
use super::method::Method;
use super::settings::Settings;
use super::wire::is_lost;
use crate::error::{Failure, Result};
use crate::secret::Secret;

/// Keys that are offered at most. OpenSSH's server hangs up after six.
const MOST_ATTEMPTS: usize = 16;

/// A private key file and the certificates for it.
struct Candidate {
    path: PathBuf,
    key: KeyFile,
    certificates: Vec<Certificate>,
}

/// The keys there are for one login.
pub(super) struct Keys {
    named: bool,
    /// Keys of the command line or else the configuration.
    first: Vec<Candidate>,
    default: Vec<Candidate>,
    /// Public keys that were refused, so that none is offered twice.
    offered: Vec<Vec<u8>>,
    held: AgentKeys,
}

impl Keys {
    /// # Errors
    /// Exit 2 where a named file is missing or no key.
    pub fn new(attempt: &mut Attempt<'_>) -> Result<Keys> {
        let settings = attempt.settings;
        let named = !settings.identity.is_empty();
        let paths = if named { &settings.identity } else { &settings.config_identity };
        let given = certificates(settings, &mut attempt.tried);
        let mut held = AgentKeys::default();
        let mut first = Vec::new();
        for path in paths {
            first.extend(candidate(path, named, &given, &mut attempt.tried)?);
        }
        for half in first.iter().filter(|candidate| named && candidate.key.is_half) {
            let keys = held.keys(settings.agent_socket.as_deref(), &mut attempt.tried);
            if !keys.iter().any(|key| Some(&key.blob) == half.key.public.as_ref()) {
                let path = half.path.display();
                let failure = Failure::usage(format!(
                    "the key file {path} cannot be used: it is a public key, and ssh-agent does not hold the private one"
                ));
                return Err(failure
                    .hint("--identity takes the path of a private key, or add it with ssh-add")
                    .into());
            }
        }
        let mut default = Vec::new();
        for path in settings.default_keys.iter().filter(|_| !named) {
            default.extend(candidate(path, false, &given, &mut attempt.tried)?);
        }
        Ok(Keys { named, first, default, offered: Vec::new(), held })
    }

    pub fn begin_with_a_plain_file(&self) -> bool {
        self.first.first().is_some_and(|first| !first.key.encrypted)
    }

    pub fn all(&mut self, attempt: &mut Attempt<'_>) -> Result<Verdict> {
        let settings = attempt.settings;
        let (first, default) = (std::mem::take(&mut self.first), std::mem::take(&mut self.default));
        let mut locked = Vec::new();
        macro_rules! unless_refused {
            ($verdict:expr) => {
                match $verdict {
                    Verdict::Refused if attempt.offered(Method::PublicKey) => {}
                    end => return Ok(end),
                }
            };
        }
        for candidate in &first {
            unless_refused!(self.without_asking(attempt, candidate, &mut locked));
        }
        if !self.named && !settings.identities_only {
            let mut keys = self.held.keys(settings.agent_socket.as_deref(), &mut attempt.tried);
            // Servers hang up after a few: those that have a file of a usual name come first.
            let has_file = |key: &AgentKey| {
                default.iter().any(|candidate| candidate.key.public.as_ref() == Some(&key.blob))
            };
            keys.sort_by_key(|key| !has_file(key));
            for key in keys {
                unless_refused!(self.agent_key(attempt, &key));
            }
        }
        for candidate in &default {
            unless_refused!(self.without_asking(attempt, candidate, &mut locked));
        }
        for candidate in locked {
            unless_refused!(self.locked(attempt, candidate));
        }
        Ok(Verdict::Refused)
    }

    /// A plain key, or an encrypted one that the agent has too; others are put aside.
    fn without_asking<'c>(
        &mut self,
        attempt: &mut Attempt<'_>,
        candidate: &'c Candidate,
        locked: &mut Vec<&'c Candidate>,
    ) -> Verdict {
        if let Some(kind) = candidate.key.hardware() {
            return on_hardware(attempt, &candidate.path.display().to_string(), kind);
        }
        if !candidate.key.encrypted {
            return self.with(attempt, candidate, None);
        }
        let socket = attempt.settings.agent_socket.as_deref();
        let keys = self.held.keys(socket, &mut attempt.tried);
        let public = candidate.key.public.as_ref();
        let mut found = false;
        // The agent has a certificate as a key of its own.
        let blobs = candidate.certificates.iter().map(|certificate| &certificate.blob).chain(public);
        for blob in blobs {
            let Some(key) = keys.iter().find(|key| key.blob == *blob) else { continue };
            found = true;
            match self.agent_key(attempt, key) {
                Verdict::Refused if attempt.offered(Method::PublicKey) => {}
                end => return end,
            }
        }
        if !found {
            locked.push(candidate);
        }
        Verdict::Refused
    }

    /// Asks for the passphrase only when the server wants the key.
    fn locked(&mut self, attempt: &mut Attempt<'_>, candidate: &Candidate) -> Verdict {
        let settings = attempt.settings;
        let path = candidate.path.display();
        if candidate.key.is_half {
            attempt.tried.push(format!("{path}: a public key, and ssh-agent does not hold the private one"));
            attempt.hint.get_or_insert_with(|| "add the private key with ssh-add, or name its file".into());
            return Verdict::Refused;
        }
        if let Some(public) = &candidate.key.public {
            let names = candidate.certificates.iter().map(|certificate| certificate.text.clone());
            let names: Vec<String> = names.chain(key_file::public_line(public)).collect();
            let mut wanted = false;
            for name in &names {
                // Without the passphrase there is no signature, so this only asks.
                let asked = attempt.session.userauth_pubkey_memory(
                    &settings.user,
                    Some(name),
                    &candidate.key.text,
                    None,
                );
                match asked {
                    Ok(()) => return Verdict::In,
                    Err(error) if is_lost(&error) || no_answer(&error) => {
                        attempt.tried.push(format!("{path}: no answer"));
                        return Verdict::Cut;
                    }
                    Err(error) if error.code() == ErrorCode::Session(code::PUBLICKEY_UNVERIFIED) => {
                        wanted = true
                    }
                    Err(_) => attempt.keys_tried += 1,
                }
            }
            if !wanted {
                attempt.tried.push(format!("{path}: refused"));
                return Verdict::Refused;
            }
        }
        attempt.watchdog.extend(LIMIT * 3);
        let opens = |secret: &Secret| opens(&candidate.key, secret);
        match settings.secrets.passphrase(&candidate.path, &opens) {
            Ok(passphrase) => self.with(attempt, candidate, Some(&passphrase)),
            Err(absent) => {
                attempt.tried.push(format!("{path}: is encrypted, and for its passphrase: {absent}"));
                attempt.hint = Some(format!(
                    "add the key to ssh-agent (ssh-add {path}), or give its passphrase with \
                     --passphrase-stdin, AGI_PROVISION_PASSPHRASE or SSH_ASKPASS"
                ));
                Verdict::Refused
            }
        }
    }

    /// With each certificate, then without.
    fn with(
        &mut self,
        attempt: &mut Attempt<'_>,
        candidate: &Candidate,
        passphrase: Option<&Secret>,
    ) -> Verdict {
        let (path, key) = (candidate.path.display(), &candidate.key);
        let user = &attempt.settings.user;
        let passphrase = passphrase.map(Secret::expose);
        for certificate in &candidate.certificates {
            if let Some(why) = certificate.useless(SystemTime::now()) {
                attempt.tried.push(format!("{}: {why}", certificate.path.display()));
                continue;
            }
            let label = format!("{path} with {}", certificate.path.display());
            let step = |session: &Session| {
                session.userauth_pubkey_memory(user, Some(&certificate.text), &key.text, passphrase)
            };
            match self.offer(attempt, label, Some(certificate.blob.clone()), step) {
                Verdict::Refused if attempt.offered(Method::PublicKey) => {}
                end => return end,
            }
        }
        let step = |session: &Session| session.userauth_pubkey_memory(user, None, &key.text, passphrase);
        self.offer(attempt, path.to_string(), key.public.clone(), step)
    }

    /// Waits for the agent's user where the agent asks for leave to sign.
    fn agent_key(&mut self, attempt: &mut Attempt<'_>, key: &AgentKey) -> Verdict {
        let label = format!("{} (ssh-agent)", key.comment);
        if let Some(kind) = key_file::hardware(&key.blob) {
            return on_hardware(attempt, &label, kind);
        }
        let settings = attempt.settings;
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
                None => Err(ssh2::Error::new(ErrorCode::Session(-1), "the agent has lost the key")),
            }
        };
        self.offer(attempt, label, Some(key.blob.clone()), step)
    }

    fn offer(
        &mut self,
        attempt: &mut Attempt<'_>,
        label: String,
        public: Option<Vec<u8>>,
        step: impl FnOnce(&Session) -> Result<(), ssh2::Error>,
    ) -> Verdict {
        if public.as_ref().is_some_and(|public| self.offered.contains(public)) {
            return Verdict::Refused;
        }
        if attempt.keys_tried == MOST_ATTEMPTS {
            attempt.tried.push(format!("{label}: not tried, {MOST_ATTEMPTS} keys are enough"));
            return Verdict::Refused;
        }
        attempt.keys_tried += 1;
        self.offered.extend(public);
        let error = match step(attempt.session) {
            Ok(()) => return Verdict::In,
            Err(error) => error,
        };
        if is_lost(&error) || no_answer(&error) {
            attempt.tried.push(format!("{label}: no answer"));
            return Verdict::Cut;
        }
        // The key was wanted, and signed with. Either the server wants something else besides, and no
        // longer offers keys, or it changed its mind.
        if error.code() == ErrorCode::Session(code::PUBLICKEY_UNVERIFIED) {
            if let Some(verdict) = attempt.ask_offers() {
                return verdict;
            }
            if !attempt.offered(Method::PublicKey) {
                attempt.tried.push(format!("{label}: accepted, and not enough"));
                return Verdict::Refused;
            }
        }
        attempt.tried.push(format!("{label}: {}", reason(&error)));
        Verdict::Refused
    }
}

/// libssh2 leaves the counter of a hardware key's signature out, so no server takes it, not even from the agent.
fn on_hardware(attempt: &mut Attempt<'_>, name: &str, kind: &str) -> Verdict {
    let told = format!("{name}: a key on hardware ({kind}), which this program cannot sign with");
    if !attempt.tried.contains(&told) {
        attempt.tried.push(told);
    }
    attempt.hint.get_or_insert_with(|| {
        "log in with a key of another type: make one with `ssh-keygen -t ed25519`, let it in with `ssh-copy-id` \
         while the hardware key is at hand, and keep it in ssh-agent"
            .into()
    });
    Verdict::Refused
}

fn candidate(
    path: &Path,
    named: bool,
    given: &[Certificate],
    tried: &mut Vec<String>,
) -> Result<Option<Candidate>> {
    let half = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => key_file::read_half(path).ok_or(error),
        _ => Err(error),
    };
    let key = match key_file::read_key_file(path).or_else(half) {
        Ok(key) => key,
        Err(error) if named => {
            let failure = Failure::usage(format!("the key file {} cannot be used: {error}", path.display()));
            return Err(failure.hint("--identity takes the path of a private key").into());
        }
        Err(error) => {
            if error.kind() != ErrorKind::NotFound {
                tried.push(format!("{}: {error}", path.display()));
            }
            return Ok(None);
        }
    };
    let fits = |certificate: &&Certificate| key.public.as_ref() == Some(&certificate.key);
    let mut certificates: Vec<Certificate> = given.iter().filter(fits).cloned().collect();
    let beside = certificate::beside(path);
    match certificate::read_certificate(&beside) {
        Ok(certificate) if key.public.is_none() || fits(&&certificate) => certificates.push(certificate),
        Ok(_) => tried.push(format!("{}: it is another key's", beside.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => tried.push(format!("{}: {error}", beside.display())),
    }
    Ok(Some(Candidate { path: path.to_path_buf(), key, certificates }))
}

/// The configuration's CertificateFile.
fn certificates(settings: &Settings, tried: &mut Vec<String>) -> Vec<Certificate> {
    let mut read = |path: &PathBuf| match certificate::read_certificate(path) {
        Ok(certificate) => Some(certificate),
        Err(error) => {
            tried.push(format!("{}: {error}", path.display()));
            None
        }
    };
    settings.certificates.iter().filter_map(&mut read).collect()
}

/// Whether the passphrase is right: libssh2 reads the key before it sends anything, and here there is
/// nowhere to send it to.
fn opens(key: &KeyFile, passphrase: &Secret) -> bool {
    let Ok(session) = Session::new() else { return false };
    match session.userauth_pubkey_memory("nobody", None, &key.text, Some(passphrase.expose())) {
        Ok(()) => true,
        Err(error) => is_lost(&error),
    }
}

/// The agent's keys, asked for once and only if it comes to that.
#[derive(Default)]
struct AgentKeys(Option<Vec<AgentKey>>);

impl AgentKeys {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_passphrase_is_judged_without_a_server() {
        let folder = tempfile::tempdir().unwrap();
        for args in [
            &["-t", "ed25519"][..],
            &["-t", "ecdsa"],
            &["-t", "rsa", "-b", "2048"],
            &["-t", "rsa", "-b", "2048", "-m", "PEM"],
            &["-t", "ecdsa", "-m", "PKCS8"],
        ] {
            let file = folder.path().join(args.concat());
            let made = Command::new("ssh-keygen")
                .args(["-q", "-N", "right one", "-f"])
                .arg(&file)
                .args(args)
                .status();
            assert!(made.expect("ssh-keygen is needed: apt-get install openssh-client").success());
            let key = key_file::read_key_file(&file).unwrap();
            assert!(key.encrypted, "{args:?}");
            assert!(opens(&key, &"right one".into()), "{args:?}");
            assert!(!opens(&key, &"wrong one".into()), "{args:?}");
            assert!(!opens(&key, &"".into()), "{args:?}");
        }
    }
}
