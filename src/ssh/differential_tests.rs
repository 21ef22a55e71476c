//! Our own reader against OpenSSH's client: where both answer, the settings are the same; where ours does not
//! understand what `ssh -G` does, it says so.

use super::super::authority;
use super::super::reader::{self, Asked};
use super::*;
use proptest::prelude::*;
use std::fs;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text.replace("@T@", folder.path().to_str().unwrap())).unwrap();
        }
        Folder(folder)
    }

    /// Returns what `ssh -G` and our reader make of a configuration; `@T@` is this folder.
    fn both(&self, text: &str, target: &str) -> (Result<String, String>, Result<String, String>) {
        let text = text.replace("@T@", self.0.path().to_str().unwrap());
        let file = self.0.path().join("config");
        fs::write(&file, &text).unwrap();
        let target = Target::parse(target).unwrap();
        let options = Options { config: Some(file.clone()), ..Options::default() };
        let asked = Asked {
            name: &target.name,
            user: target.user.as_deref(),
            port: target.port,
            home: &account::home().unwrap(),
        };
        let shown = |found: Found| {
            put_together(&target, &options, &found)
                .map(|settings| format!("{settings:#?}"))
                .map_err(|e| format!("{e:#}"))
        };
        let theirs = authority::ask(&target, Some(&file), &[], &[]).map_err(|error| format!("{error:#}"));
        let theirs = theirs
            .and_then(|found| shown(found.expect("these tests need ssh: apt-get install openssh-client")));
        let ours = reader::read_config(&[(file, text)], &asked).and_then(shown);
        (theirs, ours)
    }
}

/// Asserts that ours is theirs, or refuses for want of the client; returns whether it was read.
fn same(text: &str, target: &str, both: (Result<String, String>, Result<String, String>)) -> bool {
    match both {
        (Ok(theirs), Ok(ours)) => {
            let differ = theirs.lines().zip(ours.lines()).find(|(a, b)| a != b);
            assert_eq!(theirs.len(), ours.len(), "{target}: {text}: {differ:?}");
            assert_eq!(differ, None, "{target}: {text}");
            true
        }
        (Ok(_), Err(why)) => {
            assert!(why.contains("needs OpenSSH's client"), "{target}: {text}: {why}");
            false
        }
        // Ours reads no value that nobody needs.
        (Err(_), _) => false,
    }
}

const BOX: &str = "Host box\n HostName 192.0.2.2\n User alice\n Port 2201\n IdentityFile /k/key\n";

