//! The messages of each language, each read when it is first wanted.

use super::figure::figure;
use super::language::Lang;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};
use unic_langid::LanguageIdentifier;

/// The files of one language.
macro_rules! files {
    ($code:literal: $($name:literal)*) => {
        &[$(include_str!(concat!("../../locales/", $code, "/", $name, ".ftl"))),*]
    };
}

/// Files of the reference whose sentences are found again in text ([`super::known`]): what plans, agents and errors say.
pub(super) const KNOWN: &[&str] = files!("en": "reasons" "host" "errors" "said");
/// Messages that data names.
const OF_DATA: &str = include_str!("../../locales/en/data.ftl");
const ENGLISH: &[&str] =
    files!("en": "page" "reasons" "data" "client" "host" "errors" "suggest" "explain" "html" "levels" "said");
const RUSSIAN: &[&str] =
    files!("ru": "page" "reasons" "data" "client" "host" "errors" "suggest" "explain" "html" "levels" "said");

/// Returns the sources of a language.
pub(super) fn sources(lang: Lang) -> &'static [&'static str] {
    match lang {
        Lang::English => ENGLISH,
        Lang::Russian => RUSSIAN,
    }
}

type Bundle = FluentBundle<FluentResource>;

/// The messages of a language: those that were wanted once, the text of others, and the files that were not looked into.
struct Catalog {
    read: Bundle,
    unread: HashMap<&'static str, &'static str>,
    closed: std::slice::Iter<'static, &'static str>,
}

static CATALOGS: [LazyLock<RwLock<Catalog>>; 2] = [
    LazyLock::new(|| RwLock::new(Catalog::new(Lang::English))),
    LazyLock::new(|| RwLock::new(Catalog::new(Lang::Russian))),
];

impl Catalog {
    fn new(lang: Lang) -> Catalog {
        let code: LanguageIdentifier = lang.code().parse().expect("the code of a language is one");
        let mut read = FluentBundle::new_concurrent(vec![code]);
        // Marks of direction around each value are for pages that mix scripts of both; a terminal shows them.
        read.set_use_isolating(false);
        if lang == Lang::Russian {
            read.set_formatter(Some(|value, _| match value {
                FluentValue::Number(number) => Some(figure(Lang::Russian, &number.as_string())),
                _ => None,
            }));
        }
        Catalog { read, unread: HashMap::new(), closed: sources(lang).iter() }
    }

    /// Looks into files until the message is found, the next one first: a plan needs few of them.
    fn find(&mut self, id: &str) -> bool {
        while !self.unread.contains_key(id) {
            let Some(source) = self.closed.next() else { return false };
            self.unread.extend(entries(source));
        }
        true
    }

    /// Reads a message that was not wanted before: reading them all takes longer than a plan.
    fn read(&mut self, id: &str) {
        if !self.find(id) {
            return;
        }
        let Some(text) = self.unread.remove(id) else { return };
        let resource = FluentResource::try_new(text.to_string());
        let resource = resource.unwrap_or_else(|(_, errors)| panic!("locales: {id}: {errors:?}"));
        self.read.add_resource(resource).unwrap_or_else(|errors| panic!("locales: {id}: {errors:?}"));
    }
}

/// Returns the messages of a source with their names, unread: each begins at a line that begins with a letter, and goes on
/// to the next one or to a comment.
pub(super) fn entries(source: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let begins = |line: &str| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '#');
    let (mut starts, mut at) = (Vec::new(), 0);
    for line in source.split_inclusive('\n') {
        if begins(line) {
            starts.push(at);
        }
        at += line.len();
    }
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([source.len()]).collect();
    starts.into_iter().zip(ends).filter_map(|(start, end)| {
        let text = &source[start..end];
        let (id, _) = text.split_once('=').filter(|_| !text.starts_with('#'))?;
        Some((id.trim_end(), text))
    })
}

/// Whether data names a message so.
pub(super) fn has(id: &str) -> bool {
    entries(OF_DATA).any(|(known, _)| known == id)
}

/// Returns a message with its values. The name of one that is missing stands for it; a test finds such names.
pub(super) fn format(lang: Lang, id: &str, arguments: &FluentArgs) -> String {
    let catalog = &*CATALOGS[lang as usize];
    let known = catalog.read().unwrap_or_else(PoisonError::into_inner);
    let known = match known.read.has_message(id) {
        true => known,
        false => {
            drop(known);
            catalog.write().unwrap_or_else(PoisonError::into_inner).read(id);
            catalog.read().unwrap_or_else(PoisonError::into_inner)
        }
    };
    let Some(pattern) = known.read.get_message(id).and_then(|message| message.value()) else {
        debug_assert!(false, "no message {id}");
        return id.to_string();
    };
    let mut errors = Vec::new();
    let text = known.read.format_pattern(pattern, Some(arguments), &mut errors).into_owned();
    debug_assert!(errors.is_empty(), "{id}: {errors:?}");
    text
}
