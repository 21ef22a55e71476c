//! Debian's real driver on a machine with a kernel of its own: `tests/run dkms`.
//!
//! Its packages come from the archive that this machine's apt uses. Its modules are compiled beforehand by the same
//! packages, against the headers of the kernel that runs, and left where nvidia-kernel-dkms takes such from, as an emulator
//! would compile for hours (`lab/build-dkms`). The card is none: an entry of a PCI bus laid over the kernel's, which the
//! module does not find.

#[path = "lab/mod.rs"]
mod lab;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use lab::driver::{self, Put as _};
use lab::journey::{Client, text};
use lab::vm::{Shape, Vm};
use lab::{Machine as _, llama_archive, run, tool};

/// Names of the files that modprobe goes by.
const BUILT: &str = "grep -c '/nvidia-current[a-z-]*[.]ko' /lib/modules/$(uname -r)/modules.dep";

/// A machine whose apt knows `main` of the real archive alone, with the card and no driver.
fn machine() -> Vm {
    let vm = Vm::boot("debian13", &Shape { memory: "4G".into(), online: true, ..Shape::default() });
    let mut archive = Command::new("bash");
    archive.args(["-c", ". \"$1\"; mirror", "bash"]).arg(tool("common.sh").get_program());
    let archive = run(&mut archive).ok();
    // The emulator's own name server, for this boot and the next.
    let network = "/etc/systemd/network/50-lab.network.d";
    let proxy =
        std::env::var("http_proxy").map_or(String::new(), |at| format!("Acquire::http::Proxy \"{at}\";"));
    vm.exec(&format!(
        "mkdir -p {network}; printf '[Network]\\nDNS=10.0.2.3\\n' > {network}/online.conf; networkctl reload; \
         networkctl reconfigure eth0; test -L /etc/resolv.conf || echo nameserver 10.0.2.3 > /etc/resolv.conf; \
         echo '{proxy}' > /etc/apt/apt.conf.d/90lab; echo 'deb {} trixie main' > /etc/apt/sources.list",
        archive.trim()
    ))
    .ok();
    let script = tool("driver-stand-ins");
    vm.put_file(script.get_program().as_ref(), "/root/driver-stand-ins");
    vm.exec("bash /root/driver-stand-ins card").ok();
    let kernel = vm.exec("uname -r").ok();
    let built = PathBuf::from(run(tool("build-dkms").arg(kernel.trim())).ok());
    println!("compiled for {}: {}", kernel.trim(), fs::read_to_string(built.join("record")).unwrap());
    let entries = fs::read_dir(&built).unwrap().map(|entry| entry.unwrap().path());
    let archive = entries.into_iter().find(|path| path.extension().is_some_and(|end| end == "gz")).unwrap();
    let folder = "/usr/share/nvidia-current-dkms";
    vm.exec(&format!("mkdir {folder}")).ok();
    vm.put_file(&archive, &format!("{folder}/{}", archive.file_name().unwrap().to_str().unwrap()));
    vm
}

#[test]
#[ignore = "a part of its own: `tests/run dkms` compiles a driver, and installs it in an emulated machine"]
fn debians_driver_is_built_and_its_card_does_not_answer() {
    let (vm, client) = (machine(), Client::new());
    let (model, plan, archive) = (client.path("tiny.gguf"), client.path("gpu.json"), llama_archive());
    client.run(&["plan", "--model", text(&model), "--profile", "gpu-24gb", "--out", text(&plan)]).ok();
    let args = ["apply", "--yes", "--plan", text(&plan), "--model-file", text(&model)];
    let args = [&args[..], &["--runtime-archive", text(&archive), "--driver", "distribution"]].concat();
    let kernel = vm.exec("uname -r").ok().trim().to_owned();
    let (before, began) = (driver::boot_id(&vm), Instant::now());
    let applied = client.json_on(&vm, "root", &args);
    println!("the apply took {:?}", began.elapsed());
    println!(
        "{}",
        vm.exec("dkms status; dpkg-query -W nvidia-kernel-dkms dkms gcc-14 linux-headers-$(uname -r)").stdout
    );
    println!("{}", vm.exec("grep -e startup -e 'configure nvidia-kernel-dkms' /var/log/dpkg.log").stdout);
    println!("{applied:?}");

    // Built for the kernel that runs, and loaded as far as a module without a card goes.
    assert_eq!(vm.exec("uname -r").ok().trim(), kernel);
    assert!(vm.exec(BUILT).ok().trim().parse::<u32>().unwrap() >= 4, "{applied:?}");
    assert_ne!(driver::boot_id(&vm), before, "the host was restarted: {applied:?}\n{}", vm.console());
    assert_eq!(applied.exit, 4, "{applied:?}");
    let message = applied.message();
    println!("{message}");
    for said in [
        "built and installed for kernel",
        &kernel,
        "does not answer",
        "No such device",
        "No NVIDIA GPU found",
    ] {
        assert!(message.contains(said), "{said}: {message}");
    }
    assert!(message.contains("the host is as it was") && message.contains("nvidia-kernel-dkms"), "{message}");
    let hint = applied.value["hint"].as_str().unwrap_or_default();
    assert!(hint.contains("lspci"), "{hint}");

    // Taken back but for the packages.
    assert!(driver::installed(&vm).ok().lines().all(|line| line.ends_with(" installed")));
    // Files that arrived and were not used yet wait for the next apply, and the journal with them.
    assert!(message.contains("tiny.gguf") && message.contains("stay for the next apply"), "{message}");
    let left = vm.exec("ls -d /etc/*/agi-provision* /etc/apt/*/*agi-provision* 2>/dev/null");
    assert_eq!(left.stdout, "");
}
