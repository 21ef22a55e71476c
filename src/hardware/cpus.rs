//! Properties of a processor that its name and flags tell: the instructions that llama.cpp uses on it, and how many
//! cores and how much bandwidth a socket has.

use super::facts::Cpu;
use crate::processor::Processor;

/// Instruction set, as far as speed differs by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// Returns what a machine on offer with that processor surely has: the instructions that a plan for it counts on.
    /// `None` for the default processor, whose rate the profiles have.
    pub fn sold_with(processor: Processor) -> Option<CpuClass> {
        let flags = processor.row().promised.iter().map(|flag| flag.to_string()).collect();
        (!processor.is_default()).then(|| CpuClass::of(&Cpu { isa: flags, ..Cpu::default() }))
    }

    /// By the flags of /proc/cpuinfo; a machine that names none counts as one with AVX2.
    pub fn of(cpu: &Cpu) -> CpuClass {
        if cpu.flags.is_empty() && cpu.isa.is_empty() {
            return CpuClass::AmdAvx2First;
        }
        let has = |flag: &str| cpu.flags.iter().chain(&cpu.isa).any(|known| known == flag);
        let intel = cpu.model.to_ascii_uppercase().contains("INTEL");
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
}

/// One socket of a kind of processor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Socket {
    /// Most cores that one is sold with.
    pub cores: u64,
    /// 10^9 bytes/s at the peak: channels × transfers/s × 8 bytes.
    pub bandwidth_gb_s: f64,
    /// Its name says so; else it is the most usual of its instruction set.
    pub named: bool,
}

/// Cores of processors for boards with one socket.
const ONE: u64 = u64::MAX;

/// Names, where `#` stands for any letter or digit, with cores and bandwidth of a socket: channels × 10^6 transfers/s
/// in the comment, from the makers' product pages and data sheets. The first that fits counts.
const NAMED: &[(&str, u64, f64)] = &[
    // 12 × 6000: Zen 5, and 2 × 5600 on its small boards.
    ("EPYC 9##5", 192, 576.0),
    ("EPYC-Turin", 192, 576.0),
    ("EPYC 4##5", ONE, 90.0),
    // 12 × 4800: Zen 4, 6 × 4800 in Siena, 2 × 5200.
    ("EPYC 9##4", 128, 461.0),
    ("EPYC-Genoa", 128, 461.0),
    ("EPYC 8##4", 64, 230.0),
    ("EPYC 4##4", ONE, 83.0),
    // 8 × 3200: Zen 2 and 3; 8 × 2666: Zen 1.
    ("EPYC 7##3", 64, 205.0),
    ("EPYC-Milan", 64, 205.0),
    ("EPYC 7##2", 64, 205.0),
    ("EPYC-Rome", 64, 205.0),
    ("EPYC 7##1", 32, 171.0),
    // 8 × 5200, 8 × 3200 and 4 × 3200; 2 × 5200 and 2 × 3200.
    ("Threadripper PRO 7", 96, 333.0),
    ("Threadripper PRO", 64, 205.0),
    ("Threadripper 7", 64, 166.0),
    ("Threadripper", 64, 102.0),
    ("Ryzen 9 9", ONE, 90.0),
    ("Ryzen 9 7", ONE, 83.0),
    ("Ryzen 7 7", ONE, 83.0),
    ("Ryzen 7 9", ONE, 90.0),
    ("Ryzen 5 7", ONE, 83.0),
    ("Ryzen", ONE, 51.0),
    // 12 × 6400: Granite Rapids; 8 × 5600 and 8 × 4800: Emerald and Sapphire Rapids.
    ("Xeon 69##", 128, 614.0),
    ("Xeon 6##", 144, 410.0),
    ("Platinum 85##", 64, 358.0),
    ("Gold 65##", 32, 333.0),
    ("Platinum 84##", 60, 307.0),
    ("Gold 64##", 32, 307.0),
    ("SapphireRapids", 60, 307.0),
    // 8 × 3200: Ice Lake; 6 × 2933 and 6 × 2666: Cascade Lake and Skylake.
    ("Platinum 83##", 40, 205.0),
    ("Gold 63##", 38, 205.0),
    ("Icelake", 40, 205.0),
    ("Platinum 82##", 28, 141.0),
    ("Gold 62##", 24, 141.0),
    ("Cascadelake", 28, 141.0),
    ("Platinum 81##", 28, 128.0),
    ("Gold 61##", 22, 128.0),
    ("Skylake", 28, 128.0),
    // 4 × 2400 and 4 × 2133: Broadwell and Haswell; 2 × 2400.
    ("E5-#### v4", 22, 77.0),
    ("Broadwell", 22, 77.0),
    ("E5-#### v3", 18, 68.0),
    ("Haswell", 18, 68.0),
    ("E3-", ONE, 38.0),
    // 2 × 5600 with DDR5, 2 × 3200 with DDR4.
    ("Core Ultra", ONE, 90.0),
    ("i9-14", ONE, 90.0),
    ("i7-14", ONE, 90.0),
    ("i9-13", ONE, 90.0),
    ("i7-13", ONE, 90.0),
    ("i5-13", ONE, 77.0),
    ("i9-109##X", 18, 94.0),
    ("Core i", ONE, 51.0),
    ("Core(TM) i", ONE, 51.0),
    // 12 × 8800, 12 × 5600, 8 × 4800, 8 × 3200: Graviton 5, 4, 3 and 2; Linux gives the number of the core's design.
    ("0xd84", 192, 845.0),
    ("0xd4f", 96, 538.0),
    ("0xd40", 64, 307.0),
    ("0xd49", 128, 358.0),
    ("0xd0c", 128, 205.0),
    ("0xd08", 16, 43.0),
    ("Neoverse-V3", 192, 845.0),
    ("Neoverse-V2", 96, 538.0),
    ("Neoverse-V1", 64, 307.0),
    ("Neoverse-N2", 128, 358.0),
    ("Neoverse-N1", 128, 205.0),
    ("Cortex-A72", 16, 43.0),
];

