//! Text from outside, as types that can hold nothing else. A plan, a bundle, a message or a note on a
//! host may come from a stranger, and its names, sums and paths end up in paths, units and on terminals.
//! Each type is checked once, when it is made or read from JSON, and everything after can rely on it.
//!
//! - [`Checksum`]: a SHA-256, which folders on a host are named by;
//! - [`FileName`], [`UnitName`], [`ModelId`], [`ToolVersion`]: names;
//! - [`ImageRef`], [`BalancedName`], [`Endpoint`]: what clusters are told;
//! - [`HostPath`], [`RelativePath`], [`LinkTarget`]: paths;
//! - [`FileMode`], [`Port`]: numbers;
//! - [`DownloadUrl`]: where a file may be downloaded from; [`ProxyUrl`]: through what.

mod checksum;
mod endpoint;
mod names;
mod numbers;
mod places;
#[cfg(test)]
mod tests;
mod text;
mod url;

pub use checksum::Checksum;
pub use endpoint::Endpoint;
pub use names::{BalancedName, FileName, ImageRef, ModelId, ToolVersion, UnitName};
pub use numbers::{FileMode, Port};
pub use places::{HostPath, LinkTarget, RelativePath};
pub use text::Refused;
pub use url::{DownloadUrl, ProxyUrl};
