//! Finds the message that an English sentence was made from, so that what a plan's file or an agent says is shown in
//! the user's language too. A text that no message gives stays English.

use super::catalog::KNOWN;
use super::figure::figure;
use super::language::Lang;
use super::sentence::{Sentence, Value, say};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use std::sync::LazyLock;

/// One form of a message: its fixed texts with the names of its values between them.
#[derive(Debug)]
struct Form {
    id: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Fixed(String),
    Value(&'static str),
}

/// Every form, those with the most fixed text first: they say most about a text.
static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let mut forms: Vec<Form> = KNOWN.iter().flat_map(|source| forms(source)).collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.fixed()));
    forms
});

/// Returns an English text in a language; a text of several sentences (`a; b`) sentence by sentence.
pub fn told(lang: Lang, english: &str) -> String {
    match lang {
        Lang::English => english.to_string(),
        Lang::Russian => russian(english),
    }
}

fn russian(english: &str) -> String {
    let parts = || {
        let parts = english.contains(BETWEEN).then(|| english.split(BETWEEN));
        parts.map(|parts| parts.map(part).collect::<Vec<_>>().join(BETWEEN))
    };
    let known = whole(english).or_else(|| known_head(english)).or_else(parts).or_else(|| known_rest(english));
    known.unwrap_or_else(|| match english.contains(' ') {
        true => figure(Lang::Russian, english),
        // A figure without its unit may be a version.
        false => english.to_string(),
    })
}

/// Stands between sentences, and never in a value.
const BETWEEN: &str = "; ";

fn whole(english: &str) -> Option<String> {
    find(english).map(|(id, values)| say(Lang::Russian, id, &values))
}

/// Returns one of several sentences; a part that only follows another one begins with what stands between.
fn part(english: &str) -> String {
    let follows = || Some(whole(&format!("{BETWEEN}{english}"))?.trim_start_matches(BETWEEN).to_string());
    whole(english)
        .or_else(follows)
        .or_else(|| known_head(english))
        .or_else(|| known_rest(english))
        .unwrap_or_else(|| english.to_string())
}

/// Stands between what happened and its cause.
const CAUSE: &str = ": ";

/// The places where a text may go on with a cause: what stands before, and after.
fn causes(english: &str) -> impl Iterator<Item = (&str, &str)> {
    english.match_indices(CAUSE).map(|(at, _)| (&english[..at], &english[at + CAUSE.len()..]))
}

/// Returns what happened with its causes, where what happened is known.
fn known_head(english: &str) -> Option<String> {
    causes(english).find_map(|(head, rest)| Some(format!("{}{CAUSE}{}", whole(head)?, russian(rest))))
}

/// Returns a text of which only the end is known: the name that a line begins with, and the words of another program, stay.
fn known_rest(english: &str) -> Option<String> {
    let (head, rest) = causes(english).next()?;
    let told = russian(rest);
    (told != rest).then(|| format!("{head}{CAUSE}{told}"))
}

impl Sentence {
    /// Returns the text in a language.
    pub fn told(&self, lang: Lang) -> String {
        self.said_in(lang).unwrap_or_else(|| told(lang, self))
    }
}

/// Values that are shown as they are.
const NAMES: [&str; 6] = ["ctx", "port", "uid", "gid", "status", "wanted"];

/// Returns the message of which `english` is a form, and its values as the language writes them.
fn find(english: &str) -> Option<(&'static str, Vec<(&'static str, Value)>)> {
    let known = |form: &'static Form| {
        form.values(english).filter(|values| form.is_sure(values)).map(|values| (form, values))
    };
    let (form, values) = FORMS.iter().find_map(known)?;
    let value = |text: &str| match text.parse::<u64>() {
        // A mode such as 0750 is no number.
        Ok(count) if count.to_string() == text => Value::Count(count),
        _ if figure(Lang::Russian, text) != text => Value::figure(text),
        _ => Value::Text(told(Lang::Russian, text)),
    };
    // Versions, ports and values of flags are no numbers, though they may look like some.
    let is_name = |name: &str| name.starts_with("version") || NAMES.contains(&name);
    let value = |name: &str, text: &str| if is_name(name) { Value::from(text) } else { value(text) };
    Some((&form.id, values.into_iter().map(|(name, text)| (name, value(name, text))).collect()))
}

impl Form {
    /// Number of characters that are the same in every text of this form.
    fn fixed(&self) -> usize {
        let length = |part: &Part| if let Part::Fixed(text) = part { text.len() } else { 0 };
        self.parts.iter().map(length).sum()
    }

