//! The host's own state, seen before anything is sent: its libraries, what it is at, what it waits for.

use super::lab::journey::{assert_serves, text};
use super::{Site, pack, refused};

/// Holds the lock as unattended-upgrade does: a program of that name, for some seconds.
const UPGRADE: &str = "#!/usr/bin/perl
use Fcntl; open(my $f, '>', '/run/unattended-upgrades.lock'); \
my $l = pack('s s l! l! i', F_WRLCK, 0, 0, 0, 0); fcntl($f, F_SETLK, $l) or die; sleep 20";

/// Nothing but `libgomp1` is on the host of ours.
pub fn is_seen_before_anything_is_sent(site: &mut Site) {
    let (host, client) = (&site.host, &site.client);
    // llama-server from a system that is newer than any.
    let mut shell = std::fs::read("/bin/sh").unwrap();
    let two_digits =
        |bytes: &[u8]| bytes.starts_with(b"GLIBC_2.") && bytes[8..10].iter().all(u8::is_ascii_digit);
    let versions: Vec<usize> = (0..shell.len() - 10).filter(|at| two_digits(&shell[*at..])).collect();
    versions.into_iter().for_each(|at| shell[at + 8..at + 10].copy_from_slice(b"99"));
    let newer = pack(&client.path("newer.tar.gz"), &[("build/bin/llama-server", &shell)]);
    let wanted = "refused: libc: needed glibc 2.99, found glibc 2.36 (the server was built with it)";
    site.refuses("root", &["--runtime-archive", &newer], 4, wanted, "--runtime-path");
    let plan = client.plan("state.json", &client.path("tiny.gguf"), &[], |_| {});
    let verify = |more: &[&str]| {
        client.json_on(host, "root", &[&["verify", "--plan", text(&plan)][..], more].concat())
    };
    assert_eq!(verify(&["--runtime-archive", &newer]).exit, 4);

    // cloud-init, which wrote what stage it is at and not yet how it ended.
    let begin = "mkdir -p /run/cloud-init; echo '{\"v1\": {\"stage\": \"modules-final\"}}' > /run/cloud-init/status.json; \
                 echo libc6 > /run/reboot-required.pkgs; touch /run/reboot-required";
    host.exec(begin).ok();
    let seen = verify(&[]);
    let lines = seen.value["verification"].as_array().unwrap();
    for (id, found) in
        [("busy", "cloud-init is at work (modules-final)"), ("reboot", "the system asks for one, for libc6")]
    {
        let line = lines.iter().find(|line| line["id"] == id).unwrap();
        assert_eq!(
            (line["outcome"].as_str(), line["found"].as_str()),
            (Some("warning"), Some(found)),
            "{seen:?}"
        );
    }
    assert_eq!(seen.exit, 0, "{seen:?}");
    let ran = site.apply("root", &["--wait", "1"]);
    refused(
        &ran,
        4,
        "refused: busy: needed the system is at rest, found cloud-init is at work",
        "--wait SECONDS",
    );
    assert!(!ran.stderr.contains("sending tiny.gguf"), "{ran:?}");
    assert!(
        ran.stderr.contains("cloud-init is at work (modules-final); waiting for that, 1 s at most"),
        "{ran:?}"
    );
    site.untouched();

    // An upgrade that ends in time is waited for and said once.
    std::fs::write(client.path("upgrade"), UPGRADE).unwrap();
    host.put(&client.path("upgrade"), "/run/unattended-upgrade");
    host.exec(
        "touch /run/cloud-init/result.json; chmod 755 /run/unattended-upgrade; mount -o remount,exec /run",
    )
    .ok();
    host.exec("systemd-run -q --unit=upgrade /run/unattended-upgrade").ok();
    super::wait("the lock", || host.exec("grep -q unattended-upgr /proc/[0-9]*/comm").status == 0);
    let ran = site.apply("root", &[]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(
        ran.stderr.matches("upgrades packages; waiting for that, 600 s at most").count(),
        1,
        "{ran:?}"
    );
    assert_serves(host);
    client.on(host, "root", &["remove", "--yes"]).ok();
    host.exec("rm -r /run/cloud-init /run/reboot-required* /run/unattended-upgrade*").ok();
    site.remember();
}
