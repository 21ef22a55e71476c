//! A power cut as it really is: what the machine's kernel had not written to its disk is gone.

use std::fs::File;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::lab::journey::{Client, assert_serves, job_events, text};
use super::lab::vm::{Shape, Vm};
use super::lab::{Machine as _, llama_archive};
use super::{client, shape};

/// Nothing reaches the disk but what a program insists on, and notes of the file system, which may outrun
/// the bytes that they are of.
const WRITES_LATE: &str = "printf 'vm.dirty_writeback_centisecs = 0\\nvm.dirty_expire_centisecs = 360000\\n\
    vm.dirty_background_ratio = 80\\nvm.dirty_ratio = 90\\n' > /etc/sysctl.d/99-late.conf && \
    /usr/lib/systemd/systemd-sysctl && sync";
const RESUME: &str = "/etc/systemd/system/agi-provision-resume.service";

/// Pulls the plug when the apply of `args` says `place`, and puts it in again.
#[track_caller]
fn cut(vm: &mut Vm, shape: &Shape, client: &Client, args: &[&str], place: &str) {
    let path = client.path("said");
    let said = || std::fs::read_to_string(&path).unwrap();
    let mut command = client.command_on(vm, "root", args);
    let mut applying =
        command.stdout(Stdio::null()).stderr(File::create(&path).unwrap()).spawn().expect("agi-provision");
    let began = Instant::now();
    while !said().contains(place) {
        let ended = applying.try_wait().unwrap();
        assert!(ended.is_none() && began.elapsed() < Duration::from_secs(300), "no {place:?} in {}", said());
        std::thread::sleep(Duration::from_millis(10));
    }
    vm.cut_power();
    let ended = applying.wait().unwrap();
    assert_eq!(ended.code(), Some(1), "{}", said());
    assert!(said().contains("hint: the same command again"), "{}", said());
    vm.start(shape);
}

/// The machine goes on by itself; what it had done is as it was noted, or done again.
#[track_caller]
fn goes_on(vm: &Vm, client: &Client, plan: &str, cell: &str) {
    let began = Instant::now();
    while vm.exec(&format!("test -e {RESUME}")).status == 0 {
        assert!(began.elapsed() < Duration::from_secs(300), "{cell}: {}", log(vm));
        std::thread::sleep(Duration::from_secs(1));
    }
    let events = job_events(vm);
    assert!(events.iter().any(|event| event["event"] == "resumed"), "{cell}: {events:#?}");
    assert_eq!(events[events.len() - 1]["exit"], "done", "{cell}: {events:#?}\n{}", log(vm));
    assert_serves(vm);
    // Every byte of model and runtime, not the notes of them.
    let deep = client.json_on(vm, "root", &["verify", "--plan", plan, "--deep"]);
    assert_eq!(deep.exit, 0, "{cell}: {deep:?}");
}

fn log(vm: &Vm) -> String {
    let units = "-u agi-provision-resume -u agi-provision-llama";
    vm.exec(&format!("ls -l /usr/local/lib/agi-provision; journalctl -q -b --no-pager -n 60 {units}")).stdout
}

#[test]
fn work_that_a_power_cut_lost_is_done_again() {
    let (client, shape) = (client(), shape("1G"));
    let mut vm = Vm::boot("debian13", &shape);
    vm.exec(WRITES_LATE).ok();
    let archive = llama_archive();
    let model = client.tiny("tiny.gguf", 1);
    let plan = client.plan("plan.json", &model, &[], |_| ());
    let args = ["apply", "--yes", "--runtime-archive", text(&archive), "--plan"];

    // The runtime was noted as complete this moment, and the agent came seconds ago.
    let first = [&args[..], &[text(&plan), "--model-file", text(&model)]].concat();
    cut(&mut vm, &shape, &client, &first, "packages: install");
    goes_on(&vm, &client, text(&plan), "packages");
    let again = client.json_on(&vm, "root", &first);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");

    // Another model and its generation are in place this moment, and the service is being restarted.
    let model = client.tiny("other.gguf", 2);
    let plan = client.plan("other.json", &model, &["--ctx", "512", "--slots", "1"], |_| ());
    let second = [&args[..], &[text(&plan), "--model-file", text(&model)]].concat();
    cut(&mut vm, &shape, &client, &second, "start: ");
    goes_on(&vm, &client, text(&plan), "start");
    let again = client.json_on(&vm, "root", &second);
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
    let left =
        vm.exec("ls /var/lib/agi-provision/incoming; ls -d /var/lib/agi-provision/runtimes/*.unpacking");
    assert_eq!(left.stdout, "");
}
