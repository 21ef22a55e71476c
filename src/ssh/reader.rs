//! Reads an SSH configuration where OpenSSH's client is not there to tell ([`super::authority`]).
//!
//! The first value counts, and blocks apply as ssh_config(5) says. A line that it cannot judge, and that might
//! matter, is refused by line and keyword: nothing is left out in silence. A block whose other criteria do not
//! apply needs no judgement.

use super::account;
use super::found::{Found, is_none};
use super::included::Included;
use super::known_hosts::glob;
use super::line::{Line, split};
use super::tokens::{Tokens, tilde};
use crate::outside::quoted;
use std::path::{Path, PathBuf};

/// Values of one keyword, as in OpenSSH.
const MOST_VALUES: usize = 100;
/// Patterns of IgnoreUnknown.
const MOST_NAMES: usize = 1000;

/// Keywords whose first value is taken.
const ONCE: &[&str] = &[
    "addressfamily",
    "batchmode",
    "bindaddress",
    "bindinterface",
    "checkhostip",
    "connecttimeout",
    "globalknownhostsfile",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityagent",
    "kbdinteractiveauthentication",
    "passwordauthentication",
    "port",
    "preferredauthentications",
    "proxyusefdpass",
    "pubkeyauthentication",
    "revokedhostkeys",
    "stricthostkeychecking",
    "user",
    "userknownhostsfile",
];
/// Keywords that add a value each time.
const EACH: &[&str] = &["certificatefile", "identityfile"];
/// Their value is the rest of the line.
const COMMANDS: &[&str] = &["knownhostscommand", "proxycommand", "proxyjump"];
/// Keywords that change nothing here, with whatever value.
const NO_MATTER: &[&str] = &[
    "addkeystoagent",
    "afstokenpassing",
    "applemultipath",
    "canonicaldomains",
    "canonicalizefallbacklocal",
    "canonicalizemaxdots",
    "canonicalizepermittedcnames",
    "casignaturealgorithms",
    "channeltimeout",
    "cipher",
    "ciphers",
    "clearallforwardings",
    "compression",
    "compressionlevel",
    "connectionattempts",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "dsaauthentication",
    "dynamicforward",
    "enableescapecommandline",
    "enablesshkeysign",
    "escapechar",
    "exitonforwardfailure",
    "fallbacktorsh",
    "fingerprinthash",
    "forkafterauthentication",
    "forwardagent",
    "forwardx11",
    "forwardx11timeout",
    "forwardx11trusted",
    "gatewayports",
    "globalknownhostsfile2",
    "gssapiauthentication",
    "gssapiclientidentity",
    "gssapidelegatecredentials",
    "gssapikeyexchange",
    "gssapirenewalforcesrekey",
    "gssapiserveridentity",
    "gssapitrustdns",
    "hashknownhosts",
    "hostbasedacceptedalgorithms",
    "hostbasedauthentication",
    "hostbasedkeytypes",
    "hostkeyalgorithms",
    "ignoreunknown",
    "ipqos",
    "kbdinteractivedevices",
    "kexalgorithms",
    "keychain",
    "localcommand",
    "localforward",
    "loglevel",
    "logverbose",
    "macs",
    "nohostauthenticationforlocalhost",
    "numberofpasswordprompts",
    "obscurekeystroketiming",
    "permitlocalcommand",
    "permitremoteopen",
    "pkcs11provider",
    "protocol",
    "pubkeyacceptedalgorithms",
    "pubkeyacceptedkeytypes",
    "rekeylimit",
    "remotecommand",
    "remoteforward",
    "requesttty",
    "requiredrsasize",
    "rhostsauthentication",
    "rhostsrsaauthentication",
    "rsaauthentication",
    "securitykeyprovider",
    "sendenv",
    "serveralivecountmax",
    "serveraliveinterval",
    "sessiontype",
    "setenv",
    "skeyauthentication",
    "smartcarddevice",
    "stdinnull",
    "streamlocalbindmask",
    "streamlocalbindunlink",
    "syslogfacility",
    "tag",
    "tcpkeepalive",
    "tisauthentication",
    "tunnel",
    "tunneldevice",
    "updatehostkeys",
    "usekeychain",
    "useprivilegedport",
    "useroaming",
    "usersh",
    "userknownhostsfile2",
    "verifyhostkeydns",
    "versionaddendum",
    "visualhostkey",
    "warnweakcrypto",
    "xauthlocation",
];

