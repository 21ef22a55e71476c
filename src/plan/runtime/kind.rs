//! Questions that a kind of runtime answers.

use crate::hardware::backend::Backend;
use crate::hardware::facts::Vendor;
use crate::lang::Sentence;
use crate::processor::Processor;
use serde::{Deserialize, Serialize};

/// A version of two numbers, as `2.39` or a compute capability.
pub type Version = (u64, u64);

/// Properties of a host that a runtime has to fit. A `None` is not known, as of a class of machines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuntimeHost {
    /// Processor of the host.
    pub processor: Processor,
    /// Maker of its cards; `None`: it has none, and the CPU computes.
    pub vendor: Option<Vendor>,
    /// Compute capability of each card of NVIDIA's.
    pub compute: Vec<Version>,
    /// The newest CUDA that its driver runs.
    pub cuda: Option<Version>,
    /// Version of ROCm on the host.
    pub rocm: Option<Version>,
    /// Version of the C library, glibc.
    pub glibc: Option<Version>,
    /// The C library was looked at, and is no glibc.
    pub other_libc: bool,
    /// Whether it has podman with Quadlet, or its apt does.
    pub quadlet: Option<bool>,
    /// Whether its distribution is known to package llama.cpp.
    pub packaged: Option<bool>,
    /// A part of every matrix is on every card.
    pub tensor: bool,
    /// Its distribution, by id and version in os-release.
    pub release: Option<(String, String)>,
    /// Its cores.
    pub cores: Option<u64>,
    /// All memory of the card that has least, bytes; `None`: a class of machines, whose cards are as they are sold.
    pub card_bytes: Option<u64>,
}

/// A lower bound and its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Least {
    /// The oldest version.
    pub version: String,
    /// Reason for it.
    pub why: String,
}

/// Lower bounds that a runtime sets to a host's cards and their driver; a `None` is no bound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Needs {
    /// Compute capability of NVIDIA's cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute_capability: Option<Least>,
    /// Version of the driver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Least>,
    /// The newest CUDA that the driver runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cuda: Option<Least>,
}

/// A kind of runtime that can be had.
pub trait RuntimeKind: Sync {
    /// Its name in plans.
    fn name(&self) -> &'static str;

    /// The backend that computes on cards; `None`: the CPU's alone.
    fn backend(&self) -> Option<Backend>;

    /// The archives of a release that it is made of, llama-server's first. Empty: none is published for it.
    fn archives(&self, build: &str, processor: Processor) -> Vec<String>;

    /// The oldest C library that it runs with.
    fn glibc(&self, processor: Processor) -> Version;

    /// Returns the reason why it is right for the host, or why it is not; the processor, the maker and the C library
    /// are looked at before.
    fn fits(&self, host: &RuntimeHost) -> Result<Sentence, Sentence>;

    /// Returns what it needs of the host's cards and of their driver, beside what `fits` looked at.
    fn needs(&self, _host: &RuntimeHost) -> Needs {
        Needs::default()
    }
}

/// The name of an archive of llama.cpp's releases; `variant` is empty or ends with a dash.
pub(super) fn archive(build: &str, variant: &str, processor: Processor) -> String {
    format!("llama-{build}-bin-ubuntu-{variant}{}.tar.gz", processor.row().asset)
}

/// Ubuntu 22.04's, with which the archives for the first processor are built, and 24.04's, with which all else is.
pub(super) const GLIBC_22_04: Version = (2, 35);
pub(super) const GLIBC_24_04: Version = (2, 39);
