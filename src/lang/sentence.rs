//! A sentence for people: a message with its values.

use super::catalog;
use super::figure::figure;
use super::language::Lang;
use fluent_bundle::{FluentArgs, FluentValue};
use serde::{Deserialize, Serialize};
use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Deref;

/// Value of a message.
#[derive(Clone, Debug)]
pub enum Value {
    /// Name, path or the like, the same in every language.
    Text(String),
    /// Number that the language counts with: `1 slot`, `2 slots`.
    Count(u64),
    /// Figure as English writes it, with its unit or without: `11.6 GiB`.
    Figure(String),
    /// Another sentence, or a part of one.
    Sentence(Sentence),
}

impl Value {
    /// Returns a figure, as [`crate::units`] writes it.
    pub fn figure(english: impl Into<String>) -> Value {
        Value::Figure(english.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_string())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Value {
        Value::Count(count)
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Value {
        Value::Count(count as u64)
    }
}

impl From<Sentence> for Value {
    fn from(sentence: Sentence) -> Value {
        Value::Sentence(sentence)
    }
}

impl From<Option<Sentence>> for Value {
    fn from(part: Option<Sentence>) -> Value {
        Value::Sentence(part.unwrap_or_default())
    }
}

/// A sentence, or a part of one. It is its English text for every reader of a document: it compares, prints and is
/// written to JSON as that. One that was made here keeps its message, for [`Sentence::told`].
#[derive(Clone, Debug, Default)]
pub struct Sentence {
    english: String,
    said: Option<Said>,
}

/// A message with its values; without a name, its values alone.
#[derive(Clone, Debug)]
struct Said {
    id: Cow<'static, str>,
    values: Vec<(&'static str, Value)>,
}

impl Said {
    fn said(&self, lang: Lang) -> String {
        let value = |(_, value): &(&str, Value)| match value {
            Value::Figure(english) => figure(lang, english),
            Value::Text(text) => text.clone(),
            Value::Count(count) => figure(lang, &count.to_string()),
            Value::Sentence(part) => part.said_in(lang).unwrap_or_else(|| part.english.clone()),
        };
        match self.id.is_empty() {
            true => self.values.iter().map(value).collect(),
            false => say(lang, &self.id, &self.values),
        }
    }
}

impl Sentence {
    /// Returns the message of that name with its values; `sentence!` is its short form.
    pub fn new(id: impl Into<Cow<'static, str>>, values: Vec<(&'static str, Value)>) -> Sentence {
        let id = id.into();
        Sentence { english: say(Lang::English, &id, &values), said: Some(Said { id, values }) }
    }

    /// Returns a text that is the same in every language: a name, a path, a flag.
    pub fn same(text: impl Into<String>) -> Sentence {
        let english = text.into();
        let said = Said { id: Cow::Borrowed(""), values: vec![("", Value::Text(english.clone()))] };
        Sentence { english, said: Some(said) }
    }

    /// Returns a figure that stands alone, which each language writes in its own way: `11.6 GiB`.
    pub fn figure(english: impl Into<String>) -> Sentence {
        let english = english.into();
        let said = Said { id: Cow::Borrowed(""), values: vec![("", Value::figure(english.clone()))] };
        Sentence { english, said: Some(said) }
    }

    /// Returns a sentence of which only the English text is known.
    pub(super) fn english(text: String) -> Sentence {
        Sentence { english: text, said: None }
    }

    /// Returns the text in a language, if the sentence was made here.
    pub(super) fn said_in(&self, lang: Lang) -> Option<String> {
        match (lang, &self.said) {
            (Lang::English, _) => Some(self.english.clone()),
            (Lang::Russian, Some(said)) => Some(said.said(lang)),
            (Lang::Russian, None) => self.english.is_empty().then(String::new),
        }
    }
}

/// Returns a message in a language; `tr!` is its short form.
pub fn say(lang: Lang, id: &str, values: &[(&'static str, Value)]) -> String {
    let mut arguments = FluentArgs::with_capacity(values.len());
    for (name, value) in values {
        arguments.set(
            *name,
            match value {
                Value::Text(text) => FluentValue::from(text.clone()),
                Value::Count(count) => FluentValue::from(*count),
                Value::Figure(english) => FluentValue::from(figure(lang, english)),
                Value::Sentence(part) => {
                    FluentValue::from(part.said_in(lang).unwrap_or_else(|| part.english.clone()))
                }
            },
        );
    }
    catalog::format(lang, id, &arguments)
}

impl Deref for Sentence {
    type Target = str;

    fn deref(&self) -> &str {
        &self.english
    }
}

/// For `join`.
impl Borrow<str> for Sentence {
    fn borrow(&self) -> &str {
        &self.english
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.english)
    }
}

impl PartialEq for Sentence {
    fn eq(&self, other: &Sentence) -> bool {
        self.english == other.english
    }
}

impl Eq for Sentence {}

impl PartialEq<str> for Sentence {
    fn eq(&self, other: &str) -> bool {
        self.english == other
    }
}

impl PartialEq<&str> for Sentence {
    fn eq(&self, other: &&str) -> bool {
        self.english == *other
    }
}

impl schemars::JsonSchema for Sentence {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Sentence".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

impl Serialize for Sentence {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.english)
    }
}

impl<'de> Deserialize<'de> for Sentence {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Sentence, D::Error> {
        String::deserialize(deserializer).map(Sentence::english)
    }
}
