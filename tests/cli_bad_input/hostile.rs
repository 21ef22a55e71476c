//! Text that a stranger wrote: refused within a bound of time, with the limit in the error, and shown so that it
//! steers no terminal. Every input here crashed, hung or reached the terminal once.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use super::{Home, Ran, text};

/// Nobody waits for what has no end.
#[track_caller]
fn quick(ran: &Ran) {
    assert!(ran.took < Duration::from_secs(20), "{ran:?}");
    assert!(ran.stderr.chars().count() < 6000, "{} bytes of errors", ran.stderr.len());
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!ran.stderr.contains(steers) && !ran.stdout.contains(steers), "{ran:?}");
}

#[test]
fn inventories_without_end_are_refused_with_the_bound() {
    let home = Home::new();
    let laughs = |aliases: usize| {
        let mut text = "all:\n  vars:\n    a0: &a0 [lol, lol]\n".to_string();
        (1..aliases).for_each(|n| {
            let again = vec![format!("*a{}", n - 1); 9].join(", ");
            text += &format!("    a{n}: &a{n} [{again}]\n");
        });
        text + "  hosts:\n    h1:\n"
    };
    let nested: String = (1..30)
        .map(|n| format!("g{n}: &g{n}\n  children:\n    x{n}: *g{0}\n    y{n}: *g{0}\n", n - 1))
        .collect();
    let zeros = format!("a[{}1:2]", "0".repeat(70_000));
    for (name, content, why) in [
        ("width.ini", format!("{zeros}\n"), "more than 1024 bytes"),
        ("width.yml", format!("all:\n  hosts:\n    ? '{zeros}'\n    :\n"), "more than 1024 bytes"),
        ("range.ini", "a[0:9999]b[0:9999]c[0:9999]\n".into(), "more than 10000 hosts"),
        ("range.yml", "all:\n  hosts:\n    'a[0:9999]b[0:9999]c[0:9999]':\n".into(), "more than 10000 hosts"),
        ("brackets.yml", format!("all:\n  hosts:\n    ? 'a{}'\n    :\n", "[0:0]".repeat(9999)), "1024 bytes"),
        ("laughs.yml", laughs(11), "300000 values"),
        ("children.yml", format!("g0: &g0\n  hosts: {{h1: }}\n{nested}"), "300000 values"),
        ("self.yml", "all: &x\n  children:\n    all: *x\n".into(), "inside what it stands for"),
        ("deep.yml", format!("all: {}", "[".repeat(200_000)), "recursion limit"),
        ("maps.yml", format!("all: {}", "{a: ".repeat(100_000)), "more than 64 lists and tables"),
        ("dashes.yml", "- ".repeat(100_000), "more than 64 lists and tables"),
        ("cycle.ini", "[a:children]\nb\n[b:children]\na\n[a]\nh\n".into(), "contain each other"),
        ("deep.toml", format!("a = {}", "[".repeat(100_000)), "recur"),
        ("large.ini", "# comment\n".repeat(1 << 20), "more than 8388608 bytes"),
        ("title.ini", "h\x1b]0;owned\x07 ansible_host=127.0.0.1\n".into(), "\"h\\u{1b}]0;owned\\u{7}\""),
        ("turned.yml", "all:\n  hosts:\n    \"h\u{202e}gpj\": {}\n".into(), "\\u{202e}"),
        ("option.ini", "h1 ansible_host=-oProxyCommand=touch/tmp/owned\n".into(), "-oProxyCommand"),
    ] {
        fs::write(home.path(name), content).unwrap();
        // Our own readers, as on a machine without Ansible.
        let ran = home.run_with(&["probe", "--inventory", name], &[("PATH", "/nonexistent")]);
        ran.refused(2, why, "it is TOML");
        quick(&ran);
    }
}

