//! The way in: keys, host keys, sudo, and what a login shell does before the agent speaks.

use std::fs;
use std::process::Command;

use super::lab::journey::{Client, text};
use super::lab::{Host, Ran, run};
use super::{Site, refused};

/// The program on `host` with these keys instead of the right ones.
fn with(client: &Client, host: &Host, identity: &str, known_hosts: &str, args: &[&str]) -> Ran {
    let mut command = client.command(args);
    command.args(["--host", &format!("root@{}", host.addr()), "--identity", identity]);
    run(command.args(["--known-hosts", known_hosts]))
}

#[test]
fn the_wrong_key_and_the_wrong_host_get_nowhere() {
    let site = Site::bare(Host::boot("debian12"));
    let (client, host) = (&site.client, &site.host);
    let apply = site.client.applying(&[]);
    let other = client.path("other");
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&other)).ok();
    let (right, known) = (host.key_path(), host.known_hosts());
    let right = text(&right);

    let denied = with(client, host, text(&other), text(&known), &apply);
    refused(&denied, 1, "refused to let root in", "--identity");
    site.untouched();
    let missing = with(client, host, "missing", text(&known), &apply);
    refused(&missing, 2, "missing", "");

    // Unknown: with the fingerprint, so that it can be compared.
    let print = host.exec("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2").ok();
    let empty = client.path("known_hosts");
    let unknown = with(client, host, right, text(&empty), &apply);
    refused(
        &unknown,
        6,
        &format!("{print} of {}:22 is not known", host.addr()),
        &format!("--host-key {print}"),
    );
    assert!(!empty.exists());

    // Changed: neither --yes nor --accept-new-host-key gets past it.
    let changed = client.path("changed");
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1wPpxMDkGsiVYfDvEsiPwVs3Z1Wx3dJ0W1u0qk8Ue3";
    fs::write(&changed, format!("{} {key}\n", host.addr())).unwrap();
    for more in [&[][..], &["--accept-new-host-key"]] {
        let ran = with(client, host, right, text(&changed), &[&apply[..], more].concat());
        refused(&ran, 6, "has changed", "ssh-keygen");
        assert!(ran.stderr.contains(&print), "{ran:?}");
    }
    let pinned = with(
        client,
        host,
        right,
        text(&known),
        &["probe", "--host-key", &format!("SHA256:{}", "A".repeat(43))],
    );
    refused(&pinned, 6, &print, "");
    assert_eq!(host.exec("journalctl -q -u ssh | grep -c 'Accepted publickey for root'").stdout.trim(), "0");
    site.untouched();

    with(client, host, right, text(&empty), &["probe", "--accept-new-host-key"]).ok();
    with(client, host, right, text(&empty), &["probe"]).ok();
    with(client, host, right, "/dev/null", &["probe", "--host-key", &print]).ok();
    site.untouched();
}

#[test]
fn a_user_who_may_not_become_root_changes_nothing() {
    let mut site = Site::bare(Host::boot("debian12"));
    site.refuses("nosudo", &[], 1, "may not become root with sudo", "NOPASSWD");
    let status = site.client.json_on(&site.host, "nosudo", &["status"]);
    assert_eq!((status.exit, status.value["exit"].as_i64()), (1, Some(1)), "{status:?}");

    site.host.exec("mv /usr/bin/sudo /usr/bin/gone").ok();
    site.remember();
    site.refuses("admin", &[], 1, "the host has no sudo", "--host root@");
    refused(&site.client.on(&site.host, "admin", &["probe"]), 1, "no sudo", "--host root@");

    // Nor one whose shell lets nobody in.
    site.host.exec("mv /usr/bin/gone /usr/bin/sudo; usermod -s /usr/sbin/nologin admin").ok();
    site.remember();
    site.refuses("admin", &[], 1, "the agent did not start", "end every session");
}

#[test]
fn a_talkative_shell_is_no_obstacle() {
    let site = Site::new(Host::boot("debian12"));
    let (client, host) = (&site.client, &site.host);
    let probe = || client.on(host, "admin", &["probe"]);
    let bashrc = |script: &str| {
        let path = client.path("bashrc");
        fs::write(&path, script).unwrap();
        host.put(&path, "/home/admin/.bashrc");
        // bash reads it for a command over SSH only when it says so, as Debian's does up to this line.
        host.exec("cp /home/admin/.bashrc /home/admin/.profile").ok();
    };
    host.exec("echo 'Welcome! \\033[31m' > /etc/motd; echo 'Banner /etc/motd' >> /etc/ssh/sshd_config").ok();
    host.exec("systemctl reload ssh").ok();
    probe().ok();

    bashrc("echo hello; echo mind the gap >&2; printf 'no line break'");
    probe().ok();
    bashrc("printf '{\"event\":\"end\"}\\n'; printf 'agi-provision-agent 00\\n'; printf '\\377\\000\\n'");
    probe().ok();
    bashrc("trap 'echo bye' EXIT; stty -echo; cd /nowhere; umask 777; export LC_ALL=nonsense");
    probe().ok();
    let megabyte = "head -c 1000000 /dev/zero | tr '\\0' x";
    bashrc(&format!("{megabyte} | fold -w 79; {megabyte} | fold -w 7 >&2; {megabyte}"));
    let done = site.apply("admin", &[]);
    assert_eq!(done.status, 0, "{done:?}");
    super::lab::journey::assert_serves(host);

    // Another shell reads none of it.
    host.exec("usermod -s /bin/dash admin").ok();
    probe().ok();
    host.exec("usermod -s /bin/bash admin").ok();
    bashrc("exit 0");
    refused(&probe(), 1, "the agent did not start", "end every session");
    bashrc("yes no");
    refused(&probe(), 1, "prints without end", ".bashrc");
}
