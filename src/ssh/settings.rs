//! Settings of a connection: the caller's options and the SSH configuration put together.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use super::account;
use super::config::{self, Options};
use super::found::{Found, is_none};
use super::host_key::HostKeyPolicy;
use super::known_command::KnownHostsCommand;
use super::method::Method;
use super::secrets::Secrets;
use super::target::Target;
use super::tokens::{Tokens, tilde};
use crate::error::{Failure, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything needed to connect, decided.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    /// Name or address to connect to.
    pub host: String,
    pub port: u16,
    pub user: String,
    /// Under which the host is filed in known_hosts.
    pub known_as: String,
    /// With that name; 22 for an alias, which is filed without a port.
    pub known_port: u16,
    pub known_hosts_command: Option<KnownHostsCommand>,
    /// The address must not be known by another key.
    pub check_host_ip: bool,
    /// Given on the command line: each must exist.
    pub identity: Vec<PathBuf>,
    /// From the configuration: those that exist are tried.
    pub config_identity: Vec<PathBuf>,
    /// The configuration's IdentitiesOnly: of the agent's keys only those that are named.
    pub identities_only: bool,
    /// OpenSSH's usual names; empty where the configuration names others.
    pub default_keys: Vec<PathBuf>,
    /// The configuration's CertificateFile.
    pub certificates: Vec<PathBuf>,
    /// Ways to log in, the first one first.
    pub methods: Vec<Method>,
    pub secrets: Secrets,
    /// Hosts to go through, nearest first.
    pub jump: Vec<Target>,
    /// ProxyCommand, its tokens replaced.
    pub proxy: Option<String>,
    pub agent_socket: Option<PathBuf>,
    pub host_key: HostKeyPolicy,
    pub known_hosts: Vec<PathBuf>,
    /// The configuration's RevokedHostKeys.
    pub revoked: Vec<PathBuf>,
    /// Where new keys go.
    pub new_keys: Option<PathBuf>,
    pub connect_timeout: Duration,
    pub io_timeout: Duration,
    pub family: Family,
    /// The configuration's BindAddress and BindInterface.
    pub bind_address: Option<String>,
    pub bind_interface: Option<String>,
}

/// Addresses of one kind only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Any,
    V4,
    V6,
}

/// Names of the host on this side: as it was given, and the name or address it is connected to by.
pub fn names(target: &Target, options: &Options) -> Vec<String> {
    let mut names = vec![target.name.clone()];
    names.extend(settings(target, options).map(|settings| settings.host).ok());
    names.dedup();
    names
}

/// Returns the address, or the name, and the port of a target by the configuration.
pub fn address(target: &Target, options: &Options) -> (String, u16) {
    match settings(target, options) {
        Ok(settings) => (settings.host, settings.port),
        Err(_) => (target.name.clone(), target.port.unwrap_or(PORT)),
    }
}

/// Port of SSH where nothing else is said.
pub const PORT: u16 = 22;

/// Puts target, options and configuration together; what was typed wins.
///
/// # Errors
/// Exit 2 where the configuration is not understood, asks for what is not there, or names no user and nobody
/// knows one.
pub(super) fn settings(target: &Target, options: &Options) -> Result<Settings> {
    put_together(target, options, &*config::found(target, options)?)
}

