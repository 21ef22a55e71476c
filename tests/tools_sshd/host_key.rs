use std::fs;
use std::process::Command;

use agi_provision::error::{Exit, exit_code, hint};
use agi_provision::ssh::{Connection, HostKeyPolicy, Memory, Options, Target};

use crate::server::{Server, USER, generate};

fn connect(server: &Server, policy: HostKeyPolicy) -> anyhow::Result<Connection> {
    Connection::connect(&server.target(), &Options { host_key: policy, ..server.options() })
}

fn refused(server: &Server, policy: HostKeyPolicy) -> anyhow::Error {
    let error = connect(server, policy).err().expect("the host key must be refused");
    assert_eq!(exit_code(&error), Exit::HostKey, "{error:#}");
    error
}

fn pinned(fingerprint: &str) -> HostKeyPolicy {
    HostKeyPolicy::pinned(fingerprint).unwrap()
}

#[test]
fn an_unknown_key_is_refused_before_any_authentication() {
    let server = Server::start();
    let error = refused(&server, HostKeyPolicy::Known);
    let fingerprint = server.fingerprint("ed25519");
    assert!(error.to_string().contains(&fingerprint) && error.to_string().contains("ssh-ed25519"), "{error}");
    assert!(hint(&error).unwrap().contains(&format!("--host-key {fingerprint}")));
    assert!(hint(&error).unwrap().contains("--accept-new-host-key"));
    // The log has everything after the key exchange, so an attempt to authenticate would be in it too. (The first
    // connection that is closed there is the one that found the server ready.)
    let log = server.wait_for_log_after("KEX done", "Connection closed by");
    assert!(!log.contains("userauth-request"), "{log}");
    assert!(!server.path("known_hosts").exists());

    server.connect();
    assert!(server.wait_for_log("Accepted publickey").contains("userauth-request"));
}

#[test]
fn a_new_key_is_written_down_hashed_and_known_the_next_time() {
    let server = Server::start();
    let connection = connect(&server, HostKeyPolicy::AcceptNew).unwrap();
    assert_eq!(connection.host_key().fingerprint(), server.fingerprint("ed25519"));
    let text = fs::read_to_string(server.path("known_hosts")).unwrap();
    assert!(text.starts_with("|1|") && text.lines().count() == 1 && !text.contains("127.0.0.1"), "{text}");
    connect(&server, HostKeyPolicy::Known).unwrap();
    connect(&server, HostKeyPolicy::AcceptNew).unwrap();
    assert_eq!(fs::read_to_string(server.path("known_hosts")).unwrap(), text);
    // OpenSSH finds it too.
    let found = Command::new("ssh-keygen")
        .args(["-F", &server.known_as(), "-f"])
        .arg(server.path("known_hosts"))
        .output()
        .unwrap();
    assert!(found.status.success(), "{found:?}");
}

#[test]
fn a_changed_key_is_refused_even_where_new_ones_are_taken() {
    let server = Server::start();
    generate(server.path("").as_path(), "other", &["-t", "ed25519", "-N", ""]);
    let other = fs::read_to_string(server.path("other.pub")).unwrap();
    let text = format!("# a comment\n{} {other}", server.known_as());
    server.write_known_hosts(&text);
    for policy in [HostKeyPolicy::Known, HostKeyPolicy::AcceptNew] {
        let error = refused(&server, policy);
        assert!(error.to_string().contains("known_hosts:2"), "{error}");
        assert!(hint(&error).unwrap().contains("ssh-keygen") && hint(&error).unwrap().contains("-R"));
    }
    assert_eq!(fs::read_to_string(server.path("known_hosts")).unwrap(), text);
    // A pinned key counts for more than an old note.
    connect(&server, pinned(&server.fingerprint("ed25519"))).unwrap();
    assert!(!server.log().contains("Failed publickey"));
}

#[test]
fn a_pinned_fingerprint_decides_alone() {
    let server = Server::start();
    let right = server.fingerprint("ed25519");
    connect(&server, pinned(&right)).unwrap();
    assert!(!server.path("known_hosts").exists());
    server.trust("ed25519");
    let error = refused(&server, pinned(&format!("SHA256:{}", "A".repeat(43))));
    assert!(error.to_string().contains(&right), "{error}");
}

#[test]
fn a_pin_on_another_key_of_the_host_is_met() {
    let server = Server::with(&["ed25519", "ecdsa"], "");
    // Without known_hosts the server's ed25519 key comes first; the pin names the other one.
    connect(&server, pinned(&server.fingerprint("ecdsa"))).unwrap();
}

