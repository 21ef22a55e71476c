//! A host is what its plan needs: before the first write, at every start, and proved after it.

#[path = "lab/mod.rs"]
mod lab;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use lab::Host;
use lab::journey::{Client, assert_serves, text};
use serde_json::{Value, json};

const UNIT: &str = "agi-provision-llama.service";
const PLAN: &str = "/etc/agi-provision/generation/plan.json";

/// Restarts the service and waits until it runs llama-server or has failed.
#[track_caller]
fn restart(host: &Host) -> String {
    host.exec(&format!("systemctl reset-failed {UNIT}; systemctl restart {UNIT}"));
    let began = Instant::now();
    loop {
        let state = host.exec(&format!("systemctl is-active {UNIT}")).stdout.trim().to_string();
        let serves = host.exec("pgrep -x llama-server").status == 0;
        if state == "failed" || (state == "active" && serves) {
            return state;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{state}: {}", log(host));
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn log(host: &Host) -> String {
    host.exec(&format!("journalctl -u {UNIT} -n 400 -o cat --no-pager")).stdout
}

/// Changes the plan that the service starts from.
#[track_caller]
fn alter_plan(host: &Host, client: &Client, alter: impl FnOnce(&mut Value)) {
    let mut plan: Value = serde_json::from_str(&host.exec(&format!("cat {PLAN}")).ok()).unwrap();
    alter(&mut plan);
    let path = client.path("altered.json");
    std::fs::write(&path, serde_json::to_vec_pretty(&plan).unwrap()).unwrap();
    host.put(&path, PLAN);
}

/// It failed once, with status 4, and both ways to look say why in one line.
#[track_caller]
fn assert_refused(host: &Host, client: &Client, why: &str) {
    let show =
        host.exec(&format!("systemctl show {UNIT} -p NRestarts -p ExecMainStatus -p ActiveState")).ok();
    for word in ["NRestarts=0", "ExecMainStatus=4", "ActiveState=failed"] {
        assert!(show.contains(word), "{show}\n{}", log(host));
    }
    let seen = host.exec(&format!("systemctl status {UNIT} --no-pager -l")).stdout;
    let line = seen.lines().find(|line| line.contains("not starting, as this host no longer meets the plan"));
    assert!(line.is_some_and(|line| line.contains(why)), "{seen}");
    let status = client.json_on(host, "root", &["status"]);
    assert_eq!(status.exit, 1, "{status:?}");
    assert!(status.value["status"]["refused"].as_str().is_some_and(|text| text.contains(why)), "{status:?}");
    assert!(status.message().contains(why), "{status:?}");
}

#[test]
fn the_start_is_proved_and_the_gate_is_quick_and_refuses_in_one_line() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let done = client.serve(&host, "root");
    let receipt = &done.value["receipt"];
    let proof = &receipt["measured"]["proof"];
    let device = &proof["devices"][0];
    assert_eq!((&device["device"], &proof["offloaded_planned"]), (&json!("host"), &json!(0)), "{proof}");
    for part in ["weights", "kv", "compute"] {
        let (planned, reported) = (&device[part]["planned"], &device[part]["reported"]);
        assert!(reported.as_u64() > Some(0) && planned.as_u64() > Some(0), "{part}: {proof}");
    }
    // KV is exact: nothing about it is an estimate.
    assert_eq!(device["kv"]["planned"], device["kv"]["reported"], "{proof}");
    assert!(receipt["measured"]["prefill_tok_s"]["measured"].as_f64() > Some(0.0), "{receipt}");
    let warnings = receipt["warnings"].to_string();
    assert!(!warnings.contains("more than the ledger says"), "{warnings}");

    // The quickest of a few: the machine that runs the tests is busy.
    let quickest = (0..5).map(|_| {
        assert_eq!(restart(&host), "active", "{}", log(&host));
        let log = log(&host);
        let said =
            log.lines().rev().find_map(|line| line.split_once("(checked in ")).expect("the gate's line");
        said.1.trim_end_matches(" ms)").parse::<u64>().unwrap()
    });
    let quickest = quickest.min().unwrap();
    println!("the gate took {quickest} ms");
    assert!(quickest < 150, "{quickest} ms");

    // A host with less memory than the plan needs.
    alter_plan(&host, &client, |plan| {
        let ram = plan["requirements"].as_array_mut().unwrap().iter_mut().find(|r| r["id"] == "ram").unwrap();
        ram["need"] = json!(1u64 << 50);
    });
    assert_eq!(restart(&host), "failed");
    assert_refused(&host, &client, "ram: needed 1048576.0 GiB, found ");
    // The next apply repairs the plan and the service with it.
    client.serve(&host, "root");
    assert_serves(&host);
}

#[test]
fn a_full_disk_refuses_the_start() {
    let (host, client) = (Host::boot_with_disk("debian12", "700M"), Client::new());
    client.serve(&host, "root");
    host.exec("fallocate -l 2G /root/full; dd if=/dev/zero of=/root/more bs=1M").stdout.clear();
    let free = host.exec("df --output=avail -B1 /var/lib | tail -1").ok();
    assert!(free.trim().parse::<u64>().unwrap() < 16 << 20, "{free}");
    assert_eq!(restart(&host), "failed");
    assert_refused(&host, &client, "disk: needed 16 MiB, found ");
    host.exec("rm /root/full /root/more").ok();
    assert_eq!(restart(&host), "active");
}

/// Installs the stub nvidia-smi, with the answers of one recorded machine.
#[track_caller]
fn play(host: &Host, machine: &str) {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/nvidia-smi");
    host.exec("rm -rf /opt/stub-gpu; mkdir /opt/stub-gpu").ok();
    host.put(&fixtures.join("stub-nvidia-smi"), "/usr/local/bin/nvidia-smi");
    host.exec("chmod 755 /usr/local/bin/nvidia-smi").ok();
    for name in ["query.csv", "q.xml", "topo.txt", "nvlink.txt"] {
        host.put(&fixtures.join(machine).join(name), &format!("/opt/stub-gpu/{name}"));
    }
}

fn line<'a>(answer: &'a lab::journey::Answer, id: &str) -> &'a Value {
    let lines = answer.value["verification"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    lines.iter().find(|line| line["id"] == id).unwrap_or_else(|| panic!("{id}: {answer:?}"))
}

#[test]
fn a_plan_for_two_linked_cards_is_verified_on_a_stub_of_several_machines() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    let plan = client.path("plan.json");
    let flags = ["plan", "--model", "tinyllama-1.1b", "--quant", "Q4_K_M", "--profile", "2x3090-nvlink"];
    client.run(&[&flags[..], &["--out", text(&plan)]].concat()).ok();
    let verify = |more: &[&str]| {
        let args = [&["verify", "--plan", text(&plan)][..], more].concat();
        client.json_on(&host, "admin", &args)
    };
    // How a host's cards share a model that needs both follows what is between them.
    let shared = || {
        let flags =
            ["plan", "--model", "llama-7b", "--quant", "Q4_K_M", "--ctx", "49152", "--format", "json"];
        let planned = client.on(&host, "admin", &flags);
        let plan: Value = serde_json::from_str(&planned.ok()).unwrap();
        let args = plan["llama_server"]["args"].as_array().unwrap().clone();
        args[args.iter().position(|arg| arg == "--split-mode").unwrap() + 1].clone()
    };
    play(&host, "dual-nvlink");
    assert_eq!(shared(), "tensor");
    let right = verify(&[]);
    assert_eq!(right.exit, 0, "{right:?}");
    assert_eq!(line(&right, "nvlink")["found"], "every pair is linked (NV4), 56 GB/s each way");
    assert_eq!(line(&right, "gpu-driver")["outcome"], "ok");

    play(&host, "dual-pcie");
    assert_eq!(shared(), "layer");
    let pcie = verify(&[]);
    assert_eq!(pcie.exit, 4, "{pcie:?}");
    let found = line(&pcie, "nvlink")["found"].as_str().unwrap();
    assert!(found.contains("PCIe through the CPU's host bridge (16 GB/s each way at best"), "{found}");
    let allowed = verify(&["--allow", "nvlink"]);
    assert_eq!((allowed.exit, &line(&allowed, "nvlink")["outcome"]), (0, &json!("allowed")), "{allowed:?}");
    let unknown = verify(&["--allow", "moon"]);
    assert_eq!(unknown.exit, 2, "{unknown:?}");
    assert!(unknown.stderr.contains("no requirement \"moon\""), "{unknown:?}");
    assert_eq!(verify(&["--strict"]).exit, 4);

    play(&host, "dual-nvlink-broken");
    let broken = verify(&[]);
    assert_eq!((broken.exit, &line(&broken, "nvlink")["found"]), (4, &json!("2 of 8 NVLinks are inactive")));

    play(&host, "lost");
    let lost = verify(&[]);
    assert_eq!(lost.exit, 4, "{lost:?}");
    assert!(line(&lost, "gpu-count")["found"].as_str().unwrap().contains("GPU is lost"), "{lost:?}");

    // Both answer when they are listed, and one of them is gone a moment later.
    play(&host, "dual-nvlink");
    host.exec("cp /opt/stub-gpu/q.xml /opt/stub-gpu/both.xml").ok();
    let lost_xml = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/nvidia-smi/lost/q.xml");
    host.put(&lost_xml, "/opt/stub-gpu/q.xml");
    let disappears = verify(&[]);
    assert_eq!(disappears.exit, 4, "{disappears:?}");
    let found = &line(&disappears, "gpu-count")["found"];
    assert_eq!(found, "1 GPU (it disappeared while the facts were read)", "{disappears:?}");
    // Or all of it is gone, with an error on stdout where a document was.
    host.exec("rm /opt/stub-gpu/q.xml; mkdir /opt/stub-gpu/q.xml").ok();
    let garbled = client.json_on(&host, "admin", &["probe"]);
    assert_eq!(garbled.value["facts"]["gpus"].as_array().map(Vec::len), Some(2), "{garbled:?}");
    assert!(garbled.value["facts"]["failed"]["gpus.0"].as_str().is_some(), "{garbled:?}");

    play(&host, "dual-nvlink");
    host.exec("echo 'Failed to initialize NVML: Driver/library version mismatch' > /opt/stub-gpu/error").ok();
    let mismatch = verify(&[]);
    assert_eq!(mismatch.exit, 4, "{mismatch:?}");
    assert!(line(&mismatch, "gpu-count")["found"].as_str().unwrap().contains("version mismatch"));

    host.exec("rm /opt/stub-gpu/error; touch /opt/stub-gpu/hang").ok();
    let began = Instant::now();
    let hangs = verify(&[]);
    assert_eq!(hangs.exit, 4, "{hangs:?}");
    assert!(line(&hangs, "gpu-count")["found"].as_str().unwrap().contains("did not finish within"));
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(host.exec("ls /var/lib/agi-provision /usr/local/lib/agi-provision 2>/dev/null").stdout, "");
}