    /// Whether the text says enough to be taken for this form: where little text is fixed, values are single words.
    fn is_sure(&self, values: &[(&str, &str)]) -> bool {
        /// Characters of fixed text from which on values may be anything.
        const ENOUGH: usize = 10;
        let plain = |text: &str| {
            let one_word = !text.is_empty() && !text.contains(' ');
            one_word || figure(Lang::Russian, text) != text || whole(text).is_some()
        };
        let ends_empty = |index: usize, text: &str| text.is_empty() && index + 1 == values.len();
        // A period decides the form of its message, so it is a word.
        let period_is_word = |(name, text): &(&str, &str)| *name != "period" || plain(text);
        values.iter().all(period_is_word) && self.fixed() >= ENOUGH
            || values.iter().enumerate().all(|(index, (_, text))| plain(text) || ends_empty(index, text))
    }

    /// Whether a value at the end follows a colon.
    fn ends_with_reason(&self) -> bool {
        match self.parts.as_slice() {
            [.., Part::Fixed(before), Part::Value(_)] => before.ends_with(CAUSE),
            [.., Part::Value(_), Part::Value(_)] => true,
            _ => false,
        }
    }

    /// Returns the values with which the form is `text`; each ends at the first place where what follows it begins.
    fn values<'t>(&self, text: &'t str) -> Option<Vec<(&'static str, &'t str)>> {
        let (mut rest, mut values) = (text, Vec::new());
        let mut open: Option<&'static str> = None;
        for (index, part) in self.parts.iter().enumerate() {
            match (part, open.take()) {
                (Part::Value(name), None) => open = Some(name),
                // Two values without a text between them cannot be told apart: the second is empty.
                (Part::Value(name), Some(before)) => {
                    values.push((*name, ""));
                    open = Some(before);
                }
                (Part::Fixed(fixed), None) => rest = rest.strip_prefix(fixed.as_str())?,
                (Part::Fixed(fixed), Some(name)) => {
                    let last = index + 1 == self.parts.len();
                    let at = if last {
                        rest.strip_suffix(fixed.as_str())?.len()
                    } else {
                        rest.find(fixed.as_str())?
                    };
                    // Several causes are the subject of a sentence only where it goes on with a sign.
                    let value = whole_value(&rest[..at])?;
                    if index == 1 && value.contains(CAUSE) && !fixed.starts_with([';', ',', '.']) {
                        return None;
                    }
                    values.push((name, value));
                    rest = &rest[at + fixed.len()..];
                }
            }
        }
        match open {
            // A name at the end has no cause after it; a reason may.
            Some(_) if !self.ends_with_reason() && rest.contains(CAUSE) => return None,
            // A reason that is one sentence may have its own "; ".
            Some(name) if self.ends_with_reason() && whole(rest).is_some() => values.push((name, rest)),
            Some(name) => values.push((name, whole_value(rest)?)),
            None if !rest.is_empty() => return None,
            None => {}
        }
        Some(values)
    }
}

/// `None` for a text of several sentences, which is no value.
fn whole_value(text: &str) -> Option<&str> {
    (!text.contains(BETWEEN)).then_some(text)
}

/// Characters of fixed text that a form with values has; one with less is found in anything.
const LEAST: usize = 4;

/// Returns the forms of every message of a source.
fn forms(source: &'static str) -> Vec<Form> {
    let resource =
        fluent_syntax::parser::parse(source).unwrap_or_else(|(_, errors)| panic!("locales: {errors:?}"));
    let messages = resource.body.iter().filter_map(|entry| match entry {
        Entry::Message(message) => Some((message.id.name, message.value.as_ref()?)),
        _ => None,
    });
    messages
        .flat_map(|(id, pattern)| {
            written(pattern).into_iter().map(|parts| Form { id: id.to_string(), parts: joined(parts) })
        })
        .filter(|form| form.fixed() >= LEAST || !form.parts.iter().any(|part| matches!(part, Part::Value(_))))
        .collect()
}

/// Returns every form of a pattern: one for each choice of its variants.
fn written(pattern: &Pattern<&'static str>) -> Vec<Vec<Part>> {
    let mut all = vec![Vec::new()];
    for element in &pattern.elements {
        let next: Vec<Vec<Part>> = match element {
            PatternElement::TextElement { value } => vec![vec![Part::Fixed(value.to_string())]],
            PatternElement::Placeable { expression: Expression::Select { variants, .. } } => {
                variants.iter().flat_map(|variant| written(&variant.value)).collect()
            }
            PatternElement::Placeable { expression: Expression::Inline(inline) } => match inline {
                InlineExpression::VariableReference { id } => vec![vec![Part::Value(id.name)]],
                InlineExpression::StringLiteral { value } => vec![vec![Part::Fixed(value.to_string())]],
                other => panic!("locales/en: {other:?} is not taken apart"),
            },
        };
        let with = |before: &Vec<Part>| {
            next.iter().map(|part| [before.as_slice(), part].concat()).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(with).collect();
    }
    all
}

/// Joins fixed texts that follow each other.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut all: Vec<Part> = Vec::new();
    for part in parts {
        match (all.last_mut(), part) {
            (Some(Part::Fixed(before)), Part::Fixed(text)) => before.push_str(&text),
            (_, part) => all.push(part),
        }
    }
    all
}
