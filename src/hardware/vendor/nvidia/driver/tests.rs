use super::super::super::driver::{Driver, DriverHost, Origin, SecureBoot};
use super::choose;
use crate::error::{Exit, Failure};
use crate::hardware::facts::{Os, PciCard, Vendor};
use crate::hardware::vendor::names;

const RTX_3090: u16 = 0x2204;
const A100: u16 = 0x20b2;
const T4: u16 = 0x1eb8;
const H100: u16 = 0x2330;
const GH200: u16 = 0x2342;
const RTX_5090: u16 = 0x2b85;
const P40: u16 = 0x1b38;
const V100: u16 = 0x1db1;
const K80: u16 = 0x102d;

fn card(device: u16) -> PciCard {
    PciCard {
        bus_id: "0000:01:00.0".into(),
        vendor: Vendor::Nvidia,
        device_id: format!("{device:04x}"),
        name: names::of(0x10de, device).map(|name| format!("NVIDIA {name}")),
        wants_driver: Some("nvidia".into()),
        ..PciCard::default()
    }
}

/// `debian 12 6.1.0-28-cloud-amd64`.
fn os(text: &str) -> Os {
    let words: Vec<&str> = text.split(' ').collect();
    let arch = if text.ends_with("arm64") || text.ends_with("64k") { "aarch64" } else { "x86_64" };
    Os {
        id: words[0].into(),
        version: words[1].into(),
        kernel: words[2].into(),
        arch: arch.into(),
        ..Os::default()
    }
}

fn chosen(
    host: &str,
    cards: &[u16],
    origin: Origin,
    wanted: Option<&str>,
    secure_boot: SecureBoot,
) -> Result<Driver, Failure> {
    let (os, cards) = (os(host), cards.iter().map(|device| card(*device)).collect::<Vec<_>>());
    choose(&DriverHost { os: &os, cards: cards.iter().collect(), secure_boot }, origin, wanted)
}

#[track_caller]
fn packages(host: &str, cards: &[u16], origin: Origin, wanted: Option<&str>) -> (String, String) {
    let driver = chosen(host, cards, origin, wanted, SecureBoot::Off).unwrap();
    let all: Vec<String> = driver.first.iter().chain(&driver.packages).cloned().collect();
    (all.join(" "), driver.follows)
}

#[test]
fn the_distributions_packages_follow_from_release_card_and_kernel() {
    let debian = "nvidia-smi nvidia-modprobe nvidia-persistenced libcuda1 libnvidia-cfg1 nvidia-vulkan-icd";
    let ubuntu = |open: &str| {
        format!(
            "nvidia-headless-no-dkms-580-server{open} nvidia-utils-580-server nvidia-compute-utils-580-server \
             libnvidia-gl-580-server nvidia-modprobe"
        )
    };
    for (host, cards, first, rest, last, follows) in [
        (
            "debian 12 6.1.0-49-cloud-amd64",
            &[RTX_3090][..],
            "nvidia-kernel-dkms",
            debian.to_string(),
            "linux-headers-6.1.0-49-cloud-amd64",
            "linux-headers-cloud-amd64",
        ),
        (
            "debian 12 6.1.0-49-amd64",
            &[P40],
            "nvidia-kernel-dkms",
            debian.into(),
            "linux-headers-6.1.0-49-amd64",
            "linux-headers-amd64",
        ),
        (
            "debian 13 6.12.117+deb13-cloud-amd64",
            &[A100, A100],
            "nvidia-kernel-dkms",
            debian.into(),
            "linux-headers-6.12.117+deb13-cloud-amd64",
            "linux-headers-cloud-amd64",
        ),
        (
            "debian 13 6.12.117+deb13-arm64",
            &[GH200],
            "nvidia-open-kernel-dkms",
            debian.into(),
            "linux-headers-6.12.117+deb13-arm64",
            "linux-headers-arm64",
        ),
        (
            "ubuntu 24.04 6.8.0-60-generic",
            &[T4],
            "linux-modules-nvidia-580-server-open-6.8.0-60-generic",
            ubuntu("-open"),
            "",
            "linux-modules-nvidia-580-server-open-generic",
        ),
        (
            "ubuntu 24.04 6.14.0-37-generic",
            &[RTX_5090],
            "linux-modules-nvidia-580-server-open-6.14.0-37-generic",
            ubuntu("-open"),
            "",
            "linux-modules-nvidia-580-server-open-generic-hwe-24.04",
        ),
        (
            "ubuntu 24.04 6.8.0-1030-aws",
            &[H100],
            "linux-modules-nvidia-580-server-open-6.8.0-1030-aws",
            ubuntu("-open"),
            "",
            "linux-modules-nvidia-580-server-open-aws",
        ),
        (
            "ubuntu 22.04 5.15.0-140-generic",
            &[V100, RTX_3090],
            "linux-modules-nvidia-580-server-5.15.0-140-generic",
            ubuntu(""),
            "",
            "linux-modules-nvidia-580-server-generic",
        ),
        (
            "ubuntu 22.04 6.8.0-60-generic",
            &[RTX_3090],
            "linux-modules-nvidia-580-server-open-6.8.0-60-generic",
            ubuntu("-open"),
            "",
            "linux-modules-nvidia-580-server-open-generic-hwe-22.04",
        ),
    ] {
        let want = format!("{first} {rest} {last}");
        let found = packages(host, cards, Origin::Distribution, Some("525.60.13"));
        assert_eq!(found, (want.trim_end().to_string(), follows.to_string()), "{host}");
    }
}

