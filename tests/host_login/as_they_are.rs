//! Hosts as people have them: mounts, shells, homes, servers, distributions.

use super::lab::journey::{Client, assert_serves};
use super::lab::{Host, but_kept, diff_but_backups};
use super::{sshd, write};

#[test]
fn odd_mounts_shells_and_servers_are_no_obstacle() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    for place in ["/tmp", "/run"] {
        host.exec(&format!(
            "mount -o remount,noexec {place}; \
                            grep \" {place} .*noexec\" /proc/mounts"
        ))
        .ok();
    }
    // No SFTP, one session at a time, a banner, a restricted shell that masks everything.
    host.exec("sed -i '/^Subsystem/d' /etc/ssh/sshd_config; echo 'Only for the authorised.' > /etc/banner")
        .ok();
    sshd(&host, "MaxSessions 1\nBanner /etc/banner\nAcceptEnv LANG LC_*\n");
    host.exec("usermod -s /bin/rbash admin; echo 'umask 077; echo Hello' > /home/admin/.bashrc").ok();
    let args = client.applying(&[]);
    let done = client.on(&host, "admin", &args);
    assert_eq!(done.status, 0, "{done:?}");
    assert_serves(&host);
    let again = client.on(&host, "admin", &args);
    assert!(again.status == 0 && again.stderr.contains("nothing to do"), "{again:?}");

    // A user without a home, whose key lies elsewhere.
    sshd(&host, "AuthorizedKeysFile /etc/ssh/keys/%u\n");
    host.exec(
        "mkdir -p /etc/ssh/keys; cp /home/admin/.ssh/authorized_keys /etc/ssh/keys/admin; rm -r /home/admin",
    )
    .ok();
    host.exec("chown -R root:root /etc/ssh/keys; chmod 644 /etc/ssh/keys/admin; usermod -s /bin/dash admin")
        .ok();
    client.on(&host, "admin", &["status"]).ok();
    // Another command than ours: refused, with what it said.
    for (lines, word) in [
        ("ForceCommand echo only backups here\n", "which said \"only backups here\" instead"),
        ("ForceCommand cat\n", "which said \"what it was sent\" instead"),
        ("ForceCommand internal-sftp\n", "the agent did not start"),
        ("MaxSessions 0\n", "the server opens no session"),
    ] {
        sshd(&host, &format!("AuthorizedKeysFile /etc/ssh/keys/%u\n{lines}"));
        let began = std::time::Instant::now();
        let ran = client.on(&host, "admin", &["status"]);
        assert_eq!(ran.status, 1, "{lines}: {ran:?}");
        assert!(ran.stderr.contains(word), "{lines}: {ran:?}");
        assert!(began.elapsed() < std::time::Duration::from_secs(30), "{lines}");
    }
}

/// A userland without apt, as on Fedora or Arch: its commands are hidden, its name is another.
#[test]
fn a_host_without_apt_serves_unless_a_package_is_missing_and_then_says_which() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    host.exec("mkdir /root/away; mv /usr/bin/apt* /usr/bin/dpkg* /root/away/").ok();
    write(&host, "/usr/lib/os-release", "NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=41\n");
    let args = client.applying(&[]);
    let before = host.snapshot();
    let refused = client.on(&host, "admin", &args);
    assert_eq!(refused.status, 4, "{refused:?}");
    for word in [
        "needed libgomp.so.1, found not there, and nothing to install it with",
        "libgomp1 on Debian",
        "libgomp on Fedora",
    ] {
        assert!(refused.stderr.contains(word), "{word}: {refused:?}");
    }
    assert!(!refused.stderr.contains("sending tiny.gguf"), "{refused:?}");
    assert_eq!(but_kept(diff_but_backups(&before, &host.snapshot())), [""; 0]);

    host.exec("PATH=/root/away:$PATH dpkg -i /opt/lab-apt/libgomp1*.deb /opt/lab-apt/gcc-12-base*.deb 2>&1 || PATH=/root/away:$PATH dpkg -i /opt/lab-apt/libgomp1*.deb").ok();
    let done = client.on(&host, "admin", &args);
    assert_eq!(done.status, 0, "{done:?}");
    assert_serves(&host);
    let facts = client.json_on(&host, "admin", &["probe"]);
    assert_eq!(facts.value["facts"]["os"]["id"], "fedora", "{facts:?}");
}