#[test]
fn hashed_entries_and_lists_are_known() {
    let server = Server::start();
    server.write_known_hosts(&format!("other,{} {}\n", server.known_as(), server.host_key("ed25519")));
    connect(&server, HostKeyPolicy::Known).unwrap();
    let done = Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(server.path("known_hosts")).output();
    assert!(done.unwrap().status.success());
    assert!(!fs::read_to_string(server.path("known_hosts")).unwrap().contains("127.0.0.1"));
    connect(&server, HostKeyPolicy::Known).unwrap();
}

#[test]
fn the_type_that_is_known_is_asked_for() {
    let server = Server::with(&["ed25519", "ecdsa", "rsa"], "");
    for (key_type, name) in [("ecdsa", "ecdsa-sha2-nistp256"), ("rsa", "ssh-rsa"), ("ed25519", "ssh-ed25519")]
    {
        server.trust(key_type);
        let connection = connect(&server, HostKeyPolicy::Known).unwrap();
        assert_eq!(connection.host_key().key_type, name);
    }
    // A file that also has a type the server has not.
    let only = Server::with(&["ecdsa"], "");
    generate(only.path("").as_path(), "host_ed25519", &["-t", "ed25519", "-N", ""]);
    let (old, now) = (only.host_key("ed25519"), only.host_key("ecdsa"));
    only.write_known_hosts(&format!("{0} {old}\n{0} {now}\n", only.known_as()));
    connect(&only, HostKeyPolicy::Known).unwrap();
}

#[test]
fn a_revoked_key_is_never_taken() {
    let server = Server::start();
    let key = server.host_key("ed25519");
    server.write_known_hosts(&format!("{} {key}\n@revoked * {key}\n", server.known_as()));
    let pin = pinned(&server.fingerprint("ed25519"));
    for policy in [HostKeyPolicy::Known, HostKeyPolicy::AcceptNew, pin] {
        let error = refused(&server, policy);
        assert!(error.to_string().contains("@revoked"), "{error}");
    }
    server.wait_for_log("Connection closed by");
    assert!(!server.log().contains("userauth-request"));
}

#[test]
fn a_certificate_authority_does_not_vouch_for_a_plain_key() {
    let server = Server::start();
    let key = server.host_key("ed25519");
    server.write_known_hosts(&format!("@cert-authority * {key}\n"));
    refused(&server, HostKeyPolicy::Known);
    server.write_known_hosts(&format!("@cert-authority * {key}\n{} {key}\n", server.known_as()));
    connect(&server, HostKeyPolicy::Known).unwrap();
}

/// Options with these lines of configuration.
fn configured(server: &Server, policy: HostKeyPolicy, lines: &str) -> Options {
    fs::write(server.path("config"), lines).unwrap();
    Options {
        config: Some(server.path("config")),
        host_key: policy,
        memory: Memory::default(),
        ..server.options()
    }
}

/// OpenSSH's client to the server, with the same files; whether it got in.
fn openssh(server: &Server, options: &[&str]) -> bool {
    let mut ssh = Command::new("ssh");
    ssh.args(["-F", "/dev/null", "-o", "BatchMode=yes", "-o", "GlobalKnownHostsFile=none", "-i"]);
    ssh.arg(server.path("client")).args(["-p", &server.port.to_string()]);
    ssh.arg("-o").arg(format!("UserKnownHostsFile={}", server.path("known_hosts").display()));
    for option in options {
        ssh.args(["-o", option]);
    }
    ssh.arg(format!("{}@127.0.0.1", *USER)).arg("true").output().unwrap().status.success()
}

#[test]
fn what_is_written_down_is_found_by_ssh_and_the_other_way_round() {
    for (lines, alias) in [("", None), ("HostKeyAlias Real\n", Some("HostKeyAlias=Real"))] {
        let server = Server::start();
        let options: Vec<&str> = alias.into_iter().collect();
        assert!(!openssh(&server, &options), "it is not known yet");
        let new = configured(&server, HostKeyPolicy::AcceptNew, lines);
        Connection::connect(&server.target(), &new).unwrap();
        assert!(openssh(&server, &[&options[..], &["StrictHostKeyChecking=yes"]].concat()), "{lines}");

        server.write_known_hosts("");
        assert!(openssh(&server, &[&options[..], &["StrictHostKeyChecking=accept-new"]].concat()));
        let known = configured(&server, HostKeyPolicy::Known, lines);
        Connection::connect(&server.target(), &known).unwrap();
    }
}

