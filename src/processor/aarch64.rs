//! Arm's processors of 64 bits: Graviton, Ampere, Grace and their kin.

use super::row::Row;
use object::elf;

pub(super) const ROW: Row = Row {
    title: "aarch64",
    uname: "aarch64",
    elf: elf::EM_AARCH64.0,
    debian: "arm64",
    cuda: "sbsa",
    asset: "arm64",
    catalogues: &["aarch64", "arm64", "arm"],
    flags_key: "Features",
    isa: &["asimd", "asimddp", "asimdhp", "fphp", "i8mm", "bf16", "sve", "sve2", "sme"],
    // The oldest variant in llama.cpp's archive is plain Armv8.0; every server since Neoverse N1 has dot products.
    needed: &["asimd"],
    why_needed: "why-cpu-flags-aarch64",
    promised: &["asimd", "asimddp"],
    shown: &["asimd", "asimddp", "i8mm", "sve"],
    // arch/arm64/include/asm/cputype.h of Linux, and util-linux's lscpu-arm.c.
    models: &[
        (0x41, 0xd03, "Cortex-A53"),
        (0x41, 0xd08, "Cortex-A72"),
        (0x41, 0xd0b, "Cortex-A76"),
        (0x41, 0xd0c, "Neoverse-N1"),
        (0x41, 0xd40, "Neoverse-V1"),
        (0x41, 0xd49, "Neoverse-N2"),
        (0x41, 0xd4f, "Neoverse-V2"),
        (0x41, 0xd84, "Neoverse-V3"),
        (0x41, 0xd85, "Cortex-X925"),
        (0x41, 0xd87, "Cortex-A725"),
        (0x41, 0xd8e, "Neoverse-N3"),
        (0xc0, 0xac3, "Ampere-1"),
        (0xc0, 0xac4, "Ampere-1a"),
    ],
    own: cfg!(target_arch = "aarch64"),
};