#[test]
fn nvidias_repository_has_the_branch_that_runtime_and_cards_need() {
    let debian = |module: &str, branch: u64, kernel: &str| {
        format!(
            "nvidia-driver-pinning-{branch} nvidia-driver-cuda {module} nvidia-driver-libs nvidia-modprobe \
             nvidia-persistenced linux-headers-{kernel}"
        )
    };
    let ubuntu = |open: &str, kernel: &str| {
        format!(
            "nvidia-driver-pinning-580 nvidia-dkms-580{open} nvidia-utils-580 nvidia-compute-utils-580 \
             libnvidia-compute-580 libnvidia-cfg1-580 libnvidia-gl-580 nvidia-modprobe linux-headers-{kernel}"
        )
    };
    for (host, cards, wanted, packages_wanted) in [
        (
            "debian 12 6.1.0-49-cloud-amd64",
            &[RTX_3090][..],
            Some("570.26"),
            debian("nvidia-kernel-open-dkms", 580, "6.1.0-49-cloud-amd64"),
        ),
        (
            "debian 13 6.12.117+deb13-amd64",
            &[RTX_5090],
            Some("590.44.01"),
            debian("nvidia-kernel-open-dkms", 595, "6.12.117+deb13-amd64"),
        ),
        (
            "debian 13 6.12.117+deb13-amd64",
            &[P40],
            None,
            debian("nvidia-kernel-dkms", 580, "6.12.117+deb13-amd64"),
        ),
        (
            "ubuntu 22.04 5.15.0-140-generic",
            &[A100],
            Some("580.65.06"),
            ubuntu("-open", "5.15.0-140-generic"),
        ),
        ("ubuntu 24.04 6.8.0-60-generic", &[V100], Some("525.60.13"), ubuntu("", "6.8.0-60-generic")),
        (
            "ubuntu 24.04 6.8.0-60-generic",
            &[H100],
            Some("600.1"),
            "nvidia-driver-pinning-610 nvidia-open linux-headers-6.8.0-60-generic".into(),
        ),
        ("ubuntu 24.04 6.8.0-60-generic-64k", &[GH200], None, ubuntu("-open", "6.8.0-60-generic-64k")),
    ] {
        let found = packages(host, cards, Origin::Nvidia, wanted);
        assert_eq!(found.0, packages_wanted, "{host}");
        assert!(found.1.starts_with("linux-headers-"), "{found:?}");
    }
    let driver = chosen("ubuntu 24.04 6.8.0-1-generic-64k", &[GH200], Origin::Nvidia, None, SecureBoot::Off);
    let keyring = driver.unwrap().keyring.unwrap();
    assert!(keyring.url.ends_with("/ubuntu2404/sbsa/cuda-keyring_1.1-1_all.deb"), "{keyring:?}");
    assert!(keyring.sha256.starts_with("6ea7d273"), "{keyring:?}");
}

