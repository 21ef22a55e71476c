//! The language that messages are shown in.

use std::sync::atomic::{AtomicBool, Ordering};

/// Language of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// The reference, and the language of JSON.
    #[default]
    #[value(name = "en", help = "English")]
    English,
    /// Russian.
    #[value(name = "ru", help = "Russian: messages of plan, levels, verify, apply and status")]
    Russian,
}

/// Whether this process speaks Russian.
static RUSSIAN: AtomicBool = AtomicBool::new(false);

impl Lang {
    /// Every language, the reference first.
    pub const ALL: [Lang; 2] = [Lang::English, Lang::Russian];

    /// Returns the language that the environment asks for, as POSIX reads it: the first of LC_ALL, LC_MESSAGES and LANG
    /// that is set and not empty.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Lang {
        let asked = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable);
        let asked = asked.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
        match asked.split(['_', '.', '@']).next() {
            Some("ru") => Lang::Russian,
            _ => Lang::English,
        }
    }

    /// From now on the process speaks this language.
    pub fn set(self) {
        RUSSIAN.store(self == Lang::Russian, Ordering::Relaxed);
    }

    /// Returns the language that the process speaks; English until [`Lang::set`] says otherwise.
    pub fn current() -> Lang {
        if RUSSIAN.load(Ordering::Relaxed) { Lang::Russian } else { Lang::English }
    }

    /// Returns its code, as `--lang` takes it and a page's `lang` has it.
    pub fn code(self) -> &'static str {
        match self {
            Lang::English => "en",
            Lang::Russian => "ru",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_gives_the_language() {
        for (all, messages, lang, wanted) in [
            ("", "", "", Lang::English),
            ("", "", "ru_RU.UTF-8", Lang::Russian),
            ("", "ru", "en_US.UTF-8", Lang::Russian),
            ("C.UTF-8", "ru_RU", "ru_RU.UTF-8", Lang::English),
            ("ru_RU.KOI8-R", "C", "C", Lang::Russian),
            ("", "", "rue", Lang::English),
            ("", "", "run", Lang::English),
        ] {
            let variable = |name: &str| {
                let value = match name {
                    "LC_ALL" => all,
                    "LC_MESSAGES" => messages,
                    _ => lang,
                };
                Some(value.to_string())
            };
            assert_eq!(Lang::of_environment(variable), wanted, "{all} {messages} {lang}");
        }
        assert_eq!(Lang::of_environment(|_| None), Lang::English);
    }
}
