//! llama.cpp from the distribution's packages: Debian forky's own, on a host of the lab whose apt has them.

#[path = "lab/mod.rs"]
mod lab;
#[path = "oracle/on_cards.rs"]
mod on_cards;

use agi_provision::engine::llama_cpp::build;
use lab::gpu::GpuHost;
use lab::journey::{Client, PROFILE, assert_serves, text, unservable, wait_until_ready};
use lab::{Host, agi_provision, but_kept, ours, run};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Takes the package out of what apt has, and puts it back.
const WITHOUT: &str = "cd /opt/lab-apt && mv Packages whole &&
    awk 'BEGIN { RS = \"\"; ORS = \"\\n\\n\" } !/^Package: llama.cpp-tools\\n/' whole > Packages && apt-get update -qq";
const WITH: &str = "mv /opt/lab-apt/whole /opt/lab-apt/Packages && apt-get update -qq";

#[test]
fn the_distributions_packages_are_installed_serve_are_proved_and_stay() {
    let (host, client) = (Host::boot("forky"), Client::new());
    let model = client.path("tiny.gguf");
    let flags = ["--model", text(&model), "--profile", PROFILE, "--runtime-packages"];
    let apply =
        |more: &[&str]| client.json_on(&host, "admin", &[&["apply", "--yes"], &flags[..], more].concat());
    let drift = || {
        let status = client.json_on(&host, "admin", &["status"]);
        assert_eq!(status.exit, 0, "{status:?}");
        status.value["status"].clone()
    };
    let before = host.snapshot();

    // A plan for the host names them beside what it chose.
    let plan = client.json_on(&host, "admin", &["plan", "--model", text(&model)]);
    let named = &plan.value["llama_server"]["runtime_choice"]["packages"];
    assert_eq!(named, &json!({"names": ["llama.cpp-tools"], "build": "b11669"}), "{plan:?}");

    // Its apt is fetched anew where it has no lists; an archive that is not reached is said.
    host.exec(
        "echo 'deb [trusted=yes] http://127.0.0.1:9/debian forky main' > /etc/apt/sources.list.d/far.list",
    )
    .ok();
    host.exec("mv /etc/apt/sources.list /root/").ok();
    let unreached = apply(&[]);
    assert_eq!(unreached.exit, 1, "{unreached:?}");
    assert!(unreached.message().contains("installing llama.cpp-tools"), "{unreached:?}");
    assert!(unreached.value["hint"].to_string().contains("reach its package mirror"), "{unreached:?}");
    let left = but_kept(ours(&before, &host));
    assert!(left.is_empty(), "{left:?}");
    host.exec("rm /etc/apt/sources.list.d/far.list; mv /root/sources.list /etc/apt/").ok();

    // An apt that has others only is refused before anything is changed.
    host.exec(WITHOUT).ok();
    let serving = host.snapshot();
    for more in [&[][..], &["--check"]] {
        let refused = apply(more);
        assert_eq!(refused.exit, 4, "{refused:?}");
        assert!(refused.message().contains("apt on this host has no llama.cpp-tools"), "{refused:?}");
        assert!(refused.value["hint"].to_string().contains("without --runtime-packages"), "{refused:?}");
    }
    let left = ours(&serving, &host);
    assert!(left.is_empty(), "{left:?}");
    host.exec(WITH).ok();

    let check = apply(&["--check"]);
    assert_eq!(check.exit, 5, "{check:?}");
    let differences = check.differences();
    assert!(
        differences.iter().any(|line| *line == "runtime: install llama.cpp-tools, and use their program"),
        "{differences:?}"
    );
    assert_ne!(host.exec("test -e /usr/bin/llama-server").status, 0);

    // Another build than the plan's would be refused.
    let strict = ["--strict", "--allow", "cpu-cores"];
    let done = apply(&strict);
    let log = || host.exec("journalctl --no-pager -n 60 -u agi-provision-llama").stdout;
    assert_eq!(done.exit, 0, "{done:?}\n{}", log());
    assert_serves(&host);
    let receipt = &done.value["receipt"];
    assert_eq!(receipt["packages_installed"], json!(["llama.cpp-tools"]), "{receipt}");
    let devices = receipt["measured"]["proof"]["devices"].as_array().unwrap();
    // llama-server tells hundredths of a MiB.
    for (device, what) in devices.iter().flat_map(|device| ["weights", "kv"].map(|what| (device, what))) {
        let [reported, planned] = ["reported", "planned"].map(|which| device[what][which].as_u64().unwrap());
        assert!(reported.abs_diff(planned) <= (1 << 20) / 100, "{what}: {reported} and {planned}");
    }
    let status = drift();
    assert_eq!(status["runtime"]["path"], "/usr/bin/llama-server", "{status}");
    assert_eq!(status["runtime"]["build"], "b11669", "{status}");
    assert_eq!(status["drift"], json!([]), "{status}");
    // Backends have a folder of their own there, and stamps all the same.
    host.exec("grep -rq /ggml/backends0/libggml-cpu- /var/lib/agi-provision/runtimes").ok();
    let again = apply(&strict);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");

    // Packages that are installed anew are seen, those of libraries that llama-server loads among them.
    host.exec("apt-get install -y -qq --reinstall libllama0").ok();
    let status = drift();
    assert_eq!(status["drift"][0]["step"], "runtime", "{status}");
    assert!(status["drift"].to_string().contains("use /usr/bin/llama-server again: /usr/lib/"), "{status}");
    assert!(status["drift"].to_string().contains("libllama"), "{status}");
    // A plan that does not start then goes back to the old one, which serves with them.
    let broken = client.plan("broken.json", &model, &["--runtime-packages"], |plan| {
        unservable(&mut plan["llama_server"]["args"]);
    });
    let failed = client.json_on(&host, "admin", &["apply", "--yes", "--plan", text(&broken)]);
    assert_eq!(failed.exit, 8, "{failed:?}\n{}", log());
    assert_serves(&host);
    assert_eq!(drift()["drift"], json!([]));
    let again = apply(&strict);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");

    let removed = client.json_on(&host, "admin", &["remove", "--yes"]);
    assert_eq!(removed.exit, 0, "{removed:?}");
    assert!(
        removed.value.to_string().contains("llama.cpp-tools"),
        "the package stays, and is named: {removed:?}"
    );
    host.exec("test -x /usr/bin/llama-server && test ! -e /var/lib/agi-provision").ok();
}

