//! Holds the languages to each other, and the code to the messages.

use super::catalog::{KNOWN, entries, sources};
use super::language::Lang;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Names of the values of every message, and of each of its variants.
fn messages(sources: &[&'static str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for source in sources {
        let resource =
            fluent_syntax::parser::parse(*source).unwrap_or_else(|(_, errors)| panic!("{errors:?}"));
        for entry in &resource.body {
            if let Entry::Message(message) = entry {
                let mut values = BTreeSet::new();
                named(message.value.as_ref().unwrap(), &mut values);
                let before = all.insert(message.id.name.to_string(), values);
                assert!(before.is_none(), "{} is there twice", message.id.name);
            }
        }
    }
    all
}

fn named(pattern: &Pattern<&str>, values: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { .. } => {}
            PatternElement::Placeable { expression: Expression::Inline(inline) } => value(inline, values),
            PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                value(selector, values);
                variants.iter().for_each(|variant| named(&variant.value, values));
            }
        }
    }
}

fn value(inline: &InlineExpression<&str>, values: &mut BTreeSet<String>) {
    if let InlineExpression::VariableReference { id } = inline {
        values.insert(id.name.to_string());
    }
}

/// Every Rust file of src/.
fn code() -> String {
    fn below(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, all);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                *all += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let mut all = String::new();
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    all
}

#[test]
fn each_message_is_found_alone_in_its_file() {
    for lang in Lang::ALL {
        for source in sources(lang) {
            let alone: Vec<(&str, &str)> = entries(source).collect();
            let ids: BTreeSet<String> = alone.iter().map(|(id, _)| id.to_string()).collect();
            assert_eq!(ids, messages(&[source]).into_keys().collect());
            for (id, text) in alone {
                assert_eq!(messages(&[text]).keys().collect::<Vec<_>>(), [id], "{text}");
            }
        }
    }
}

#[test]
fn every_message_is_translated_with_the_same_values() {
    let [english, russian] = Lang::ALL.map(|lang| messages(sources(lang)));
    for (id, values) in &english {
        let translated = russian.get(id).unwrap_or_else(|| panic!("{id} lacks its Russian text"));
        assert_eq!(values, translated, "values of {id} differ in locales/en and locales/ru");
    }
    let unknown: Vec<_> = russian.keys().filter(|id| !english.contains_key(*id)).collect();
    assert!(unknown.is_empty(), "in locales/ru and not in the reference: {unknown:?}");
}

#[test]
fn a_russian_text_has_cyrillic_letters() {
    let same =
        ["range", "plan-flash-attention", "plan-label-rag", "plan-column-rag", "html-offer", "explain-rate"];
    for source in sources(Lang::Russian) {
        let resource = fluent_syntax::parser::parse(*source).unwrap();
        for entry in &resource.body {
            let Entry::Message(message) = entry else { continue };
            let text = format!("{:?}", message.value);
            let russian = text.contains(|c: char| ('а'..='я').contains(&c) || ('А'..='Я').contains(&c));
            assert!(russian || same.contains(&message.id.name), "{}: {text}", message.id.name);
        }
    }
}

#[test]
fn every_message_is_used_and_every_used_one_is_there() {
    /// Messages that data names: profiles/levels.toml, the profiles themselves, and those of locales/en/data.ftl.
    /// The words of systemd, clap and the system; and what is taken from the code, which tests/errors holds to it.
    const OF_DATA: [&str; 10] =
        ["level-", "claim-", "profile-", "advisory-", "source-", "state-", "clap-", "word-", "os-", "said-"];
    let (code, english) = (code(), messages(sources(Lang::English)));
    for id in english.keys() {
        let of_data = OF_DATA.iter().any(|prefix| id.starts_with(prefix));
        assert!(of_data || code.contains(&format!("\"{id}\"")), "no code says {id}");
    }
    for call in ["sentence!(", "tr!(", "english!("] {
        for after in code.split(call).skip(1) {
            let mut quoted = after.split('"');
            let (before, Some(id)) = (quoted.next().unwrap_or_default(), quoted.next()) else { continue };
            // An id that is a literal stands first, after the language.
            if before.chars().all(|c| c.is_alphanumeric() || " \n,._".contains(c))
                && !id.contains(['$', ' ', '.', '/'])
            {
                assert!(english.contains_key(id), "no message {id}");
            }
        }
    }
}

#[test]
fn a_sentence_is_found_again_by_its_english_text() {
    for (english, russian) in [
        (
            "host is short of 11.6 GiB: it needs 26.9 GiB and has 15.4 GiB",
            "в ОЗУ не хватает 11,6\u{a0}ГиБ: нужно 26,9\u{a0}ГиБ, есть 15,4\u{a0}ГиБ",
        ),
        (
            "21 of 40 layers stay on the CPU: the GPU has no room for them",
            "21 из 40 слоёв остаётся на процессоре: на видеокарте для них нет места",
        ),
        (
            "root@a: step model: downloading a.gguf stopped: no answer within 30 s",
            "root@a: шаг model: скачивание a.gguf остановилось: нет ответа за 30 с",
        ),
        (
            "error: invalid value '3' for '--budget <B>': \"3\" has no period: 3/month or 3/hour",
            "ошибка: неверное значение '3' для '--budget <B>': в 3 нет периода: 3/month или 3/hour",
        ),
        ("tiny F32: active, ready", "tiny F32: работает, готов"),
        ("reading /etc/a: Permission denied (os error 13)", "чтение /etc/a: доступ запрещён (ошибка ОС 13)"),
        (
            "restart a.service, because the model and the unit change",
            "перезапустить a.service, потому что меняются model и unit",
        ),
        (
            "decode reached 12.3 tokens/s; the plan expected 13.0 to 14.5",
            "генерация: 12,3 токенов/с; по плану от 13,0 до 14,5",
        ),
        ("reading /etc/a: the disk says no", "чтение /etc/a: the disk says no"),
        ("no message says this", "no message says this"),
        ("", ""),
    ] {
        assert_eq!(super::told(Lang::Russian, english), russian);
        assert_eq!(super::told(Lang::English, english), english);
    }
}

/// Messages with too little text to be known by.
const TOO_SHORT: [&str; 2] = ["budget-limit", "beyond-budget-converted"];

#[test]
fn every_known_message_is_found_again_as_itself() {
    for (id, names) in messages(KNOWN).into_iter().filter(|(id, _)| !TOO_SHORT.contains(&id.as_str())) {
        let values: Vec<(&'static str, super::Value)> = names
            .iter()
            .map(|name| (&*name.clone().leak(), super::Value::from(format!("<{name}>"))))
            .collect();
        let [english, russian] = Lang::ALL.map(|lang| super::say(lang, &id, &values));
        assert_eq!(super::told(Lang::Russian, &english), russian, "{id}: {english}");
    }
}