#[test]
fn configurations_of_people_lead_to_the_same_host() {
    let folder = Folder::new(&[
        ("c d/a.conf", "Host box\n User alice\n"),
        ("b.conf", "Host box\n Port 2201\n"),
        ("o.conf", "Port 9\nHost box\n Port 2203\n"),
    ]);
    for (text, target) in [
        (BOX.to_string(), "box"),
        (
            "Host=\"box\"\r\n\tHostName = \"192.0.2.2\"   \r\n\tUser=alice\r\n\tPort\t=\t2201\r\n\tIdentityFile = \"/k\"\r\n"
                .into(),
            "box",
        ),
        (format!("Host *\n AddKeysToAgent confirm\n ForwardAgent $SSH_AUTH_SOCK\n{BOX}"), "box"),
        (format!("Host *\n AddKeysToAgent 1h\n ServerAliveInterval 1m\n ConnectTimeout 1m\n{BOX}"), "box"),
        (format!("Host *\n PubkeyAuthentication unbound\n{BOX}"), "box"),
        (format!("{BOX} RemoteForward /run/gpg /home/me/S.extra\n"), "box"),
        ("Host box\n HostName 192.0.2.2\nMatch host 192.0.2.*\n User alice\n Port 2201\n".into(), "box"),
        ("Match host box user alice\n Port 2201\nHost box\n HostName 192.0.2.2\n".into(), "alice@box"),
        ("Match !host box\n Port 9\nMatch !host other\n Port 2201\nHost *\n HostName 192.0.2.2\n".into(), "box"),
        ("Match host box,other\n Port 2201\nHost *\n HostName 192.0.2.2\n User alice\n".into(), "box"),
        ("Host * !box\n Port 9\nHost b?x !other\n Port 2201\nHost *\n User alice\n".into(), "box"),
        ("Host *\n User alice\nHost box\n User deploy\n Port 2201\n".into(), "box"),
        (format!("{BOX} IdentityFile ${{CARGO_MANIFEST_DIR}}/key\n"), "box"),
        ("Host box\n IdentityFile @T@/keys/%u\n IdentityFile ~/%r@%h-%p%%\n Port 2\n".into(), "me@box"),
        ("Host box\n IdentityFile @T@/keys/k#1\n".into(), "box"),
        ("Host box # my box\n HostName 192.0.2.2 # lab\n User alice # me\n Port 2201 # odd\n".into(), "box"),
        (format!("Include @T@/nothing/*.conf\n{BOX}"), "box"),
        ("Include \"@T@/c d/a.conf\" @T@/b.conf\nHost box\n HostName 192.0.2.2\n".into(), "box"),
        ("Host other\n Include @T@/o.conf\nHost box\n HostName 192.0.2.2\n".into(), "box"),
        ("Host box\n Include @T@/o.conf\nHost *\n Port 7\n".into(), "box"),
        (format!("{BOX} ControlMaster auto\n ControlPath ~/.ssh/cm-%C\n EnableEscapeCommandline yes\n VisualHostKey yes\n"), "box"),
        (format!("{BOX} UserKnownHostsFile /dev/null\n StrictHostKeyChecking no\n"), "box"),
        (format!("{BOX} UserKnownHostsFile ~/a/%h /b/%%k\n GlobalKnownHostsFile /g /h\n"), "box"),
        (format!("{BOX} UserKnownHostsFile none\n GlobalKnownHostsFile none\n"), "box"),
        (format!("{BOX} ProxyJump root@192.0.2.9:22\n"), "box"),
        (format!("{BOX} ProxyJump bob@192.0.2.9:23,c@gate,ssh://d@h:33\n"), "box"),
        (format!("{BOX} ProxyJump root@192.0.2.9 # gate\n ProxyCommand nc %h %p\n"), "box"),
        (format!("{BOX} ProxyJump none\n ProxyCommand none\n"), "box"),
        (format!("{BOX} ProxyCommand none\n ProxyJump gate\n"), "box"),
        ("Host box\n HostName 192.0.2.2\n User \"alice\"\n Port 02201\n".into(), "box"),
        (BOX.into(), "ssh://me@box:2202"),
        (BOX.into(), "BOX"),
        (format!("{BOX} AddressFamily inet6\n BindAddress 127.0.0.2\n"), "box"),
        ("Host b*\n HostName %h.lab\n".into(), "b210"),
        (format!("{BOX} CertificateFile /a\n CertificateFile /b/%h\n"), "box"),
        ("Host box\n IdentityFile none\n".into(), "box"),
        ("Host box\n HostName none\n User none\n HostKeyAlias none\n IdentityAgent /run/%h\n".into(), "box"),
        ("Host box\n SetEnv FOO=\"a b\"\n HostKeyAlias Real\n IdentitiesOnly yes\n IdentityAgent none\n".into(), "box"),
        ("Host box\n IdentityAgent ~/agent/%h\n CheckHostIP yes\n".into(), "box"),
        ("Host box\n RemoteCommand tmux new -A -s its\n LocalCommand echo \"a\\\" b\"\n Port 3\n".into(), "box"),
        ("Host box\n PreferredAuthentications password,publickey\n PasswordAuthentication no\n BatchMode yes\n".into(), "box"),
        ("Host box\n UserKnownHostsFile \"/a b/k\" /c\n IdentityFile \"/k/a b\"\n".into(), "box"),
        ("User first\nUser second\nHost box\n User third\n".into(), "box"),
        ("Host box\n IgnoreUnknown Frob*\n FrobX yes\n Port 4\n".into(), "box"),
        ("Match all\n Port 5\n".into(), "box"),
        ("Port 5\n".into(), "2001:db8::1"),
    ] {
        let both = folder.both(&text, target);
        assert!(both.0.is_ok() && both.1.is_ok(), "{text}: {both:?}");
        same(&text, target, both);
    }
}

