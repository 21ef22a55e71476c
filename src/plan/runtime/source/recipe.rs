//! The build for a host: its cards, its processor, the number of llama.cpp's build. Pure.

use crate::checked::Checksum;
use crate::engine::from_source::FromSource;
use crate::hardware::vendor::toolkit::Toolkit;
use crate::hash::sha256;
use crate::plan::runtime::kind::Version;
use serde::Serialize;

/// Build of an engine's program for one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recipe {
    /// SHA-256 of the source's archive.
    pub source: Checksum,
    /// Build that it calls itself, `b11434`.
    pub build: String,
    /// Processor's name and its instructions, as the kernel tells them: the code is for these alone.
    pub processor: String,
    /// Compute capabilities of NVIDIA's cards, each once, the lowest first; none: the CPU computes.
    pub cards: Vec<Version>,
    /// A part of every matrix is on every card.
    pub nccl: bool,
}

impl Recipe {
    /// Returns the name under which a host keeps the result: the same source for the same processor and cards is the same.
    pub fn key(&self) -> Checksum {
        // Its fields are texts and numbers, which always have a JSON form.
        sha256(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// Returns CMake's settings. `toolkit`: where CUDA's is, for cards.
    pub fn settings(&self, of: &FromSource, toolkit: Option<&Toolkit>) -> Vec<String> {
        let mut all: Vec<String> = of.settings.iter().map(|setting| setting.to_string()).collect();
        let number: String = self.build.chars().filter(char::is_ascii_digit).collect();
        all.push(format!("{}={number}", of.number));
        let mut beside = "$ORIGIN".to_string();
        if let Some(toolkit) = toolkit.filter(|_| !self.cards.is_empty()) {
            all.extend(of.cuda.iter().map(|setting| setting.to_string()));
            all.push(format!("{}={}", of.nccl, if self.nccl { "ON" } else { "OFF" }));
            let code: Vec<String> =
                self.cards.iter().map(|(major, minor)| format!("{major}{minor}-real")).collect();
            all.push(format!("CMAKE_CUDA_ARCHITECTURES={}", code.join(";")));
            all.push(format!("CMAKE_CUDA_COMPILER={}", toolkit.compiler));
            if let Some(root) = &toolkit.root {
                all.push(format!("CUDAToolkit_ROOT={root}"));
                beside += &format!(";{root}/lib64");
            }
        }
        all.push(format!("CMAKE_INSTALL_RPATH={beside}"));
        all
    }
}

/// Returns each capability once, the lowest first.
pub fn once(mut cards: Vec<Version>) -> Vec<Version> {
    cards.sort_unstable();
    cards.dedup();
    cards
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use crate::hardware::facts::Vendor;
    use crate::hardware::vendor::{self, toolkit::ToolkitHost};

    fn recipe(cards: &[Version], nccl: bool) -> Recipe {
        let source = Checksum::of([7; 32]);
        let (build, processor) = ("b11434".into(), "x: fpu avx2".into());
        Recipe { source, build, processor, cards: once(cards.to_vec()), nccl }
    }

    #[test]
    fn code_is_made_for_the_hosts_cards_and_processor_alone() {
        let of = engine::default().built_from().unwrap();
        let (id, version, arch) = ("ubuntu", "24.04", "x86_64");
        let host = ToolkitHost { id, version, arch, cards: &[(7, 0)], runs: Some((12, 8)), collective: true };
        let toolkit = vendor::of(Vendor::Nvidia).toolkit(&host).unwrap();
        let cpu = recipe(&[], false).settings(of, None);
        for wanted in ["GGML_NATIVE=ON", "LLAMA_BUILD_NUMBER=11434", "CMAKE_INSTALL_RPATH=$ORIGIN"] {
            assert!(cpu.iter().any(|setting| setting == wanted), "{wanted}: {cpu:?}");
        }
        assert!(!cpu.iter().any(|setting| setting.contains("CUDA")), "{cpu:?}");
        let cards = recipe(&[(7, 0), (6, 1), (7, 0)], true).settings(of, Some(&toolkit));
        for wanted in [
            "GGML_CUDA=ON",
            "GGML_CUDA_NCCL=ON",
            "CMAKE_CUDA_ARCHITECTURES=61-real;70-real",
            "CMAKE_CUDA_COMPILER=/usr/local/cuda-12.8/bin/nvcc",
            "CMAKE_INSTALL_RPATH=$ORIGIN;/usr/local/cuda-12.8/lib64",
        ] {
            assert!(cards.iter().any(|setting| setting == wanted), "{wanted}: {cards:?}");
        }
        assert!(recipe(&[(8, 6)], false).settings(of, Some(&toolkit)).contains(&"GGML_CUDA_NCCL=OFF".into()));
    }

    #[test]
    fn each_difference_makes_another_runtime() {
        let one = recipe(&[(6, 1)], false);
        assert_eq!(one.key(), recipe(&[(6, 1), (6, 1)], false).key());
        for other in [
            recipe(&[(7, 0)], false),
            recipe(&[(6, 1)], true),
            recipe(&[], false),
            Recipe { source: Checksum::of([8; 32]), ..one.clone() },
            Recipe { build: "b1".into(), ..one.clone() },
            Recipe { processor: "y: fpu".into(), ..one.clone() },
        ] {
            assert_ne!(one.key(), other.key(), "{other:?}");
        }
    }
}
