//! The same for the steps that only a plan with `--rag` has: the second model's file, the second server.

use std::path::PathBuf;

use serde_json::json;

use super::lab::Host;
use super::lab::gate::{self, Call, Gate, Place};
use super::lab::journey::{PROFILE, http_at, job_events, text};
use super::{Site, failed, lose_power, nothing_half_made, serves, steps_of};

/// Where a first apply with an embedding server is stopped.
const COMES: [(&str, Place); 5] = [
    // The embedding model's file is in place, and the note that vouches for it is not.
    ("model", Place::Within(Call::Rename, 4)),
    // The model serves alone.
    ("start", Place::Done),
    ("embedding", Place::Begins),
    // systemctl runs.
    ("embedding", Place::Within(Call::Wait, 3)),
    ("embedding", Place::Done),
];

/// And one without, on a host that has it.
const GOES: [(&str, Place); 3] = [
    ("retire", Place::Begins),
    // It was stopped, and would come back at the next boot.
    ("retire", Place::Within(Call::Wait, 2)),
    ("retire", Place::Done),
];

struct Plans {
    site: Site,
    model: PathBuf,
    embedder: PathBuf,
}

impl Plans {
    fn new(image: &str) -> Plans {
        let site = Site::new(image);
        let (model, embedder) = (site.client.path("tiny.gguf"), site.client.tiny_embedder("embedder.gguf"));
        Plans { site, model, embedder }
    }

    fn plain(&self) -> Vec<&str> {
        vec!["--model", text(&self.model), "--profile", PROFILE]
    }

    fn rag(&self) -> Vec<&str> {
        [self.plain(), vec!["--rag", "--rag-model", text(&self.embedder)]].concat()
    }

    /// Applies `args` with `fault` at the place.
    #[track_caller]
    fn with(&self, args: &[&str], (step, at): (&str, Place), fault: Fault) -> String {
        let cell = format!("{fault:?} at {step}, {at:?}");
        gate::arm(&self.site.host);
        let applying = self.site.spawn(args);
        let mut job = Gate::catch(&self.site.host);
        assert!(job.run_to(step, at), "{cell}: {}", applying.said());
        match fault {
            Fault::Kill => {
                job.kill();
                failed(&cell, &applying.end(), 1, "the job ended without saying why", "apply again");
                gate::disarm(&self.site.host);
            }
            Fault::Power => lose_power(&cell, &self.site.host, job, applying),
        }
        nothing_half_made(&cell, &self.site.host);
        let again = self.site.spawn(args).end();
        assert_eq!(again.exit, 0, "{cell}: {again:?}");
        // After a power cut it went on by itself.
        assert_eq!(again.said.contains("nothing to do"), fault == Fault::Power, "{cell}: {again:?}");
        serves(&cell, &self.site.host);
        cell
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Kill,
    Power,
}

#[track_caller]
fn embeds(cell: &str, host: &Host) {
    let key = host.exec("cat /etc/agi-provision/api-key").ok();
    let body = json!({"input": ["a b c"]});
    let (status, answer) = http_at(host, 8081, "POST", "/v1/embeddings", Some(&key), Some(&body));
    assert_eq!(status, 200, "{cell}: {answer}");
}

#[track_caller]
fn has_none(cell: &str, host: &Host) {
    let traces = host.exec(
        "ls -d /etc/systemd/system/agi-provision-embed* /etc/systemd/system/*/agi-provision-embed* 2>/dev/null; \
         systemctl is-active agi-provision-embed",
    );
    assert_eq!(traces.stdout.trim(), "inactive", "{cell}");
}

fn comes_and_goes(image: &str, fault: Fault) {
    let plans = Plans::new(image);
    let host = &plans.site.host;
    for place in COMES {
        let cell = plans.with(&plans.rag(), place, fault);
        embeds(&cell, host);
        plans.site.removed(&cell);
    }
    for (round, place) in GOES.into_iter().enumerate() {
        let there = plans.site.spawn(&plans.rag()).end();
        assert_eq!(there.exit, 0, "{there:?}");
        // A step that is new belongs into the table.
        // The model's own server starts on the first apply, and goes on through the others.
        let starts: &[&str] = if round == 0 { &["start", "embedding"] } else { &["embedding"] };
        let expected = [&["configuration"], starts].concat();
        let journal = job_events(host);
        let steps = steps_of(&journal);
        assert!(steps.ends_with(&expected), "{steps:?}");
        embeds("before", host);
        let cell = plans.with(&plans.plain(), place, fault);
        has_none(&cell, host);
    }
    plans.site.removed("the end");
    plans.site.untouched();
}

#[test]
fn an_embedding_server_comes_and_goes_though_its_agent_is_killed() {
    comes_and_goes("debian12", Fault::Kill);
}

#[test]
fn an_embedding_server_comes_and_goes_though_the_power_is_cut() {
    comes_and_goes("debian13", Fault::Power);
}
