//! Archives of strangers on a real host: one that wants more than to be unpacked is refused in words and changes
//! nothing, and one with open modes becomes a runtime that nobody but root can change. Needs root, and
//! `tests/lab/install` first.

#[path = "lab/mod.rs"]
mod lab;
#[path = "hostile/tars.rs"]
mod tars;

use std::fs::{self, File};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lab::journey::{Client, assert_serves, text};
use lab::{Host, but_kept, diff_but_backups, llama_archive, wait_for};
use tars::{Entry, entry, file, folder, gzip, link, packed};

const UNIT: &str = "agi-provision-llama";

/// A link that leads out of the archive by way of four folders, and what lies below it.
fn chain<'a>(below: Entry<'a>) -> Vec<Entry<'a>> {
    let folders = ["a", "a/b", "a/b/c", "a/b/c/d"].map(folder);
    folders.into_iter().chain([link("a/b/c/d/r", "../../../.."), below]).collect()
}

/// A tar.gz with a GNU long name of `size` zeros, which compresses to little.
fn long_name(size: u64) -> Vec<u8> {
    let header = packed(&[Entry { size, ..entry(b'L', "././@LongLink", "", b"") }])[..512].to_vec();
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all(&header).unwrap();
    std::io::copy(&mut std::io::repeat(0).take(size), &mut zip).unwrap();
    zip.finish().unwrap()
}

/// The lab's llama.cpp with every folder 0777 and every file 06777: the files that are `wanted`, in the folder `top`.
fn open_to_all(top: &str, wanted: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(File::open(llama_archive()).unwrap()));
    let mut out = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut folder = tar::Header::new_gnu();
    folder.set_entry_type(tar::EntryType::Directory);
    folder.set_mode(0o777);
    folder.set_size(0);
    out.append_data(&mut folder, top, std::io::empty()).unwrap();
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let (path, mut header) = (entry.path().unwrap().into_owned(), entry.header().clone());
        let name = path.file_name().unwrap().to_str().unwrap();
        if !wanted(name) {
            continue;
        }
        let path = Path::new(top).join(name);
        header.set_mode(0o6777);
        header.set_uid(1000);
        match entry.link_name().unwrap().map(|target| target.into_owned()) {
            Some(target) => out.append_link(&mut header, path, target).unwrap(),
            None if header.entry_type().is_dir() => {}
            None => out.append_data(&mut header, path, &mut entry).unwrap(),
        }
    }
    out.into_inner().unwrap().finish().unwrap()
}

