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

use lab::journey::{Client, assert_serves};
use lab::{Host, but_kept, ours};

#[test]
fn times_of_files_that_are_years_off_make_no_difference() {
    // The clock of a lab host is this machine's and cannot be moved; what a wrong one leaves behind can.
    let (host, client) = (Host::boot("debian13"), Client::new());
    client.serve(&host, "admin");
    host.exec("touch -d '2011-01-01' /var/lib/agi-provision/receipt.json /etc/agi-provision/api-key").ok();
    host.exec("find /var/lib/agi-provision/generations -exec touch -h -d '2041-01-01' {} +").ok();
    let again = client.apply(&host, "admin", &[]);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
    assert_serves(&host);
}

#[test]
fn a_read_only_etc_stops_before_anything_serves() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let before = host.snapshot();
    host.exec("mount --bind /etc /etc && mount -o remount,ro,bind /etc").ok();
    let refused = client.apply(&host, "root", &[]);
    assert_eq!(refused.exit, 1, "{refused:?}");
    host.exec("umount /etc").ok();
    assert_eq!(but_kept(ours(&before, &host)), [""; 0], "{refused:?}");
    client.serve(&host, "root");
    assert_serves(&host);
}