/// For whom a configuration is read.
pub(super) struct Asked<'a> {
    /// The host's name as the user wrote it.
    pub name: &'a str,
    /// User that the command line names.
    pub user: Option<&'a str>,
    pub port: Option<u16>,
    pub home: &'a Path,
}

/// Reads the files, the first one first; those that do not exist are left out.
///
/// # Errors
/// In one sentence with file and line.
pub(super) fn read_config(files: &[(PathBuf, String)], asked: &Asked<'_>) -> Result<Found, String> {
    let mut reader =
        Reader { asked, found: Found::default(), included: Included::new(asked.home), unknown: Vec::new() };
    if let Some(user) = asked.user {
        reader.found.add("user", user);
    }
    if let Some(port) = asked.port {
        reader.found.add("port", &port.to_string());
    }
    for (path, text) in files {
        reader.included.root(path);
        reader.add(path, text, true, 0)?;
    }
    reader.finish()
}

struct Reader<'a> {
    asked: &'a Asked<'a>,
    found: Found,
    included: Included,
    /// Patterns of IgnoreUnknown.
    unknown: Vec<String>,
}

impl Reader<'_> {
    /// Adds a file; `outer` says whether the block applies that includes it.
    fn add(&mut self, path: &Path, text: &str, outer: bool, depth: usize) -> Result<(), String> {
        self.included.bytes(text.len())?;
        let mut applies = outer;
        for (index, raw) in text.split('\n').enumerate() {
            let Some(line) = Line::of(raw) else { continue };
            let at = |why: String| format!("{} line {}: {why}", path.display(), index + 1);
            match line.keyword.as_str() {
                "host" => applies = outer && is_listed(&line.words().map_err(at)?, self.asked.name),
                "match" if !outer => applies = false,
                "match" => applies = self.is_matched(&line).map_err(at)?,
                _ if !applies => {}
                "include" => {
                    for pattern in line.words().map_err(at)? {
                        for (path, text) in self.included.files(&pattern, depth).map_err(at)? {
                            self.add(&path, &text, applies, depth + 1)?;
                        }
                    }
                }
                _ => self.take(&line).map_err(at)?,
            }
        }
        Ok(())
    }

    fn take(&mut self, line: &Line<'_>) -> Result<(), String> {
        let keyword = match line.keyword.as_str() {
            "challengeresponseauthentication" => "kbdinteractiveauthentication",
            "identityfile2" => "identityfile",
            other => other,
        };
        if EACH.contains(&keyword) {
            let value = line.word()?;
            if self.found.all(keyword).len() == MOST_VALUES {
                return Err(format!("there are more than {MOST_VALUES} values of {}", quoted(keyword)));
            }
            if !self.found.all(keyword).contains(&value) {
                self.found.add(keyword, &value);
            }
            return Ok(());
        }
        if COMMANDS.contains(&keyword) {
            let value = match keyword {
                "proxyjump" => line.rest.split([' ', '\t', '#']).next().unwrap_or_default().to_string(),
                _ => line.rest.to_string(),
            };
            if value.is_empty() {
                return Err(format!("{} has no value", quoted(&line.keyword)));
            }
            // Whichever of the two comes first rules the other out.
            let proxied = keyword.starts_with("proxy")
                && (self.found.has("proxycommand") || self.found.has("proxyjump"));
            if !proxied && !self.found.has(keyword) {
                self.found.add(keyword, &value);
            }
            return Ok(());
        }
        if ONCE.contains(&keyword) {
            return self.once(keyword, line);
        }
        if keyword == "ignoreunknown" {
            let words = line.words()?;
            self.unknown.extend(words.iter().flat_map(|word| word.split(',')).map(str::to_ascii_lowercase));
            if self.unknown.len() > MOST_NAMES {
                return Err(format!("there are more than {MOST_NAMES} names to ignore"));
            }
        }
        if keyword == "canonicalizehostname" {
            return match line.word()?.to_ascii_lowercase().as_str() {
                "no" | "none" | "false" => Ok(()),
                _ => Err(needs_ssh("CanonicalizeHostname")),
            };
        }
        let known = NO_MATTER.contains(&keyword) || is_listed(&self.unknown, keyword);
        if known { Ok(()) } else { Err(format!("the keyword {} is not known", quoted(&line.keyword))) }
    }

    fn once(&mut self, keyword: &str, line: &Line<'_>) -> Result<(), String> {
        // Without a name these two say nothing.
        if keyword.ends_with("knownhostsfile") && split(line.rest)?.is_empty() {
            return Ok(());
        }
        let value = match keyword {
            // The home counts in the user's own alone.
            "userknownhostsfile" => {
                let home = Some(self.asked.home);
                let files = line.words()?;
                let files = files.iter().map(|file| tilde(file, home).to_string_lossy().into_owned());
                files.collect::<Vec<_>>().join(" ")
            }
            "globalknownhostsfile" => line.words()?.join(" "),
            _ => line.word()?,
        };
        if self.found.has(keyword) {
            return Ok(());
        }
        let value = match keyword {
            "port" => number(&value)?.to_string(),
            "connecttimeout" => seconds(&value)?,
            _ => value,
        };
        self.found.add(keyword, &value);
        Ok(())
    }

    fn is_matched(&self, line: &Line<'_>) -> Result<bool, String> {
        let words = split(line.rest)?;
        let mut words = words.iter().map(String::as_str);
        let mut all = true;
        let mut any = false;
        while let Some(word) = words.next() {
            any = true;
            let (criterion, given) =
                word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let lower = criterion.to_ascii_lowercase();
            let (negated, name) =
                lower.strip_prefix('!').map_or((false, lower.as_str()), |name| (true, name));
            let mut argument =
                || given.or_else(|| words.next()).ok_or_else(|| format!("Match {name} has no value"));
            let holds = match name {
                "all" => true,
                "host" => is_listed(&list(argument()?), &self.host()?),
                "originalhost" => is_listed(&list(argument()?), self.asked.name),
                "user" => is_listed(&list(argument()?), &self.user()),
                "localuser" => is_listed(&list(argument()?), &account::user().unwrap_or_default()),
                // It is the second reading that these are about, and there is none.
                "canonical" => false,
                other => {
                    if !matches!(other, "final") {
                        argument()?;
                    }
                    // Nothing that follows can make the block apply.
                    if !all {
                        continue;
                    }
                    return Err(needs_ssh(&format!("Match {other}")));
                }
            };
            all &= holds != negated;
        }
        if any { Ok(all) } else { Err("Match says nothing".into()) }
    }

    fn user(&self) -> String {
        self.found.name("user").map(str::to_string).or_else(account::user).unwrap_or_default()
    }

    /// Name of the host as far as it is known.
    fn host(&self) -> Result<String, String> {
        let name = match self.found.name("hostname") {
            Some(text) => Tokens::new([('h', self.asked.name)]).expand(text)?,
            None => self.asked.name.to_string(),
        };
        Ok(name)
    }

    /// Returns the settings as `ssh -G` prints them: with every value that must be there, and files of host keys
    /// expanded.
    fn finish(self) -> Result<Found, String> {
        let host = self.host()?;
        let host = if host.contains(':') { host } else { host.to_ascii_lowercase() };
        // OpenSSH takes `22` and `10.1` for addresses.
        if host.chars().all(|c| c.is_ascii_digit() || c == '.') && host.parse::<std::net::Ipv4Addr>().is_err()
        {
            return Err(needs_ssh(&format!("the address {}", quoted(&host))));
        }
        let user = self.user();
        let port = self.found.get("port").unwrap_or("22").to_string();
        let home = self.asked.home;
        let home_text = home.to_string_lossy();
        let local = account::user().unwrap_or_default();
        let tokens = Tokens::new([
            ('d', &home_text),
            ('h', &host),
            ('n', self.asked.name),
            ('p', &port),
            ('r', &user),
            ('u', &local),
        ]);
        let mut done = Found::default();
        for (keyword, default) in [("user", &user), ("hostname", &host), ("port", &port)] {
            done.add(keyword, default);
        }
        let in_ssh = |name: &str| home.join(".ssh").join(name).to_string_lossy().into_owned();
        let user_files = match self.found.all("userknownhostsfile").first() {
            Some(files) => files.clone(),
            None => format!("{} {}", in_ssh("known_hosts"), in_ssh("known_hosts2")),
        };
        done.add("userknownhostsfile", &tokens.path(&user_files, None)?.to_string_lossy());
        let global = self.found.all("globalknownhostsfile").first().map_or(GLOBAL, String::as_str);
        done.add("globalknownhostsfile", global);
        if let Some(agent) = self.found.all("identityagent").first() {
            let path = match is_none(agent) || agent == "SSH_AUTH_SOCK" || agent.starts_with('$') {
                true => agent.clone(),
                false => tokens.path(agent, Some(home))?.to_string_lossy().into_owned(),
            };
            done.add("identityagent", &path);
        }
        if let Some(alias) = self.found.name("hostkeyalias") {
            done.add("hostkeyalias", &alias.to_ascii_lowercase());
        }
        let built = [
            "user",
            "hostname",
            "port",
            "userknownhostsfile",
            "globalknownhostsfile",
            "identityagent",
            "hostkeyalias",
        ];
        for keyword in ONCE.iter().chain(EACH).chain(COMMANDS).filter(|keyword| !built.contains(keyword)) {
            self.found.all(keyword).iter().for_each(|value| done.add(keyword, value));
        }
        if !done.has("identityfile") {
            ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"]
                .iter()
                .for_each(|name| done.add("identityfile", &format!("~/.ssh/{name}")));
        }
        Ok(done)
    }
}

