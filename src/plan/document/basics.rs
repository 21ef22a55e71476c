//! Parts that several parts of a plan have.

use crate::checked::{Checksum, DownloadUrl, FileName};
use serde::{Deserialize, Serialize};

/// Judgement of a plan; better ones compare as less.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every term of the rule holds, or the user fixed what it is about.
    Comfort,
    /// The model runs, but a term of comfort does not hold; the plan's reasons say which.
    Compromise,
    /// The model does not run as asked, or no known offer within the budget runs it.
    Impossible,
}

impl Verdict {
    /// Returns its name, as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Comfort => "comfort",
            Verdict::Compromise => "compromise",
            Verdict::Impossible => "impossible",
        }
    }
}

/// One GGUF file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ModelFile {
    /// Split files keep their `-00001-of-0000N` names.
    pub name: FileName,
    /// Size, bytes. An equal share of the whole for a part whose repository was not read yet.
    pub size_bytes: u64,
    /// `None` until resolved.
    pub sha256: Option<Checksum>,
    /// Address to download it from; `None` if none is known.
    pub url: Option<DownloadUrl>,
}

pub(super) fn is_zero(bytes: &u64) -> bool {
    *bytes == 0
}

/// Estimate with its bounds, in the unit that the field's name says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Interval {
    /// Lowest value.
    pub low: f64,
    /// Expected value.
    pub expected: f64,
    /// Highest value.
    pub high: f64,
}
