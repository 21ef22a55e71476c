//! The work of a token, and the devices that do it.

use crate::hardware::cards::Unsure;
use crate::hardware::cpus::CpuClass;
use crate::hardware::generation::Generation;

/// Share of a host's peak bandwidth that reading reaches. A host that was probed names what it reads, divided by this.
pub(crate) const READ_OF_PEAK: f64 = 0.65;

/// Factors of the seconds at an interval's ends: times as long at the slow end, times as short at the fast one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Factor while an answer is written.
    pub decode: f64,
    /// Factor while a prompt is read.
    pub prefill: f64,
}

/// An end of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Slowest speed.
    Low,
    /// Expected speed.
    Expected,
    /// Fastest speed.
    High,
}

impl End {
    /// The ends in the order of [`Interval`](crate::plan::document::Interval)'s fields.
    pub const ALL: [End; 3] = [End::Low, End::Expected, End::High];

    /// Factor of a device's seconds.
    pub fn factor(self, spread: f64) -> f64 {
        match self {
            End::Low => spread,
            End::Expected => 1.0,
            End::High => 1.0 / spread,
        }
    }
}

/// Work of a token, and the devices that do it.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Work of the host's CPU.
    pub host: HostTerms,
    /// Work of each card, in order.
    pub cards: Vec<CardTerms>,
    /// Whether flash attention is on.
    pub flash_attn: bool,
    /// Share of a layer's experts that work on a token; `None`: the model has none.
    pub experts: Option<f64>,
    /// Its matrices are of 16 bits or more.
    pub half: bool,
    /// Layers, where the cards share each of them; `None`: they lie one after the other.
    pub shared_layers: Option<f64>,
    /// Number of cards that have layers.
    pub used: f64,
    /// Physical batches that a prompt is cut into and that pass the cards in a pipeline; 1 where layers lie
    /// on the host and in a tensor split.
    pub parts: f64,
    /// Tokens of a physical batch of a prompt.
    pub ubatch: f64,
}

/// Work of a host's CPU for one token, and the hardware that does it.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTerms {
    /// Bytes that a token reads.
    pub read: f64,
    /// 10^9 bytes/s at the peak.
    pub bandwidth_gb_s: f64,
    /// Operations of the matrices for a token of an answer: two for each weight that is read.
    pub matrices: f64,
    /// Operations of attention for a token of an answer, over half a slot.
    pub attention: f64,
    /// Operations of the matrices for a token of a prompt; 0 where cards do them.
    pub operations: f64,
    /// Operations of attention for a token of a prompt, over a quarter of a slot on average.
    pub looked_back: f64,
    /// Bytes of weights that pass to a card once a batch.
    pub copied: f64,
    /// Layers that lie on the host, or whose experts do.
    pub layers: f64,
    /// Threads that compute: the cores of a probed host, or the profile's.
    pub threads: f64,
    /// NUMA nodes of a probed host; 1 for a class of machines.
    pub nodes: u64,
    /// The server stays on one of several nodes.
    pub kept: bool,
    /// A virtual machine hides its sockets, so that nothing can be kept on one of them.
    pub hidden: bool,
    /// Whether flash attention is on.
    pub flash_attn: bool,
    /// Kind of quantisation of its matrices.
    pub quants: Quants,
    /// Source of the CPU's arithmetic rate.
    pub rate: HostRate,
}

/// Kinds of quantisation, as far as a CPU reads a prompt at another rate with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quants {
    /// One scale for each block: `Q4_0`, `Q8_0`.
    Legacy,
    /// Numbers that are looked up in a table: `IQ4_XS`.
    Tables,
    /// Blocks of blocks (`Q4_K_M`), and floating-point numbers.
    Other,
}

impl Quants {
    /// Reads the name of a quantisation as llama-quantize has it, with what publishers put before it (`UD-IQ2_M`).
    pub fn named(name: &str) -> Quants {
        let name = name.strip_prefix("UD-").unwrap_or(name);
        match name {
            "Q4_0" | "Q4_1" | "Q5_0" | "Q5_1" | "Q8_0" => Quants::Legacy,
            _ if name.starts_with("IQ") => Quants::Tables,
            _ => Quants::Other,
        }
    }
}

impl HostRate {
    /// The host's memory was measured.
    pub fn is_measured(self) -> bool {
        matches!(self, HostRate::Found { measured: true, .. })
    }
}

/// Arithmetic of a host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HostRate {
    /// By the instructions of a CPU that was probed.
    Found {
        /// Instruction set.
        class: CpuClass,
        /// Whether the bandwidth of the memory was measured.
        measured: bool,
    },
    /// 10^12 operations/s of a class of machines.
    Promised {
        /// Rate of all cores together.
        tflops: f64,
    },
}

/// Work of one card for one token, and the hardware that does it.
#[derive(Clone, Debug, PartialEq)]
pub struct CardTerms {
    /// Generation of the card, which selects its row of [`Rates`](super::rates::Rates).
    pub generation: Generation,
    /// Figures of it that are not known for certain.
    pub unsure: Unsure,
    /// Peak of the card's memory, 10^9 bytes/s.
    pub bandwidth_gb_s: f64,
    /// Peak of its matrix instructions, 10^12 operations/s; the sum of all cards in a tensor split.
    pub tops: f64,
    /// Bytes of weights that a token reads.
    pub weights: f64,
    /// Bytes of cache that a token reads: half a slot.
    pub cache: f64,
    /// Bytes of all weights that lie on the card.
    pub held: f64,
    /// Layers on the card.
    pub layers: f64,
    /// Operations of the matrices for a token of a prompt: two for each active parameter.
    pub operations: f64,
    /// Operations of attention for a token of a prompt.
    pub attention: f64,
    /// Scores of attention for a token of a prompt: query heads times tokens looked back at.
    pub scores: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantisation_is_known_by_its_name() {
        for (name, kind) in [
            ("Q4_0", Quants::Legacy),
            ("Q8_0", Quants::Legacy),
            ("Q4_K_M", Quants::Other),
            ("Q8_K", Quants::Other),
            ("IQ4_XS", Quants::Tables),
            ("UD-IQ2_M", Quants::Tables),
            ("UD-Q4_K_XL", Quants::Other),
            ("MXFP4", Quants::Other),
            ("BF16", Quants::Other),
        ] {
            assert_eq!(Quants::named(name), kind, "{name}");
        }
    }
}
