//! `--resolve`: what is published, in place of what is known offline.

use crate::error::{Context, Result, hint};
use crate::fetch::release::{Releases, archive_name};
use crate::plan::document::{ProfileKind, RuntimeFile};
use crate::plan::plan;
use crate::plan::request::{ModelChoice, Request};
use std::collections::BTreeSet;

/// Reads the header of the file that is chosen, and chooses again with what it says, until the choice
/// rests on a header that was read. `read` puts a variant's header in place of the registry's data.
pub fn headers(request: &mut Request, read: impl Fn(&mut ModelChoice, usize) -> Result<()>) -> Result<()> {
    let mut known = BTreeSet::new();
    loop {
        let chosen = plan(request)?.model.quant;
        let variants = &request.model.variants;
        let variant = variants.iter().position(|variant| variant.weights.quant == chosen);
        let variant = variant.context("the chosen quantisation is one of the request's")?;
        if !known.insert(variant) {
            return Ok(());
        }
        read(&mut request.model, variant)?;
    }
}

/// llama.cpp's archive of the planned build, for the CPU or, where the plan is for GPUs, for Vulkan.
/// Without an answer the plan stays as it is without one, and says so: the archive can be given to
/// `apply` as well.
pub fn runtime(request: &Request) -> Result<Option<RuntimeFile>> {
    let build = &request.build.id;
    let profile = plan(request)?.profile;
    let gpus = profile.kind != ProfileKind::Cpu;
    match Releases::from_env()?.archive(build, &archive_name(build, profile.processor, gpus)) {
        Ok(archive) => {
            if gpus {
                say!(
                    "warning: llama.cpp's releases have no CUDA archive for Linux: the one for Vulkan is pinned, \
                     and the ledger's compute buffers are CUDA's"
                );
                say!("hint: give a build with CUDA to `apply` with --runtime-archive, where you have one");
            }
            Ok(Some(RuntimeFile { url: archive.url, sha256: archive.sha256, size_bytes: archive.size_bytes }))
        }
        Err(error) => {
            say!("warning: the runtime stays unpinned: {error:#}");
            if let Some(hint) = hint(&error) {
                say!("hint: {hint}");
            }
            Ok(None)
        }
    }
}
