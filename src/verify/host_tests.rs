use super::*;
use crate::hardware::facts::{Disk, Mount, Os, Upkeep, Work};
use crate::processor::Processor;

fn facts() -> Facts {
    let mount = |path: &str, at: &str| Mount {
        path: path.into(),
        disk: Disk { mount: at.into(), ..Disk::default() },
        ..Mount::default()
    };
    Facts {
        os: Os { glibc: Some("2.36".into()), ..Os::default() },
        mounts: vec![mount(paths::VAR, "/var"), mount("/usr/local", "/"), mount("/tmp", "/tmp")],
        ..Facts::default()
    }
}

fn wants(lacking: Vec<Lacking>, packages: Result<&[&str], &str>) -> Ground {
    let packages = packages.map(|all| all.iter().map(|name| name.to_string()).collect());
    let runtime = Wants { glibc: Some((2, 34)), lacking, packages: packages.map_err(str::to_string) };
    Ground { runtime: Some(runtime), ..Ground::default() }
}

fn missing() -> Vec<Lacking> {
    vec![Lacking::Library("libgomp.so.1".into())]
}

/// Given these facts and this ground, this requirement comes out so, with these words and this way out.
#[test]
fn a_table_of_hosts() {
    use Judgement::{Refused, Warning};
    let fine = Judgement::Ok;
    let plain = || wants(vec![], Ok(&[]));
    let cards = || Ground { cards: true, ..plain() };
    let newer = || {
        let mut ground = plain();
        ground.runtime.as_mut().unwrap().glibc = Some((2, 38));
        ground
    };
    let older = || {
        let (library, version) = ("libstdc++.so.6".into(), "GLIBCXX_3.4.32".into());
        wants(vec![Lacking::Version { library, version, newest: None }], Ok(&[]))
    };
    let pending = |packages: &[&str]| Upkeep {
        reboot_for: Some(packages.iter().map(|name| name.to_string()).collect()),
        ..Upkeep::default()
    };
    let at_work = |by, at: &str| Upkeep { at_work: vec![Work { by, at: at.into() }], ..Upkeep::default() };
    type Change = Box<dyn Fn(&mut Facts)>;
    let change = |change: fn(&mut Facts)| -> Change { Box::new(change) };
    let upkeep = |upkeep: Upkeep| -> Change { Box::new(move |facts| facts.upkeep = upkeep.clone()) };
    let table: Vec<(Change, Ground, &str, Judgement, &str, &str)> = vec![
        (change(|_| {}), plain(), "noexec", fine, "they run", ""),
        (change(|f| f.mounts[2].noexec = true), plain(), "noexec", fine, "they run", ""),
        (
            change(|f| f.mounts[0].noexec = true),
            plain(),
            "noexec",
            Refused,
            "/var is mounted noexec",
            "remount,exec",
        ),
        (
            change(|f| f.mounts[1].noexec = true),
            plain(),
            "noexec",
            Refused,
            "/ is mounted noexec",
            "remount,exec",
        ),
        (change(|_| {}), plain(), "libc", fine, "glibc 2.36", ""),
        (change(|_| {}), newer(), "libc", Refused, "glibc 2.36", "--runtime-path"),
        (change(|f| f.os.glibc = Some("2.40".into())), newer(), "libc", fine, "glibc 2.40", ""),
        (change(|f| f.os.glibc = None), newer(), "libc", Warning, "not known", ""),
        (change(|_| {}), plain(), "libraries", fine, "they are there", ""),
        (
            change(|_| {}),
            wants(missing(), Ok(&["libgomp1"])),
            "libraries",
            fine,
            "not there; apt installs libgomp1",
            "",
        ),
        (
            change(|_| {}),
            wants(missing(), Err("`dnf install it`")),
            "libraries",
            Refused,
            "not there, and nothing to install it with",
            "`dnf install it`",
        ),
        (
            change(|_| {}),
            older(),
            "libraries",
            Refused,
            "an older libstdc++.so.6, without it",
            "as old as this one",
        ),
        (
            change(|_| {}),
            wants(vec![Lacking::Processor(Processor::Aarch64)], Ok(&[])),
            "libraries",
            Refused,
            "this host's is x86-64",
            "for this host's processor",
        ),
        (change(|_| {}), plain(), "busy", fine, "at rest", ""),
        (
            upkeep(at_work(Worker::CloudInit, "modules-final")),
            plain(),
            "busy",
            Warning,
            "cloud-init is at work (modules-final)",
            "",
        ),
        (
            upkeep(at_work(Worker::Upgrades, "unattended-upgr (pid 7)")),
            plain(),
            "busy",
            Warning,
            "unattended-upgr (pid 7) upgrades packages",
            "",
        ),
        (change(|_| {}), cards(), "reboot", fine, "none", ""),
        (upkeep(pending(&[])), cards(), "reboot", Warning, "the system asks for one", ""),
        (upkeep(pending(&["libc6"])), cards(), "reboot", Warning, "the system asks for one, for libc6", ""),
        (
            upkeep(pending(&["linux-image-6.1.0-9-amd64"])),
            plain(),
            "reboot",
            Warning,
            "the system asks for one, for linux-image-6.1.0-9-amd64",
            "",
        ),
        (
            upkeep(pending(&["libc6", "nvidia-driver-550"])),
            cards(),
            "reboot",
            Refused,
            "the system asks for one, for libc6, nvidia-driver-550",
            "systemctl reboot",
        ),
    ];
    for (change, ground, id, outcome, found, way_out) in table {
        let mut facts = facts();
        change(&mut facts);
        let report = Report { lines: check(&facts, &ground) };
        let line =
            report.lines.iter().find(|line| line.id == id).unwrap_or_else(|| panic!("{id}: {report:?}"));
        assert_eq!((line.outcome, line.found.as_str()), (outcome, found), "{line:?}");
        assert!(IDS.contains(&id));
        let hint = hint(&report, &ground).unwrap_or_default();
        assert!(hint.contains(way_out) && hint.is_empty() == (outcome != Refused), "{id}: {hint}");
    }
}

