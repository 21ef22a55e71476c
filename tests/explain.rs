//! `plan --explain`: what it adds, and that it changes nothing else.

use serde_json::Value;
use std::process::{Command, Output};

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_agi-provision")).args(args).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn an_explanation_stands_beside_the_plans_keys() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("plan.json");
    let plan =
        ["plan", "--model", "llama-65b", "--profile", "gpu-24gb", "--quant", "4-bit", "--format", "json"];
    let plain = json(&run(&plan));
    let mut explained = json(&run(&[&plan[..], &["--explain", "--out", out.to_str().unwrap()]].concat()));
    let written: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(written, explained);
    let explanation = explained.as_object_mut().unwrap().remove("explanation").unwrap();
    assert_eq!(explained, plain);
    // Numbers are told where they stand in the plan.
    for line in explanation["numbers"].as_array().unwrap() {
        let pointer = line["number"].as_str().unwrap();
        assert_eq!(plain.pointer(pointer).and_then(Value::as_f64), line["value"].as_f64(), "{line}");
    }
    let terms = explanation["verdict"]["terms"].as_array().unwrap();
    assert!(terms.iter().any(|term| term["held"] == false && term["decides"] == "comfort"), "{terms:?}");
    assert_eq!(explanation["choice"]["profile"], "gpu-24gb");
    // `bundle` takes the explained plan too.
    let bundle = folder.path().join("bundle");
    let bundled = run(&["bundle", "--plan", out.to_str().unwrap(), "--out", bundle.to_str().unwrap()]);
    assert!(bundled.status.success(), "{}", String::from_utf8_lossy(&bundled.stderr));
}

#[test]
fn text_and_page_say_the_same() {
    let plan = ["plan", "--model", "saiga-13b"];
    let plain = String::from_utf8(run(&plan).stdout).unwrap();
    let text = String::from_utf8(run(&[&plan[..], &["--explain"]].concat()).stdout).unwrap();
    assert!(text.starts_with(&plain), "{text}");
    let page =
        String::from_utf8(run(&[&plan[..], &["--explain", "--format", "html"]].concat()).stdout).unwrap();
    for part in
        ["(k_row + v_row) × cells × streams", "round(1 / (overhead", "share of gpu0 that is free", "gpu-24gb"]
    {
        assert!(text.contains(part) && page.contains(part), "{part} in {text}");
    }
    for section in ["memory 0", "speed", "arrival", "verdict: ", "choice: "] {
        assert!(text.contains(&format!("\n{section}")), "{section} in {text}");
    }
}
