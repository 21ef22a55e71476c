//! Ansible's INI inventories.

use super::tree::{Tree, Vars, expand};
use super::vars::refused;
use crate::outside::quoted;

pub fn parse(text: &str) -> Result<Tree, String> {
    let mut tree = Tree::default();
    let mut section = (String::new(), Kind::Hosts);
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let at = |why: String| format!("line {}: {why}", number + 1);
        if let Some(name) =
            line.strip_prefix('[').and_then(|rest| rest.split(']').next()).filter(|_| is_head(line))
        {
            let (group, kind) = name.split_once(':').unwrap_or((name, "hosts"));
            let kind = match kind {
                "hosts" => Kind::Hosts,
                "vars" => Kind::Vars,
                "children" => Kind::Children,
                other => return Err(at(format!("a section of {}", quoted(other)))),
            };
            tree.group(group);
            section = (group.to_string(), kind);
            continue;
        }
        let group = section.0.as_str();
        match section.1 {
            Kind::Hosts => {
                let words = words(line).map_err(at)?;
                let (name, pairs) = words.split_first().ok_or_else(|| at("no host".into()))?;
                let vars = pairs.iter().map(|word| pair(word)).collect::<Result<Vars, _>>().map_err(at)?;
                if let Some(why) = vars.iter().find_map(|(key, value)| refused(key, value)) {
                    return Err(at(why));
                }
                for name in expand(name).map_err(at)? {
                    let (name, vars) = with_port(&name, vars.clone());
                    tree.host(&name, Some(group).filter(|group| !group.is_empty()), vars).map_err(at)?;
                }
            }
            Kind::Vars => {
                let (key, value) =
                    line.split_once('=').ok_or_else(|| at(format!("{} sets nothing", quoted(line))))?;
                let value = unquoted(value.trim());
                if let Some(why) = refused(key.trim(), &value) {
                    return Err(at(why));
                }
                tree.group(group).vars.insert(key.trim().into(), value);
            }
            Kind::Children => tree.child(group, line),
        }
    }
    Ok(tree)
}

#[derive(Clone, Copy)]
enum Kind {
    Hosts,
    Vars,
    Children,
}

/// `[name]` with nothing but a comment after it; not `[2001:db8::1] …`.
fn is_head(line: &str) -> bool {
    let (name, rest) = line[1..].split_once(']').unwrap_or(("", "x"));
    let rest = rest.trim();
    name.parse::<std::net::Ipv6Addr>().is_err() && (rest.is_empty() || rest.starts_with(['#', ';']))
}

/// `name:2222`, which Ansible takes for a port.
fn with_port(name: &str, mut vars: Vars) -> (String, Vars) {
    match name.split_once(':') {
        Some((host, port)) if !port.contains(':') && port.parse::<u16>().is_ok() => {
            vars.entry("ansible_port".to_string()).or_insert_with(|| port.to_string());
            (host.to_string(), vars)
        }
        _ => (name.to_string(), vars),
    }
}

fn pair(word: &str) -> Result<(String, String), String> {
    let (key, value) = word.split_once('=').ok_or_else(|| format!("{} sets nothing", quoted(word)))?;
    Ok((key.to_string(), value.to_string()))
}

fn unquoted(value: &str) -> String {
    let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(value).to_string()
}

/// Words as a shell would part them; a `#` that begins a word begins a comment.
fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote, mut inside) = (Vec::new(), String::new(), None, false);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => word.push(character),
            (None, '"' | '\'') => (quote, inside) = (Some(character), true),
            (None, '#') if !inside && word.is_empty() => break,
            (None, _) if character.is_whitespace() => {
                if inside || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                inside = false;
            }
            (None, _) => word.push(character),
        }
    }
    if quote.is_some() {
        return Err("a quotation mark is not closed".to_string());
    }
    if inside || !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "
# the lab
lone ansible_host=10.0.0.9
[gpu]
gpu[1:2] ansible_user=admin   # two of them
gpu3 ansible_host=10.0.0.3 ansible_port=2222 ansible_ssh_private_key_file='~/my key'
[cpu]
vps:2200
[gpu:vars]
ansible_user = \"root\"
[fleet:children]
gpu
cpu
[fleet:vars]
ansible_user=fleet
note=a b
[all:vars]
ansible_port=22
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
                "lone 10.0.0.9:22 ",
                "gpu1 admin@gpu1:22 fleet,gpu",
                "gpu2 admin@gpu2:22 fleet,gpu",
                "gpu3 root@10.0.0.3:2222 fleet,gpu",
                "vps fleet@vps:2200 cpu,fleet",
            ]
        );
        assert_eq!(entries[3].identity.as_deref(), Some(std::path::Path::new("~/my key")));
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, word) in [
            ("a\n[x:y]\n", "line 2: a section of \"y\""),
            ("a b\n", "line 1: \"b\" sets nothing"),
            ("a b='c\n", "line 1: a quotation mark"),
            ("[g:vars]\nx\n", "line 2: \"x\" sets nothing"),
        ] {
            assert!(parse(text).unwrap_err().starts_with(word), "{text}");
        }
        assert!(
            parse("\na ansible_connection=docker\n").unwrap_err().contains("line 2: the host is reached")
        );
        assert!(parse("[a]\nh\n[a:children]\nb\n[b:children]\na\n").unwrap().entries().is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[ -~\n]{0,200}") {
            let _ = parse(&text).and_then(|tree| tree.entries());
        }
    }
}
