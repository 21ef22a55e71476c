//! Schemas are derived from the types: docs/NAME.schema.json is what `agi-provision schema NAME` prints, and what the
//! program prints is valid. Host tests hold the documents of real hosts to the same files (tests/lab/journey.rs).
//!
//! `AGI_PROVISION_GOLDEN=update` writes the files of docs/.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Nothing listens there.
const NOBODY: &str = "root@127.0.0.1:1";

fn run(args: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
    command.env_clear().env("HOME", home.path()).env("PATH", "/usr/bin:/bin").current_dir(home.path());
    command.args(args).stdin(Stdio::null()).output().unwrap()
}

#[track_caller]
fn printed(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Every name that `schema` lists.
fn names() -> BTreeSet<String> {
    let list = printed(&["schema"]);
    list.lines().filter_map(|line| Some(line.split_whitespace().next()?.to_string())).collect()
}

fn validator(name: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&printed(&["schema", name])).unwrap();
    assert!(schema["$id"].is_null(), "a relative $id leads some validators to a network");
    jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[track_caller]
fn assert_valid(what: &str, validator: &jsonschema::Validator, document: &Value) {
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{document:#}");
}

#[test]
fn each_schema_in_docs_is_what_the_program_prints() {
    let update = std::env::var_os("AGI_PROVISION_GOLDEN").is_some_and(|value| value == "update");
    let names = names();
    assert!(names.len() >= 15, "{names:?}");
    let mut differ = Vec::new();
    for name in &names {
        let (path, schema) = (docs().join(format!("{name}.schema.json")), printed(&["schema", name]));
        if update {
            fs::write(&path, &schema).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != schema {
            differ.push(path);
        }
    }
    assert!(differ.is_empty(), "AGI_PROVISION_GOLDEN=update writes them: {differ:#?}");
    let files = fs::read_dir(docs()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> =
        files.filter_map(|name| Some(name.strip_suffix(".schema.json")?.to_string())).collect();
    assert_eq!(files, names, "a file that no command makes, or the other way round");
}

/// What the program prints for these arguments with `--format json`, whatever it exits with.
#[track_caller]
fn document(args: &[&str]) -> Value {
    let output = run(&[args, &["--format", "json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {output:?}"))
}

/// Documents that the program prints on this machine, by the name of their schema.
fn documents() -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    for args in [
        &["plan", "--model", "saiga-13b"][..],
        &["plan", "--model", "tinyllama-1.1b", "--rag", "--explain", "--expose", "10.0.0.0/8"],
        &["plan", "--model", "llama-65b", "--profile", "laptop-cpu-16gb"],
        &["plan", "--model", "llama-65b", "--budget", "2000 EUR/month", "--explain"],
    ] {
        all.push(("plan", document(args)));
    }
    for args in [&["plan", "--budget", "50/month"][..], &["plan", "--profile", "gpu-24gb", "--for", "code"]] {
        all.push(("suggestions", document(args)));
    }
    let two = ["plan", "--model", "llama-65b", "--hosts", "2x(gpu-24gb)", "--link", "0.4,940"];
    all.push(("hosts-plan", document(&two)));
    for args in [
        &["probe"][..],
        &["status"],
        &["rollback", "--yes"],
        &["remove", "--yes"],
        &["key", "show"],
        &["key", "rotate", "--yes"],
        &["verify", "--model", "tinyllama-1.1b"],
        &[
            "apply",
            "--model",
            "tinyllama-1.1b",
            "--profile",
            "laptop-cpu-16gb",
            "--yes",
            "--runtime-path",
            "/x",
        ],
    ] {
        let name = args[0];
        let one = document(&[args, &["--host", NOBODY]].concat());
        assert_eq!((&one["host"], &one["exit"], &one["warnings"]), (&json!(NOBODY), &json!(1), &json!([])));
        let several = document(&[args, &["--host", NOBODY, "--host", "root@127.0.0.1:2"]].concat());
        assert_eq!((&several[0], several.as_array().map(Vec::len)), (&one, Some(2)), "the same shape");
        all.extend([(name, one), (name, several)]);
    }
    all
}

/// Objects of a document whose keys are the document's own.
const MAPS: [&str; 3] = ["failed", "unsupported", "elsewhere"];

/// Calls `with` on the document once for each object in it, with a key that no type has.
fn with_a_wrong_key(document: &Value, with: &mut impl FnMut(&str, &Value)) {
    fn pointers(value: &Value, at: String, all: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object.iter().filter(|(key, _)| !MAPS.contains(&key.as_str())) {
                    pointers(value, format!("{at}/{key}"), all);
                }
                all.push(at);
            }
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(i, value)| pointers(value, format!("{at}/{i}"), all));
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    pointers(document, String::new(), &mut all);
    for pointer in all {
        let mut wrong = document.clone();
        wrong.pointer_mut(&pointer).unwrap()["a_wrong_key"] = json!(1);
        with(&pointer, &wrong);
    }
}

#[test]
fn what_is_printed_is_valid_and_a_wrong_or_missing_key_is_not() {
    let validators: BTreeMap<String, _> =
        names().into_iter().map(|name| (name.clone(), validator(&name))).collect();
    let mut counted = 0;
    for (name, document) in documents() {
        let validator = &validators[name];
        assert_valid(name, validator, &document);
        with_a_wrong_key(&document, &mut |pointer, wrong| {
            counted += 1;
            assert!(!validator.is_valid(wrong), "{name}: a wrong key in {pointer:?} is not found");
        });
        let one = if document.is_array() { &document[0] } else { &document };
        for key in one.as_object().unwrap().keys() {
            // A plan of a machine alone has no such part; a bundle's has no warnings.
            if ["warnings", "explanation", "rag", "expose", "arrival", "near_miss", "containers"]
                .contains(&key.as_str())
                && name == "plan"
            {
                continue;
            }
            let mut lacking = document.clone();
            let place = if document.is_array() { &mut lacking[0] } else { &mut lacking };
            place.as_object_mut().unwrap().remove(key);
            assert!(!validator.is_valid(&lacking), "{name}: the missing key {key:?} is not found");
        }
    }
    assert!(counted > 300, "only {counted} objects were tried");
}

#[test]
fn a_bundles_plan_is_valid() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let validator = validator("plan");
    for name in ["cpu", "gpu", "multi-gpu", "rag", "three-servers"] {
        let path = golden.join(name).join("plan.json");
        let plan: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_valid(&path.display().to_string(), &validator, &plan);
    }
}

#[test]
fn the_documented_project_file_is_valid_and_mistakes_are_not() {
    let validator = validator("project");
    let value = |text: &str| serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
    let page = fs::read_to_string(docs().join("project.md")).unwrap();
    let examples: Vec<&str> =
        page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        assert_valid(example, &validator, &value(example));
    }
    for wrong in [
        "modle = \"a\"",
        "model = \"\"",
        "model = [\"a\"]",
        "hosts = []",
        "[constraint]\nctx = 1",
        "[constraints]\nctx = \"8192\"",
        "[constraints]\nrag = \"yes\"",
        "[connection]\nagent = \"x\"",
    ] {
        assert!(!validator.is_valid(&value(wrong)), "{wrong}");
    }
}

#[test]
fn a_warning_on_stderr_stands_in_the_document_too() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = folder.path().join("hosts.ini");
    let text = "[gpu]\na ansible_host=127.0.0.1 ansible_port=1 ansible_become_password=hunter2\n\
                b ansible_host=127.0.0.1 ansible_port=2\n";
    fs::write(&inventory, text).unwrap();
    let output = run(&["probe", "--format", "json", "--inventory", inventory.to_str().unwrap()]);
    let answers: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_valid("probe", &validator("probe"), &answers);
    let stderr = String::from_utf8(output.stderr).unwrap();
    for answer in answers.as_array().unwrap() {
        let warnings = answer["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 1, "{answer}");
        let warning = warnings[0].as_str().unwrap();
        assert!(warning.contains("ansible_become_password of \"a\""), "{warning}");
        assert!(stderr.contains(&format!("warning: {warning}")), "{stderr}");
    }
    assert!(!format!("{answers}{stderr}").contains("hunter2"));
}
