//! Makers of graphics cards.

use crate::hardware::words::words;
use serde::{Deserialize, Serialize};

/// Who makes a graphics card. The default is the maker of cards in facts and plans that name none.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// NVIDIA.
    #[default]
    Nvidia,
    /// AMD.
    Amd,
    /// Intel.
    Intel,
}

words!(Vendor, "maker of graphics cards", Nvidia = "nvidia", Amd = "amd", Intel = "intel");

impl Vendor {
    /// Whether facts and plans that name none mean it.
    pub fn is_default(&self) -> bool {
        *self == Vendor::default()
    }
}
