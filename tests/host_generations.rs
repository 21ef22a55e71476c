//! One plan after another on the same host: the switch, the way back, and what stops it.

#[path = "lab/mod.rs"]
mod lab;

use std::fs;

use lab::journey::{Client, PROFILE, assert_serves, http, spoil, text};
use lab::{Host, but_kept, diff, diff_but_backups, of_a_failed_job};
use serde_json::{Value, json};

const UNIT: &str = "agi-provision-llama.service";
const RECEIPT: &str = "/var/lib/agi-provision/receipt.json";

fn generation(host: &Host) -> String {
    host.exec("readlink /etc/agi-provision/generation").ok()
}

fn context(host: &Host) -> u64 {
    let key = host.exec("cat /etc/agi-provision/api-key").ok();
    let (status, body) = http(host, "GET", "/props", Some(&key), None);
    assert_eq!(status, 200, "{body}");
    let props: Value = serde_json::from_str(&body).unwrap();
    props["default_generation_settings"]["n_ctx"].as_u64().unwrap_or_else(|| panic!("{props}"))
}

#[test]
fn a_new_plan_is_a_new_generation_and_the_way_back_works() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    client.serve(&host, "admin");
    let (first, first_context) = (generation(&host), context(&host));
    assert_eq!(first, "/var/lib/agi-provision/generations/1");

    // Another context: the model and the runtime are there already.
    let model = client.path("tiny.gguf");
    let other =
        ["apply", "--yes", "--model", text(&model), "--profile", PROFILE, "--slots", "1", "--ctx", "512"];
    // Looking first says what changes in the configuration, and that the server restarts for it.
    let check = client.json_on(&host, "admin", &[&other[..], &["--check"]].concat());
    assert_eq!((check.exit, check.changed()), (5, true), "{check:?}");
    assert_eq!(
        check.differences(),
        [
            "configuration: write generation 2",
            "configuration: llama-server: --ctx-size 4096 → 512",
            "configuration: llama-server: --parallel 2 → 1",
            &format!("start: restart {UNIT}, because the configuration changes"),
        ]
    );
    let switched = client.on(&host, "admin", &other);
    assert_eq!(switched.status, 0, "{switched:?}");
    assert!(!switched.stderr.contains("sending"), "{switched:?}");
    assert_eq!(generation(&host), "/var/lib/agi-provision/generations/2");
    assert_eq!((first_context, context(&host)), (2048, 512));
    assert_serves(&host);
    host.exec(&format!("test -f {first}/plan.json")).ok();
    // The drop-in is the new generation's.
    assert_eq!(host.exec(&format!("systemctl show -p NeedDaemonReload --value {UNIT}")).ok(), "no");

    // From a bundle, made here; the model is known to the host.
    let bundle = client.path("bundle");
    let make = ["bundle", "--model", text(&model), "--profile", PROFILE, "--out", text(&bundle)];
    client.run(&make).ok();
    let back = client.json_on(&host, "admin", &["apply", "--yes", "--bundle", text(&bundle)]);
    assert_eq!((back.exit, back.changed()), (0, true), "{back:?}");
    assert_eq!(context(&host), first_context);
    assert_serves(&host);
    // The same as the plan it was made from.
    let again = client.apply(&host, "admin", &[]);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");

    // A plan as a file, with a chat template of its own.
    let marked = client.plan("marked.json", &model, &[], |plan| {
        plan["model"]["chat_template"] =
            json!("{%- for message in messages -%}<<marker>>{{ message['content'] }}{%- endfor -%}");
        let file = json!("/etc/agi-provision/generation/chat-template.jinja");
        plan["llama_server"]["args"].as_array_mut().unwrap().extend([json!("--chat-template-file"), file]);
    });
    let done = client.apply(&host, "admin", &["--plan", text(&marked)]);
    assert_eq!((done.exit, done.changed()), (0, true), "{done:?}");
    let key = host.exec("cat /etc/agi-provision/api-key").ok();
    let messages = json!({"messages": [{"role": "user", "content": "Hello"}]});
    let (status, prompt) = http(&host, "POST", "/apply-template", Some(&key), Some(&messages));
    assert_eq!(status, 200, "{prompt}");
    assert!(prompt.contains("<<marker>>Hello"), "{prompt}");
    assert_serves(&host);
}

