//! Generations of graphics cards, as far as llama.cpp's speed on them differs.

use std::str::FromStr;

/// A generation; cards of one reach about the same shares of their peaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Generation {
    /// NVIDIA Maxwell: Tesla M40, M60.
    Maxwell,
    /// NVIDIA Pascal: GTX 10, Tesla P4, P40.
    Pascal,
    /// NVIDIA Volta: V100, TITAN V.
    Volta,
    /// Turing without tensor cores: GTX 16.
    TuringPlain,
    /// NVIDIA Turing with tensor cores: RTX 20.
    Turing,
    /// Turing on a board of 70 W: T4.
    TuringSmall,
    /// NVIDIA Ampere with GDDR6: RTX 30, RTX A6000.
    Ampere,
    /// Ampere on boards of about 60 W a card: A2, A16.
    AmpereSmall,
    /// Ampere with HBM: A100, A30.
    AmpereHbm,
    /// NVIDIA Ada Lovelace: RTX 40, L4, L40S.
    Ada,
    /// NVIDIA Hopper: H100, H200.
    Hopper,
    /// NVIDIA Blackwell with GDDR7: RTX 50, RTX PRO.
    Blackwell,
    /// Blackwell in one package with its processor, which shares its memory: GB10.
    BlackwellSoc,
    /// Blackwell with HBM: B200.
    BlackwellHbm,
    /// AMD RDNA: RX 5700 XT.
    Rdna,
    /// AMD RDNA 2: RX 6000.
    Rdna2,
    /// AMD RDNA 3: RX 7000.
    Rdna3,
    /// AMD RDNA 4: RX 9000.
    Rdna4,
    /// RDNA 3.5 in one package with its processor, which shares its memory: Strix Halo.
    RdnaSoc,
    /// AMD Instinct: MI50 to MI355X.
    Cdna,
    /// Intel Arc.
    Xe,
    /// Nothing is known of the card but its bandwidth.
    #[default]
    Unknown,
}

impl Generation {
    /// Every generation with its name in `profiles/cards.csv`.
    pub const NAMES: [(&'static str, Generation); 21] = [
        ("maxwell", Generation::Maxwell),
        ("pascal", Generation::Pascal),
        ("volta", Generation::Volta),
        ("turing-plain", Generation::TuringPlain),
        ("turing", Generation::Turing),
        ("turing-small", Generation::TuringSmall),
        ("ampere", Generation::Ampere),
        ("ampere-small", Generation::AmpereSmall),
        ("ampere-hbm", Generation::AmpereHbm),
        ("ada", Generation::Ada),
        ("hopper", Generation::Hopper),
        ("blackwell", Generation::Blackwell),
        ("blackwell-soc", Generation::BlackwellSoc),
        ("blackwell-hbm", Generation::BlackwellHbm),
        ("rdna", Generation::Rdna),
        ("rdna2", Generation::Rdna2),
        ("rdna3", Generation::Rdna3),
        ("rdna4", Generation::Rdna4),
        ("rdna-soc", Generation::RdnaSoc),
        ("cdna", Generation::Cdna),
        ("xe", Generation::Xe),
    ];

    /// The lowest compute capability of the cards of a generation of NVIDIA's (developer.nvidia.com/cuda-gpus).
    pub fn compute_capability(self) -> Option<(u64, u64)> {
        Some(match self {
            Generation::Maxwell => (5, 0),
            Generation::Pascal => (6, 0),
            Generation::Volta => (7, 0),
            Generation::TuringPlain | Generation::Turing | Generation::TuringSmall => (7, 5),
            Generation::AmpereHbm => (8, 0),
            Generation::Ampere | Generation::AmpereSmall => (8, 6),
            Generation::Ada => (8, 9),
            Generation::Hopper => (9, 0),
            Generation::BlackwellHbm => (10, 0),
            Generation::Blackwell => (12, 0),
            Generation::BlackwellSoc => (12, 1),
            Generation::Rdna
            | Generation::Rdna2
            | Generation::Rdna3
            | Generation::Rdna4
            | Generation::RdnaSoc
            | Generation::Cdna
            | Generation::Xe
            | Generation::Unknown => return None,
        })
    }

    /// Its boards have memory of separate chips, as many as channels: no stacks, and none in common with a host.
    pub fn is_of_chips(self) -> bool {
        use Generation::{AmpereHbm, BlackwellHbm, Cdna, Hopper, Unknown, Volta};
        !matches!(self, Volta | AmpereHbm | Hopper | BlackwellHbm | Cdna | Unknown) && !self.is_of_host()
    }

    /// Its boards have no memory but their host's.
    pub fn is_of_host(self) -> bool {
        matches!(self, Generation::BlackwellSoc | Generation::RdnaSoc)
    }

    /// AMD makes its cards.
    pub fn is_of_amd(self) -> bool {
        use Generation::{Cdna, Rdna, Rdna2, Rdna3, Rdna4, RdnaSoc};
        matches!(self, Rdna | Rdna2 | Rdna3 | Rdna4 | RdnaSoc | Cdna)
    }

    /// The generation of NVIDIA's compute capability, such as `8.6` (CUDA C++ Programming Guide).
    pub fn of_compute_capability(capability: &str) -> Generation {
        let mut numbers = capability.split('.').map(|part| part.parse::<u64>().ok());
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(5), _) => Generation::Maxwell,
            (Some(6), _) => Generation::Pascal,
            (Some(7), Some(5)) => Generation::Turing,
            (Some(7), _) => Generation::Volta,
            (Some(8), Some(0)) => Generation::AmpereHbm,
            (Some(8), Some(9)) => Generation::Ada,
            (Some(8), _) => Generation::Ampere,
            (Some(9), _) => Generation::Hopper,
            (Some(10), _) => Generation::BlackwellHbm,
            (Some(11), _) | (Some(12), Some(1)) => Generation::BlackwellSoc,
            (Some(12), _) => Generation::Blackwell,
            _ => Generation::Unknown,
        }
    }
}

impl FromStr for Generation {
    type Err = String;

    fn from_str(name: &str) -> Result<Generation, String> {
        let found = Generation::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, generation)| *generation).ok_or_else(|| format!("no generation is called {name:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compute_capability_names_its_generation() {
        for (capability, generation) in [
            ("6.1", Generation::Pascal),
            ("7.0", Generation::Volta),
            ("7.5", Generation::Turing),
            ("8.0", Generation::AmpereHbm),
            ("8.6", Generation::Ampere),
            ("8.9", Generation::Ada),
            ("9.0", Generation::Hopper),
            ("10.0", Generation::BlackwellHbm),
            ("12.0", Generation::Blackwell),
            ("12.1", Generation::BlackwellSoc),
            ("3.7", Generation::Unknown),
            ("", Generation::Unknown),
        ] {
            assert_eq!(Generation::of_compute_capability(capability), generation, "{capability}");
        }
        // Back again, but for those of which several have one capability.
        for (name, generation) in Generation::NAMES {
            let Some((major, minor)) = generation.compute_capability() else { continue };
            let back = Generation::of_compute_capability(&format!("{major}.{minor}"));
            assert_eq!(back.compute_capability(), Some((major, minor)), "{name}");
        }
    }
}
