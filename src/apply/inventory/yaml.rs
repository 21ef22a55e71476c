//! Ansible's YAML inventories: groups with hosts, vars and children. No tags, no vaults.

use super::tree::{Tree, Vars, expand};
use yaml_rust2::{Yaml, YamlLoader};

/// A group inside a group inside … this deep at most.
const DEEPEST: usize = 32;

pub fn parse(text: &str) -> Result<Tree, String> {
    let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
    let mut tree = Tree::default();
    let Some(document) = documents.first() else { return Ok(tree) };
    for (name, group) in mapping(document, "the file")? {
        read_group(&name, group, &mut tree, DEEPEST)?;
    }
    Ok(tree)
}

fn read_group(name: &str, yaml: &Yaml, tree: &mut Tree, depth: usize) -> Result<(), String> {
    if depth == 0 {
        return Err(format!("group {name:?} is nested too deeply"));
    }
    tree.groups.entry(name.to_string()).or_default();
    for (key, value) in mapping(yaml, name)? {
        match key.as_str() {
            "hosts" => {
                for (pattern, host_vars) in mapping(value, &format!("hosts of {name}"))? {
                    let vars = vars(host_vars, &pattern)?;
                    for host in expand(&pattern)? {
                        tree.host(&host, Some(name), vars.clone());
                    }
                }
            }
            "vars" => {
                let vars = vars(value, name)?;
                tree.groups.entry(name.to_string()).or_default().vars.extend(vars);
            }
            "children" => {
                for (child, group) in mapping(value, &format!("children of {name}"))? {
                    tree.groups.entry(name.to_string()).or_default().children.push(child.clone());
                    read_group(&child, group, tree, depth - 1)?;
                }
            }
            other => return Err(format!("group {name:?} has {other:?}; expected hosts, vars or children")),
        }
    }
    Ok(())
}

fn vars(yaml: &Yaml, what: &str) -> Result<Vars, String> {
    // Lists and tables are of no use here.
    Ok(mapping(yaml, what)?.into_iter().filter_map(|(key, value)| Some((key, scalar(value)?))).collect())
}

fn mapping<'a>(yaml: &'a Yaml, what: &str) -> Result<Vec<(String, &'a Yaml)>, String> {
    match yaml {
        Yaml::Null | Yaml::BadValue => Ok(Vec::new()),
        Yaml::Hash(hash) => hash
            .iter()
            .map(|(key, value)| {
                let key = scalar(key).ok_or_else(|| format!("{what}: a name that is not text"))?;
                Ok((key, value))
            })
            .collect(),
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
    fn what_is_no_inventory_is_refused() {
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
