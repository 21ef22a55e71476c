//! A fault at every step of an apply: its client dies, its connection is cut, its agent is killed, the
//! host loses power; before the step, in the middle of it, and when it is done and not yet recorded.
//! After each the host holds nothing half-made, and the plain apply again brings it to the plan.

#[path = "lab/mod.rs"]
mod lab;
#[path = "host_steps/rag.rs"]
mod rag;
#[path = "host_steps/user.rs"]
mod user;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use lab::gate::{self, Call, Gate, Place};
use lab::journey::{Client, PROFILE, assert_serves, job_events, spoil, text};
use lab::{Host, diff, of_a_failed_job};
use serde_json::{Value, json};

/// Each step of a first apply, with a place in the middle of it.
const STEPS: [(&str, Place); 10] = [
    // useradd runs, or has.
    ("user", Place::Within(Call::Wait, 1)),
    // Some of the directories are there.
    ("directories", Place::Within(Call::MakeDirectory, 4)),
    // Unpacked, and not in its place.
    ("runtime", Place::Within(Call::Rename, 3)),
    // apt-get runs.
    ("packages", Place::Within(Call::Start, 3)),
    // Its file is in place, and the note that vouches for it is not; it is recorded before both.
    ("model", Place::Within(Call::Rename, 3)),
    ("key", Place::Within(Call::Rename, 1)),
    ("agent", Place::Within(Call::Rename, 1)),
    // The unit is there, the link to its drop-in is not.
    ("unit", Place::Within(Call::Rename, 2)),
    // The generation is whole but for its last file, and not in use.
    ("configuration", Place::Within(Call::Rename, 3)),
    // systemctl runs.
    ("start", Place::Within(Call::Wait, 3)),
];

fn places() -> Vec<(&'static str, Place)> {
    STEPS
        .iter()
        .flat_map(|(step, within)| [Place::Begins, *within, Place::Done].map(|at| (*step, at)))
        .collect()
}

/// Half of the places, so that two hosts share them; STEP names one alone.
fn some_places(half: usize) -> Vec<(&'static str, Place)> {
    let only = std::env::var("STEP").ok();
    let all = places().into_iter().skip(half).step_by(2);
    all.filter(|(step, _)| only.as_deref().is_none_or(|only| only == *step)).collect()
}

/// Time after which what is waited for is dead: a busy machine is slow, and never this slow.
const DEAD: Duration = Duration::from_secs(1200);

const RESUME: &str = "/etc/systemd/system/agi-provision-resume.service";

/// A host, someone who applies to it, and what was on its disk before.
struct Site {
    host: Host,
    client: Client,
    model: PathBuf,
    before: lab::Snapshot,
}

impl Site {
    fn new(image: &str) -> Site {
        let (host, client) = (Host::boot(image), Client::new());
        host.exec("apt-get update -qq && apt-get install -y -qq libgomp1 && apt-get clean").ok();
        let (model, before) = (client.tiny("tiny.gguf", 1), host.snapshot());
        Site { host, client, model, before }
    }

    /// Starts an apply of the model, or of what `args` name; what it says goes to a file.
    fn spawn(&self, args: &[&str]) -> Applying {
        let archive = lab::llama_archive();
        let mut all = vec!["apply", "--yes", "--runtime-archive", text(&archive)];
        if args.is_empty() {
            all.extend(["--model", text(&self.model), "--profile", PROFILE]);
        }
        all.extend(args);
        let path = self.client.path("said");
        let said = File::create(&path).unwrap();
        let mut command = self.client.command_on(&self.host, "admin", &all);
        let child = command.stdout(Stdio::null()).stderr(said).spawn().expect("starting agi-provision");
        Applying { child, path }
    }

    fn apply(&self) -> Ended {
        self.spawn(&[]).end()
    }

    /// libgomp1 is gone again, so that the step has something to install.
    fn without_packages(&self) {
        self.host.exec("dpkg --purge --force-depends libgomp1 >/dev/null").ok();
    }

