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
        let head = || text.lines().take_while(|line| !line.starts_with('['));
        let value = |key: &str| head().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        let words = |key: &str| value(key).into_iter().flat_map(quoted);
        let mut numbers = value("elements").unwrap_or_default().trim_matches(['[', ']']).split(", ");
        let mut number = || numbers.next().and_then(|number| number.parse().ok()).unwrap_or(0);
        let known = [Use::Chat, Use::Code, Use::Embedding, Use::Rerank];
        Outline {
            id,
            uses: known.into_iter().filter(|one| words("uses").any(|word| word == one.name())).collect(),
            russian: words("languages").any(|code| code == "ru"),
            date: words("date").next(),
            converses: value("chat_template").is_some(),
            parameters: number(),
            active_parameters: number(),
        }
    }
}

/// The texts between quotes in a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}
