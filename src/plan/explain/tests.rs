//! The printed formulas, evaluated with the printed inputs, give the plan's numbers.

use super::*;
use crate::engine::llama_cpp::build;
use crate::engine::split::SplitMode;
use crate::model::gguf::Header;
use crate::model::registry;
use crate::model::{Shape, weights_of};
use crate::plan::architecture_tests::shapes;
use crate::plan::explained;
use crate::plan::request::{RagChoice, Request, Variant};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn request(id: &str, profile: Option<&str>, quant: Option<&str>) -> Request {
    Request { profile: profile.map(str::to_string), ..Request::of_registry(id, quant).unwrap() }
}

/// CPU, one card, a partial offload, two cards, each with an embedding server as well; a window, a
/// quantised cache on a build that turns it.
fn cases() -> Vec<(String, Request)> {
    let mut cases: Vec<(String, Request)> = [
        ("tinyllama-1.1b", None, None),
        ("phi-2", Some("laptop-cpu-16gb"), None),
        ("saiga-13b", None, None),
        ("llama-65b", Some("gpu-24gb"), Some("4-bit")),
        ("llama-65b", Some("2xa100-nvlink"), None),
        ("llama-65b", Some("gpu-8gb"), Some("F16")),
    ]
    .into_iter()
    .map(|(id, profile, quant)| (format!("{id} {profile:?}"), request(id, profile, quant)))
    .collect();
    let mut pinned = request("mistral-7b", Some("cpu-vps-32gb"), None);
    pinned.fixed.runtime = vec![crate::plan::document::RuntimeFile {
        url: "https://example.org/x.tar.gz".parse().unwrap(),
        sha256: "0".repeat(64).parse().unwrap(),
        size_bytes: 12_345_678,
    }];
    let mut large = pinned.clone();
    large.fixed.runtime.extend(pinned.fixed.runtime.clone());
    large.fixed.runtime.iter_mut().for_each(|file| file.size_bytes *= 40);
    cases.push(("a pair of large archives".to_string(), large));
    cases.push(("a pinned runtime".to_string(), pinned));
    let mut window = request("mistral-7b", Some("gpu-24gb"), None);
    window.model.shape.window = Some(1024);
    window.model.shape.layers.iter_mut().step_by(2).for_each(|layer| layer.window = true);
    window.fixed.n_ctx = Some(16384);
    cases.push(("a sliding window".to_string(), window));
    let mut turned = request("mistral-7b", Some("cpu-vps-32gb"), None);
    turned.fixed.kv_type = Some("q8_0".to_string());
    turned.build = build::ledger("b12032").unwrap();
    cases.push(("a turned cache".to_string(), turned));
    let mut tensor = request("llama-65b", Some("2xa100-nvlink"), None);
    tensor.fixed.split_mode = Some(SplitMode::Tensor);
    cases.push(("a tensor split".to_string(), tensor));
    let mut mixture = request("mistral-7b", Some("gpu-24gb"), None);
    let reference = shapes::ALL.iter().find(|reference| reference.name == "qwen3-30b-a3b").unwrap();
    let (head, size) = shapes::file(reference);
    let header = Header::read(head.as_slice(), Some(size)).unwrap();
    mixture.model.shape = Shape::from_header(&header).unwrap();
    let weights = weights_of(&header, mixture.model.shape.layers.len());
    mixture.model.variants = vec![Variant { size_bytes: weights.total_bytes, weights, files: Vec::new() }];
    mixture.fixed.quant = true;
    cases.push(("experts on the host".to_string(), mixture));
    for (name, id, profile, device) in [
        ("--rag on a CPU", "tinyllama-1.1b", "cpu-vps-32gb", "host"),
        ("--rag on a card", "mistral-7b", "gpu-24gb", "gpu0"),
        ("--rag beside a partial offload", "llama-65b", "gpu-24gb", "host"),
        ("--rag on one of two cards", "llama-65b", "2xa100-nvlink", "gpu0"),
    ] {
        let mut rag = request(id, Some(profile), Some("Q4_K_M"));
        rag.rag = Some(RagChoice::of_registry(&registry::find("bge-m3").unwrap()).unwrap());
        assert_eq!(explained(&rag).unwrap().0.rag.unwrap().device.device(), device, "{name}");
        cases.push((name.to_string(), rag));
    }
    let mut capped = request("phi-2", Some("cpu-vps-64gb"), None);
    capped.budget = Some("250EUR/month".parse().unwrap());
    cases.push(("another currency".to_string(), capped));
    let mut poor = request("saiga-13b", None, None);
    poor.budget = Some("0.001/hour".parse().unwrap());
    cases.push(("no offer".to_string(), poor));
    cases
}

#[test]
fn every_formula_gives_the_plans_number() {
    for (name, request) in cases() {
        let (plan, explanation) = explained(&request).unwrap();
        assert_eq!(plan, crate::plan::plan(&request).unwrap(), "{name}: explaining changes nothing");
        let json = serde_json::to_value(&plan).unwrap();
        for line in &explanation.numbers {
            let inputs = line.inputs.iter().map(|input| (input.name.clone(), input.value.as_f64())).collect();
            let value = Formula::evaluate(&line.formula, &inputs);
            let planned = json.pointer(&line.number).unwrap_or_else(|| panic!("{name}: {line:?}"));
            assert_eq!(planned.as_f64().unwrap(), value, "{name}: {line:#?}");
            assert_eq!(line.value.as_f64(), value, "{name}: {line:#?}");
            assert!(!line.source.is_empty() && !line.unit.is_empty(), "{name}: {line:#?}");
            for input in &line.inputs {
                assert!(
                    line.formula.contains(&input.name),
                    "{name}: {} is not used in {}",
                    input.name,
                    line.formula
                );
            }
        }
    }
}

