//! `--resolve`: what is published, in place of what is known offline.

use crate::engine::split::SplitMode;
use crate::error::{Context, Result, hint};
use crate::fetch::release::Releases;
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

/// The archive of the planned build that is right for the machine, of those that are one archive. Without an answer
/// the plan stays as it is without one, and says so: the archive can be given to `apply` as well.
pub fn runtime(request: &Request) -> Result<Option<RuntimeFile>> {
    let build = &request.build.id;
    let plan = plan(request)?;
    // A plan that is free to choose shares by layers once an archive is pinned.
    let tensor = request.fixed.split_mode == Some(SplitMode::Tensor);
    let profile = planned_machine(request, &plan).context("the plan's machine is one of the request's")?;
    let known = request.fixed.host.as_ref().filter(|_| profile.is_there());
    let host = RuntimeHost::of_profile(&profile, tensor, known);
    let (best, single) = (runtime::choose(&host, build), runtime::choose_single(&host, build));
    let Some(name) = single.archives.first() else {
        say!("warning: the runtime stays unpinned: {}", single.why);
        single.others.iter().for_each(|other| say!("  {other}"));
        return Ok(None);
    };
    match Releases::from_env(plan.engine().repository())?.archive(build, name) {
        Ok(archive) => {
            if host.vendor == Some(Vendor::Nvidia) {
                say!("warning: {name} is pinned, and the ledger's compute buffers are CUDA's");
                match &best.archives[..] {
                    [server, libraries] => say!(
                        "hint: {server} with {libraries} is faster here: unpack both into one folder, and give that \
                         as a .tar.gz to `apply` with --runtime-archive"
                    ),
                    _ => say!(
                        "hint: the release's archives for CUDA are a pair for a driver and a C library that are new \
                         enough; `plan --host` tells whether a host's are"
                    ),
                }
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
