//! A plain machine that comes to its plan from user-data alone, with everything from an https server.

use crate::client;
use crate::lab::journey::{Answer, Client, assert_serves, text, wait_until_ready};
use crate::lab::vm::{Shape, Vm};
use crate::lab::{Machine as _, agi_provision, llama_archive, run};
use crate::tls::{self, Tls};
use agi_provision::hash::sha256;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// NoCloud's disk with what a bundle has for clouds.
fn disk(client: &Client, bundle: &Path) -> PathBuf {
    let disk = client.path("cidata.iso");
    let mut bsdtar = Command::new("bsdtar");
    bsdtar.args(["--format=iso9660", "--options=volume-id=cidata", "-cf", text(&disk), "-C"]);
    bsdtar.arg(bundle.join("cloud-init")).args(["user-data", "meta-data", "network-config"]);
    run(&mut bsdtar).ok();
    disk
}

fn status(vm: &Vm, client: &Client, program: &Path) -> Answer {
    client.json_on(vm, "root", &["status", "--agent", text(program)])
}

/// Files and links of ours, with the times of the files.
fn state(vm: &Vm) -> String {
    let places = "/etc/agi-provision /var/lib/agi-provision /usr/local/lib/agi-provision /etc/systemd/system";
    vm.exec(&format!(
        "find {places} '(' -type f -printf '%p %s %T@\\n' ')' -o '(' -type l -printf '%p %l\\n' ')' | sort"
    ))
    .ok()
}

#[test]
fn a_plain_machine_fetches_the_program_at_its_first_boot_and_serves() {
    let client = client();
    let (model, archive, program) =
        (client.tiny("tiny.gguf", 1), llama_archive(), client.path("agi-provision"));
    // Without its symbols, as a release is.
    run(Command::new("strip").args(["-o", text(&program), agi_provision()])).ok();
    let read = |path: &Path| std::fs::read(path).unwrap();
    let files =
        [("/program", read(&program)), ("/tiny.gguf", read(&model)), ("/llama.tar.gz", read(&archive))];
    let sums = files.clone().map(|(_, content)| (sha256(&content), content.len()));
    // The second address answers only after the first was tried, at whatever moment the network comes up.
    let tried = AtomicBool::new(false);
    let server = Tls::start(&client.path(""), "127.0.0.1", move |_, path| {
        tried.fetch_or(path == "/gone", Ordering::SeqCst);
        if path == "/program" && !tried.load(Ordering::SeqCst) {
            return tls::status(503, "");
        }
        let found = files.iter().find(|(name, _)| *name == path);
        found.map_or_else(|| tls::status(404, ""), |(_, content)| tls::file(content))
    });
    let plan = client.plan("plan.json", &model, &["--ctx", "1024"], |plan| {
        plan["model"]["files"][0]["url"] = json!(server.url("tiny.gguf"));
        plan["model"]["files"][0]["sha256"] = json!(sums[1].0);
        plan["llama_server"]["runtime"] =
            json!({"url": server.url("llama.tar.gz"), "sha256": sums[2].0, "size_bytes": sums[2].1});
    });
    let bundle = client.path("bundle");
    let make =
        ["bundle", "--plan", text(&plan), "--out", text(&bundle), "--cloud", "nocloud", "--format", "json"];
    let from = [
        "--agent",
        text(&program),
        "--agent-url",
        &server.url("gone"),
        "--agent-url",
        &server.url("program"),
    ];
    let made = client.run(&[&make[..], &from].concat()).ok();
    assert!(made.contains("\"warnings\": []"), "{made}");

    // Nobody does anything on it from here on, but that its network comes up late.
    let shape = Shape { seed: Some(disk(&client, &bundle)), ..Shape::default() };
    let mut vm = Vm::boot("debian13", &shape);
    let began = Instant::now();
    loop {
        let early = status(&vm, &client, &program);
        let said = early.value["status"]["first_boot"]["said"].as_str().unwrap_or_default();
        if said.contains("gave 0 bytes to python3") {
            break;
        }
        assert!(early.exit == 1 && began.elapsed() < Duration::from_secs(400), "{early:?}\n{}", vm.console());
        std::thread::sleep(Duration::from_secs(2));
    }
    // The image knows the authority.
    vm.exec("mkdir -p /etc/ssl/certs").ok();
    vm.put(&server.authority, "/etc/ssl/certs/ca-certificates.crt");
    vm.put(&server.authority, "/usr/lib/ssl/cert.pem");
    vm.reaches(server.port());

    let log = |vm: &Vm| vm.exec("tail -n 60 /var/log/cloud-init-output.log").stdout;
    let done = |vm: &Vm| {
        let ended = vm.exec("timeout 600 cloud-init status --wait --long");
        assert_eq!(ended.status, 0, "{ended:?}\n{}", log(vm));
        assert!(ended.stdout.contains("status: done"), "{ended:?}");
    };
    done(&vm);
    assert!(log(&vm).contains("tiny F32 serves"), "{}", log(&vm));
    assert_serves(&vm);
    let asked = server.paths();
    for path in ["/gone", "/program", "/tiny.gguf", "/llama.tar.gz"] {
        assert!(asked.iter().any(|asked| asked == path), "{path}: {asked:?}");
    }
    let installed = state(&vm);
    assert!(!installed.contains("incoming/") && !installed.contains(".staging."), "{installed}");

    vm.shut_down();
    vm.start(&shape);
    done(&vm);
    wait_until_ready(&vm);
    assert_serves(&vm);
    assert_eq!(state(&vm), installed);
    let again = client.json_on(
        &vm,
        "root",
        &["apply", "--yes", "--bundle", text(&bundle), "--agent", text(&program)],
    );
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
    assert_eq!(server.paths(), asked, "nothing is fetched again");
}