#[test]
fn a_flipped_byte_on_the_disk_is_found_by_reading_it_all_again() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let model = client.tiny("tiny.gguf", 1);
    let plan = client.plan("plan.json", &model, &[], |_| ());
    let deep = |more: &[&str]| {
        client.json_on(&host, "root", &[&["verify", "--plan", text(&plan), "--deep"][..], more].concat())
    };
    let nothing = deep(&[]);
    assert_eq!(nothing.exit, 0, "{nothing:?}");
    assert_eq!(line(&nothing, "model-sha256")["found"], "not on this host");

    let apply = ["--plan", text(&plan), "--model-file", text(&model)];
    assert_eq!(client.apply(&host, "root", &apply).exit, 0);
    let right = deep(&[]);
    for id in ["model-sha256", "runtime-sha256"] {
        assert_eq!(line(&right, id)["outcome"], "ok", "{right:?}");
    }
    // Flips a byte as a failing disk does: neither the size nor any time changes.
    let flip = |file: &str| {
        let path = host.exec(&format!("ls {file}")).ok();
        host.exec(&format!(
            "touch -r {path} /run/times; printf '\\377' | dd of={path} bs=1 seek=4321 conv=notrunc; \
             touch -r /run/times {path}"
        ))
        .ok();
        path
    };
    let library = "/var/lib/agi-provision/runtimes/*/llama-b11434/libllama.so.0.*";
    for (id, file) in
        [("model-sha256", "/var/lib/agi-provision/models/*/tiny.gguf"), ("runtime-sha256", library)]
    {
        let path = flip(file);
        let unseen = client.json_on(&host, "root", &["verify", "--plan", text(&plan)]);
        assert_eq!(unseen.exit, 0, "{unseen:?}");
        let found = deep(&[]);
        assert_eq!((found.exit, &line(&found, id)["outcome"]), (4, &json!("refused")), "{found:?}");
        assert!(line(&found, id)["found"].as_str().unwrap().contains(&path), "{path}: {found:?}");
        // The command of the hint helps.
        let hint = found.value["hint"].as_str().unwrap();
        let remove = hint.split('`').nth(1).unwrap();
        assert!(remove.starts_with("rm -r /var/lib/agi-provision/"), "{hint}");
        host.exec(remove).ok();
        let again = client.apply(&host, "root", &apply);
        assert_eq!((again.exit, again.changed()), (0, true), "{again:?}");
        assert_eq!(deep(&[]).exit, 0);
    }
    assert_serves(&host);
    // For people it shows how far it is.
    let shown = client.on(&host, "root", &["verify", "--plan", text(&plan), "--deep"]);
    assert!(
        shown.stderr.contains("read tiny.gguf again") && shown.stdout.contains("every byte of"),
        "{shown:?}"
    );
}

