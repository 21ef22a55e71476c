//! Flags with which another command reaches the same hosts.

use super::hosts::HostArgs;
use super::project::Flag;
use crate::apply::Host;
use std::path::Path;

impl HostArgs {
    /// Returns the flags of a command for all hosts, as they were given.
    pub fn all(&self) -> Vec<Flag> {
        match self.local {
            true => vec![("local", None)],
            false => {
                let mut flags: Vec<Flag> =
                    self.host.iter().map(|host| ("host", Some(host.clone()))).collect();
                flags.extend(self.inventory.iter().map(|file| ("inventory", Some(text(file)))));
                flags.extend(self.limit.iter().map(|pattern| ("limit", Some(pattern.clone()))));
                flags.extend(self.connection());
                flags
            }
        }
    }

    /// Returns the flags of a command for one of the hosts.
    pub fn only(&self, host: &Host) -> Vec<Flag> {
        let mut flags = match host {
            Host::Local { .. } => return vec![("local", None)],
            Host::Ssh { target, called, .. } => match (&self.inventory, called) {
                // The inventory may have more to say about the host; one on stdin is gone.
                (Some(file), Some(name)) if file != Path::new("-") => {
                    vec![("inventory", Some(text(file))), ("limit", Some(name.clone()))]
                }
                _ => vec![("host", Some(target.to_string()))],
            },
        };
        flags.extend(self.connection());
        flags
    }

    /// How to connect, as it was given. A host key that was accepted is known from then on; a pinned one is not.
    fn connection(&self) -> Vec<Flag> {
        let mut flags: Vec<Flag> = self.identity.iter().map(|path| ("identity", Some(text(path)))).collect();
        let files =
            [("known-hosts", &self.known_hosts), ("ssh-config", &self.ssh_config), ("agent", &self.agent)];
        flags.extend(files.into_iter().filter_map(|(name, path)| Some((name, Some(text(path.as_deref()?))))));
        flags.extend(self.host_key.iter().map(|key| ("host-key", Some(key.clone()))));
        flags
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::{Options, Target};
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        hosts: HostArgs,
    }

    fn typed(line: &str) -> HostArgs {
        Line::parse_from(std::iter::once("x").chain(line.split_whitespace())).hosts
    }

    fn shown(flags: Vec<Flag>) -> String {
        let flag = |(name, value): Flag| format!(" {name}={}", value.unwrap_or_default());
        flags.into_iter().map(flag).collect()
    }

    #[test]
    fn another_command_is_led_to_one_host_or_to_all_as_this_one_was() {
        let far = |target: &str, called: Option<&str>| Host::Ssh {
            target: Target::parse(target).unwrap(),
            options: Box::new(Options::default()),
            called: called.map(str::to_string),
            doas: false,
        };
        let key = "SHA256:x";
        for (line, host, only, all) in [
            (
                "--host a --host root@b:22",
                far("root@b:22", None),
                " host=root@b:22",
                " host=a host=root@b:22",
            ),
            ("--local", Host::Local { called: None }, " local=", " local="),
            (
                "--host a --identity k --known-hosts n --ssh-config c --agent g",
                far("a", None),
                " host=a identity=k known-hosts=n ssh-config=c agent=g",
                " host=a identity=k known-hosts=n ssh-config=c agent=g",
            ),
            // Repeat what no file remembers: an accepted key is filed, a pinned one is not; a password is asked for again.
            ("--host a --accept-new-host-key --password-stdin", far("a", None), " host=a", " host=a"),
            (
                "--host a --host-key SHA256:x",
                far("a", None),
                &*format!(" host=a host-key={key}"),
                &*format!(" host=a host-key={key}"),
            ),
            (
                "--inventory f --limit gpu*",
                far("a", Some("gpu1")),
                " inventory=f limit=gpu1",
                " inventory=f limit=gpu*",
            ),
            ("--inventory -", far("a", Some("gpu1")), " host=a", " inventory=-"),
            ("--inventory f", Host::Local { called: Some("me".into()) }, " local=", " inventory=f"),
        ] {
            let args = typed(line);
            assert_eq!((shown(args.only(&host)), shown(args.all())), (only.into(), all.into()), "{line}");
        }
    }
}