    /// Only packages stay, and dpkg's own notes of them.
    #[track_caller]
    fn removed(&self, cell: &str) {
        let gone = self.client.on(&self.host, "admin", &["remove", "--yes"]);
        assert_eq!(gone.status, 0, "{cell}: {gone:?}");
        let left = self.host.exec(
            "ls -d /usr/local/lib/agi-provision /etc/agi-provision /var/lib/agi-provision /var/cache/agi-provision \
               /run/agi-provision* /etc/systemd/system/*/agi-provision* /etc/systemd/system/agi-provision* 2>/dev/null; \
             grep agi-provision /etc/passwd /etc/group",
        );
        assert_eq!(left.stdout, "", "{cell}");
    }

    /// The disk is as it was before the first apply, but for packages.
    #[track_caller]
    fn untouched(&self) {
        let packages =
            ["/var/lib/dpkg/", "/var/lib/apt/", "/var/cache/", "/var/log/", "/etc/ld.so.cache", "libgomp"];
        let backups = ["/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-"];
        let mut changes = diff(&self.before, &self.host.snapshot());
        changes.retain(|line| !packages.iter().chain(&backups).any(|part| line.contains(part)));
        assert_eq!(changes, [""; 0]);
    }
}

struct Applying {
    child: Child,
    path: PathBuf,
}

#[derive(Debug)]
struct Ended {
    exit: i32,
    said: String,
}