#[test]
fn a_host_that_hides_its_memory_and_cpu_is_refused_with_that_reason() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    host.put(lab::agi_provision().as_ref(), "/root/agi-provision");
    let plan = client.plan("plan.json", &client.tiny("tiny.gguf", 1), &[], |_| ());
    host.put(&plan, "/root/plan.json");
    // /proc with nothing but processes in it, and of those only one's own.
    let restricted = "chmod 755 /root/agi-provision; systemd-run --quiet --wait --pipe \
                      -p ProcSubset=pid -p ProtectProc=invisible /root/agi-provision";
    let probe = host.exec(&format!("{restricted} probe --local --format json"));
    let facts: Value = serde_json::from_str(&probe.ok()).unwrap();
    let facts = &facts["facts"];
    for field in ["cpu", "memory", "cpu.steal_percent"] {
        let why = facts["failed"][field].as_str().or(facts["unsupported"][field].as_str());
        assert!(why.is_some_and(|why| why.contains("/proc/")), "{field}: {facts}");
    }
    // The kernel is asked for those.
    assert!(facts["ports"].as_array().unwrap().iter().any(|port| port["port"] == 22), "{facts}");
    assert!(facts["probe_seconds"].as_f64() < Some(2.0), "{facts}");
    let verified = host.exec(&format!("{restricted} verify --plan /root/plan.json --local --format json"));
    assert_eq!(verified.status, 4, "{verified:?}");
    for found in ["not to be read (/proc/meminfo", "not to be read (/proc/cpuinfo does not exist)"] {
        assert!(verified.stdout.contains(found), "{found}: {verified:?}");
    }
}

