//! Files that are not what they should be: models, plans, bundles, keys.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Home, text};

#[test]
fn a_model_file_that_cannot_be_read_says_why() {
    let home = Home::new();
    let whole = fs::read(home.tiny("whole.gguf")).unwrap();
    let plan = |name: &str| home.run(&["plan", "--model", name]);
    let write = |name: &str, bytes: &[u8]| fs::write(home.path(name), bytes).unwrap();

    // Cut in the version, the metadata, the tensor table, the tensors.
    for (part, size) in [("version", 6), ("metadata", 700), ("table", 9_000), ("data", whole.len() - 1)] {
        write("cut.gguf", &whole[..size]);
        let ran = plan("cut.gguf");
        ran.refused(1, "reading cut.gguf: ", "download it again");
        assert!(ran.stderr.contains("truncated"), "{part}: {ran:?}");
    }
    write("page.gguf", b"<!DOCTYPE html><html>Not found</html>");
    plan("page.gguf").refused(1, "not a GGUF file: it begins with \"<!DO", "download it again");
    // Models, but of formats that no engine here serves.
    for (start, format) in [
        (&b"\x10\0\0\0\0\0\0\0{\"a\":{\"dtype\":0}}"[..], "the file is safetensors"),
        (b"PK\x03\x04\x14\0\0\0\x08\0", "the file is a PyTorch checkpoint"),
    ] {
        write("other.gguf", start);
        plan("other.gguf").refused(2, format, "name a GGUF file of this model");
    }
    write("empty.gguf", b"");
    plan("empty.gguf").refused(1, "it is empty", "download it again");
    let mut future = whole.clone();
    future[4] = 9;
    write("future.gguf", &future);
    plan("future.gguf").refused(1, "version 9", "download it again");
    fs::create_dir(home.path("folder.gguf")).unwrap();
    plan("folder.gguf").refused(1, "folder.gguf is a directory", ".gguf file");
    plan("./").refused(1, "./ is a directory", ".gguf file");
    plan("missing.gguf").refused(1, "missing.gguf: No such file", "");
    // A pipe that nobody writes to must not be waited for.
    assert!(std::process::Command::new("mkfifo").arg(home.path("pipe.gguf")).status().unwrap().success());
    plan("pipe.gguf").refused(1, "not a regular file", ".gguf file");
}

#[test]
fn a_split_model_is_whole_or_refused() {
    let home = Home::new();
    home.tiny("split-00001-of-00002.gguf");
    home.run(&["plan", "--model", "split-00001-of-00002.gguf"]).refused(
        1,
        "split-00002-of-00002.gguf of the split model is missing",
        "one directory",
    );
    home.tiny("late-00002-of-00003.gguf");
    // Any part names the whole.
    home.run(&["plan", "--model", "late-00002-of-00003.gguf"]).refused(
        1,
        "late-00001-of-00003.gguf of the split model is missing",
        "one directory",
    );
}

fn apply(home: &Home, args: &[&str]) -> super::Ran {
    // Nobody is at this address (RFC 5737); nothing here may get as far as to try.
    home.run(&[&["apply", "--yes", "--host", "root@192.0.2.1"], args].concat())
}

#[test]
fn a_model_file_must_be_the_planned_one() {
    let home = Home::new();
    let tiny = home.tiny("tiny.gguf");
    let out = home.path("plan.json");
    home.run(&["plan", "--model", "tiny.gguf", "--profile", "cpu-vps-32gb", "--out", text(&out)]);
    apply(&home, &["--model", "phi-2", "--model-file", "tiny.gguf"]).refused(
        2,
        "parameters",
        "--model tiny.gguf",
    );
    apply(&home, &["--model", "tiny.gguf", "--model-file", "gone.gguf"]).refused(1, "gone.gguf", "");

    let mut plan: Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    plan["model"]["files"][0]["sha256"] = Value::String("ab".repeat(32));
    fs::write(&out, plan.to_string()).unwrap();
    apply(&home, &["--plan", "plan.json", "--model-file", text(&tiny)]).refused(
        2,
        &format!("but the plan pins {}", "ab".repeat(32)),
        "another file",
    );
    apply(&home, &["--model", "tiny.gguf", "--runtime-archive", "gone.tar.gz"]).refused(1, "gone.tar.gz", "");
    apply(&home, &["--model", "tiny.gguf", "--runtime-archive", "."]).refused(
        2,
        "a directory",
        "the file itself",
    );
    let archives = |names: &[&'static str]| -> Vec<&str> {
        names
            .iter()
            .fold(vec!["--model", "tiny.gguf"], |all, name| [&all[..], &["--runtime-archive", name]].concat())
    };
    apply(&home, &archives(&["tiny.gguf", "./tiny.gguf"])).refused(2, "the same name or content", "cudart-");
    apply(&home, &archives(&["tiny.gguf", "a", "b"])).refused(
        2,
        "--runtime-archive is there 3 times",
        "cudart-",
    );
    apply(&home, &["--model", "tiny.gguf", "--agent", "gone"]).refused(1, "gone", "");
}

