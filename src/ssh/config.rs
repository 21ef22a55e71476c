//! How a host is reached: the caller's [`Options`], the SSH configuration, and the two put together.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ssh2_config::{HostParams, ParseRule, SshConfig};

use super::flatten::{MOST_BYTES, flatten};
use super::host_key::HostKeyPolicy;
use super::method::Method;
use super::secrets::Secrets;
use super::target::Target;
use crate::error::{Failure, Result};
use crate::outside::{self, Kind};

const ETC_KNOWN_HOSTS: &str = "/etc/ssh/ssh_known_hosts";

/// Options of the caller. Paths left out are OpenSSH's usual ones.
#[derive(Clone, Debug)]
pub struct Options {
    /// Private keys; where there are any, no others are tried.
    pub identity: Vec<PathBuf>,
    pub host_key: HostKeyPolicy,
    /// `None`: the configuration's UserKnownHostsFile, or `~/.ssh/known_hosts`. New keys are added here.
    /// `/etc/ssh/ssh_known_hosts` is read in any case.
    pub known_hosts: Option<PathBuf>,
    /// `None`: `~/.ssh/config` if it exists.
    pub config: Option<PathBuf>,
    /// Socket of the ssh-agent. `None`: the configuration's IdentityAgent or `$SSH_AUTH_SOCK`.
    pub agent_socket: Option<PathBuf>,
    /// For the TCP connection, and again for banner and key exchange. `None`: the configuration's
    /// ConnectTimeout, or 10 s.
    pub connect_timeout: Option<Duration>,
    /// For one answer of the server, and for sent data to be acknowledged by its machine.
    pub io_timeout: Duration,
    /// Passphrases and passwords, and whom to ask for them; by default nobody.
    pub secrets: Secrets,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            identity: Vec::new(),
            host_key: HostKeyPolicy::Known,
            known_hosts: None,
            config: None,
            agent_socket: None,
            connect_timeout: None,
            io_timeout: Duration::from_secs(30),
            secrets: Secrets::default(),
        }
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything needed to connect, decided.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Name or address to connect to.
    pub host: String,
    pub port: u16,
    pub user: String,
    /// Under which the host is filed in known_hosts.
    pub known_as: String,
    /// Given on the command line: each must exist.
    pub identity: Vec<PathBuf>,
    /// From the configuration: those that exist are tried.
    pub config_identity: Vec<PathBuf>,
    /// The configuration's IdentitiesOnly: of the agent's keys only those that are named.
    pub identities_only: bool,
    /// Empty where the configuration names others.
    pub default_keys: Vec<PathBuf>,
    /// The configuration's CertificateFile.
    pub certificates: Vec<PathBuf>,
    /// Ways to log in, the first one first.
    pub methods: Vec<Method>,
    pub secrets: Secrets,
    /// Hosts to go through, nearest first.
    pub jump: Vec<Target>,
    pub agent_socket: Option<PathBuf>,
    pub host_key: HostKeyPolicy,
    pub known_hosts: Vec<PathBuf>,
    /// Where new keys go.
    pub new_keys: Option<PathBuf>,
    pub connect_timeout: Duration,
    pub io_timeout: Duration,
}

/// Names of the host on this side: as it was given, and the name or address it is connected to by.
pub fn names(target: &Target, options: &Options) -> Vec<String> {
    let mut names = vec![target.name.clone()];
    names.extend(settings(target, options).map(|settings| settings.host).ok());
    names.dedup();
    names
}

