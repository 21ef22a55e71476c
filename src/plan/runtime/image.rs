//! llama.cpp's own container images: which of them would be right for a host, and which one a plan pins.
//!
//! From `.github/workflows/docker.yml`, `.devops/*.Dockerfile` and ggml-cuda's CMakeLists.txt of b11434: of each build
//! `server-BUILD` for the CPU, `server-cuda12-BUILD` (CUDA 12.8.1), `server-cuda13-BUILD` (13.4.1) and
//! `server-vulkan-BUILD` for x86-64 and aarch64, `server-rocm-BUILD` (ROCm 7.2.1) for x86-64. Those for CUDA are built
//! without a list of architectures, and so for its default one: machine code for 8.6, 8.9 and 12.0 (CUDA 13: 12.1 as
//! well), PTX for 7.5, 8.0 and 9.0, with CUDA 12 for 5.0, 6.1 and 7.0 too. They are built on NVIDIA's
//! cuda:VERSION-devel-ubuntu24.04, which has libnccl-dev, with GGML_CUDA_NCCL on, its default.

use super::cuda::Built;
use super::kind::{Needs, RuntimeHost};
use crate::checked::ImageRef;
use crate::engine::llama_cpp::container::REPOSITORY;
use crate::hardware::backend::Backend;
use crate::hardware::facts::Vendor;
use crate::lang::Sentence;
use serde::{Deserialize, Serialize};

/// One of the images of a build.
#[derive(Debug)]
pub struct Image {
    /// Its kind in plans.
    name: &'static str,
    /// Beginnings of its tags.
    tags: &'static [&'static str],
    /// The backend that computes on cards; `None`: the CPU's alone.
    pub backend: Option<Backend>,
    cuda: Option<Built>,
    only_default_processor: bool,
}

const CUDA_12: Image = Image {
    name: "cuda-12-image",
    tags: &["server-cuda12", "server-cuda"],
    backend: Some(Backend::Cuda),
    cuda: Some(Built {
        in_image: true,
        toolkit: (12, 8),
        drivers: ("525.60.13", "570.26"),
        code: &[(8, 6), (8, 9), (12, 0)],
        ptx: &[(5, 0), (6, 1), (7, 0), (7, 5), (8, 0), (9, 0)],
    }),
    only_default_processor: false,
};

const CUDA_13: Image = Image {
    name: "cuda-13-image",
    tags: &["server-cuda13"],
    backend: Some(Backend::Cuda),
    cuda: Some(Built {
        in_image: true,
        toolkit: (13, 4),
        drivers: ("580.65.06", "580.65.06"),
        code: &[(8, 6), (8, 9), (12, 0), (12, 1)],
        ptx: &[(7, 5), (8, 0), (9, 0)],
    }),
    only_default_processor: false,
};

const VULKAN: Image = Image {
    name: "vulkan-image",
    tags: &["server-vulkan"],
    backend: Some(Backend::Vulkan),
    cuda: None,
    only_default_processor: false,
};

const ROCM: Image = Image {
    name: "rocm-image",
    tags: &["server-rocm"],
    backend: Some(Backend::Rocm),
    cuda: None,
    only_default_processor: true,
};

const CPU: Image =
    Image { name: "cpu-image", tags: &["server"], backend: None, cuda: None, only_default_processor: false };

/// Every image, in the order in which they are looked at.
static ALL: [Image; 5] = [CUDA_12, CUDA_13, VULKAN, ROCM, CPU];

impl Image {
    fn fits(&self, host: &RuntimeHost) -> Result<Sentence, Sentence> {
        if self.only_default_processor && !host.processor.is_default() {
            return Err(sentence!("runtime-not-published", processor = host.processor.to_string()));
        }
        match (self.backend, host.vendor) {
            (None, None) => Ok(sentence!("runtime-image-cpu")),
            (None, Some(_)) => Err(sentence!("runtime-cpu-only")),
            (Some(_), None) => Err(sentence!("runtime-no-card")),
            (Some(Backend::Cuda), Some(Vendor::Nvidia)) => self.cuda.as_ref().map_or_else(
                || Err(sentence!("runtime-cuda-unknown")),
                |cuda| {
                    let why = cuda.fits(host)?;
                    Ok(if host.tensor { sentence!("runtime-image-nccl") } else { why })
                },
            ),
            (Some(Backend::Vulkan), Some(Vendor::Amd | Vendor::Intel)) if host.tensor => {
                Err(sentence!("runtime-vulkan-tensor"))
            }
            (Some(Backend::Vulkan), Some(Vendor::Amd | Vendor::Intel)) => {
                Ok(sentence!("runtime-image-vulkan"))
            }
            // A host does not tell which of AMD's architectures a card is of.
            (Some(Backend::Rocm), Some(Vendor::Amd)) => Err(sentence!("runtime-image-rocm")),
            (Some(_), Some(_)) => Err(sentence!("runtime-image-other-cards")),
        }
    }

