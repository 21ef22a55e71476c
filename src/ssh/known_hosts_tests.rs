use super::*;
use proptest::prelude::*;

/// A key blob of the right shape: its type and then something.
fn blob(key_type: &str, filling: u8) -> Vec<u8> {
    let mut blob = (key_type.len() as u32).to_be_bytes().to_vec();
    blob.extend(key_type.as_bytes());
    blob.extend([0, 0, 0, 32]);
    blob.extend([filling; 32]);
    blob
}

const ED: &str = "ssh-ed25519";
const EC: &str = "ecdsa-sha2-nistp256";

fn line(hosts: &str, key_type: &str, filling: u8) -> String {
    format!("{hosts} {key_type} {} a comment\n", BASE64.encode(blob(key_type, filling)))
}

fn known(text: &str) -> KnownHosts {
    let mut known = KnownHosts::default();
    known.add(Path::new("kh"), text.as_bytes());
    known
}

fn at(line: usize) -> Place {
    Place { file: "kh".into(), line }
}

#[test]
fn names_lists_and_ports_match_as_in_openssh() {
    let file = known(&(line("web1,192.0.2.1", ED, 1) + &line("[web2]:2222", ED, 2) + &line("web3", ED, 3)));
    assert_eq!(file.lookup("web1", 22, &blob(ED, 1)), Lookup::Known);
    assert_eq!(file.lookup("WEB1", 22, &blob(ED, 1)), Lookup::Known);
    assert_eq!(file.lookup("192.0.2.1", 22, &blob(ED, 1)), Lookup::Known);
    assert_eq!(file.lookup("web2", 2222, &blob(ED, 2)), Lookup::Known);
    assert_eq!(file.lookup("web2", 22, &blob(ED, 2)), Lookup::Unknown);
    assert_eq!(file.lookup("web9", 22, &blob(ED, 1)), Lookup::Unknown);
    // A plain entry vouches for another port only with the very same key.
    assert_eq!(file.lookup("web3", 2222, &blob(ED, 3)), Lookup::Known);
    assert_eq!(file.lookup("web3", 2222, &blob(ED, 9)), Lookup::Unknown);
    assert_eq!(file.key_types("web3", 2222), [ED]);
}

#[test]
fn another_key_is_a_changed_key_whatever_its_type() {
    let file = known(&("# comment\n\n".to_string() + &line("web1", EC, 1) + &line("web1", "ssh-rsa", 1)));
    let changed = Lookup::Changed { at: at(3), types: vec![EC.into(), "ssh-rsa".into()] };
    assert_eq!(file.lookup("web1", 22, &blob(EC, 2)), changed);
    assert_eq!(file.lookup("web1", 22, &blob(ED, 1)), changed);
    assert_eq!(file.lookup("web1", 22, &blob("ssh-rsa", 1)), Lookup::Known);
    assert_eq!(file.key_types("web1", 22), [EC, "ssh-rsa"]);
}

#[test]
fn wildcards_and_negation() {
    let file = known(&line("*.example.org,!bad.example.org,10.0.0.?", ED, 1));
    for (host, want) in [
        ("a.example.org", true),
        ("a.b.example.org", true),
        ("example.org", false),
        ("bad.example.org", false),
        ("10.0.0.7", true),
        ("10.0.0.77", false),
    ] {
        assert_eq!(file.lookup(host, 22, &blob(ED, 1)) == Lookup::Known, want, "{host}");
    }
    let only_negated = known(&line("!web1", ED, 1));
    assert_eq!(only_negated.lookup("web2", 22, &blob(ED, 1)), Lookup::Unknown);
}

#[test]
fn markers() {
    let file = known(
        &(line("@cert-authority *", ED, 1)
            + &line("web1", ED, 2)
            + &line("@revoked *", ED, 2)
            + &line("@future web4", ED, 4)),
    );
    // Revoked wins over the same key being known; an authority's key is nobody's own.
    assert_eq!(file.lookup("web1", 22, &blob(ED, 2)), Lookup::Revoked { at: at(3) });
    assert_eq!(file.lookup("web1", 2222, &blob(ED, 2)), Lookup::Revoked { at: at(3) });
    assert_eq!(file.lookup("web3", 22, &blob(ED, 1)), Lookup::Unknown);
    assert_eq!(file.lookup("web4", 22, &blob(ED, 4)), Lookup::Unknown);
    assert!(file.key_types("web3", 22).is_empty());
}