#[test]
fn archives_of_strangers_change_nothing_outside_and_are_open_to_nobody() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    host.install_libgomp();
    let before = host.snapshot();
    let write = |bytes: &[u8]| -> PathBuf {
        let path = client.path("hostile.tar.gz");
        fs::write(&path, bytes).unwrap();
        path
    };
    let zeros = vec![0; 256 << 20];
    let many: Vec<String> = (0..10_001).map(|n| format!("f{n}")).collect();
    let many: Vec<Entry> = many.iter().map(|name| file(name, b"")).collect();
    let server = file("llama-server", b"#!/bin/sh\n");
    let cases: [(Vec<u8>, &str); 12] = [
        (
            gzip(&packed(&chain(link("a/b/c/d/r/llama-server", "../../../../../etc/shadow")))),
            "which is a link",
        ),
        (gzip(&packed(&chain(link("a/b/c/d/r/o", "../../../../../tmp")))), "which is a link"),
        (gzip(&packed(&chain(file("a/b/c/d/r/motd", b"pwned")))), "which is a link"),
        (
            gzip(&packed(&[server, link("s", "../../../../../etc/shadow"), file("s", b"pwned")])),
            "there twice",
        ),
        (gzip(&packed(&[server, link("k", "/etc/agi-provision/api-key")])), "leads outside"),
        (gzip(&packed(&[server, entry(b'1', "hl", "../../../../../etc/shadow", b"")])), "hard link"),
        (gzip(&packed(&[server, entry(b'3', "mem", "", b"")])), "a device"),
        (gzip(&packed(&[server, file("../../../../../etc/motd2", b"pwned")])), "leads outside"),
        (gzip(&packed(&[server, file("a\x1b[2Jb", b"x")])), "control character"),
        (gzip(&packed(&many)), "more than 10000 entries"),
        (long_name(256 << 20), "an extension header of 268435456 bytes"),
        (gzip(&packed(&[file("llama-server", &zeros)])), "times its compressed size"),
    ];
    for (bytes, why) in cases {
        let path = write(&bytes);
        let began = Instant::now();
        let refused = client.apply(&host, "root", &["--runtime-archive", text(&path)]);
        assert_eq!(refused.exit, 1, "{why}: {refused:?}");
        let message = refused.message();
        assert!(message.contains("unpacking hostile.tar.gz: ") && message.contains(why), "{why}: {message}");
        assert!(message.len() < 600 && !message.contains(char::is_control), "{message:?}");
        assert!(began.elapsed() < Duration::from_secs(60), "{why}: {:?}", began.elapsed());
        // The model that came with it stays for the next apply, and nothing of the archive.
        assert_eq!(but_kept(diff_but_backups(&before, &host.snapshot())), [""; 0], "{why}");
        let arrived = "cd /var/lib/agi-provision && find incoming runtimes -type f 2>/dev/null | wc -l";
        let arrived = host.exec(arrived).stdout;
        assert_eq!(arrived.trim(), "1", "{why}");
    }

    // Open modes stay in the archive. The job that unpacks it has a bound on its memory.
    host.exec(
        "systemd-run -q --unit=watcher sh -c 'while sleep 0.1; do \
         systemctl show -P MemoryMax agi-provision-apply.service; done > /run/watched'",
    )
    .ok();
    let top = "llama-b11434";
    let open = write(&open_to_all(top, |_| true));
    let done = client.apply(&host, "admin", &["--runtime-archive", text(&open)]);
    assert_eq!(done.exit, 0, "{done:?}");
    let watched = host.exec("systemctl stop watcher; sort -u /run/watched; rm /run/watched").ok();
    assert!(watched.lines().any(|line| line == (2_u64 << 30).to_string()), "{watched}");
    assert_serves(&host);
    let ours = "/var/lib/agi-provision /usr/local/lib/agi-provision /etc/agi-provision";
    for wrong in ["-perm /022 ! -type l", "-perm /6000", "! -user root"] {
        assert_eq!(host.exec(&format!("find {ours} {wrong}")).ok(), "", "{wrong}");
    }
    let runtime = host.exec("dirname $(find /var/lib/agi-provision/runtimes -name llama-server)").ok();
    for attempt in [
        format!("cp /bin/true {runtime}/llama-server"),
        format!("mv {runtime} {runtime}.old"),
        format!("ln -s /tmp/x {runtime}/libx.so"),
        "cat /etc/agi-provision/api-key".to_string(),
        format!("cat /proc/$(systemctl show -P MainPID {UNIT})/environ"),
        format!("ls /proc/$(systemctl show -P MainPID {UNIT})/fd"),
    ] {
        assert_ne!(host.ssh("nosudo", &attempt).status, 0, "{attempt}");
    }

    // The journal knows how many keys there are, and no end of one.
    let key = host.exec("cat /etc/agi-provision/api-key").ok();
    let journal = host.exec("journalctl -q --no-pager -o cat").ok();
    assert!(journal.contains("api_keys: 2 keys loaded"), "the line that told it has changed");
    for line in journal.lines().filter(|line| line.to_lowercase().contains("key")) {
        assert!(!line.contains(&key[key.len() - 4..]), "{line}");
    }
    assert!(!journal.contains(&key[key.len() - 8..]));
    let limits = host.exec(&format!("cat /proc/$(systemctl show -P MainPID {UNIT})/limits")).ok();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{core}");

    // A runtime that was changed since is not started, and says so once; an apply mends it.
    let library = host.exec(&format!("ls {runtime}/libllama.so.*.* | head -1")).ok();
    for (change, said) in [
        (format!("printf x >> {library}"), format!("{library} was changed")),
        (format!("chmod 777 {runtime}"), format!("{runtime} can be changed by others than root")),
    ] {
        host.exec(&change).ok();
        host.exec(&format!("systemctl restart {UNIT}; true")).ok();
        let state = || host.exec(&format!("systemctl show -P ActiveState {UNIT}")).ok();
        wait_for("the service to refuse", Duration::from_secs(30), || state() == "failed");
        assert_eq!(host.exec(&format!("systemctl show -P ExecMainStatus {UNIT}")).ok(), "4");
        assert_eq!(host.exec(&format!("systemctl show -P NRestarts {UNIT}")).ok(), "0");
        let status = client.json_on(&host, "admin", &["status"]);
        assert_eq!(status.exit, 1, "{status:?}");
        let refused = status.value["status"]["refused"].as_str().unwrap_or_default().to_string();
        assert!(refused.contains("llama-server is not the one that was applied"), "{status:?}");
        assert!(refused.contains(&said), "{refused:?} does not say {said:?}");
        assert_eq!(status.value["status"]["drift"][0]["step"], "runtime", "{status:?}");
        let mended = client.apply(&host, "admin", &["--runtime-archive", text(&open)]);
        assert_eq!((mended.exit, mended.changed()), (0, true), "{mended:?}");
        assert_serves(&host);
    }

    // Two archives, as CUDA's are: llama-server, and libraries that belong beside it; in either order.
    let is_library = |name: &str| name.starts_with("libggml-base.so");
    let [server, libraries] = [
        ("server.tar.gz", open_to_all(top, |name| !is_library(name))),
        ("libraries.tar.gz", open_to_all("cudart-llama-b11434", is_library)),
    ]
    .map(|(name, bytes)| {
        fs::write(client.path(name), bytes).unwrap();
        client.path(name)
    });
    let pair = |first, second| {
        let archives = ["--runtime-archive", text(first), "--runtime-archive", text(second)];
        let done = client.apply(&host, "admin", &archives);
        assert_eq!(done.exit, 0, "{done:?}");
        assert_serves(&host);
        done.changed()
    };
    assert_eq!([pair(&server, &libraries), pair(&libraries, &server)], [true, false]);
    let runtime = host.exec("ls /etc/agi-provision/generation/runtime/").ok();
    assert!(runtime.contains("libggml-base.so") && runtime.contains("llama-server"), "{runtime}");
    client.on(&host, "admin", &["remove", "--yes"]).ok();
}
