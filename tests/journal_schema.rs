//! docs/journal.schema.json against what a journal really holds. tests/host_steps.rs holds it against
//! journals of real jobs.

use agi_provision::agent::store::journal::Journal;
use agi_provision::error::{Exit, Failure};
use agi_provision::wire::protocol::{End, Event, Events, JOURNAL_SCHEMA, Unit};
use serde_json::{Value, json};

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(include_str!("../docs/journal.schema.json")).unwrap();
    jsonschema::draft202012::new(&schema).expect("the schema is one")
}

fn exposed(confirm_seconds: Option<u64>, earlier: Option<String>) -> Event {
    let certificate = json!({"sha256": "AB", "names": ["h"], "made_here": true, "days_left": 819, "pem": "…", "public_key_pin": "sha256//AB="});
    Event::Exposed {
        ranges: "192.0.2.0/24".into(),
        port: "8080".parse().unwrap(),
        certificate,
        confirm_seconds,
        earlier,
    }
}

/// Every event that a job writes, through a real journal.
fn lines() -> Vec<Value> {
    let exits = [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::NoPlanFits,
        Exit::HostDoesNotMeetPlan,
        Exit::ChangesFound,
        Exit::HostKey,
        Exit::Held,
        Exit::RolledBack,
    ];
    let mut events = vec![
        Event::Journal { schema: JOURNAL_SCHEMA.into(), bundle: "ab".repeat(32) },
        Event::Restarting { why: "to load the driver".into() },
        Event::Resumed { since: "2026-01-02T03:04:05Z".into() },
        Event::Step { name: "user".into(), what: "create the system user".into() },
        Event::StepDone { name: "user".into(), seconds: 0.25, failed: false },
        Event::StepDone { name: "start".into(), seconds: 61.0, failed: true },
        Event::Progress { done: 1, total: Some(2), unit: Unit::Bytes },
        Event::Progress { done: 1, total: None, unit: Unit::Seconds },
        Event::Progress { done: 1, total: Some(2), unit: Unit::Commands },
        Event::Turn,
        Event::TurnOver,
        Event::Warning { text: "слово".into() },
        exposed(None, None),
        exposed(Some(60), Some("10.0.0.0/8".into())),
    ];
    events.extend(
        exits.map(|exit| Event::End(End::failed(&Failure::new(exit, "why").hint("and what to do").into()))),
    );
    events.push(Event::End(End {
        receipt: Some(json!({"schema": "agi-provision/receipt/1"})),
        log: vec!["a line".into()],
        ..End::done(true, "it serves")
    }));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.jsonl");
    let mut journal = Journal::create(&path).unwrap();
    events.iter().for_each(|event| journal.send(event).unwrap());
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_event_that_a_job_writes_is_in_the_schema() {
    let validator = validator();
    for line in lines() {
        let errors: Vec<String> = validator.iter_errors(&line).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{line}: {errors:#?}");
    }
}

#[test]
fn a_key_or_an_event_that_nobody_described_is_found() {
    let validator = validator();
    for mut line in lines() {
        line["more"] = json!(1);
        assert!(!validator.is_valid(&line), "{line}");
    }
    assert!(!validator.is_valid(&json!({"event": "novelty"})));
    assert!(!validator.is_valid(&json!({"event": "step", "name": "user"})));
}
