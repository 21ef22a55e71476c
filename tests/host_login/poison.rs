//! Secrets that are looked for everywhere after everything that may happen to them.

#[path = "../http/mod.rs"]
mod http;

use super::lab::journey::{Client, assert_serves, text};
use super::lab::{Host, Ran, llama_archive, run, tool};
use super::{fed, give_password, sshd, write};
use http::{Reply, Server};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const TOKEN: &str = "hf_poison_7c1d09aa41";
const LOGIN: &str = "poison-login-5f2e88";
const PASSPHRASE: &str = "poison-phrase-90ab1c";

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Command lines and environments of every process of this machine, of which the host's are a part, as
/// often as they can be read.
struct Sampler {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<(usize, Vec<String>)>,
}

impl Sampler {
    fn start(secrets: &'static [&'static str]) -> Sampler {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        let thread = std::thread::spawn(move || {
            let (mut samples, mut found) = (0, Vec::new());
            while !flag.load(Ordering::SeqCst) {
                for entry in std::fs::read_dir("/proc").unwrap().flatten() {
                    let Ok(line) = std::fs::read(entry.path().join("cmdline")) else { continue };
                    let line = String::from_utf8_lossy(&line).replace('\0', " ");
                    samples += 1;
                    found.extend(
                        secrets.iter().filter(|secret| line.contains(**secret)).map(|_| line.clone()),
                    );
                }
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            (samples, found)
        });
        Sampler { stop, thread }
    }

    fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        let (samples, found) = self.thread.join().unwrap();
        assert!(samples > 1000, "{samples}");
        assert_eq!(found, [""; 0]);
    }
}

/// Where on the host any of `secrets` is, without showing them to anybody: files, log, units, processes.
fn places(host: &Host, secrets: &[&str]) -> Vec<String> {
    let script = "cat > /dev/shm/patterns; cd /; \
        grep -rlaF -f /dev/shm/patterns /etc /var /run /usr/local /root /home /tmp /opt /srv 2>/dev/null; \
        journalctl --sync; journalctl --no-pager -o export | grep -aF -f /dev/shm/patterns | sed 's/^/journal: /'; \
        systemctl show '*' | grep -aF -f /dev/shm/patterns | sed 's/^/unit: /'; \
        cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' \
          | grep -aF -f /dev/shm/patterns | sed 's/^/process: /'; rm /dev/shm/patterns";
    let mut command = tool("host");
    command.args(["exec", host.name(), "sh", "-c", script]);
    let found = fed(command, &(secrets.join("\n") + "\n"));
    found.stdout.lines().map(str::to_string).collect()
}

/// Checks that no secret lies on the client's side or in what it printed.
fn in_client(client: &Client, shown: &[Ran], secrets: &[&str], except: &[&Path]) {
    for ran in shown {
        for secret in secrets {
            assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{ran:?}");
        }
    }
    let mut grep = Command::new("grep");
    grep.args(["-rlaF", "-f", "-"]).arg(client.path(""));
    let found = fed(grep, &(secrets.join("\n") + "\n"));
    let except: Vec<String> = except.iter().map(|path| path.display().to_string()).collect();
    let found: Vec<&str> =
        found.stdout.lines().filter(|line| !except.iter().any(|path| path == line)).collect();
    assert_eq!(found, [""; 0]);
}

