use super::*;
use crate::error::{Exit, exit_code, hint};
use std::fs;

/// Files in which every host is looked up.
const GLOBAL: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

struct Fixture {
    _folder: tempfile::TempDir,
    options: Options,
}

fn with(text: &str) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    fs::write(&file, text).unwrap();
    Fixture { options: Options { config: Some(file), ..Options::default() }, _folder: folder }
}

fn decided(text: &str, target: &str) -> Settings {
    settings(&Target::parse(target).unwrap(), &with(text).options).unwrap()
}

fn refused(text: &str, target: &str) -> anyhow::Error {
    settings(&Target::parse(target).unwrap(), &with(text).options).unwrap_err()
}

const ALIAS: &str = "Host box\n  HostName 192.0.2.7\n  User admin\n  Port 2200\n  IdentityFile ~/keys/box\n  ConnectTimeout 3\n";

#[test]
fn an_alias_gives_name_user_port_key_and_timeout() {
    let got = decided(ALIAS, "box");
    assert_eq!((got.host.as_str(), got.user.as_str(), got.port), ("192.0.2.7", "admin", 2200));
    assert_eq!(got.config_identity, [account::home().unwrap().join("keys/box")]);
    assert_eq!(got.connect_timeout, Duration::from_secs(3));
    assert_eq!(got.known_as, "192.0.2.7");
}

#[test]
fn what_was_typed_wins() {
    let got = decided(ALIAS, "me@box:23");
    assert_eq!((got.host.as_str(), got.user.as_str(), got.port), ("192.0.2.7", "me", 23));
    let other = decided(ALIAS, "me@other");
    assert_eq!((other.host.as_str(), other.port), ("other", 22));
    assert_eq!(other.connect_timeout, CONNECT_TIMEOUT);
}

#[test]
fn tokens_aliases_and_named_files() {
    let text = "Host box\n HostName %h.example.org\n HostKeyAlias real\n IdentitiesOnly yes\n \
                UserKnownHostsFile /a/%h /b\n IdentityFile /k/%r@%n%%\n IdentityAgent none\n";
    let got = decided(text, "me@box");
    assert_eq!((got.host.as_str(), got.known_as.as_str()), ("box.example.org", "real"));
    assert_eq!(got.known_hosts[..2], ["/a/box.example.org", "/b"].map(PathBuf::from));
    assert_eq!(got.config_identity, [PathBuf::from("/k/me@box%")]);
    assert!(got.identities_only && got.agent_socket.is_none());
}

#[test]
fn a_match_block_does_not_leak_into_the_block_before() {
    let text =
        "Host box\n User one\nMatch exec \"true\"\n Port 1\nMatch host box\n Port 2\nMatch all\n Port 3\n";
    assert_eq!(decided(text, "box").port, 1);
    let text = text.replace("true", "false");
    assert_eq!(decided(&text, "box").port, 2);
    assert_eq!(decided(&text, "me@other").port, 3);
}

#[test]
fn new_keys_never_go_to_the_file_of_the_machine() {
    assert_eq!(decided("UserKnownHostsFile /a /b\n", "box").new_keys, Some("/a".into()));
    let none = decided("UserKnownHostsFile none\n", "box");
    assert_eq!((none.new_keys, none.known_hosts), (None, GLOBAL.map(PathBuf::from).into()));
}

#[test]
fn included_files_count() {
    let included = with("Host box\n Port 4\n");
    let text = format!("Include {}\nHost *\n Port 5\n", included.options.config.as_ref().unwrap().display());
    assert_eq!(decided(&text, "box").port, 4);
    assert_eq!(decided(&text, "other").port, 5);
}

#[test]
fn a_match_of_an_included_file_does_not_leak() {
    let included = with("Host *\n User good\nMatch exec \"false\"\n User evil\n Port 9\n");
    let file = included.options.config.as_ref().unwrap().display().to_string();
    let got = decided(&format!("Include {file}\nHost *\n Port 24\n"), "box");
    assert_eq!((got.user.as_str(), got.port), ("good", 24));
}

#[test]
fn a_device_is_no_configuration() {
    let error = refused("Include /dev/zero\n", "box");
    assert_eq!(exit_code(&error), Exit::Usage);
    assert!(error.to_string().contains("on /dev/zero"), "{error}");
    let options = Options { config: Some("/dev/zero".into()), ..Options::default() };
    let error = settings(&Target::parse("box").unwrap(), &options).unwrap_err();
    assert!(error.to_string().contains("not a regular file"), "{error}");
}

#[test]
fn a_broken_or_missing_file_is_named() {
    let error = refused("Host box\n Port many\n", "box");
    assert_eq!(exit_code(&error), Exit::Usage);
    assert!(error.to_string().contains("/config line 2: Bad port 'many'"), "{error}");
    let options = Options { config: Some("/nonexistent/config".into()), ..Options::default() };
    let error = settings(&Target::parse("box").unwrap(), &options).unwrap_err();
    assert_eq!(exit_code(&error), Exit::Usage);
    assert!(error.to_string().contains("/nonexistent/config"), "{error}");
    let fixture = with("");
    fs::write(fixture.options.config.as_ref().unwrap(), [0xff, 0xfe]).unwrap();
    assert!(settings(&Target::parse("box").unwrap(), &fixture.options).is_err());
}

