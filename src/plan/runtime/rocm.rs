//! The archive for ROCm.

use super::kind::{GLIBC_24_04, RuntimeHost, RuntimeKind, Version, archive};
use crate::hardware::backend::Backend;
use crate::lang::Sentence;
use crate::processor::Processor;

pub struct Rocm;

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

    /// Facts do not say which ROCm a host has; whoever has it gives the archive.
    fn fits(&self, _host: &RuntimeHost) -> Result<Sentence, Sentence> {
        Err(sentence!("runtime-rocm"))
    }
}
