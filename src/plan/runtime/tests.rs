use super::*;
use crate::hardware::facts::{Gpu, Os, Vendor};

/// glibc 2.36 is Debian 12's, 2.35 Ubuntu 22.04's, 2.39 Ubuntu 24.04's, 2.41 Debian 13's.
fn nvidia(compute: &[Version], cuda: Version, glibc: Version) -> RuntimeHost {
    RuntimeHost {
        vendor: Some(Vendor::Nvidia),
        compute: compute.to_vec(),
        cuda: Some(cuda),
        glibc: Some(glibc),
        ..RuntimeHost::default()
    }
}

#[test]
fn each_host_gets_the_fastest_archive_that_is_right_for_it() {
    let arm = |host: RuntimeHost| RuntimeHost { processor: Processor::Aarch64, ..host };
    let cpu = |glibc| RuntimeHost { glibc: Some(glibc), ..RuntimeHost::default() };
    let maker = |vendor| RuntimeHost { vendor: Some(vendor), ..cpu((2, 39)) };
    let amd = |rocm| RuntimeHost { rocm: Some(rocm), ..maker(Vendor::Amd) };
    let unknown = RuntimeHost { vendor: Some(Vendor::Nvidia), ..RuntimeHost::default() };
    let tensor = RuntimeHost { tensor: true, ..nvidia(&[(8, 6), (8, 6)], (12, 8), (2, 39)) };
    for (host, kind, reason) in [
        // An RTX 3090 on Ubuntu 24.04 with the drivers 550 and 580.
        (nvidia(&[(8, 6)], (12, 4), (2, 39)), Some("cuda-12.8-archives"), "machine code for the card"),
        (nvidia(&[(8, 6)], (13, 0), (2, 39)), Some("cuda-12.8-archives"), "machine code"),
        // An A100: PTX, which a driver as new as the toolkit compiles.
        (nvidia(&[(8, 0)], (12, 4), (2, 41)), Some("vulkan-archive"), "the driver runs CUDA 12.4"),
        (nvidia(&[(8, 0)], (12, 8), (2, 39)), Some("cuda-12.8-archives"), "compiles its code for the card"),
        // Debian 12 and Ubuntu 22.04 have an older C library.
        (
            nvidia(&[(8, 9)], (12, 2), (2, 36)),
            Some("vulkan-archive"),
            "it needs glibc 2.39, and the host has 2.36",
        ),
        (nvidia(&[(8, 9)], (13, 0), (2, 35)), Some("vulkan-archive"), "glibc 2.39"),
        // One card of two is too old.
        (
            nvidia(&[(8, 6), (6, 1)], (12, 8), (2, 39)),
            Some("vulkan-archive"),
            "no code for compute capability 6.1",
        ),
        (tensor, None, "built without NCCL"),
        (unknown, Some("vulkan-archive"), "is not known"),
        // GH200 and GB10.
        (arm(nvidia(&[(9, 0)], (13, 4), (2, 39))), Some("cuda-13.4-archives"), "have none for aarch64"),
        (arm(nvidia(&[(9, 0)], (13, 0), (2, 39))), Some("vulkan-archive"), "these cards need 13.4"),
        (arm(nvidia(&[(12, 1)], (13, 0), (2, 39))), Some("cuda-13.4-archives"), "machine code"),
        (maker(Vendor::Amd), Some("vulkan-archive"), "libraries of ROCm 10.0 on the host"),
        (amd((10, 1)), Some("rocm-10.0-archive"), "has ROCm 10.1"),
        (amd((7, 2)), Some("vulkan-archive"), "ROCm 10.0, and the host has 7.2"),
        (RuntimeHost { glibc: Some((2, 36)), ..amd((10, 0)) }, Some("vulkan-archive"), "needs glibc 2.39"),
        (maker(Vendor::Intel), Some("vulkan-archive"), "mesa-vulkan-drivers"),
        (cpu((2, 36)), Some("cpu-archive"), "the CPU computes"),
        (arm(cpu((2, 36))), None, "it needs glibc 2.39"),
        (cpu((2, 31)), None, "it needs glibc 2.35"),
        (RuntimeHost::default(), Some("cpu-archive"), "the CPU computes"),
    ] {
        let choice = choose(&host, "b11434");
        assert_eq!(choice.kind.as_deref(), kind, "{host:?}: {choice:?}");
        let said = [choice.others.join("\n"), choice.why.to_string()].join("\n");
        assert!(said.contains(reason), "{reason}: {said}");
        assert_eq!(choice.archives.is_empty(), kind.is_none());
    }
}