#[test]
fn devices_and_what_is_too_large_are_not_read() {
    let home = Home::new();
    let large = fs::File::create(home.path("large")).unwrap();
    large.set_len(1 << 40).unwrap();
    symlink("/dev/zero", home.path("zero")).unwrap();
    let host = ["--host", "me@192.0.2.1"];
    for (args, why) in [
        (&["probe", "--inventory", "zero"][..], "not a regular file but a device"),
        (&["probe", "--inventory", "large"], "more than 8388608 bytes"),
        (&["verify", "--plan", "zero", host[0], host[1]], "not a regular file but a device"),
        (&["verify", "--plan", "large", host[0], host[1]], "more than 8388608 bytes"),
        (&["plan", "--model", "phi-2", "--facts", "zero"], "not a regular file but a device"),
        (&["offers", "--offers", "zero"], "not a regular file but a device"),
        (&["offers", "--offers", "large"], "more than 67108864 bytes"),
        (&["probe", "--ssh-config", "zero", host[0], host[1]], "not a regular file but a device"),
        (&["probe", "--ssh-config", "large", host[0], host[1]], "more than 4194304 bytes"),
    ] {
        let ran = home.run(args);
        assert!(ran.exit == 1 || ran.exit == 2, "{args:?}: {ran:?}");
        assert!(ran.stderr.contains(why), "{args:?}: {ran:?}");
        quick(&ran);
    }
}

#[test]
fn ssh_configurations_without_end_are_refused_with_the_bound() {
    let home = Home::new();
    fs::create_dir(home.path(".ssh")).unwrap();
    let write = |name: &str, text: &str| fs::write(home.path(".ssh").join(name), text).unwrap();
    (0..30).for_each(|n| write(&format!("exp{n}"), &format!("Include exp{}\n", n + 1).repeat(2)));
    write("exp30", "Host x\n User y\n");
    write("self", "Include self\n");
    for (config, why) in [
        ("Include /dev/zero\n", "\"/dev/zero\": it is not a regular file"),
        ("Include exp0\n", "more than 16 files include each other"),
        ("Include exp15\n", "more than 512 files"),
        ("Include self\n", "more than 16 files include each other"),
        ("Host \x1b[2J\n Port \x1b[2Jmany\n", "config cannot be used"),
    ] {
        write("config", config);
        let args = ["probe", "--host", if config.contains("[2J") { "a" } else { "x" }];
        // Our own reader, as on a machine without OpenSSH's client.
        let ran = home.run_with(&args, &[("PATH", "/nonexistent")]);
        quick(&ran);
        if !config.starts_with("Host") {
            ran.failed(2, why, "--ssh-config");
        }
    }
}

#[test]
fn json_that_is_deep_is_refused() {
    let home = Home::new();
    for content in [
        "[".repeat(200_000),
        format!("{{\"schema\":\"agi-provision/plan/1\",\"x\":{}", "{\"a\":".repeat(100_000)),
    ] {
        fs::write(home.path("deep.json"), content).unwrap();
        let ran = home.run(&["bundle", "--plan", "deep.json", "--out", "out"]);
        ran.refused(2, "deep.json is not a plan", "plan --out");
        quick(&ran);
        let ran = home.run(&["plan", "--model", "phi-2", "--facts", "deep.json"]);
        ran.refused(2, "deep.json has no facts", "probe --format json");
        quick(&ran);
    }
}

#[test]
fn the_name_of_a_file_steers_no_terminal() {
    let home = Home::new();
    let name = "evil\x1b]0;owned\x07\u{202e}.gguf";
    let turned = "evil\u{202e}.gguf";
    home.tiny("tiny.gguf");
    fs::copy(home.path("tiny.gguf"), home.path(turned)).unwrap();
    fs::rename(home.path("tiny.gguf"), home.path(name)).unwrap();
    for args in [
        &["plan", "--model", name][..],
        &["plan", "--model", turned, "--format", "json"],
        &["plan", "--model", "missing\x1b[2J.gguf"],
        &["verify", "--plan", name, "--host", "me@192.0.2.1"],
        &["probe", "--inventory", name],
        &["probe", "--host", "a\x1b[2J"],
        &["apply", "--bundle", name, "--host", "me@192.0.2.1", "--yes"],
        &["offers", "--offers", name],
        &["bundle", "--model", "phi-2", "--out", text(&home.path("\x1b[2Jout"))],
        &["plan", "--model", "phi-2", "--profile", "\x1b[2J"],
        &["\x1b[2J"],
    ] {
        let ran = home.run(args);
        let steers = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}';
        assert!(!ran.stderr.contains(steers) && !ran.stdout.contains(steers), "{args:?}: {ran:?}");
        if args.last() == Some(&"json") {
            ran.refused(2, "U+202E", "give the file another name");
        }
    }
}
