//! The archive for Vulkan, which runs on cards of every maker.

use super::kind::{GLIBC_22_04, GLIBC_24_04, RuntimeHost, RuntimeKind, Version, archive};
use crate::hardware::backend::Backend;
use crate::hardware::vendor;
use crate::lang::Sentence;
use crate::processor::Processor;

pub struct Vulkan;

impl RuntimeKind for Vulkan {
    fn name(&self) -> &'static str {
        "vulkan-archive"
    }

    fn backend(&self) -> Option<Backend> {
        Some(Backend::Vulkan)
    }

    fn archives(&self, build: &str, processor: Processor) -> Vec<String> {
        vec![archive(build, "vulkan-", processor)]
    }

    fn glibc(&self, processor: Processor) -> Version {
        if processor.is_default() { GLIBC_22_04 } else { GLIBC_24_04 }
    }

    fn fits(&self, host: &RuntimeHost) -> Result<Sentence, Sentence> {
        let Some(maker) = host.vendor else { return Err(sentence!("runtime-no-card")) };
        if host.tensor {
            return Err(sentence!("runtime-vulkan-tensor"));
        }
        Ok(sentence!("runtime-vulkan", package = vendor::of(maker).icd().package))
    }
}