#[test]
fn a_setting_that_only_ssh_can_judge_is_reported_as_such() {
    let folder = Folder::new(&[]);
    for (text, want) in [
        ("Match originalhost box exec \"true\"\n Port 2201\n", "port: 2201"),
        ("Host box\n HostName 192.0.2.2\nMatch final\n Port 2201\n", "port: 2201"),
        ("Match exec \"false\"\n Port 9\n", "port: 22"),
    ] {
        let (theirs, ours) = folder.both(text, "box");
        assert!(theirs.as_ref().is_ok_and(|settings| settings.contains(want)), "{text}: {theirs:?}");
        assert!(ours.unwrap_err().contains("needs OpenSSH's client"), "{text}");
    }
}

#[test]
fn a_configuration_that_ssh_refuses_is_refused_with_its_words() {
    let folder = Folder::new(&[("loop", "Include @T@/loop\n")]);
    for (text, words) in [
        ("Host box\n Frobnicate yes\n", "Bad configuration option: frobnicate"),
        ("Port many\n", "line 1: Bad port"),
        ("Include @T@/loop\n", "Too many recursive configuration includes"),
        ("Match\n", "line 1"),
    ] {
        let (theirs, ours) = folder.both(text, "box");
        assert!(theirs.as_ref().is_err_and(|why| why.contains(words)), "{text}: {theirs:?}");
        assert!(ours.is_err(), "{text}");
    }
}

/// Lines that are right or nearly so, and blocks around them.
fn lines() -> impl Strategy<Value = String> {
    let pattern = prop_oneof![
        Just("box"),
        Just("b*"),
        Just("!box"),
        Just("*"),
        Just("other"),
        Just("?ox"),
        Just("192.0.2.*")
    ];
    let host = prop::collection::vec(pattern.clone(), 1..3).prop_map(|all| format!("Host {}", all.join(" ")));
    let criterion = (any::<bool>(), prop_oneof![Just("host"), Just("originalhost"), Just("user")], pattern)
        .prop_filter("a pattern that is no list", |(_, _, pattern)| !pattern.starts_with('!'))
        .prop_map(|(not, what, pattern)| format!("{}{what} {pattern}", if not { "!" } else { "" }));
    let matched = prop::collection::vec(criterion, 1..3).prop_map(|all| format!("Match {}", all.join(" ")));
    let keyword = prop_oneof![
        Just("User"),
        Just("Port"),
        Just("HostName"),
        Just("IdentityFile"),
        Just("CertificateFile"),
        Just("HostKeyAlias"),
        Just("ConnectTimeout"),
        Just("UserKnownHostsFile"),
        Just("GlobalKnownHostsFile"),
        Just("ProxyJump"),
        Just("IdentitiesOnly"),
        Just("BatchMode"),
        Just("PreferredAuthentications"),
        Just("IdentityAgent"),
        Just("AddressFamily"),
        Just("PasswordAuthentication"),
        Just("port"),
        Just("IDENTITYFILE"),
        Just("Compression"),
    ];
    let value = prop_oneof![
        Just("22"),
        Just("2201"),
        Just("me"),
        Just("box.lab"),
        Just("%h.lab"),
        Just("/a/%h/%r"),
        Just("~/k"),
        Just("\"/a b\""),
        Just("/a /b"),
        Just("yes"),
        Just("no"),
        Just("none"),
        Just("1m"),
        Just("2h3"),
        Just("k#1"),
        Just("a # b"),
        Just("publickey,password"),
        Just("gate"),
        Just("me@gate:23"),
        Just("inet"),
        Just("'x y'"),
        Just("a\\ b"),
        Just(""),
        Just("192.0.2.2"),
    ];
    let space = prop_oneof![Just(" "), Just("\t"), Just(" = "), Just("=")];
    let end = prop_oneof![Just(""), Just("  "), Just("\r"), Just(" # why")];
    let setting = (keyword, space, value, end)
        .prop_map(|(keyword, space, value, end)| format!(" {keyword}{space}{value}{end}"));
    prop_oneof![2 => host, 1 => matched, 6 => setting]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn generated_configurations_lead_to_the_same_host(
        lines in prop::collection::vec(lines(), 0..8),
        target in prop_oneof![Just("box"), Just("me@box"), Just("box:2222"), Just("other"), Just("192.0.2.7")],
    ) {
        let text = lines.join("\n") + "\n";
        same(&text, target, Folder::new(&[]).both(&text, target));
    }
}
