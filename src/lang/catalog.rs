//! The messages of each language, read when the first of them is wanted.

use super::figure::figure;
use super::language::Lang;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// The files of one language.
macro_rules! files {
    ($code:literal: $($name:literal)*) => {
        &[$(include_str!(concat!("../../locales/", $code, "/", $name, ".ftl"))),*]
    };
}

/// Files of the reference whose sentences are found again in text ([`super::known`]): what plans and agents say.
pub(super) const KNOWN: &[&str] = files!("en": "reasons" "host");
const ENGLISH: &[&str] = files!("en": "reasons" "host" "page" "client" "levels");
const RUSSIAN: &[&str] = files!("ru": "reasons" "host" "page" "client" "levels");

/// Returns the sources of a language.
pub(super) fn sources(lang: Lang) -> &'static [&'static str] {
    match lang {
        Lang::English => ENGLISH,
        Lang::Russian => RUSSIAN,
    }
}

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: [LazyLock<Bundle>; 2] =
    [LazyLock::new(|| bundle(Lang::English)), LazyLock::new(|| bundle(Lang::Russian))];

fn bundle(lang: Lang) -> Bundle {
    let code: LanguageIdentifier = lang.code().parse().expect("the code of a language is one");
    let mut bundle = FluentBundle::new_concurrent(vec![code]);
    // Marks of direction around each value are for pages that mix scripts of both; a terminal shows them.
    bundle.set_use_isolating(false);
    if lang == Lang::Russian {
        bundle.set_formatter(Some(|value, _| match value {
            FluentValue::Number(number) => Some(figure(Lang::Russian, &number.as_string())),
            _ => None,
        }));
    }
    for source in sources(lang) {
        let resource = FluentResource::try_new(source.to_string());
        let resource = resource.unwrap_or_else(|(_, errors)| panic!("locales/{}: {errors:?}", lang.code()));
        bundle.add_resource(resource).unwrap_or_else(|errors| panic!("locales/{}: {errors:?}", lang.code()));
    }
    bundle
}

/// Returns a message with its values. The name of one that is missing stands for it; a test finds such names.
pub(super) fn format(lang: Lang, id: &str, arguments: &FluentArgs) -> String {
    let bundle = &*BUNDLES[lang as usize];
    let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
        debug_assert!(false, "no message {id}");
        return id.to_string();
    };
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(arguments), &mut errors).into_owned();
    debug_assert!(errors.is_empty(), "{id}: {errors:?}");
    text
}
