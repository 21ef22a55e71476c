//! Judges a host for `doctor`, by its facts and a plan's requirements.

use super::check::Check;
use super::here::clock;
use crate::error::Exit;
use crate::hardware::facts::Facts;
use crate::plan::runtime::{self, RuntimeHost};
use crate::units::gib;
use crate::verify::{Judgement, Report};

/// Judges a host's facts; with a plan also its requirements. Pure.
pub fn judge(at: &str, facts: &Facts, report: Option<&Report>, build: &str) -> Vec<Check> {
    let mut checks =
        vec![sudo(at, facts), init(at, facts), driver(at, facts), glibc(at, facts, build), space(at, facts)];
    checks.push(clock(at, facts.os.clock.as_ref()));
    checks.extend(egress(at, facts));
    if let Some(holder) = &facts.package_lock {
        checks.push(Check::warning(
            at,
            "packages",
            format!("held by {holder}"),
            "wait until it ends; apply waits too",
        ));
    }
    for line in report.iter().flat_map(|report| &report.lines) {
        let found = format!("the plan needs {}, found {}", line.needed, line.found);
        checks.extend(match line.outcome {
            Judgement::Refused => Some(Check::failed(
                at,
                &line.id,
                found,
                format!("{}; `agi-provision verify` says what would fit", line.why),
                Exit::HostDoesNotMeetPlan,
            )),
            Judgement::Warning => Some(Check::warning(
                at,
                &line.id,
                format!("promised {}, found {}", line.needed, line.found),
                "it is less than what was paid for; --strict refuses it",
            )),
            Judgement::Ok | Judgement::Allowed | Judgement::Later => None,
        });
    }
    checks
}

fn sudo(at: &str, facts: &Facts) -> Check {
    match facts.sudo.as_str() {
        "root" => Check::ok(at, "root", "logged in as root"),
        "passwordless-sudo" => Check::ok(at, "root", "sudo without a password"),
        "sudo-with-password" => Check::warning(
            at,
            "root",
            "sudo asks for a password",
            "it is asked for once; scripts give --sudo-password-stdin or AGI_PROVISION_SUDO_PASSWORD",
        ),
        _ => Check::failed(
            at,
            "root",
            "no way to become root",
            "log in as root, or put the user into the group sudo",
            Exit::Failed,
        ),
    }
}

fn init(at: &str, facts: &Facts) -> Check {
    match facts.os.systemd {
        true => {
            Check::ok(at, "systemd", facts.os.systemd_version.clone().unwrap_or_else(|| "runs".to_string()))
        }
        false => Check::failed(
            at,
            "systemd",
            "the host is not run by systemd",
            "take a virtual machine instead of a container",
            Exit::HostDoesNotMeetPlan,
        ),
    }
}

fn driver(at: &str, facts: &Facts) -> Check {
    let cards: Vec<String> = facts.gpus.iter().map(|gpu| format!("{} works", gpu.name)).collect();
    let lacking: Vec<_> = facts.without_driver().filter_map(|card| card.lacks(&facts.os.kernel)).collect();
    match (lacking.is_empty(), cards.is_empty()) {
        (false, _) => Check::warning(
            at,
            "driver",
            lacking.join("; "),
            "install the maker's driver (docs/gpu.md); until then models run on the CPU there",
        ),
        (true, false) => Check::ok(at, "driver", cards.join(", ")),
        (true, true) => Check::ok(at, "driver", "no graphics card to drive: models run on the CPU"),
    }
}

fn glibc(at: &str, facts: &Facts, build: &str) -> Check {
    let version = facts.os.glibc.clone().unwrap_or_else(|| "unknown".to_string());
    let choice = runtime::choose(&RuntimeHost::of(facts), build);
    match choice.kind {
        Some(kind) => Check::ok(at, "glibc", format!("{version}; llama.cpp {build} for {kind}")),
        None => Check::warning(
            at,
            "glibc",
            format!("{version}: {}", choice.others.join("; ")),
            choice.why.to_string(),
        ),
    }
}

fn space(at: &str, facts: &Facts) -> Check {
    let disk = &facts.disk;
    let found = format!("{} free of {} on {}", gib(disk.free_bytes), gib(disk.total_bytes), disk.mount);
    match disk.read_only {
        true => Check::failed(
            at,
            "space",
            format!("{found}, mounted read-only"),
            format!("mount -o remount,rw {}; `dmesg` says why it is read-only", disk.mount),
            Exit::HostDoesNotMeetPlan,
        ),
        false => Check::ok(at, "space", found),
    }
}

