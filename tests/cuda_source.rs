//! CUDA's part of llama.cpp, compiled on a host of the lab by the packages of Debian 13: `tests/run cuda-source`.
//!
//! The whole takes hours on two cores. This ends when some of its files are compiled: the packages are the right ones, CMake
//! takes them, and their compiler takes the source. The driver is a stub, and there is no card.

#[path = "lab/mod.rs"]
mod lab;

use lab::journey::{Client, text};
use lab::{Host, gpu, run, tool, wait_for};
use std::time::{Duration, Instant};

/// Files of CUDA that are waited for.
const FILES: usize = 8;
const BUILD: &str = "/var/lib/agi-provision/runtimes/*.building/build";

#[test]
#[ignore = "a part of its own: `tests/run cuda-source` installs CUDA's compiler, some gigabytes, and compiles with it"]
fn debians_compiler_for_cuda_takes_the_real_source() {
    let source = run(&mut tool("llama-source")).ok();
    let (host, client) = (Host::boot("debian13-cuda"), Client::new());
    // A GeForce RTX 3090, whose compute capability is 8.6, and a driver that runs CUDA 12.8.
    gpu::play_driver(&host, "single");
    let (model, plan) = (client.path("tiny.gguf"), client.path("gpu.json"));
    client.run(&["plan", "--model", text(&model), "--profile", "gpu-24gb", "--out", text(&plan)]).ok();
    let args = ["apply", "--yes", "--plan", text(&plan), "--model-file", text(&model)];
    let args = [&args[..], &["--runtime-source", &source]].concat();

    let began = Instant::now();
    let mut applying = client.spawn_on(&host, "root", &args);
    let compiled = || {
        let found = host.exec(&format!("find {BUILD} -name '*.cu.o' -size +0"));
        found.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    wait_for("files of CUDA", Duration::from_secs(5400), || {
        let over = applying.try_wait().unwrap();
        assert!(over.is_none(), "{over:?}: {}", host.exec("tail -30 /var/lib/agi-provision/job/*").stdout);
        compiled().len() >= FILES
    });
    println!("after {:.0} s {FILES} files of CUDA are compiled", began.elapsed().as_secs_f64());
    println!(
        "{}",
        host.exec("dpkg-query -W nvidia-cuda-toolkit nvidia-cuda-toolkit-gcc cmake ninja-build").ok()
    );
    println!(
        "{}",
        host.exec(&format!("grep -h -e '^CMAKE_CUDA_' -e '^GGML_CUDA' {BUILD}/CMakeCache.txt")).ok()
    );

    // Machine code for this card, and for no other; the smallest file is read soonest.
    let code = host.exec(&format!("cuobjdump --list-elf $(ls -Sr {} | head -1)", compiled().join(" "))).ok();
    println!("{code}");
    assert!(code.contains("sm_86") && code.lines().all(|line| line.contains("sm_86")), "{code}");
    applying.kill().and_then(|()| applying.wait()).unwrap();
}
