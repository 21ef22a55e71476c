//! JSON: what `ansible-inventory --list` or a dynamic inventory prints, and what `tofu output -json` prints.

use super::entry::Entry;
use super::tree::{MOST_HOSTS, Tree, Vars};
use super::vars;
use crate::outside::quoted;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

type Object = Map<String, Value>;

/// The outputs that are looked for, the first one first.
const OUTPUTS: [&str; 3] = ["inventory", "hosts", "host"];

/// The hosts of a document of one of the two kinds; `None` where it is neither.
///
/// # Errors
/// It is one of them, and says something that is not understood.
pub fn parse(text: &str) -> Option<Result<Vec<Entry>, String>> {
    let Ok(Value::Object(object)) = serde_json::from_str::<Value>(text) else { return None };
    if is_outputs(&object) {
        return Some(outputs(&object));
    }
    is_list(&object).then(|| list(&object))
}

/// Groups whose hosts are lists, as no inventory file has them.
fn is_list(object: &Object) -> bool {
    let is_group = |value: &Value| match value {
        Value::Array(_) => true,
        Value::Object(group) => {
            ["hosts", "children"].iter().any(|key| group.get(*key).is_some_and(Value::is_array))
        }
        _ => false,
    };
    object.contains_key("_meta") || (!object.is_empty() && object.values().any(is_group))
}

fn list(object: &Object) -> Result<Vec<Entry>, String> {
    let mut tree = Tree::default();
    let none = Object::new();
    let hostvars = object.get("_meta").and_then(|meta| meta.get("hostvars")).and_then(Value::as_object);
    let hostvars = hostvars.unwrap_or(&none);
    // Hosts in the order of the groups, then those in no group.
    let mut order: Vec<&str> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec!["all"];
    while let Some(name) = waiting.pop() {
        if seen.insert(name) {
            order.extend(object.get(name).map(|_| name));
            waiting.extend(object.get(name).into_iter().flat_map(|group| names(group, "children")).rev());
        }
    }
    order.extend(object.keys().map(String::as_str).filter(|name| *name != "_meta" && !seen.contains(name)));
    for name in order {
        let group = &object[name];
        if let Some(given) = group.get("vars").and_then(Value::as_object) {
            let given = scalars(given).map_err(|why| format!("group {}: {why}", quoted(name)))?;
            tree.group(name).vars.extend(given);
        }
        for child in names(group, "children") {
            tree.child(name, child);
        }
        for host in names(group, "hosts") {
            tree.host(host, Some(name), Vars::new())?;
        }
    }
    for (host, given) in hostvars {
        let given = given.as_object().unwrap_or(&none);
        tree.host(host, None, scalars(given).map_err(|why| format!("host {}: {why}", quoted(host)))?)?;
    }
    tree.entries()
}

/// The names in a list of a group; a group that is a list is one of hosts.
fn names<'a>(group: &'a Value, key: &str) -> Vec<&'a str> {
    let list = match group {
        Value::Array(hosts) if key == "hosts" => Some(hosts),
        _ => group.get(key).and_then(Value::as_array),
    };
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Variables as text. Lists and tables are of no use here, except where one of the names that matter is one.
fn scalars(given: &Object) -> Result<Vars, String> {
    let mut all = Vars::new();
    for (key, value) in given {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            // Python's spelling.
            Value::Bool(true) => "True".into(),
            Value::Bool(false) => "False".into(),
            Value::Object(table) if table.contains_key("__ansible_unsafe") => {
                table["__ansible_unsafe"].as_str().unwrap_or_default().into()
            }
            Value::Object(table) if table.contains_key("__ansible_vault") && vars::is_secret(key) => {
                "vault".into()
            }
            Value::Object(table) if table.contains_key("__ansible_vault") && vars::matters(key) => {
                return Err(format!(
                    "{key} is in a vault that was not opened: name its password in ANSIBLE_VAULT_PASSWORD_FILE"
                ));
            }
            Value::Null => continue,
            _ if vars::matters(key) => return Err(format!("{key} is neither text nor a number")),
            _ => continue,
        };
        all.insert(key.clone(), text);
    }
    Ok(all)
}

/// Every value is an output: a table with `value`, and `type` or `sensitive`.
fn is_outputs(object: &Object) -> bool {
    let is_output = |value: &Value| {
        value.get("value").is_some() && (value.get("type").is_some() || value.get("sensitive").is_some())
    };
    !object.is_empty() && object.values().all(is_output)
}

fn outputs(object: &Object) -> Result<Vec<Entry>, String> {
    let name = match OUTPUTS.iter().find(|name| object.contains_key(**name)) {
        Some(name) => *name,
        None if object.len() == 1 => object.keys().next().map_or("", String::as_str),
        None => {
            let names: Vec<String> = object.keys().map(|name| quoted(name)).collect();
            return Err(format!(
                "none of its outputs is called inventory, hosts or host; there are {}",
                names.join(", ")
            ));
        }
    };
    let wrong = |why: &str| format!("the output {}: {why}", quoted(name));
    let value = &object[name]["value"];
    let entries: Vec<Entry> = match value {
        Value::String(address) => vec![entry(address, value).map_err(|why| wrong(&why))?],
        Value::Array(hosts) => hosts
            .iter()
            .map(|host| {
                let key = ["name", "address"].iter().find_map(|key| host.get(*key)?.as_str());
                let name = host.as_str().or(key).ok_or("a host has neither name nor address")?;
                entry(name, host)
            })
            .collect::<Result<_, String>>()
            .map_err(|why| wrong(&why))?,
        Value::Object(hosts) => {
            let all = hosts.iter().map(|(name, host)| entry(name, host));
            all.collect::<Result<_, String>>().map_err(|why| wrong(&why))?
        }
        _ => return Err(wrong("it is no address, no list and no table of hosts")),
    };
    if entries.len() > MOST_HOSTS {
        return Err(format!("it has more than {MOST_HOSTS} hosts"));
    }
    Ok(entries)
}

