//! The compiler for CUDA, cuBLAS and NCCL as packages, by distribution, cards and driver. Pure.
//!
//! Sources, read on 29 November 2026: Debian's package lists of bookworm and trixie (non-free): nvidia-cuda-toolkit
//! 11.8.89~11.8.0-5~deb12u1 with g++-11, 5998 MB on the disk, and no NCCL; 12.4.131~12.4.1-2 with g++-13, 5399 MB, and
//! libnccl-dev 2.22.3-1-1. NVIDIA's release notes of CUDA 12.9 and 13.0: 13.0 compiles nothing older than compute
//! capability 7.5, all of 12.x compile 5.0 and newer (Maxwell, Pascal, Volta: "feature-complete", removed "in the next major
//! CUDA Toolkit version"). llama.cpp's own list (ggml-cuda/CMakeLists.txt of b11434): 8.9 and 9.0 from CUDA 11.8 on, 12.0 from
//! 12.8 on, 12.1 from 12.9 on. A program of CUDA runs with any driver of the same first number or a later one (CUDA
//! Compatibility, "minor version compatibility"), as it has machine code for the very cards.

use super::driver::{Release, keyring};
use crate::error::{Exit, Failure};
use crate::hardware::vendor::toolkit::{Toolkit, ToolkitHost};

type Version = (u64, u64);

/// One toolkit that can be had.
struct Offer {
    releases: &'static [Release],
    version: Version,
    /// Compute capabilities that it compiles for, the lowest and the highest.
    code: (Version, Version),
    collective: bool,
    /// It comes from NVIDIA's repository, not from the distribution.
    nvidias: bool,
    disk_bytes: u64,
}

const MB: u64 = 1_000_000;

/// In the order of preference: the distribution's before NVIDIA's, as it needs no other source of packages.
const OFFERS: [Offer; 4] = [
    Offer {
        releases: &[Release::Debian12],
        version: (11, 8),
        code: ((5, 0), (9, 0)),
        collective: false,
        nvidias: false,
        disk_bytes: 5998 * MB,
    },
    Offer {
        releases: &[Release::Debian13],
        version: (12, 4),
        code: ((5, 0), (9, 0)),
        collective: true,
        nvidias: false,
        disk_bytes: 5399 * MB,
    },
    // Its compilers are tested with these releases' (CUDA Installation Guide for Linux 12.8).
    Offer {
        releases: &[Release::Debian12, Release::Ubuntu2204, Release::Ubuntu2404],
        version: (12, 8),
        code: ((5, 0), (12, 0)),
        collective: true,
        nvidias: true,
        // Not measured: the larger of the distribution's.
        disk_bytes: 5998 * MB,
    },
    Offer {
        releases: &[Release::Debian12, Release::Debian13, Release::Ubuntu2204, Release::Ubuntu2404],
        version: (13, 0),
        code: ((7, 5), (12, 1)),
        collective: true,
        nvidias: true,
        disk_bytes: 5998 * MB,
    },
];

impl Offer {
    /// Says why it is not right; `None`: it is.
    fn refuses(&self, host: &ToolkitHost) -> Option<String> {
        let name = text(self.version);
        let (lowest, highest) = self.code;
        if let Some(card) = host.cards.iter().find(|card| **card < lowest || **card > highest) {
            return Some(format!("CUDA {name} has no code for compute capability {}", text(*card)));
        }
        if let Some(runs) = host.runs.filter(|runs| runs.0 < self.version.0) {
            return Some(format!("the driver runs CUDA {}, not {name}", text(runs)));
        }
        (host.collective && !self.collective)
            .then(|| format!("CUDA {name} of the distribution has no NCCL beside it"))
    }
}

fn text(version: Version) -> String {
    format!("{}.{}", version.0, version.1)
}

fn texts<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(String::from).to_vec()
}

