//! The last line about several hosts, or a few lines where their names need them; 80 columns at most.

use crate::lang::Lang;
use crate::outside;

const WIDTH: usize = 80;
/// Lines of names for one outcome; a fleet's names are in its JSON.
const MOST_LINES: usize = 5;

/// Hosts that ended alike.
pub struct Group {
    /// `failed`, `done`, …
    pub word: String,
    /// Number of hosts.
    pub count: usize,
    /// Their names, where those matter.
    pub names: Vec<String>,
}

/// `3 hosts: 2 done, 1 failed (b)`; where that is too long the names follow on lines of their own.
pub fn text(groups: &[Group], lang: Lang) -> String {
    let total: usize = groups.iter().map(|group| group.count).sum();
    let groups: Vec<&Group> = groups.iter().filter(|group| group.count > 0).collect();
    let line = |of: &dyn Fn(&Group) -> String| {
        let parts: Vec<String> = groups.iter().map(|group| of(group)).collect();
        tr!(lang, "outcome-hosts", hosts = total, outcomes = parts.join(", "))
    };
    let short = |group: &Group| format!("{} {}", group.count, group.word);
    let whole = line(&|group| match group.names.as_slice() {
        [] => short(group),
        names => format!("{} ({})", short(group), outside::line(&names.join(", "))),
    });
    if whole.chars().count() <= WIDTH {
        return whole;
    }
    let named = groups.iter().filter(|group| !group.names.is_empty());
    std::iter::once(line(&short))
        .chain(named.flat_map(|group| names(group, lang)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// `  failed: a, b, c`, continued below the first name.
fn names(group: &Group, lang: Lang) -> Vec<String> {
    let start = format!("  {}: ", group.word);
    let mut lines = vec![start.clone()];
    for (index, name) in group.names.iter().enumerate() {
        let last = index + 1 == group.names.len();
        let room = WIDTH - start.chars().count() - 1;
        let name: String = match outside::line(name) {
            name if name.chars().count() > room => name.chars().take(room - 1).chain(['…']).collect(),
            name => name.to_string(),
        };
        let name = if last { name } else { format!("{name},") };
        let line = lines.last_mut().expect("there is a first line");
        let space = if line.ends_with(' ') { "" } else { " " };
        if line.chars().count() + space.len() + name.chars().count() <= WIDTH {
            *line += &format!("{space}{name}");
        } else if lines.len() == MOST_LINES {
            let more = tr!(lang, "outcome-more", more = group.names.len() - index);
            lines.push(format!("{}{more}", " ".repeat(start.chars().count())));
            break;
        } else {
            lines.push(format!("{}{name}", " ".repeat(start.chars().count())));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(names: Vec<String>) -> Vec<Group> {
        let done = Group { word: "done".into(), count: 2, names: Vec::new() };
        vec![Group { word: "failed".into(), count: names.len(), names }, done]
    }

    #[test]
    fn a_few_hosts_are_one_line() {
        assert_eq!(text(&failed(vec!["b".into()]), Lang::English), "3 hosts: 1 failed (b), 2 done");
        let none = Group { word: "failed".into(), count: 0, names: Vec::new() };
        assert_eq!(text(&[none], Lang::English), "0 hosts: ");
    }

    #[test]
    fn no_line_is_longer_than_a_terminal_and_no_host_goes_uncounted() {
        for (count, length) in [(8, 12), (20, 3), (200, 15), (3, 70), (2, 500), (1, 100)] {
            let names = (0..count).map(|n| format!("{n}-{}", "x".repeat(length))).collect();
            let text = text(&failed(names), Lang::English);
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
            assert!(
                text.starts_with(&format!("{} hosts: {count} failed, 2 done\n  failed: 0-x", count + 2)),
                "{text}"
            );
            let shown = text.matches("-x").count();
            let more =
                text.rsplit_once("and ").and_then(|(_, rest)| rest.strip_suffix(" more")?.parse().ok());
            assert_eq!(shown + more.unwrap_or(0), count, "{text}");
        }
    }

    #[test]
    fn names_that_steer_a_terminal_do_not() {
        let text = text(&failed(vec!["a\u{1b}[2Jb".into()]), Lang::English);
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