#[test]
fn a_plan_that_is_none_exits_2() {
    let home = Home::new();
    home.tiny("tiny.gguf");
    for (name, content) in [
        ("text.json", "hello"),
        ("empty.json", ""),
        ("other.json", r#"{"schema": "agi-provision/bundle/1"}"#),
        ("half.json", r#"{"schema": "agi-provision/plan/1", "verdict": "comfort"}"#),
        ("later.json", r#"{"schema": "agi-provision/plan/2"}"#),
        ("list.json", "[1, 2]"),
    ] {
        fs::write(home.path(name), content).unwrap();
        apply(&home, &["--plan", name]).refused(2, &format!("{name} is not a plan"), "`agi-provision plan");
        home.run(&["verify", "--host", "192.0.2.1", "--plan", name]).refused(
            2,
            "is not a plan",
            "plan --out",
        );
        home.run(&["bundle", "--out", "out", "--plan", name]).refused(2, "is not a plan", "plan --out");
    }
    fs::write(home.path("binary.json"), [0xff, 0xfe, 0x00]).unwrap();
    apply(&home, &["--plan", "binary.json"]).refused(2, "binary.json is not a plan", "plan --out");
    apply(&home, &["--plan", "missing.json"]).refused(1, "missing.json: No such file", "");
    apply(&home, &["--plan", "."]).refused(1, "Is a directory", "");
}

#[test]
fn a_bundle_that_was_touched_is_refused() {
    let home = Home::new();
    home.tiny("tiny.gguf");
    let fresh = |name: &str| {
        let args = ["bundle", "--model", "tiny.gguf", "--profile", "cpu-vps-32gb", "--out", name];
        assert_eq!(home.run(&args).exit, 0);
        home.path(name)
    };
    let unsound = |name: &str, message: &str| {
        apply(&home, &["--bundle", name]).refused(1, message, "agi-provision bundle")
    };
    let unit = "rootfs/etc/systemd/system/agi-provision-llama.service";
    let args = "rootfs/etc/agi-provision/generation/llama-server.args";

    let dir = fresh("changed");
    fs::write(dir.join(args), "--host\n0.0.0.0\n").unwrap();
    unsound("changed", "it was changed");
    fs::remove_file(fresh("gone").join(unit)).unwrap();
    unsound("gone", "is missing");
    fs::write(fresh("manifest").join("manifest.json"), "{}").unwrap();
    unsound("manifest", "manifest");
    fs::remove_file(fresh("link").join(unit)).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", home.path("link").join(unit)).unwrap();
    unsound("link", "not a regular file");
    fs::create_dir(home.path("empty")).unwrap();
    unsound("empty", "it has no manifest.json");
    unsound("nowhere", "it has no manifest.json");

    // And none is written over what is not one.
    fs::write(home.path("empty").join("notes"), "mine").unwrap();
    let ran = home.run(&["bundle", "--model", "tiny.gguf", "--out", "empty"]);
    ran.refused(1, "empty is not empty", "empty directory");
    assert_eq!(fs::read_dir(home.path("empty")).unwrap().count(), 1);
    assert!(home.run(&["bundle", "--model", "tiny.gguf", "--out", "tiny.gguf"]).exit == 1);
    home.run(&["plan", "--model", "tiny.gguf", "--out", "no/such/dir"]).refused(1, "writing no/such/dir", "");
    assert!(!Path::new("no").exists());
}
