use super::*;
use crate::elf::ElfError;
use crate::processor::Processor;
use std::process::Command;

/// Compiles C with the machine's compiler, as any build of a Rust program has one.
fn compile(dir: &Path, out: &str, source: &str, args: &[&str]) -> PathBuf {
    let path = dir.join(out);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let c = dir.join("source.c");
    fs::write(&c, source).unwrap();
    let status = Command::new("cc").arg("-o").arg(&path).arg(&c).args(args).status().unwrap();
    assert!(status.success(), "cc {args:?}");
    path
}

/// A program in `bin` that needs libone of the folder beside it, which needs libtwo beside itself.
fn program(dir: &Path, rpath: &[&str]) -> PathBuf {
    let lib = dir.join("lib");
    let two = "-Wl,-soname,libtwo.so.2";
    compile(dir, "lib/libtwo.so.2", "int two(void) { return 2; }", &["-shared", "-fPIC", two]);
    let link = format!("-L{}", lib.display());
    let one = ["-shared", "-fPIC", "-Wl,-soname,libone.so", &link, "-l:libtwo.so.2", "-Wl,-rpath,$ORIGIN"];
    compile(dir, "lib/libone.so", "int two(void); int one(void) { return two() - 1; }", &one);
    let below = format!("-Wl,-rpath-link,{}", lib.display());
    let args: Vec<&str> = rpath.iter().copied().chain([&*link, "-lone", &*below]).collect();
    compile(dir, "bin/program", "int one(void); int main(void) { return one() - 1; }", &args)
}

/// Returns the libraries that `ldd` finds for a program of our own, by name.
fn ldd(path: &Path) -> BTreeMap<String, Option<PathBuf>> {
    let said = Command::new("ldd").arg(path).output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    let lines = text.lines().filter_map(|line| line.trim().split_once(" => "));
    lines
        .map(|(name, rest)| {
            let path = (!rest.starts_with("not found")).then(|| rest.split(" (").next().unwrap().into());
            (name.to_string(), path)
        })
        .collect()
}

#[test]
fn libraries_are_found_where_ldd_finds_them() {
    let dir = tempfile::tempdir().unwrap();
    let search = Search::of_host();
    for rpath in [
        vec!["-Wl,-rpath,$ORIGIN/../lib", "-Wl,--enable-new-dtags"],
        vec!["-Wl,-rpath,$ORIGIN/../lib", "-Wl,--disable-new-dtags"],
        vec!["-Wl,-rpath,/no/such/folder:relative"],
        vec![],
    ] {
        let path = program(dir.path(), &rpath);
        let (ours, theirs) = (resolve(&path, &search).unwrap(), ldd(&path));
        let real = |path: &PathBuf| fs::canonicalize(path).unwrap();
        let mut found: Vec<PathBuf> = ours.found.iter().map(real).collect();
        let mut wanted: Vec<PathBuf> = theirs.values().flatten().map(real).collect();
        // ldd names the loader itself without an arrow.
        found.retain(|path| !path.to_string_lossy().contains("/ld-"));
        wanted.retain(|path| !path.to_string_lossy().contains("/ld-"));
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{rpath:?}");
        let missing: Vec<String> =
            theirs.into_iter().filter(|(_, path)| path.is_none()).map(|(name, _)| name).collect();
        assert_eq!(ours.missing(), missing, "{rpath:?}");
        assert_eq!(missing.is_empty(), rpath.first().is_some_and(|first| first.contains("ORIGIN")));
    }
}

#[test]
fn a_c_library_that_is_too_old_is_told_by_its_version() {
    let dir = tempfile::tempdir().unwrap();
    let path =
        compile(dir.path(), "bin/p", "#include <stdio.h>\nint main(void) { puts(\"x\"); return 0; }", &[]);
    let image = Image::read(&path).unwrap();
    assert_eq!(image.machine, Machine::OWN);
    assert!(image.interpreter.as_ref().is_some_and(|path| path.contains("/ld-linux")), "{image:?}");
    let needed = image.glibc_needed().unwrap();
    assert!(((2, 2)..(3, 0)).contains(&needed), "{needed:?}");
    assert_eq!(resolve(&path, &Search::of_host()).unwrap().lacking, []);

    // The file is changed to look like a build for a newer distribution. Its hash does not matter to what is read
    // here.
    let name = image.versions_needed.iter().map(|need| &need.version).find(|name| name.len() >= 10).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let at =
        bytes.windows(name.len() + 1).position(|w| w[..name.len()] == *name.as_bytes() && w[name.len()] == 0);
    let newer = format!("{:0<width$}", "GLIBC_9.", width = name.len());
    bytes[at.unwrap()..][..name.len()].copy_from_slice(newer.as_bytes());
    fs::write(&path, &bytes).unwrap();
    let loaded = resolve(&path, &Search::of_host()).unwrap();
    let [Lacking::Version { library, version, newest: Some(newest) }] = &loaded.lacking[..] else {
        panic!("{loaded:?}")
    };
    assert_eq!((library.as_str(), version), ("libc.so.6", &newer));
    assert!(glibc(newest).is_some_and(|newest| newest >= (2, 17)), "{newest}");
    assert_eq!(glibc("GLIBC_2.2.5"), Some((2, 2)));
    assert_eq!(glibc("GLIBCXX_3.4"), None);
}

#[test]
fn a_static_program_needs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = compile(dir.path(), "bin/p", "int main(void) { return 0; }", &["-static"]);
    assert_eq!(Image::read(&path).unwrap().interpreter, None);
    assert_eq!(resolve(&path, &Search::of_host()).unwrap(), Loaded::default());
}

#[test]
fn what_is_no_program_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    let mut arm = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\xb7\0\x01\0\0\0".to_vec();
    arm.resize(4096, 0);
    fs::write(&file, &arm).unwrap();
    assert_eq!(Image::read(&file).unwrap().machine, Machine::Known(Processor::Aarch64));
    for bytes in [b"#!/bin/sh\n".to_vec(), vec![], b"\x7fELF".to_vec(), vec![0; 4096]] {
        fs::write(&file, bytes).unwrap();
        assert!(matches!(Image::read(&file), Err(ElfError::NotElf { .. })));
    }
    assert!(matches!(Image::read(dir.path()), Err(ElfError::NotElf { .. })));
    rustix::fs::mknodat(
        rustix::fs::CWD,
        dir.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    assert!(matches!(Image::read(&dir.path().join("pipe")), Err(ElfError::NotElf { .. })));
    assert!(matches!(Image::read(&dir.path().join("none")), Err(ElfError::Io { .. })));
}

/// Every byte of the headers changed, one after another: read or refused, in time.
#[test]
fn a_damaged_program_is_read_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = program(dir.path(), &["-Wl,-rpath,$ORIGIN/../lib"]);
    let whole = fs::read(&path).unwrap();
    let changed = dir.path().join("bin/changed");
    let began = std::time::Instant::now();
    for at in (0..whole.len().min(4096)).step_by(7) {
        for value in [0xff, whole[at] ^ 1] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            fs::write(&changed, &bytes).unwrap();
            let _ = resolve(&changed, &Search::default());
        }
    }
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}
