//! Things that are not what a host can run, and hosts that cannot take them.

use std::fs;

use super::lab::journey::text;
use super::lab::{Host, llama_archive};
use super::{Site, pack};

#[test]
fn an_archive_without_a_working_llama_server_is_taken_back() {
    let site = Site::new(Host::boot("debian12"));
    let path = |name: &str| site.client.path(name);
    let refuses = |archive: &str, message: &str, hint: &str| {
        site.refuses("root", &["--runtime-archive", archive], 1, message, hint);
    };

    fs::write(path("page.tar.gz"), "<!DOCTYPE html>".repeat(100)).unwrap();
    refuses(
        text(&path("page.tar.gz")),
        "page.tar.gz: it is not a .tar or .tar.gz archive",
        "release archive",
    );
    fs::write(path("empty.tar.gz"), "").unwrap();
    refuses(text(&path("empty.tar.gz")), "empty.tar.gz", "release archive");
    let whole = fs::read(llama_archive()).unwrap();
    fs::write(path("cut.tar.gz"), &whole[..whole.len() / 2]).unwrap();
    refuses(
        text(&path("cut.tar.gz")),
        "unpacking cut.tar.gz: it ends too early: it is truncated",
        "release archive",
    );
    let mut damaged = whole.clone();
    damaged[whole.len() / 2..][..64].fill(0x55);
    fs::write(path("damaged.tar.gz"), damaged).unwrap();
    refuses(text(&path("damaged.tar.gz")), "it is damaged", "release archive");

    let none = pack(&path("none.tar.gz"), &[("llama/README", b"hello"), ("llama/llama-cli", b"x")]);
    refuses(&none, "has no llama-server in it", "release archive");
    let script = pack(&path("script.tar.gz"), &[("bin/llama-server", b"#!/bin/sh\nexec sleep 1000\n")]);
    refuses(&script, "the archive's llama-server does not start here", "x86-64");
    let mut arm = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\xb7\0\x01\0\0\0".to_vec();
    arm.resize(4096, 0);
    let arm = pack(&path("arm.tar.gz"), &[("bin/llama-server", &arm)]);
    // Seen in the archive, before anything of it is sent.
    let needed = "needed a processor of aarch64, which the archive is built for";
    site.refuses("root", &["--runtime-archive", &arm], 4, needed, "for this host's processor");
    // A program that starts and serves nothing: waited for, but not for ever.
    let quits = fs::read("/bin/true").unwrap();
    let quits = pack(&path("quits.tar.gz"), &[("bin/llama-server", &quits)]);
    refuses(&quits, "the service did not start", "last lines");
}

