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
