//! The arguments of a server as a type: read from a plan's list of texts or composed by its engine, through the same
//! gate, and rendered to argv once. An argument that is unknown, repeated, out of bounds, or ours to set and set
//! otherwise is refused by its name.

use super::grammar::{self, CARDS, Flag, Grammar, Kind, Row, TEXT, model_name, model_path};
use super::server::ServerName;
use crate::checked::FileName;
use crate::error::{Failure, Result};

/// Every argument of one server, in order. Address, port, key file and the model's folder are those of its
/// name: it holds no other.
#[derive(Clone, Debug)]
pub struct ServerArgs {
    grammar: &'static Grammar,
    server: ServerName,
    /// The model's first file; `None` where it is given a folder, or reads no model.
    model: Option<FileName>,
    args: Vec<Given>,
}

/// An argument and its value.
type Given = (Flag, Value);

impl PartialEq for ServerArgs {
    fn eq(&self, other: &ServerArgs) -> bool {
        let parts = |args: &ServerArgs| (args.engine(), args.server);
        parts(self) == parts(other) && self.model == other.model && self.args == other.args
    }
}

impl Eq for ServerArgs {}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Nothing,
    Whole(i64),
    Word(&'static str),
    Shares(Vec<u64>),
    Hundredths(u64),
    Text(String),
    /// Arguments of the program that this one starts.
    Inner(Vec<Given>),
    /// Follows from the server's name.
    Ours,
}

impl ServerArgs {
    /// The server that its key file and port are of.
    pub fn server(&self) -> ServerName {
        self.server
    }

    /// Name of the model's first file; `None` where it is given a folder, or reads no model.
    pub fn model(&self) -> Option<&FileName> {
        self.model.as_ref()
    }

