//! Decides whether the host can be used as it is: compares what lies under our names with the record of what we made.
//! A thing that others made is refused before anything is written, or used where that is safe, and reported.

use super::findings::Finding;
use super::made::Made;
use super::seen::{DROP_IN, ELSEWHERE, FILES, FOLDERS, Kind, Node, SHELVES, Seen, TABLE, drop_ins, units};
use super::staged;
use super::thing::Thing;
use crate::agent::host::accounts::{Account, Group};
use crate::paths;
use std::path::{Path, PathBuf};

/// Compares what was seen with the record. `more`: paths of the bundle outside our folders, beside the fixed names.
pub fn judge(seen: &Seen, record: Option<&Made>, more: &[PathBuf]) -> Vec<Finding> {
    let judge = Judge { seen, record };
    let mut found = Vec::new();
    judge.ways(&mut found);
    found.extend(judge.account());
    found.extend(judge.group());
    for folder in [paths::ETC, paths::VAR, paths::LIB] {
        judge.root(Path::new(folder), &mut found);
    }
    found.extend(judge.cache());
    let fixed = FILES.iter().chain(&FOLDERS).chain(&ELSEWHERE).map(PathBuf::from);
    let fixed = fixed.chain(units().into_iter().map(PathBuf::from));
    let in_drop_ins = drop_ins().into_iter().map(|folder| Path::new(&folder).join(DROP_IN));
    let mut named: Vec<PathBuf> = fixed.chain(in_drop_ins).chain(more.iter().cloned()).collect();
    named.sort();
    named.dedup();
    found.extend(named.iter().filter_map(|path| judge.named(path)));
    for folder in drop_ins() {
        found.extend(judge.drop_ins(Path::new(&folder)));
    }
    for folder in SHELVES {
        judge.shelf(Path::new(folder), &mut found);
    }
    judge.incoming(&mut found);
    judge.generations(&mut found);
    if seen.table && !record.is_some_and(|made| made.all().any(|t| matches!(t, Thing::FirewallTable { .. })))
    {
        found.push(match seen.earlier {
            true => Finding::Earlier(Thing::FirewallTable { family: TABLE.0.into(), name: TABLE.1.into() }),
            false => Finding::Refused {
                what: format!("the nftables table {} {}", TABLE.0, TABLE.1),
                todo: format!(
                    "`nft delete table {} {}`, and take it out of the file that loads it",
                    TABLE.0, TABLE.1
                ),
            },
        });
    }
    found
}

/// Returns whether the account is as useradd makes it for us. The groups of the graphics cards' devices are an
/// administrator's to give.
pub fn is_as_made(account: &Account, group: Option<&Group>) -> bool {
    let devices = |name: &String| ["video", "render"].contains(&name.as_str());
    account.home == paths::VAR
        && account.shell.ends_with("/nologin")
        && account.comment.is_empty()
        && account.uid != 0
        && account.groups.iter().all(devices)
        && group.is_none_or(|group| group.gid == account.gid)
}

fn is_hash(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns whether the name is of an unfinished file of an upload, a download or cloud-init.
fn is_arrival(name: &str) -> bool {
    Path::new(paths::INCOMING).join(name) == Path::new(paths::FIRST_BOOT)
        || name.split('.').next().is_some_and(is_hash)
}

/// Returns the words for a folder that is used although it is not ours.
const MOUNTED: &str = "a disk is mounted on it";

struct Judge<'a> {
    seen: &'a Seen,
    record: Option<&'a Made>,
}

