//! Accounts and groups as the host knows them.

use crate::error::{Context, Result};
use crate::process;
use std::fs;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
    /// Name and the like of a person; empty for an account of a service.
    pub comment: String,
    pub home: String,
    pub shell: String,
    /// Names of the groups that it is a member of beside its own, sorted.
    pub groups: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub gid: u32,
    pub members: Vec<String>,
}

/// Accounts of `/etc/passwd` and `/etc/group`, and of a directory service (`getent`) where those files do not have
/// the name.
pub struct Accounts {
    passwd: String,
    group: String,
}

impl Accounts {
    pub fn read() -> Result<Accounts> {
        let read = |path: &str| fs::read_to_string(path).with_context(|| format!("reading {path}"));
        Ok(Accounts { passwd: read("/etc/passwd")?, group: read("/etc/group")? })
    }

    /// Adds what a directory service (LDAP, systemd's own) knows of `name`.
    pub fn with_services(mut self, name: &str) -> Accounts {
        let asked = |database: &str| {
            let outcome = process::run("getent", &[database, name], Duration::from_secs(10));
            // Exit 2: no such name. No getent: there is no such service either.
            outcome.ok().filter(|outcome| outcome.success).map_or(String::new(), |outcome| outcome.stdout)
        };
        if self.account(name).is_none() {
            self.passwd += &format!("\n{}", asked("passwd"));
        }
        if self.group(name).is_none() {
            self.group += &format!("\n{}", asked("group"));
        }
        self
    }

    pub fn account(&self, name: &str) -> Option<Account> {
        let fields = entry(&self.passwd, name)?;
        let [_, _, uid, gid, comment, home, shell] = fields[..] else { return None };
        let member =
            |line: &&str| line.rsplit(':').next().is_some_and(|all| all.split(',').any(|m| m == name));
        let mut groups: Vec<String> = (self.group.lines().filter(member))
            .filter_map(|line| line.split(':').next())
            .filter(|group| *group != name)
            .map(str::to_string)
            .collect();
        groups.sort();
        let text = str::to_string;
        Some(Account {
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            comment: text(comment),
            home: text(home),
            shell: text(shell),
            groups,
        })
    }

    pub fn group(&self, name: &str) -> Option<Group> {
        let fields = entry(&self.group, name)?;
        let [_, _, gid, members] = fields[..] else { return None };
        let members = members.split(',').filter(|member| !member.is_empty()).map(str::to_string).collect();
        Some(Group { gid: gid.parse().ok()?, members })
    }

    /// Returns a name for messages, such as `alice (uid 1001)`; `root` stands alone.
    pub fn owner(&self, uid: u32) -> String {
        let of = |line: &&str| line.split(':').nth(2).and_then(|id| id.parse().ok()) == Some(uid);
        match self.passwd.lines().find(of).and_then(|line| line.split(':').next()) {
            _ if uid == 0 => "root".to_string(),
            Some(name) => format!("{name} (uid {uid})"),
            None => format!("uid {uid}"),
        }
    }
}

/// Returns the fields of the line that begins with `name`.
fn entry<'a>(text: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let mut lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    lines.find(|fields| fields.first() == Some(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        Accounts {
            passwd: "root:x:0:0:root:/root:/bin/bash\nalice:x:1001:1001:Alice,,,:/home/alice:/bin/sh\n\
                     agi:x:998:997::/var/lib/agi:/usr/sbin/nologin\nbad:x:no:1::/:\n"
                .to_string(),
            group: "root:x:0:\nsudo:x:27:alice,agi\nagi:x:997:\nadm:x:4:agi\nagi2:x:5:agi2\n".to_string(),
        }
    }

    #[test]
    fn an_account_is_read_with_the_groups_it_is_in() {
        let accounts = accounts();
        let agi = accounts.account("agi").unwrap();
        assert_eq!((agi.uid, agi.gid, agi.comment.as_str()), (998, 997, ""));
        assert_eq!((agi.home.as_str(), agi.shell.as_str()), ("/var/lib/agi", "/usr/sbin/nologin"));
        assert_eq!(agi.groups, ["adm", "sudo"]);
        assert_eq!(accounts.group("agi").unwrap(), Group { gid: 997, members: vec![] });
        assert_eq!(accounts.group("sudo").unwrap().members, ["alice", "agi"]);
        assert!(accounts.account("nobody").is_none() && accounts.account("bad").is_none());
        assert!(accounts.account("ali").is_none() && accounts.group("").is_none());
    }

    #[test]
    fn owners_are_named_where_they_have_a_name() {
        let accounts = accounts();
        for (uid, said) in [(0, "root"), (1001, "alice (uid 1001)"), (4711, "uid 4711")] {
            assert_eq!(accounts.owner(uid), said);
        }
    }
}
