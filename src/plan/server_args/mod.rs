//! The arguments of a llama-server as a type: read from a plan's list of texts or composed by the planner,
//! through the same gate, and rendered to argv once. An argument that is unknown, repeated, out of bounds,
//! or ours to set and set otherwise is refused by its name.

mod table;

pub use table::Flag;

use super::server::ServerName;
use super::split::SplitMode;
use crate::checked::{FileName, ModelId};
use crate::error::{Failure, Result};
use crate::paths;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;
use table::{CARDS, Kind, OPPOSITES, TABLE, TEXT};

/// Address that every server listens on. Other hosts come in through the unit that ends TLS.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Seconds that a server waits for the next byte of a request, and for a client to take the next bytes of an
/// answer; its own default is an hour. The silence while a prompt is processed does not count: nothing is read
/// or written then.
pub(super) const IO_TIMEOUT: u32 = 60;

/// Most texts in a list.
const MOST: usize = 2 * TABLE.len();

/// Every argument of one server, in order. Address, port, key file and the model's folder are those of its
/// name: it holds no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct ServerArgs {
    server: ServerName,
    /// The model's first file.
    model: FileName,
    args: Vec<(Flag, Value)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Nothing,
    Whole(i64),
    Word(&'static str),
    Shares(Vec<u64>),
    Text(String),
    /// Follows from the server's name.
    Ours,
}

impl ServerArgs {
    /// The server that its key file and port are of.
    pub fn server(&self) -> ServerName {
        self.server
    }

    /// Name of the model's first file.
    pub fn model(&self) -> &FileName {
        &self.model
    }

    /// `--n-gpu-layers`: layers on cards, the output among them.
    pub fn n_gpu_layers(&self) -> u64 {
        match self.value(Flag::NGpuLayers) {
            Some(Value::Whole(layers)) => layers.unsigned_abs(),
            _ => 0,
        }
    }

    /// Returns the way in which several cards share the model; `None` where they do not.
    pub fn split_mode(&self) -> Option<SplitMode> {
        match self.value(Flag::SplitMode) {
            Some(Value::Word(mode)) => mode.parse().ok(),
            _ => None,
        }
    }

    /// Returns the place on the bus of the plan's card with this number.
    pub fn place_of_card(&self, card: u64) -> u64 {
        match (self.value(Flag::MainGpu), self.with_share()) {
            (Some(Value::Whole(main)), _) => main.unsigned_abs(),
            (_, Some(mut places)) => places.nth(card as usize).unwrap_or(card),
            _ => card,
        }
    }

    /// Returns the number in the plan of the server's device with this number; `None` if the plan leaves that card out.
    pub fn card_of_device(&self, device: u64) -> Option<u64> {
        match self.with_share() {
            Some(mut places) => places.position(|place| place == device).map(|card| card as u64),
            None => Some(device),
        }
    }

    /// Places of the cards that have a share of the model, where the shares are given.
    fn with_share(&self) -> Option<impl Iterator<Item = u64>> {
        let Some(Value::Shares(shares)) = self.value(Flag::TensorSplit) else { return None };
        Some((0..).zip(shares).filter(|(_, share)| **share > 0).map(|(place, _)| place))
    }

    fn value(&self, flag: Flag) -> Option<&Value> {
        self.args.iter().find(|(known, _)| *known == flag).map(|(_, value)| value)
    }

    /// The arguments that are given, in order.
    pub fn flags(&self) -> impl Iterator<Item = Flag> {
        self.args.iter().map(|(flag, _)| *flag)
    }

    /// Returns the arguments as llama-server gets them, without the program's name.
    pub fn to_argv(&self) -> Vec<String> {
        let mut argv = Vec::with_capacity(2 * self.args.len());
        for (flag, value) in &self.args {
            argv.push(flag.name().to_string());
            argv.extend(match value {
                Value::Nothing => None,
                Value::Whole(number) => Some(number.to_string()),
                Value::Word(word) => Some(word.to_string()),
                Value::Shares(shares) => Some(joined(shares)),
                Value::Text(text) => Some(text.clone()),
                Value::Ours => ours(*flag, self.server, &self.model),
            });
        }
        argv
    }
}

impl From<ServerArgs> for Vec<String> {
    fn from(args: ServerArgs) -> Vec<String> {
        args.to_argv()
    }
}

impl TryFrom<Vec<String>> for ServerArgs {
    type Error = String;

    fn try_from(texts: Vec<String>) -> std::result::Result<ServerArgs, String> {
        parse_texts(&texts).map_err(|why| format!("llama-server's arguments: {why}"))
    }
}