impl Judge<'_> {
    fn has(&self, path: &Path) -> bool {
        self.record.is_some_and(|made| made.has(path))
    }

    fn node(&self, path: &Path) -> Option<&Node> {
        self.seen.nodes.get(path)
    }

    fn is_mount(&self, path: &Path) -> bool {
        self.node(path).is_some_and(|node| matches!(node.kind, Kind::Folder { mount: true, .. }))
    }

    /// Returns the words that name the owner.
    fn foreign(&self, path: &Path, node: &Node) -> Finding {
        let what = match &node.kind {
            Kind::File { .. } => "a file that".to_string(),
            Kind::Folder { .. } => format!("a folder (mode {:04o}) that", node.mode),
            Kind::Link { target } => format!("a link to {} that", target.display()),
            Kind::Other => "a device or socket that".to_string(),
        };
        let what = format!("{}, {what} belongs to {}", path.display(), node.owner);
        let lost = matches!(node.kind, Kind::File { ours: true }) && !self.seen.earlier;
        let todo = match lost {
            true => format!(
                "agi-provision's record {} is missing: is the disk not mounted that belongs there? If it is lost, \
                 move {} away",
                super::made::RECORD,
                path.display()
            ),
            false => format!("move {} away, or remove it if nobody needs it", path.display()),
        };
        Finding::Refused { what, todo }
    }

    /// Refuses a folder on the way to ours that another user can change: that user could replace everything below it.
    fn ways(&self, found: &mut Vec<Finding>) {
        for (path, node) in &self.seen.ways {
            if node.uid != 0 || node.mode & 0o002 != 0 {
                found.push(Finding::Refused {
                    what: format!(
                        "{} belongs to {} (mode {:04o}), so that others could replace what lies below it",
                        path.display(),
                        node.owner,
                        node.mode
                    ),
                    todo: format!("`chown root: {0}` and `chmod o-w {0}`", path.display()),
                });
            }
        }
    }

    fn account(&self) -> Option<Finding> {
        let account = self.seen.account.as_ref()?;
        let recorded = self.record.and_then(Made::account);
        let as_made = is_as_made(account, self.seen.group.as_ref());
        let groups = match account.groups.as_slice() {
            [] => String::new(),
            groups => format!(", in the groups {}", groups.join(", ")),
        };
        let what = format!(
            "the account {} (uid {}, home {}, shell {}{groups})",
            paths::USER,
            account.uid,
            account.home,
            account.shell
        );
        let todo = format!(
            "`usermod --login OTHER {0}` gives the account another name, `userdel {0}` removes it",
            paths::USER
        );
        match recorded {
            Some(Some(uid)) if uid == account.uid => None,
            Some(Some(uid)) => {
                let what = format!("{what}; the one that was made here had uid {uid}");
                Some(Finding::Refused { what, todo })
            }
            Some(None) if as_made => None,
            None if as_made && self.seen.earlier => {
                Some(Finding::Earlier(Thing::Account { name: paths::USER.into(), uid: Some(account.uid) }))
            }
            _ => Some(Finding::Refused { what, todo }),
        }
    }

    fn group(&self) -> Option<Finding> {
        let group = self.seen.group.as_ref()?;
        let members = match group.members.as_slice() {
            [] => String::new(),
            members => format!(", with {} in it", members.join(", ")),
        };
        let what = format!("the group {} (gid {}{members})", paths::USER, group.gid);
        let todo = format!(
            "`groupmod --new-name OTHER {0}` gives the group another name, `groupdel {0}` removes it",
            paths::USER
        );
        match self.record.and_then(Made::group) {
            Some(None) => None,
            Some(Some(gid)) if gid == group.gid => None,
            Some(Some(gid)) => Some(Finding::Refused {
                what: format!("{what}; the one that was made here had gid {gid}"),
                todo,
            }),
            None if self.seen.earlier && group.members.is_empty() => {
                Some(Finding::Earlier(Thing::Group { name: paths::USER.into(), gid: Some(group.gid) }))
            }
            // The finding about the account says it already.
            None if self.seen.account.is_some() => None,
            None => Some(Finding::Refused { what, todo }),
        }
    }

    /// Judges a folder that we would use as ours.
    fn root(&self, path: &Path, found: &mut Vec<Finding>) {
        let Some(node) = self.node(path) else { return };
        let (mount, entries) = match &node.kind {
            Kind::Folder { mount, entries, .. } => (*mount, entries),
            Kind::Link { target } => {
                found.push(Finding::Refused {
                    what: format!("{}, a link to {}", path.display(), target.display()),
                    todo: format!(
                        "to have it on another disk, make it a folder and mount that there: `rm {0} && mkdir {0} && \
                         mount --bind {1} {0}`, and the same in /etc/fstab",
                        path.display(),
                        target.display()
                    ),
                });
                return;
            }
            _ => return found.push(self.foreign(path, node)),
        };
        if node.uid != 0 || node.mode & 0o022 != 0 {
            found.push(Finding::Refused {
                what: format!(
                    "{}, a folder (mode {:04o}) that belongs to {}, in which others could replace what lies there",
                    path.display(),
                    node.mode,
                    node.owner
                ),
                todo: format!(
                    "`chown root: {0}` and `chmod go-w {0}` if it is meant for this, or move it away",
                    path.display()
                ),
            });
            return;
        }
        if self.has(path) {
            return;
        }
        if node.mode & 0o001 == 0 {
            found.push(Finding::Refused {
                what: format!(
                    "{}, a folder that the service could not enter (mode {:04o})",
                    path.display(),
                    node.mode
                ),
                todo: format!("`chmod 755 {}`", path.display()),
            });
            return;
        }
        if path == Path::new(paths::LIB) {
            // This folder exists before the record does; a mark in it says whether we made it.
            let ours = entries.iter().all(|name| staged::is_ours(name)) && !entries.contains(staged::MARK);
            if self.seen.earlier && ours && !mount {
                found.extend(Thing::folder(path).ok().map(Finding::Earlier));
            }
            return;
        }
        let brought = |name: &String| {
            ["incoming", "models", "runtimes"].contains(&name.as_str()) && !self.is_mount(&path.join(name))
        };
        match self.thing_of(path) {
            Some(thing) if self.seen.earlier && !mount => found.push(Finding::Earlier(thing)),
            Some(thing)
                if path == Path::new(paths::VAR)
                    && !mount
                    && !entries.is_empty()
                    && entries.iter().all(brought) =>
            {
                found.push(Finding::Brought(thing));
            }
            _ => {
                let what = if mount { MOUNTED } else { "it was there before" };
                found.push(Finding::Used { path: path.into(), what: what.into() });
            }
        }
    }

    /// Judges the cache folder: systemd gives all that is in it to the service's account.
    fn cache(&self) -> Option<Finding> {
        let path = Path::new(paths::CACHE);
        let node = self.node(path)?;
        if self.has(path) && matches!(node.kind, Kind::Folder { .. }) {
            return None;
        }
        let of_account = self.seen.account.as_ref().is_some_and(|account| account.uid == node.uid);
        match &node.kind {
            Kind::Folder { .. } if self.seen.earlier && of_account => {
                Thing::tree(path).ok().map(Finding::Earlier)
            }
            _ => Some(self.foreign(path, node)),
        }
    }

    /// Returns the entry of the record for a path of ours.
    fn thing_of(&self, path: &Path) -> Option<Thing> {
        let node = self.node(path)?;
        let text = path.to_str()?;
        let thing = match &node.kind {
            _ if text == paths::JOB => Thing::tree(path),
            Kind::Folder { .. } => Thing::folder(path),
            _ if [paths::TLS_CERT, paths::TLS_KEY].contains(&text) => Thing::certificate(path),
            _ if path.file_name().is_some_and(|name| name == DROP_IN) => Thing::drop_in(path),
            Kind::Link { .. } => Thing::link(path),
            Kind::File { .. }
                if [".service", ".timer", ".container"].iter().any(|end| text.ends_with(end)) =>
            {
                Thing::unit_file(path)
            }
            Kind::File { .. } => Thing::file(path),
            Kind::Other => return None,
        };
        thing.ok()
    }

    /// Judges a path that we would write.
    fn named(&self, path: &Path) -> Option<Finding> {
        let node = self.node(path)?;
        if self.has(path) {
            return None;
        }
        // An administrator's unit has another text. A link may lead to /dev/null: a unit that is masked.
        let ours = match &node.kind {
            Kind::File { ours } => *ours || !path.starts_with("/etc/systemd"),
            Kind::Link { target } => target != Path::new("/dev/null"),
            Kind::Folder { .. } => true,
            Kind::Other => false,
        };
        match self.thing_of(path) {
            Some(thing) if self.seen.earlier && ours && node.uid == 0 => Some(Finding::Earlier(thing)),
            _ => Some(self.foreign(path, node)),
        }
    }

    /// Judges the folder of a unit's drop-ins, where others may have their own.
    fn drop_ins(&self, path: &Path) -> Option<Finding> {
        let node = self.node(path)?;
        let Kind::Folder { entries, .. } = &node.kind else { return Some(self.foreign(path, node)) };
        if node.uid != 0 || node.mode & 0o022 != 0 {
            return Some(self.foreign(path, node));
        }
        if self.has(path) {
            return None;
        }
        let others: Vec<&str> = entries.iter().map(String::as_str).filter(|name| *name != DROP_IN).collect();
        if self.seen.earlier && others.is_empty() {
            return Thing::folder(path).ok().map(Finding::Earlier);
        }
        let what = match others.as_slice() {
            [] => "it was there before".to_string(),
            others => format!("an administrator's {} changes the service", others.join(", ")),
        };
        Some(Finding::Used { path: path.into(), what })
    }

    /// Judges a folder of models or runtimes, by its content.
    fn shelf(&self, path: &Path, found: &mut Vec<Finding>) {
        let Some(node) = self.node(path) else { return };
        let Kind::Folder { entries, noted, .. } = &node.kind else {
            return found.push(self.foreign(path, node));
        };
        if node.uid != 0 || node.mode & 0o022 != 0 {
            return found.push(self.foreign(path, node));
        }
        let brought =
            |thing| if self.seen.earlier { Finding::Earlier(thing) } else { Finding::Brought(thing) };
        if self.is_mount(path) && !self.has(path) {
            found.push(Finding::Used { path: path.into(), what: MOUNTED.into() });
        } else if !self.has(path) {
            found.extend(Thing::folder(path).ok().map(brought));
        }
        for name in entries {
            let (entry, unpacking) = (path.join(name), name.strip_suffix(".unpacking").is_some_and(is_hash));
            if self.has(&entry) || !(is_hash(name) || unpacking) {
                continue;
            }
            found.push(match Thing::tree(&entry) {
                Ok(thing) if self.seen.earlier || noted.contains(name) => brought(thing),
                // An entry with such a name would be taken for ours.
                _ => Finding::Refused {
                    what: format!("{}, which has no note of what it is", entry.display()),
                    todo: format!("move {} away, or remove it if nobody needs it", entry.display()),
                },
            });
        }
    }

    fn incoming(&self, found: &mut Vec<Finding>) {
        let path = Path::new(paths::INCOMING);
        let Some(node) = self.node(path) else { return };
        let Kind::Folder { entries, .. } = &node.kind else { return found.push(self.foreign(path, node)) };
        if node.uid != 0 || node.mode & 0o022 != 0 {
            return found.push(self.foreign(path, node));
        }
        if self.has(path) {
            return;
        }
        match entries.iter().find(|name| !is_arrival(name)) {
            Some(name) => {
                let what = format!("{}/{name}, which is no file of an apply", path.display());
                let todo = format!("move {}/{name} away", path.display());
                found.push(Finding::Refused { what, todo });
            }
            None => found.extend(Thing::tree(path).ok().map(match self.seen.earlier {
                true => Finding::Earlier,
                false => Finding::Brought,
            })),
        }
    }

    /// Lists the generations of an earlier version, each with its record.
    fn generations(&self, found: &mut Vec<Finding>) {
        let path = Path::new(paths::GENERATIONS);
        let Some(Node { kind: Kind::Folder { entries, .. }, .. }) = self.node(path) else { return };
        let number = |name: &&String| name.parse::<u64>().is_ok();
        let new = entries.iter().filter(number).map(|name| path.join(name)).filter(|path| !self.has(path));
        if self.seen.earlier {
            found.extend(new.filter_map(|path| Thing::tree(path).ok()).map(Finding::Earlier));
        }
    }
}

#[cfg(test)]
#[path = "preflight_tests.rs"]
mod tests;
