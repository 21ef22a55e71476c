//! The pairs of archives for CUDA: llama-server with its backend, and the toolkit's libraries beside.
//!
//! From b11434's own release workflow: built on Ubuntu 24.04; machine code for compute capability 8.6, 8.9 and 12.0
//! (13.4 also 12.1), PTX for 7.5, 8.0 and 9.0, which the driver compiles at the first start; GGML_CUDA_NCCL=OFF.
//!
//! Drivers: release notes of CUDA 13.2 Update 2 (<https://docs.nvidia.com/cuda/cuda-toolkit-release-notes/>, read on
//! 2026-11-28), table 2 for any CUDA of one first number (12.x: 525, 13.x: 580) and table 3 for each toolkit (12.0 GA:
//! 525.60.13, 12.8 GA: 570.26, 13.0 GA: 580.65.06). They end before 13.4, whose own driver `gpu-cuda` asks for.

use super::kind::{GLIBC_24_04, Least, Needs, RuntimeHost, RuntimeKind, Version, archive};
use crate::hardware::backend::Backend;
use crate::lang::Sentence;
use crate::processor::Processor;

pub struct Cuda {
    pub name: &'static str,
    variant: &'static str,
    pub(super) built: Built,
    only_default_processor: bool,
}

/// A build of llama.cpp's backend for CUDA.
#[derive(Debug)]
pub(super) struct Built {
    /// Whether it is in a container image; else in an archive.
    pub in_image: bool,
    pub toolkit: Version,
    /// The oldest driver that runs any CUDA of the toolkit's first number, and the oldest that is known to run the
    /// toolkit's own.
    pub drivers: (&'static str, &'static str),
    /// Capabilities that it has machine code for.
    pub code: &'static [Version],
    /// Capabilities that it has PTX for, the oldest first; a newer card compiles the newest that is not newer than itself.
    pub ptx: &'static [Version],
}

pub const CUDA_12: Cuda = Cuda {
    name: "cuda-12.8-archives",
    variant: "cuda-12.8-",
    built: Built {
        in_image: false,
        toolkit: (12, 8),
        drivers: ("525.60.13", "570.26"),
        code: &[(8, 6), (8, 9), (12, 0)],
        ptx: &PTX,
    },
    only_default_processor: true,
};

pub const CUDA_13: Cuda = Cuda {
    name: "cuda-13.4-archives",
    variant: "cuda-13.4-",
    built: Built {
        in_image: false,
        toolkit: (13, 4),
        drivers: ("580.65.06", "580.65.06"),
        code: &[(8, 6), (8, 9), (12, 0), (12, 1)],
        ptx: &PTX,
    },
    only_default_processor: false,
};

/// Capabilities that both have PTX for.
const PTX: [Version; 3] = [(7, 5), (8, 0), (9, 0)];

impl Built {
    /// Machine code of a capability runs on later ones of the same first number; that of Blackwell, which is built
    /// for one capability alone (120a), does not.
    pub fn has_code(&self, card: Version) -> bool {
        self.code.iter().any(|code| {
            let same = code.0 == card.0;
            same && if code.0 >= 12 { *code == card } else { code.1 <= card.1 }
        })
    }

    /// The CUDA that a driver must run for the card: any of the same first number for machine code, one as new as the
    /// toolkit for PTX. `None`: it has nothing for the card.
    pub fn driver_for(&self, card: Version) -> Option<Version> {
        if self.has_code(card) {
            return Some((self.toolkit.0, 0));
        }
        self.ptx.iter().any(|ptx| *ptx <= card).then_some(self.toolkit)
    }

    /// Returns why it runs on the host's cards, or why it does not.
    pub fn fits(&self, host: &RuntimeHost) -> Result<Sentence, Sentence> {
        if host.compute.is_empty() {
            return Err(sentence!("runtime-compute-unknown"));
        }
        let mut needed = (0, 0);
        for card in &host.compute {
            match self.driver_for(*card) {
                None => return Err(sentence!("runtime-no-code", version = text(*card))),
                Some(version) => needed = needed.max(version),
            }
        }
        match host.cuda {
            None => return Err(sentence!("runtime-cuda-unknown")),
            Some(runs) if runs < needed => {
                return Err(sentence!("runtime-cuda-old", version_has = text(runs), version = text(needed)));
            }
            Some(_) => {}
        }
        Ok(match host.compute.iter().all(|card| self.has_code(*card)) {
            true => sentence!("runtime-machine-code"),
            false => sentence!("runtime-ptx"),
        })
    }

