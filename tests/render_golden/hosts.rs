//! Bundles of one model over several hosts: one for the head, one for each worker.

use super::{golden, text, tree};
use agi_provision::engine::server::ServerName;
use agi_provision::hardware::profiles;
use agi_provision::plan::Plan;
use agi_provision::plan::hosts::{self, Machine};
use agi_provision::plan::request::Request;
use agi_provision::render::{Bundle, render};
use serde_json::{Value, json};
use std::fs;

fn plans(profile: &str, names: &[&str]) -> Vec<Plan> {
    let request = Request::of_registry("llama-65b", Some("Q4_K_M")).unwrap();
    let machine = |name: &&str| Machine { name: name.to_string(), profile: profiles::find(profile).unwrap() };
    let machines: Vec<Machine> = names.iter().map(machine).collect();
    hosts::plans(&request, &machines, "0.5,1000".parse().unwrap()).unwrap().1
}

fn cases() -> Vec<(String, Plan)> {
    let processors = plans("cpu-vps-32gb", &["root@head.example.org", "root@10.0.0.2", "root@10.0.0.3"]);
    let cards = plans("gpu-24gb", &["a", "b", "c"]);
    let named = |kind: &'static str| {
        move |(place, plan): (usize, Plan)| {
            let part = if place == 0 { "head".to_string() } else { format!("worker-{place}") };
            (format!("{kind}/{part}"), plan)
        }
    };
    let processors = processors.into_iter().enumerate().map(named("cpu"));
    processors.chain(cards.into_iter().take(2).enumerate().map(named("gpu"))).collect()
}

#[test]
fn every_hosts_files_are_as_recorded() {
    let update = std::env::var("AGI_PROVISION_GOLDEN").is_ok_and(|value| value == "update");
    for (name, plan) in cases() {
        let bundle = render(&plan).unwrap();
        let dir = golden().join("hosts").join(&name);
        let paths: Vec<&str> = bundle.files().iter().map(|file| file.path.as_str()).collect();
        if update {
            let _ = fs::remove_dir_all(&dir);
            for path in &paths {
                fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
                fs::write(dir.join(path), text(&bundle, path)).unwrap();
            }
        }
        let recorded = tree(&dir);
        for path in &paths {
            let expected = recorded.get(*path).unwrap_or_else(|| panic!("{name}: {path} is new"));
            assert!(text(&bundle, path).as_bytes() == expected, "{name}: {path}:\n{}", text(&bundle, path));
        }
        assert_eq!(recorded.len(), paths.len(), "{name}: no longer rendered: {:?}", recorded.keys());
        let written = tempfile::tempdir().unwrap();
        bundle.write(written.path()).unwrap();
        assert_eq!(Bundle::read(written.path()).unwrap(), bundle);
    }
}

#[test]
fn a_worker_has_its_own_unit_and_no_models_file_and_the_head_has_both() {
    for (name, plan) in cases() {
        let bundle = render(&plan).unwrap();
        let has = |unit: &str| bundle.file(&format!("rootfs/etc/systemd/system/{unit}")).is_some();
        let worker = name.contains("worker");
        assert_eq!(has(&ServerName::WORKER.unit()), worker, "{name}");
        assert_eq!(has(&ServerName::CHAT.unit()), !worker, "{name}");
        assert_eq!(has("agi-provision-rpc-link.service"), !worker, "{name}");
        let models = bundle.manifest().downloads.iter().skip(1).count();
        assert_eq!(models, usize::from(!worker), "{name}");
        // What it needs is what its own ledger says, and no port of its own host's.
        let need = |id: &str| plan.requirements.iter().find(|line| line.id == id).cloned();
        let ram = serde_json::to_value(need("ram").unwrap().need).unwrap();
        assert_eq!(ram, json!(plan.memory[0].total_bytes), "{name}");
        assert_eq!((plan.memory[0].device.as_str(), need("port").is_some()), ("host", !worker), "{name}");
        let devices: Vec<&str> = plan.memory.iter().map(|ledger| ledger.device.as_str()).collect();
        let expected: &[&str] = match name.as_str() {
            "cpu/head" => &["host", "rpc0", "rpc1"],
            "gpu/head" => &["host", "gpu0", "rpc0", "rpc1"],
            "gpu/worker-1" => &["host", "gpu0"],
            _ => &["host"],
        };
        assert_eq!(devices, expected, "{name}");
        assert_eq!(Plan::from_json(&plan.to_json()).unwrap(), plan, "{name}");
    }
}

#[test]
fn a_part_that_no_plan_has_is_refused() {
    type Change = fn(&mut Value);
    let changes: &[(usize, Change, &str)] = &[
        (0, |plan| plan["over_hosts"]["place"] = json!(1), "every other one a worker"),
        (1, |plan| plan["over_hosts"]["place"] = json!(3), "place 3 of 3 hosts"),
        (1, |plan| plan["over_hosts"]["hosts"][1] = json!("a\nb"), "no name of a host"),
        (1, |plan| plan["over_hosts"]["worker"][1] = json!("0.0.0.0"), "it is 127.0.0.1"),
        (1, |plan| plan["over_hosts"]["spell"] = json!(1), "unknown field"),
        (
            0,
            |plan| {
                let args = plan["llama_server"]["args"].as_array_mut().unwrap();
                let at = args.iter().position(|arg| arg == "--rpc").unwrap();
                args[at + 1] = json!("10.0.0.2:50052");
            },
            "--rpc \"10.0.0.2:50052\"",
        ),
    ];
    let plans = plans("cpu-vps-32gb", &["a", "b", "c"]);
    for (place, change, why) in changes {
        let mut plan = serde_json::to_value(&plans[*place]).unwrap();
        change(&mut plan);
        let refused = Plan::from_json(&plan.to_string()).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}
