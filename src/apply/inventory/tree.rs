//! Ansible's inventory as a tree of groups, and what it says of each host.

use super::entry::Entry;
use super::vars;
use crate::outside::quoted;
use std::collections::{BTreeMap, BTreeSet};

pub type Vars = BTreeMap<String, String>;

/// A group's variables, and what it holds.
#[derive(Clone, Debug, Default)]
pub struct Group {
    pub vars: Vars,
    /// By their place in the tree's list.
    hosts: BTreeSet<usize>,
    children: BTreeSet<String>,
}

/// Groups and hosts by name.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// In the order in which they were first named.
    pub hosts: Vec<String>,
    places: BTreeMap<String, usize>,
    /// In the order of the hosts.
    host_vars: Vec<Vars>,
    groups: BTreeMap<String, Group>,
    /// Bytes of variables that were given to hosts.
    vars_bytes: usize,
    /// Hosts of groups, added up.
    memberships: usize,
}

/// A group inside a group inside … this deep at most.
const DEEPEST: usize = 32;
/// Most hosts of an inventory.
pub const MOST_HOSTS: usize = 10_000;
/// Longest name of a host or a pattern of names, bytes.
const LONGEST_NAME: usize = 1024;
/// Most bytes of variables, each counted for every host that a pattern gives it to.
const MOST_VARS: usize = 16 << 20;
/// Most groups that hosts are in, added up over all hosts.
const MOST_MEMBERSHIPS: usize = 200_000;

impl Tree {
    /// Adds a host to `group`, and variables to what is known of it.
    ///
    /// # Errors
    /// There are too many hosts or variables.
    pub fn host(&mut self, name: &str, group: Option<&str>, vars: Vars) -> Result<(), String> {
        let bytes: usize = vars.iter().map(|(key, value)| key.len() + value.len()).sum();
        self.vars_bytes = self.vars_bytes.saturating_add(bytes);
        if self.vars_bytes > MOST_VARS {
            return Err(format!("the variables of its hosts have more than {MOST_VARS} bytes"));
        }
        let place = match self.places.get(name) {
            Some(place) => *place,
            None if self.hosts.len() == MOST_HOSTS => {
                return Err(format!("it has more than {MOST_HOSTS} hosts"));
            }
            None => {
                self.places.insert(name.to_string(), self.hosts.len());
                self.hosts.push(name.to_string());
                self.host_vars.push(Vars::new());
                self.hosts.len() - 1
            }
        };
        self.host_vars[place].extend(vars);
        if let Some(group) = group {
            self.memberships += usize::from(self.group(group).hosts.insert(place));
        }
        bounded(self.memberships)
    }

    /// The group called `name`, made where there is none.
    pub fn group(&mut self, name: &str) -> &mut Group {
        self.groups.entry(name.to_string()).or_default()
    }

    /// Puts the group `child` into `parent`.
    pub fn child(&mut self, parent: &str, child: &str) {
        self.group(child);
        self.group(parent).children.insert(child.to_string());
    }

    /// Variables of a group count less than those of its children, those of `all` least, a host's own most.
    pub fn entries(&self) -> Result<Vec<Entry>, String> {
        let holders = Holders::of(self);
        let mut memberships = 0;
        (0..self.hosts.len()).map(|place| self.entry(place, &holders, &mut memberships)).collect()
    }

    fn entry(&self, place: usize, holders: &Holders, memberships: &mut usize) -> Result<Entry, String> {
        let name = self.hosts[place].as_str();
        let mut depths: BTreeMap<&str, usize> = BTreeMap::new();
        let mut level: BTreeSet<&str> = holders.hosts[place].iter().copied().collect();
        for depth in 0.. {
            if level.is_empty() {
                break;
            }
            if depth > DEEPEST {
                return Err(format!("its groups contain each other, or are nested more than {DEEPEST} deep"));
            }
            *memberships += level.len();
            bounded(*memberships)?;
            level.iter().for_each(|group| {
                depths.insert(group, depth);
            });
            level = level.iter().filter_map(|group| holders.groups.get(group)).flatten().copied().collect();
        }
        // The nearest first: the first that says something is right.
        let mut order: Vec<(&str, usize)> = depths.into_iter().filter(|(group, _)| *group != "all").collect();
        order.sort_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0)));
        let of_groups = order.iter().map(|(group, _)| *group).chain(std::iter::once("all"));
        let of_groups: Vec<&Vars> =
            of_groups.filter_map(|group| self.groups.get(group)).map(|group| &group.vars).collect();
        let all = || std::iter::once(&self.host_vars[place]).chain(of_groups.iter().copied());
        let get = |names: &[&str]| {
            names
                .iter()
                .find_map(|key| all().find_map(|vars| vars.get(*key)).filter(|v| !v.is_empty()).cloned())
        };
        let mut groups: Vec<String> = order.iter().map(|(group, _)| group.to_string()).collect();
        groups.sort();
        let mut entry =
            Entry { name: name.to_string(), address: name.to_string(), groups, ..Entry::default() };
        vars::fill(&mut entry, get).map_err(|why| format!("host {}: {why}", quoted(name)))?;
        Ok(entry)
    }
}

fn bounded(memberships: usize) -> Result<(), String> {
    match memberships > MOST_MEMBERSHIPS {
        true => Err(format!("its hosts are in more than {MOST_MEMBERSHIPS} groups, added up over all hosts")),
        false => Ok(()),
    }
}