/// The same password for login and sudo, as it is on a host; given through each of the ways.
#[test]
fn no_secret_is_anywhere_after_success_failure_upload_and_download() {
    static SECRETS: [&str; 3] = [TOKEN, LOGIN, PASSPHRASE];
    let (host, client) = (Host::boot("debian12"), Client::new());
    give_password(&host, "admin", LOGIN);
    write(&host, "/etc/sudoers.d/90-admin", "admin ALL=(ALL:ALL) ALL\n");
    host.exec("chown 0:0 /etc/sudoers.d/90-admin; chmod 440 /etc/sudoers.d/90-admin").ok();
    sshd(&host, "PasswordAuthentication yes\nKbdInteractiveAuthentication yes\nLogLevel DEBUG3\n");
    // Root's key gets a passphrase.
    let locked = client.path("locked");
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", PASSPHRASE, "-f"]).arg(&locked)).ok();
    host.put(&client.path("locked.pub"), "/root/.ssh/authorized_keys");
    // A value that is somewhere on the host is found.
    host.exec("logger canary-3a9f; echo canary-3a9f > /run/canary; CANARY=canary-3a9f setsid sleep 1000 >/dev/null 2>&1 </dev/null &")
        .ok();
    let canary = places(&host, &["canary-3a9f"]).join("\n");
    for word in ["/run/canary", "journal: MESSAGE=canary", "CANARY=canary"] {
        assert!(canary.contains(word), "{word}: {canary}");
    }
    let sampler = Sampler::start(&SECRETS);

    let model = client.tiny("tiny.gguf", 1);
    let serve = |path: &Path, habit: fn(usize, &http::Request) -> Reply| {
        Server::start_at(&host.near_addr(), std::fs::read(path).unwrap(), habit)
    };
    let runtime = serve(&llama_archive(), |_, _| Reply::Good);
    let models = serve(&model, |_, request| match request.authorization.as_deref() {
        Some(value) if value == format!("Bearer {TOKEN}") => Reply::Good,
        _ => Reply::Status(401, vec![]),
    });
    let (model_bytes, archive) = (std::fs::read(&model).unwrap(), std::fs::read(llama_archive()).unwrap());
    let plan = client.plan("pinned.json", &model, &[], |plan: &mut Value| {
        plan["model"]["files"][0]["url"] = json!(models.url("m/tiny.gguf"));
        plan["model"]["files"][0]["sha256"] = json!(sha256(&model_bytes));
        plan["llama_server"]["runtime"] =
            json!({"url": runtime.url("r/llama.tar.gz"), "sha256": sha256(&archive), "size_bytes": archive.len()});
    });
    let bundle = client.path("bundle");
    client.run(&["bundle", "--plan", text(&plan), "--out", text(&bundle)]).ok();

    let admin = |args: &[&str]| {
        let mut command = client.command(args);
        command.args([
            "--host",
            &format!("admin@{}", host.addr()),
            "--known-hosts",
            text(&host.known_hosts()),
        ]);
        command.env("HF_TOKEN", TOKEN).env("HF_ENDPOINT", models.url(""));
        command
    };
    let root = |args: &[&str]| {
        let mut command = client.command(args);
        command.args([
            "--host",
            &format!("root@{}", host.addr()),
            "--known-hosts",
            text(&host.known_hosts()),
        ]);
        command.args(["--identity", text(&locked)]);
        command
    };
    let both = format!("{LOGIN}\n{LOGIN}\n");
    let stdin = ["--password-stdin", "--sudo-password-stdin"];
    let apply = ["apply", "--yes", "--format", "json", "--bundle", text(&bundle)];
    let mut shown = Vec::new();

    // It fails on the host, after the download with the token.
    host.exec("mkdir /root/lib; mv /opt/lab-apt /root/lib/").ok();
    let failed = fed(admin(&[&apply[..], &stdin].concat()), &both);
    assert_eq!(failed.status, 1, "{failed:?}");
    assert!(failed.stdout.contains("libgomp1"), "{failed:?}");
    host.exec("mv /root/lib/lab-apt /opt/").ok();
    shown.push(failed);
    assert_eq!(places(&host, &SECRETS), [""; 0]);

    // It succeeds; the passwords come in the environment.
    let mut command = admin(&apply);
    command.env("AGI_PROVISION_PASSWORD", LOGIN).env("AGI_PROVISION_SUDO_PASSWORD", LOGIN);
    let done = run(&mut command);
    assert_eq!(done.status, 0, "{done:?}");
    shown.push(done);
    assert_serves_as_root(&host);
    let api_key: &'static str = host.exec("cat /etc/agi-provision/api-key").ok().leak();
    let ours = [TOKEN, LOGIN, PASSPHRASE, api_key];
    // The key's file, and what systemd hands of it to the service, in memory.
    let handed = "/run/credentials/agi-provision-llama.service/api-key";
    assert_eq!(places(&host, &ours), ["/etc/agi-provision/api-key", handed]);
    assert_eq!(host.exec("stat -c '%a %U' /etc/agi-provision/api-key").ok(), "600 root");
    assert_eq!(host.exec(&format!("su nosudo -s /bin/cat {handed} 2>/dev/null")).stdout, "");

    // An upload with a key that has a passphrase, from stdin and from a program; a wrong one.
    let other = client.tiny("other.gguf", 2);
    let upload = client.applying(&["--model", text(&other), "--passphrase-stdin"]);
    let uploaded = fed(root(&upload), &format!("{PASSPHRASE}\n"));
    assert_eq!(uploaded.status, 0, "{uploaded:?}");
    shown.push(uploaded);
    let ask = client.path("askpass");
    std::fs::write(&ask, format!("#!/bin/sh\necho {PASSPHRASE}\n")).unwrap();
    std::fs::set_permissions(&ask, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    for args in [&["status"][..], &["verify", "--plan", text(&plan)], &["logs"], &["rollback", "--yes"]] {
        let mut command = root(args);
        let ran = run(command.env("SSH_ASKPASS", &ask).env("SSH_ASKPASS_REQUIRE", "force"));
        assert_eq!(ran.status, 0, "{args:?} {ran:?}");
        shown.push(ran);
    }
    for (command, input) in [
        (root(&["status", "--passphrase-stdin"]), format!("{PASSPHRASE}x\n")),
        (admin(&["status", "--password-stdin"]), format!("{LOGIN}x\n")),
        (admin(&[&["status"][..], &stdin].concat()), format!("{LOGIN}\n{LOGIN}x\n")),
    ] {
        let refused = fed(command, &input);
        assert_eq!(refused.status, 1, "{refused:?}");
        shown.push(refused);
    }
    in_client(&client, &shown, &ours, &[&ask]);
    // The key is shown to whoever asks for it, and new after a change.
    let mut show = root(&["key", "show"]);
    show.env("SSH_ASKPASS", &ask).env("SSH_ASKPASS_REQUIRE", "force").stdin(Stdio::null());
    assert_eq!(run(&mut show).ok(), api_key);
    let mut rotate = root(&["key", "rotate", "--yes"]);
    run(rotate.env("SSH_ASKPASS", &ask).env("SSH_ASKPASS_REQUIRE", "force")).ok();
    assert_eq!(places(&host, &ours), [""; 0], "the old key is gone");
    sampler.end();
}

/// Does the same as [`assert_serves`], whose key root no longer has.
fn assert_serves_as_root(host: &Host) {
    host.exec("cp /root/.ssh/authorized_keys /root/keep").ok();
    host.put(&host.key_path().with_extension("pub"), "/root/.ssh/authorized_keys");
    assert_serves(host);
    host.exec("mv /root/keep /root/.ssh/authorized_keys").ok();
}
