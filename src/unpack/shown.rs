//! Names of an archive in an error.

/// Most characters of a name that an error repeats.
pub(super) const SHOWN: usize = 80;

/// `text` as an error may show it: short, and nothing in it that a terminal acts on.
pub fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).flat_map(escaped).collect();
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}

/// Debug's rules, but quotes stay as they are.
fn escaped(c: char) -> impl Iterator<Item = char> {
    let plain = matches!(c, '\'' | '"');
    c.escape_debug().filter(move |escaped| !(plain && *escaped == '\\'))
}
