//! The lines of a model's file by which models are compared before one of them is read whole.

use super::entry::Use;

/// Uses, size and age of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Name in commands and plans.
    pub id: &'static str,
    /// Tasks that it is for.
    pub uses: Vec<Use>,
    /// Whether its card lists Russian.
    pub russian: bool,
    /// Day on which it was published, `YYYY-MM-DD`.
    pub date: Option<&'static str>,
    /// Whether it has a chat template; a base model has none and completes text.
    pub converses: bool,
    /// Elements of all tensors.
    pub parameters: u64,
    /// Elements of the tensors that one token is multiplied with.
    pub active_parameters: u64,
}

impl Outline {
    /// Returns whether it is for that task; a base model is for none that is a conversation.
    pub fn has_use(&self, wanted: Use) -> bool {
        let conversation = matches!(wanted, Use::Chat | Use::Code);
        self.uses.contains(&wanted) && (self.converses || !conversation)
    }

    /// Reads the head of a model's file. Its values are one line each, which a test holds.
    pub(super) fn read(id: &'static str, text: &'static str) -> Outline {
        let mut read = Outline {
            id,
            uses: Vec::new(),
            russian: false,
            date: None,
            converses: false,
            parameters: 0,
            active_parameters: 0,
        };
        let lines = text.lines().take_while(|line| !line.starts_with('['));
        for (key, value) in lines.filter_map(|line| line.split_once(" = ")) {
            match key {
                "uses" => {
                    let known = |word: &str| Use::ALL.into_iter().find(|one| one.name() == word);
                    read.uses = quoted(value).filter_map(known).collect();
                }
                "languages" => read.russian = quoted(value).any(|code| code == "ru"),
                "date" => read.date = quoted(value).next(),
                "chat_template" => read.converses = true,
                "elements" => {
                    let mut numbers = value.trim_matches(['[', ']']).split(", ");
                    let mut number = || numbers.next().and_then(|number| number.parse().ok()).unwrap_or(0);
                    (read.parameters, read.active_parameters) = (number(), number());
                }
                _ => {}
            }
        }
        read
    }
}

/// The texts between quotes in a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}