/// Copies a bundle's directory to the host, with the program, as a seed brings them at a first boot.
fn seed(host: &Host, client: &Client, bundle: &Path) {
    let tar = client.path("seed.tar");
    run(Command::new("tar").args(["-C", text(bundle), "-cf", text(&tar), "."])).ok();
    host.exec("mkdir -p /usr/local/lib/agi-provision /opt/seed").ok();
    host.put(&tar, "/opt/seed.tar");
    host.put(agi_provision().as_ref(), AGENT);
    host.exec(&format!("tar -C /opt/seed -xf /opt/seed.tar; chmod 755 {AGENT}")).ok();
}

const AGENT: &str = "/usr/local/lib/agi-provision/agi-provision";

#[test]
fn a_first_boot_installs_them_and_rollbacks_lead_to_them() {
    let (host, client) = (Host::boot("forky"), Client::new());
    let (model, bundle) = (client.path("tiny.gguf"), client.path("bundle"));
    // The generation that serves, and by which program; as its plan has it.
    let serving = || {
        let status = client.json_on(&host, "admin", &["status"]);
        assert_eq!(status.exit, 0, "{status:?}");
        let status = &status.value["status"];
        assert_eq!(status["drift"], json!([]), "{status}");
        assert_serves(&host);
        let number = status["generation"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        (number, status["runtime"]["path"].clone())
    };
    let packaged = |number: &str| (number.to_owned(), json!("/usr/bin/llama-server"));
    let unpacked = |number: &str| (number.to_owned(), Value::Null);
    let rollback = || client.json_on(&host, "admin", &["rollback", "--yes"]);

    // Without a client: the model comes with the bundle, llama.cpp from apt.
    let make = ["bundle", "--model", text(&model), "--profile", PROFILE, "--runtime-packages"];
    client.run(&[&make[..], &["--model-file", text(&model), "--out", text(&bundle)]].concat()).ok();
    seed(&host, &client, &bundle);
    let booted = host.exec(&format!("{AGENT} agent boot --bundle /opt/seed"));
    assert_eq!(booted.status, 0, "{booted:?}");
    assert!(booted.stderr.contains("install llama.cpp-tools, and use their program"), "{booted:?}");
    assert_eq!(serving(), packaged("1"));
    let again = host.exec(&format!("{AGENT} apply --local --yes --bundle /opt/seed"));
    assert!(again.status == 0 && again.stderr.contains("nothing to do"), "{again:?}");
    let rotated = client.json_on(&host, "admin", &["key", "rotate", "--yes"]);
    assert_eq!(rotated.exit, 0, "{rotated:?}");

    // To an archive's server and back.
    let archive = client.apply(&host, "admin", &[]);
    assert_eq!((archive.exit, serving()), (0, unpacked("2")), "{archive:?}");
    let back = rollback();
    assert_eq!((back.exit, serving()), (0, packaged("1")), "{back:?}");

    // Upgraded while it serves, and an archive's server that does not start: it serves again with what is there.
    let upgrade = || host.exec("apt-get install -y -qq --reinstall libllama0").ok();
    upgrade();
    let broken = client.plan("broken.json", &model, &[], |plan| {
        unservable(&mut plan["llama_server"]["args"]);
    });
    let failed = client.apply(&host, "admin", &["--plan", text(&broken)]);
    assert_eq!((failed.exit, serving()), (8, packaged("1")), "{failed:?}");

    // Upgraded while another serves, they are no longer the first generation's: it is refused before anything stops.
    let archive = client.apply(&host, "admin", &[]);
    assert_eq!(archive.exit, 0, "{archive:?}");
    let now = serving();
    upgrade();
    let refused = rollback();
    assert_eq!((refused.exit, serving()), (1, now), "{refused:?}");
    let message = refused.message();
    assert!(message.contains("1 is no longer whole: /usr/lib/") && message.contains("libllama"), "{message}");
    let removed = client.json_on(&host, "admin", &["remove", "--yes"]);
    assert!(removed.exit == 0 && removed.value.to_string().contains("llama.cpp-tools"), "{removed:?}");
}

/// Bytes that the parts of a device of the proof were planned with, and those that the server reports.
fn sums(device: &Value) -> [u64; 2] {
    let parts = ["weights", "kv", "compute", "output"].map(|part| &device[part]);
    ["planned", "reported"].map(|which| parts.iter().map(|part| part[which].as_u64().unwrap()).sum())
}

#[test]
#[ignore = "compiles shaders: `cargo test --test host_packages -- --ignored --nocapture`"]
fn a_card_is_used_by_their_vulkan_backend_and_left_alone_by_a_plan_without_cards() {
    let (gpu, client) = (GpuHost { host: Host::boot("forky-gpu") }, Client::new());
    let host = &gpu.host;
    gpu.has("single", 1);
    let (model, facts) = (client.path("tiny.gguf"), client.path("facts.json"));
    let both = json!(["llama.cpp-tools", "libggml0-backend-vulkan"]);
    let apply = |profile: &str| {
        let flags = ["apply", "--yes", "--model", text(&model), "--profile", profile, "--runtime-packages"];
        let answer = client.json_on(host, "root", &[&flags[..], &["--start-timeout", "1800"]].concat());
        let log = || host.exec("journalctl --no-pager -n 60 -u agi-provision-llama").stdout;
        assert_eq!(answer.exit, 0, "{answer:?}\n{}", log());
        assert_serves(host);
        answer.value["receipt"].clone()
    };
    let serving = || {
        let status = client.json_on(host, "root", &["status"]);
        let status = &status.value["status"];
        assert_eq!(status["drift"], json!([]), "{status}");
        let number = status["generation"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        (number, status["runtime"]["build"].clone())
    };

    fs::write(&facts, client.on(host, "root", &["probe", "--format", "json"]).ok()).unwrap();
    let plan = ["plan", "--model", text(&model), "--facts", text(&facts), "--format", "json"];
    let plan: Value = serde_json::from_str(&client.run(&plan).ok()).unwrap();
    assert_eq!(plan["llama_server"]["runtime_choice"]["packages"]["names"], both, "{plan}");

    let receipt = apply("gpu-24gb");
    assert_eq!(receipt["packages_installed"], both, "{receipt}");
    let proof = &receipt["measured"]["proof"];
    println!("{proof}");
    assert_eq!(
        (&proof["offloaded_planned"], &proof["offloaded_reported"]),
        (&json!(3), &json!(3)),
        "{proof}"
    );
    let devices = proof["devices"].as_array().unwrap();
    assert!(devices.len() == 2 && devices[1]["weights"]["reported"].as_u64() > Some(0), "{proof}");
    for [planned, reported] in devices.iter().map(sums) {
        // Logged numbers are hundredths of a MiB.
        assert!(planned + (64 << 10) >= reported && planned <= reported + (8 << 20), "{proof}");
    }
    assert_eq!(serving(), ("1".to_owned(), json!("b11669")));

    // The backend stays installed, and a plan without cards does not compute there.
    let receipt = apply(PROFILE);
    let proof = &receipt["measured"]["proof"];
    assert_eq!((&proof["elsewhere"], serving().0.as_str()), (&json!({}), "2"), "{proof}");
    let back = client.json_on(host, "root", &["rollback", "--yes"]);
    assert_eq!((back.exit, serving().0.as_str()), (0, "1"), "{back:?}");
    host.exec("systemctl restart agi-provision-llama").ok();
    wait_until_ready(host);
    assert_serves(host);
}

#[test]
#[ignore = "the ledger of another build: `cargo test --test host_packages -- --ignored --nocapture`"]
fn buffers_of_small_models_on_their_vulkan_backend_are_as_planned() {
    let host = Host::boot("forky-gpu");
    let install = "apt-get install -y -qq --no-install-recommends llama.cpp-tools libggml0-backend-vulkan";
    host.exec(&format!("apt-get update -qq && {install} && mkdir -p /opt/shaders/root")).ok();
    on_cards::buffers_are_as_planned(&host, "/usr/bin/llama-server", build::PACKAGED);
}
