// Factors by which older builds of llama.cpp were slower, as far as published rows show them.
// Included by tests/speeds.rs and examples/speeds.rs.

use agi_provision::hardware::generation::Generation;
use agi_provision::plan::speed::rates::Rates;
use agi_provision::plan::speed::{Quants, Terms};

/// Age of the build that a row was measured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// After a token's router and experts took fewer kernels (ggml-org/llama.cpp#16130, #16649, and #16715 of 26 October
    /// 2025).
    Recent,
    /// Before that, from build 6000 on.
    Unfused,
    /// Before build 6000.
    Older,
    /// Before quantised matrices of a prompt ran on tensor cores (ggml-org/llama.cpp#7676, June 2024).
    Oldest,
}

/// Rates of older builds against today's.
#[derive(Clone, Debug)]
pub struct Past {
    /// A layer of a card takes this many times as long for a token …
    pub layer: f64,
    /// … its router and experts this many times, before they were fused …
    pub expert_layer: f64,
    /// … and a layer for a batch of a prompt.
    pub batch_layer: f64,
    /// Quantised matrices of a prompt reach this share of what 16-bit ones do, in the oldest builds: they were
    /// unpacked for the units that multiply those.
    pub unpacked: f64,
    /// Matrices of a prompt reach this share on a CPU, before more kinds of blocks were interleaved for its vector units
    /// (Q4_K: ggml-org/llama.cpp#12332, March 2025) …
    pub matrices: f64,
    /// … and this many times that where a block has one scale, which was fast already.
    pub legacy: f64,
}

/// Fitted with the program's rates: `cargo run --example speeds` fits them again.
pub const PAST: Past = Past {
    layer: 1.73,
    expert_layer: 1.51,
    batch_layer: 1.63,
    unpacked: 0.626,
    matrices: 0.991,
    legacy: 1.41,
};

/// Today's rates, and those of builds of each age.
pub struct ByAge {
    recent: Rates,
    unfused: Rates,
    older: Rates,
    unpacked: Rates,
    legacy: Rates,
}

impl ByAge {
    pub fn of(rates: &Rates, past: &Past) -> ByAge {
        let mut unfused = rates.clone();
        unfused.expert_layer *= past.expert_layer;
        unfused.expert_layer_amd *= past.expert_layer;
        let mut older = unfused.clone();
        older.layer *= past.layer;
        older.batch_layer *= past.batch_layer;
        older.cpus.iter_mut().for_each(|cpu| cpu.prefill *= past.matrices);
        let mut legacy = older.clone();
        legacy.cpus.iter_mut().for_each(|cpu| cpu.prefill *= past.legacy);
        let mut unpacked = older.clone();
        for reach in &mut unpacked.reach {
            use Generation::{Ada, Ampere, AmpereHbm, Hopper};
            if matches!(reach.generation, Ampere | AmpereHbm | Ada | Hopper) {
                let stacked = !reach.generation.is_of_chips();
                let half = if stacked { rates.prefill_half_stacked } else { rates.prefill_half };
                reach.tops *= half * past.unpacked;
            }
        }
        ByAge { recent: rates.clone(), unfused, older, unpacked, legacy }
    }

    /// The rates that hold for this work on a build of this age.
    pub fn get(&self, age: Age, terms: &Terms) -> &Rates {
        match age {
            Age::Recent => &self.recent,
            Age::Unfused => &self.unfused,
            _ if terms.cards.is_empty() && terms.host.quants == Quants::Legacy => &self.legacy,
            Age::Oldest if !terms.half => &self.unpacked,
            Age::Older | Age::Oldest => &self.older,
        }
    }
}
