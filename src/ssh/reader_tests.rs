use super::*;
use std::fs;

struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Home {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(".ssh").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Home(dir)
    }

    fn found(&self, text: &str, name: &str) -> Result<Found, String> {
        let asked = Asked { name, user: None, port: None, home: self.0.path() };
        read_config(&[("config".into(), text.to_string())], &asked)
    }

    /// The certificates that the blocks which apply name.
    fn applying(&self, text: &str, name: &str) -> Vec<String> {
        self.found(text, name).unwrap().all("certificatefile").to_vec()
    }
}

#[test]
fn included_lines_apply_where_both_blocks_do() {
    let home = Home::new(&[
        ("inner", "CertificateFile 1\nHost box\n CertificateFile 2\nMatch user nobody\n CertificateFile 3\n"),
        ("conf.d/b.conf", "CertificateFile b\n"),
        ("conf.d/a.conf", "CertificateFile a\n"),
        ("conf.d/.hidden.conf", "CertificateFile hidden\n"),
        ("conf.d/other", "CertificateFile other\n"),
    ]);
    let text = "Host box other\n Include inner\n CertificateFile after\nHost *\n CertificateFile last\n";
    assert_eq!(home.applying(text, "box"), ["1", "2", "after", "last"]);
    assert_eq!(home.applying(text, "other"), ["1", "after", "last"]);
    assert_eq!(home.applying(text, "third"), ["last"]);
    let all = home.applying("Include=\"conf.d/*.conf\" missing ~/.ssh/inner # no\n", "box");
    assert_eq!(all, ["a", "b", "1", "2"]);
}

#[test]
fn hosts_are_matched_as_openssh_does() {
    let home = Home::new(&[]);
    for (line, name, applies) in [
        ("Host b*x", "box", true),
        ("Host *.lan !secret.lan", "secret.lan", false),
        ("Host !secret.lan *.lan", "a.lan", true),
        ("Host !a", "b", false),
        ("HOST = \"box\"", "box", true),
        ("Match all", "box", true),
        ("Match host a,b?x", "box", true),
        ("Match originalhost \"box\"", "box", true),
        ("Match host *,!box", "box", false),
        ("Match host box user nobody", "box", false),
        ("Match !host other", "box", true),
        ("Match canonical", "box", false),
    ] {
        let lines = home.applying(&format!("{line}\n CertificateFile 1\n"), name);
        assert_eq!(!lines.is_empty(), applies, "{line} for {name}");
    }
}

#[test]
fn what_cannot_be_judged_is_refused_by_line_and_keyword() {
    let home = Home::new(&[("inner", "\nMatch exec true\n")]);
    for (text, why) in [
        (
            "Host box\n Port 1\nMatch exec \"true\"\n Port 2\n",
            "config line 3: Match exec needs OpenSSH's client",
        ),
        ("Match final\n Port 1\n", "config line 1: Match final needs"),
        ("Match host box localnetwork 10.0.0.0/8\n", "config line 1: Match localnetwork needs"),
        ("CanonicalizeHostname yes\n", "config line 1: CanonicalizeHostname needs"),
        ("Host box\n Frobnicate yes\n", "config line 2: the keyword \"frobnicate\" is not known"),
        ("Include inner\n", "inner line 2: Match exec needs"),
        ("Port many\n", "config line 1: \"many\" is no port"),
        ("ConnectTimeout 1x\n", "config line 1: \"1x\" is no time"),
        ("User \"me\n", "config line 1: a quotation mark"),
        ("ProxyCommand\n", "config line 1: \"proxycommand\" has no value"),
    ] {
        let error = home.found(text, "box").unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
    // Lines that do not concern the host, or change nothing here, are accepted.
    for text in [
        "Host other\n Port many\n Frobnicate yes\n",
        "Match host other exec \"false\"\n Port 9\n",
        "IgnoreUnknown frob*\nFrobnicate yes\n",
        "AddKeysToAgent 1h\nForwardAgent $SSH_AUTH_SOCK\nRemoteCommand it's\nSetEnv A=\"b c\"\n",
    ] {
        assert_eq!(home.found(text, "box").unwrap().get("port"), Some("22"), "{text}");
    }
}

#[test]
fn times_are_read() {
    for (text, want) in [("90", "90"), ("1m", "60"), ("1h30m", "5400"), ("1w2d", "777600"), ("none", "none")]
    {
        assert_eq!(seconds(text).as_deref(), Ok(want));
    }
    for text in ["", "m", "1x", "99999999999", "99999999999999999999999"] {
        assert!(seconds(text).is_err(), "{text}");
    }
}

#[test]
fn files_depth_bytes_and_entries_are_bounded() {
    let doubled: Vec<(String, String)> =
        (0..15).map(|n| (format!("exp{n}"), format!("Include exp{}\n", n + 1).repeat(2))).collect();
    let mut files: Vec<(&str, &str)> = doubled.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let large = "# comment\n".repeat(200_000);
    let many: String = (0..200).map(|n| format!("CertificateFile {n}\n")).collect();
    let names = "IgnoreUnknown a,b,c\n".repeat(400);
    files.extend([
        ("self", "Include self\n"),
        ("a", "Include b\n"),
        ("b", "Include a\n"),
        ("large", &large),
        ("many", &many),
        ("names", &names),
    ]);
    let home = Home::new(&files);
    rustix::fs::symlink("/dev/zero", home.0.path().join(".ssh/zero")).unwrap();
    for (text, why) in [
        ("Include self\n", "more than 16 files include each other"),
        ("Include a\n", "more than 16 files include each other"),
        ("Include exp0\n", "more than 512 files"),
        ("Include /dev/zero\n", "\"/dev/zero\": it is not a regular file but a device"),
        ("Include zero\n", "not a regular file"),
        ("Include large large large\n", "more than 4194304 bytes"),
        ("Include many\n", "more than 100 values of \"certificatefile\""),
        ("Include names\n", "more than 1000 names to ignore"),
        ("Include /*/*/*/*/*/*/*/nothing\n", "20000 directory entries"),
        ("Include [\n", "Include"),
    ] {
        let error = home.found(text, "box").unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
    assert!(home.found(&"Host other\n Port 1\n".repeat(30_000), "box").is_ok());
}
