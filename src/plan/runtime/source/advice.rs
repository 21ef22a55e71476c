//! When a host should build its runtime itself, how long that takes, and the command. Pure.

use super::amount;
use crate::hardware::backend::Backend;
use crate::hardware::facts::Vendor;
use crate::hardware::vendor::{self, toolkit::ToolkitHost};
use crate::lang::Sentence;
use crate::plan::runtime::kind::RuntimeHost;
use serde::{Deserialize, Serialize};

/// A build from source that would be right for a host. It is never begun unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SourceAdvice {
    /// Reason why it is right; one sentence.
    pub why: Sentence,
    /// Time that it takes about, minutes.
    pub minutes: u64,
    /// Flag of `apply` that has the host do it.
    pub flag: String,
}

/// Cores of a host of which they are not known.
const CORES: u64 = 2;

/// Returns the advice for a host on which no archive of the release is right, or one that computes through a slower backend
/// than CUDA. `chosen`: the backend of that archive; the outer `None`: no archive is right.
pub fn advice(host: &RuntimeHost, build: &str, chosen: Option<Option<Backend>>) -> Option<SourceAdvice> {
    if host.other_libc {
        return None;
    }
    let cards = match host.vendor {
        None if chosen.is_none() => 0,
        Some(Vendor::Nvidia) if !host.compute.is_empty() && chosen != Some(Some(Backend::Cuda)) => {
            let (id, version) = host.release.as_ref().map_or(("", ""), |(id, version)| (id, version));
            let toolkit = ToolkitHost {
                id,
                version,
                arch: host.processor.row().uname,
                cards: &host.compute,
                runs: host.cuda,
                collective: host.tensor,
            };
            // A distribution that is not known is not held against it.
            if host.release.is_some() && vendor::of(Vendor::Nvidia).toolkit(&toolkit).is_err() {
                return None;
            }
            super::recipe::once(host.compute.clone()).len() as u64
        }
        _ => return None,
    };
    let cores = host.cores.unwrap_or(CORES);
    let minutes = amount::minutes(cards, cores);
    let why = match cards {
        0 => sentence!("runtime-source-cpu", minutes = minutes, cores = cores),
        _ if host.tensor => sentence!("runtime-source-nccl", minutes = minutes, cores = cores),
        _ => sentence!("runtime-source-cards", minutes = minutes, cores = cores),
    };
    Some(SourceAdvice { why, minutes, flag: format!("--runtime-source llama.cpp-{build}.tar.gz") })
}
