//! Faults of the host itself. docs/faults.md lists all faults, with the tests that make them happen.

#[path = "lab/mod.rs"]
mod lab;

use lab::journey::{Client, PROFILE, assert_serves, text};
use lab::{Host, Snapshot, diff};

fn ours(before: &Snapshot, host: &Host) -> Vec<String> {
    let all = diff(before, &host.snapshot());
    all.into_iter().filter(|line| line.contains("agi-provision")).collect()
}

#[test]
fn a_host_without_inodes_says_so_and_is_left_as_it_was() {
    // Files of nothing take an inode each, and no space.
    let (host, client) = (Host::boot_with_disk("debian12", "2G"), Client::new());
    let before = host.snapshot();
    host.exec("mkdir /root/many && cd /root/many && seq 140000 | xargs touch 2>/dev/null");
    let free = host.exec("df --output=iavail / | tail -1").ok();
    assert_eq!(free.trim(), "0");
    let model = client.tiny("tiny.gguf", 1);
    let full = client.apply(&host, "root", &["--model", text(&model), "--profile", PROFILE]);
    assert_eq!(full.exit, 1, "{full:?}");
    assert!(full.message().contains("No space left"), "{full:?}");
    assert!(full.value["hint"].as_str().unwrap().contains("no inodes left"), "{full:?}");
    host.exec("rm -r /root/many").ok();
    assert_eq!(ours(&before, &host), [""; 0]);
    client.serve(&host, "root");
    assert_serves(&host);
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
