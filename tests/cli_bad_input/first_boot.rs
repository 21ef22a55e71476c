//! `bundle` for a machine that comes to its plan by user-data alone.

use super::{Home, Ran, text};
use serde_json::{Value, json};
use std::fs;

const SUM: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const URL: &str = "https://example.org/agi-provision";

fn bundle(home: &Home, more: &[&str]) -> Ran {
    let flags = ["bundle", "--model", "tinyllama-1.1b", "--profile", "laptop-cpu-16gb", "--out", "out"];
    home.run(&[&flags[..], more].concat())
}

fn document(ran: &Ran) -> Value {
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""), "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn flags_that_do_not_go_together_are_refused_before_anything_is_written() {
    let home = Home::new();
    fs::write(home.path("script"), "#!/bin/sh\n").unwrap();
    let script = text(&home.path("script")).to_string();
    let many: Vec<String> = (0..9).flat_map(|n| ["--agent-url".to_string(), format!("{URL}{n}")]).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (flags, message, hint) in [
        (&["--cloud", "moon"][..], "digitalocean", "--help"),
        (&["--agent-url", "http://example.org/a"], "give https", "--help"),
        (&["--agent-url", "https://me:pw@example.org/a"], "password", "--help"),
        (&["--agent-url", "https://example.org/$(id)\n"], "U+000A", "--help"),
        (&["--agent-url", URL, "--agent-url", URL], "an address twice", "each address once"),
        (&many, "more than 8", "each address once"),
        (&["--agent", &script], "--agent-url", "--help"),
        (&["--agent-sha256", SUM, "--agent-size", "5"], "--agent-url", "--help"),
        (&["--agent-url", URL, "--agent-sha256", SUM], "--agent-size", "--help"),
        (
            &["--agent-url", URL, "--agent-sha256", "xyz", "--agent-size", "5"],
            "64 lower-case hex digits",
            "--help",
        ),
        (&["--agent-url", URL, "--agent-sha256", SUM, "--agent-size", "0"], "0", "--help"),
        (&["--agent-url", URL, "--agent", &script], "is no program for Linux", "--agent-sha256"),
        (&["--agent-url", URL, "--agent", "none"], "none", ""),
        (&["--agent-url", URL, "--agent", "/usr/bin/env"], "is not linked statically", "--agent FILE"),
    ] {
        let exit = if hint.is_empty() { 1 } else { 2 };
        bundle(&home, flags).refused(exit, message, hint);
        assert!(!home.path("out").exists(), "{flags:?}");
    }
}

#[test]
fn a_bundle_says_at_once_what_its_user_data_does_not_bring() {
    let home = Home::new();
    let plain = bundle(&home, &[]);
    assert!(plain.stderr.contains("warning: cloud-init/user-data does not bring this program"), "{plain:?}");
    assert!(plain.stderr.contains("\nhint: --agent-url names where"), "{plain:?}");
    let told = document(&bundle(&home, &["--format", "json"]));
    let warned = |told: &Value, words: &str| {
        let all = told["warnings"].as_array().unwrap().iter();
        all.filter(|each| each["message"].as_str().unwrap().contains(words)).count()
    };
    assert_eq!(
        (warned(&told, "must carry it"), warned(&told, "user-data brings no files")),
        (1, 0),
        "{told}"
    );
    assert_eq!((&told["user_data"]["program"], &told["changed"]), (&Value::Null, &json!([])), "{told}");

    let flags = ["--format", "json", "--agent-url", URL, "--agent-sha256", SUM, "--agent-size", "7000000"];
    let told = document(&bundle(&home, &flags));
    assert_eq!(
        (warned(&told, "must carry it"), warned(&told, "user-data brings no files")),
        (0, 1),
        "{told}"
    );
    let pinned = json!({"urls": [URL], "sha256": SUM, "size_bytes": 7_000_000});
    assert_eq!(told["user_data"]["program"], pinned, "{told}");
    let manifest: Value = serde_json::from_slice(&fs::read(home.path("out/manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["first_boot"], json!({"program": pinned}));
    // A bundle of the bundle keeps it, and another cloud changes only that.
    let again =
        home.run(&["bundle", "--bundle", "out", "--out", "copy", "--cloud", "vultr", "--format", "json"]);
    let again = document(&again);
    assert_eq!(again["user_data"]["program"], pinned, "{again}");
    assert_eq!(warned(&again, "Vultr publishes no limit"), 1, "{again}");
    assert_eq!(
        home.run(&["bundle", "--bundle", "copy", "--out", "copy"]).stderr.matches("nothing changed").count(),
        1
    );
}

#[test]
fn the_program_itself_is_pinned_and_the_clouds_limit_is_in_the_answer() {
    let home = Home::new();
    let told = document(&bundle(&home, &["--format", "json", "--agent-url", URL, "--cloud", "openstack"]));
    let program = fs::read(env!("CARGO_BIN_EXE_agi-provision")).unwrap();
    let user_data = &told["user_data"];
    assert_eq!(user_data["program"]["size_bytes"], program.len());
    assert_eq!(user_data["program"]["sha256"], agi_provision::hash::sha256(&program).as_str());
    let size = fs::metadata(home.path("out/cloud-init/user-data")).unwrap().len();
    assert_eq!((&user_data["size_bytes"], &user_data["limit_bytes"]), (&json!(size), &json!(65_535)));
    assert_eq!(user_data["counted_bytes"], json!(size.div_ceil(3) * 4));
    assert_eq!(user_data["hand_over"], "give OpenStack the text of cloud-init/user-data");
}
