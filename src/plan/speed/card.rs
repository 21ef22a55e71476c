//! Shares of a card's peaks that llama.cpp reaches, by generation. Fitted on published llama-bench results
//! (tests/oracle/published.csv; `examples/speeds.rs` fits nothing, it shows how well this holds: docs/measured.md).

use crate::hardware::generation::Generation;

/// Shares of a card's peaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Share of its bandwidth, while weights are read for one token.
    pub bandwidth: f64,
    /// Share of its matrix instructions' rate, while a prompt is read in batches of 512.
    pub tops: f64,
}

/// Returns the shares that a generation reaches.
pub fn reach(generation: Generation) -> Reach {
    let (bandwidth, tops) = match generation {
        Generation::Maxwell => (0.57, 0.54),
        Generation::Pascal => (0.74, 0.26),
        Generation::Volta => (0.82, 0.35),
        Generation::TuringPlain => (0.74, 0.26),
        Generation::Turing => (0.52, 0.155),
        Generation::Ampere => (0.91, 0.20),
        Generation::AmpereHbm => (0.52, 0.135),
        Generation::Ada => (0.91, 0.16),
        Generation::Hopper => (0.63, 0.088),
        Generation::Blackwell => (0.91, 0.19),
        // No published row: as Hopper, the nearest with HBM.
        Generation::BlackwellHbm => (0.63, 0.088),
        Generation::Rdna | Generation::Rdna2 => (0.80, 0.22),
        // No row that was fitted: between its neighbours.
        Generation::Rdna3 => (0.80, 0.22),
        Generation::Rdna4 => (0.80, 0.10),
        Generation::Cdna => (0.52, 0.10),
        Generation::Xe => (0.79, 0.30),
        // The row of another card stands in: somewhat less than that one.
        Generation::Unknown => (0.60, 0.13),
    };
    Reach { bandwidth, tops }
}

/// Share of a card's bandwidth that reading the cache reaches with flash attention …
pub const CACHE: f64 = 0.84;
/// … and how many times as long it takes without.
pub const CACHE_WITHOUT_FLASH: f64 = 2.56;
/// Seconds of a layer beside reading: launches of its kernels …
pub const LAYER: f64 = 50e-6;
/// … of the router and the experts beside, where it has some …
pub const EXPERT_LAYER: f64 = 80e-6;
/// … of a token: the output, sampling, the host …
pub const TOKEN: f64 = 590e-6;
/// … and of passing a token on to the next card.
pub const HOP: f64 = 350e-6;

/// Matrices of 16 bits run this many times as fast as quantised ones, against the INT8 peak.
pub const PREFILL_HALF: f64 = 1.40;
/// Experts run this many times as fast as dense matrices.
pub const PREFILL_EXPERTS: f64 = 0.48;
/// Attention reaches this share of what matrices do.
pub const PREFILL_ATTENTION: f64 = 0.41;
/// Seconds of a layer in each batch beside arithmetic.
pub const PREFILL_LAYER: f64 = 240e-6;
/// Layers split over cards: a prompt of one batch passes one card after the other.
pub const PREFILL_SPLIT: f64 = 0.93;
/// Prompts of several batches run through them in a pipeline, which reaches this power of its ideal gain.
pub const PIPELINE: f64 = 0.75;
