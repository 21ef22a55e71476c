//! Clients that die and connections that drop.

use rustix::process::{Pid, Signal, kill_process};
use std::process::Child;
use std::time::{Duration, Instant};

use super::held::{ended, uploaded};
use super::lab::journey::{assert_serves, text};
use super::lab::{Host, wait_for};
use super::{Site, refused, wait};

const JOB: &str = "systemctl is-active -q agi-provision-apply.service";

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Takes dpkg's lock, as a package run does, so that the job has to wait for it.
fn hold_dpkg(site: &Site) {
    let script = site.client.path("hold.pl");
    let text = r#"use Fcntl; my $lock = pack("ssx4qqix4", F_WRLCK, 0, 0, 0, 0);
        open F, ">>/var/lib/dpkg/lock-frontend" and fcntl(F, F_SETLK, $lock) or die "$!";
        open G, ">/run/dpkg-is-held"; sleep 600;"#;
    std::fs::write(&script, text).unwrap();
    site.host.put(&script, "/run/hold.pl");
    site.host.exec("systemd-run -q --unit=packages perl /run/hold.pl").ok();
    wait("the lock", || site.host.exec("test -e /run/dpkg-is-held").status == 0);
}

/// The same apply soon finds nothing left to do.
#[track_caller]
fn nothing_to_do(site: &Site, user: &str, args: &[&str]) {
    let again = site.apply(user, args);
    assert_eq!(again.status, 0, "{again:?}");
    assert!(again.stderr.contains("nothing to do"), "{again:?}");
    assert_serves(&site.host);
}

#[test]
fn an_upload_goes_on_where_a_killed_client_stopped() {
    let site = Site::new(Host::boot("debian12"));
    let size = 300 << 20;
    let large = site.client.padded("large.gguf", size);
    let args = ["--model", text(&large)];
    // Ctrl-C while the agent itself is on its way: no part of it stays.
    let there = |what: &str| {
        let listing = "ls -A /usr/local/lib/agi-provision 2>/dev/null";
        site.host.exec(&format!("{listing} | grep -qE '{what}'")).status == 0
    };
    let mut early = site.client.spawn_on(&site.host, "root", &site.client.applying(&args));
    wait("the agent", || there("staging|agent-"));
    kill_process(Pid::from_child(&early), Signal::INT).unwrap();
    assert_eq!(early.wait().unwrap().code(), Some(130));
    wait("the end of its staging", || !there("staging"));

    let first = site.client.spawn_on(&site.host, "root", &site.client.applying(&args));
    wait("the upload", || uploaded(&site.host) > 32 << 20);
    kill(first);
    wait("the agent's end", || site.host.exec("test -e /run/agi-provision/lock").status != 0);
    let kept = uploaded(&site.host);
    assert!((32 << 20..size).contains(&kept), "{kept}");
    // It says what it has.
    let status = site.client.on(&site.host, "root", &["status"]);
    assert_eq!(status.status, 1, "{status:?}");
    assert!(status.stderr.contains("that an apply brought wait for the next one"), "{status:?}");

    let again = site.apply("root", &args);
    assert_eq!(again.status, 0, "{again:?}");
    let from = format!("sending large.gguf: {} of 300 MiB", agi_provision::units::gib(kept));
    assert!(again.stderr.contains(&from), "{from} in {again:?}");
    assert_eq!(site.host.exec("ls /var/lib/agi-provision/incoming").ok(), "");
    nothing_to_do(&site, "root", &args);
}

#[test]
fn an_upload_into_a_dead_link_ends_and_the_host_lets_go() {
    let site = Site::new(Host::boot("debian12"));
    let large = site.client.padded("large.gguf", 300 << 20);
    let args = ["--model", text(&large)];
    let first = site.client.spawn_on(&site.host, "root", &site.client.applying(&args));
    wait("the upload", || uploaded(&site.host) > 32 << 20);
    site.host.link_mute();
    let began = Instant::now();
    let first = ended(first);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(first.status, 1, "{first:?}");
    assert!(first.stderr.contains("error: "), "{first:?}");
    // The host may not have noticed; it does not wait for long.
    let free = || site.host.exec("test -e /run/agi-provision/lock").status != 0;
    wait_for("the agent's end", Duration::from_secs(120), free);
    site.host.link_up();
    let again = site.apply("root", &args);
    assert_eq!(again.status, 0, "{again:?}");
    assert!(!again.stderr.contains("sending large.gguf: 0 MiB"), "{again:?}");
}