/// Returns the receipt of the last apply: its measurements and warnings.
fn receipt(host: &Host) -> Value {
    serde_json::from_str(&host.exec("cat /var/lib/agi-provision/receipt.json").ok()).unwrap()
}

#[test]
fn the_answer_is_the_models_own_and_a_speed_outside_the_interval_is_a_warning() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    // A template of the model's own, whose many words no other template has.
    let model = client.path("own.gguf");
    let template = format!(
        "{{% for message in messages %}}{}{{{{ message['content'] }}}}{{% endfor %}}",
        "own words ".repeat(100)
    );
    let mut file = std::fs::File::create(&model).unwrap();
    agi_provision::model::tiny::write_tiny(&mut file, 1, Some(&template)).unwrap();
    drop(file);
    let plan = |name: &str, low: f64, high: f64| {
        client.plan(name, &model, &[], |plan| {
            for speed in ["decode_tok_s", "prefill_tok_s"] {
                plan["speed"][speed] = json!({"low": low, "expected": low, "high": high});
            }
        })
    };
    let apply = |plan: &PathBuf| {
        let done = client.apply(&host, "root", &["--plan", text(plan), "--model-file", text(&model)]);
        assert_eq!(done.exit, 0, "{done:?}");
        receipt(&host)
    };
    let slow = apply(&plan("slow.json", 1e8, 2e8));
    // A plain template would make some thirty tokens of the question.
    assert!(slow["measured"]["answer"]["prompt_tokens"].as_u64() > Some(200), "{slow}");
    let warnings = slow["warnings"].to_string();
    for what in ["decode reached ", "prefill reached "] {
        assert!(warnings.contains(what), "{what}: {slow}");
    }
    assert!(warnings.contains("the plan expected 100000000.0 to 200000000.0"), "{slow}");
    let within = apply(&plan("within.json", 0.01, 1e9));
    assert!(!within["warnings"].to_string().contains(" reached "), "{within}");
    assert!(within["measured"]["decode_tok_s"]["measured"].as_f64() > Some(0.01), "{within}");
}