    fn needs(&self, host: &RuntimeHost) -> Needs {
        self.cuda.as_ref().map(|cuda| cuda.needs(host)).unwrap_or_default()
    }

    /// Returns its name with the tag of a build, which has to be pinned by its digest.
    fn tagged(&self, build: &str) -> String {
        format!("{REPOSITORY}:{}-{build}", self.tags[0])
    }
}

/// An image that would be right for a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImageAdvice {
    /// Its kind, such as `cuda-12-image`.
    pub kind: String,
    /// Its name with the tag of the planned build; it has to be pinned by its digest.
    pub name: String,
    /// Reason why it is right; one sentence.
    pub why: Sentence,
}

impl ImageAdvice {
    /// Returns the flag that pins it, for a shell: the digest is asked for where it is run.
    pub fn flag(&self) -> String {
        format!(
            "--runtime-image \"$(skopeo inspect --format '{{{{.Name}}}}@{{{{.Digest}}}}' docker://{})\"",
            self.name
        )
    }
}

/// Returns the first image that is right for the host, unless one of the release's archives is and computes through as
/// fast a backend: `chosen` is that one's.
pub fn advice(host: &RuntimeHost, build: &str, chosen: Option<Option<Backend>>) -> Option<ImageAdvice> {
    // A host is not known to have podman where it is a class of machines.
    if host.quadlet == Some(false) {
        return None;
    }
    // Machine code before what the driver compiles.
    let has_code = |image: &&Image| {
        let cuda = image.cuda.as_ref().filter(|_| !host.compute.is_empty());
        cuda.is_some_and(|cuda| host.compute.iter().all(|card| cuda.has_code(*card)))
    };
    let in_order = || ALL.iter().filter(has_code).chain(&ALL);
    let (image, why) = in_order().find_map(|image| Some((image, image.fits(host).ok()?)))?;
    let faster = image.backend == Some(Backend::Cuda) && chosen == Some(Some(Backend::Vulkan));
    let advised = chosen.is_none() || faster;
    advised.then(|| ImageAdvice { kind: image.name.to_string(), name: image.tagged(build), why })
}

/// Facts that the tag of a pinned image tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagged<'a> {
    /// One of the images here, and the build where the tag names it.
    Known(&'static str, Option<&'a str>),
    /// An image of the project whose entry point is no llama-server.
    NoServer(&'a str),
    /// It has no tag, another one, or is of another repository.
    Unknown,
}

/// Reads the tag of a pinned image.
pub fn tagged(image: &ImageRef) -> Tagged<'_> {
    let name = image.split_once('@').map_or("", |(name, _)| name);
    let Some(tag) = name.strip_prefix(REPOSITORY).and_then(|rest| rest.strip_prefix(':')) else {
        return Tagged::Unknown;
    };
    if ["full", "light"].iter().any(|kind| tag == *kind || tag.starts_with(&format!("{kind}-"))) {
        return Tagged::NoServer(tag);
    }
    let is_build = |text: &str| {
        text.strip_prefix('b')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    };
    let (kind, build) = match tag.rsplit_once('-') {
        Some((kind, build)) if is_build(build) => (kind, Some(build)),
        _ => (tag, None),
    };
    let known = ALL.iter().find(|image| image.tags.contains(&kind));
    known.map_or(Tagged::Unknown, |image| Tagged::Known(image.name, build))
}

