//! Reads settings from a file in TOML: each with its line, nothing unknown, no secret.

use super::setting::{Kind, Place, SETTINGS, Setting};
use crate::home;
use crate::model::registry::nearest;
use crate::outside::{quoted, steers};
use crate::ssh::Target;
use std::collections::BTreeSet;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A setting as a file has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Setting of the line.
    pub setting: &'static Setting,
    /// Its values, as they would be typed.
    pub values: Vec<String>,
    /// From 1.
    pub number: usize,
}

/// Why a file is refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    /// From 1.
    pub line: usize,
    /// In words, without the file's name.
    pub why: String,
    /// Next step.
    pub hint: String,
}

/// Kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A project's, which others may have written.
    Project,
    /// The user's own.
    User,
}

/// Words of keys that would hold a secret. A path to a key (`tls_key`, `identity`) is none.
const SECRETS: [&str; 8] =
    ["password", "passphrase", "token", "secret", "api_key", "private_key", "passwd", "credential"];

/// Reads the settings in `text`. Relative paths lie in `folder`.
pub fn parse(text: &str, folder: &Path, whose: Whose) -> Result<Vec<Line>, Refused> {
    let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let parsed = DeTable::parse(text).map_err(|error| Refused {
        line: error.span().map_or(1, |span| line(span.start)),
        why: format!("it is not TOML: {}", error.message()),
        hint: "a value in quotes after a key and =, one on each line: model = \"saiga-8b\"".to_string(),
    })?;
    let mut lines = Vec::new();
    for (key, value) in parsed.get_ref() {
        let number = line(key.span().start);
        let name: &str = key.get_ref();
        if let Some(setting) = find("", name) {
            lines.push(read(setting, value, folder, whose, number)?);
            continue;
        }
        let Some(table) = tables().find(|table| *table == name) else {
            return Err(match value.get_ref().is_table() {
                true => unknown_table(name, number),
                false => unknown("", name, number),
            });
        };
        let Some(below) = value.get_ref().as_table() else {
            return Err(Refused {
                line: number,
                why: format!("{table} is a table"),
                hint: format!("write [{table}] on a line of its own, and its keys below"),
            });
        };
        for (key, value) in below {
            let number = line(key.span().start);
            let name: &str = key.get_ref();
            let Some(setting) = find(table, name) else { return Err(unknown(table, name, number)) };
            lines.push(read(setting, value, folder, whose, number)?);
        }
    }
    lines.sort_by_key(|line| line.number);
    Ok(lines)
}

fn find(table: &str, key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.table == table && setting.key == key)
}

fn tables() -> impl Iterator<Item = &'static str> {
    let all: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.table).collect();
    all.into_iter().filter(|table| !table.is_empty())
}

fn unknown_table(name: &str, line: usize) -> Refused {
    let hint = match nearest(name, tables()).first() {
        Some(near) => format!("did you mean [{near}]?"),
        None => format!("the tables are {}", tables().collect::<Vec<_>>().join(", ")),
    };
    Refused { line, why: format!("unknown table {}", quoted(name)), hint }
}

/// Refuses a key that is no setting: as a secret, as one of another table, or with the nearest names.
fn unknown(table: &str, key: &str, line: usize) -> Refused {
    let lower = key.to_lowercase().replace('-', "_");
    if SECRETS.iter().any(|word| lower.contains(word)) {
        return Refused {
            line,
            why: format!("{} would be a secret, and this file is kept and shared", quoted(key)),
            hint: "give it when it is asked for, with --password-stdin and the like, or in the environment: \
                   AGI_PROVISION_PASSWORD, AGI_PROVISION_SUDO_PASSWORD, AGI_PROVISION_PASSPHRASE, HF_TOKEN"
                .to_string(),
        };
    }
    let place = |setting: &Setting| match setting.table {
        "" => format!("{} above the first [table]", setting.key),
        table => format!("{} in [{table}]", setting.key),
    };
    let here = |setting: &&Setting| setting.table == table;
    let elsewhere = SETTINGS.iter().find(|setting| setting.key == lower || setting.flag == key);
    let hint = match elsewhere {
        Some(setting) => format!("it is {}", place(setting)),
        None => match nearest(key, SETTINGS.iter().map(|setting| setting.key)).as_slice() {
            [] => {
                let known: Vec<&str> = SETTINGS.iter().filter(here).map(|setting| setting.key).collect();
                format!("known here: {}; docs/project.md has all", known.join(", "))
            }
            near => {
                let of = |key: &String| SETTINGS.iter().find(|setting| setting.key == key).map(place);
                let near: Vec<String> = near.iter().filter_map(of).collect();
                format!("did you mean {}?", near.join(", or "))
            }
        },
    };
    let within = if table.is_empty() { String::new() } else { format!(" in [{table}]") };
    Refused { line, why: format!("unknown key {}{within}", quoted(key)), hint }
}