fn egress(at: &str, facts: &Facts) -> Vec<Check> {
    let measured = facts.measured.iter().flat_map(|measured| &measured.egress);
    let carry = "give the files here: --model-file and --runtime-archive; or --mirror FROM=TO";
    let mut checks: Vec<Check> = measured
        .map(|to| match to.first_byte_seconds {
            Some(seconds) => Check::ok(at, "egress", format!("{} answers after {seconds:.2} s", to.host)),
            None => Check::warning(at, "egress", format!("{} does not answer", to.host), carry),
        })
        .collect();
    if checks.is_empty() {
        checks.push(Check::ok(at, "egress", "not asked: the plan pins no address (--resolve)"));
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::super::check::Outcome;
    use super::*;
    use crate::engine::llama_cpp::build;
    use crate::hardware::facts::{Clock, Disk, Egress, Measured, Os, PciCard};
    use crate::verify::Line;

    fn good() -> Facts {
        Facts {
            sudo: "root".to_string(),
            os: Os {
                arch: "x86_64".to_string(),
                systemd: true,
                glibc: Some("2.41".to_string()),
                clock: Some(Clock { synchronized: true, ..Clock::default() }),
                ..Os::default()
            },
            disk: Disk {
                mount: "/".to_string(),
                free_bytes: 9 << 30,
                total_bytes: 20 << 30,
                ..Disk::default()
            },
            measured: Some(Measured {
                egress: vec![Egress {
                    host: "huggingface.co".to_string(),
                    first_byte_seconds: Some(0.1),
                    mbit_s: Some(90.0),
                }],
                ..Measured::default()
            }),
            ..Facts::default()
        }
    }

    fn changed(change: impl FnOnce(&mut Facts)) -> Facts {
        let mut facts = good();
        change(&mut facts);
        facts
    }

    #[test]
    fn a_good_host_has_nothing_to_do() {
        let checks = judge("web1", &good(), None, build::DEFAULT);
        assert!(
            checks.iter().all(|check| check.outcome == Outcome::Ok && check.advice.is_none()),
            "{checks:#?}"
        );
        let ids: Vec<&str> = checks.iter().map(|check| check.id.as_str()).collect();
        assert_eq!(ids, ["root", "systemd", "driver", "glibc", "space", "clock", "egress"]);
    }

    #[test]
    fn each_lack_is_named_with_what_to_do_and_its_exit() {
        let card = PciCard { wants_driver: Some("nvidia".to_string()), ..PciCard::default() };
        let cases = [
            (changed(|f| f.sudo = "sudo-with-password".into()), "root", Exit::Done, "--sudo-password-stdin"),
            (changed(|f| f.sudo = "not-root".into()), "root", Exit::Failed, "group sudo"),
            (changed(|f| f.os.systemd = false), "systemd", Exit::HostDoesNotMeetPlan, "virtual machine"),
            (changed(|f| f.pci_cards = vec![card]), "driver", Exit::Done, "docs/gpu.md"),
            (changed(|f| f.os.glibc = Some("2.31".into())), "glibc", Exit::Done, "--runtime-path"),
            (changed(|f| f.disk.read_only = true), "space", Exit::HostDoesNotMeetPlan, "remount"),
            (changed(|f| f.os.clock = Some(Clock::default())), "clock", Exit::Done, "timedatectl"),
            (
                changed(|f| f.measured.as_mut().unwrap().egress[0].first_byte_seconds = None),
                "egress",
                Exit::Done,
                "--model-file",
            ),
            (changed(|f| f.package_lock = Some("apt-get (pid 1)".into())), "packages", Exit::Done, "wait"),
        ];
        for (facts, id, exit, advice) in cases {
            let checks = judge("web1", &facts, None, build::DEFAULT);
            let lacking: Vec<&Check> = checks.iter().filter(|check| check.outcome != Outcome::Ok).collect();
            assert_eq!(lacking.len(), 1, "{id}: {checks:#?}");
            assert_eq!((lacking[0].id.as_str(), lacking[0].exit), (id, exit));
            assert!(lacking[0].advice.as_deref().unwrap().contains(advice), "{:?}", lacking[0]);
        }
    }

    #[test]
    fn an_unmet_need_of_the_plan_fails_and_a_broken_promise_warns() {
        let line = |id: &str, outcome| Line {
            id: id.to_string(),
            needed: "8.0 GiB".to_string(),
            found: "4.0 GiB".to_string(),
            outcome,
            why: "the ledger".to_string(),
        };
        let report = Report {
            lines: vec![
                line("ram", Judgement::Refused),
                line("cpu-cores", Judgement::Warning),
                line("x", Judgement::Ok),
            ],
        };
        let checks = judge("web1", &good(), Some(&report), build::DEFAULT);
        let found = |id: &str| checks.iter().find(|check| check.id == id);
        assert_eq!(found("ram").unwrap().exit, Exit::HostDoesNotMeetPlan);
        assert_eq!(found("cpu-cores").unwrap().outcome, Outcome::Warning);
        assert_eq!(found("x"), None);
    }
}
