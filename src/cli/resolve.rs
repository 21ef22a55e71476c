//! `--resolve`: what is published, in place of what is known offline.

use crate::engine::kind::Release;
use crate::engine::split::SplitMode;
use crate::error::{Context, Result, hint};
use crate::fetch::release::{Archive, Releases};
use crate::hardware::facts::Vendor;
use crate::hardware::offers::{Offer, machine};
use crate::hardware::profiles::Profile;
use crate::plan::document::{Plan, RuntimeFile};
use crate::plan::plan;
use crate::plan::request::{ModelChoice, Request};
use crate::plan::runtime::{self, RuntimeHost};
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

/// The archives of the planned build that are right for the machine. Without an answer the plan stays as it is without
/// them, and says so: they can be given to `apply` as well.
pub fn runtime(request: &Request) -> Result<Vec<RuntimeFile>> {
    // podman or apt brings it, each by what it knows.
    if request.fixed.image.is_some() || request.fixed.packages {
        return Ok(Vec::new());
    }
    let build = &request.build.id;
    let plan = plan(request)?;
    // A plan that is free to choose shares by layers once an archive is pinned.
    let tensor = request.fixed.split_mode == Some(SplitMode::Tensor);
    let profile = planned_machine(request, &plan).context("the plan's machine is one of the request's")?;
    let known = request.fixed.host.as_ref().filter(|_| profile.is_there());
    let choice = runtime::choose(&RuntimeHost::of_profile(&profile, tensor, known), build);
    let engine = plan.engine();
    match engine.release(choice.kind.as_deref()) {
        Release::OfBuild => {}
        Release::Image => {
            warn!(
                "the runtime stays unpinned: {} comes as a container image, whose registry is not asked, and none is given",
                engine.name()
            );
            say!(
                "hint: --runtime-image REPOSITORY@sha256:DIGEST pins one; the registry's page, or `skopeo inspect`, has the digest"
            );
            return Ok(Vec::new());
        }
        Release::Own { tag, archive } => {
            return Ok(pinned(Releases::from_env(engine.repository())?.archives(tag, &[archive])));
        }
        Release::Unknown => {
            warn!(
                "the runtime stays unpinned: no archive of {} is known to be right for this machine",
                engine.name()
            );
            say!("hint: download the one for it, and give it to `apply` with --runtime-archive");
            return Ok(Vec::new());
        }
    }
    if choice.archives.is_empty() {
        warn!("the runtime stays unpinned: {}", choice.why);
        choice.others.iter().for_each(|other| say!("  {other}"));
        if let Some(image) = &choice.image {
            say!("note: {} is right: {}", image.name, image.why);
            say!("hint: {}", image.flag());
        }
        return Ok(Vec::new());
    }
    let archives = Releases::from_env(engine.repository())?.archives(build, &choice.archives);
    if archives.is_ok() {
        if !choice.others.is_empty() {
            say!("note: {} is pinned: {}", choice.archives.join(" with "), choice.why);
            choice.others.iter().for_each(|other| say!("  {other}"));
        }
        if known.is_none() && profile.gpus.first().is_some_and(|gpu| gpu.vendor == Vendor::Nvidia) {
            say!(
                "hint: the release's archives for CUDA are a pair for a driver and a C library that are new enough; \
                 `plan --host` with --resolve pins it where a host's are"
            );
        }
    }
    Ok(pinned(archives))
}

/// Returns the archives as a plan has them; none, with a warning, where there was no answer.
fn pinned(archives: Result<Vec<Archive>>) -> Vec<RuntimeFile> {
    let file = |Archive { url, sha256, size_bytes }: Archive| RuntimeFile { url, sha256, size_bytes };
    match archives {
        Ok(archives) => archives.into_iter().map(file).collect(),
        Err(error) => {
            warn!("the runtime stays unpinned: {error:#}");
            if let Some(hint) = hint(&error) {
                say!("hint: {hint}");
            }
            Vec::new()
        }
    }
}

/// Returns the machine that `plan` was made for: the offer's own, or the class of machines that it is named by.
fn planned_machine(request: &Request, plan: &Plan) -> Option<Profile> {
    let rented = plan.cost.as_ref().map(|cost| format!("{}/{}", cost.offer.provider, cost.offer.instance));
    let named = |name: &str| {
        let offer = request.offers.iter().find(|offer: &&Offer| machine::name(offer) == name)?;
        machine::profile(offer, &request.profiles)
    };
    let class = || request.profiles.iter().find(|profile| profile.id == plan.profile.id).cloned();
    rented.and_then(|name| named(&name)).or_else(class).or_else(|| named(&plan.profile.id))
}
