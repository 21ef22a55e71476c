//! Ansible's YAML inventories: groups with hosts, vars and children. No tags, no vaults.

use super::tree::{Tree, Vars, expand};
use crate::outside::{self, quoted};
use std::collections::BTreeSet;
use yaml_rust2::Yaml;

/// A group inside a group inside … this deep at most.
const DEEPEST: usize = 32;

pub fn parse(text: &str) -> Result<Tree, String> {
    let document = outside::yaml::load(text)?;
    let mut tree = Tree::default();
    let Some(document) = document else { return Ok(tree) };
    for (name, group) in mapping(&document, "the file")? {
        // Holds what other places repeat, as in a Compose file.
        if !name.starts_with("x-") {
            read_group(&name, group, &mut tree, DEEPEST)?;
        }
    }
    Ok(tree)
}

fn read_group(name: &str, yaml: &Yaml, tree: &mut Tree, depth: usize) -> Result<(), String> {
    if depth == 0 {
        return Err(format!("group {} is nested more than {DEEPEST} deep", quoted(name)));
    }
    tree.group(name);
    for (key, value) in mapping(yaml, name)? {
        match key.as_str() {
            "hosts" => {
                for (pattern, host_vars) in mapping(value, &format!("hosts of {}", quoted(name)))? {
                    let vars = vars(host_vars, &pattern)?;
                    for host in expand(&pattern)? {
                        tree.host(&host, Some(name), vars.clone())?;
                    }
                }
            }
            "vars" => {
                let vars = vars(value, name)?;
                tree.group(name).vars.extend(vars);
            }
            "children" => {
                for (child, group) in mapping(value, &format!("children of {}", quoted(name)))? {
                    tree.child(name, &child);
                    read_group(&child, group, tree, depth - 1)?;
                }
            }
            other => {
                let (name, other) = (quoted(name), quoted(other));
                return Err(format!("group {name} has {other}; expected hosts, vars or children"));
            }
        }
    }
    Ok(())
}

fn vars(yaml: &Yaml, what: &str) -> Result<Vars, String> {
    // Lists and tables are of no use here.
    Ok(mapping(yaml, what)?.into_iter().filter_map(|(key, value)| Some((key, scalar(value)?))).collect())
}

/// The pairs of a table: its own, and after them those of the tables that `<<` merges in, the first ones first.
fn mapping<'a>(yaml: &'a Yaml, what: &str) -> Result<Vec<(String, &'a Yaml)>, String> {
    match yaml {
        Yaml::Null | Yaml::BadValue => Ok(Vec::new()),
        Yaml::Hash(hash) => {
            let (merges, own): (Vec<_>, Vec<_>) =
                hash.iter().partition(|(key, _)| key.as_str() == Some("<<"));
            let mut pairs = Vec::new();
            for (key, value) in own {
                let key = scalar(key).ok_or_else(|| format!("{what}: a name that is not text"))?;
                pairs.push((key, value));
            }
            let mut named: BTreeSet<String> = pairs.iter().map(|(key, _)| key.clone()).collect();
            for (_, merge) in merges {
                let tables = merge.as_vec().map_or(std::slice::from_ref(merge), Vec::as_slice);
                for table in tables {
                    let merged = mapping(table, what)?;
                    pairs.extend(merged.into_iter().filter(|(key, _)| named.insert(key.clone())));
                }
            }
            Ok(pairs)
        }
        _ => Err(format!("{what}: expected names with what belongs to them")),
    }
}

fn scalar(yaml: &Yaml) -> Option<String> {
    match yaml {
        Yaml::String(text) | Yaml::Real(text) => Some(text.clone()),
        Yaml::Integer(number) => Some(number.to_string()),
        Yaml::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "
all:
  vars:
    ansible_user: root
    features: [a, b]
  hosts:
    lone:
  children:
    gpu:
      vars: {ansible_port: 2222}
      hosts:
        gpu[1:2]:
        gpu3: {ansible_host: 10.0.0.3, ansible_user: admin}
";

    #[test]
    fn hosts_groups_and_variables_come_together() {
        let entries = parse(TEXT).unwrap().entries().unwrap();
        let shown: Vec<String> = entries
            .iter()
            .map(|entry| format!("{} {} {}", entry.name, entry.target().unwrap(), entry.groups.join(",")))
            .collect();
        assert_eq!(
            shown,
            [
                "lone root@lone ",
                "gpu1 root@gpu1:2222 gpu",
                "gpu2 root@gpu2:2222 gpu",
                "gpu3 admin@10.0.0.3:2222 gpu"
            ]
        );
    }

    #[test]
    fn anchors_are_repeated_and_merged() {
        let text = "
x-defaults: &d {ansible_user: alice, ansible_port: 2201}
all:
  vars: &all {ansible_user: root}
  hosts:
    a: {<<: *d, ansible_host: 10.0.0.1}
    b: {ansible_port: 22, <<: [*all, *d]}
";
        let entries = parse(text).unwrap().entries().unwrap();
        let targets: Vec<String> = entries.iter().map(|entry| entry.target().unwrap().to_string()).collect();
        assert_eq!(targets, ["alice@10.0.0.1:2201", "root@b:22"]);
    }

    #[test]
    fn a_document_that_is_no_inventory_is_refused() {
        for text in ["[a, b]", "all: 7", "all:\n  hots:\n    a:\n", "all:\n  hosts: [a]\n", "a: [\n"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("").unwrap().hosts.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[ -~\n]{0,200}") {
            let _ = parse(&text).and_then(|tree| tree.entries());
        }
    }
}
