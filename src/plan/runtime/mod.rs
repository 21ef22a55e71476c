//! Decides which runtime a host gets: processor × card × driver × C library → archives, and why. Pure; the kinds are
//! one file each, and docs/add-runtime-kind.md says how to add one.

mod cpu;
mod cuda;
pub mod distribution;
mod image;
mod kind;
mod rocm;
pub mod source;
mod vulkan;

pub use distribution::PackagesAdvice;
pub use image::{ImageAdvice, Tagged, tagged};
pub use kind::{Least, Needs, RuntimeHost, RuntimeKind, Version};
pub use source::SourceAdvice;

use crate::checked::ImageRef;
use crate::engine::container::Container;
use crate::hardware::apt_has;
use crate::hardware::facts::{Facts, Gpu, Vendor};
use crate::hardware::profiles::Profile;
use crate::hardware::vendor;
use crate::lang::Sentence;
use crate::plan::usable_cards;
use crate::processor::Processor;
use serde::{Deserialize, Serialize};

/// Every kind, the fastest first.
pub fn all() -> [&'static dyn RuntimeKind; 5] {
    [&cuda::CUDA_12, &cuda::CUDA_13, &rocm::Rocm, &vulkan::Vulkan, &cpu::Cpu]
}

/// The runtime that is right for a host, as a plan has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RuntimeChoice {
    /// Its kind; `None`: no archive of the release is right, and `others` say why.
    pub kind: Option<String>,
    /// The release's archives, llama-server's first.
    pub archives: Vec<String>,
    /// Reason for this kind, or what to do where no archive is right; one sentence.
    pub why: Sentence,
    /// Faster kinds that are not right, each with its reason.
    pub others: Vec<String>,
    /// A build on the host that would be right, where no archive is, or a slower one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceAdvice>,
    /// llama.cpp's own container image that is right where no archive is, or that computes through a faster backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageAdvice>,
    /// The distribution's own packages, where the host's is known to have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<PackagesAdvice>,
    /// Lower bounds that it sets to the cards and their driver.
    #[serde(default, skip_serializing_if = "is_none")]
    pub needs: Needs,
}

impl RuntimeChoice {
    /// Returns no kind of runtime, with lower bounds that it is to have.
    fn none(needs: Needs) -> RuntimeChoice {
        RuntimeChoice {
            kind: None,
            archives: Vec::new(),
            why: sentence!("runtime-none-is-right"),
            others: Vec::new(),
            source: None,
            image: None,
            packages: None,
            needs,
        }
    }
}

fn is_none(needs: &Needs) -> bool {
    *needs == Needs::default()
}

/// Returns what the fastest of the release's archives with code for the host's cards needs of them and of their driver.
pub fn needs_of_release(host: &RuntimeHost, build: &str) -> Needs {
    let published = |kind: &&dyn RuntimeKind| !kind.archives(build, host.processor).is_empty();
    let kinds = all().into_iter().filter(|kind| is_for(*kind, host)).filter(published);
    kinds.map(|kind| kind.needs(host)).find(|needs| !is_none(needs)).unwrap_or_default()
}

/// Chooses the fastest kind that is right for the host. An unknown property excludes no archive, unless it
/// decides whether the archive starts at all.
pub fn choose(host: &RuntimeHost, build: &str) -> RuntimeChoice {
    let advice = |chosen| image::advice(host, build, chosen);
    let packages = distribution::advice(host);
    let mut others = Vec::new();
    for kind in all().into_iter().filter(|kind| is_for(*kind, host)) {
        let archives = kind.archives(build, host.processor);
        match fits(kind, host, &archives) {
            Ok(why) => {
                let backend = kind.backend();
                let (source, image) = (source::advice(host, build, Some(backend)), advice(Some(backend)));
                let (kind, needs) = (Some(kind.name().to_string()), kind.needs(host));
                return RuntimeChoice { kind, archives, why, others, source, image, packages, needs };
            }
            Err(why) => others.push(format!("{}: {why}", kind.name())),
        }
    }
    let (source, image) = (source::advice(host, build, None), advice(None));
    RuntimeChoice { others, source, image, packages, ..RuntimeChoice::none(Needs::default()) }
}

/// Returns the kind of an image of llama.cpp's own that the user pinned, with what it needs of the host's cards.
pub fn pinned_image(image: &ImageRef, host: &RuntimeHost) -> RuntimeChoice {
    let (needs, wrong) = image::pinned(image, host);
    RuntimeChoice {
        kind: Some(IMAGE.to_string()),
        why: sentence!("runtime-image"),
        others: wrong.into_iter().collect(),
        ..RuntimeChoice::none(needs)
    }
}

