//! Documents of hosts against the schemas in docs/, which tests/schemas.rs holds to the program.

use serde_json::Value;

/// Panics unless the document is what docs/NAME.schema.json says.
#[track_caller]
pub fn assert_valid(name: &str, document: &Value) {
    let path = format!("{}/docs/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let schema = serde_json::from_slice(&schema).unwrap_or_else(|error| panic!("{path}: {error}"));
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is one");
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{document:#}");
}