fn put_together(target: &Target, options: &Options, found: &Found) -> Result<Settings> {
    let wrong = |why: String| {
        anyhow::Error::from(
            Failure::usage(format!("the SSH configuration cannot be used for {target}: {why}"))
                .hint("correct it, or name another with --ssh-config (/dev/null for none)"),
        )
    };
    let local = account::user();
    let user = match target.user.as_deref().or(found.name("user")).or(local.as_deref()) {
        Some(user) => user.to_string(),
        None => {
            let failure = Failure::usage(format!("no user for {target} is known"));
            return Err(failure.hint(format!("name one: user@{target}")).into());
        }
    };
    let host = found.name("hostname").unwrap_or(&target.name).to_string();
    let port = found.get("port").and_then(|port| port.parse().ok()).or(target.port).unwrap_or(22);
    let home = account::home();
    let tokens = tokens(target, found, &host, port, &user);
    let path = |text: &str| tokens.path(text, home.as_deref()).map_err(wrong);
    let mut known_hosts: Vec<PathBuf> = match &options.known_hosts {
        Some(file) => vec![file.clone()],
        None => found.files("userknownhostsfile").into_iter().map(PathBuf::from).collect(),
    };
    let new_keys = known_hosts.first().cloned();
    known_hosts.extend(found.files("globalknownhostsfile").into_iter().map(PathBuf::from));
    let agent_socket = match (&options.agent_socket, found.all("identityagent").first().map(String::as_str)) {
        (Some(socket), _) => Some(socket.clone()),
        (None, Some(agent)) if is_none(agent) => None,
        (None, Some(agent)) if agent != "SSH_AUTH_SOCK" => match agent.strip_prefix('$') {
            Some(name) => set(name.trim_matches(['{', '}'])),
            None => Some(tilde(agent, home.as_deref())),
        },
        _ => set("SSH_AUTH_SOCK"),
    };
    let identity: Vec<PathBuf> =
        options.identity.iter().map(|file| tilde(&file.to_string_lossy(), home.as_deref())).collect();
    let (config_identity, default_keys) = keys(found, &identity);
    let paths = |names: Vec<String>| names.iter().map(|name| path(name)).collect::<Result<Vec<_>>>();
    Ok(Settings {
        known_as: found.name("hostkeyalias").map_or_else(|| host.clone(), str::to_string),
        known_port: if found.name("hostkeyalias").is_some() { 22 } else { port },
        known_hosts_command: found
            .get("knownhostscommand")
            .map(|command| KnownHostsCommand { command: command.to_string(), tokens: tokens.clone() }),
        check_host_ip: found.is_yes("checkhostip") && found.name("hostkeyalias").is_none(),
        config_identity: paths(config_identity)?,
        default_keys: paths(default_keys)?,
        identities_only: found.is_yes("identitiesonly"),
        certificates: paths(
            found.all("certificatefile").iter().filter(|file| !is_none(file)).cloned().collect(),
        )?,
        identity,
        methods: methods(found),
        secrets: match found.is_yes("batchmode") {
            true => options.secrets.without_questions(),
            false => options.secrets.clone(),
        },
        jump: jump(found, &tokens).map_err(wrong)?,
        proxy: match found.get("proxyjump") {
            Some(_) => None,
            None => proxy(found, &tokens).map_err(wrong)?,
        },
        agent_socket,
        host_key: options.host_key.clone(),
        known_hosts,
        revoked: paths(found.files("revokedhostkeys"))?,
        new_keys,
        connect_timeout: options
            .connect_timeout
            .or(found.seconds("connecttimeout").filter(|limit| !limit.is_zero()))
            .unwrap_or(CONNECT_TIMEOUT),
        io_timeout: options.io_timeout,
        family: match found.get("addressfamily") {
            Some("inet") => Family::V4,
            Some("inet6") => Family::V6,
            _ => Family::Any,
        },
        bind_address: found.get("bindaddress").map(str::to_string),
        bind_interface: found.get("bindinterface").map(str::to_string),
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

/// A path in the environment.
fn set(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Values of the tokens that names of files, proxies and commands may have.
fn tokens(target: &Target, found: &Found, host: &str, port: u16, user: &str) -> Tokens {
    let home = account::home().unwrap_or_default();
    let here = rustix::system::uname();
    let here = here.nodename().to_string_lossy();
    Tokens::new([
        ('d', &home.to_string_lossy()),
        ('h', host),
        ('i', &account::number()),
        ('j', found.get("proxyjump").unwrap_or_default()),
        ('k', found.name("hostkeyalias").unwrap_or(&target.name)),
        ('L', here.split('.').next().unwrap_or_default()),
        ('l', &here),
        ('n', &target.name),
        ('p', &port.to_string()),
        ('r', user),
        ('u', &account::user().unwrap_or_default()),
    ])
}

/// OpenSSH's names for keys, which `ssh -G` prints where the configuration names none.
const USUAL_KEYS: [&str; 7] = [
    "~/.ssh/id_ed25519",
    "~/.ssh/id_ecdsa",
    "~/.ssh/id_rsa",
    "~/.ssh/id_ed25519_sk",
    "~/.ssh/id_ecdsa_sk",
    "~/.ssh/id_xmss",
    "~/.ssh/id_dsa",
];

/// IdentityFiles of the configuration, and the usual ones. `given`: what `ssh -G` was told.
fn keys(found: &Found, given: &[PathBuf]) -> (Vec<String>, Vec<String>) {
    let named: Vec<String> = found
        .all("identityfile")
        .iter()
        .filter(|file| !is_none(file) && !given.iter().any(|given| given.as_os_str() == file.as_str()))
        .cloned()
        .collect();
    let usual = |file: &String| USUAL_KEYS.contains(&file.as_str());
    if named.len() < 4 || !named.iter().all(usual) {
        return (named, Vec::new());
    }
    // libssh2 has no key of the last four types.
    (Vec::new(), USUAL_KEYS[..3].iter().map(|file| file.to_string()).collect())
}

/// By PreferredAuthentications, less what PubkeyAuthentication and its like say no to.
fn methods(found: &Found) -> Vec<Method> {
    let preferred = match found.all("preferredauthentications").first() {
        Some(names) => {
            let names = names.split(',').map(str::trim);
            names.filter_map(|name| Method::ALL.into_iter().find(|method| method.name() == name)).collect()
        }
        None => Method::ALL.to_vec(),
    };
    let allowed = |method: &Method| match method {
        Method::PublicKey => !found.is_no("pubkeyauthentication"),
        Method::KeyboardInteractive => {
            !found.is_no("kbdinteractiveauthentication") && !found.is_no("challengeresponseauthentication")
        }
        Method::Password => !found.is_no("passwordauthentication"),
    };
    preferred.into_iter().filter(allowed).collect()
}

fn jump(found: &Found, tokens: &Tokens) -> Result<Vec<Target>, String> {
    let Some(hops) = found.get("proxyjump") else { return Ok(Vec::new()) };
    let hop = |text: &str| {
        let text = tokens.expand(text.trim())?;
        Target::parse(&text).map_err(|error| format!("ProxyJump: {error}"))
    };
    hops.split(',').map(hop).collect()
}

/// ProxyCommand. Going around it could reach another machine of the same name.
fn proxy(found: &Found, tokens: &Tokens) -> Result<Option<String>, String> {
    let Some(command) = found.get("proxycommand") else { return Ok(None) };
    if found.is_yes("proxyusefdpass") {
        return Err("ProxyUseFdpass is not supported: have the command carry the data itself".into());
    }
    // sh would take the word after it for the program.
    let command = command.strip_prefix("exec ").unwrap_or(command);
    tokens.expand(command).map(Some)
}

#[cfg(test)]
#[path = "differential_tests.rs"]
mod differential;
#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
