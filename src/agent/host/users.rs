//! System users, by shadow's tools.

use super::accounts::Accounts;
use super::user_locks;
use crate::error::{Context, Failure, Result};
use crate::outside::{self, Kind};
use crate::{paths, process};
use std::path::Path;
use std::time::Duration;

/// A useradd that was killed leaves one without the other.
pub struct UserAndGroup {
    pub user: bool,
    pub group: bool,
}

impl UserAndGroup {
    pub fn read() -> Result<UserAndGroup> {
        let has = |path: &str| -> Result<bool> {
            let text = outside::text(path.as_ref(), outside::DOCUMENT, Kind::Regular)
                .with_context(|| format!("reading {path}"))?;
            Ok(text.lines().any(|line| line.split(':').next() == Some(paths::USER)))
        };
        Ok(UserAndGroup { user: has("/etc/passwd")?, group: has("/etc/group")? })
    }
}

/// Removes the user and its group, or what there is of them, and what killed tools left of such work.
pub fn remove() -> Result<()> {
    user_locks::sweep(Path::new("/etc"))?;
    if UserAndGroup::read()?.user {
        tool("userdel", &[paths::USER])?;
    }
    // userdel takes a group of the same name with it.
    if UserAndGroup::read()?.group {
        tool("groupdel", &[paths::USER])?;
    }
    Ok(())
}

/// Creates the user and a group of the same name, without a home or a shell.
pub fn create() -> Result<()> {
    create_named(paths::USER, paths::VAR, "/usr/sbin/nologin")
}

/// Creates a user and a group of the same name, for whom no password works.
pub fn create_named(name: &str, home: &str, shell: &str) -> Result<()> {
    let mut args = vec!["--system", "--user-group", "--no-create-home", "--home-dir", home, "--shell", shell];
    // By a key alone; an sshd without PAM takes a locked account for one that may not log in.
    if !shell.ends_with("/nologin") {
        args.extend(["--password", "*"]);
    }
    args.push(name);
    tool("useradd", &args)
}

/// Removes a user and the group of the same name, where they are there.
pub fn remove_named(name: &str) -> Result<()> {
    user_locks::sweep(Path::new("/etc"))?;
    if Accounts::read()?.account(name).is_some() {
        // A connection of the other end may still be going down.
        tool("userdel", &["--force", name])?;
    }
    if Accounts::read()?.group(name).is_some() {
        tool("groupdel", &[name])?;
    }
    Ok(())
}

/// Adds the user to groups that are there.
pub fn join(groups: &[&str]) -> Result<()> {
    match groups {
        [] => Ok(()),
        groups => tool("usermod", &["--append", "--groups", &groups.join(","), paths::USER]),
    }
}

fn tool(name: &str, args: &[&str]) -> Result<()> {
    let user = args.last().copied().unwrap_or(paths::USER);
    let outcome = process::run(name, args, Duration::from_secs(30))?;
    if outcome.success {
        return Ok(());
    }
    Err(Failure::failed(format!("{name} {user}: {}", outcome.stderr.trim()))
        .hint("put that right on the host, and apply again")
        .into())
}