/// Puts target, options and configuration together; what was typed wins.
///
/// # Errors
/// Exit 2 where the configuration is broken, asks for a proxy, or names no user and nobody knows one.
pub(super) fn settings(target: &Target, options: &Options) -> Result<Settings> {
    let home = home();
    let found = query(target, options, home.as_deref())?;
    let field = |name: &str| found.unsupported_fields.get(name).filter(|values| !values.is_empty());
    refuse_proxy_command(target, &found)?;
    let user = match target.user.clone().or_else(|| found.user.clone()).or_else(local_user) {
        Some(user) => user,
        None => {
            let failure = Failure::usage(format!("no user for {target} is known"));
            return Err(failure.hint(format!("name one: user@{target}")).into());
        }
    };
    let host = match &found.host_name {
        Some(name) => expand(name, &[('h', &target.name)]),
        None => target.name.clone(),
    };
    let port = target.port.or(found.port).unwrap_or(22);
    let in_ssh_folder = |name: &str| home.as_ref().map(|home| home.join(".ssh").join(name));
    let path = |text: &str| {
        let home_text = home.as_ref().map(|home| home.to_string_lossy().into_owned()).unwrap_or_default();
        let tokens = [('d', home_text.as_str()), ('h', &host), ('r', &user), ('n', &target.name)];
        tilde(&expand(text, &tokens), home.as_deref())
    };
    let mut known_hosts: Vec<PathBuf> = match (&options.known_hosts, field("userknownhostsfile")) {
        (Some(file), _) => vec![file.clone()],
        (None, Some(files)) => files.iter().filter(|file| *file != "none").map(|file| path(file)).collect(),
        (None, None) => in_ssh_folder("known_hosts").into_iter().collect(),
    };
    let new_keys = known_hosts.first().cloned();
    known_hosts.push(ETC_KNOWN_HOSTS.into());
    let agent = field("identityagent").map(|values| values[0].clone());
    let agent_socket = match (&options.agent_socket, agent.as_deref()) {
        (Some(socket), _) => Some(socket.clone()),
        (None, Some("none")) => None,
        (None, Some(named)) if named != "SSH_AUTH_SOCK" => Some(path(named)),
        _ => env::var_os("SSH_AUTH_SOCK").filter(|value| !value.is_empty()).map(PathBuf::from),
    };
    let config_identity = found.identity_file.iter().flatten();
    Ok(Settings {
        known_as: field("hostkeyalias").map_or_else(|| host.clone(), |values| values[0].clone()),
        identity: options
            .identity
            .iter()
            .map(|file| tilde(&file.to_string_lossy(), home.as_deref()))
            .collect(),
        config_identity: config_identity.clone().map(|file| path(&file.to_string_lossy())).collect(),
        identities_only: field("identitiesonly").is_some_and(|values| is_yes(&values[0])),
        default_keys: if config_identity.clone().next().is_none() {
            ["id_ed25519", "id_ecdsa", "id_rsa"].iter().filter_map(|name| in_ssh_folder(name)).collect()
        } else {
            Vec::new()
        },
        certificates: found.certificate_file.iter().map(|file| path(&file.to_string_lossy())).collect(),
        methods: methods(&found),
        secrets: match field("batchmode").is_some_and(|values| is_yes(&values[0])) {
            true => options.secrets.without_questions(),
            false => options.secrets.clone(),
        },
        jump: jump(&found)?,
        agent_socket,
        host_key: options.host_key.clone(),
        known_hosts,
        new_keys,
        connect_timeout: options
            .connect_timeout
            .or(found.connect_timeout.filter(|limit| !limit.is_zero()))
            .unwrap_or(CONNECT_TIMEOUT),
        io_timeout: options.io_timeout,
        host,
        port,
        user,
    })
}

impl Settings {
    /// For a host on the way: a pinned key and a named identity are meant for the one at the end, but
    /// the identity may well be good for both.
    pub fn into_hop(mut self) -> Settings {
        self.config_identity.splice(0..0, std::mem::take(&mut self.identity));
        if matches!(self.host_key, HostKeyPolicy::Fingerprint(_)) {
            self.host_key = HostKeyPolicy::Known;
        }
        self
    }
}

/// By PreferredAuthentications, less what PubkeyAuthentication and its like say no to.
fn methods(found: &HostParams) -> Vec<Method> {
    let field = |name: &str| found.unsupported_fields.get(name).filter(|values| !values.is_empty());
    let off = |name: &str| field(name).is_some_and(|values| values[0].eq_ignore_ascii_case("no"));
    let preferred = match field("preferredauthentications") {
        Some(values) => {
            let names = values.iter().flat_map(|value| value.split(',')).map(str::trim);
            names.filter_map(|name| Method::ALL.into_iter().find(|method| method.name() == name)).collect()
        }
        None => Method::ALL.to_vec(),
    };
    let allowed = |method: &Method| match method {
        Method::PublicKey => found.pubkey_authentication != Some(false),
        Method::KeyboardInteractive => {
            !off("kbdinteractiveauthentication") && !off("challengeresponseauthentication")
        }
        Method::Password => !off("passwordauthentication"),
    };
    preferred.into_iter().filter(allowed).collect()
}

