//! The part of a model's file by which models are compared before one of them is read whole.

use super::entry::Use;
use crate::model::dimensions::Dimensions;
use crate::model::layout;
use serde::Deserialize;

/// Uses, size and age of a model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Outline {
    /// Name in commands and plans.
    pub id: String,
    /// Tasks that it is for.
    pub uses: Vec<Use>,
    /// Codes of ISO 639-1; `None` where the card lists none.
    pub languages: Option<Vec<String>>,
    /// Day on which it was published, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// `None` for a base model, which completes text.
    pub chat_template: Option<String>,
    /// Dimensions, from which its size follows.
    pub dimensions: Dimensions,
}

impl Outline {
    /// Returns whether it is for that task; a base model is for none that is a conversation.
    pub fn has_use(&self, wanted: Use) -> bool {
        let converses = matches!(wanted, Use::Chat | Use::Code);
        self.uses.contains(&wanted) && (!converses || self.chat_template.is_some())
    }

    /// Elements of all tensors.
    pub fn parameters(&self) -> u64 {
        layout::parameters(&self.dimensions)
    }

    /// Elements of the tensors that one token is multiplied with.
    pub fn active_parameters(&self) -> u64 {
        layout::active_parameters(&self.dimensions)
    }
}

/// Reads the part of a model's file before its files.
pub(super) fn read(text: &str) -> Outline {
    let end = text.find("\n[[published]]").unwrap_or(text.len());
    toml::from_str(&text[..end]).expect("the embedded registry is checked by a test")
}