/// Returns the kind of an engine that comes as a container image: no archive, and what its programs need of the cards.
pub fn image(container: &Container, bf16: bool) -> RuntimeChoice {
    let capability = container.least.map(|least| {
        let (major, minor) = if bf16 { least.compute_bf16 } else { least.compute };
        let why = match bf16 {
            true => sentence!("runtime-image-needs-bf16", source = least.source),
            false => sentence!("runtime-image-needs", source = least.source),
        };
        Least { version: format!("{major}.{minor}"), why: why.to_string() }
    });
    let driver = vendor::of(Vendor::Nvidia).least().driver;
    let driver = driver.map(|(version, why)| Least { version: version.to_string(), why: why.to_string() });
    RuntimeChoice {
        kind: Some(IMAGE.to_string()),
        why: sentence!("runtime-image"),
        ..RuntimeChoice::none(Needs { compute_capability: capability, driver, cuda: None })
    }
}

/// Returns the kind of a plan that takes the packages of its host's distribution.
pub fn packages(host: &RuntimeHost) -> RuntimeChoice {
    let (kind, why) = (Some(PACKAGES.to_string()), distribution::why(host));
    RuntimeChoice { kind, why, ..RuntimeChoice::none(Needs::default()) }
}

/// Name of the kind that is the distribution's packages.
const PACKAGES: &str = "distribution-packages";

/// Name of the kind that is a container image.
pub const IMAGE: &str = "container-image";

/// Returns the oldest C library with which an archive of the release runs; `None` for a file of another name.
pub fn glibc_of(archive: &str, build: &str, processor: Processor) -> Option<Version> {
    let is_of = |kind: &&dyn RuntimeKind| kind.archives(build, processor).iter().any(|name| name == archive);
    all().into_iter().find(is_of).map(|kind| kind.glibc(processor))
}

/// Whether a kind computes where the plan wants it to.
fn is_for(kind: &dyn RuntimeKind, host: &RuntimeHost) -> bool {
    match (kind.backend(), host.vendor) {
        (None, None) => true,
        (Some(backend), Some(maker)) => vendor::of(maker).backends().contains(&backend),
        _ => false,
    }
}

fn fits(kind: &dyn RuntimeKind, host: &RuntimeHost, archives: &[String]) -> Result<Sentence, Sentence> {
    if archives.is_empty() {
        return Err(sentence!("runtime-not-published", processor = host.processor.to_string()));
    }
    let needed = kind.glibc(host.processor);
    let version = format!("{}.{}", needed.0, needed.1);
    match host.glibc {
        Some(has) if has < needed => Err(sentence!(
            "runtime-glibc-old",
            version = version,
            version_has = format!("{}.{}", has.0, has.1)
        )),
        None if host.other_libc => Err(sentence!("runtime-glibc-other", version = version)),
        _ => kind.fits(host),
    }
}

impl RuntimeHost {
    /// A probed host, with the cards that a plan may use.
    pub fn of(facts: &Facts) -> RuntimeHost {
        let gpus: Vec<&Gpu> = usable_cards::used(facts).collect();
        let version = |text: &Option<String>| text.as_deref().and_then(version);
        RuntimeHost {
            processor: Processor::of_uname(&facts.os.arch).unwrap_or_default(),
            vendor: gpus.first().map(|gpu| gpu.vendor),
            compute: gpus.iter().filter_map(|gpu| version(&gpu.compute_capability)).collect(),
            cuda: gpus.iter().filter_map(|gpu| version(&gpu.cuda_version)).min(),
            rocm: gpus.first().and_then(|gpu| version(&gpu.rocm_version)),
            glibc: version(&facts.os.glibc),
            quadlet: Some(apt_has::quadlet(&facts.os)),
            packaged: Some(distribution::has(&facts.os)),
            other_libc: facts.unsupported.contains_key("os.glibc"),
            tensor: false,
            release: Some((facts.os.id.clone(), facts.os.version.clone())).filter(|(id, _)| !id.is_empty()),
            cores: Some(facts.cpu.logical).filter(|cores| *cores > 0),
            card_bytes: gpus.iter().map(|gpu| gpu.memory_total_bytes).min(),
        }
    }
}

impl RuntimeHost {
    /// A class of machines, of which no driver and no C library is known; or `known`, where the plan is for a host.
    pub fn of_profile(profile: &Profile, tensor: bool, known: Option<&RuntimeHost>) -> RuntimeHost {
        if let Some(host) = known {
            return RuntimeHost { tensor, ..host.clone() };
        }
        RuntimeHost {
            processor: profile.processor,
            vendor: profile.gpus.first().map(|gpu| gpu.vendor),
            compute: profile.gpus.iter().filter_map(|gpu| gpu.generation.compute_capability()).collect(),
            tensor,
            ..RuntimeHost::default()
        }
    }
}

/// `12.8` and `2.36`.
fn version(text: &str) -> Option<Version> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}

#[cfg(test)]
mod tests;