/// Chooses the compiler.
///
/// # Errors
/// Exit 4 with the reason and the way out: none is right for this host.
pub fn choose(host: &ToolkitHost) -> Result<Toolkit, Failure> {
    let refused = |message: String| Failure::new(Exit::HostDoesNotMeetPlan, message);
    let Some(release) = Release::named(host.id, host.version) else {
        return Err(refused(format!(
            "the packages of a compiler for CUDA are known for Debian 12 and 13, Ubuntu 22.04 and 24.04, and this host is {} {}",
            host.id, host.version
        ))
        .hint("build it elsewhere, and give it with --runtime-archive"));
    };
    let mut why = Vec::new();
    for offer in OFFERS.iter().filter(|offer| offer.releases.contains(&release)) {
        match offer.refuses(host) {
            None => return toolkit(offer, release, host),
            Some(reason) => why.push(reason),
        }
    }
    Err(refused(format!(
        "no compiler for CUDA is right for these cards on {}: {}",
        release.title(),
        why.join("; ")
    ))
    .hint(
        "--driver nvidia installs a newer driver; or build it elsewhere, and give it with --runtime-archive",
    ))
}

fn toolkit(offer: &Offer, release: Release, host: &ToolkitHost) -> Result<Toolkit, Failure> {
    let (version, disk_bytes) = (offer.version, offer.disk_bytes);
    let name = text(version);
    let wanted = |packages: Vec<String>| if host.collective { packages } else { Vec::new() };
    if !offer.nvidias {
        return Ok(Toolkit {
            title: format!("CUDA {name} of {}", release.title()),
            version,
            keyring: None,
            components: texts(["contrib", "non-free", "non-free-firmware"]),
            packages: texts(["nvidia-cuda-toolkit", "nvidia-cuda-toolkit-gcc"]),
            collective: wanted(texts(["libnccl-dev"])),
            collective_for: None,
            compiler: "/usr/bin/nvcc".into(),
            root: None,
            disk_bytes,
        });
    }
    let end = format!("{}-{}", version.0, version.1);
    let root = format!("/usr/local/cuda-{name}");
    Ok(Toolkit {
        title: format!("CUDA {name} of NVIDIA's repository"),
        version,
        keyring: Some(keyring(release, host.arch)?),
        components: Vec::new(),
        packages: ["cuda-nvcc", "cuda-cudart-dev", "cuda-cccl", "libcublas-dev"]
            .map(|name| format!("{name}-{end}"))
            .to_vec(),
        collective: wanted(texts(["libnccl2", "libnccl-dev"])),
        collective_for: Some(format!("+cuda{}.", version.0)),
        compiler: format!("{root}/bin/nvcc"),
        root: Some(root),
        disk_bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_gets_a_compiler_that_its_cards_and_its_driver_allow() {
        let (p40, v100, t4, a100, rtx4090, h100, rtx5090, gb10) =
            ((6, 1), (7, 0), (7, 5), (8, 0), (8, 9), (9, 0), (12, 0), (12, 1));
        let ok = |title: &'static str| Ok(title);
        let no = |why: &'static str| Err(why);
        for (id, version, cards, runs, collective, want) in [
            // Pascal and Volta on each release, with its own driver.
            ("debian", "12", &[p40][..], Some((12, 2)), false, ok("CUDA 11.8 of Debian 12")),
            ("debian", "13", &[p40], Some((12, 4)), false, ok("CUDA 12.4 of Debian 13")),
            ("ubuntu", "22.04", &[p40], Some((13, 0)), false, ok("CUDA 12.8 of NVIDIA's repository")),
            ("ubuntu", "24.04", &[v100], Some((13, 0)), false, ok("CUDA 12.8 of NVIDIA's repository")),
            // Two cards that share each matrix need NCCL.
            ("debian", "12", &[a100], Some((12, 2)), true, ok("CUDA 12.8 of NVIDIA's repository")),
            ("debian", "13", &[a100], Some((12, 4)), true, ok("CUDA 12.4 of Debian 13")),
            ("ubuntu", "24.04", &[h100], Some((12, 8)), true, ok("CUDA 12.8 of NVIDIA's repository")),
            // A driver that is too old for CUDA 12 runs 11.8.
            ("debian", "12", &[t4], Some((11, 4)), false, ok("CUDA 11.8 of Debian 12")),
            ("debian", "13", &[t4], Some((11, 4)), false, no("the driver runs CUDA 11.4, not 12.4")),
            ("debian", "12", &[a100], Some((11, 4)), true, no("has no NCCL beside it")),
            // Ada on Debian 12, whose C library is older than the archives'.
            ("debian", "12", &[rtx4090], Some((12, 2)), false, ok("CUDA 11.8 of Debian 12")),
            // Blackwell.
            ("debian", "12", &[rtx5090], Some((12, 8)), false, ok("CUDA 12.8 of NVIDIA's repository")),
            ("debian", "13", &[rtx5090], Some((13, 0)), false, ok("CUDA 13.0 of NVIDIA's repository")),
            (
                "debian",
                "13",
                &[rtx5090],
                Some((12, 8)),
                false,
                no("CUDA 12.4 has no code for compute capability 12.0"),
            ),
            ("ubuntu", "24.04", &[gb10], Some((13, 0)), false, ok("CUDA 13.0 of NVIDIA's repository")),
            // Pascal beside Blackwell: CUDA 12.8 has code for both.
            (
                "ubuntu",
                "24.04",
                &[p40, rtx5090],
                Some((13, 0)),
                false,
                ok("CUDA 12.8 of NVIDIA's repository"),
            ),
            (
                "debian",
                "13",
                &[p40, rtx5090],
                Some((13, 0)),
                false,
                no("CUDA 13.0 has no code for compute capability 6.1"),
            ),
            // Without a driver yet, what its cards allow.
            ("debian", "12", &[p40], None, false, ok("CUDA 11.8 of Debian 12")),
            (
                "ubuntu",
                "24.04",
                &[(3, 5)],
                None,
                false,
                no("CUDA 12.8 has no code for compute capability 3.5"),
            ),
            ("fedora", "43", &[p40], Some((13, 0)), false, no("known for Debian 12 and 13")),
        ] {
            let arch = "x86_64";
            let found = choose(&ToolkitHost { id, version, arch, cards, runs, collective });
            let told = found
                .as_ref()
                .map(|toolkit| toolkit.title.as_str())
                .map_err(|failure| failure.message.as_str());
            match want {
                Ok(title) => assert_eq!(told, Ok(title), "{id} {version} {cards:?} {runs:?}"),
                Err(why) => {
                    assert!(told.is_err_and(|told| told.contains(why)), "{id} {version} {cards:?}: {told:?}")
                }
            }
        }
    }

    #[test]
    fn packages_are_those_of_one_version() {
        let of = |id, version, collective| {
            let host = ToolkitHost {
                id,
                version,
                arch: "x86_64",
                cards: &[(8, 0)],
                runs: Some((12, 8)),
                collective,
            };
            choose(&host).unwrap()
        };
        let own = of("debian", "13", true);
        assert_eq!(
            (own.packages.join(" "), own.collective.join(" ")),
            ("nvidia-cuda-toolkit nvidia-cuda-toolkit-gcc".into(), "libnccl-dev".into())
        );
        assert!(own.keyring.is_none() && own.components.contains(&"non-free".to_string()));
        let theirs = of("ubuntu", "24.04", true);
        assert_eq!(
            theirs.packages.join(" "),
            "cuda-nvcc-12-8 cuda-cudart-dev-12-8 cuda-cccl-12-8 libcublas-dev-12-8"
        );
        assert_eq!(
            (theirs.compiler.as_str(), theirs.collective_for.as_deref()),
            ("/usr/local/cuda-12.8/bin/nvcc", Some("+cuda12."))
        );
        assert!(theirs.keyring.is_some() && theirs.components.is_empty());
        assert!(of("ubuntu", "24.04", false).collective.is_empty());
    }
}
