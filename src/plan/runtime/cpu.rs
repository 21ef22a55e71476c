//! The archive without a backend for cards.

use super::kind::{GLIBC_22_04, GLIBC_24_04, RuntimeHost, RuntimeKind, Version, archive};
use crate::hardware::backend::Backend;
use crate::lang::Sentence;
use crate::processor::Processor;

pub struct Cpu;

impl RuntimeKind for Cpu {
    fn name(&self) -> &'static str {
        "cpu-archive"
    }

    fn backend(&self) -> Option<Backend> {
        None
    }

    fn archives(&self, build: &str, processor: Processor) -> Vec<String> {
        vec![archive(build, "", processor)]
    }

    fn glibc(&self, processor: Processor) -> Version {
        if processor.is_default() { GLIBC_22_04 } else { GLIBC_24_04 }
    }

    fn fits(&self, host: &RuntimeHost) -> Result<Sentence, Sentence> {
        match host.vendor {
            None => Ok(sentence!("runtime-cpu")),
            Some(_) => Err(sentence!("runtime-cpu-only")),
        }
    }
}
