//! CPUs by the instructions that llama.cpp uses on them: operations/s while decoding and while reading a
//! prompt, and memory where it was not measured. Fitted on published llama-bench results of virtual and whole
//! machines of all clouds (tests/oracle/published.csv; docs/measured.md shows how well it holds).

use crate::hardware::facts::{Cpu, Facts};
use crate::hardware::profiles::FoundCpu;

/// Instruction set, as far as speed differs by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuClass {
    /// Intel with AMX: Sapphire Rapids and later.
    Amx,
    /// AMD with AVX-512: Zen 4 and later.
    AmdAvx512,
    /// Intel with AVX-512 and VBMI2: Ice Lake.
    IntelAvx512,
    /// Intel with the first AVX-512: Skylake, Cascade Lake.
    IntelAvx512First,
    /// AMD with AVX2 and VAES: Zen 3.
    AmdAvx2,
    /// AMD with AVX2: Zen 1 and 2.
    AmdAvx2First,
    /// Intel with AVX2.
    IntelAvx2,
    /// ARM with int8 matrix instructions: Neoverse V and N2.
    ArmI8mm,
    /// ARM with dot products: Neoverse N1.
    ArmDot,
    /// None of these.
    Plain,
}

impl CpuClass {
    /// By the flags of /proc/cpuinfo; a machine that names none counts as one with AVX2.
    pub fn of(cpu: &Cpu) -> CpuClass {
        if cpu.flags.is_empty() && cpu.isa.is_empty() {
            return CpuClass::AmdAvx2First;
        }
        let has = |flag: &str| cpu.flags.iter().chain(&cpu.isa).any(|known| known == flag);
        let intel = cpu.model.contains("Intel") || cpu.model.contains("INTEL");
        match intel {
            true if has("amx_int8") => CpuClass::Amx,
            true if has("avx512_vbmi2") => CpuClass::IntelAvx512,
            true if has("avx512f") => CpuClass::IntelAvx512First,
            true if has("avx2") => CpuClass::IntelAvx2,
            false if has("avx512f") => CpuClass::AmdAvx512,
            false if has("avx2") && has("vaes") => CpuClass::AmdAvx2,
            false if has("avx2") => CpuClass::AmdAvx2First,
            _ if has("i8mm") => CpuClass::ArmI8mm,
            _ if has("asimddp") => CpuClass::ArmDot,
            _ => CpuClass::Plain,
        }
    }

    /// 10^12 operations/s of one core's matrices: while decoding, and while reading a prompt with one core.
    fn tflops(self) -> (f64, f64) {
        match self {
            CpuClass::Amx => (0.053, 0.160),
            CpuClass::AmdAvx512 => (0.168, 0.120),
            CpuClass::IntelAvx512 => (0.044, 0.071),
            CpuClass::IntelAvx512First => (0.027, 0.045),
            CpuClass::AmdAvx2 => (0.108, 0.090),
            CpuClass::AmdAvx2First => (0.074, 0.068),
            CpuClass::IntelAvx2 => (0.077, 0.060),
            CpuClass::ArmI8mm => (0.024, 0.064),
            CpuClass::ArmDot => (0.0155, 0.024),
            CpuClass::Plain => (0.007, 0.008),
        }
    }
}

/// Reading a prompt grows with this power of the cores.
const PREFILL_GROWTH: f64 = 0.85;
/// On several NUMA nodes a prompt takes this many times as long.
const PREFILL_ON_NODES: f64 = 1.5;
/// Memory that was not measured: 10^9 bytes/s read by one core, and the power of the cores it grows with
/// (bw_mem of 83 machines of 4 to 192 cores).
const READ_OF_ONE_CORE: f64 = 25.0;
const READ_GROWTH: f64 = 0.5;

/// The CPU of a host that was probed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HostCpu {
    /// Memory as a token's reading is expected to reach it, 10^9 bytes/s.
    pub read_gb_s: f64,
    /// 10^12 operations/s.
    pub decode_tflops: f64,
    pub found: FoundCpu,
}

impl HostCpu {
    pub fn of(facts: &Facts) -> HostCpu {
        let cpu = &facts.cpu;
        // A thread may be half a core where cores are not told apart.
        let cores = cpu.physical.unwrap_or(cpu.logical).max(1);
        let threads = cores as f64;
        let (decode, prefill) = CpuClass::of(cpu).tflops();
        let nodes = cpu.numa_nodes.unwrap_or(1).max(1);
        let apart = if nodes > 1 { PREFILL_ON_NODES } else { 1.0 };
        let measured = facts.measured.as_ref().map(|measured| measured.memory_bandwidth_gb_s);
        HostCpu {
            read_gb_s: measured.unwrap_or(READ_OF_ONE_CORE * threads.powf(READ_GROWTH)),
            decode_tflops: decode * threads,
            found: FoundCpu {
                prefill_tflops: prefill * threads.powf(PREFILL_GROWTH) / apart,
                threads: cores,
                numa_nodes: nodes,
                measured: measured.is_some(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_name_the_class() {
        let of = |model: &str, flags: &[&str]| {
            let flags = flags.iter().map(|flag| flag.to_string()).collect();
            CpuClass::of(&Cpu { model: model.to_string(), flags, ..Cpu::default() })
        };
        let intel = "Intel(R) Xeon(R) Platinum 8488C";
        for (model, flags, class) in [
            (intel, &["avx2", "avx512f", "avx512_vbmi2", "amx_int8"][..], CpuClass::Amx),
            (intel, &["avx2", "avx512f", "avx512_vbmi2"], CpuClass::IntelAvx512),
            (intel, &["avx2", "avx512f"], CpuClass::IntelAvx512First),
            (intel, &["avx2"], CpuClass::IntelAvx2),
            ("AMD EPYC 9R14", &["avx2", "vaes", "avx512f"], CpuClass::AmdAvx512),
            ("AMD EPYC-Milan Processor", &["avx2", "vaes"], CpuClass::AmdAvx2),
            ("AMD EPYC-Rome Processor", &["avx2"], CpuClass::AmdAvx2First),
            ("Neoverse-N1", &["asimd", "asimddp"], CpuClass::ArmDot),
            ("Neoverse-V2", &["asimd", "asimddp", "i8mm"], CpuClass::ArmI8mm),
            ("Cortex-A72", &["asimd"], CpuClass::Plain),
            ("", &[], CpuClass::AmdAvx2First),
        ] {
            assert_eq!(of(model, flags), class, "{model} {flags:?}");
        }
    }
}
