//! Reads a seed with other tools: blkid, by which cloud-init finds it, and bsdtar.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use agi_provision::model::tiny::write_tiny;
use agi_provision::render::Bundle;
use serde_json::Value;

fn run(program: &str, package: &str, args: &[&str]) -> Output {
    let ran = Command::new(program).args(args).output();
    ran.unwrap_or_else(|error| panic!("{program}: {error}; install the package {package}"))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A home with a model, something that stands for llama.cpp's archive, and for the program.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Home {
        let home = Home(tempfile::tempdir().unwrap());
        write_tiny(&mut fs::File::create(home.path("tiny.gguf")).unwrap(), 1, None).unwrap();
        fs::write(home.path("llama.tar.gz"), vec![7; 100_000]).unwrap();
        fs::write(home.path("program"), "#!/bin/sh\n").unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `bundle`: whether that went well, and what it said.
    fn bundle(&self, flags: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
        command.env("HOME", self.0.path()).env_remove("XDG_CACHE_HOME");
        let ran = command.arg("bundle").args(flags).output().unwrap();
        (ran.status.success(), String::from_utf8(ran.stderr).unwrap())
    }

    /// The model's, into `out`.
    fn bundle_model(&self, flags: &[&str]) -> (bool, String) {
        let (model, out) = (self.path("tiny.gguf"), self.path("out"));
        let plan = ["--model", text(&model), "--profile", "laptop-cpu-16gb", "--out", text(&out)];
        self.bundle(&[&plan[..], flags].concat())
    }

    /// Bundles the bundle in `out` again, into `copy`.
    fn bundle_again(&self) -> (bool, String) {
        self.bundle(&["--bundle", text(&self.path("out")), "--out", text(&self.path("copy"))])
    }

    /// With all that a machine needs.
    fn seed(&self) -> String {
        let (model, archive, program) =
            (self.path("tiny.gguf"), self.path("llama.tar.gz"), self.path("program"));
        let carried = ["--model-file", text(&model), "--runtime-archive", text(&archive)];
        let (done, said) =
            self.bundle_model(&[&carried[..], &["--seed-iso", "--agent", text(&program)]].concat());
        assert!(done, "{said}");
        said
    }
}

fn names(dir: &Path) -> BTreeSet<String> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn other_tools_read_the_seed_and_find_the_bundle_in_it() {
    let home = Home::new();
    let said = home.seed();
    assert!(!said.contains("does not carry"), "{said}");
    let seed = home.path("out/seed.iso");
    let blkid = run("blkid", "util-linux", &["-p", "-o", "export", text(&seed)]);
    let known = String::from_utf8(blkid.stdout).unwrap();
    assert!(known.lines().any(|line| line == "LABEL=cidata"), "{known}");
    assert!(known.lines().any(|line| line == "TYPE=iso9660"), "{known}");

    let inside = home.path("inside");
    fs::create_dir(&inside).unwrap();
    let unpacked = run("bsdtar", "libarchive-tools", &["-xpf", text(&seed), "-C", text(&inside)]);
    assert!(unpacked.status.success() && unpacked.stderr.is_empty(), "{unpacked:?}");
    let expected = ["SHA256SUMS", "agi-provision", "bundle", "meta-data", "network-config", "user-data"];
    assert_eq!(names(&inside), expected.map(String::from).into());
    let mode = |name: &str| fs::metadata(inside.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("agi-provision"), mode("user-data"), mode("bundle")), (0o755, 0o644, 0o755));
    let sums = Command::new("sha256sum").args(["-c", "SHA256SUMS"]).current_dir(&inside).output().unwrap();
    assert!(sums.status.success(), "{sums:?}");

    // A whole bundle, links and all: the one that it lies in, but for what is for clouds.
    let carried = Bundle::read(&inside.join("bundle")).unwrap();
    let outside = Bundle::read(&home.path("out")).unwrap();
    assert_eq!((carried.id(), carried.plan().unwrap()), (outside.id(), outside.plan().unwrap()));
    assert_eq!(carried.manifest().carried, outside.manifest().carried);
    assert_eq!(names(&inside.join("bundle/files")), ["llama.tar.gz", "tiny.gguf"].map(String::from).into());
    for name in ["llama.tar.gz", "tiny.gguf"] {
        let there = fs::read(inside.join("bundle/files").join(name)).unwrap();
        assert!(there == fs::read(home.path(name)).unwrap(), "{name}");
    }

    let user_data = inside.join("user-data");
    let schema = run("cloud-init", "cloud-init", &["schema", "--config-file", text(&user_data)]);
    assert!(schema.status.success(), "{schema:?}");
    let user_data = fs::read_to_string(user_data).unwrap();
    let (_, script) = user_data.split_once("runcmd:\n  - |\n").unwrap();
    let script: Vec<&str> = script.lines().map(|line| line.strip_prefix("    ").unwrap()).collect();
    let shell = run("sh", "dash", &["-n", "-c", &script.join("\n")]);
    assert!(shell.status.success() && shell.stderr.is_empty(), "{shell:?}");
}

#[test]
fn the_same_again_is_the_same_to_the_byte_and_what_is_asked_for_no_more_goes() {
    let home = Home::new();
    home.seed();
    let (seed, out) = (home.path("out/seed.iso"), home.path("out"));
    let manifest =
        || -> Value { serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap() };
    let first = (fs::read(&seed).unwrap(), manifest());
    assert_eq!(first.1["seed"]["sha256"], agi_provision::hash::sha256(&first.0).as_str());
    assert_eq!(first.1["seed"]["size_bytes"], first.0.len());
    assert!(home.seed().contains("nothing changed"));
    // Made from nothing, at another time.
    fs::remove_file(&seed).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    home.seed();
    assert!(first == (fs::read(&seed).unwrap(), manifest()), "another image from the same files");

    // Another program is another first boot.
    let instance = |bytes: &[u8]| {
        let at = bytes.windows(27).position(|window| window == b"instance-id: agi-provision-").unwrap();
        bytes[at..at + 39].to_vec()
    };
    fs::write(home.path("program"), "#!/bin/bash\n").unwrap();
    home.seed();
    assert_ne!(instance(&first.0), instance(&fs::read(&seed).unwrap()));

    // A carried file that changed is no longer the bundle's.
    fs::write(
        out.join("files/tiny.gguf"),
        vec![0; fs::metadata(home.path("tiny.gguf")).unwrap().len() as usize],
    )
    .unwrap();
    let (done, said) = home.bundle_again();
    assert!(!done && said.contains("files/tiny.gguf") && said.contains("was changed"), "{said}");
    home.seed();
    let (done, said) = home.bundle_again();
    assert!(done, "{said}");
    assert_eq!(names(&home.path("copy/files")).len(), 2, "a bundle of a bundle carries the same");

    let (done, said) = home.bundle_model(&[]);
    assert!(done && said.contains("not carried: llama.cpp"), "{said}");
    assert!(!seed.exists() && !out.join("files").exists());
    assert_eq!((manifest()["seed"].is_null(), manifest()["carried"].is_null()), (true, true));
}
