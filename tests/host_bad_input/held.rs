//! Two at once: who holds the host is named, who is dead is not.

use std::process::Child;

use super::lab::journey::{assert_serves, text};
use super::lab::{Host, Ran};
use super::{Site, refused, wait};

/// A byte of the map for each piece that has arrived.
const PIECES: &str = "cat /var/lib/agi-provision/incoming/*.map 2>/dev/null | tr -dc '\\001' | wc -c";

const LOCK: &str = "/run/agi-provision/lock";

/// Bytes that have arrived so far.
pub fn uploaded(host: &Host) -> u64 {
    host.exec(PIECES).stdout.trim().parse::<u64>().unwrap_or(0) * agi_provision::wire::frames::PIECE
}

pub fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn the_second_apply_is_told_who_was_first() {
    let site = Site::new(Host::boot("debian12"));
    let host = &site.host;
    // Someone else's, as the lock says.
    let holder =
        r#"{"pid":77,"client":"eve@elsewhere","bundle":"b","since":"2026-01-02T03:04:05Z","job":false}"#;
    let hold =
        format!("mkdir -m 700 /run/agi-provision; echo '{holder}' > {LOCK}; exec flock {LOCK} sleep 600");
    host.exec(&format!("systemd-run -q --unit=holder sh -c \"{}\"", hold.replace('"', "\\\""))).ok();
    wait("the lock", || host.exec(&format!("flock -n {LOCK} true")).status == 1);
    let ran = site.apply("root", &[]);
    refused(&ran, 7, "the host is held by eve@elsewhere (since 2026-01-02T03:04:05Z)", "wait until");
    let busy = site.client.json_on(host, "root", &["remove", "--yes"]);
    assert_eq!((busy.exit, busy.value["exit"].as_i64()), (7, Some(7)), "{busy:?}");
    // Looking is always allowed.
    site.client.on(host, "root", &["probe"]).ok();

    // It dies and leaves its note; that holds nobody up.
    host.exec("systemctl kill -s KILL holder").ok();
    wait("its end", || host.exec(&format!("flock -n {LOCK} true")).status == 0);
    assert!(host.exec(&format!("cat {LOCK}")).ok().contains("eve"));

    // A real one, slow because it sends much.
    let large = site.client.padded("large.gguf", 400 << 20);
    let first = site.client.spawn_on(host, "root", &site.client.applying(&["--model", text(&large)]));
    wait("the upload", || uploaded(host) > 1 << 20);
    let second = site.apply("admin", &[]);
    refused(&second, 7, "the host is held by tester@", "wait until");
    let first = ended(first);
    assert_eq!(first.status, 0, "{first:?}");
    assert_serves(host);
    assert_ne!(host.exec("ls -d /run/agi-provision").status, 0);
}

/// On a bare host the agent goes with the session that brought it; others run from it, or are about to.
#[test]
fn sessions_on_a_bare_host_leave_each_other_the_agent() {
    let mut site = Site::new(Host::boot("debian13"));
    let look = |site: &Site| {
        for _ in 0..6 {
            let seen = site.client.on(&site.host, "admin", &["probe"]);
            assert_eq!(seen.status, 0, "{seen:?}");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| look(&site));
        }
    });
    assert_ne!(site.host.exec("ls -d /usr/local/lib/agi-provision").status, 0);
    site.remember();
    // One of them changes the host, and takes all away again.
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| look(&site));
        }
        let done = site.apply("root", &[]);
        assert_eq!(done.status, 0, "{done:?}");
        assert_serves(&site.host);
        site.client.on(&site.host, "root", &["remove", "--yes"]).ok();
    });
    site.untouched();
}