fn parse_texts(texts: &[String]) -> std::result::Result<ServerArgs, String> {
    if texts.len() > MOST {
        return Err(format!("{} texts, and no plan has more than {MOST}", texts.len()));
    }
    // The key file tells which server it is: each has its own.
    let key_file = texts.iter().position(|text| text == Flag::ApiKeyFile.name()).map(|at| at + 1);
    let key_file = key_file.and_then(|at| texts.get(at)).ok_or_else(|| missing(Flag::ApiKeyFile))?;
    let server = ServerName::all().find(|server| server.key_file() == *key_file);
    let server = server.ok_or_else(|| not_ours(Flag::ApiKeyFile, key_file, &ServerName::CHAT.key_file()))?;
    let model = texts.iter().position(|text| text == Flag::Model.name()).map(|at| at + 1);
    let model = model.and_then(|at| texts.get(at)).ok_or_else(|| missing(Flag::Model))?;
    let model = model_name(model).ok_or_else(|| not_ours(Flag::Model, model, &model_path("FILE")))?;

    let mut args: Vec<(Flag, Value)> = Vec::new();
    let mut texts = texts.iter();
    while let Some(name) = texts.next() {
        let row = TABLE.iter().find(|row| row.name == name);
        let row = row.ok_or_else(|| format!("{} is not one that a plan may give", shown(name)))?;
        if args.iter().any(|(flag, _)| *flag == row.flag) {
            return Err(format!("{name} is there twice"));
        }
        let value = match row.kind {
            Kind::Switch => Value::Nothing,
            kind => {
                let text = texts.next().ok_or_else(|| format!("{name} has no value"))?;
                value(kind, row.flag, text, server, &model)?
            }
        };
        args.push((row.flag, value));
    }
    let has = |flag: Flag| args.iter().any(|(known, _)| *known == flag);
    if let Some(row) = TABLE.iter().find(|row| row.required && !has(row.flag)) {
        return Err(missing(row.flag));
    }
    if let Some((one, other)) = OPPOSITES.iter().find(|(one, other)| has(*one) && has(*other)) {
        return Err(format!("{} and {} contradict each other", one.name(), other.name()));
    }
    Ok(ServerArgs { server, model, args })
}

/// Reads the value of `flag`; the result renders to `text` again.
fn value(
    kind: Kind,
    flag: Flag,
    text: &str,
    server: ServerName,
    model: &str,
) -> std::result::Result<Value, String> {
    let (name, found) = (flag.name(), shown(text));
    match kind {
        Kind::Switch => Ok(Value::Nothing),
        Kind::Whole(least, most) => match text.parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) && number.to_string() == text => {
                Ok(Value::Whole(number))
            }
            _ => Err(format!("{name} {found} is not a whole number between {least} and {most}")),
        },
        Kind::OneOf(words) => match words.iter().find(|word| **word == text) {
            Some(word) => Ok(Value::Word(word)),
            None => Err(format!("{name} {found} is none of {}", words.join(", "))),
        },
        Kind::Shares => {
            let shares: Option<Vec<u64>> =
                text.split(',').take(CARDS + 1).map(|part| part.parse().ok()).collect();
            match shares {
                Some(shares) if shares.len() <= CARDS && joined(&shares) == text => Ok(Value::Shares(shares)),
                _ => Err(format!("{name} {found} is not a row of at most {CARDS} whole numbers")),
            }
        }
        Kind::Text => match text.is_empty() || text.len() > TEXT || text.contains(char::is_control) {
            true => Err(format!("{name} {found} is not one line of at most {TEXT} bytes")),
            false => Ok(Value::Text(text.to_string())),
        },
        Kind::Ours => match ours(flag, server, model) {
            Some(right) if right == text => Ok(Value::Ours),
            right => Err(not_ours(flag, text, &right.unwrap_or_default())),
        },
    }
}

/// The value that we set.
fn ours(flag: Flag, server: ServerName, model: &str) -> Option<String> {
    match flag {
        Flag::Model => Some(model_path(model)),
        Flag::Host => Some(ADDRESS.to_string()),
        Flag::Port => Some(server.port().to_string()),
        Flag::ApiKeyFile => Some(server.key_file()),
        Flag::ChatTemplateFile => Some(format!("{}/{}", paths::GENERATION, paths::generation::CHAT_TEMPLATE)),
        _ => None,
    }
}

fn model_path(name: &str) -> String {
    format!("{}/{}/{name}", paths::GENERATION, paths::generation::MODEL)
}

/// The file of a generation's model; `None` for any other path.
fn model_name(path: &str) -> Option<FileName> {
    FileName::new(path.strip_prefix(&model_path(""))?).ok()
}

fn missing(flag: Flag) -> String {
    format!("{} is missing", flag.name())
}

fn not_ours(flag: Flag, found: &str, right: &str) -> String {
    format!("{} {} is not for a plan to choose: it is {right}", flag.name(), shown(found))
}

/// A stranger's text in an error: escaped, and cut.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(64).collect();
    if cut.len() < text.len() { format!("{:?}…", cut) } else { format!("{cut:?}") }
}

pub(super) fn joined(shares: &[u64]) -> String {
    shares.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// Arguments while they are composed; [`Draft::done`] puts them through the gate.
pub(super) struct Draft {
    server: ServerName,
    model: String,
    texts: Vec<String>,
}

impl Draft {
    pub fn new(server: ServerName, model: &str) -> Draft {
        Draft { server, model: model.to_string(), texts: Vec::new() }
    }

    pub fn switch(&mut self, flag: Flag) -> &mut Draft {
        self.texts.push(flag.name().to_string());
        self
    }

    pub fn set(&mut self, flag: Flag, value: impl ToString) -> &mut Draft {
        self.texts.push(flag.name().to_string());
        self.texts.push(value.to_string());
        self
    }

    /// One that we set.
    pub fn ours(&mut self, flag: Flag) -> &mut Draft {
        let value = ours(flag, self.server, &self.model).unwrap_or_default();
        self.set(flag, value)
    }

    pub fn alias(&mut self, id: &ModelId) -> &mut Draft {
        self.set(Flag::Alias, id.to_string())
    }

    pub fn done(self) -> Result<ServerArgs> {
        Ok(ServerArgs::try_from(self.texts).map_err(Failure::failed)?)
    }
}

#[cfg(test)]
mod tests;
