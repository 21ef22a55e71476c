//! NVIDIA's own repositories: newer drivers than the distribution's, pinned to a branch, without X where there is a
//! choice. The module is built on the host, by DKMS.

use super::chips::Needs;
use super::parts::{Flavour, Release, flavour_of, of, refused, texts};
use super::ubuntu;
use crate::checked::{Checksum, DownloadUrl, Refused};
use crate::error::Failure;
use crate::hardware::vendor::driver::{Driver, Keyring};
use crate::processor::Processor;

/// Branches that have a pinning package. 580 is the last for Maxwell, Pascal and Volta.
const BRANCHES: [u64; 3] = [580, 595, 610];

const KEYRING: &str = "cuda-keyring";

pub fn driver(
    release: Release,
    chips: &Needs,
    kernel: &str,
    arch: &str,
    least: u64,
) -> Result<Driver, Failure> {
    let fits = |branch: &&u64| **branch >= least && **branch <= chips.last;
    let branch = *BRANCHES.iter().find(fits).ok_or_else(|| {
        let last = chips.last.min(BRANCHES[BRANCHES.len() - 1]);
        refused(format!(
            "the newest driver for these cards is {last}, and the plan's runtime works from {least} on"
        ))
        .hint("plan for another runtime (--runtime-archive), or for the newer cards alone")
    })?;
    let flavour = chips.flavour(branch);
    let mut driver = of(release, branch, flavour, "NVIDIA's repository");
    driver.keyring = Some(keyring(release, arch)?);
    driver.first = vec![format!("nvidia-driver-pinning-{branch}")];
    let open = flavour == Flavour::Open;
    match release {
        Release::Debian12 | Release::Debian13 => {
            driver.components = texts(["contrib"]);
            driver.packages = texts([
                "nvidia-driver-cuda",
                if open { "nvidia-kernel-open-dkms" } else { "nvidia-kernel-dkms" },
                "nvidia-driver-libs",
                "nvidia-modprobe",
                "nvidia-persistenced",
            ]);
            driver.follows = format!("linux-headers-{}", flavour_of(kernel));
        }
        // Without the branch in their names from 590 on; then one package brings all.
        Release::Ubuntu2204 | Release::Ubuntu2404 if branch >= 590 => {
            driver.packages = texts(["nvidia-open"]);
            driver.follows = format!("linux-headers-{}", ubuntu::kernels(release, kernel));
        }
        Release::Ubuntu2204 | Release::Ubuntu2404 => {
            let module = if open { "-open" } else { "" };
            driver.packages = vec![
                format!("nvidia-dkms-{branch}{module}"),
                format!("nvidia-utils-{branch}"),
                format!("nvidia-compute-utils-{branch}"),
                format!("libnvidia-compute-{branch}"),
                format!("libnvidia-cfg1-{branch}"),
                format!("libnvidia-gl-{branch}"),
                "nvidia-modprobe".into(),
            ];
            driver.follows = format!("linux-headers-{}", ubuntu::kernels(release, kernel));
        }
    }
    driver.packages.push(format!("linux-headers-{kernel}"));
    Ok(driver)
}

/// Digests of `cuda-keyring_1.1-1_all.deb` by release, for the usual processor and for Arm's servers. Ubuntu 24.04's stand
/// in the repository's own package list; the others as Google's installer of GPU drivers pins them
/// (GoogleCloudPlatform/compute-gpu-installation), that for Arm as several others do.
const DIGESTS: [(Release, &str, Option<&str>); 4] = [
    (Release::Debian12, "e7f219eab6fe4819cdb5c15b98233dc3420302d9c00883219cd3d896857cf48d", None),
    (Release::Debian13, "dd28f1f6ba0038180d6b23f846cefca1e3de4c9327751665241370bacea452a1", None),
    (Release::Ubuntu2204, "d93190d50b98ad4699ff40f4f7af50f16a76dac3bb8da1eaaf366d47898ff8df", None),
    (
        Release::Ubuntu2404,
        "d2a6b11c096396d868758b86dab1823b25e14d70333f1dfa74da5ddaf6a06dba",
        Some("6ea7d2737648936820e85677177957a0f6521b840d98eb0bbae0a4f003fa7249"),
    ),
];

/// Returns the package that makes NVIDIA's repository for `release` known.
pub fn keyring(release: Release, arch: &str) -> Result<Keyring, Failure> {
    let processor = Processor::of_uname(arch);
    let digest = |processor: Processor| {
        let (_, usual, servers) = DIGESTS.iter().find(|(known, ..)| *known == release)?;
        if processor.is_default() { Some(*usual) } else { *servers }
    };
    let (processor, sha256) = processor.and_then(|known| Some((known, digest(known)?))).ok_or_else(|| {
        refused(format!(
            "the package that makes NVIDIA's repository known has no digest here for {} on {arch}",
            release.title()
        ))
        .hint("install the driver by hand (docs.nvidia.com/datacenter/tesla/driver-installation-guide), restart the host, and apply without --driver")
    })?;
    let folder = match release {
        Release::Debian12 => "debian12",
        Release::Debian13 => "debian13",
        Release::Ubuntu2204 => "ubuntu2204",
        Release::Ubuntu2404 => "ubuntu2404",
    };
    let url = format!(
        "https://developer.download.nvidia.com/compute/cuda/repos/{folder}/{}/{KEYRING}_1.1-1_all.deb",
        processor.row().cuda
    );
    let wrong = |why: Refused| Failure::failed(format!("{url}: {why}"));
    let sha256 = Checksum::new(sha256).map_err(wrong)?;
    Ok(Keyring { url: DownloadUrl::new(url.clone()).map_err(wrong)?, sha256, package: KEYRING.into() })
}