#[test]
fn a_model_that_llama_server_refuses_is_taken_back_with_its_last_words() {
    let site = Site::new(Host::boot("debian13"));
    let bytes = fs::read(site.client.path("tiny.gguf")).unwrap();
    let odd = site.client.path("odd.gguf");
    let replaced: Vec<u8> = replace(&bytes, b"llama", b"llamz");
    fs::write(&odd, replaced).unwrap();
    let args = ["--model", text(&odd)];
    site.refuses(
        "root",
        &args,
        1,
        "the service did not start: exit-code, exit status 1; the host is as it was",
        "last lines",
    );
    let ran = site.apply("admin", &args);
    assert!(
        ran.stderr.contains("| ") && ran.stderr.contains("unknown model architecture: 'llamz'"),
        "{ran:?}"
    );
    site.kept_only_what_it_said(&ran);

    // The same in JSON, with the lines apart.
    let answer = site.client.apply(&site.host, "root", &args);
    assert_eq!((answer.exit, answer.stderr.as_str(), answer.changed()), (1, "", false), "{answer:?}");
    let log = answer.value["log"].to_string();
    assert!(log.contains("unknown model architecture"), "{answer:?}");
    // The model is not sent again: what arrived stays for the next apply, until `remove`.
    assert!(answer.message().contains("odd.gguf and llama-"), "{answer:?}");
    let again = site.apply("root", &args);
    assert!(again.status == 1 && !again.stderr.contains("sending odd.gguf"), "{again:?}");
    assert!(!again.stderr.contains("sending llama-"), "{again:?}");
    site.client.on(&site.host, "root", &["remove", "--yes"]).ok();
    site.untouched();

    // Once something serves, a failure gives it back.
    site.apply("root", &[]).ok();
    let ran = site.apply("root", &args);
    super::refused(&ran, 8, "rolled back, the old generation serves again", "last lines");
    super::lab::journey::assert_serves(&site.host);
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let found: Vec<usize> =
        (0..bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    found.iter().for_each(|at| bytes[*at..at + to.len()].copy_from_slice(to));
    bytes
}

#[test]
fn a_file_that_the_host_cannot_take_is_refused_before_anything_is_sent() {
    let mut site = Site::new(Host::boot("debian12"));
    let host = &site.host;
    host.exec("systemd-run -q --unit=squatter systemd-socket-activate -l 8080 cat").ok();
    super::wait("the port", || host.exec("grep -q ':1F90 .* 0A ' /proc/net/tcp /proc/net/tcp6").status == 0);
    let ran = site.apply("root", &[]);
    super::refused(&ran, 4, "the host does not meet the plan", "stop what listens");
    let pid = host.exec("systemctl show -P MainPID squatter").ok();
    assert!(ran.stderr.contains(&format!("in use by systemd-socket- (pid {pid})")), "{ran:?}");
    assert!(!ran.stderr.contains("sending tiny.gguf"), "{ran:?}");
    site.untouched();
    host.exec("systemctl stop squatter").ok();

    // A plan for more than there is.
    let model = site.client.path("tiny.gguf");
    let big = site.client.plan("big.json", &model, &[], |plan| {
        let all = plan["requirements"].as_array_mut().unwrap();
        let ram = all.iter_mut().find(|line| line["id"] == "ram").unwrap();
        ram["need"] = serde_json::json!(1u64 << 50);
    });
    let big = text(&big).to_owned();
    let args = ["--plan", &big, "--model-file", text(&model)];
    site.refuses("root", &args, 4, "refused: ram: needed 1048576.0 GiB", "take a larger one");
    let verify = site.client.on(host, "root", &["verify", "--plan", &big]);
    assert_eq!(verify.status, 4, "{verify:?}");

    // Folders that cannot be written.
    for (folder, options, exit, message, hint) in [
        ("/etc", "ro", 1, "the host is as it was", ""),
        ("/var/lib", "ro", 4, "is read-only", ""),
        ("/usr/local", "ro", 1, "Read-only file system", "/usr/local writable"),
        ("/usr/local", "noexec", 4, "/usr/local is mounted noexec", "remount,exec"),
        (
            "/var",
            "noexec",
            4,
            "noexec: needed programs may run, found /var is mounted noexec",
            "remount,exec",
        ),
    ] {
        host.exec(&format!("mount --bind {folder} {folder} && mount -o remount,bind,{options} {folder}"))
            .ok();
        let ran = site.apply("root", &[]);
        host.exec(&format!("umount {folder}")).ok();
        assert_eq!(ran.status, exit, "{folder}: {ran:?}");
        assert!(ran.stderr.contains(message) && ran.stderr.contains(hint), "{folder}: {ran:?}");
        assert_eq!(
            ran.stderr.contains("sending tiny.gguf"),
            exit == 1 && folder == "/etc",
            "{folder}: {ran:?}"
        );
        site.kept_only_what_it_said(&ran);
    }
    super::state::is_seen_before_anything_is_sent(&mut site);

    // Nothing to install with, and something is missing.
    site.host.exec("rm /lib/x86_64-linux-gnu/libgomp.so.1 && mv /usr/bin/apt-get /usr/bin/gone").ok();
    site.remember();
    let missing = "refused: libraries: needed libgomp.so.1, found not there, and nothing to install it with";
    site.refuses("root", &[], 4, missing, "libgomp1 on Debian");
}