#[test]
fn entries_hashed_by_ssh_keygen_are_read() {
    // Written by `ssh-keygen -H` for `web1` and for `[web1]:2222`.
    let key = "AAAAC3NzaC1lZDI1NTE5AAAAIHElmq+HC3hxt76M9RloUo1luck9onwvLmEuveUy0tAD";
    let plain = "|1|w6RG1vo5+FHyUazBgyZ91z0nlEk=|8qS166X6+EABuOIfmHhwxePUHag=";
    let other_port = "|1|rZGDC318PNMv5KhWzv46QYPSYic=|wpr5vfMVRnNhwY61gwXd5TFM0+E=";
    let blob = BASE64.decode(key).unwrap();
    let file = known(&format!("{plain} {ED} {key}\n"));
    assert_eq!(file.lookup("web1", 22, &blob), Lookup::Known);
    assert_eq!(file.lookup("web2", 22, &blob), Lookup::Unknown);
    let file = known(&format!("{other_port} {ED} {key}\n"));
    assert_eq!(file.lookup("web1", 2222, &blob), Lookup::Known);
    assert_eq!(file.lookup("web1", 22, &blob), Lookup::Unknown);
}

#[test]
fn an_appended_host_key_is_found_again_and_its_name_is_hashed() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".ssh/known_hosts");
    append(&file, "web1", 22, ED, &blob(ED, 1)).unwrap();
    // A file without a last newline must not swallow the next entry.
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.trim_end()).unwrap();
    append(&file, "web1", 2222, EC, &blob(EC, 2)).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("web1") && text.lines().all(|line| line.starts_with("|1|")), "{text}");
    let read = KnownHosts::read(&[file.clone(), folder.path().join("missing")]).unwrap();
    assert_eq!(read.lookup("web1", 22, &blob(ED, 1)), Lookup::Known);
    assert_eq!(read.lookup("web1", 2222, &blob(EC, 2)), Lookup::Known);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn a_file_that_cannot_be_read_is_not_taken_for_empty() {
    let folder = tempfile::tempdir().unwrap();
    let error = KnownHosts::read(&[folder.path().to_path_buf()]).unwrap_err();
    assert!(error.to_string().starts_with("cannot read"), "{error}");
}

#[test]
fn many_stars_do_not_take_for_ever() {
    let pattern = "*a".repeat(5000);
    assert!(!glob(pattern.as_bytes(), "a".repeat(4000).as_bytes()));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(text in prop::collection::vec(any::<u8>(), 0..400), host in ".{0,12}") {
        let mut file = KnownHosts::default();
        file.add(Path::new("kh"), &text);
        let _ = file.lookup(&host, 22, &text);
        let _ = file.key_types(&host, 2222);
    }

    #[test]
    fn nearly_valid_lines_never_panic(
        marker in "(@revoked |@cert-authority |@x )?",
        hosts in "(\\|1\\|)?[-a-z0-9*?!,|=+/\\[\\]:]{0,20}",
        key in "(AAAAC3NzaC1lZDI1NTE5)?[A-Za-z0-9+/=]{0,24}",
    ) {
        let file = known(&format!("{marker}{hosts} ssh-ed25519 {key}\n"));
        let _ = file.lookup("web1", 22, b"");
        let _ = file.lookup("", 1, b"\0\0\0\0");
    }

    #[test]
    fn a_glob_matches_what_it_was_made_from(name in "[a-z.]{0,12}", cut in 0usize..12) {
        let cut = cut.min(name.len());
        let (start, end) = (format!("{}*", &name[..cut]), format!("*{}", &name[cut..]));
        prop_assert!(glob(start.as_bytes(), name.as_bytes()));
        prop_assert!(glob(end.as_bytes(), name.as_bytes()));
        prop_assert!(glob("?".repeat(name.len()).as_bytes(), name.as_bytes()));
    }
}

#[test]
fn a_file_that_is_too_large_or_a_device_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("known_hosts");
    fs::File::create(&file).unwrap().set_len(MAX_FILE + 1).unwrap();
    for (path, why) in [(file.as_path(), "more than 16777216 bytes"), (Path::new("/dev/zero"), "a device")] {
        let error = KnownHosts::read(&[path.to_path_buf()]).unwrap_err();
        assert!(format!("{error:#}").contains(why), "{error:#}");
    }
    assert!(KnownHosts::read(&["/dev/null".into()]).is_ok());
}
