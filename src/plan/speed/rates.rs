//! Rates that hold for all machines of a kind, fitted on published llama-bench results (tests/oracle/published.csv), for
//! llama.cpp from build 6000 on: what older builds took longer is fitted beside (tests/oracle/refit.rs).
//! docs/measured.md shows how well they hold, also for cards and models that were left out of the fit
//! (tests/oracle/refit.rs, `cargo run --example speeds`).

use crate::hardware::cpus::CpuClass;
use crate::hardware::generation::Generation;

/// Shares of a card's peaks that llama.cpp reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Generation of cards that the shares are for.
    pub generation: Generation,
    /// Share of its bandwidth, while weights are read for one token.
    pub bandwidth: f64,
    /// Share of its matrix instructions, while a prompt is read in batches.
    pub tops: f64,
    /// Published results of it were fitted.
    pub seen: bool,
}

/// 10^12 operations/s of one core's matrices: while decoding, and while reading a prompt with one core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CpuRate {
    /// Instruction set that the rates are for.
    pub class: CpuClass,
    /// Rate while an answer is written, for each core, 10^12 operations/s.
    pub decode: f64,
    /// Rate of one core while a prompt is read, 10^12 operations/s; more cores count by `prefill_growth`.
    pub prefill: f64,
    /// Reading of a token with all cores of several sockets, 10^9 bytes/s: most of it passes between them.
    pub link: f64,
    /// Published results of it were fitted; both rates are near the middle of its maker's.
    pub seen: bool,
}

/// Rates that turn the work of a token into seconds; [`FITTED`] has the values.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    /// Shares of a card's peaks, a row for each generation.
    pub reach: [Reach; Generation::NAMES.len() + 1],
    /// Arithmetic of a CPU, a row for each instruction set.
    pub cpus: [CpuRate; 10],

    /// Share of a card's bandwidth that reading the cache reaches with flash attention …
    pub cache: f64,
    /// … and how many times as long it takes without.
    pub cache_without_flash: f64,
    /// Seconds of a layer beside reading: launches of its kernels …
    pub layer: f64,
    /// … of the router and the experts beside, where it has some …
    pub expert_layer: f64,
    /// … and on AMD's cards, where each kernel is launched on its own and not in a CUDA graph …
    pub expert_layer_amd: f64,
    /// … of a token: the output, sampling, the host …
    pub token: f64,
    /// … and of passing a token on to the next card.
    pub hop: f64,

    /// Matrices of 16 bits run this many times as fast as quantised ones, against the INT8 peak …
    pub prefill_half: f64,
    /// … and on cards with stacked memory, whose matrix units do them at full rate.
    pub prefill_half_stacked: f64,
    /// Experts run this many times as fast as dense matrices, while each has many tokens of a batch …
    pub prefill_experts: f64,
    /// … and half as fast as that with so many.
    pub expert_tokens: f64,
    /// Flash attention reaches this share of what matrices do …
    pub prefill_attention: f64,
    /// … and this one on AMD's cards.
    pub prefill_attention_amd: f64,
    /// Bytes that pass a card's memory for each score, where there is no flash attention.
    pub score_bytes: f64,
    /// All weights of a card are read so many times in each batch …
    pub batch_reads: f64,
    /// … which takes a layer so many seconds beside.
    pub batch_layer: f64,
    /// Layers split over cards: a prompt of one batch passes one card after the other.
    pub prefill_split: f64,
    /// Prompts of several batches run through them in a pipeline, which reaches this power of its ideal gain.
    pub pipeline: f64,
    /// Weights that lie on the host pass to the card for each batch, 10^9 bytes/s.
    pub copied_gb_s: f64,

    /// Share of a CPU's arithmetic that attention over the cache reaches while decoding: 6 to 7 × 10^9 multiplications/s
    /// where the matrices do 110 × 10^9 (llama-bench, 512 and 1024 tokens back, 2 cores of an AMD EPYC, 2026-11-24).
    pub host_attention: f64,
    /// The same share without flash attention.
    pub host_attention_without_flash: f64,
    /// Seconds that one thread of a CPU adds to each layer, as all wait for each other.
    pub thread_wait: f64,
    /// Reading of a token where a virtual machine hides that its cores are of several sockets, 10^9 bytes/s.
    pub hidden_link: f64,
    /// Share of what matrices do that attention of a CPU over a prompt reaches.
    pub prefill_host_attention: f64,
    /// The same share without flash attention.
    pub prefill_host_attention_without_flash: f64,
    /// Matrices of a prompt whose weights are looked up in tables run at this share.
    pub prefill_tables: f64,
    /// Seconds of a prompt's token beside the matrices on a CPU with AMX, by the root of operations × layers, which
    /// grows as embedding × layers does: tiles do matrices so fast that what is left to other units decides.
    pub prefill_beside_tiles: f64,
    /// Reading a prompt grows with this power of the cores, with AMX with their number …
    pub prefill_growth: f64,
    /// … and takes this many times as long over several sockets.
    pub prefill_on_nodes: f64,
}

const fn reach(generation: Generation, bandwidth: f64, tops: f64, seen: bool) -> Reach {
    Reach { generation, bandwidth, tops, seen }
}

const fn cpu(class: CpuClass, decode: f64, prefill: f64, link: f64, seen: bool) -> CpuRate {
    CpuRate { class, decode, prefill, link, seen }
}

