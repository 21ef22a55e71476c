//! Intel's and AMD's processors of 64 bits.

use super::row::Row;
use object::elf;

pub(super) const ROW: Row = Row {
    title: "x86-64",
    uname: "x86_64",
    elf: elf::EM_X86_64.0,
    debian: "amd64",
    cuda: "x86_64",
    asset: "x64",
    catalogues: &["x86_64", "x86", "x64", "amd64"],
    flags_key: "flags",
    isa: &[
        "sse4_2",
        "avx",
        "avx2",
        "fma",
        "f16c",
        "bmi2",
        "avx512f",
        "avx512cd",
        "avx512vl",
        "avx512dq",
        "avx512bw",
        "avx512_vbmi",
        "avx512vbmi",
        "avx512_vnni",
        "avx512_bf16",
        "avx_vnni",
        "amx_tile",
        "amx_int8",
        "amx_bf16",
    ],
    needed: &["avx2", "fma", "f16c"],
    why_needed: "why-cpu-flags-x86-64",
    promised: &[],
    shown: &["sse4_2", "avx", "avx2", "fma", "f16c", "avx512f"],
    models: &[],
    own: cfg!(target_arch = "x86_64"),
};
