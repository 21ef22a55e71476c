//! Arguments that plans may give an engine's program: a table for each engine, and the rules that hold for all of them.

use super::server::ServerName;
use crate::checked::FileName;
use crate::paths;

/// Argument of an engine's program, by its long name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flag(&'static str);

impl Flag {
    /// Names an argument, such as `--model`.
    pub(super) const fn new(name: &'static str) -> Flag {
        Flag(name)
    }

    /// Returns the program's name of the argument.
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// Kind of value that follows an argument.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Nothing.
    Switch,
    /// A whole number between these.
    Whole(i64, i64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Whole numbers with commas between: the parts of cards.
    Shares,
    /// A line of text for people.
    Text,
    /// A text that this function finds right.
    Checked(fn(&str) -> bool),
    /// One text with further arguments in it, a space between each: those of a program that this one starts.
    Inner(&'static [Row]),
    /// A share, in hundredths: `0.84`.
    Hundredths,
    /// A value that we set: it follows from the server's name, and a plan may only repeat it.
    Ours,
}

/// Argument of an engine, with the kind of its value.
#[derive(Debug)]
pub struct Row {
    pub(super) flag: Flag,
    pub(super) kind: Kind,
    /// A plan without it, and without its opposite, is refused: its default is another than ours, or less safe.
    pub(super) required: bool,
}

impl Row {
    /// Makes an argument that a plan may leave out.
    pub(super) const fn may(flag: Flag, kind: Kind) -> Row {
        Row { flag, kind, required: false }
    }

    /// Makes an argument that a plan must have, or the opposite of it.
    pub(super) const fn must(flag: Flag, kind: Kind) -> Row {
        Row { flag, kind, required: true }
    }
}

/// Arguments of one engine.
#[derive(Debug)]
pub struct Grammar {
    /// Name of the engine in plans.
    pub engine: &'static str,
    /// Program that takes them, for messages.
    pub program: &'static str,
    /// Every argument that a plan may give.
    pub(super) rows: &'static [Row],
    /// Arguments that mean the opposite of each other; where the second is required, the first does as well.
    pub(super) opposites: &'static [(Flag, Flag)],
    /// Argument of kind [`Kind::Ours`] that no two servers share: it tells whose arguments these are.
    pub(super) of_server: Flag,
    /// Argument whose value is the path of the model's first file; `None` where it is given a folder, or reads no model.
    pub(super) of_model: Option<Flag>,
    /// Arguments that only name the model, in a path or for people.
    pub(super) naming: &'static [Flag],
    /// Value that we set, for a server and its model's first file.
    pub(super) ours: fn(Flag, ServerName, &str) -> Option<String>,
}

impl Grammar {
    /// Returns the argument that the program calls `name`; `None` if plans may not give it.
    pub fn flag(&self, name: &str) -> Option<Flag> {
        self.row(name).map(|row| row.flag)
    }

    pub(super) fn row(&self, name: &str) -> Option<&'static Row> {
        row(self.rows, name)
    }
}

/// Returns the row of the argument called `name`.
pub(super) fn row(rows: &'static [Row], name: &str) -> Option<&'static Row> {
    rows.iter().find(|row| row.flag.name() == name)
}

/// Most bytes of a text, and most cards.
pub(super) const TEXT: usize = 512;
pub(super) const CARDS: usize = 64;

/// Path of a generation's model file.
pub(super) fn model_path(name: &str) -> String {
    format!("{}/{}/{name}", paths::GENERATION, paths::generation::MODEL)
}

/// The file of a generation's model; `None` for any other path.
pub(super) fn model_name(path: &str) -> Option<FileName> {
    FileName::new(path.strip_prefix(&model_path(""))?).ok()
}
