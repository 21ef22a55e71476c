//! Ways in which several cards share a model.

use std::fmt;
use std::str::FromStr;

/// `--split-mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SplitMode {
    /// Whole layers, card after card.
    #[default]
    Layer,
    /// A part of every matrix on every card; experimental in llama.cpp.
    Tensor,
}

impl FromStr for SplitMode {
    type Err = String;

    fn from_str(text: &str) -> Result<SplitMode, String> {
        match text {
            "layer" => Ok(SplitMode::Layer),
            "tensor" => Ok(SplitMode::Tensor),
            _ => Err(format!("{text:?} is neither layer nor tensor")),
        }
    }
}

impl fmt::Display for SplitMode {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(match self {
            SplitMode::Layer => "layer",
            SplitMode::Tensor => "tensor",
        })
    }
}