#[test]
fn work_that_did_not_end_in_time_refuses_and_cloud_init_does_not_wait_for_itself() {
    let mut facts = facts();
    assert_eq!(still_busy(&facts), None);
    facts.upkeep.at_work = vec![Work { by: Worker::CloudInit, at: "modules-final".into() }];
    let line = still_busy(&facts).unwrap();
    assert_eq!((line.id.as_str(), line.outcome), (ids::BUSY, Judgement::Refused));
    let hint = hint(&Report { lines: vec![line] }, &Ground::default()).unwrap();
    assert!(hint.contains("--wait SECONDS") && hint.contains("--allow busy"), "{hint}");
    assert_eq!(at_work(&facts, true), [""; 0]);
    assert_eq!(at_work(&facts, false), ["cloud-init is at work (modules-final)"]);
}

#[test]
fn a_site_that_is_not_reached_refuses_and_says_what_helps() {
    let sites = ["huggingface.co".to_string(), "github.com".to_string()];
    let good = egress(&sites, &Ok("through http://10.0.0.1:3128 (/etc/environment)".into()));
    assert_eq!((good.needed.as_str(), good.outcome), ("huggingface.co and github.com", Judgement::Ok));
    let bad = egress(&sites, &Err("directly: no connection to github.com: timed out".into()));
    assert_eq!(bad.outcome, Judgement::Refused);
    let hint = hint(&Report { lines: vec![good, bad] }, &Ground::default()).unwrap();
    assert!(["--proxy URL", "--mirror", "--model-file"].iter().all(|flag| hint.contains(flag)), "{hint}");
}

#[test]
fn a_runtime_that_is_there_already_asks_for_nothing() {
    let lines = check(&facts(), &Ground::default());
    assert_eq!(lines.iter().map(|line| line.id.as_str()).collect::<Vec<_>>(), ["noexec", "busy", "reboot"]);
}

#[test]
fn a_refusal_of_the_plans_own_keeps_its_own_way_out() {
    let mut facts = facts();
    facts.mounts[0].noexec = true;
    let mut report = Report { lines: check(&facts, &Ground::default()) };
    report.lines.push(line("ram", "9 GiB", "4 GiB", Judgement::Refused, ""));
    assert_eq!(hint(&report, &Ground::default()), None);
}

#[test]
fn a_host_without_podman_passes_where_apt_has_one_that_will_do() {
    let judged = |offered: Option<&'static str>| {
        let refused = line(ids::PODMAN, "4.4 or later", "no podman", Judgement::Refused, "");
        let mut report = Report { lines: vec![refused] };
        installable(&mut report, &Ground { podman: offered, ..Ground::default() });
        (report.passes(), report.lines[0].found.clone())
    };
    assert_eq!(judged(Some("5.4")), (true, "not there; apt installs 5.4".to_string()));
    assert_eq!(judged(Some("4.3")), (false, "no podman".to_string()));
    assert_eq!(judged(None), (false, "no podman".to_string()));
}

#[test]
fn what_a_container_lacks_has_its_own_way_out() {
    let hint = |ids: &[&str]| {
        let lines = ids.iter().map(|id| line(id, "", "", Judgement::Refused, "")).collect();
        container_hint(&Report { lines })
    };
    assert!(hint(&[ids::PODMAN]).unwrap().contains("podman 4.4 or later"));
    assert!(hint(&[ids::CDI]).unwrap().contains("nvidia-ctk cdi generate"));
    assert!(hint(&[ids::PODMAN, ids::CDI]).unwrap().contains("podman 4.4"));
    assert_eq!((hint(&[ids::CDI, ids::RAM]), hint(&[])), (None, None));
}