impl Socket {
    /// Returns the socket of a probed CPU: by its name where this file's table has it, else the most usual one
    /// of its [`CpuClass`].
    pub fn of(cpu: &Cpu) -> Socket {
        let name = plain(&cpu.model);
        if let Some((_, cores, bandwidth)) = NAMED.iter().find(|(pattern, ..)| holds(&name, pattern)) {
            // "AMD EPYC 9R14 96-Core Processor" says it itself.
            let cores = said(&name).unwrap_or(*cores);
            return Socket { cores, bandwidth_gb_s: *bandwidth, named: true };
        }
        let (cores, bandwidth_gb_s) = match CpuClass::of(cpu) {
            CpuClass::Amx => (60, 307.0),
            CpuClass::AmdAvx512 => (96, 461.0),
            CpuClass::IntelAvx512 => (40, 205.0),
            CpuClass::IntelAvx512First => (28, 128.0),
            CpuClass::AmdAvx2 | CpuClass::AmdAvx2First => (64, 205.0),
            CpuClass::IntelAvx2 => (22, 77.0),
            CpuClass::ArmI8mm => (96, 358.0),
            CpuClass::ArmDot => (80, 205.0),
            CpuClass::Plain => (16, 43.0),
        };
        Socket { cores, bandwidth_gb_s, named: false }
    }

    /// Sockets that so many cores fill at least; 1 where the name does not tell.
    pub fn filled(self, cores: u64) -> u64 {
        if self.named { cores.div_ceil(self.cores).max(1) } else { 1 }
    }
}

/// Without the marks that Intel writes into names.
fn plain(name: &str) -> String {
    let name =
        name.replace("(R)", "").replace("(r)", "").replace("XEON", "Xeon").replace("PLATINUM", "Platinum");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn holds(name: &str, pattern: &str) -> bool {
    let same =
        |(byte, wanted): (&u8, &u8)| byte == wanted || (*wanted == b'#' && byte.is_ascii_alphanumeric());
    name.as_bytes().windows(pattern.len()).any(|window| window.iter().zip(pattern.as_bytes()).all(same))
}

/// The number before `-Core`.
fn said(name: &str) -> Option<u64> {
    let before = name.split("-Core").next().filter(|before| before.len() < name.len())?;
    before.rsplit(' ').next()?.parse().ok().filter(|cores| *cores > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(model: &str, flags: &[&str]) -> Cpu {
        let flags = flags.iter().map(|flag| flag.to_string()).collect();
        Cpu { model: model.to_string(), flags, ..Cpu::default() }
    }

    #[test]
    fn flags_name_the_class() {
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
            assert_eq!(CpuClass::of(&cpu(model, flags)), class, "{model} {flags:?}");
        }
    }

    #[test]
    fn a_name_tells_the_cores_of_a_socket() {
        for (model, cores, sockets) in [
            ("AMD EPYC 9R14 96-Core Processor", 192, 2),
            ("AMD EPYC 9R45 96-Core Processor", 96, 1),
            ("AMD EPYC 7R13 Processor", 96, 2),
            ("AMD EPYC 7542 32-Core Processor", 64, 2),
            ("AMD EPYC 7542 32-Core Processor", 8, 1),
            ("AMD EPYC-Milan Processor", 160, 3),
            ("INTEL(R) XEON(R) PLATINUM 8573C", 96, 2),
            ("Intel(R) Xeon(R) 6975P-C", 192, 2),
            ("Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz", 36, 2),
            ("Intel Core Processor (Haswell, no TSX)", 32, 2),
            ("Neoverse-V2", 192, 2),
            ("12th Gen Intel(R) Core(TM) i7-12700K", 12, 1),
            ("AMD Ryzen 9 7950X 16-Core Processor", 16, 1),
            ("Intel(R) Xeon(R) CPU E3-1270 v6 @ 3.80GHz", 4, 1),
            ("A processor that nobody knows", 400, 1),
        ] {
            assert_eq!(Socket::of(&cpu(model, &["avx2"])).filled(cores), sockets, "{model} with {cores}");
        }
    }
}
