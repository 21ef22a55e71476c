//! Texts that data files hold in English, whose translations are messages that the data names.

use super::catalog;
use super::sentence::Sentence;

/// Returns a text of data as a sentence. `source` and `Hetzner price list` name the message `source-hetzner-price-list`;
/// where there is none, the text is a name and the same in every language.
pub fn of_data(kind: &str, key: &str, english: &str) -> Sentence {
    let id = id(kind, key);
    match catalog::has(&id) {
        true => Sentence::new(id, Vec::new()),
        false => Sentence::same(english),
    }
}

fn id(kind: &str, key: &str) -> String {
    let sign = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    format!("{kind}-{}", key.chars().map(sign).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::super::Lang;
    use super::*;

    #[test]
    fn texts_of_data_are_translated_and_names_stay() {
        for (key, russian) in [
            ("Hetzner price list", "прайс-лист Hetzner"),
            ("ECB euro reference rates", "курсы ЕЦБ к евро"),
            ("SkyPilot catalog v8", "SkyPilot catalog v8"),
        ] {
            let source = of_data("source", key, key);
            assert_eq!(
                (source.told(Lang::English), source.told(Lang::Russian)),
                (key.into(), russian.into())
            );
        }
    }
}