    /// Returns what it needs of the host's cards and of their driver.
    pub fn needs(&self, host: &RuntimeHost) -> Needs {
        let by_card: Option<Vec<Version>> = host.compute.iter().map(|card| self.driver_for(*card)).collect();
        let Some(cuda) = by_card.and_then(|all| all.into_iter().max()) else { return Needs::default() };
        let least = |version: String, why: String| Some(Least { version, why });
        let (any, own) = self.drivers;
        let (driver, why) = match host.compute.iter().find(|card| !self.has_code(**card)) {
            None => (any, format!("the oldest driver that runs programs of CUDA {}", self.toolkit.0)),
            Some(card) => {
                let (toolkit, card) = (text(self.toolkit), text(*card));
                let why = match self.in_image {
                    false => format!(
                        "llama.cpp's archive for CUDA {toolkit} has no machine code for compute capability {card}, and a \
                         driver as new as that CUDA compiles it"
                    ),
                    true => format!(
                        "llama.cpp's image for CUDA {toolkit} has no machine code for compute capability {card}, and a \
                         driver as new as that CUDA compiles it"
                    ),
                };
                (own, why)
            }
        };
        let older = match self.in_image {
            false => "the archive has no code for older cards",
            true => "the image has no code for older cards",
        };
        let oldest = self.ptx.first().map(|oldest| text(*oldest)).unwrap_or_default();
        Needs {
            compute_capability: least(oldest, older.to_string()),
            driver: least(driver.to_string(), why),
            cuda: least(text(cuda), "the newest CUDA that the driver runs".to_string()),
        }
    }
}

fn text(version: Version) -> String {
    format!("{}.{}", version.0, version.1)
}

impl RuntimeKind for Cuda {
    fn name(&self) -> &'static str {
        self.name
    }

    fn backend(&self) -> Option<Backend> {
        Some(Backend::Cuda)
    }

    fn archives(&self, build: &str, processor: Processor) -> Vec<String> {
        if self.only_default_processor && !processor.is_default() {
            return Vec::new();
        }
        let server = archive(build, self.variant, processor);
        let libraries = format!("cudart-{server}");
        vec![server, libraries]
    }

    fn glibc(&self, _processor: Processor) -> Version {
        GLIBC_24_04
    }

    fn fits(&self, host: &RuntimeHost) -> Result<Sentence, Sentence> {
        match host.tensor {
            true => Err(sentence!("runtime-no-nccl")),
            false => self.built.fits(host),
        }
    }

    fn needs(&self, host: &RuntimeHost) -> Needs {
        self.built.needs(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_that_a_card_needs_follows_from_the_code_in_the_archive() {
        for (card, twelve, thirteen) in [
            ((6, 1), None, None),
            ((7, 0), None, None),
            ((7, 5), Some((12, 8)), Some((13, 4))),
            ((8, 0), Some((12, 8)), Some((13, 4))),
            ((8, 6), Some((12, 0)), Some((13, 0))),
            ((8, 7), Some((12, 0)), Some((13, 0))),
            ((8, 9), Some((12, 0)), Some((13, 0))),
            ((9, 0), Some((12, 8)), Some((13, 4))),
            ((10, 0), Some((12, 8)), Some((13, 4))),
            ((12, 0), Some((12, 0)), Some((13, 0))),
            ((12, 1), Some((12, 8)), Some((13, 0))),
        ] {
            assert_eq!(
                (CUDA_12.built.driver_for(card), CUDA_13.built.driver_for(card)),
                (twelve, thirteen),
                "{card:?}"
            );
        }
    }

    #[test]
    fn a_driver_is_as_new_as_the_toolkit_where_it_compiles_the_code() {
        let of = |kind: &Cuda, compute: &[Version]| {
            let needs = kind.needs(&RuntimeHost { compute: compute.to_vec(), ..RuntimeHost::default() });
            let version = |least: Option<Least>| least.map(|least| least.version).unwrap_or_default();
            [version(needs.driver), version(needs.cuda), version(needs.compute_capability)]
        };
        for (kind, compute, want) in [
            (&CUDA_12, &[(8, 6), (8, 9)][..], ["525.60.13", "12.0", "7.5"]),
            (&CUDA_12, &[(8, 0)], ["570.26", "12.8", "7.5"]),
            (&CUDA_12, &[(8, 6), (9, 0)], ["570.26", "12.8", "7.5"]),
            (&CUDA_13, &[(8, 6)], ["580.65.06", "13.0", "7.5"]),
            (&CUDA_13, &[(7, 5)], ["580.65.06", "13.4", "7.5"]),
            (&CUDA_12, &[(6, 1)], ["", "", ""]),
            (&CUDA_12, &[], ["", "", ""]),
        ] {
            assert_eq!(of(kind, compute), want, "{} {compute:?}", kind.name());
        }
    }
}