impl Applying {
    fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.path).unwrap_or_default()).into_owned()
    }

    #[track_caller]
    fn waits_for(&mut self, what: &str) {
        let began = Instant::now();
        loop {
            // Asked before its words are read: they are its last ones then.
            let ended = self.child.try_wait().unwrap().is_some();
            if self.said().contains(what) {
                return;
            }
            assert!(!ended && began.elapsed() < DEAD, "no {what:?} in {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    #[track_caller]
    fn end(mut self) -> Ended {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Ended { exit: status.code().unwrap_or(-1), said: self.said() };
            }
            assert!(began.elapsed() < DEAD, "it does not end: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// One error, and one hint with `hint` in it.
#[track_caller]
fn failed(cell: &str, ended: &Ended, exit: i32, error: &str, hint: &str) {
    let line = |start: &str| ended.said.lines().filter(|line| line.starts_with(start)).collect::<Vec<_>>();
    assert_eq!(ended.exit, exit, "{cell}: {ended:?}");
    assert!(matches!(line("error: ")[..], [one] if one.contains(error)), "{cell}: {ended:?}");
    assert!(matches!(line("hint: ")[..], [one] if one.contains(hint)), "{cell}: {ended:?}");
}

/// Checks that no part of the host is half-made where something would use it.
#[track_caller]
fn nothing_half_made(cell: &str, host: &Host) {
    let odd = host.exec(
        "cd /etc/agi-provision 2>/dev/null || exit 0
         [ ! -e api-key ] || [ \"$(stat -c '%a %s' api-key)\" = '600 65' ] || echo the key
         [ ! -L generation ] || [ -s generation/record.json -a -s generation/plan.json ] || echo the generation
         for note in /var/lib/agi-provision/*/*/note.json; do [ ! -e $note ] || [ -s $note ] || echo $note; done
         for file in /var/lib/agi-provision/models/*/tiny.gguf; do
           [ ! -e $(dirname $file)/note.json ] || \
             [ \"$(sha256sum < $file)\" = \"$(basename $(dirname $file))  -\" ] || echo $file; done",
    );
    assert_eq!(odd.stdout, "", "{cell}");
}

/// Checks that the host serves, that its things are recorded, and that nothing is left to be carried on.
#[track_caller]
fn serves(cell: &str, host: &Host) {
    assert_serves(host);
    assert_ne!(host.exec(&format!("test -e {RESUME}")).status, 0, "{cell}");
    assert_ne!(host.exec("ls -A /var/lib/agi-provision/incoming | grep .").status, 0, "{cell}");
    let receipt: Value =
        serde_json::from_str(&host.exec("cat /var/lib/agi-provision/receipt.json").ok()).unwrap();
    assert!(receipt["measured"]["answer"]["generated_tokens"].as_u64() > Some(0), "{cell}: {receipt}");
}

fn steps_of(journal: &[Value]) -> Vec<&str> {
    let steps = journal.iter().filter(|event| event["event"] == "step");
    steps.map(|event| event["name"].as_str().unwrap()).collect()
}

/// Half of the places, so that two hosts share them.
fn killed_agents(image: &str, half: usize) {
    let site = Site::new(image);
    for (step, at) in some_places(half) {
        let cell = format!("agent killed at {step}, {at:?}");
        if step == "packages" {
            site.without_packages();
        }
        gate::arm(&site.host);
        let first = site.spawn(&[]);
        let mut job = Gate::catch(&site.host);
        assert!(job.run_to(step, at), "{cell}: {}", first.said());
        job.kill();
        failed(&cell, &first.end(), 1, "the job ended without saying why", "apply again");
        nothing_half_made(&cell, &site.host);
        let free = site.host.exec("flock -n /run/agi-provision/lock true");
        assert_eq!(free.status, 0, "{cell}: a dead agent holds nothing up");

        gate::disarm(&site.host);
        let again = site.apply();
        assert_eq!(again.exit, 0, "{cell}: {again:?}");
        assert!(again.said.contains(" serves"), "{cell}: {again:?}");
        serves(&cell, &site.host);
        site.removed(&cell);
    }
    site.untouched();
}

#[test]
fn an_agent_killed_at_any_step_is_no_loss_here() {
    killed_agents("debian12", 0);
}

#[test]
fn an_agent_killed_at_any_step_is_no_loss_there() {
    killed_agents("debian13", 1);
}

/// Cuts the power where the job is, and waits until it has gone on by itself, and nobody had to ask.
#[track_caller]
fn lose_power(cell: &str, host: &Host, job: Gate, watching: Applying) {
    let ending = std::thread::scope(|scope| {
        let power = scope.spawn(|| host.cut_power());
        job.gone();
        power.join()
    });
    ending.unwrap_or_else(|_| panic!("{cell}: {}", host.console()));
    failed(cell, &watching.end(), 1, "", "the same command again");
    let began = Instant::now();
    while host.exec(&format!("test -e {RESUME}")).status == 0 {
        assert!(began.elapsed() < DEAD, "{cell}: {}", host.console());
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn power_cuts(image: &str, half: usize) {
    let site = Site::new(image);
    for (step, at) in some_places(half) {
        let cell = format!("power cut at {step}, {at:?}");
        if step == "packages" {
            site.without_packages();
        }
        gate::arm(&site.host);
        let first = site.spawn(&[]);
        let mut job = Gate::catch(&site.host);
        assert!(job.run_to(step, at), "{cell}: {}", first.said());
        lose_power(&cell, &site.host, job, first);
        nothing_half_made(&cell, &site.host);
        let log =
            site.host.exec("journalctl -q --no-pager -u agi-provision-resume -u agi-provision-llama").stdout;
        assert_eq!(site.host.exec("test -e /etc/agi-provision/generation").status, 0, "{cell}: {log}");
        let events = job_events(&site.host);
        // Nothing had begun at the first place.
        let resumed = events.iter().any(|event| event["event"] == "resumed");
        assert_eq!(resumed, (step, at) != ("user", Place::Begins), "{cell}: {events:#?}");
        serves(&cell, &site.host);
        let again = site.apply();
        assert_eq!(again.exit, 0, "{cell}: {again:?}");
        assert!(again.said.contains("nothing to do"), "{cell}: {again:?}");
        site.removed(&cell);
    }
    site.untouched();
}

#[test]
fn a_host_that_loses_power_at_any_step_goes_on_by_itself_here() {
    power_cuts("debian13", 0);
}

#[test]
fn a_host_that_loses_power_at_any_step_goes_on_by_itself_there() {
    power_cuts("debian12", 1);
}

/// `status` tells of the apply that stands still at `step`, with or without something that serves.
fn assert_under_way(site: &Site, step: &str) {
    let status = site.client.json_on(&site.host, "admin", &["status"]);
    let (document, serves) = (&status.value["status"], step == "start");
    let at_work = &document["under_way"];
    assert_eq!((&at_work["what"], &at_work["step"]), (&json!("apply"), &json!(step)), "{status:?}");
    assert!(at_work["by"].as_str().unwrap().starts_with("tester@"), "{status:?}");
    assert!(at_work["since"].as_str().unwrap().starts_with("20"), "{status:?}");
    assert_eq!((&document["unfinished"], status.exit), (&json!(true), 1), "{status:?}");
    assert_eq!(document["installed"] == false, !serves, "{status:?}");
    assert!(status.message().contains(&format!("now at step {step}")), "{status:?}");
    let text = site.client.on(&site.host, "admin", &["status"]);
    assert!(text.stdout.contains("apply by tester@"), "{text:?}");
}

#[test]
fn clients_come_and_go_at_every_step_and_the_job_goes_on() {
    let site = Site::new("debian12");
    site.without_packages();
    gate::arm(&site.host);
    let first = site.spawn(&[]);
    let mut job = Gate::catch(&site.host);
    let mut client = Some(first);
    for (step, at) in places() {
        let cell = format!("{step}, {at:?}");
        let log = || site.host.exec("journalctl --no-pager -n 40 -u agi-provision-apply").stdout;
        assert!(job.run_to(step, at), "{cell}: {}", log());
        if matches!((step, at), ("model" | "start", Place::Within(..))) {
            assert_under_way(&site, step);
        }
        // A client that watches loses the connection, and is told what to do.
        let mut watching = client.take().unwrap_or_else(|| site.spawn(&[]));
        let begun = (step, at) != ("user", Place::Begins);
        watching.waits_for(if begun { "user: create" } else { "sending tiny.gguf: 1 MiB" });
        site.host.exec("kill -9 $(ps -C sshd,sshd-session -o pid=,args= | awk '/admin/ { print $1 }')").ok();
        failed(&cell, &watching.end(), 1, "", "the same command again");
        // The next one sees all from the beginning, and dies.
        let mut next = site.spawn(&[]);
        next.waits_for("is being applied since");
        next.waits_for(if begun { "user: create" } else { "since" });
        next.kill();
    }
    drop(job);
    let last = site.apply();
    assert_eq!(last.exit, 0, "{last:?}");
    serves("the end", &site.host);
    // A step that is new belongs into the table.
    assert_eq!(steps_of(&job_events(&site.host)), STEPS.map(|(step, _)| step));
    gate::disarm(&site.host);
    site.removed("the end");
    site.untouched();
}

/// The plan of another generation: its model is new, and llama-server refuses it.
fn refused_plan(site: &Site) -> (PathBuf, PathBuf) {
    let spoilt = site.client.path("spoilt.gguf");
    spoil(&site.model, &spoilt);
    let size = fs::metadata(&spoilt).unwrap().len();
    let plan = site.client.plan("spoilt.json", &site.model, &["--ctx", "512"], |plan| {
        plan["model"]["files"] =
            json!([{"name": "spoilt.gguf", "size_bytes": size, "sha256": null, "url": null}]);
        for arg in plan["llama_server"]["args"].as_array_mut().unwrap() {
            *arg = json!(arg.as_str().unwrap().replace("tiny.gguf", "spoilt.gguf"));
        }
    });
    (plan, spoilt)
}

/// Places of a second apply, from the first that touches what serves.
const SECOND: [(&str, Place); 5] = [
    ("model", Place::Done),
    ("configuration", Place::Within(Call::Rename, 3)),
    ("configuration", Place::Done),
    ("start", Place::Within(Call::Wait, 3)),
    // The service was restarted, after two other orders to systemd.
    ("start", Place::Within(Call::Start, 10)),
];

fn generation(host: &Host) -> String {
    host.exec("readlink /etc/agi-provision/generation").ok()
}

/// The first generation serves, and nothing of another is left.
#[track_caller]
fn only_the_first(cell: &str, site: &Site, served: &lab::Snapshot) {
    assert_serves(&site.host);
    let changes = diff(served, &site.host.snapshot());
    assert!(changes.iter().all(of_a_failed_job), "{cell}: {changes:#?}");
}

#[test]
fn a_second_apply_that_loses_power_and_does_not_serve_is_taken_back_as_a_whole() {
    let site = Site::new("debian12");
    assert_eq!(site.apply().exit, 0);
    let (served, first) = (site.host.snapshot(), generation(&site.host));
    let (plan, spoilt) = refused_plan(&site);
    let args = ["--plan", text(&plan), "--model-file", text(&spoilt)];
    for (step, at) in SECOND {
        let cell = format!("{step}, {at:?}");
        gate::arm(&site.host);
        let cut = site.spawn(&args);
        let mut job = Gate::catch(&site.host);
        if !job.run_to(step, at) {
            panic!("{cell}: {}", cut.said());
        }
        lose_power(&cell, &site.host, job, cut);
        let events = job_events(&site.host);
        let end = events.last().unwrap();
        assert_eq!(end["exit"], "rolled-back", "{cell}: {end:#}");
        assert!(end["log"].to_string().contains("llamb"), "{cell}: the server's own words: {end:#}");
        assert_eq!(generation(&site.host), first, "{cell}");
        only_the_first(&cell, &site, &served);
    }
    let again = site.apply();
    assert!(again.exit == 0 && again.said.contains("nothing to do"), "{again:?}");
}

#[test]
fn a_second_apply_whose_agent_is_killed_is_taken_back_or_finished_as_a_whole() {
    let site = Site::new("debian13");
    assert_eq!(site.apply().exit, 0);
    let (served, first) = (site.host.snapshot(), generation(&site.host));
    let (plan, spoilt) = refused_plan(&site);
    let refused = ["--plan", text(&plan), "--model-file", text(&spoilt)];
    for (step, at) in SECOND {
        let cell = format!("{step}, {at:?}");
        gate::arm(&site.host);
        let killed = site.spawn(&refused);
        let mut job = Gate::catch(&site.host);
        assert!(job.run_to(step, at), "{cell}: {}", killed.said());
        job.kill();
        failed(&cell, &killed.end(), 1, "the job ended without saying why", "apply again");
        gate::disarm(&site.host);
        // The first generation still serves, so the second apply goes back to it.
        let again = site.spawn(&refused).end();
        failed(&cell, &again, 8, "rolled back, the old generation serves again", "last lines");
        assert_eq!(generation(&site.host), first, "{cell}");
        only_the_first(&cell, &site, &served);
    }

    // A sound one: the server that runs is the old one's until the new one was started and asked.
    for (number, (step, at)) in SECOND.into_iter().enumerate() {
        let cell = format!("sound: {step}, {at:?}");
        let model = site.client.tiny("other.gguf", 10 + number as u64);
        let sound = ["--model", text(&model), "--profile", PROFILE, "--ctx", "512", "--slots", "1"];
        let pid = site.host.exec("systemctl show -P MainPID agi-provision-llama").ok();
        gate::arm(&site.host);
        let killed = site.spawn(&sound);
        let mut job = Gate::catch(&site.host);
        assert!(job.run_to(step, at), "{cell}: {}", killed.said());
        job.kill();
        failed(&cell, &killed.end(), 1, "the job ended without saying why", "apply again");
        gate::disarm(&site.host);
        let check = site.spawn(&[&sound[..], &["--check"]].concat()).end();
        assert_eq!(check.exit, 5, "{cell}: {check:?}");
        let again = site.spawn(&sound).end();
        assert_eq!(again.exit, 0, "{cell}: {again:?}");
        assert!(!again.said.contains("nothing to do"), "{cell}: {again:?}");
        assert_ne!(site.host.exec("systemctl show -P MainPID agi-provision-llama").ok(), pid, "{cell}");
        serves(&cell, &site.host);
        // The way back leads to what served before, not to what never did.
        let previous = site.host.exec("readlink /etc/agi-provision/generation/previous").ok();
        assert!(
            Path::new(&previous).is_absolute() && previous != generation(&site.host),
            "{cell}: {previous}"
        );
        let kept = site.host.exec("ls /var/lib/agi-provision/generations | wc -l").ok();
        assert_eq!(kept, "2", "{cell}");
    }
}