#[test]
fn a_plan_that_does_not_serve_is_taken_back() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    client.serve(&host, "root");
    let before = host.snapshot();
    let (served, receipt) = (generation(&host), host.exec(&format!("cat {RECEIPT}")).ok());

    let model = client.path("tiny.gguf");
    let spoilt = client.path("spoilt.gguf");
    spoil(&model, &spoilt);
    let size = fs::metadata(&spoilt).unwrap().len();
    let plan = client.plan("spoilt.json", &model, &["--ctx", "512"], |plan| {
        plan["model"]["files"] =
            json!([{"name": "spoilt.gguf", "size_bytes": size, "sha256": null, "url": null}]);
        for arg in plan["llama_server"]["args"].as_array_mut().unwrap() {
            *arg = json!(arg.as_str().unwrap().replace("tiny.gguf", "spoilt.gguf"));
        }
    });
    let failed = client.apply(&host, "root", &["--plan", text(&plan), "--model-file", text(&spoilt)]);
    assert_eq!((failed.exit, failed.changed()), (8, false), "{failed:?}");
    assert!(failed.message().contains("the old generation serves again"), "{failed:?}");
    let log = failed.value["log"].to_string();
    assert!(log.contains("llamb"), "the server's own words: {log}");
    assert_eq!(generation(&host), served);
    assert_serves(&host);
    // Nothing but the job's own account of it differs.
    let differs = diff(&before, &host.snapshot());
    assert!(!differs.is_empty() && differs.iter().all(of_a_failed_job), "{differs:#?}");
    assert_eq!(host.exec(&format!("cat {RECEIPT}")).ok(), receipt);

    // And it is as good as before: nothing to do.
    let again = client.apply(&host, "root", &[]);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");

    // The same with the server down at the start: what did not serve before is not said to serve.
    host.exec(&format!("systemctl stop {UNIT}")).ok();
    let failed = client.apply(&host, "root", &["--plan", text(&plan), "--model-file", text(&spoilt)]);
    assert_eq!(failed.exit, 8, "{failed:?}");
    assert_serves(&host);
}

#[test]
fn a_first_apply_that_does_not_serve_leaves_nothing_but_packages() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    host.install_libgomp();
    let before = host.snapshot();
    let (model, spoilt) = (client.tiny("tiny.gguf", 1), client.path("tiny-spoilt.gguf"));
    spoil(&model, &spoilt);
    let plan = client.plan("plan.json", &model, &[], |_| ());
    let failed = client.apply(&host, "root", &["--plan", text(&plan), "--model-file", text(&spoilt)]);
    assert_eq!((failed.exit, failed.changed()), (1, false), "{failed:?}");
    assert!(failed.message().contains("the host is as it was"), "{failed:?}");
    assert!(failed.value["log"].to_string().contains("llamb"), "{failed:?}");
    assert!(failed.message().contains(" stay for the next apply"), "{failed:?}");
    assert_eq!(but_kept(diff_but_backups(&before, &host.snapshot())), [""; 0]);
    let status = client.json_on(&host, "root", &["status"]);
    assert_eq!((status.exit, &status.value["status"]["installed"]), (1, &json!(false)), "{status:?}");
    assert!(status.value["status"]["waiting_bytes"].as_u64() > Some(0), "{status:?}");
    // `remove` takes them.
    client.on(&host, "root", &["remove", "--yes"]).ok();
    assert_eq!(diff_but_backups(&before, &host.snapshot()), [""; 0]);
    assert_eq!(host.exec("systemctl --failed --no-legend --plain").ok(), "");

    // Models that were kept are not taken either.
    client.serve(&host, "root");
    client.on(&host, "root", &["remove", "--yes", "--keep-models"]).ok();
    let kept = host.snapshot();
    let failed = client.apply(&host, "root", &["--plan", text(&plan), "--model-file", text(&spoilt)]);
    assert_eq!(failed.exit, 1, "{failed:?}");
    assert_eq!(but_kept(diff_but_backups(&kept, &host.snapshot())), [""; 0]);
}

/// The requirement `id` of a plan, its bounds replaced.
fn demand(plan: &mut Value, id: &str, need: Value, promise: Value, unit: &str) {
    let all = plan["requirements"].as_array_mut().unwrap();
    all.retain(|requirement| requirement["id"] != id);
    all.push(json!({"id": id, "need": need, "promise": promise, "unit": unit, "why": "the test says so"}));
}