#[test]
fn archives_have_the_names_of_b11434s_release() {
    let names = |kind: &dyn RuntimeKind, processor| kind.archives("b11434", processor).join(" ");
    let (own, arm) = (Processor::X86_64, Processor::Aarch64);
    for (kind, processor, want) in [
        (&cpu::Cpu as &dyn RuntimeKind, own, "llama-b11434-bin-ubuntu-x64.tar.gz"),
        (&cpu::Cpu, arm, "llama-b11434-bin-ubuntu-arm64.tar.gz"),
        (&vulkan::Vulkan, arm, "llama-b11434-bin-ubuntu-vulkan-arm64.tar.gz"),
        (&rocm::Rocm, own, "llama-b11434-bin-ubuntu-rocm-10.0-x64.tar.gz"),
        (&rocm::Rocm, arm, ""),
        (&cuda::CUDA_12, arm, ""),
        (
            &cuda::CUDA_12,
            own,
            "llama-b11434-bin-ubuntu-cuda-12.8-x64.tar.gz cudart-llama-b11434-bin-ubuntu-cuda-12.8-x64.tar.gz",
        ),
        (
            &cuda::CUDA_13,
            arm,
            "llama-b11434-bin-ubuntu-cuda-13.4-arm64.tar.gz cudart-llama-b11434-bin-ubuntu-cuda-13.4-arm64.tar.gz",
        ),
    ] {
        assert_eq!(names(kind, processor), want);
    }
}

#[test]
fn a_probed_host_is_read_off_its_facts() {
    let gpu = |compute: &str, cuda: Option<&str>| Gpu {
        compute_capability: Some(compute.into()),
        cuda_version: cuda.map(str::to_string),
        memory_total_bytes: 24 << 30,
        ..Gpu::default()
    };
    let facts = Facts {
        os: Os { arch: "aarch64".into(), glibc: Some("2.39".into()), ..Os::default() },
        gpus: vec![gpu("9.0", Some("12.8")), gpu("8.6", None)],
        ..Facts::default()
    };
    let host = RuntimeHost::of(&facts);
    assert_eq!((host.processor, host.vendor), (Processor::Aarch64, Some(Vendor::Nvidia)));
    assert_eq!((host.compute, host.cuda, host.glibc), (vec![(9, 0), (8, 6)], Some((12, 8)), Some((2, 39))));
    let bare = RuntimeHost { quadlet: Some(false), packaged: Some(false), ..RuntimeHost::default() };
    assert_eq!(RuntimeHost::of(&Facts::default()), bare);
    // A card that the plan leaves alone asks for nothing: one beside a much larger one, one that is too old.
    let small = Gpu { memory_total_bytes: 2 << 30, ..gpu("7.5", Some("12.8")) };
    let facts =
        Facts { gpus: vec![gpu("9.0", Some("12.8")), small, gpu("3.5", Some("11.4"))], ..Facts::default() };
    let host = RuntimeHost::of(&facts);
    assert_eq!((host.compute, host.cuda), (vec![(9, 0)], Some((12, 8))));
}

#[test]
fn a_build_on_the_host_is_named_where_no_archive_is_as_fast_and_one_would_work() {
    let debian = |version: &str, host: RuntimeHost| RuntimeHost {
        release: Some(("debian".into(), version.into())),
        cores: Some(8),
        ..host
    };
    let cpu = |glibc| RuntimeHost { glibc: Some(glibc), ..RuntimeHost::default() };
    let tensor = RuntimeHost { tensor: true, ..nvidia(&[(8, 0), (8, 0)], (12, 4), (2, 41)) };
    let musl = RuntimeHost { other_libc: true, ..RuntimeHost::default() };
    let amd = RuntimeHost { vendor: Some(Vendor::Amd), ..cpu((2, 36)) };
    for (host, want) in [
        // A P40, a V100: no archive has code for them but Vulkan's.
        (debian("12", nvidia(&[(6, 1)], (12, 2), (2, 36))), Some((19, "for these cards"))),
        (debian("13", nvidia(&[(7, 0), (7, 0)], (12, 4), (2, 41))), Some((19, "for these cards"))),
        // A part of every matrix on every card.
        (debian("13", tensor), Some((19, "NCCL"))),
        // A glibc that is older than the archives'.
        (debian("12", nvidia(&[(8, 9)], (12, 2), (2, 36))), Some((19, "for these cards"))),
        (debian("11", cpu((2, 31))), Some((4, "for its processor"))),
        // An archive is right.
        (debian("12", cpu((2, 36))), None),
        (nvidia(&[(8, 6)], (12, 4), (2, 39)), None),
        // No compiler for CUDA is: too old a card, a release that is not known.
        (debian("13", nvidia(&[(3, 5)], (11, 4), (2, 41))), None),
        (debian("11", nvidia(&[(6, 1)], (12, 2), (2, 31))), None),
        (musl, None),
        (amd, None),
    ] {
        let advice = choose(&host, "b11434").source;
        let told = advice.as_ref().map(|advice| (advice.minutes, advice.why.to_string()));
        match (&told, want) {
            (None, None) => {}
            (Some((minutes, why)), Some((wanted, word))) => {
                assert!(*minutes == wanted && why.contains(word), "{host:?}: {told:?}");
                assert_eq!(advice.unwrap().flag, "--runtime-source llama.cpp-b11434.tar.gz");
            }
            _ => panic!("{host:?}: {told:?}, not {want:?}"),
        }
    }
}
