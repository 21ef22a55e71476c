//! Text for people whose parts have a meaning, which a terminal shows by colour.
//!
//! A [`Painted`] text is made visible first ([`outside::visible`]), then its parts are marked with tag characters, which no
//! visible text holds and which take no column: wrapping and aligning count none. The marks become colours, or nothing,
//! when the text is written. So nothing from outside gives itself a colour.

use crate::outside;
use anstyle::{AnsiColor, Style};
use std::fmt;

/// Meaning of a part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing to do: comfort, a met requirement.
    Good,
    /// Given up or below a promise: a compromise, a warning.
    Care,
    /// Does not do: impossible, refused, an error.
    Bad,
    /// Next step: a hint.
    Next,
    /// Memory of weights.
    Weights,
    /// Memory of the KV cache.
    Context,
    /// Memory of compute buffers.
    Compute,
    /// Memory of everything else, and what is free.
    Rest,
}

impl Meaning {
    const ALL: [Meaning; 8] = [
        Meaning::Good,
        Meaning::Care,
        Meaning::Bad,
        Meaning::Next,
        Meaning::Weights,
        Meaning::Context,
        Meaning::Compute,
        Meaning::Rest,
    ];

    fn style(self) -> Style {
        let colour = |colour: AnsiColor| colour.on_default();
        match self {
            Meaning::Good => colour(AnsiColor::Green),
            Meaning::Care => colour(AnsiColor::Yellow),
            Meaning::Bad => colour(AnsiColor::Red).bold(),
            Meaning::Next => colour(AnsiColor::Cyan),
            Meaning::Weights => colour(AnsiColor::Blue),
            Meaning::Context => colour(AnsiColor::Cyan),
            Meaning::Compute => colour(AnsiColor::Magenta),
            Meaning::Rest => Style::new().dimmed(),
        }
    }

    /// Returns the character that begins a part of this meaning.
    fn mark(self) -> char {
        char::from_u32(FIRST + self as u32).unwrap_or(END)
    }

    fn of_mark(mark: char) -> Option<Meaning> {
        let at = (mark as u32).checked_sub(FIRST)?;
        Meaning::ALL.get(at as usize).copied()
    }
}

/// Tag letter of the first meaning.
const FIRST: u32 = 0xe0041;
/// Ends a part: the tag that cancels.
const END: char = '\u{e007f}';

/// Visible text with marked parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Painted(String);

impl Painted {
    /// Returns a text of one meaning. Each of its words is a part, so that it may be wrapped between them.
    pub fn of(meaning: Meaning, text: &str) -> Painted {
        let text = outside::visible(text);
        let word = |word: &str| match word.is_empty() {
            true => String::new(),
            false => format!("{}{word}{END}", meaning.mark()),
        };
        Painted(text.split(' ').map(word).collect::<Vec<_>>().join(" "))
    }

    /// Adds a text.
    pub fn add(&mut self, text: impl Into<Painted>) {
        self.0 += &text.into().0;
    }

    /// Adds a text and ends the line.
    pub fn line(&mut self, text: impl Into<Painted>) {
        self.add(text);
        self.0.push('\n');
    }

    /// Gives a meaning to the last place of `part`, which holds no mark, if it is there.
    pub fn marked(self, part: &str, meaning: Meaning) -> Painted {
        let part = outside::visible(part);
        match self.0.rfind(&*part) {
            Some(at) if !part.is_empty() => {
                let (before, after) = (&self.0[..at], &self.0[at + part.len()..]);
                Painted(format!("{before}{}{after}", Painted::of(meaning, &part).0))
            }
            _ => self,
        }
    }

    /// Lays texts out as one: `lay` gets them with their marks, which take no column, and moves them about.
    pub fn laid_out(texts: Vec<Painted>, lay: impl FnOnce(Vec<String>) -> String) -> Painted {
        Painted(lay(texts.into_iter().map(|text| text.0).collect()))
    }

    /// Returns the text with its colours as a terminal takes them.
    pub fn coloured(&self) -> String {
        let mut shown = String::with_capacity(self.0.len() * 2);
        let mut open: Option<Style> = None;
        for c in self.0.chars() {
            if let Some(style) = Meaning::of_mark(c).map(Meaning::style) {
                shown += &style.render().to_string();
                open = Some(style);
            } else if c == END {
                let end = open.take().map(|style| style.render_reset().to_string());
                shown += &end.unwrap_or_default();
            } else {
                shown.push(c);
            }
        }
        shown
    }
}

impl<T: AsRef<str>> From<T> for Painted {
    fn from(text: T) -> Painted {
        Painted(outside::visible(text.as_ref()).into_owned())
    }
}

/// Writes the text without its meanings.
impl fmt::Display for Painted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = |c: char| c == END || Meaning::of_mark(c).is_some();
        self.0.split(mark).try_for_each(|part| f.write_str(part))
    }
}

/// Whether a stream shows colours: a terminal that knows them, where neither NO_COLOR nor CI is set.
pub fn is_wanted(terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    terminal
        && set("NO_COLOR").is_none()
        && set("CI").is_none()
        && set("TERM").is_some_and(|terminal| terminal != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use textwrap::core::display_width;

    #[test]
    fn a_meaning_is_a_colour_around_each_word_and_nothing_in_plain_text() {
        let mut text =
            Painted::from("model: compromise, that is a compromise").marked("compromise", Meaning::Care);
        text.line(Painted::of(Meaning::Bad, " not there"));
        assert_eq!(text.to_string(), "model: compromise, that is a compromise not there\n");
        assert_eq!(
            text.coloured(),
            "model: compromise, that is a \u{1b}[33mcompromise\u{1b}[0m \u{1b}[1m\u{1b}[31mnot\u{1b}[0m \
             \u{1b}[1m\u{1b}[31mthere\u{1b}[0m\n"
        );
        let unmarked = Painted::from("comfort").marked("nowhere", Meaning::Good).marked("", Meaning::Good);
        assert_eq!(unmarked.coloured(), "comfort");
    }

    #[test]
    fn colours_need_a_terminal_that_knows_them_and_nobody_who_wants_none() {
        let wanted = |terminal, variables: &[(&str, &str)]| {
            let of = |name: &str| {
                variables.iter().find(|(set, _)| *set == name).map(|(_, value)| value.to_string())
            };
            is_wanted(terminal, of)
        };
        let term = ("TERM", "xterm-256color");
        assert!(wanted(true, &[term]));
        assert!(wanted(true, &[term, ("NO_COLOR", ""), ("CI", "")]));
        for (terminal, variables) in [
            (false, &[term][..]),
            (true, &[]),
            (true, &[("TERM", "dumb")]),
            (true, &[term, ("NO_COLOR", "1")]),
            (true, &[term, ("CI", "true")]),
        ] {
            assert!(!wanted(terminal, variables), "{terminal} {variables:?}");
        }
    }

    const ESCAPE: char = '\u{1b}';

    proptest! {
        #[test]
        fn outside_text_gives_itself_no_colour_and_marks_take_no_column(text in any::<String>(), tag in 0xe0000u32..0xe0080) {
            let text = format!("{text}{}\u{1b}[31m", char::from_u32(tag).unwrap());
            let plain = Painted::from(&text);
            prop_assert!(!plain.coloured().contains(ESCAPE));
            prop_assert_eq!(plain.coloured(), plain.to_string());
            let marked = Painted::of(Meaning::Bad, &text);
            prop_assert_eq!(marked.to_string(), plain.to_string());
            prop_assert_eq!(display_width(&marked.0), display_width(&plain.0));
        }
    }
}