fn read(
    setting: &'static Setting,
    value: &Spanned<DeValue<'_>>,
    folder: &Path,
    whose: Whose,
    line: usize,
) -> Result<Line, Refused> {
    if let (Whose::Project, Place::User(why)) = (whose, setting.place) {
        return Err(Refused {
            line,
            why: format!("a project's file may not set {}: {why}", setting.key),
            hint: format!(
                "give --{}, {} or the same key in ~/.config/agi-provision/config.toml",
                setting.flag,
                setting.variable()
            ),
        });
    }
    let wrong = |why: String| Refused {
        line,
        why: format!("{}: {why}", setting.key),
        hint: format!("it takes {}", setting.kind.wanted()),
    };
    let one = |value: &DeValue<'_>| one(setting.kind, value, folder).map_err(wrong);
    let values = match value.get_ref() {
        DeValue::Array(list) if setting.kind.is_list() => {
            list.iter().map(|value| one(value.get_ref())).collect::<Result<Vec<_>, _>>()?
        }
        value => vec![one(value)?],
    };
    match values.is_empty() {
        true => Err(wrong("the list is empty".to_string())),
        false => Ok(Line { setting, values, number: line }),
    }
}

/// Returns a value as it would be typed.
fn one(kind: Kind, value: &DeValue<'_>, folder: &Path) -> Result<String, String> {
    let found = || format!("found {}", article(value.type_str()));
    let text = match (kind, value) {
        (Kind::Whole, DeValue::Integer(number)) if number.radix() == 10 => {
            return Ok(number.as_str().to_string());
        }
        (Kind::Decimal, DeValue::Integer(number)) if number.radix() == 10 => {
            return Ok(number.as_str().to_string());
        }
        (Kind::Decimal, DeValue::Float(number)) => return Ok(number.as_str().to_string()),
        (Kind::Switch, DeValue::Boolean(on)) => return Ok(on.to_string()),
        (Kind::OnOff, DeValue::Boolean(on)) => return Ok(if *on { "on" } else { "off" }.to_string()),
        (Kind::Whole | Kind::Decimal | Kind::Switch, _) => return Err(found()),
        (_, DeValue::String(text)) => text.as_ref(),
        _ => return Err(found()),
    };
    typed(kind, text, folder)
}

fn article(what: &str) -> String {
    format!("{} {what}", if what.starts_with(['a', 'i', 'o']) { "an" } else { "a" })
}