/// The groups that hold a host or a group directly.
struct Holders<'a> {
    /// In the order of the hosts.
    hosts: Vec<Vec<&'a str>>,
    groups: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl Holders<'_> {
    fn of(tree: &Tree) -> Holders<'_> {
        let mut holders = Holders { hosts: vec![Vec::new(); tree.hosts.len()], groups: BTreeMap::new() };
        for (name, group) in &tree.groups {
            for host in &group.hosts {
                holders.hosts[*host].push(name);
            }
            for child in &group.children {
                holders.groups.entry(child).or_default().insert(name);
            }
        }
        holders
    }
}

/// `web[01:03]` and `db-[a:c]` as the names they stand for; anything else as itself.
///
/// # Errors
/// A range that is none, a name that is too long, or more names than an inventory may have.
pub fn expand(pattern: &str) -> Result<Vec<String>, String> {
    if pattern.len() > LONGEST_NAME {
        return Err(format!("{} has more than {LONGEST_NAME} bytes", quoted(pattern)));
    }
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while let Some(Bracket { before, items, after }) = bracket(rest)? {
        if names.len() * items.len() > MOST_HOSTS {
            return Err(format!("{} stands for more than {MOST_HOSTS} hosts", quoted(pattern)));
        }
        names = names
            .iter()
            .flat_map(|name| items.iter().map(move |item| format!("{name}{before}{item}")))
            .collect();
        rest = after;
    }
    names.iter_mut().for_each(|name| name.push_str(rest));
    names.sort();
    Ok(names)
}

/// A range in a pattern, with what stands before and after it.
struct Bracket<'a> {
    before: &'a str,
    items: Vec<String>,
    after: &'a str,
}

/// The first range of `pattern`; `None` where there is none, as in an IPv6 address in brackets.
fn bracket(pattern: &str) -> Result<Option<Bracket<'_>>, String> {
    let found = pattern.find('[').zip(pattern.find(']')).filter(|(open, close)| open < close);
    let Some((open, close)) = found else { return Ok(None) };
    let inner: Vec<&str> = pattern[open + 1..close].split(':').collect();
    let (first, last, step) = match inner[..] {
        [first, last] => (first, last, "1"),
        [first, last, step] => (first, last, step),
        _ => return Ok(None),
    };
    let wrong = || format!("{} is no range of hosts", quoted(pattern));
    let step: usize = step.parse().ok().filter(|step| *step > 0).ok_or_else(wrong)?;
    let items: Vec<String> = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to => {
            if (to - from) / step as u64 >= MOST_HOSTS as u64 {
                return Err(format!("{} stands for more than {MOST_HOSTS} hosts", quoted(pattern)));
            }
            let width = if first.starts_with('0') { first.len() } else { 0 };
            if width > 20 {
                return Err(format!("{} has a number of more than 20 digits", quoted(pattern)));
            }
            (from..=to).step_by(step).map(|n| format!("{n:0width$}")).collect()
        }
        _ => match (first.as_bytes(), last.as_bytes()) {
            ([from], [to]) if from.is_ascii_alphabetic() && from <= to && to.is_ascii_alphabetic() => {
                (*from..=*to).step_by(step).map(|letter| char::from(letter).to_string()).collect()
            }
            _ if pattern.starts_with('[') => return Ok(None),
            _ => return Err(wrong()),
        },
    };
    Ok(Some(Bracket { before: &pattern[..open], items, after: &pattern[close + 1..] }))
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

    #[test]
    fn ranges_are_bounded_in_number_digits_and_length() {
        for (pattern, why) in [
            ("a[0:9999]b[0:9999]c[0:9999]".to_string(), "more than 10000 hosts"),
            ("a[0:18446744073709551615]".to_string(), "more than 10000 hosts"),
            ("a[1:101]b[1:101]".to_string(), "more than 10000 hosts"),
            (format!("a[{}1:2]", "0".repeat(70_000)), "more than 1024 bytes"),
            (format!("a[{}1:2]", "0".repeat(900)), "more than 20 digits"),
            (format!("a{}", "[0:0]".repeat(100_000)), "more than 1024 bytes"),
            ("x".repeat(2000), "more than 1024 bytes"),
        ] {
            let error = expand(&pattern).unwrap_err();
            assert!(error.contains(why) && error.len() < 300, "{error}");
        }
        assert_eq!(expand("a[0:9999]").unwrap().len(), 10_000);
        assert_eq!(expand(&format!("a{}", "[0:0]".repeat(200))).unwrap().len(), 1);
        assert_eq!(expand("r[01:02]-n[1:2]").unwrap(), ["r01-n1", "r01-n2", "r02-n1", "r02-n2"]);
    }

    #[test]
    fn hosts_variables_and_memberships_are_bounded() {
        let mut tree = Tree::default();
        let vars = |bytes: usize| Vars::from([("v".to_string(), "x".repeat(bytes - 1))]);
        assert!(tree.host("a", None, vars(MOST_VARS)).is_ok());
        assert!(tree.host("a", None, vars(1)).unwrap_err().contains("16777216 bytes"));
        let mut tree = Tree::default();
        for n in 0..MOST_HOSTS {
            tree.host(&format!("h{n}"), Some("base"), Vars::new()).unwrap();
        }
        assert!(tree.host("one", None, Vars::new()).unwrap_err().contains("10000 hosts"));
        assert_eq!(tree.entries().unwrap().len(), MOST_HOSTS);
        (0..100).for_each(|n| tree.child(&format!("g{n}"), "base"));
        assert!(tree.entries().unwrap_err().contains("200000"));
    }
}
