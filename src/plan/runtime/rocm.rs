//! The archive for ROCm.

use super::kind::{GLIBC_24_04, RuntimeHost, RuntimeKind, Version, archive};
use crate::hardware::backend::Backend;
use crate::lang::Sentence;
use crate::processor::Processor;

pub struct Rocm;

/// Version of ROCm that the release's archive is built with, whose libraries it needs on the host: those of one major
/// version have the same names.
const BUILT_WITH: Version = (10, 0);

impl RuntimeKind for Rocm {
    fn name(&self) -> &'static str {
        "rocm-10.0-archive"
    }

    fn backend(&self) -> Option<Backend> {
        Some(Backend::Rocm)
    }

    fn archives(&self, build: &str, processor: Processor) -> Vec<String> {
        if processor.is_default() { vec![archive(build, "rocm-10.0-", processor)] } else { Vec::new() }
    }

    fn glibc(&self, _processor: Processor) -> Version {
        GLIBC_24_04
    }

    fn fits(&self, host: &RuntimeHost) -> Result<Sentence, Sentence> {
        let version = |(major, minor): Version| format!("{major}.{minor}");
        match host.rocm {
            Some(has) if has.0 == BUILT_WITH.0 && has >= BUILT_WITH => {
                Ok(sentence!("runtime-rocm", version = version(has)))
            }
            Some(has) => {
                let (has, needed) = (version(has), version(BUILT_WITH));
                Err(sentence!("runtime-rocm-other", version = needed, version_has = has))
            }
            None => Err(sentence!("runtime-rocm-none", version = version(BUILT_WITH))),
        }
    }
}
