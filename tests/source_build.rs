//! llama.cpp itself, compiled on a host of the lab that loses its power meanwhile: `tests/run source-build`.

#[path = "lab/mod.rs"]
mod lab;

use lab::journey::{Client, assert_serves};
use lab::{Host, run, tool, wait_for};
use serde_json::Value;
use std::time::{Duration, Instant};

/// The job's events so far.
fn journal(host: &Host) -> Vec<Value> {
    let lines = host.exec("cat /var/lib/agi-provision/job/journal.jsonl").stdout;
    lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// How many of the build's commands were done, and of how many, each time that it was told.
fn commands(events: &[Value]) -> Vec<(u64, u64)> {
    let told = events.iter().filter(|event| event["unit"] == "commands");
    told.map(|event| (event["done"].as_u64().unwrap(), event["total"].as_u64().unwrap())).collect()
}

#[test]
#[ignore = "a part of its own: `tests/run source-build` compiles llama.cpp"]
fn the_real_source_is_built_on_a_host_that_loses_its_power_and_serves() {
    let source = run(&mut tool("llama-source")).ok();
    let (host, client) = (Host::boot("debian13-compiler"), Client::new());
    let before = host.snapshot();
    let began = Instant::now();
    let args = client.applying(&["--runtime-source", &source]);
    let mut first = client.spawn_on(&host, "root", &args);
    let third = || commands(&journal(&host)).last().is_some_and(|(done, total)| done * 3 > *total);
    wait_for("a third of the build", Duration::from_secs(3600), third);
    let (done, total) = *commands(&journal(&host)).last().unwrap();
    println!("after {:.0} s: {done} of {total} commands; the power is cut", began.elapsed().as_secs_f64());
    host.cut_power();
    let _ = first.kill();
    first.wait().unwrap();

    // The host goes on by itself; the same command shows how.
    let again = client.on(&host, "root", &args);
    assert_eq!(again.status, 0, "{again:?}\n{}", host.console());
    println!("after {:.0} s in all: it serves", began.elapsed().as_secs_f64());
    println!("{}", again.stderr);
    let events = journal(&host);
    let resumed = events.iter().position(|event| event["event"] == "resumed").expect("it was resumed");
    let after = commands(&events[resumed..]);
    let (_, left) = after[0];
    println!("after the power cut {left} commands were left of {total}");
    assert!(left < total && after.last().unwrap().0 == left, "{after:?}");
    let seconds = |name: &str| -> Vec<f64> {
        let done = events.iter().filter(|event| event["event"] == "step-done" && event["name"] == name);
        done.filter_map(|event| event["seconds"].as_f64()).collect()
    };
    println!("seconds of the step after the power cut: {:?}", seconds("runtime"));
    assert_serves(&host);

    let runtime = "/etc/agi-provision/generation/runtime";
    println!("{}", host.exec(&format!("ls -lL {runtime}/; du -shL {runtime}/")).ok());
    assert!(host.exec(&format!("{runtime}/llama-server --version 2>&1")).ok().contains("11434"));
    host.exec(&format!("test -f {runtime}/libggml-cpu.so")).ok();
    let status = client.json_on(&host, "root", &["status"]);
    println!("{}", status.value["status"]["measured"]);
    assert_eq!(status.value["status"]["drift"].as_array().map(Vec::len), Some(0), "{status:?}");
    let nothing = client.json_on(&host, "root", &[&args[..], &[]].concat());
    assert_eq!((nothing.exit, nothing.changed()), (0, false), "{nothing:?}");

    client.on(&host, "root", &["remove", "--yes"]).ok();
    let left = lab::ours(&before, &host);
    assert!(left.is_empty(), "{left:?}");
}
