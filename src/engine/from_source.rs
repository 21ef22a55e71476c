//! How an engine's program is compiled from its source, by CMake.

/// Ways of an engine's build: what its source looks like, and its settings.
#[derive(Debug)]
pub struct FromSource {
    /// Files that its topmost folder has, by which it is found in an archive.
    pub marks: &'static [&'static str],
    /// Settings that hold for each host.
    pub settings: &'static [&'static str],
    /// Setting that takes the number of the build: without a git checkout it would call itself 0.
    pub number: &'static str,
    /// Settings for NVIDIA's cards.
    pub cuda: &'static [&'static str],
    /// Setting that has a part of every matrix on every card add its results through NCCL.
    pub nccl: &'static str,
}
