//! The lab's own tests: what the journeys take for granted about their hosts.

#[path = "lab/mod.rs"]
mod lab;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use lab::{Host, IMAGES, diff};

#[test]
fn a_host_is_a_fresh_server() {
    for image in IMAGES {
        let host = Host::boot(image);
        assert_eq!(host.exec("cat /proc/1/comm").ok(), "systemd");
        let state = host.exec("systemctl is-system-running --wait");
        let failed = host.exec("systemctl --failed --no-legend --plain").ok();
        assert_eq!((state.stdout.trim(), failed.as_str()), ("running", ""), "{image}");
        assert_eq!(host.exec("hostname").ok(), host.name());
        let release = host.exec(". /etc/os-release; echo $ID$VERSION_ID").ok();
        assert_eq!(release, image);

        // A traveller's bag of nothing, and no way to fetch more.
        for program in ["cloud-init", "python3", "curl", "wget", "nvidia-smi", "gcc"] {
            assert_ne!(host.exec(&format!("command -v {program}")).status, 0, "{program}");
        }
        assert_eq!(host.exec("ls /etc/ssl/certs 2>/dev/null").stdout, "");
        assert_eq!(host.exec("ip route").ok().lines().count(), 1);
        assert_eq!(host.exec("systemctl list-timers --no-legend").ok(), "");
    }
}

