//! A runtime that is built from source on this host: known by its source, the host's processor and its cards.

use super::generation::{self, NOTE, Runtime, runtime_folder};
use crate::engine::split::SplitMode;
use crate::error::{Failure, Result};
use crate::hardware::cards;
use crate::hardware::facts::{Facts, Vendor};
use crate::paths;
use crate::plan::Plan;
use crate::plan::runtime::source::recipe::{Recipe, once};
use crate::plan::runtime::{RuntimeHost, Version};
use crate::wire::protocol::Blob;
use std::path::{Path, PathBuf};

/// A build from source.
#[derive(Clone, Debug)]
pub struct Sourced {
    /// Archive of the source.
    pub archive: Blob,
    /// The parts of it that are compiled here.
    pub recipe: Recipe,
}

impl Sourced {
    /// Returns the folder in which it is compiled, and which the next apply goes on with.
    pub fn folder(&self) -> PathBuf {
        Path::new(paths::RUNTIMES).join(format!("{}.building", self.recipe.key()))
    }

    /// Decides what is compiled for `plan` on the host with these `facts`.
    pub fn new(archive: &Blob, plan: &Plan, facts: &Facts) -> Result<Sourced> {
        let engine = plan.engine();
        if engine.built_from().is_none() {
            return Err(Failure::usage(format!("{} is not built from source", engine.name()))
                .hint("leave --runtime-source out; docs/engines.md says how it comes")
                .into());
        }
        if plan.cards() > 0 && plan.profile.vendor() != Vendor::Nvidia {
            return Err(Failure::failed("a build from source is for the CPU or for NVIDIA's cards")
                .hint("for other cards the release's Vulkan archive is right: --runtime-archive")
                .into());
        }
        let cards = if plan.cards() > 0 { capabilities(plan, facts)? } else { Vec::new() };
        let nccl = !cards.is_empty() && engine.split_mode(&plan.llama_server.args) == Some(SplitMode::Tensor);
        let recipe = Recipe {
            source: archive.sha256.clone(),
            build: plan.llama_server.build.clone(),
            processor: format!("{}: {}", facts.cpu.model, facts.cpu.isa.join(" ")),
            cards: once(cards),
            nccl,
        };
        Ok(Sourced { archive: archive.clone(), recipe })
    }

    /// Returns the runtime that comes of it, and its archive. One that is there keeps the names that it was noted with.
    pub fn runtime(&self) -> (Blob, Vec<Blob>) {
        let blob = Blob { sha256: self.recipe.key(), ..self.archive.clone() };
        match generation::read_note::<Runtime>(&runtime_folder(&blob).join(NOTE)) {
            Some(note) => (note.blob, note.archives),
            None => (blob, vec![self.archive.clone()]),
        }
    }
}

/// Returns the compute capabilities of the cards: as their driver tells them, else by the names in the plan.
fn capabilities(plan: &Plan, facts: &Facts) -> Result<Vec<Version>> {
    let told = RuntimeHost::of(facts).compute;
    if !told.is_empty() {
        return Ok(told);
    }
    let of_name = |name: &str| {
        let card = cards::named(name).and_then(|card| card.generation.compute_capability());
        card.ok_or_else(|| {
            Failure::failed(format!("the compute capability of {name} is not known"))
                .hint("install the driver first, which tells it: --driver distribution")
        })
    };
    Ok(plan.profile.gpus.iter().map(|gpu| of_name(&gpu.name)).collect::<Result<Vec<_>, Failure>>()?)
}
