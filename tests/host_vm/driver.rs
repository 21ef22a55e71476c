//! A driver on a machine with a kernel of its own: the machine really boots anew, and the apply goes on.

use super::lab::driver;
use super::lab::journey::text;
use super::lab::vm::Vm;
use super::lab::{Machine as _, llama_archive};
use super::{assert_line, client, shape};

#[test]
fn a_machine_without_a_driver_boots_anew_into_the_facts_of_its_card() {
    let (client, vm) = (client(), Vm::boot("debian13", &shape("4G")));
    driver::give_card(&vm);
    let facts = client.json_on(&vm, "root", &["probe"]).value["facts"].clone();
    let card = &facts["pci_cards"][0];
    assert_eq!(card["name"], "NVIDIA GA102 [GeForce RTX 3090]", "{facts}");
    assert_eq!((&card["wants_driver"], facts["gpus"].as_array().map(Vec::len)), (&"nvidia".into(), Some(0)));
    assert!(facts["unsupported"]["os.secure_boot"].is_string(), "{facts}");

    let model = client.tiny("tiny.gguf", 1);
    let plan = client.path("gpu.json");
    client.run(&["plan", "--model", text(&model), "--profile", "gpu-24gb", "--out", text(&plan)]).ok();
    let archive = llama_archive();
    let args = ["apply", "--yes", "--plan", text(&plan), "--model-file", text(&model)];
    let args = [&args[..], &["--runtime-archive", text(&archive), "--driver", "distribution"]].concat();
    let before = driver::boot_id(&vm);
    let applied = client.json_on(&vm, "root", &args);
    assert_ne!(driver::boot_id(&vm), before, "{applied:?}\n{}", vm.console());
    // The machine met the plan with its driver; what the lab has no card for is the proof, which takes the apply back.
    assert_eq!(applied.value["facts"]["gpus"][0]["name"], "NVIDIA GeForce RTX 3090", "{applied:?}");
    for id in ["gpu-count", "gpu-vram", "gpu-driver", "gpu-compute"] {
        assert_line(&applied, id, "ok", "");
    }
    assert_ne!(applied.exit, 0, "{applied:?}");
    let message = applied.message();
    assert!(
        message.contains("the host is as it was") && message.contains("nvidia-kernel-dkms"),
        "{applied:?}"
    );
    let said: Vec<&str> = message.split(';').collect();
    assert!(said[0].contains("GPU") || said[0].contains("card") || said[0].contains("layers"), "{message}");
    assert!(driver::installed(&vm).ok().lines().all(|line| line.ends_with(" installed")));
    let left = vm.exec(
        "ls -d /etc/*/agi-provision* /etc/apt/*/*agi-provision* /var/lib/agi-provision/job 2>/dev/null",
    );
    assert_eq!(left.stdout, "", "whoever came back took the rest away");
}
