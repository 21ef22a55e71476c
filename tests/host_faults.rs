//! Faults of the host itself. docs/faults.md lists all faults, with the tests that make them happen.

#[path = "host_faults/hostile.rs"]
mod hostile;
#[path = "http/mod.rs"]
mod http;
#[path = "lab/mod.rs"]
mod lab;
#[path = "host_faults/service.rs"]
mod service;
#[path = "host_faults/space.rs"]
mod space;
#[path = "host_faults/wire.rs"]
mod wire;

use lab::journey::{Client, PROFILE, assert_serves, text};
use lab::{Host, Snapshot, diff};

/// What of ours is on the host that was not there before.
pub fn ours(before: &Snapshot, host: &Host) -> Vec<String> {
    let all = diff(before, &host.snapshot());
    all.into_iter().filter(|line| line.contains("agi-provision")).collect()
}

#[test]
fn times_of_files_that_are_years_off_make_no_difference() {
    // The clock of a lab host is this machine's and cannot be moved; what a wrong one leaves behind can.
    let (host, client) = (Host::boot("debian13"), Client::new());
    client.serve(&host, "admin");
    host.exec("touch -d '2011-01-01' /var/lib/agi-provision/receipt.json /etc/agi-provision/api-key").ok();
    host.exec("find /var/lib/agi-provision/generations -exec touch -h -d '2041-01-01' {} +").ok();
    let model = client.path("tiny.gguf");
    let again = client.apply(&host, "admin", &["--model", text(&model), "--profile", PROFILE]);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
    assert_serves(&host);
}

#[test]
fn a_read_only_etc_stops_before_anything_serves() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let before = host.snapshot();
    host.exec("mount --bind /etc /etc && mount -o remount,ro,bind /etc").ok();
    let model = client.tiny("tiny.gguf", 1);
    let refused = client.apply(&host, "root", &["--model", text(&model), "--profile", PROFILE]);
    assert_eq!(refused.exit, 1, "{refused:?}");
    host.exec("umount /etc").ok();
    assert_eq!(ours(&before, &host), [""; 0], "{refused:?}");
    client.serve(&host, "root");
    assert_serves(&host);
}
