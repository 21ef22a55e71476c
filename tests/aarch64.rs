//! A machine with an Arm processor, from the first login to a served token: `tests/run aarch64`.

#[path = "lab/mod.rs"]
mod lab;

use lab::Machine as _;
use lab::journey::{Client, PROFILE, assert_serves, text};
use lab::vm::{ARM, Shape, Vm};

/// Debian's own, of its package llama.cpp-tools.
const SERVER: &str = "/usr/bin/llama-server";

#[test]
#[ignore = "a part of its own: `tests/run aarch64` builds the agent and the emulator's image, once"]
fn a_machine_with_an_arm_processor_serves() {
    // Ampere Altra's cores, and Graviton 2's.
    let shape = Shape { board: ARM, cpu: "neoverse-n1", ..Shape::default() };
    let (vm, client) = (Vm::boot("forky", &shape), Client::new());
    std::fs::write(client.path("ssh_config"), "Host *\n  ConnectTimeout 120\n").unwrap();
    let model = client.tiny("arm.gguf", 1);
    assert_eq!(vm.exec("uname -m").ok(), "aarch64");

    // The agent beside the program is taken without being named.
    let facts = client.json_on(&vm, "root", &["probe"]);
    assert_eq!(facts.exit, 0, "{facts:?}");
    let facts = &facts.value["facts"];
    println!("facts: {}", serde_json::to_string(&facts["cpu"]).unwrap());
    assert_eq!((&facts["os"]["arch"], &facts["cpu"]["model"]), (&"aarch64".into(), &"Neoverse-N1".into()));
    let isa = facts["cpu"]["isa"].to_string();
    assert!(isa.contains("\"asimd\"") && isa.contains("\"asimddp\""), "{isa}");

    // A plan, and an archive, for another processor are refused with their reason.
    let apply = |more: &[&str]| {
        let all = [&["apply", "--yes", "--model", text(&model), "--start-timeout", "1200"], more].concat();
        client.json_on(&vm, "root", &all)
    };
    let foreign = apply(&["--profile", PROFILE, "--runtime-path", SERVER]);
    assert_eq!(foreign.exit, 4, "{foreign:?}");
    let refused = foreign.value.to_string();
    assert!(
        refused.contains(r#""found":"aarch64","id":"arch","needed":"x86_64","outcome":"refused""#),
        "{refused}"
    );
    let archive = lab::llama_archive();
    let foreign = apply(&["--runtime-archive", text(&archive)]);
    assert!([1, 4].contains(&foreign.exit), "{foreign:?}");
    let refused = foreign.value.to_string();
    assert!(refused.contains("a processor of x86-64, which the archive is built for"), "{refused}");

    // Its packages are there already, and are what the plan has.
    let done = apply(&["--runtime-packages"]);
    let log = || vm.exec("journalctl --no-pager -n 80 -u agi-provision-llama").stdout;
    assert_eq!(done.exit, 0, "{done:?}\n{}", log());
    assert_serves(&vm);
    println!("receipt: {}", done.value["receipt"]);
    let plan = vm.exec("cat /etc/agi-provision/generation/plan.json").ok();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["profile"]["processor"], "aarch64", "{plan}");
    assert_eq!(plan["llama_server"]["packages"], serde_json::json!(["llama.cpp-tools"]), "{plan}");
    assert_eq!(plan["llama_server"]["build"], "b11669", "{plan}");
    assert!(!done.value["receipt"]["warnings"].to_string().contains("is build"), "{done:?}");

    let again = apply(&["--runtime-packages"]);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
    client.on(&vm, "root", &["remove", "--yes"]).ok();
    vm.exec("test ! -e /usr/local/lib/agi-provision && test -x /usr/bin/llama-server").ok();
}
