// Factors by which older builds of llama.cpp were slower, as far as published rows show them.
// Included by tests/speeds.rs and examples/speeds.rs.

use agi_provision::hardware::generation::Generation;
use agi_provision::plan::speed::Terms;
use agi_provision::plan::speed::rates::Rates;

/// Age of the build that a row was measured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// From build 6000 on.
    Recent,
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
    /// … and for a batch of a prompt.
    pub batch_layer: f64,
    /// Quantised matrices of a prompt reach this share of what 16-bit ones do, in the oldest builds: they were
    /// unpacked for the units that multiply those.
    pub unpacked: f64,
}

/// Fitted with the program's rates: `cargo run --example speeds` fits them again.
pub const PAST: Past = Past { layer: 1.78, batch_layer: 1.76, unpacked: 0.609 };

/// Today's rates, and those of builds of each age.
pub struct ByAge {
    recent: Rates,
    older: Rates,
    unpacked: Rates,
}

impl ByAge {
    pub fn of(rates: &Rates, past: &Past) -> ByAge {
        let mut older = rates.clone();
        older.layer *= past.layer;
        older.batch_layer *= past.batch_layer;
        let mut unpacked = older.clone();
        for reach in &mut unpacked.reach {
            use Generation::{Ada, Ampere, AmpereHbm, Hopper};
            if matches!(reach.generation, Ampere | AmpereHbm | Ada | Hopper) {
                let stacked = !reach.generation.is_of_chips();
                let half = if stacked { rates.prefill_half_stacked } else { rates.prefill_half };
                reach.tops *= half * past.unpacked;
            }
        }
        ByAge { recent: rates.clone(), older, unpacked }
    }

    /// The rates that hold for this work on a build of this age.
    pub fn get(&self, age: Age, terms: &Terms) -> &Rates {
        match age {
            Age::Recent => &self.recent,
            Age::Oldest if !terms.half => &self.unpacked,
            Age::Older | Age::Oldest => &self.older,
        }
    }
}