#[test]
fn what_does_not_fit_is_refused_with_the_way_out() {
    let (off, on) = (SecureBoot::Off, SecureBoot::On);
    let bookworm = "debian 12 6.1.0-49-cloud-amd64";
    let noble = "ubuntu 24.04 6.8.0-60-generic";
    let (own, nvidia) = (Origin::Distribution, Origin::Nvidia);
    for (host, cards, origin, wanted, secure_boot, why, hint) in [
        (
            bookworm,
            &[A100][..],
            own,
            Some("570.26"),
            off,
            "has driver 535, and the plan's runtime works from driver 570",
            "--driver nvidia",
        ),
        (
            bookworm,
            &[RTX_5090],
            own,
            None,
            off,
            "RTX 5090] at 0000:01:00.0 works from 570 on",
            "--driver nvidia",
        ),
        (noble, &[A100], own, Some("590.44.01"), off, "has driver 580", "--driver nvidia"),
        (
            noble,
            &[P40],
            nvidia,
            Some("590.44.01"),
            off,
            "the newest driver for these cards is 580",
            "another runtime",
        ),
        (
            noble,
            &[A100],
            nvidia,
            Some("700.1"),
            off,
            "the newest driver for these cards is 610",
            "another runtime",
        ),
        (noble, &[P40, RTX_5090], nvidia, None, off, "no driver works all cards", "older cards"),
        (noble, &[K80], own, None, off, "is too old", "CPU"),
        (
            noble,
            &[0x0001],
            own,
            None,
            off,
            "a card of nvidia (device 0001) at 0000:01:00.0 is not known",
            "by hand",
        ),
        (
            "fedora 41 6.11.4-301.fc41.x86_64",
            &[A100],
            own,
            None,
            off,
            "this host is fedora 41",
            "without --driver",
        ),
        (
            "debian 12 6.1.0-49-arm64",
            &[GH200],
            nvidia,
            None,
            off,
            "has no digest here for Debian 12 on aarch64",
            "by hand",
        ),
        (bookworm, &[A100], own, None, on, "Secure Boot is on", "mokutil --import"),
        (noble, &[A100], nvidia, None, on, "Secure Boot is on", "--driver distribution"),
    ] {
        let failure = chosen(host, cards, origin, wanted, secure_boot).unwrap_err();
        assert_eq!(failure.exit, Exit::HostDoesNotMeetPlan);
        let text = failure.message.replace("works from driver", "works from");
        assert!(text.contains(&why.replace("works from driver", "works from")), "{host}: {failure:?}");
        assert!(failure.hint.as_deref().unwrap_or_default().contains(hint), "{host}: {failure:?}");
    }
    let (mut os, card) = (os(bookworm), card(A100));
    os.virtualization = Some("lxc".into());
    let host = DriverHost { os: &os, cards: vec![&card], secure_boot: off };
    assert!(choose(&host, own, None).unwrap_err().message.contains("is a container (lxc)"));
}

#[test]
fn secure_boot_loads_what_the_distribution_or_an_enrolled_key_has_signed() {
    let (on, enrolled) = (SecureBoot::On, SecureBoot::KeyEnrolled);
    for (host, origin, secure_boot, goes) in [
        ("ubuntu 24.04 6.8.0-60-generic", Origin::Distribution, on, true),
        ("ubuntu 22.04 5.15.0-140-generic", Origin::Nvidia, on, false),
        ("ubuntu 22.04 5.15.0-140-generic", Origin::Nvidia, enrolled, true),
        ("debian 13 6.12.117+deb13-amd64", Origin::Distribution, on, false),
        ("debian 13 6.12.117+deb13-amd64", Origin::Distribution, enrolled, true),
    ] {
        assert_eq!(chosen(host, &[A100], origin, None, secure_boot).is_ok(), goes, "{host} {secure_boot:?}");
    }
}
