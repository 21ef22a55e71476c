//! The trait of engines: all that this program has to know of one. docs/add-engine.md says how to add one.

use super::arguments::ServerArgs;
use super::container::Container;
use super::from_source::FromSource;
use super::front::Front;
use super::grammar::Grammar;
use super::launch::Launch;
use super::question::{Guarded, Question, Vector};
use super::reported::Reported;
use super::server::Role;
use super::split::SplitMode;
use super::streamed::Streamed;
use crate::error::Result;
use crate::model::format::Format;
use serde_json::Value;

/// A program that serves models.
pub trait Engine: Sync {
    /// Returns its name, in plans and in messages.
    fn name(&self) -> &'static str {
        self.grammar().engine
    }

    /// Returns the formats of models that it serves.
    fn formats(&self) -> &'static [Format];

    /// Returns the roles that it serves.
    fn roles(&self) -> &'static [Role];

    // ---- Arguments ----

    /// Returns the arguments that a plan may give it.
    fn grammar(&self) -> &'static Grammar;

    /// Makes the arguments of a server. Every value is written out, because defaults change between builds.
    fn arguments(&self, launch: &Launch) -> Result<ServerArgs>;

    /// Refuses, with a reason, a build that plans cannot be pinned to, and an argument that it does not take.
    fn check(&self, build: &str, args: &ServerArgs) -> std::result::Result<(), String>;

    /// Returns how many layers are on cards, the output among them.
    fn layers_on_cards(&self, args: &ServerArgs) -> u64;

    /// Returns the way in which several cards share the model; `None` where they do not.
    fn split_mode(&self, args: &ServerArgs) -> Option<SplitMode>;

    /// Returns the place on the bus of the card that is used alone, of several; `None` where none is.
    fn lone_card(&self, args: &ServerArgs) -> Option<u64>;

    /// Returns the share of each card, in the order of the bus; `None` where they are not given.
    fn shares<'a>(&self, args: &'a ServerArgs) -> Option<&'a [u64]>;

    /// Returns the place on the bus of the plan's card with this number.
    fn place_of_card(&self, args: &ServerArgs, card: u64) -> u64 {
        let place = |shares: &[u64]| {
            let mut used = (0..).zip(shares).filter(|(_, share)| **share > 0);
            used.nth(card as usize).map(|(place, _)| place)
        };
        self.lone_card(args).or_else(|| self.shares(args).and_then(place)).unwrap_or(card)
    }

    /// Returns the number in the plan of the server's device with this number; `None` if the plan leaves that card out.
    fn card_of_device(&self, args: &ServerArgs, device: u64) -> Option<u64> {
        let Some(shares) = self.shares(args) else { return Some(device) };
        let mut used = (0..).zip(shares).filter(|(_, share)| **share > 0);
        used.position(|(place, _): (u64, _)| place == device).map(|card| card as u64)
    }

    /// Returns whether its arguments can keep a server on one NUMA node.
    fn keeps_to_a_node(&self) -> bool {
        false
    }

    /// Returns whether the server has a web page for chats.
    fn has_page(&self, args: &ServerArgs) -> bool;

    // ---- Runtime ----

    /// Returns the name of its program in an archive.
    fn program(&self) -> &'static str {
        self.grammar().program
    }

    /// Returns the program that is started in its place and starts it; `None` where it is started itself.
    fn front(&self) -> Option<&'static Front> {
        None
    }

    /// Returns how it is compiled from its source on a host; `None`: it is not.
    fn built_from(&self) -> Option<&'static FromSource> {
        None
    }

    /// Returns how its container is run; `None` where it comes as an archive alone.
    fn container(&self) -> Option<&'static Container> {
        None
    }

    /// Returns the repository whose releases have its archives.
    fn repository(&self) -> &'static str;

    /// Returns the release that has its archive for a kind of runtime (docs/add-runtime-kind.md).
    fn release(&self, _kind: Option<&str>) -> Release {
        Release::OfBuild
    }

    /// Returns beginnings of the names of its own libraries, which it may load while it runs.
    fn libraries(&self) -> &'static [&'static str];

    /// Returns the arguments with which the program says which build it is.
    fn asks_build(&self) -> &'static [&'static str];

    /// Reads the build from what it said, such as `b11434`; `None` if it does not say.
    fn build(&self, said: &str) -> Option<String>;

    // ---- Service ----

    /// Returns the template of its unit.
    fn unit(&self) -> &'static str;

    /// Returns variables that its program is started with.
    fn environment(&self) -> &'static [(&'static str, Variable)];

    // ---- HTTP interface ----

    /// Returns the path that answers 200 when the model is loaded, and 503 before that, without the key.
    fn health(&self) -> &'static str;

    /// Returns requests that only the key opens.
    fn guarded(&self) -> &'static [Guarded];

    /// Asks for at most `tokens` tokens of an answer, which comes line by line.
    fn chat(&self, text: &str, tokens: u64) -> Question;

    /// Asks for the tokens of a text.
    fn tokenize(&self, text: &str) -> Question;

    /// Asks what costs little, and what only the key opens.
    fn asks_key(&self) -> Question {
        self.tokenize("a")
    }

    /// Asks for exactly `generate` tokens after the first `prompt` tokens of a text, whose tokens were `tokenized`.
    fn timed(&self, text: &str, tokenized: &Value, prompt: u64, generate: u64) -> Question;

    /// Takes in a line of an answer. A line that brings it nearer to its end makes [`Streamed::done`] larger.
    ///
    /// # Errors
    /// The server says that it failed, or what no server says.
    fn hear(&self, line: &str, streamed: &mut Streamed) -> Result<()>;

    /// Asks for the vector of a text.
    fn embed(&self, text: &str) -> Question;

    /// Reads the vector of an answer; `None` where there is none.
    fn vector(&self, answer: &Value) -> Option<Vector>;

    // ---- Log ----

    /// Reads the log of one start.
    fn reported(&self, lines: &[String]) -> Reported;

    /// Returns whether what was read of the log is all that it tells of one start.
    fn has_told(&self, reported: &Reported) -> bool {
        reported.is_complete()
    }

    /// Returns the parts of a ledger that its log does not tell, by their names in a proof.
    fn untold(&self) -> &'static [&'static str] {
        &[]
    }
}

impl PartialEq for dyn Engine {
    fn eq(&self, other: &dyn Engine) -> bool {
        self.name() == other.name()
    }
}

impl Eq for dyn Engine {}

impl std::fmt::Debug for dyn Engine {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

/// Release that an engine's archive for a kind of runtime is pinned from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Release {
    /// The one of the build that a plan is pinned to, with the archives of that kind.
    OfBuild,
    /// One of the engine's own, with one archive for that kind.
    Own {
        /// Tag of the release.
        tag: &'static str,
        /// Name of the archive.
        archive: String,
    },
    /// No archive is known to be right for that kind.
    Unknown,
    /// No archive at all: a container image, which the user pins.
    Image,
}

/// Value of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// This text.
    Text(&'static str),
    /// A key that is new at every start and that nobody has.
    RandomKey,
}