const GLOBAL: &str = "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2";

fn needs_ssh(what: &str) -> String {
    format!("{what} needs OpenSSH's client on this machine to be understood")
}

/// Whether one of the patterns fits, and none that has a `!` before it.
fn is_listed(patterns: &[String], name: &str) -> bool {
    let fits = |pattern: &str| glob(pattern.as_bytes(), name.as_bytes());
    let refused = patterns.iter().filter_map(|pattern| pattern.strip_prefix('!')).any(fits);
    !refused && patterns.iter().filter(|pattern| !pattern.starts_with('!')).any(|pattern| fits(pattern))
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_string).collect()
}

fn number(text: &str) -> Result<u16, String> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let port = digits.then(|| text.parse().ok()).flatten().filter(|port| *port > 0);
    port.ok_or_else(|| format!("{} is no port", quoted(text)))
}

/// `90`, `1m30s`, `none`.
fn seconds(text: &str) -> Result<String, String> {
    if is_none(text) {
        return Ok("none".into());
    }
    let wrong = || format!("{} is no time", quoted(text));
    let (mut total, mut number, mut begun) = (0_u64, 0_u64, false);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = number.checked_mul(10).and_then(|n| n.checked_add(digit.into())).ok_or_else(wrong)?;
            begun = true;
            continue;
        }
        let unit = match c.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(wrong()),
        };
        if !begun {
            return Err(wrong());
        }
        total = number.checked_mul(unit).and_then(|n| n.checked_add(total)).ok_or_else(wrong)?;
        (number, begun) = (0, false);
    }
    total = total.checked_add(number).ok_or_else(wrong)?;
    if text.is_empty() || total > i32::MAX as u64 { Err(wrong()) } else { Ok(total.to_string()) }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
