//! Memory that runs out while a model is loaded, and the kernel's own killer that ends it.

use std::path::Path;

use serde_json::Value;

use super::lab::journey::{Client, assert_serves, text};
use super::lab::vm::Vm;
use super::lab::{Machine as _, llama_archive};
use super::{UNIT, client, deep, generations, log, patiently, shape};

const MIB: u64 = 1 << 20;
/// Keeps the server from being started again: a late look would find it running as if nothing had been.
const AT_ONCE: &str = "/etc/systemd/system/agi-provision-llama.service.d/50-at-once.conf";

/// Bytes of the host's memory by its ledger.
fn need(plan: &Path) -> u64 {
    let plan: Value = serde_json::from_slice(&std::fs::read(plan).unwrap()).unwrap();
    plan["memory"][0]["total_bytes"].as_u64().unwrap()
}

/// `plan`, which needs more than there is and was allowed to: `words` are the kernel's of whom it killed.
#[track_caller]
fn killed(vm: &Vm, client: &Client, plan: &Path, words: &str) {
    let model = client.path("deep.gguf");
    let args = ["apply", "--yes", "--plan", text(plan), "--model-file", text(&model)];
    let before = generations(vm);
    let refused = client.json_on(vm, "root", &args);
    assert_eq!((refused.exit, refused.changed()), (4, false), "{refused:?}");

    let killed = patiently(|| client.json_on(vm, "root", &[&args[..], &["--allow", "ram"]].concat()));
    assert_eq!((killed.exit, killed.changed()), (8, false), "{killed:?}\n{}", vm.console());
    for words in ["the kernel killed it for lack of memory", "rolled back, the old generation serves again"] {
        assert!(killed.message().contains(words), "{words}: {killed:?}");
    }
    assert!(killed.value["hint"].as_str().unwrap().contains("a smaller --ctx"), "{killed:?}");
    // The server's own last words show what it took.
    assert!(killed.value["log"].to_string().contains("KV buffer size"), "{killed:?}");
    // The kernel's own, and that nobody else had to go.
    let kernel = vm.exec("journalctl -q -k -o cat --no-pager | grep -i 'killed process'").ok();
    assert!(kernel.lines().all(|line| line.contains("(llama-server)")), "{kernel}");
    assert!(kernel.lines().any(|line| line.starts_with(words)), "{kernel}");
    // The model that came stays for the next apply, in a folder of its sum; all else is as it was.
    let after = generations(vm);
    let is_sum = |line: &str| line.len() == 64 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(before.lines().all(|line| after.lines().any(|kept| kept == line)), "{after}");
    assert!(after.lines().filter(|line| !before.lines().any(|kept| kept == *line)).all(is_sum), "{after}");
    assert_serves(vm);
}

#[test]
fn memory_that_runs_out_is_named_and_the_old_generation_serves_again() {
    let client = client();
    let vm = Vm::boot("debian13", &shape("2G"));
    let (small, archive) = (client.tiny("tiny.gguf", 1), llama_archive());
    let old = client.plan("old.json", &small, &["--ctx", "512", "--slots", "1"], |_| ());
    let first = ["apply", "--yes", "--plan", text(&old), "--model-file", text(&small)];
    let archive = ["--runtime-archive", text(&archive)];
    let served = patiently(|| client.json_on(&vm, "root", &[&first[..], &archive].concat()));
    assert_eq!(served.exit, 0, "{served:?}\n{}", vm.console());

    // All that the machine has, to a hair, and it needs some itself. The kernel would refuse more and kill
    // nobody; with a tenth less it serves, and every program's pages come and go.
    let there = vm.exec("sed -n 's/^MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo").ok();
    let tokens = (there.trim().parse::<u64>().unwrap() - 48 * 1024) / 32 / 256 * 256;
    deep(&client.path("deep.gguf"), 8);
    let flags = ["--ctx", &tokens.to_string(), "--slots", "1"];
    let plan = client.plan("deep.json", &client.path("deep.gguf"), &flags, |_| ());

    // A limit of the service's own, which the old generation keeps.
    let limit = need(&old) + 64 * MIB;
    vm.exec(&format!("systemctl set-property --runtime {UNIT} MemoryMax={limit}")).ok();
    vm.exec(&format!("printf '[Service]\\nRestartSec=0\\n' > {AT_ONCE} && systemctl daemon-reload")).ok();
    killed(&vm, &client, &plan, "Memory cgroup out of memory: Killed process");
    vm.exec(&format!("systemctl set-property --runtime {UNIT} MemoryMax=infinity; rm {AT_ONCE}")).ok();
    vm.exec("systemctl daemon-reload").ok();

    // The machine's own memory.
    killed(&vm, &client, &plan, "Out of memory: Killed process");
    let again = client.json_on(&vm, "root", &first);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}\n{}", log(&vm));
}