/// A host of an output: its address, or a table with what the TOML of an inventory has.
fn entry(name: &str, host: &Value) -> Result<Entry, String> {
    let mut entry = Entry { name: name.to_string(), address: name.to_string(), ..Entry::default() };
    let table = match host {
        Value::String(address) => {
            entry.address = address.clone();
            return Ok(entry);
        }
        Value::Object(table) => table,
        _ => return Err(format!("{} is neither an address nor a table", quoted(name))),
    };
    for (key, value) in table {
        let text = || {
            value.as_str().map(str::to_string).ok_or_else(|| format!("{}: {key} is no text", quoted(name)))
        };
        match key.as_str() {
            _ if value.is_null() => {}
            "name" => entry.name = text()?,
            "address" => entry.address = text()?,
            "user" => entry.user = Some(text()?),
            "identity" => entry.identity = Some(text()?.into()),
            "port" => {
                let port = value.as_u64().and_then(|port| u16::try_from(port).ok());
                entry.port = Some(port.ok_or_else(|| format!("{}: its port is none", quoted(name)))?);
            }
            "groups" => {
                let groups = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                entry.groups = groups.map(str::to_string).collect();
            }
            other => return Err(format!("{} has {}, which is not known", quoted(name), quoted(other))),
        }
    }
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let entries = parse(text).expect("one of the two kinds").unwrap();
        entries
            .iter()
            .map(|entry| format!("{} {} {}", entry.name, entry.target().unwrap(), entry.groups.join(",")))
            .collect()
    }

    #[test]
    fn what_ansible_inventory_prints_is_read() {
        let text = r#"{"_meta": {"hostvars": {"b": {"ansible_host": "10.0.0.2", "ansible_port": 2201},
            "a": {"ansible_user": "alice", "ansible_port": "22", "tags": ["x"]}}},
            "all": {"children": ["ungrouped", "llm"]}, "llm": {"hosts": ["b", "a", "c"]}}"#;
        assert_eq!(shown(text), ["b 10.0.0.2:2201 llm", "a alice@a:22 llm", "c c llm"]);
        // A dynamic inventory, with variables of groups.
        let text = r#"{"llm": {"hosts": ["gpu1"], "vars": {"ansible_user": "alice"}}, "bare": ["gpu2"],
            "_meta": {"hostvars": {"gpu1": {"ansible_host": "10.0.0.3"}}}}"#;
        assert_eq!(shown(text), ["gpu2 gpu2 bare", "gpu1 alice@10.0.0.3 llm"]);
    }

    #[test]
    fn what_matters_must_be_readable() {
        let host = |vars: &str| format!(r#"{{"_meta": {{"hostvars": {{"a": {{{vars}}}}}}}}}"#);
        for (vars, why) in [
            (r#""ansible_host": {"__ansible_vault": "$ANSIBLE"}"#, "ANSIBLE_VAULT_PASSWORD_FILE"),
            (r#""ansible_port": [22]"#, "ansible_port is neither"),
            (r#""ansible_user": "{{ who }}""#, "ansible_user is a template"),
        ] {
            let error = parse(&host(vars)).unwrap().unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        let entries =
            parse(&host(r#""ansible_become_password": {"__ansible_vault": "x"}"#)).unwrap().unwrap();
        assert_eq!(entries[0].unread, ["ansible_become_password"]);
        for other in ["[]", "{}", "7", r#"{"all": {"hosts": {"a": null}}}"#] {
            assert!(parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn outputs_of_opentofu_are_read() {
        let output =
            |value: &str| format!(r#"{{"hosts": {{"sensitive": false, "type": "x", "value": {value}}}}}"#);
        for (value, want) in [
            (r#""203.0.113.7""#, vec!["203.0.113.7 203.0.113.7 "]),
            (r#"["203.0.113.7", "root@b"]"#, vec!["203.0.113.7 203.0.113.7 ", "root@b root@b "]),
            (r#"{"gpu1": "203.0.113.7"}"#, vec!["gpu1 203.0.113.7 "]),
            (
                r#"{"gpu1": {"address": "203.0.113.7", "user": "root", "port": 2222, "groups": ["gpu"]}}"#,
                vec!["gpu1 root@203.0.113.7:2222 gpu"],
            ),
        ] {
            assert_eq!(shown(&output(value)), want, "{value}");
        }
        for (text, why) in [
            (output("7"), "no address, no list"),
            (output(r#"{"a": {"adress": "x"}}"#), "adress"),
            (
                r#"{"a": {"value": "x", "type": "string"}, "b": {"value": "y", "type": "string"}}"#.into(),
                "\"a\", \"b\"",
            ),
        ] {
            let error = parse(&text).unwrap().unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