fn is_yes(value: &str) -> bool {
    value.eq_ignore_ascii_case("yes")
}

fn jump(found: &HostParams) -> Result<Vec<Target>> {
    let hops = found.proxy_jump.iter().flatten().map(|hop| hop.trim());
    let hops = hops.map(|hop| hop.strip_prefix("ssh://").unwrap_or(hop));
    hops.filter(|hop| !hop.eq_ignore_ascii_case("none")).map(Target::parse).collect()
}

/// Going around a proxy that was asked for could reach another machine of the same name.
fn refuse_proxy_command(target: &Target, found: &HostParams) -> Result<()> {
    let Some(values) = found.unsupported_fields.get("proxycommand") else { return Ok(()) };
    if values.iter().all(|value| value.eq_ignore_ascii_case("none")) {
        return Ok(());
    }
    let value = values.join(" ");
    Err(Failure::usage(format!(
        "the SSH configuration reaches {target} through ProxyCommand {value}: not supported"
    ))
    .hint("write ProxyJump where the command is `ssh -W`; otherwise forward a port and name that")
    .into())
}

fn query(target: &Target, options: &Options, home: Option<&Path>) -> Result<HostParams> {
    let file = match (&options.config, home) {
        (Some(file), _) => file.clone(),
        (None, Some(home)) => home.join(".ssh/config"),
        (None, None) => return Ok(HostParams::new(&Default::default())),
    };
    let broken = |why: String| {
        Failure::usage(format!("the SSH configuration {} cannot be used: {why}", file.display()))
            .hint("correct it, or name another with --ssh-config (/dev/null for none)")
    };
    let text = match outside::text(&file, MOST_BYTES, Kind::Named) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && options.config.is_none() => {
            return Ok(HostParams::new(&Default::default()));
        }
        Err(error) => return Err(broken(error.to_string()).into()),
    };
    parsed(&text, &target.name, home.unwrap_or(Path::new("/"))).map_err(|why| broken(why).into())
}

/// What a configuration's text says of the host that the user calls `name`.
///
/// # Errors
/// Where it is not understood, in one sentence.
pub(super) fn parsed(text: &str, name: &str, home: &Path) -> Result<HostParams, String> {
    let text = flatten(text, name, home)?;
    // Without a home the parser would ask NSS.
    let config = SshConfig::default().home_dir(home);
    let rules = ParseRule::ALLOW_UNKNOWN_FIELDS | ParseRule::ALLOW_UNSUPPORTED_FIELDS;
    let config = config.parse(&mut text.as_bytes(), rules).map_err(|error| error.to_string())?;
    Ok(config.query(name))
}

/// `%x` for the given letters; `%%` is one percent sign, and an unknown token stays as it is.
fn expand(text: &str, tokens: &[(char, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('%') => out.push('%'),
            Some(letter) => match tokens.iter().find(|(token, _)| *token == letter) {
                Some((_, value)) => out.push_str(value),
                None => out.extend(['%', letter]),
            },
            None => out.push('%'),
        }
    }
    out
}

fn tilde(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

/// `$HOME`, or what /etc/passwd says. Not `std::env::home_dir`, which asks NSS: a static executable
/// must not.
fn home() -> Option<PathBuf> {
    let set = env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    set.or_else(|| passwd(5).map(PathBuf::from))
}

/// Name of the local user: by user id, as OpenSSH does; by the environment only where /etc/passwd does not know it (LDAP).
fn local_user() -> Option<String> {
    let set = |name| env::var(name).ok().filter(|user| !user.is_empty());
    passwd(0).or_else(|| set("USER")).or_else(|| set("LOGNAME"))
}

/// A column of this user's line in /etc/passwd.
fn passwd(column: usize) -> Option<String> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let text = outside::text(Path::new("/etc/passwd"), outside::DOCUMENT, Kind::Regular).ok()?;
    let line = text.lines().find(|line| line.split(':').nth(2) == Some(uid.as_str()))?;
    line.split(':').nth(column).filter(|value| !value.is_empty()).map(str::to_string)
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