/// Returns text of a file or a variable as it would be typed, paths located.
pub fn typed(kind: Kind, text: &str, folder: &Path) -> Result<String, String> {
    if text.is_empty() {
        return Err("it is empty".to_string());
    }
    if text.contains(steers) {
        return Err(format!("{} has a character that nobody sees", quoted(text)));
    }
    let located = |text: &str| home::located(folder, Path::new(text)).to_string_lossy().into_owned();
    match kind {
        Kind::Path | Kind::Paths => Ok(located(text)),
        Kind::Model if text.to_ascii_lowercase().ends_with(".gguf") && !text.contains(':') => {
            Ok(located(text))
        }
        Kind::Hosts => match Target::parse(text) {
            Ok(_) => Ok(text.to_string()),
            Err(error) => Err(format!("{error:#}")),
        },
        _ => Ok(text.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(text: &str) -> Result<Vec<Line>, Refused> {
        parse(text, Path::new("/work/shop"), Whose::Project)
    }

    #[test]
    fn every_kind_of_value_is_read_with_its_line() {
        let text = "model = \"./models/a.gguf\"\nhosts = [\"root@203.0.113.7\", \"b:22\"]\n\n[constraints]\n\
                    ctx = 8_192 # tokens\nmin_speed = 7.5\nrag = false\nflash_attn = true\n\
                    budget = \"300/month\"\n[exposure]\nranges = \"10.0.0.0/8\"\n[connection]\n\
                    identity = [\"/k/a\", \"b\"]\n";
        let lines = project(text).unwrap();
        let read: Vec<(String, Vec<&str>, usize)> = lines
            .iter()
            .map(|line| (line.setting.name(), line.values.iter().map(String::as_str).collect(), line.number))
            .collect();
        let wanted = [
            ("model", vec!["/work/shop/./models/a.gguf"], 1),
            ("hosts", vec!["root@203.0.113.7", "b:22"], 2),
            ("constraints.ctx", vec!["8192"], 5),
            ("constraints.min_speed", vec!["7.5"], 6),
            ("constraints.rag", vec!["false"], 7),
            ("constraints.flash_attn", vec!["on"], 8),
            ("constraints.budget", vec!["300/month"], 9),
            ("exposure.ranges", vec!["10.0.0.0/8"], 11),
            ("connection.identity", vec!["/k/a", "/work/shop/b"], 13),
        ];
        assert_eq!(read, wanted.map(|(name, values, line)| (name.to_string(), values, line)));
        for name in ["saiga-8b", "hf:owner/repository:x.gguf", "https://host/x.gguf"] {
            let lines = project(&format!("model = \"{name}\"")).unwrap();
            assert_eq!(lines[0].values, [name]);
        }
    }

    #[test]
    fn mistakes_are_told_with_line_and_remedy() {
        for (text, line, why, hint) in [
            ("\nmodle = \"a\"", 2, "unknown key \"modle\"", "did you mean model above the first [table]?"),
            ("[constraints]\nctxt = 1", 2, "unknown key \"ctxt\" in [constraints]", "ctx in [constraints]"),
            ("ctx = 1", 1, "unknown key \"ctx\"", "it is ctx in [constraints]"),
            ("[constraints]\nkv-type = \"f16\"", 2, "\"kv-type\"", "it is kv_type in [constraints]"),
            ("host = \"a\"", 1, "unknown key \"host\"", "it is hosts above the first [table]"),
            ("zzzz = 1", 1, "unknown key", "known here: model, hosts, inventory"),
            ("[constraint]\nctx = 1", 1, "unknown table \"constraint\"", "did you mean [constraints]?"),
            ("[zzz]\nctx = 1", 1, "unknown table \"zzz\"", "the tables are apply, connection"),
            ("constraints = 1", 1, "constraints is a table", "[constraints]"),
            ("[constraints]\nctx = \"8192\"", 2, "ctx: found a string", "a whole number"),
            ("[constraints]\nctx = 0x20", 2, "ctx: found an integer", "a whole number"),
            ("[constraints]\nrag = \"yes\"", 2, "rag: found a string", "true or false"),
            ("model = [\"a\"]", 1, "model: found an array", "a model's name"),
            ("model = \"\"", 1, "model: it is empty", "a model's name"),
            ("hosts = []", 1, "hosts: the list is empty", "a host such as"),
            ("hosts = [\"-oProxyCommand=x\"]", 1, "hosts: ", "a host such as"),
            ("model = \"a\\u001b[2J\"", 1, "a character that nobody sees", "a model's name"),
            ("password = \"x\"", 1, "would be a secret", "--password-stdin"),
            ("[connection]\nsudo-password = \"x\"", 2, "would be a secret", "AGI_PROVISION_SUDO_PASSWORD"),
            ("[apply]\nhf_token = \"x\"", 2, "would be a secret", "HF_TOKEN"),
            ("[connection]\nssh_config = \"x\"", 2, "may not set ssh_config", "--ssh-config"),
            ("[connection]\nagent = \"x\"", 2, "as root on every host", "AGI_PROVISION_AGENT"),
            ("model = \"a\"\nmodel = \"b\"", 2, "not TOML: duplicate key", "in quotes"),
            ("model = a", 1, "not TOML", "in quotes"),
            ("", 0, "", ""),
        ] {
            match project(text) {
                Ok(lines) => assert!(lines.is_empty() && text.is_empty(), "{text}"),
                Err(refused) => {
                    assert_eq!(refused.line, line, "{text}: {refused:?}");
                    assert!(refused.why.contains(why) && refused.hint.contains(hint), "{text}: {refused:?}");
                }
            }
        }
        let own = parse("[connection]\nssh_config = \"~/x\"", Path::new("/c"), Whose::User).unwrap();
        assert_eq!(own[0].setting.flag, "ssh-config");
    }
}