    /// Name of the program that takes them.
    pub fn program(&self) -> &'static str {
        self.grammar.program
    }

    /// Name of the engine that takes them.
    pub fn engine(&self) -> &'static str {
        self.grammar.engine
    }

    /// Returns the value of an argument that is a whole number.
    pub(super) fn whole(&self, flag: Flag) -> Option<i64> {
        match self.value(flag) {
            Some(Value::Whole(number)) => Some(*number),
            _ => None,
        }
    }

    /// Returns the value of an argument that is a row of shares.
    pub(super) fn shares(&self, flag: Flag) -> Option<&[u64]> {
        match self.value(flag) {
            Some(Value::Shares(shares)) => Some(shares),
            _ => None,
        }
    }

    /// Returns the value of an argument that is a text.
    pub(super) fn line(&self, flag: Flag) -> Option<&str> {
        match self.value(flag) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns the value of an argument that is one of a few words.
    pub(super) fn word(&self, flag: Flag) -> Option<&'static str> {
        match self.value(flag) {
            Some(Value::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn value(&self, flag: Flag) -> Option<&Value> {
        let mut all = self.args.iter().chain(self.inner_args());
        all.find(|(known, _)| *known == flag).map(|(_, value)| value)
    }

    /// The arguments that are for the program that this one starts, in order.
    pub(super) fn inner(&self) -> impl Iterator<Item = Flag> {
        self.inner_args().map(|(flag, _)| *flag)
    }

    fn inner_args(&self) -> impl Iterator<Item = &Given> {
        self.args.iter().flat_map(|(_, value)| match value {
            Value::Inner(args) => args.as_slice(),
            _ => &[],
        })
    }

    /// The arguments that are given, in order.
    pub fn flags(&self) -> impl Iterator<Item = Flag> {
        self.args.iter().map(|(flag, _)| *flag)
    }

    /// Returns whether an argument only names the model.
    pub fn naming(&self, flag: Flag) -> bool {
        self.grammar.naming.contains(&flag)
    }

    /// Returns each argument with the text of its value; `None` after a switch.
    pub fn pairs(&self) -> impl Iterator<Item = (Flag, Option<String>)> {
        self.args.iter().map(|(flag, value)| (*flag, self.text(*flag, value)))
    }

    /// Returns the text of a value; `None` of a switch.
    fn text(&self, flag: Flag, value: &Value) -> Option<String> {
        match value {
            Value::Nothing => None,
            Value::Whole(number) => Some(number.to_string()),
            Value::Word(word) => Some(word.to_string()),
            Value::Shares(shares) => Some(joined(shares)),
            Value::Hundredths(number) => Some(hundredths(*number)),
            Value::Text(text) => Some(text.clone()),
            Value::Inner(args) => {
                let texts = |(flag, value): &Given| {
                    std::iter::once(flag.name().to_string()).chain(self.text(*flag, value))
                };
                Some(args.iter().flat_map(texts).collect::<Vec<_>>().join(" "))
            }
            Value::Ours => (self.grammar.ours)(flag, self.server, self.model.as_deref().unwrap_or_default()),
        }
    }

    /// Returns the arguments as the engine's program gets them, without its name.
    pub fn to_argv(&self) -> Vec<String> {
        self.pairs().flat_map(|(flag, text)| std::iter::once(flag.name().to_string()).chain(text)).collect()
    }

    /// Reads a plan's list of texts.
    ///
    /// # Errors
    /// Names the argument that a plan may not give, or not with that value.
    pub fn parse(grammar: &'static Grammar, texts: &[String]) -> std::result::Result<ServerArgs, String> {
        parse_texts(grammar, texts).map_err(|why| format!("{}'s arguments: {why}", grammar.program))
    }
}

fn parse_texts(grammar: &'static Grammar, texts: &[String]) -> std::result::Result<ServerArgs, String> {
    bounded(grammar.rows, texts.len())?;
    let after = |flag: Flag| {
        let at = texts.iter().position(|text| text == flag.name());
        at.and_then(|at| texts.get(at + 1)).ok_or_else(|| missing(flag))
    };
    // No two servers share the value of this one.
    let own = after(grammar.of_server)?;
    let ours = |server: &ServerName| (grammar.ours)(grammar.of_server, *server, "").unwrap_or_default();
    let server = ServerName::all().find(|server| ours(server) == *own);
    let server = server.ok_or_else(|| not_ours(grammar.of_server, own, &ours(&ServerName::CHAT)))?;
    let file = |flag: Flag| {
        let path = after(flag)?;
        model_name(path).ok_or_else(|| not_ours(flag, path, &model_path("FILE")))
    };
    let model = grammar.of_model.map(file).transpose()?;
    let ours = |flag: Flag| (grammar.ours)(flag, server, model.as_deref().unwrap_or_default());
    let args = read(grammar, grammar.rows, texts.iter().map(String::as_str), &ours)?;
    Ok(ServerArgs { grammar, server, model, args })
}

/// Refuses a list that is longer than one with every argument.
fn bounded(rows: &[Row], texts: usize) -> std::result::Result<(), String> {
    let most = 2 * rows.len();
    if texts > most { Err(format!("{texts} texts, and no plan has more than {most}")) } else { Ok(()) }
}

/// Reads arguments of `rows`. `ours` gives the values that we set.
fn read<'a>(
    grammar: &Grammar,
    rows: &'static [Row],
    mut texts: impl Iterator<Item = &'a str>,
    ours: &dyn Fn(Flag) -> Option<String>,
) -> std::result::Result<Vec<Given>, String> {
    let mut args: Vec<Given> = Vec::new();
    while let Some(name) = texts.next() {
        let row = grammar::row(rows, name);
        let row = row.ok_or_else(|| format!("{} is not one that a plan may give", shown(name)))?;
        if args.iter().any(|(flag, _)| *flag == row.flag) {
            return Err(format!("{name} is there twice"));
        }
        let value = match row.kind {
            Kind::Switch => Value::Nothing,
            Kind::Inner(rows) => {
                let text = texts.next().ok_or_else(|| format!("{name} has no value"))?;
                bounded(rows, text.split(' ').count())
                    .and_then(|()| read(grammar, rows, text.split(' '), ours).map(Value::Inner))
                    .map_err(|why| format!("{name}: {why}"))?
            }
            kind => {
                let text = texts.next().ok_or_else(|| format!("{name} has no value"))?;
                value(kind, text, || ours(row.flag)).map_err(|why| format!("{name} {} {why}", shown(text)))?
            }
        };
        args.push((row.flag, value));
    }
    let has = |flag: Flag| args.iter().any(|(known, _)| *known == flag);
    let opposite = |flag: Flag| grammar.opposites.iter().any(|(one, other)| *other == flag && has(*one));
    let given = |flag: Flag| has(flag) || opposite(flag);
    if let Some(row) = rows.iter().find(|row| row.required && !given(row.flag)) {
        return Err(missing(row.flag));
    }
    if let Some((one, other)) = grammar.opposites.iter().find(|(one, other)| has(*one) && has(*other)) {
        return Err(format!("{} and {} contradict each other", one.name(), other.name()));
    }
    Ok(args)
}

/// Reads a value, which renders to `text` again. `ours` is the one that we set; the error says what is wrong with it.
fn value(kind: Kind, text: &str, ours: impl Fn() -> Option<String>) -> std::result::Result<Value, String> {
    match kind {
        // Read with what follows them.
        Kind::Switch | Kind::Inner(_) => Ok(Value::Nothing),
        Kind::Whole(least, most) => match text.parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) && number.to_string() == text => {
                Ok(Value::Whole(number))
            }
            _ => Err(format!("is not a whole number between {least} and {most}")),
        },
        Kind::OneOf(words) => match words.iter().find(|word| **word == text) {
            Some(word) => Ok(Value::Word(word)),
            None => Err(format!("is none of {}", words.join(", "))),
        },
        Kind::Shares => {
            let shares: Option<Vec<u64>> =
                text.split(',').take(CARDS + 1).map(|part| part.parse().ok()).collect();
            match shares {
                Some(shares) if shares.len() <= CARDS && joined(&shares) == text => Ok(Value::Shares(shares)),
                _ => Err(format!("is not a row of at most {CARDS} whole numbers")),
            }
        }
        Kind::Hundredths => {
            let digits = text.strip_prefix("0.").and_then(|digits| digits.parse().ok());
            let number = if text == hundredths(100) { Some(100) } else { digits };
            match number.filter(|number| *number > 0 && hundredths(*number) == text) {
                Some(number) => Ok(Value::Hundredths(number)),
                None => Err("is not a share between 0.01 and 1.00, with two digits".to_string()),
            }
        }
        Kind::Text => match text.is_empty() || text.len() > TEXT || text.contains(char::is_control) {
            true => Err(format!("is not one line of at most {TEXT} bytes")),
            false => Ok(Value::Text(text.to_string())),
        },
        Kind::Checked(is_right) => match is_right(text) {
            true => Ok(Value::Text(text.to_string())),
            false => Err("is none that a plan may give".to_string()),
        },
        Kind::Ours => match ours() {
            Some(right) if right == text => Ok(Value::Ours),
            right => Err(chosen(&right.unwrap_or_default())),
        },
    }
}

