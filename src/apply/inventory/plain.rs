//! A plain list of hosts, one a line, as `--host` takes them.

use super::entry::Entry;
use super::tree::MOST_HOSTS;
use crate::ssh::Target;

/// The hosts of such a list; `None` where a line is something else, or where Ansible could mean more by it: only a
/// user before a name (`root@gpu1`) is certain not to be Ansible's.
pub fn parse(text: &str) -> Option<Result<Vec<Entry>, String>> {
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or(line).trim());
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    if !lines.iter().any(|line| line.contains('@')) || lines.iter().any(|line| Target::parse(line).is_err()) {
        return None;
    }
    if lines.len() > MOST_HOSTS {
        return Some(Err(format!("it has more than {MOST_HOSTS} hosts")));
    }
    let entry = |line: &&str| Entry { name: line.to_string(), address: line.to_string(), ..Entry::default() };
    Some(Ok(lines.iter().map(entry).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_a_line() {
        let text = "# ours\nroot@203.0.113.7\n\ngpu2  # later\nssh://me@gpu3:2222\n";
        let entries = parse(text).unwrap().unwrap();
        let targets: Vec<String> = entries.iter().map(|entry| entry.target().unwrap().to_string()).collect();
        assert_eq!(targets, ["root@203.0.113.7", "gpu2", "me@gpu3:2222"]);
        for text in ["", "gpu1\ngpu2\n", "[llm]\nroot@a\n", "root@a ansible_port=1\n"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
