//! The user at this end: name, number and home, without asking NSS, which a static executable must not.

use std::env;
use std::path::{Path, PathBuf};

use crate::outside::{self, Kind};

/// Home of the account, which OpenSSH takes whatever `$HOME` says; `$HOME` where /etc/passwd does not know it.
pub(super) fn home() -> Option<PathBuf> {
    passwd(5).map(PathBuf::from).or_else(set_home)
}

/// `$HOME`, or what /etc/passwd says. Not `std::env::home_dir`, which asks NSS.
pub(super) fn set_home_or_account() -> Option<PathBuf> {
    set_home().or_else(home)
}

fn set_home() -> Option<PathBuf> {
    env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// Name of the local user: by user id, as OpenSSH does; by the environment only where /etc/passwd does not know it (LDAP).
pub(super) fn user() -> Option<String> {
    let set = |name| env::var(name).ok().filter(|user| !user.is_empty());
    passwd(0).or_else(|| set("USER")).or_else(|| set("LOGNAME"))
}

pub(super) fn number() -> String {
    rustix::process::getuid().as_raw().to_string()
}

/// A column of this user's line in /etc/passwd.
fn passwd(column: usize) -> Option<String> {
    let uid = number();
    let text = outside::text(Path::new("/etc/passwd"), outside::DOCUMENT, Kind::Regular).ok()?;
    let line = text.lines().find(|line| line.split(':').nth(2) == Some(uid.as_str()))?;
    line.split(':').nth(column).filter(|value| !value.is_empty()).map(str::to_string)
}
