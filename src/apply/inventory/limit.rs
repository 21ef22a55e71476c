//! `--limit`: some of an inventory's hosts, by name or group.

use super::entry::Entry;

/// The entries that `pattern` means, in their order. Parts are separated by `,` or `:`; each is a name
/// or a group with `*` and `?`; `!` before it takes them out again, `&` keeps only them.
pub fn select(entries: Vec<Entry>, pattern: &str) -> Vec<Entry> {
    let parts: Vec<&str> = pattern.split([',', ':']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let plain: Vec<&str> = parts.iter().copied().filter(|part| !part.starts_with(['!', '&'])).collect();
    let means = |entry: &Entry, part: &str| {
        part == "all" || fits(part, &entry.name) || entry.groups.iter().any(|group| fits(part, group))
    };
    let wanted = |entry: &Entry| {
        (plain.is_empty() || plain.iter().any(|part| means(entry, part)))
            && parts.iter().all(|part| match (part.strip_prefix('!'), part.strip_prefix('&')) {
                (Some(out), _) => !means(entry, out),
                (_, Some(only)) => means(entry, only),
                _ => true,
            })
    };
    entries.into_iter().filter(wanted).collect()
}

/// Returns the entries that each of the `patterns` means, in their order, each once: the hosts of one plan, of which the first
/// is the head.
///
/// # Errors
/// The pattern that means none.
pub fn ordered(entries: &[Entry], patterns: &[String]) -> Result<Vec<Entry>, String> {
    let mut all: Vec<Entry> = Vec::new();
    for pattern in patterns {
        let found = select(entries.to_vec(), pattern);
        if found.is_empty() {
            return Err(pattern.clone());
        }
        let new: Vec<Entry> =
            found.into_iter().filter(|entry| all.iter().all(|known| known.name != entry.name)).collect();
        all.extend(new);
    }
    Ok(all)
}

/// Shell patterns with `*` and `?`, in time that grows with the product of both lengths at most.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for part in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match part {
                '*' => reached[at] || (at > 0 && next[at - 1]),
                '?' => at > 0 && reached[at - 1],
                letter => at > 0 && reached[at - 1] && text[at - 1] == letter,
            };
        }
        reached = next;
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_one_plan_are_in_the_order_of_their_names_and_each_once() {
        let entry = |name: &str, group: &str| Entry {
            name: name.into(),
            groups: vec![group.into()],
            ..Entry::default()
        };
        let entries = [entry("w1", "llm"), entry("w2", "llm"), entry("head", "llm"), entry("vps", "web")];
        for (patterns, want) in [
            (&["llm"][..], Ok("w1 w2 head")),
            (&["head", "llm"], Ok("head w1 w2")),
            (&["head", "w2", "w1"], Ok("head w2 w1")),
            (&["head", "w?", "head"], Ok("head w1 w2")),
            (&["head", "gpu"], Err("gpu")),
        ] {
            let patterns: Vec<String> = patterns.iter().map(|pattern| pattern.to_string()).collect();
            let found = ordered(&entries, &patterns);
            let names =
                found.map(|all| all.into_iter().map(|entry| entry.name).collect::<Vec<_>>().join(" "));
            assert_eq!(names, want.map(str::to_string).map_err(str::to_string), "{patterns:?}");
        }
    }

    #[test]
    fn patterns_select() {
        let entry = |name: &str, groups: &[&str]| Entry {
            name: name.into(),
            groups: groups.iter().map(|group| group.to_string()).collect(),
            ..Entry::default()
        };
        let all = vec![entry("gpu1", &["gpu"]), entry("gpu2", &["gpu", "eu"]), entry("vps", &["cpu", "eu"])];
        for (pattern, want) in [
            ("gpu1", "gpu1"),
            ("gpu", "gpu1 gpu2"),
            ("gpu?", "gpu1 gpu2"),
            ("*", "gpu1 gpu2 vps"),
            ("all", "gpu1 gpu2 vps"),
            ("eu:&gpu", "gpu2"),
            ("!gpu", "vps"),
            ("gpu,!eu", "gpu1"),
            ("vps, gpu1", "gpu1 vps"),
            ("none", ""),
            ("*p*", "gpu1 gpu2 vps"),
        ] {
            let names: Vec<String> =
                select(all.clone(), pattern).into_iter().map(|entry| entry.name).collect();
            assert_eq!(names.join(" "), want, "{pattern}");
        }
    }
}
