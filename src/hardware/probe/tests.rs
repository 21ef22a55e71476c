use super::*;
use serde_json::Value;

#[test]
fn this_machine_has_facts() {
    let facts = probe(Path::new("/var/lib/agi-provision/models"));
    assert!(facts.memory.total_bytes > 64 << 20, "{facts:?}");
    assert!(facts.cpu.logical >= 1);
    assert!(facts.disk.total_bytes > 0, "{:?}", facts.failed);
    assert!(!facts.os.kernel.is_empty());
    assert_eq!(facts.mounts.len(), PLACES.len());
    let text = serde_json::to_string(&facts).unwrap();
    assert_eq!(serde_json::from_str::<Facts>(&text).unwrap(), facts);
}

#[test]
fn a_start_needs_little_time_and_few_facts() {
    let facts = probe_for_start(Path::new("/"), false);
    assert!(facts.memory.total_bytes > 0 && facts.disk.total_bytes > 0 && facts.cpu.logical > 0);
    assert!(facts.probe_seconds < 2.0, "{}", facts.probe_seconds);
}

/// Paths of the nulls in `value`.
fn nulls(value: &Value, path: &str, into: &mut Vec<String>) {
    let join = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    match value {
        Value::Null => into.push(path.to_string()),
        Value::Object(map) => map.iter().for_each(|(key, value)| nulls(value, &join(key), into)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(i, value)| nulls(value, &join(&i.to_string()), into))
        }
        _ => {}
    }
}

/// The nulls that are values.
fn is_a_value(path: &str) -> bool {
    matches!(
        path,
        "memory.cgroup_limit_bytes" | "memory.cgroup_limit_by" | "package_lock" | "upkeep.reboot_for"
    ) || path.ends_with(".process")
        || path.starts_with("pci_cards.")
        || path.starts_with("nvlinks.")
        || path.contains(".processes.")
        || path.contains(".ecc.")
}

#[test]
fn every_missing_value_has_its_reason() {
    let facts = probe(Path::new("/var/lib/agi-provision/models"));
    let value = serde_json::to_value(&facts).unwrap();
    let mut found = Vec::new();
    nulls(&value, "", &mut found);
    let explained = |path: &str| {
        let known = |key: &String| path == key || path.starts_with(&format!("{key}."));
        facts.failed.keys().chain(facts.unsupported.keys()).any(known)
    };
    let unexplained: Vec<&String> =
        found.iter().filter(|path| !is_a_value(path) && !explained(path)).collect();
    assert!(unexplained.is_empty(), "{unexplained:?} in {value:#}");
}

#[test]
fn measuring_gives_speeds() {
    let facts = probe_and_measure(Path::new("/var/tmp"));
    let measured = facts.measured.expect("measured");
    assert!(measured.memory_bandwidth_gb_s > 0.0, "{measured:?}");
    assert!(!facts.unsupported.contains_key("measured"));
}
