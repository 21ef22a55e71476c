//! A model's name as clusters take names.

/// Longest one: with what stands before and behind it, names of pods have at most 63 characters.
const LONGEST: usize = 32;

/// Returns `text` in lower-case letters, digits and `-`, which begins and ends with neither sign; `model` where nothing of
/// it is left.
pub fn label(text: &str) -> String {
    let mut label = String::new();
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        match c.is_ascii_alphanumeric() {
            true => label.push(c),
            false if !label.is_empty() && !label.ends_with('-') => label.push('-'),
            false => {}
        }
    }
    label.truncate(LONGEST);
    let label = label.trim_end_matches('-');
    if label.is_empty() { "model".to_string() } else { label.to_string() }
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn every_name_becomes_a_label() {
        for (text, expected) in [
            ("saiga-13b", "saiga-13b"),
            ("TinyLlama_1.1B Chat", "tinyllama-1-1b-chat"),
            ("..a--b..", "a-b"),
            ("Сайга", "model"),
            ("", "model"),
        ] {
            assert_eq!(label(text), expected);
        }
        assert_eq!(label(&"ab-".repeat(40)).len(), 32);
        assert_eq!(label(&format!("{}-b", "a".repeat(31))), "a".repeat(31));
    }
}
