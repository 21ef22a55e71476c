//! Checks rendered bundles with the real systemd and cloud-init. Any output of theirs is a failure.

use agi_provision::paths;
use agi_provision::plan::Plan;
use agi_provision::plan::servers::Server;
use agi_provision::process;
use agi_provision::render::{Bundle, render};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

const PLANS: [&str; 5] = ["cpu", "gpu", "multi-gpu", "rag", "three-servers"];

/// A unit of a bundle: its name, its file, its limits and where the link to those is.
struct Unit {
    name: String,
    file: String,
    limits: String,
    link: String,
}

/// The unit of each of the plan's servers.
fn units(bundle: &Bundle) -> Vec<Unit> {
    let plan = bundle.plan().unwrap();
    let unit = |server: Server| Unit {
        name: server.name.unit(),
        file: format!("rootfs{}", server.name.unit_file()),
        limits: format!("rootfs/etc/agi-provision/generation/{}", server.name.limits_file()),
        link: format!("rootfs{}/10-generation.conf", server.name.drop_in()),
    };
    plan.servers().map(unit).collect()
}

fn bundle(name: &str) -> Bundle {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/plans/{name}.json"));
    render(&Plan::from_json(&fs::read_to_string(path).unwrap()).unwrap()).unwrap()
}

fn text<'a>(bundle: &'a Bundle, path: &str) -> &'a str {
    std::str::from_utf8(bundle.file(path).unwrap()).unwrap()
}

/// Runs a tool that these tests cannot do without.
fn tool(program: &str, package: &str, args: &[&str]) -> process::ProgramOutput {
    match process::run(program, args, Duration::from_secs(120)) {
        Ok(outcome) => outcome,
        Err(error) if error.is_missing() => {
            panic!("{program} is missing: install the package {package} (apt-get install {package})")
        }
        Err(error) => panic!("{error}"),
    }
}

/// A root with the distribution's units, the rendered ones with their drop-ins, and a stub of the agent.
fn unit_root(bundle: &Bundle) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let put = |path: &str, content: &str| {
        let path = root.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    };
    put("usr/lib/systemd/.keep", "");
    let copies = root.path().join("usr/lib/systemd/system");
    let copied = tool("cp", "coreutils", &["-r", "/usr/lib/systemd/system", copies.to_str().unwrap()]);
    assert!(
        copied.success,
        "systemd's own units are missing: install the package systemd: {}",
        copied.stderr
    );
    symlink("usr/lib", root.path().join("lib")).unwrap();
    let agent = put(paths::AGENT_LINK, "#!/bin/sh\n");
    fs::set_permissions(agent, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    for unit in units(bundle) {
        put(unit.file.strip_prefix("rootfs").unwrap(), text(bundle, &unit.file));
        // systemd-analyze would look for the link's target outside the root.
        put(unit.link.strip_prefix("rootfs").unwrap(), text(bundle, &unit.limits));
    }
    root
}

#[test]
fn systemd_finds_nothing_to_say_about_the_unit() {
    for name in PLANS {
        let bundle = bundle(name);
        let root = unit_root(&bundle);
        let option = format!("--root={}", root.path().display());
        for unit in units(&bundle) {
            let verify = || tool("systemd-analyze", "systemd", &["verify", "--man=no", &option, &unit.name]);
            let said = verify();
            assert!(said.success && said.stderr.is_empty() && said.stdout.is_empty(), "{name}: {said:?}");
            // And it would: both files are read.
            for path in [&unit.file, &unit.link] {
                let path = root.path().join(path.strip_prefix("rootfs/").unwrap());
                let whole = fs::read_to_string(&path).unwrap();
                fs::write(&path, format!("{whole}\n[Service]\nNoSuchKey=1\n")).unwrap();
                assert!(verify().stderr.contains("NoSuchKey"), "{name}: {} is not read", path.display());
                fs::write(&path, whole).unwrap();
            }
        }
    }
}

#[test]
fn the_unit_is_exposed_by_two_points_of_ten_at_most() {
    for name in PLANS {
        let bundle = bundle(name);
        let root = unit_root(&bundle);
        let option = format!("--root={}", root.path().display());
        for unit in units(&bundle) {
            let args = ["security", "--no-pager", "--offline=true", "--threshold=20", &option, &unit.name];
            let said = tool("systemd-analyze", "systemd", &args);
            println!("{name}: {}", said.stdout.lines().last().unwrap_or_default());
            assert!(said.success && said.stdout.contains("Overall exposure level"), "{name}: {said:?}");
        }
    }
}

#[test]
fn the_real_cloud_init_accepts_the_user_data() {
    for name in PLANS {
        let dir = tempfile::tempdir().unwrap();
        bundle(name).write(dir.path()).unwrap();
        let path = dir.path().join("cloud-init/user-data");
        let said = tool("cloud-init", "cloud-init", &["schema", "--config-file", path.to_str().unwrap()]);
        assert!(said.success, "{name}: {said:?}");
        assert!(!said.stderr.to_lowercase().contains("error"), "{name}: {said:?}");
    }
}

/// A plan that lets other hosts in.
fn exposed() -> Bundle {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plans/cpu.json");
    let mut plan = Plan::from_json(&fs::read_to_string(path).unwrap()).unwrap();
    let ranges = ["10.0.0.0/8", "203.0.113.7", "2001:db8::/32"].map(|text| text.parse().unwrap());
    plan.expose = agi_provision::plan::expose::Exposure::of(&ranges);
    render(&plan).unwrap()
}

#[test]
fn the_unit_for_other_hosts_is_sound_and_may_do_little() {
    let bundle = exposed();
    let root = unit_root(&bundle);
    let file = format!("rootfs{}", paths::EXPOSE_FILE);
    fs::write(root.path().join(paths::EXPOSE_FILE.trim_start_matches('/')), text(&bundle, &file)).unwrap();
    let nft = root.path().join("usr/sbin/nft");
    fs::create_dir_all(nft.parent().unwrap()).unwrap();
    fs::write(&nft, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&nft, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let option = format!("--root={}", root.path().display());
    for unit in [paths::UNIT, paths::EXPOSE_UNIT] {
        let said = tool("systemd-analyze", "systemd", &["verify", "--man=no", &option, unit]);
        assert!(said.success && said.stderr.is_empty() && said.stdout.is_empty(), "{unit}: {said:?}");
    }
    let args = ["security", "--no-pager", "--offline=true", "--threshold=20", &option, paths::EXPOSE_UNIT];
    let said = tool("systemd-analyze", "systemd", &args);
    assert!(said.success && said.stdout.contains("Overall exposure level"), "{said:?}");
}

#[test]
fn the_real_nft_takes_the_rules() {
    let rules = tempfile::NamedTempFile::new().unwrap();
    let path = format!("rootfs{}/{}", paths::GENERATION, paths::generation::EXPOSE);
    fs::write(rules.path(), text(&exposed(), &path)).unwrap();
    // In a network of its own: asking needs the right to change.
    let args = ["--user", "--map-root-user", "--net", "nft", "--file", rules.path().to_str().unwrap()];
    let said = tool("unshare", "util-linux and nftables", &args);
    assert!(said.success && said.stderr.is_empty(), "{said:?}");
}
