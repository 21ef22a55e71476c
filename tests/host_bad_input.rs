//! Failures on real hosts: each case ends in time, with its exit code and one clear message, and leaves the host as
//! it was. Needs root, and `tests/lab/install` first.

#[path = "host_bad_input/artefacts.rs"]
mod artefacts;
#[path = "host_bad_input/before.rs"]
mod before;
#[path = "host_bad_input/bundles.rs"]
mod bundles;
#[path = "host_bad_input/disk.rs"]
mod disk;
#[path = "host_bad_input/held.rs"]
mod held;
#[path = "host_bad_input/interrupted.rs"]
mod interrupted;
#[path = "lab/mod.rs"]
mod lab;
#[path = "host_bad_input/login.rs"]
mod login;
#[path = "host_bad_input/state.rs"]
mod state;
#[path = "host_bad_input/strangers.rs"]
mod strangers;

use std::path::Path;
use std::time::{Duration, Instant};

use lab::journey::{Client, text};
use lab::{Host, Ran, Snapshot, but_kept, diff_but_backups};

/// A host, someone who works on it, and what was on its disk before.
pub struct Site {
    pub host: Host,
    pub client: Client,
    before: Snapshot,
}

impl Site {
    /// libgomp1 is there already: installed packages would stay after a failure.
    pub fn new(host: Host) -> Site {
        host.install_libgomp();
        Site::bare(host)
    }

    pub fn bare(host: Host) -> Site {
        let before = host.snapshot();
        Site { host, client: Client::new(), before }
    }

    /// Remembers the disk as it is now, which is how it has to stay.
    pub fn remember(&mut self) {
        self.before = self.host.snapshot();
    }

    /// `apply` of the tiny model, or what `args` name.
    pub fn apply(&self, user: &str, args: &[&str]) -> Ran {
        self.client.on(&self.host, user, &self.client.applying(args))
    }

    /// `apply` ends like this and changes nothing.
    #[track_caller]
    pub fn refuses(&self, user: &str, args: &[&str], exit: i32, message: &str, hint: &str) {
        let began = Instant::now();
        let ran = self.apply(user, args);
        refused(&ran, exit, message, hint);
        assert!(began.elapsed() < Duration::from_secs(60), "{message}: {:?}", began.elapsed());
        self.kept_only_what_it_said(&ran);
    }

    /// A failed apply leaves the host as it was, but for whole files that it says stay for the next one;
    /// `remove` takes those.
    #[track_caller]
    pub fn kept_only_what_it_said(&self, ran: &Ran) {
        if ran.stderr.contains("for the next apply") {
            assert_eq!(but_kept(diff_but_backups(&self.before, &self.host.snapshot())), [""; 0]);
            self.client.on(&self.host, "root", &["remove", "--yes"]).ok();
        }
        self.untouched();
    }

    /// The host is as it was, but for the backups that useradd and userdel make.
    #[track_caller]
    pub fn untouched(&self) {
        assert_eq!(diff_but_backups(&self.before, &self.host.snapshot()), [""; 0]);
        assert_ne!(self.host.exec("ls /run/agi-provision* 2>/dev/null | grep .").status, 0);
    }
}

/// One message and one hint, each on its line, a blank line between them.
#[track_caller]
pub fn refused(ran: &Ran, exit: i32, message: &str, hint: &str) {
    assert_eq!(ran.status, exit, "{ran:?}");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let at = |start: &str| (0..lines.len()).filter(|at| lines[*at].starts_with(start)).collect::<Vec<_>>();
    let (errors, hints) = (at("error: "), at("hint: "));
    assert_eq!((errors.len(), hints.len()), (1, 1), "{ran:?}");
    assert!(ran.stderr.contains(message), "{message:?} in {}", ran.stderr);
    assert!(lines[hints[0]].contains(hint), "{hint:?} in {}", ran.stderr);
    assert_eq!((hints[0], lines[hints[0] - 1]), (errors[0] + 2, ""), "{ran:?}");
    assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains('\x1b'), "{ran:?}");
}

/// Waits until `ready`, at most a minute.
#[track_caller]
pub fn wait(what: &str, ready: impl FnMut() -> bool) {
    lab::wait_for(what, Duration::from_secs(60), ready);
}

/// A .tar.gz of `entries`, all executable.
pub fn pack(path: &Path, entries: &[(&str, &[u8])]) -> String {
    let file = std::fs::File::create(path).unwrap();
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
    text(path).to_owned()
}