#[test]
fn no_number_is_left_unexplained() {
    fn numbers(value: &Value, path: String, found: &mut BTreeSet<String>) {
        match value {
            Value::Number(_) => _ = found.insert(path),
            Value::Object(map) => {
                map.iter().for_each(|(key, value)| numbers(value, format!("{path}/{key}"), found))
            }
            Value::Array(all) => {
                all.iter().enumerate().for_each(|(at, value)| numbers(value, format!("{path}/{at}"), found));
            }
            _ => {}
        }
    }
    for (name, request) in cases() {
        let (plan, explanation) = explained(&request).unwrap();
        let json = serde_json::to_value(&plan).unwrap();
        let mut planned = BTreeSet::new();
        for part in ["memory", "speed", "cost", "arrival"] {
            numbers(&json[part], format!("/{part}"), &mut planned);
        }
        if plan.rag.is_some() {
            numbers(&json["rag"]["memory"], "/rag/memory".to_string(), &mut planned);
            planned.extend(["chunk_bytes", "size_bytes"].map(|key| format!("/rag/index/{key}")));
        }
        let told: BTreeSet<String> = explanation.numbers.iter().map(|line| line.number.clone()).collect();
        assert_eq!(planned, told, "{name}");
        assert_eq!(explanation.numbers.len(), told.len(), "{name}: one line each");
    }
}

#[test]
fn the_terms_make_the_verdict() {
    use crate::plan::verdict::Decides;
    for (name, request) in cases() {
        let (plan, explanation) = explained(&request).unwrap();
        let open = |decides| explanation.verdict.terms.iter().any(|t| t.decides == decides && !t.held);
        let verdict = match (open(Decides::Runs), open(Decides::Comfort)) {
            (true, _) => Verdict::Impossible,
            (_, true) => Verdict::Compromise,
            _ => Verdict::Comfort,
        };
        assert_eq!(verdict, plan.verdict, "{name}: {:#?}", explanation.verdict);
        for term in explanation.verdict.terms.iter().filter(|term| !term.replaced) {
            let held = match term.must_be {
                "at least" => term.value >= term.bound,
                _ => term.value <= term.bound,
            };
            assert_eq!(held, term.held, "{name}: {term:?}");
        }
    }
}

#[test]
fn the_runners_up_lost_by_the_first_term_that_differs() {
    let (plan, explanation) = explained(&request("saiga-13b", None, None)).unwrap();
    let choice = &explanation.choice;
    assert_eq!((&choice.profile, &choice.quant), (&plan.profile.id, &plan.model.quant));
    let offer = plan.cost.as_ref().unwrap().offer.clone();
    // The worse quantisation loses on the same machine; the dearer machine loses to another.
    let mut runners = choice.runners_up.iter();
    let smaller = runners.find(|r| r.machine == format!("{}/{}", offer.provider, offer.instance)).unwrap();
    assert_eq!((&*smaller.lost_by, &*smaller.chosen), ("quality up to Q8_0", "Q8_0"));
    let dearer = choice.runners_up.iter().find(|r| r.lost_by == "price").unwrap();
    assert!(dearer.theirs.contains("USD/month"), "{dearer:?}");
    assert!(choice.compared > choice.runners_up.len() as u64);
}

/// Arithmetic over names: + - × / ( ), min, max, floor, ceil, round(x, digits).
struct Formula<'a> {
    text: &'a str,
    inputs: &'a BTreeMap<String, f64>,
}

impl Formula<'_> {
    fn evaluate(text: &str, inputs: &BTreeMap<String, f64>) -> f64 {
        let mut formula = Formula { text, inputs };
        let value = formula.sum();
        assert_eq!(formula.text.trim(), "", "the end of {text:?}");
        value
    }

    fn taken(&mut self, symbol: &str) -> bool {
        let rest = self.text.trim_start();
        match rest.strip_prefix(symbol) {
            Some(after) => self.text = after,
            None => return false,
        }
        true
    }

    fn sum(&mut self) -> f64 {
        let mut value = self.product();
        loop {
            if self.taken("+") {
                value += self.product();
            } else if self.taken("-") {
                value -= self.product();
            } else {
                return value;
            }
        }
    }

    fn product(&mut self) -> f64 {
        let mut value = self.atom();
        loop {
            if self.taken("×") {
                value *= self.atom();
            } else if self.taken("/") {
                value /= self.atom();
            } else {
                return value;
            }
        }
    }

    fn atom(&mut self) -> f64 {
        if self.taken("(") {
            let value = self.sum();
            assert!(self.taken(")"), "a closing bracket before {:?}", self.text);
            return value;
        }
        let rest = self.text.trim_start();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        self.text = after;
        if let Ok(number) = word.parse() {
            return number;
        }
        if !self.taken("(") {
            return *self.inputs.get(word).unwrap_or_else(|| panic!("{word:?} is no input"));
        }
        let mut arguments = vec![self.sum()];
        while self.taken(",") {
            arguments.push(self.sum());
        }
        assert!(self.taken(")"), "a closing bracket before {:?}", self.text);
        match (word, arguments.as_slice()) {
            ("floor", [x]) => x.floor(),
            ("ceil", [x]) => x.ceil(),
            ("min", all) => all.iter().copied().fold(f64::INFINITY, f64::min),
            ("max", all) => all.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            ("round", [x, digits]) => {
                let scale = 10f64.powi(*digits as i32);
                (x * scale).round() / scale
            }
            other => panic!("{other:?} is no function"),
        }
    }
}