#[test]
fn a_job_goes_on_without_its_client_and_waits_for_dpkg() {
    let site = Site::bare(Host::boot("debian12"));
    let host = &site.host;
    host.exec("apt-get update -qq").ok();
    hold_dpkg(&site);

    // Killed when the job has begun.
    let first = site.client.spawn_on(host, "root", &site.client.applying(&[]));
    wait("the job", || host.exec(JOB).status == 0);
    kill(first);
    // The same bundle: its progress. Another: whose it is.
    let second = site.client.spawn_on(host, "admin", &site.client.applying(&[]));
    let other = site.client.tiny("other.gguf", 2);
    let refusal = site.apply("root", &["--model", text(&other)]);
    refused(&refusal, 7, "the host is held by tester@", "shows its progress");
    // Its connection is cut: the job goes on.
    wait("the second", || host.exec("ps -C sshd -o args | grep -q 'sshd: admin'").status == 0);
    std::thread::sleep(Duration::from_secs(1));
    host.exec("kill -9 $(ps -C sshd,sshd-session -o pid=,args= | awk '/admin/ { print $1 }')").ok();
    let second = ended(second);
    assert_eq!(second.status, 1, "{second:?}");
    assert!(second.stderr.contains("is being applied since"), "{second:?}");
    assert!(second.stderr.contains("packages: install the package with libgomp.so.1"), "{second:?}");

    // dpkg is free again, and a third sees the end.
    assert_eq!(host.exec(JOB).status, 0, "{}", host.exec("journalctl -u agi-provision-apply").stdout);
    let third = site.client.spawn_on(host, "root", &site.client.applying(&[]));
    std::thread::sleep(Duration::from_secs(2));
    host.exec("systemctl stop packages").ok();
    let third = ended(third);
    assert_eq!(third.status, 0, "{third:?}");
    assert!(third.stderr.contains("is being applied since") && third.stderr.contains("serves"), "{third:?}");
    nothing_to_do(&site, "root", &[]);
}

#[test]
fn a_job_ends_though_nobody_can_see_it() {
    let site = Site::bare(Host::boot("debian13"));
    let host = &site.host;
    host.exec("apt-get update -qq").ok();
    hold_dpkg(&site);
    let first = site.client.spawn_on(host, "admin", &site.client.applying(&[]));
    wait("the job", || host.exec(JOB).status == 0);
    host.link_down();
    host.exec("systemctl stop packages").ok();
    wait("the job's end", || host.exec(JOB).status != 0);
    // The client has a bound too, and says what to do.
    let first = ended(first);
    refused(&first, 1, "was lost", "the same command again");
    host.link_up();
    nothing_to_do(&site, "admin", &[]);
}

#[test]
fn dpkg_that_is_held_for_good_is_waited_for_two_minutes() {
    let mut site = Site::bare(Host::boot("debian13"));
    site.host.exec("apt-get update -qq").ok();
    hold_dpkg(&site);
    site.remember();
    let pid = site.host.exec("systemctl show -P MainPID packages").ok();
    let began = Instant::now();
    let ran = site.apply("root", &[]);
    let waited = began.elapsed();
    assert!((Duration::from_secs(115)..Duration::from_secs(200)).contains(&waited), "{waited:?}");
    assert!(
        ran.stderr
            .contains(&format!("warning: perl (pid {pid}) holds dpkg's lock; waiting for it, 120 s at most")),
        "{ran:?}"
    );
    refused(
        &ran,
        1,
        &format!("installing libgomp1: perl (pid {pid}) holds dpkg's lock"),
        "another package run holds the lock",
    );
    site.kept_only_what_it_said(&ran);
    site.host.exec("systemctl stop packages").ok();
    site.apply("root", &[]).ok();
    assert_serves(&site.host);
}