#[test]
fn a_server_that_falls_back_to_the_cpu_is_taken_back() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    play(&host, "single");
    let model = client.tiny("tiny.gguf", 1);
    // The runtime is built for the CPU: it answers with 200, and not from the card.
    let applied = client.apply(&host, "root", &["--model", text(&model), "--profile", "gpu-24gb"]);
    assert_eq!(applied.exit, 1, "{applied:?}");
    assert!(applied.message().contains("does not run on the GPU as planned"), "{applied:?}");
    assert!(applied.message().contains("the host is as it was"), "{applied:?}");
    assert_ne!(host.exec(&format!("systemctl is-active {UNIT}")).status, 0);

    // Where a generation serves, that one serves again. A container has no such group by itself.
    client.serve(&host, "root");
    host.exec("groupadd --system render").ok();
    let applied = client.apply(&host, "root", &["--model", text(&model), "--profile", "gpu-24gb"]);
    assert_eq!(applied.exit, 8, "{applied:?}");
    assert!(applied.message().contains("does not run on the GPU as planned"), "{applied:?}");
    assert_serves(&host);
    // The card's device files are open to the service's user.
    let groups = host.exec("id -nG agi-provision");
    assert!(groups.stdout.split_whitespace().any(|group| group == "render"), "{groups:?}");
}

/// The host's plan is one for a card of 24 GB from its next start on; the plan's file.
fn serve_a_gpu_plan(host: &Host, client: &Client) -> std::path::PathBuf {
    let model = client.tiny("tiny.gguf", 1);
    let planned = client.path("gpu.json");
    client.run(&["plan", "--model", text(&model), "--profile", "gpu-24gb", "--out", text(&planned)]).ok();
    let gpu: Value = serde_json::from_slice(&std::fs::read(&planned).unwrap()).unwrap();
    alter_plan(host, client, |plan| *plan = gpu);
    planned
}

#[test]
fn a_gpu_that_disappears_refuses_the_next_start() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    client.serve(&host, "root");
    play(&host, "single");
    serve_a_gpu_plan(&host, &client);
    assert_eq!(restart(&host), "active", "{}", log(&host));
    host.exec("rm -r /opt/stub-gpu").ok();
    assert_eq!(restart(&host), "failed");
    assert_refused(
        &host,
        &client,
        "gpu-count: needed 1 GPU, found no GPU (nvidia-smi: NVIDIA-SMI has failed",
    );
}