#[test]
fn a_host_that_is_too_small_is_left_alone() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    let before = host.snapshot();
    let model = client.tiny("tiny.gguf", 1);
    let plan = client.plan("plan.json", &model, &[], |plan| {
        demand(plan, "ram", json!(10_u64 << 40), Value::Null, "bytes");
        demand(plan, "cpu-flags", json!(["avx2", "flag_of_tomorrow"]), Value::Null, "");
        demand(plan, "gpu-count", json!(1), Value::Null, "GPUs");
    });
    let refused = client.apply(&host, "admin", &["--plan", text(&plan), "--model-file", text(&model)]);
    assert_eq!((refused.exit, refused.changed()), (4, false), "{refused:?}");
    assert!(refused.message().contains("3 requirements are not met"), "{refused:?}");
    let as_text = client.applying(&["--plan", text(&plan), "--model-file", text(&model)]);
    let as_text = client.on(&host, "admin", &as_text);
    let verify = client.on(&host, "admin", &["verify", "--plan", text(&plan)]);
    let verify_json = client.json_on(&host, "admin", &["verify", "--plan", text(&plan)]);
    assert_eq!((as_text.status, verify.status, verify_json.exit), (4, 4, 4), "{as_text:?} {verify:?}");
    let name = format!("admin@{}: refused: ", host.addr());
    let lines: Vec<&str> = as_text.stderr.lines().filter_map(|line| line.strip_prefix(&name)).collect();
    let starts = [
        "ram: needed 10240.0 GiB, found ",
        "cpu-flags: needed avx2 flag_of_tomorrow, found ",
        "gpu-count: needed 1 GPU, found no GPU",
    ];
    assert_eq!(lines.len(), starts.len(), "{as_text:?}");
    for start in starts {
        assert!(lines.iter().any(|line| line.starts_with(start)), "{start}: {as_text:?}");
    }
    assert_eq!(verify.stdout.matches("REFUSED").count(), 3, "{verify:?}");
    // Not even the executable stays.
    assert_eq!(diff(&before, &host.snapshot()), [""; 0]);

    // A promise warns; with --strict it refuses.
    let promised = client.plan("promised.json", &model, &[], |plan| {
        demand(plan, "cpu-cores", Value::Null, json!(4096), "cores");
    });
    let verify = client.json_on(&host, "admin", &["verify", "--plan", text(&promised)]);
    assert_eq!(verify.exit, 0, "{verify:?}");
    let cores =
        verify.value["verification"].as_array().unwrap().iter().find(|line| line["id"] == "cpu-cores");
    assert_eq!(cores.unwrap()["outcome"], "warning");
    let strict = ["--plan", text(&promised), "--strict"];
    let verify = client.json_on(&host, "admin", &[&["verify"], &strict[..]].concat());
    assert_eq!(verify.exit, 4, "{verify:?}");
    let refused = client.apply(&host, "admin", &[&strict[..], &["--model-file", text(&model)]].concat());
    assert_eq!(refused.exit, 4, "{refused:?}");
    assert_eq!(diff(&before, &host.snapshot()), [""; 0]);

    // On a host that serves, a refusal takes nothing down.
    client.serve(&host, "admin");
    let serving = host.snapshot();
    let refused = client.apply(&host, "admin", &["--plan", text(&plan)]);
    assert_eq!(refused.exit, 4, "{refused:?}");
    assert_eq!(diff(&serving, &host.snapshot()), [""; 0]);
    assert_serves(&host);
}

#[test]
fn a_host_that_was_resized_down_refuses_once_and_says_why() {
    for image in ["debian12", "debian13"] {
        let (host, client) = (Host::boot(image), Client::new());
        client.serve(&host, "root");
        let path = "/etc/agi-provision/generation/plan.json";
        let mut plan: Value = serde_json::from_str(&host.exec(&format!("cat {path}")).ok()).unwrap();
        demand(&mut plan, "ram", json!(10_u64 << 40), Value::Null, "bytes");
        let edited = client.path("edited.json");
        fs::write(&edited, plan.to_string()).unwrap();
        host.put(&edited, path);
        host.reboot();
        host.exec(&format!("for i in $(seq 100); do systemctl is-failed -q {UNIT} && exit; sleep 0.1; done"))
            .ok();
        // Longer than RestartSec.
        std::thread::sleep(std::time::Duration::from_secs(6));
        let show =
            host.exec(&format!("systemctl show -p ActiveState -p NRestarts -p ExecMainStatus {UNIT}")).ok();
        for line in ["ActiveState=failed", "NRestarts=0", "ExecMainStatus=4"] {
            assert!(show.lines().any(|found| found == line), "{show}");
        }
        let reason = "ram: needed 10240.0 GiB, found ";
        let said = host.exec(&format!("systemctl status --no-pager {UNIT}"));
        assert_eq!(
            said.stdout.matches(&format!("no longer meets the plan: {reason}")).count(),
            1,
            "{said:?}"
        );
        let status = client.on(&host, "root", &["status"]);
        assert_eq!(status.status, 1, "{status:?}");
        assert!(status.stdout.contains(reason), "{status:?}");

        // Back to its size: the next apply repairs what was edited.
        let repaired = client.apply(&host, "root", &[]);
        assert_eq!((repaired.exit, repaired.changed()), (0, true), "{repaired:?}");
        assert_serves(&host);
    }
}