/// Returns what the pinned image needs of the host's cards, and why it is not right for them where that is known.
pub(super) fn pinned(image: &ImageRef, host: &RuntimeHost) -> (Needs, Option<String>) {
    let Tagged::Known(name, _) = tagged(image) else { return (Needs::default(), None) };
    let Some(image) = ALL.iter().find(|image| image.name == name) else { return (Needs::default(), None) };
    // Too little is known of a class of machines.
    let judged = host.quadlet.is_some() && image.backend != Some(Backend::Rocm);
    let wrong = image.fits(host).err().filter(|_| judged);
    (image.needs(host), wrong.map(|why| format!("{name}: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processor::Processor;

    fn nvidia(compute: &[(u64, u64)], cuda: (u64, u64)) -> RuntimeHost {
        RuntimeHost {
            vendor: Some(Vendor::Nvidia),
            compute: compute.to_vec(),
            cuda: Some(cuda),
            quadlet: Some(true),
            ..RuntimeHost::default()
        }
    }

    #[test]
    fn an_image_is_named_where_no_archive_is_right_or_it_is_faster() {
        let cpu = RuntimeHost { quadlet: Some(true), ..RuntimeHost::default() };
        let maker = |vendor| RuntimeHost { vendor: Some(vendor), ..cpu.clone() };
        let tensor = RuntimeHost { tensor: true, ..nvidia(&[(8, 0), (8, 0)], (12, 8)) };
        let without = RuntimeHost { quadlet: Some(false), ..tensor.clone() };
        let vulkan = Some(Some(Backend::Vulkan));
        for (host, chosen, want) in [
            // A P100 and a V100: no archive has code for them but Vulkan's.
            (nvidia(&[(6, 0)], (12, 8)), vulkan, Some("server-cuda12")),
            (nvidia(&[(7, 0)], (13, 0)), vulkan, Some("server-cuda12")),
            // Its PTX is compiled by a driver as new as the toolkit alone.
            (nvidia(&[(7, 0)], (12, 4)), vulkan, None),
            (nvidia(&[(8, 6)], (12, 4)), Some(Some(Backend::Cuda)), None),
            (nvidia(&[(8, 6)], (12, 4)), vulkan, Some("server-cuda12")),
            (nvidia(&[(12, 1)], (13, 0)), vulkan, Some("server-cuda13")),
            (tensor, None, Some("server-cuda12")),
            (without, None, None),
            (maker(Vendor::Amd), None, Some("server-vulkan")),
            (maker(Vendor::Intel), vulkan, None),
            (cpu.clone(), None, Some("server")),
            (RuntimeHost { processor: Processor::Aarch64, ..cpu }, Some(None), None),
        ] {
            let found = advice(&host, "b11434", chosen);
            let name = want.map(|tag| format!("ghcr.io/ggml-org/llama.cpp:{tag}-b11434"));
            assert_eq!(found.as_ref().map(|found| found.name.clone()), name, "{host:?} {chosen:?}");
            let flag = found.map(|found| found.flag()).unwrap_or_default();
            assert!(name.is_none_or(|name| flag.ends_with(&format!("docker://{name})\""))), "{flag}");
        }
    }

    #[test]
    fn a_tag_tells_the_image_and_its_build() {
        let digest = "ab".repeat(32);
        let own = |tag: &str| format!("{REPOSITORY}{tag}@sha256:{digest}");
        for (image, want) in [
            (own(":server-b11434"), Tagged::Known("cpu-image", Some("b11434"))),
            (own(":server-cuda12-b12"), Tagged::Known("cuda-12-image", Some("b12"))),
            (own(":server-cuda"), Tagged::Known("cuda-12-image", None)),
            (own(":server-cuda13-b1"), Tagged::Known("cuda-13-image", Some("b1"))),
            (own(":server-vulkan"), Tagged::Known("vulkan-image", None)),
            (own(":light-cuda-b1"), Tagged::NoServer("light-cuda-b1")),
            (own(":full"), Tagged::NoServer("full")),
            (own(":server-musa-b1"), Tagged::Unknown),
            (own(""), Tagged::Unknown),
            (format!("docker.io/a/b:server@sha256:{digest}"), Tagged::Unknown),
        ] {
            let image = ImageRef::new(&image).unwrap();
            assert_eq!(tagged(&image), want, "{image}");
        }
    }

    #[test]
    fn a_pinned_image_that_a_hosts_cards_do_not_run_says_so() {
        let image =
            |tag: &str| ImageRef::new(format!("{REPOSITORY}:{tag}@sha256:{}", "0".repeat(64))).unwrap();
        let said = |tag: &str, host: &RuntimeHost| pinned(&image(tag), host).1.unwrap_or_default();
        let old = nvidia(&[(7, 0)], (12, 8));
        assert_eq!(said("server-cuda12-b11434", &old), "");
        assert!(said("server-cuda13-b11434", &old).contains("no code for compute capability 7.0"));
        assert!(said("server-b11434", &old).contains("does not compute on cards"));
        assert!(said("server-vulkan-b11434", &old).contains("other cards"));
        let (needs, _) = pinned(&image("server-cuda12-b11434"), &old);
        assert_eq!(needs.driver.unwrap().version, "570.26");
        assert_eq!(needs.compute_capability.unwrap().version, "5.0");
        assert_eq!(pinned(&image("other"), &old), (Needs::default(), None));
    }
}