#[test]
fn a_downgraded_link_refuses_the_next_start_and_an_idle_card_does_not() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    // The cards are there when the host is applied to, and the generation keeps how they are linked.
    play(&host, "dual-nvlink");
    client.serve(&host, "root");
    let planned = serve_a_gpu_plan(&host, &client);
    assert_eq!(restart(&host), "active", "{}", log(&host));
    let alter =
        |what: &str| host.exec(&format!("sed -i '{what}' /opt/stub-gpu/q.xml /opt/stub-gpu/nvlink.txt")).ok();
    let generation = |from: u64, to: u64| {
        alter(&format!("s|<current_link_gen>{from}<|<current_link_gen>{to}<|"));
    };
    // Cards that have nothing to do save power.
    generation(4, 1);
    assert_eq!(restart(&host), "active", "{}", log(&host));
    alter("s|<current_link_width>16x<|<current_link_width>8x<|");
    assert_eq!(restart(&host), "failed");
    assert_refused(
        &host,
        &client,
        "gpu-link: needed GPU 0 on PCIe 4 ×16 (31.5 GB/s), GPU 1 on PCIe 4 ×16 (31.5 GB/s), \
         found PCIe 4 ×8 (15.8 GB/s), PCIe 4 ×8 (15.8 GB/s)",
    );
    // `verify` and the next apply say the same, and take it where it is allowed by name.
    let verify = |more: &[&str]| {
        client.json_on(&host, "root", &[&["verify", "--plan", text(&planned)][..], more].concat())
    };
    let refused = verify(&[]);
    assert_eq!(
        (refused.exit, line(&refused, "gpu-link")["outcome"].as_str()),
        (4, Some("refused")),
        "{refused:?}"
    );
    let allowed = verify(&["--allow", "gpu-link"]);
    assert_eq!(line(&allowed, "gpu-link")["outcome"], "allowed", "{allowed:?}");
    alter("s|<current_link_width>8x<|<current_link_width>16x<|");
    assert_eq!(restart(&host), "active", "{}", log(&host));
    alter("0,/Link 3: .*/s|Link 3: .*|Link 3: <inactive>|");
    assert_eq!(restart(&host), "failed");
    assert_refused(&host, &client, "gpu-link: needed GPU 0 with 4 NVLinks, found 3 are up");
}

#[test]
fn a_machine_that_exists_is_planned_for_and_a_refusal_says_what_fits() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let probe = client.json_on(&host, "root", &["probe", "--measure"]);
    assert_eq!(probe.exit, 0, "{probe:?}");
    assert!(probe.value["facts"]["measured"]["memory_bandwidth_gb_s"].as_f64() > Some(0.0), "{probe:?}");
    assert!(probe.value["facts"]["probe_seconds"].as_f64() < Some(2.0), "{probe:?}");
    let facts = client.path("facts.json");
    std::fs::write(&facts, probe.value.to_string()).unwrap();
    let plan = |more: &[&str]| {
        let ran =
            client.run(&[&["plan", "--model", "tinyllama-1.1b", "--format", "json"][..], more].concat());
        serde_json::from_str::<Value>(&ran.ok()).unwrap()
    };
    let from_file = plan(&["--facts", text(&facts)]);
    assert_eq!(from_file["profile"]["id"], "this-host");
    let total = probe.value["facts"]["memory"]["total_bytes"].as_u64().unwrap();
    assert!(from_file["memory"][0]["capacity_bytes"].as_u64().unwrap().abs_diff(total) < 4096, "{from_file}");
    let asked = client.on(&host, "root", &["plan", "--model", "tinyllama-1.1b", "--format", "json"]);
    assert_eq!(asked.status, 0, "{asked:?}");
    assert!(asked.stdout.contains("\"this-host\""), "{asked:?}");

    // 64 GB were planned for; a small host says what it can do instead.
    let large = client.path("large.json");
    let flags =
        ["--model", "llama-65b", "--quant", "Q4_K_M", "--profile", "cpu-vps-64gb", "--out", text(&large)];
    client.run(&[&["plan"][..], &flags].concat()).ok();
    let refused = client.on(&host, "root", &["verify", "--plan", text(&large)]);
    assert_eq!(refused.status, 4, "{refused:?}");
    assert!(refused.stdout.contains("this host runs "), "{refused:?}");
    assert!(refused.stdout.contains("REFUSED"), "{refused:?}");
}
