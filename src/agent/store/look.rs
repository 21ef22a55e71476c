//! Looks at what lies on the host under our names, for [`preflight`](super::preflight).

use super::findings::{self, Finding};
use super::generation::{self, NOTE};
use super::made::{Made, RECORD, ROOTS, Thing};
use super::preflight::judge;
use super::seen::{DROP_IN, ELSEWHERE, FILES, FOLDERS, Kind, Node, SHELVES, Seen, TABLE, drop_ins, units};
use super::{made, staged};
use crate::agent::host::accounts::Accounts;
use crate::engine::server::ServerName;
use crate::error::{Failure, Result};
use crate::render::Bundle;
use crate::render::manifest::host_path;
use crate::{paths, process};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Comparison of the host with the record of what we made there.
pub struct Preflight {
    findings: Vec<Finding>,
    used_before: BTreeSet<PathBuf>,
}

impl Preflight {
    /// Looks at the host; `bundle` is the one that is to be applied, if any.
    pub fn new(bundle: Option<&Bundle>) -> Result<Preflight> {
        let record = Made::read()?;
        let more: Vec<PathBuf> = bundle.map(outside).unwrap_or_default();
        let exposes = more.iter().any(|path| path == Path::new(paths::EXPOSE_FILE));
        let seen = look(record.as_ref(), &more, exposes)?;
        let findings = judge(&seen, record.as_ref(), &more);
        Ok(Preflight { findings, used_before: record.map(|made| made.used).unwrap_or_default() })
    }

    /// Returns the refusal (exit 4) if something of others is in the way.
    pub fn refusal(&self) -> Option<Failure> {
        findings::refusal(&self.findings)
    }

    /// Returns a line for each thing of others that is used, and for each that is taken over, except those that were
    /// reported before.
    pub fn said(&self) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        for finding in &self.findings {
            if let Finding::Used { path, what } = finding
                && !self.used_before.contains(path)
            {
                said.push(format!("{}: {what}; it is used, and `remove` will leave it", path.display()));
            }
        }
        let earlier = self.findings.iter().filter(|finding| matches!(finding, Finding::Earlier(_))).count();
        if earlier > 0 {
            said.push(format!(
                "this host was set up by an earlier version, which kept no record: {earlier} things are shown by \
                 their content to be agi-provision's, and are recorded in {RECORD}"
            ));
        }
        said
    }

    /// Returns a line for each thing of others that lies under our names: `remove` leaves it.
    pub fn of_others(&self) -> Vec<String> {
        let of_others = |finding: &Finding| match finding {
            Finding::Refused { what, .. } => Some(what.clone()),
            Finding::Used { path, what } => Some(format!("{} ({what})", path.display())),
            Finding::Earlier(_) | Finding::Brought(_) => None,
        };
        self.findings.iter().filter_map(of_others).collect()
    }

    /// Records what is taken over; records nothing if nothing of ours is there.
    pub fn take_ours(mut self) -> Result<()> {
        self.findings.retain(|finding| matches!(finding, Finding::Earlier(_) | Finding::Brought(_)));
        self.take()
    }

    /// Records what is used and what is taken over.
    pub fn take(self) -> Result<()> {
        let lib = |thing: &Thing| thing.path() == Some(Path::new(paths::LIB));
        if self.findings.iter().any(|finding| matches!(finding, Finding::Earlier(thing) if lib(thing))) {
            staged::mark()?;
        }
        let nothing = self.findings.iter().all(|finding| matches!(finding, Finding::Refused { .. }));
        if nothing {
            return Ok(());
        }
        made::update(|made| {
            for finding in self.findings {
                match finding {
                    Finding::Earlier(thing) if !lib(&thing) => made.add(thing),
                    Finding::Brought(thing) => {
                        made.taken_over.insert(thing);
                    }
                    Finding::Used { path, .. } => {
                        made.used.insert(path);
                    }
                    Finding::Earlier(_) | Finding::Refused { .. } => {}
                }
            }
        })
    }
}

/// Returns the things that an apply of `bundle` is about to make under fixed names. Those that exist already are left
/// out: they are recorded, or they are used and stay.
pub fn claims(bundle: &Bundle) -> Result<Vec<Thing>> {
    let mut things = vec![
        Thing::Account { name: paths::USER.into(), uid: None },
        Thing::Group { name: paths::USER.into(), gid: None },
        Thing::tree(paths::JOB)?,
        Thing::tree(paths::INCOMING)?,
        Thing::tree(paths::CACHE)?,
        Thing::unit_file(paths::RESUME_FILE)?,
        Thing::link(paths::RESUME_LINK)?,
        Thing::link(paths::WANTS)?,
        Thing::file(paths::API_KEY)?,
        Thing::link(paths::GENERATION)?,
        Thing::file(paths::RECEIPT)?,
    ];
    for folder in [paths::ETC, paths::GENERATIONS, paths::MODELS, paths::RUNTIMES] {
        things.push(Thing::folder(folder)?);
    }
    for path in outside(bundle) {
        let folder = path.parent().unwrap_or(Path::new("/")).to_path_buf();
        if drop_ins().iter().any(|known| folder == Path::new(known)) {
            things.push(Thing::folder(&folder)?);
            things.push(Thing::drop_in(&path)?);
        } else {
            things.push(Thing::unit_file(&path)?);
        }
        let unit = path.file_name().and_then(|name| name.to_str()).and_then(ServerName::of_unit);
        if let Some(server) = unit.filter(|server| *server != ServerName::CHAT) {
            things.push(Thing::link(server.wants())?);
        }
    }
    if bundle.plan()?.expose.is_some() {
        for path in [paths::EXPOSE_CONFIRMED, paths::EXPOSE_NOTE, paths::EXPOSE_TRIED] {
            things.push(Thing::file(path)?);
        }
        things.push(Thing::folder(paths::TLS)?);
        things.push(Thing::certificate(paths::TLS_CERT)?);
        things.push(Thing::certificate(paths::TLS_KEY)?);
        things.push(Thing::FirewallTable { family: TABLE.0.into(), name: TABLE.1.into() });
    }
    things.retain(|thing| thing.path().is_none_or(|path| fs::symlink_metadata(path).is_err()));
    Ok(things)
}