#[test]
fn users_of_a_lab_host_log_in_with_their_key_only() {
    for image in IMAGES {
        let host = Host::boot(image);
        assert_eq!(host.ssh("root", "id -un").ok(), "root");
        assert_eq!(host.ssh("admin", "id -un; sudo -n id -un").ok(), "admin\nroot");
        assert_eq!(host.ssh("nosudo", "id -un").ok(), "nosudo");
        assert_ne!(host.ssh("nosudo", "sudo -n true").status, 0);
        assert_eq!(host.ssh("nobody", "true").status, 255);
        assert_eq!(host.ssh("root", "echo out; echo err >&2; exit 7").status, 7);
        // Neither * nor ! is the hash of any password.
        let hashes = host.exec("cut -d: -f2 /etc/shadow | sort -u").ok();
        assert!(hashes.lines().all(|hash| hash.starts_with(['*', '!'])), "{hashes}");

        // Another host's keys are not this one's.
        fs::write(host.known_hosts(), format!("{} {OTHER_KEY}\n", host.addr())).unwrap();
        let refused = host.ssh("root", "true");
        assert_eq!(refused.status, 255);
        assert!(refused.stderr.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"), "{refused:?}");
    }
}

const OTHER_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1wPpxMDkGsiVYfDvEsiPwVs3Z1Wx3dJ0W1u0qk8Ue3";

#[test]
fn debian_13_resolves_names_through_systemd() {
    let host = Host::boot("debian13");
    let hosts = host.exec("grep ^hosts: /etc/nsswitch.conf").ok();
    assert!(hosts.contains("resolve") && hosts.contains("mymachines"), "{hosts}");
    // The modules that a statically linked getaddrinfo would load are really there.
    host.exec("ls /lib/x86_64-linux-gnu/libnss_resolve.so.2 /lib/x86_64-linux-gnu/libnss_mymachines.so.2")
        .ok();
    assert_ne!(host.exec("getent ahosts example.org").status, 0);
}

#[test]
fn llama_server_runs_once_libgomp1_is_installed_from_the_host_itself() {
    let archive = lab::llama_archive();
    for image in IMAGES {
        let host = Host::boot(image);
        host.put(&archive, "/root/llama.tar.gz");
        host.exec("tar -xzf /root/llama.tar.gz -C /opt").ok();
        let server = "/opt/llama-b11434/llama-server --version";
        let missing = host.exec(server);
        assert_eq!(missing.status, 127, "{missing:?}");
        assert!(missing.stderr.contains("libgomp.so.1"), "{missing:?}");

        assert_ne!(host.exec("dpkg -s libgomp1").status, 0);
        host.exec("apt-get update -qq && apt-get install -y libgomp1").ok();
        let version = host.exec(server);
        assert!(format!("{version:?}").contains("11434"), "{version:?}");
        assert_eq!(version.status, 0);
        assert_eq!(host.exec("ldd /opt/llama-b11434/llama-bench | grep 'not found'").stdout, "");
    }
    for program in ["llama-server", "llama-fit-params", "llama-bench", "llama-quantize"] {
        assert!(lab::llama_bin().join(program).is_file(), "{program}");
    }
}

#[test]
fn a_reboot_keeps_the_disk_and_nothing_else() {
    for image in IMAGES {
        let host = Host::boot(image);
        host.exec("touch /run/was-here /root/was-here; sync").ok();
        let before = host.snapshot();
        for _ in 0..2 {
            host.reboot();
            assert_ne!(host.exec("test -e /run/was-here").status, 0);
            assert_eq!(host.ssh("admin", "sudo ls /root").ok(), "was-here");
            assert_eq!(host.exec("systemctl is-system-running --wait").ok(), "running");
        }
        assert_eq!(diff(&before, &host.snapshot()), [""; 0], "{image}");
    }
}

#[test]
fn a_host_may_reboot_itself() {
    let host = Host::boot("debian12");
    host.exec("touch /run/was-here").ok();
    host.ssh("admin", "sudo systemctl reboot");
    let began = Instant::now();
    while host.exec("test -e /run/was-here").status != 1 || host.ssh("admin", "true").status != 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", host.console());
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_snapshot_sees_every_change_and_nothing_else() {
    for image in IMAGES {
        let host = Host::boot(image);
        let before = host.snapshot();
        assert!(before.len() > 3000, "{}", before.len());
        assert_eq!(before["/bin"], "l 777 0:0 usr/bin");
        assert!(before["/etc/hostname"].starts_with("f 644 0:0 "), "{}", before["/etc/hostname"]);

        // Looking around leaves no trace.
        for user in ["root", "admin", "nosudo"] {
            host.ssh(user, "cat /etc/os-release; df; ps ax; sudo -n true; systemctl status");
        }
        assert_eq!(diff(&before, &host.snapshot()), [""; 0], "{image}");

        host.exec("echo > /tmp/new; mkdir '/home/admin/a dir'; ln -s x '/opt/back\\slash'").ok();
        host.exec("chmod 600 /etc/hosts; chown admin /etc/fstab; rm /etc/issue").ok();
        host.exec("sed -i s/lab/lap/ /etc/hostname; apt-get update -qq").ok();
        let changes = diff(&before, &host.snapshot());
        for change in [
            "+ /tmp/new: f 644 0:0 1 ",
            "+ /home/admin/a dir: d 755 0:0",
            "+ /opt/back\\slash: l 777 0:0 x",
            "~ /etc/hosts: f 644 ",
            "~ /etc/fstab: f 644 0:0 ",
            "- /etc/issue: f 644 ",
            "~ /etc/hostname: f 644 ",
            "+ /var/lib/apt/lists/",
        ] {
            assert!(changes.iter().any(|c| c.starts_with(change)), "{change} in {changes:#?}");
        }
    }
}

#[test]
fn a_small_disk_fills_up() {
    let host = Host::boot_with_disk("debian12", "64M");
    let full = host.ssh("root", "dd if=/dev/zero of=/root/big bs=1M count=100");
    assert_eq!(full.status, 1);
    assert!(full.stderr.contains("No space left on device"), "{full:?}");
    // It comes back up like that, and what the reboot itself freed is soon gone too.
    host.reboot();
    assert_ne!(host.exec("dd if=/dev/zero of=/root/more bs=1k").status, 0);
    host.exec("rm /root/big /root/more && dd if=/dev/zero of=/root/more bs=1M count=32").ok();
}

#[test]
fn a_link_is_cut_and_mended() {
    let host = Host::boot("debian12");
    for _ in 0..2 {
        host.link_down();
        assert_eq!(host.ssh("root", "true").status, 255);
        host.link_up();
        host.ssh("root", "true").ok();
        host.link_mute();
        assert_eq!(host.ssh("root", "true").status, 255);
        host.link_up();
        host.ssh("root", "true").ok();
    }
}

#[test]
fn hosts_are_apart_and_leave_nothing() {
    let (one, two) = (Host::boot("debian12"), Host::boot("debian12"));
    assert_ne!(one.addr(), two.addr());
    for file in ["/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key.pub", "/etc/hostname"] {
        let read = format!("cat {file}");
        assert_ne!(one.exec(&read).ok(), two.exec(&read).ok(), "{file}");
    }
    // One's services are none of the other's.
    one.exec("systemctl stop ssh.service; touch /root/mine").ok();
    assert_eq!(one.ssh("root", "true").status, 255);
    assert_eq!(two.ssh("root", "ls /root").ok(), "");
    assert_ne!(two.exec(&format!("timeout 1 bash -c '</dev/tcp/{}/22'", one.addr())).status, 0);

    let (name, state) = (one.name().to_owned(), one.known_hosts().with_file_name(""));
    assert!(state.exists());
    drop(one);
    assert!(is_gone(&name, &state));
    two.ssh("root", "true").ok();
}

#[test]
fn a_crashed_tests_host_is_cleared_away() {
    let host = Host::boot("debian12");
    host.exec("touch /root/old").ok();
    let number = host.name().rsplit_once('-').unwrap().1;
    let up = |owner: u32| {
        let mut up = lab::tool("host");
        up.args(["up", host.name(), "debian12", number, "--owner", &owner.to_string(), "--key"]);
        lab::run(up.arg(host.key_path().with_extension("pub"))).ok();
    };
    // By the next one of that name.
    let mut owner = Command::new("sleep").arg("600").spawn().unwrap();
    up(owner.id());
    assert_eq!(host.ssh("root", "ls /root").ok(), "");

    // Or as soon as its owner is dead.
    owner.kill().unwrap();
    owner.wait().unwrap();
    let state = host.known_hosts().with_file_name("");
    let began = Instant::now();
    while !is_gone(host.name(), &state) {
        assert!(began.elapsed() < Duration::from_secs(20), "{} is still there", state.display());
        thread::sleep(Duration::from_millis(100));
    }
}

fn is_gone(name: &str, state: &Path) -> bool {
    let argument = format!("--machine={name}");
    let runs = |entry: fs::DirEntry| {
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        command.split(|byte| *byte == 0).any(|word| word == argument.as_bytes())
    };
    let running = fs::read_dir("/proc").unwrap().flatten().any(runs);
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    !running
        && !state.exists()
        && !mounts.contains(state.to_str().unwrap())
        && !Path::new("/run/netns").join(name).exists()
}