#[test]
fn a_proxy_command_is_not_gone_around() {
    let got = decided("Host box\n HostName 192.0.2.7\n ProxyCommand nc %h %p # %n %r%%\n", "me@box");
    assert_eq!(got.proxy.as_deref(), Some("nc 192.0.2.7 22 # box me%"));
    assert_eq!(decided("Host box\n ProxyCommand none\n", "box").proxy, None);
    let error = refused("ProxyCommand nc %h %p\nProxyUseFdpass yes\n", "box");
    assert_eq!(exit_code(&error), Exit::Usage);
    assert!(error.to_string().contains("ProxyUseFdpass") && hint(&error).is_some(), "{error}");
}

#[test]
fn an_alias_is_filed_without_a_port() {
    let got = decided("Host box\n HostKeyAlias Real\n Port 2201\n CheckHostIP yes\n", "box");
    assert_eq!((got.known_as.as_str(), got.known_port, got.check_host_ip), ("real", 22, false));
    let got = decided("Host box\n Port 2201\n CheckHostIP yes\n", "box");
    assert_eq!((got.known_as.as_str(), got.known_port, got.check_host_ip), ("box", 2201, true));
}

#[test]
fn jump_hosts_are_in_order() {
    let got = decided("Host box\n ProxyJump me@a:2,ssh://b\n", "box");
    assert_eq!(got.jump.iter().map(Target::to_string).collect::<Vec<_>>(), ["me@a:2", "b"]);
    assert!(decided("Host box\n ProxyJump none\n", "box").jump.is_empty());
    assert_eq!(exit_code(&refused("Host box\n ProxyJump a:b:c\n", "box")), Exit::Usage);
}

#[test]
fn a_hop_tries_the_named_key_and_its_own_but_ignores_a_pin() {
    let mut got = decided("IdentityFile /k/own\n", "gate");
    got.identity = vec!["/k/named".into()];
    got.host_key = HostKeyPolicy::Fingerprint("SHA256:x".into());
    let hop = got.into_hop();
    assert_eq!(hop.config_identity, [PathBuf::from("/k/named"), PathBuf::from("/k/own")]);
    assert!(hop.identity.is_empty() && hop.host_key == HostKeyPolicy::Known);
}

#[test]
fn an_empty_configuration_leaves_the_defaults() {
    let got = decided("", "box");
    assert_eq!(got.port, 22);
    assert_eq!(got.default_keys.len(), 3);
    assert!(got.default_keys[0].ends_with(".ssh/id_ed25519"));
    assert!(got.known_hosts[0].ends_with(".ssh/known_hosts"));
    assert!(got.known_hosts.ends_with(&GLOBAL.map(PathBuf::from)));
    assert!(!got.user.is_empty());
}

#[test]
fn ways_to_log_in_are_those_that_the_configuration_prefers() {
    let names = |text: &str| {
        decided(text, "box").methods.iter().map(|method| method.name()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(""), "publickey keyboard-interactive password");
    assert_eq!(names("PreferredAuthentications gssapi-with-mic,password,publickey\n"), "password publickey");
    assert_eq!(names("PubkeyAuthentication no\nPasswordAuthentication no\n"), "keyboard-interactive");
    assert_eq!(names("KbdInteractiveAuthentication no\n"), "publickey password");
    assert_eq!(names("PreferredAuthentications none\n"), "");
}

#[test]
fn a_certificate_file_is_found_and_batch_mode_asks_nobody() {
    let got = decided("Host box\n CertificateFile /k/%h-cert.pub\n", "box");
    assert_eq!(got.certificates, [PathBuf::from("/k/box-cert.pub")]);
    struct Someone;
    impl crate::ssh::Ask for Someone {
        fn ask(&self, _: &str, _: bool) -> Result<crate::secret::Secret, crate::ssh::Absent> {
            Ok("typed".into())
        }
    }
    for (text, asks) in [("", true), ("BatchMode yes\n", false)] {
        let fixture = with(text);
        let secrets = Secrets::new(crate::ssh::GivenSecrets::default(), Someone);
        let options = Options { secrets, ..fixture.options.clone() };
        let got = settings(&Target::parse("box").unwrap(), &options).unwrap();
        assert_eq!(got.secrets.can_ask(), asks, "{text}");
    }
}

#[test]
fn a_pipe_is_read_once_for_all_hosts() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut writer, b"Host a\n Port 1\nHost b\n Port 2\n").unwrap();
    drop(writer);
    let file = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
    let options = Options { config: Some(file.into()), ..Options::default() };
    for (name, port) in [("a", 1), ("b", 2), ("c", 22)] {
        assert_eq!(settings(&Target::parse(name).unwrap(), &options.clone()).unwrap().port, port);
    }
}

#[test]
fn the_configuration_is_asked_once_for_each_host() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let fixture = with(&format!("Match exec \"echo asked >> {}\"\n Port 7\n", log.display()));
    let target = Target::parse("box").unwrap();
    for _ in 0..3 {
        assert_eq!(settings(&target, &fixture.options.clone()).unwrap().port, 7);
        assert_eq!(names(&target, &fixture.options), ["box"]);
    }
    assert_eq!(fs::read_to_string(log).unwrap(), "asked\n");
}