fn missing(flag: Flag) -> String {
    format!("{} is missing", flag.name())
}

fn not_ours(flag: Flag, found: &str, right: &str) -> String {
    format!("{} {} {}", flag.name(), shown(found), chosen(right))
}

fn chosen(right: &str) -> String {
    format!("is not for a plan to choose: it is {right}")
}

/// A stranger's text in an error: escaped, and cut.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(64).collect();
    if cut.len() < text.len() { format!("{:?}…", cut) } else { format!("{cut:?}") }
}

fn joined(shares: &[u64]) -> String {
    shares.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// `84` → `0.84`.
fn hundredths(number: u64) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

/// Arguments while they are composed; [`Draft::done`] puts them through the gate.
pub(super) struct Draft<'a> {
    grammar: &'static Grammar,
    server: ServerName,
    model: &'a str,
    texts: Vec<String>,
}

impl<'a> Draft<'a> {
    pub fn new(grammar: &'static Grammar, server: ServerName, model: &'a str) -> Draft<'a> {
        Draft { grammar, server, model, texts: Vec::new() }
    }

    pub fn switch(&mut self, flag: Flag) -> &mut Draft<'a> {
        self.texts.push(flag.name().to_string());
        self
    }

    pub fn set(&mut self, flag: Flag, value: impl ToString) -> &mut Draft<'a> {
        self.texts.push(flag.name().to_string());
        self.texts.push(value.to_string());
        self
    }

    /// Adds one whose value we set.
    pub fn ours(&mut self, flag: Flag) -> &mut Draft<'a> {
        let value = (self.grammar.ours)(flag, self.server, self.model).unwrap_or_default();
        self.set(flag, value)
    }

    pub fn shares(&mut self, flag: Flag, shares: &[u64]) -> &mut Draft<'a> {
        self.set(flag, joined(shares))
    }

    /// Adds a share, given in hundredths.
    pub fn hundredths(&mut self, flag: Flag, number: u64) -> &mut Draft<'a> {
        self.set(flag, hundredths(number))
    }

    /// Adds arguments of the program that this one starts, as one text.
    pub fn inner(&mut self, flag: Flag, inner: Draft) -> &mut Draft<'a> {
        self.set(flag, inner.texts.join(" "))
    }

    pub fn done(self) -> Result<ServerArgs> {
        Ok(ServerArgs::parse(self.grammar, &self.texts).map_err(Failure::failed)?)
    }
}