/// Fitted on all rows: `cargo run --example speeds` fits them again and writes them into docs/measured.md.
pub const FITTED: Rates = Rates {
    reach: [
        reach(Generation::Maxwell, 0.566, 0.513, true),
        reach(Generation::Pascal, 0.719, 0.239, true),
        reach(Generation::Volta, 0.839, 0.362, true),
        // Pascal's rate: it has no tensor cores either.
        reach(Generation::TuringPlain, 0.719, 0.239, false),
        reach(Generation::Turing, 0.8, 0.179, true),
        reach(Generation::TuringSmall, 0.469, 0.132, true),
        reach(Generation::Ampere, 0.86, 0.197, true),
        reach(Generation::AmpereSmall, 0.679, 0.223, true),
        reach(Generation::AmpereHbm, 0.534, 0.123, true),
        reach(Generation::Ada, 0.907, 0.196, true),
        reach(Generation::Hopper, 0.664, 0.0793, true),
        reach(Generation::Blackwell, 0.998, 0.31, true),
        reach(Generation::BlackwellSoc, 0.877, 0.164, true),
        // Hopper's rate: the nearest with HBM.
        reach(Generation::BlackwellHbm, 0.664, 0.0793, false),
        // Taken from RDNA 2.
        reach(Generation::Rdna, 0.74, 0.261, false),
        reach(Generation::Rdna2, 0.74, 0.261, true),
        // One row alone, between its neighbours.
        reach(Generation::Rdna3, 0.76, 0.30, false),
        reach(Generation::Rdna4, 0.811, 0.115, true),
        // No row of it: RDNA 3's.
        reach(Generation::RdnaSoc, 0.76, 0.30, false),
        reach(Generation::Cdna, 0.45, 0.278, true),
        // No row of it.
        reach(Generation::Xe, 0.76, 0.30, false),
        // The row of another card stands in.
        reach(Generation::Unknown, 0.76, 0.20, false),
    ],
    cpus: [
        cpu(CpuClass::Amx, 0.059, 0.203, 208.0, true),
        cpu(CpuClass::AmdAvx512, 0.152, 0.119, 210.0, true),
        cpu(CpuClass::IntelAvx512, 0.0483, 0.0704, 106.0, true),
        cpu(CpuClass::IntelAvx512First, 0.0368, 0.0479, 48.4, true),
        cpu(CpuClass::AmdAvx2, 0.143, 0.0938, 46.7, true),
        cpu(CpuClass::AmdAvx2First, 0.113, 0.07, 60.0, true),
        cpu(CpuClass::IntelAvx2, 0.0659, 0.061, 41.8, true),
        cpu(CpuClass::ArmI8mm, 0.0312, 0.0554, 71.0, true),
        cpu(CpuClass::ArmDot, 0.0184, 0.0261, 60.0, true),
        // One row alone, and processors of several kinds.
        cpu(CpuClass::Plain, 0.017, 0.020, 30.0, false),
    ],
    cache: 0.855,
    cache_without_flash: 2.47,
    layer: 44.2e-6,
    expert_layer: 41.6e-6,
    expert_layer_amd: 72.3e-6,
    token: 287e-6,
    hop: 245e-6,
    prefill_half: 1.48,
    prefill_half_stacked: 2.2,
    prefill_experts: 0.906,
    expert_tokens: 24.2,
    prefill_attention: 0.767,
    prefill_attention_amd: 0.261,
    score_bytes: 25.2,
    batch_reads: 0.63,
    batch_layer: 260e-6,
    prefill_split: 1.03,
    pipeline: 0.827,
    copied_gb_s: 21.2,
    host_attention: 1.0 / 20.0,
    host_attention_without_flash: 1.0 / 6.0,
    thread_wait: 1.83e-6,
    hidden_link: 36.1,
    prefill_host_attention: 0.18,
    prefill_host_attention_without_flash: 0.54,
    prefill_tables: 0.718,
    prefill_beside_tiles: 4.01e-9,
    prefill_growth: 0.844,
    prefill_on_nodes: 1.31,
};

impl Rates {
    /// Returns the row of a generation; each has one.
    pub fn reach(&self, generation: Generation) -> &Reach {
        self.reach.iter().find(|reach| reach.generation == generation).expect("every generation has a row")
    }

    /// Returns the row of an instruction set; each has one.
    pub fn cpu(&self, class: CpuClass) -> &CpuRate {
        self.cpus.iter().find(|rate| rate.class == class).expect("every class has a row")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generation_and_class_has_a_rate() {
        for (_, generation) in Generation::NAMES {
            assert!(FITTED.reach(generation).bandwidth > 0.0, "{generation:?}");
        }
        assert!(!FITTED.reach(Generation::Unknown).seen);
        let classes = [
            CpuClass::Amx,
            CpuClass::AmdAvx512,
            CpuClass::IntelAvx512,
            CpuClass::IntelAvx512First,
            CpuClass::AmdAvx2,
            CpuClass::AmdAvx2First,
            CpuClass::IntelAvx2,
            CpuClass::ArmI8mm,
            CpuClass::ArmDot,
            CpuClass::Plain,
        ];
        assert!(classes.iter().all(|class| FITTED.cpu(*class).decode > 0.0));
    }
}
