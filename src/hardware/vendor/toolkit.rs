//! A compiler for a maker's cards, as packages of one distribution.

use super::driver::Keyring;

/// Facts that a compiler is chosen by.
#[derive(Clone, Copy, Debug)]
pub struct ToolkitHost<'a> {
    /// The distribution, by its id in os-release.
    pub id: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Name of the processor, by `uname -m`.
    pub arch: &'a str,
    /// Compute capabilities of the cards.
    pub cards: &'a [(u64, u64)],
    /// The newest CUDA that their driver runs; `None`: there is no driver yet.
    pub runs: Option<(u64, u64)>,
    /// The library is needed through which cards add their results.
    pub collective: bool,
}

/// A compiler for cards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolkit {
    /// Name for people: `CUDA 11.8 of Debian 12`.
    pub title: String,
    /// Its version.
    pub version: (u64, u64),
    /// Package that makes its repository known, where that is not the distribution's.
    pub keyring: Option<Keyring>,
    /// Components of the distribution's archive that have it.
    pub components: Vec<String>,
    /// Packages of the compiler and its libraries.
    pub packages: Vec<String>,
    /// Packages of the collective library, where it is needed.
    pub collective: Vec<String>,
    /// End of the versions of those packages that are for this toolkit; `None`: there is one version only.
    pub collective_for: Option<String>,
    /// Path of the compiler.
    pub compiler: String,
    /// Folder of the toolkit; `None`: its parts lie where the distribution's libraries do.
    pub root: Option<String>,
    /// Disk that its packages take, bytes.
    pub disk_bytes: u64,
}