#[test]
fn a_key_that_changed_under_the_alias_or_the_address_is_refused() {
    let server = Server::start();
    generate(server.path("").as_path(), "other", &["-t", "ed25519", "-N", ""]);
    let other = fs::read_to_string(server.path("other.pub")).unwrap();
    for policy in [HostKeyPolicy::Known, HostKeyPolicy::AcceptNew] {
        server.write_known_hosts(&format!("real {other}"));
        let options = configured(&server, policy.clone(), "HostKeyAlias real\n");
        let error = Connection::connect(&server.target(), &options).err().unwrap();
        assert_eq!(exit_code(&error), Exit::HostKey, "{error:#}");
        assert!(hint(&error).unwrap().contains("-R 'real'"), "{error:#}");
        assert!(!openssh(&server, &["HostKeyAlias=real", "StrictHostKeyChecking=accept-new"]));

        server.write_known_hosts(&format!("[127.0.0.1]:{} {other}", server.port));
        let lines = "Host box\n HostName localhost\nHost *\n CheckHostIP yes\n AddressFamily inet\n";
        let options = configured(&server, policy, lines);
        let target = Target { name: "box".into(), ..server.target() };
        let error = Connection::connect(&target, &options).err().unwrap();
        assert_eq!(exit_code(&error), Exit::HostKey, "{error:#}");
        assert!(error.to_string().contains("has changed"), "{error:#}");
    }
}

#[test]
fn a_command_may_know_the_host() {
    let server = Server::with(&["ed25519", "ecdsa"], "");
    let lines = format!("{} {}\n", server.known_as(), server.host_key("ecdsa"));
    fs::write(server.path("lines"), lines).unwrap();
    let command =
        |text: &str| configured(&server, HostKeyPolicy::Known, &format!("KnownHostsCommand {text}\n"));
    let cat = command(&format!("/bin/cat {}", server.path("lines").display()));
    let connection = Connection::connect(&server.target(), &cat).unwrap();
    assert_eq!(connection.host_key().key_type, "ecdsa-sha2-nistp256");
    let echo = command("/bin/echo %H %t %K");
    Connection::connect(&server.target(), &echo).unwrap();
    for (text, why) in
        [("/bin/false %H", "status 1"), ("cat", "absolute path"), ("/nonexistent/x", "starting")]
    {
        let error = Connection::connect(&server.target(), &command(text)).err().unwrap();
        assert_eq!(exit_code(&error), Exit::HostKey, "{error:#}");
        assert!(error.to_string().contains(why), "{error:#}");
    }
}

#[test]
fn a_key_in_the_list_of_revoked_ones_is_never_taken() {
    let server = Server::start();
    server.trust("ed25519");
    generate(server.path("").as_path(), "other", &["-t", "ed25519", "-N", ""]);
    let keys = fs::read_to_string(server.path("other.pub")).unwrap();
    let list = server.path("revoked");
    let krl = server.path("krl");
    let others_krl = server.path("others.krl");
    let cut_krl = server.path("cut.krl");
    for (list, key) in [(&krl, "host_ed25519.pub"), (&others_krl, "other.pub")] {
        let made = Command::new("ssh-keygen").arg("-kqf").arg(list).arg(server.path(key)).status();
        assert!(made.unwrap().success());
    }
    fs::write(&cut_krl, &fs::read(&others_krl).unwrap()[..50]).unwrap();
    let pin = HostKeyPolicy::pinned(&server.fingerprint("ed25519")).unwrap();
    // Each is taken or refused as by OpenSSH's client, with the reason.
    for (file, text, taken, why) in [
        (&list, keys.clone(), true, ""),
        (&list, format!("# lost\n{keys}{} root@box\n", server.host_key("ed25519")), false, "revoked:3"),
        (&krl, String::new(), false, "krl (RevokedHostKeys)"),
        (&others_krl, String::new(), true, ""),
        (&cut_krl, String::new(), false, "that ssh-keygen cannot read"),
        (&server.path("missing"), String::new(), false, "cannot be read"),
    ] {
        if !text.is_empty() {
            fs::write(file, text).unwrap();
        }
        let line = format!("RevokedHostKeys={}", file.display());
        assert_eq!(openssh(&server, &[&line]), taken, "{line}");
        for policy in [HostKeyPolicy::Known, HostKeyPolicy::AcceptNew, pin.clone()] {
            let options = configured(&server, policy, &format!("{}\n", line.replace('=', " ")));
            match Connection::connect(&server.target(), &options) {
                Ok(_) => assert!(taken, "{line}"),
                Err(error) => {
                    assert_eq!(exit_code(&error), Exit::HostKey, "{error:#}");
                    assert!(!taken && error.to_string().contains(why) && hint(&error).is_some(), "{error:#}");
                }
            }
        }
    }
}