/// Returns the bundle's paths outside the generation.
fn outside(bundle: &Bundle) -> Vec<PathBuf> {
    let files = bundle.files().iter().map(|file| file.path.as_str());
    let all = files.chain(bundle.links().iter().map(|link| link.path.as_str()));
    let outside = all.filter_map(host_path).filter(|path| !path.starts_with(paths::GENERATION));
    outside.map(PathBuf::from).collect()
}

fn look(record: Option<&Made>, more: &[PathBuf], exposes: bool) -> Result<Seen> {
    let mut accounts = Accounts::read()?;
    // A directory service is asked only while we have no account of our own.
    if record.and_then(Made::account).is_none() {
        accounts = accounts.with_services(paths::USER);
    }
    let mounts = mounts();
    let fixed = ROOTS.iter().chain(&FILES).chain(&FOLDERS).chain(&SHELVES).chain(&ELSEWHERE);
    let fixed = fixed.chain(&[paths::INCOMING]).map(PathBuf::from);
    let fixed = fixed.chain(units().into_iter().chain(drop_ins()).map(PathBuf::from));
    let in_drop_ins = drop_ins().into_iter().map(|folder| Path::new(&folder).join(DROP_IN));
    let nodes = fixed
        .chain(in_drop_ins)
        .chain(more.iter().cloned())
        .filter_map(|path| node(&path, &accounts, &mounts).map(|node| (path, node)))
        .collect();
    let earlier = record.is_none() && earlier();
    let table = exposes && record.is_none_or(|made| !made.has(Path::new(paths::EXPOSE_FILE))) && has_table();
    Ok(Seen {
        account: accounts.account(paths::USER),
        group: accounts.group(paths::USER),
        nodes,
        ways: ways(&accounts),
        earlier,
        table,
    })
}

fn node(path: &Path, accounts: &Accounts, mounts: &BTreeSet<PathBuf>) -> Option<Node> {
    let found = fs::symlink_metadata(path).ok()?;
    let kind = match found.file_type() {
        kind if kind.is_symlink() => Kind::Link { target: fs::read_link(path).unwrap_or_default() },
        kind if kind.is_dir() => {
            let entries = entries(path);
            let noted = entries.iter().filter(|name| path.join(name).join(NOTE).is_file()).cloned().collect();
            Kind::Folder { mount: mounts.contains(path), entries, noted }
        }
        kind if kind.is_file() => Kind::File { ours: is_our_text(path, found.len()) },
        kind if kind.is_fifo() || kind.is_socket() => Kind::Other,
        _ => Kind::Other,
    };
    Some(Node { kind, uid: found.uid(), owner: accounts.owner(found.uid()), mode: found.mode() & 0o7777 })
}

/// Lists the names in a folder, without those that a file system puts into its own root.
fn entries(path: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "lost+found").collect()
}

/// Returns whether the text is a unit file as this tool, or an earlier version, wrote it.
fn is_our_text(path: &Path, bytes: u64) -> bool {
    let unit = path.extension().is_some_and(|end| end == "service");
    let text = (unit && bytes < 1 << 16).then(|| fs::read_to_string(path).ok()).flatten().unwrap_or_default();
    text.starts_with("# Installed by agi-provision.")
        || text.contains("Description=agi-provision apply, resumed after a restart\n")
}

fn mounts() -> BTreeSet<PathBuf> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    text.lines().filter_map(|line| line.split(' ').nth(4)).map(PathBuf::from).collect()
}

/// Lists the folders above ours, and those that links among them lead to.
fn ways(accounts: &Accounts) -> std::collections::BTreeMap<PathBuf, Node> {
    let none = BTreeSet::new();
    let mut ways = std::collections::BTreeMap::new();
    let parents = ROOTS.iter().chain(&[paths::UNIT_FILE]).filter_map(|path| Path::new(path).parent());
    for parent in parents {
        let real = fs::canonicalize(parent).unwrap_or_default();
        for path in real.ancestors().filter(|path| !path.as_os_str().is_empty()) {
            if let Some(node) = node(path, accounts, &none) {
                ways.insert(path.to_path_buf(), Node { kind: Kind::Other, ..node });
            }
        }
    }
    ways
}

/// Returns whether a version that kept no record left a generation or a job that can be read, and that only root
/// wrote.
fn earlier() -> bool {
    let of_root = |path: &Path| {
        fs::symlink_metadata(path)
            .is_ok_and(|found| found.uid() == 0 && found.is_file() && found.mode() & 0o022 == 0)
    };
    let generations = entries(Path::new(paths::GENERATIONS)).into_iter();
    let mut folders = generations.map(|name| Path::new(paths::GENERATIONS).join(name));
    let generation = folders.any(|folder| {
        of_root(&folder.join(paths::generation::RECORD)) && generation::record(&folder).is_some()
    });
    let job = Path::new(paths::JOB).join("job.json");
    let is_job = || {
        let text = fs::read(&job).unwrap_or_default();
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        ["apply", "facts", "holder", "before"].iter().all(|key| value.get(key).is_some())
    };
    generation || of_root(&job) && is_job()
}

fn has_table() -> bool {
    let args = ["list", "table", TABLE.0, TABLE.1];
    process::run("nft", &args, Duration::from_secs(10)).is_ok_and(|outcome| outcome.success)
}
