//! Ansible's inventory as a tree of groups, and what it says of each host.

use super::entry::{Entry, Overrides};
use std::collections::{BTreeMap, BTreeSet};

pub type Vars = BTreeMap<String, String>;

#[derive(Clone, Debug, Default)]
pub struct Group {
    pub vars: Vars,
    pub hosts: Vec<String>,
    pub children: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// In the order in which they were first named.
    pub hosts: Vec<String>,
    pub host_vars: BTreeMap<String, Vars>,
    pub groups: BTreeMap<String, Group>,
}

/// A group inside a group inside … this deep at most.
const DEEPEST: usize = 32;

impl Tree {
    pub fn host(&mut self, name: &str, group: Option<&str>, vars: Vars) {
        if !self.hosts.iter().any(|known| known == name) {
            self.hosts.push(name.to_string());
        }
        self.host_vars.entry(name.to_string()).or_default().extend(vars);
        if let Some(group) = group {
            let hosts = &mut self.groups.entry(group.to_string()).or_default().hosts;
            if !hosts.iter().any(|known| known == name) {
                hosts.push(name.to_string());
            }
        }
    }

    /// Variables of a group count less than those of its children, those of `all` least, a host's own most.
    pub fn entries(&self) -> Result<Vec<Entry>, String> {
        self.hosts.iter().map(|name| self.entry(name)).collect()
    }

    fn entry(&self, name: &str) -> Result<Entry, String> {
        let mut depths: BTreeMap<&str, usize> = BTreeMap::new();
        let mut level: BTreeSet<&str> = self.holding(|group| group.hosts.iter().any(|host| host == name));
        for depth in 0.. {
            if level.is_empty() {
                break;
            }
            if depth > DEEPEST {
                return Err("its groups contain each other".to_string());
            }
            level.iter().for_each(|group| {
                depths.insert(group, depth);
            });
            level = self.holding(|group| group.children.iter().any(|child| level.contains(child.as_str())));
        }
        // The farthest first, so that nearer ones override.
        let mut order: Vec<(&str, usize)> = depths.into_iter().filter(|(group, _)| *group != "all").collect();
        order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let mut vars = Vars::new();
        for group in std::iter::once("all").chain(order.iter().map(|(group, _)| *group)) {
            vars.extend(self.groups.get(group).map(|group| group.vars.clone()).unwrap_or_default());
        }
        vars.extend(self.host_vars.get(name).cloned().unwrap_or_default());
        let get =
            |names: &[&str]| names.iter().find_map(|key| vars.get(*key).filter(|v| !v.is_empty()).cloned());
        if let Some(how) =
            get(&["ansible_connection"]).filter(|how| !matches!(how.as_str(), "ssh" | "smart" | "paramiko"))
        {
            return Err(format!("host {name:?} is reached by {how:?}, not by ssh"));
        }
        let port = get(&["ansible_port", "ansible_ssh_port"]);
        let port =
            port.map(|port| port.parse::<u16>().map_err(|_| format!("host {name:?} has the port {port:?}")));
        let mut groups: Vec<String> = order.iter().map(|(group, _)| group.to_string()).collect();
        groups.sort();
        Ok(Entry {
            name: name.to_string(),
            address: get(&["ansible_host", "ansible_ssh_host"]).unwrap_or_else(|| name.to_string()),
            user: get(&["ansible_user", "ansible_ssh_user"]),
            port: port.transpose()?,
            identity: get(&["ansible_ssh_private_key_file", "ansible_private_key_file"]).map(Into::into),
            groups,
            plan: Overrides::default(),
        })
    }

    fn holding(&self, test: impl Fn(&Group) -> bool) -> BTreeSet<&str> {
        self.groups.iter().filter(|(_, group)| test(group)).map(|(name, _)| name.as_str()).collect()
    }
}

/// `web[01:03]` and `db-[a:c]` as the names they stand for; anything else as itself.
pub fn expand(pattern: &str) -> Result<Vec<String>, String> {
    let bracket = pattern.find('[').zip(pattern.find(']')).filter(|(open, close)| open < close);
    let Some((open, close)) = bracket else { return Ok(vec![pattern.to_string()]) };
    let inner: Vec<&str> = pattern[open + 1..close].split(':').collect();
    let (first, last, step) = match inner[..] {
        [first, last] => (first, last, "1"),
        [first, last, step] => (first, last, step),
        _ => return Ok(vec![pattern.to_string()]),
    };
    let wrong = || format!("{pattern:?} is no range of hosts");
    let step: usize = step.parse().ok().filter(|step| *step > 0).ok_or_else(wrong)?;
    let items: Vec<String> = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to && to - from < 10_000 => {
            let width = if first.starts_with('0') { first.len() } else { 0 };
            (from..=to).step_by(step).map(|n| format!("{n:0width$}")).collect()
        }
        // An IPv6 address in brackets is none of our ranges.
        _ => match (first.as_bytes(), last.as_bytes()) {
            ([from], [to]) if from.is_ascii_alphabetic() && from <= to && to.is_ascii_alphabetic() => {
                (*from..=*to).step_by(step).map(|letter| char::from(letter).to_string()).collect()
            }
            _ if pattern.starts_with('[') => return Ok(vec![pattern.to_string()]),
            _ => return Err(wrong()),
        },
    };
    let mut names = Vec::new();
    for rest in expand(&pattern[close + 1..])? {
        names.extend(items.iter().map(|item| format!("{}{item}{rest}", &pattern[..open])));
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_expanded() {
        for (pattern, want) in [
            ("web", vec!["web"]),
            ("web[1:3]", vec!["web1", "web2", "web3"]),
            ("web[08:10].lan", vec!["web08.lan", "web09.lan", "web10.lan"]),
            ("db-[a:c]", vec!["db-a", "db-b", "db-c"]),
            ("x[1:5:2]", vec!["x1", "x3", "x5"]),
            ("[2001:db8::1]", vec!["[2001:db8::1]"]),
        ] {
            assert_eq!(expand(pattern).unwrap(), want, "{pattern}");
        }
        assert!(expand("web[3:1]").is_err());
        assert!(expand("web[1:3:0]").is_err());
    }
}
