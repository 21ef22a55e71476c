//! Seconds of a token: [`Terms`] by [`Rates`].

use super::rates::Rates;
use super::work::{CardTerms, End, HostRate, HostTerms, Quants, READ_OF_PEAK, Spread, Terms};
use crate::hardware::cards::Unsure;
use crate::hardware::cpus::CpuClass;
use crate::hardware::generation::Generation;

/// Seconds that two cards of a tensor split wait for each other, per layer: two sums over all cards,
/// each a kernel launch and a transfer of some kilobytes. Not measured; NCCL's own tests give 10 to
/// 30 µs for so little over NVLink or PCIe.
const LAYER_SUM: f64 = 2.0 * 20e-6;

/// Seconds of a token of a prompt beside arithmetic.
pub(crate) const PREFILL_OVERHEAD: f64 = 1e-6;

/// Factor of an answer's seconds at the slow end, at least.
pub(crate) const LEAST_SPREAD: f64 = 1.30;
/// Factor of the seconds in which a token's router and experts are launched: they depend on the machine around the card
/// and on the build. One RTX 4090 took 55 µs for a layer of Qwen3 30B A3B, another 76 with a later build
/// (tests/oracle/published.csv: n011, n030).
const EXPERTS: f64 = 2.0;
const CARD: Spread = Spread { decode: LEAST_SPREAD, prefill: 1.34 };
/// Cards that read a prompt in a pipeline.
const PIPELINED: f64 = 1.6;
/// Factor of the interval's ends for the seconds in which weights pass from the host to a card for each batch.
pub(crate) const COPIED: f64 = 1.7;
/// A figure of a card that no source confirms, or a generation that no published row was seen of.
const CARD_UNSEEN: Spread = Spread { decode: 1.8, prefill: 2.2 };
/// A CPU whose memory was measured, …
const CPU_MEASURED: Spread = Spread { decode: 1.34, prefill: 1.34 };
/// … one that is known by its instructions and cores only, or a class of machines, …
const CPU_ASSUMED: Spread = Spread { decode: 1.6, prefill: 1.6 };
/// … one of several sockets, …
const CPU_NODES: Spread = Spread { decode: 1.5, prefill: 1.8 };
/// … one whose sockets a virtual machine hides, …
const CPU_HIDDEN: Spread = Spread { decode: 1.7, prefill: 1.8 };
/// … and one whose instructions no published row was seen of.
const CPU_UNSEEN: Spread = Spread { decode: 2.1, prefill: 2.1 };

/// Seconds of a card, and the shares that they follow from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CardSeconds {
    /// Share of the card's bandwidth that reading weights reaches.
    pub share: f64,
    /// Share of the card's bandwidth that reading the cache reaches.
    pub cache_share: f64,
    /// Seconds of a token beside reading, by layers.
    pub layers: f64,
    /// Seconds of a token in which the router and experts of the layers are launched.
    pub experts: f64,
    /// Rate of the matrices, 10^12 operations/s.
    pub tops: f64,
    /// Rate of attention, 10^12 operations/s.
    pub attention_tops: f64,
    /// Bytes that attention passes through memory without flash attention, for a token of a prompt.
    pub score_bytes: f64,
    /// Bytes read in each batch.
    pub batch_bytes: f64,
    /// Seconds of a batch beside arithmetic, by layers.
    pub batch: f64,
}

/// Seconds of a host, and the rates that they follow from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HostSeconds {
    /// Rate of the matrices while an answer is written, all threads together, 10^12 operations/s.
    pub tflops: f64,
    /// Rate of the matrices while a prompt is read, all threads together, 10^12 operations/s.
    pub prefill_tflops: f64,
    /// Share of `prefill_tflops` that matrices of its kind of quantisation reach.
    pub quants: f64,
    /// Seconds of a prompt's token beside the matrices and attention.
    pub beside: f64,
    /// Share of `tflops` that attention reaches while an answer is written.
    pub attention: f64,
    /// Share of `prefill_tflops` that attention over a prompt reaches.
    pub prefill_attention: f64,
    /// Seconds of a token in which threads wait for each other.
    pub waiting: f64,
    /// Reading of a token, 10^9 bytes/s: what memory gives, or what passes between sockets.
    pub read_gb_s: f64,
    /// Factors of the interval's ends: wider for memory that was not measured, several sockets, and
    /// instructions without published results.
    pub spread: Spread,
}

impl CardTerms {
    /// Returns the card's seconds and shares for one token of the work `terms`.
    pub fn seconds(&self, terms: &Terms, rates: &Rates) -> CardSeconds {
        let reach = rates.reach(self.generation);
        let half = match (terms.half, self.generation.is_of_chips()) {
            (false, _) => 1.0,
            (true, true) => rates.prefill_half,
            (true, false) => rates.prefill_half_stacked,
        };
        let experts = match terms.experts {
            Some(share) => rates.prefill_experts / (1.0 + rates.expert_tokens / (share * terms.ubatch)),
            None => 1.0,
        };
        let attention = match self.generation.is_of_amd() {
            true => rates.prefill_attention_amd,
            false => rates.prefill_attention,
        };
        let (without_flash, score_bytes) = match terms.flash_attn {
            true => (1.0, 0.0),
            false => (rates.cache_without_flash, rates.score_bytes),
        };
        let expert_layer = match (terms.experts, self.generation.is_of_amd()) {
            (None, _) => 0.0,
            (Some(_), true) => rates.expert_layer_amd,
            (Some(_), false) => rates.expert_layer,
        };
        CardSeconds {
            share: reach.bandwidth,
            cache_share: rates.cache / without_flash,
            layers: rates.layer * self.layers,
            experts: expert_layer * self.layers,
            tops: self.tops * reach.tops * half * experts,
            attention_tops: self.tops * reach.tops * attention,
            score_bytes: score_bytes * self.scores,
            batch_bytes: rates.batch_reads * self.held,
            batch: rates.batch_layer * self.layers,
        }
    }

    /// Seconds of a token beside its router and experts.
    fn decode(&self, of: &CardSeconds) -> f64 {
        let bandwidth = self.bandwidth_gb_s * 1e9;
        self.weights / (bandwidth * of.share) + self.cache / (bandwidth * of.cache_share) + of.layers
    }

    fn prefill(&self, of: &CardSeconds, ubatch: f64) -> f64 {
        let bandwidth = self.bandwidth_gb_s * 1e9;
        self.operations / (of.tops * 1e12)
            + self.attention / (of.attention_tops * 1e12)
            + of.score_bytes / bandwidth
            + (of.batch_bytes / bandwidth + of.batch) / ubatch
    }

    /// Figures that are not known for certain, of the card or of its generation.
    fn unsure(&self, rates: &Rates) -> Unsure {
        match self.generation == Generation::Unknown || !rates.reach(self.generation).seen {
            true => Unsure::ALL,
            false => self.unsure,
        }
    }
}

impl HostTerms {
    /// Returns the host's seconds and rates for one token.
    pub fn seconds(&self, rates: &Rates) -> HostSeconds {
        let memory = self.bandwidth_gb_s * READ_OF_PEAK;
        let (tflops, (prefill_tflops, beside), read_gb_s, spread) = match self.rate {
            HostRate::Promised { tflops } => (tflops, (tflops, 0.0), memory, CPU_ASSUMED),
            HostRate::Found { class, measured } => {
                let rate = rates.cpu(class);
                let apart = if self.nodes > 1 { rates.prefill_on_nodes } else { 1.0 };
                let prefill = match class {
                    CpuClass::Amx => {
                        let root = (self.operations * self.layers).sqrt();
                        (rate.prefill * self.threads, apart * rates.prefill_beside_tiles * root)
                    }
                    _ => (rate.prefill * self.threads.powf(rates.prefill_growth) / apart, 0.0),
                };
                let read = match self.nodes > 1 {
                    true if self.hidden => rates.hidden_link.min(memory),
                    true => rate.link.min(memory),
                    false => memory,
                };
                let known = match measured {
                    _ if self.hidden => CPU_HIDDEN,
                    // No published row is of a server that stays on one.
                    _ if self.kept || self.nodes > 1 => CPU_NODES,
                    true => CPU_MEASURED,
                    false => CPU_ASSUMED,
                };
                let spread = if rate.seen { known } else { CPU_UNSEEN };
                (rate.decode * self.threads, prefill, read, spread)
            }
        };
        let (attention, prefill_attention) = match self.flash_attn {
            true => (rates.host_attention, rates.prefill_host_attention),
            false => (rates.host_attention_without_flash, rates.prefill_host_attention_without_flash),
        };
        HostSeconds {
            tflops,
            prefill_tflops,
            quants: if self.quants == Quants::Tables { rates.prefill_tables } else { 1.0 },
            beside,
            attention,
            prefill_attention,
            waiting: rates.thread_wait * self.threads * self.layers,
            read_gb_s,
            spread,
        }
    }

    fn decode(&self, of: &HostSeconds) -> f64 {
        let work = self.matrices + self.attention / of.attention;
        self.read / (of.read_gb_s * 1e9) + work / (of.tflops * 1e12) + of.waiting
    }

    fn prefill(&self, of: &HostSeconds) -> f64 {
        (self.operations / of.quants + self.looked_back / of.prefill_attention) / (of.prefill_tflops * 1e12)
            + of.beside
    }
}

impl Terms {
    /// Returns the factors of the interval's ends for the cards: wider for a figure of a card that is not
    /// certain, a generation without published results, and a prompt that passes several cards in a pipeline.
    pub fn card_spread(&self, rates: &Rates) -> Spread {
        let any = |unsure: fn(Unsure) -> bool| self.cards.iter().any(|card| unsure(card.unsure(rates)));
        let pipelined = self.used > 1.0 && self.parts > 1.0;
        Spread {
            decode: if any(|unsure| unsure.bandwidth) { CARD_UNSEEN.decode } else { CARD.decode },
            prefill: match any(|unsure| unsure.tops) {
                true => CARD_UNSEEN.prefill,
                false if pipelined => PIPELINED,
                false => CARD.prefill,
            },
        }
    }

    /// Returns the factors of the interval's ends for the routers and experts of the cards' layers. Where the host does
    /// layers too, its processor is known, and its own factor covers it.
    pub fn experts_spread(&self, rates: &Rates) -> f64 {
        let cards = self.card_spread(rates).decode;
        if self.host.read > 0.0 { cards } else { cards.max(EXPERTS) }
    }

    /// Seconds of a token beside the cards' layers: the output, sampling, passing from card to card.
    pub fn token(&self, rates: &Rates) -> f64 {
        let hops = if self.shared_layers.is_some() { 0.0 } else { (self.used - 1.0).max(0.0) };
        if self.used > 0.0 { rates.token + rates.hop * hops } else { 0.0 }
    }

    /// Seconds of a token that cards which share layers wait for each other.
    pub fn waiting(&self) -> Option<f64> {
        self.shared_layers.map(|layers| layers * LAYER_SUM)
    }

    /// Layers split over cards read a prompt this many times as fast as one card.
    pub fn prefill_split(&self, rates: &Rates) -> f64 {
        if self.used < 2.0 || self.shared_layers.is_some() {
            return 1.0;
        }
        let ideal = self.parts * self.used / (self.parts + self.used - 1.0);
        rates.prefill_split * ideal.powf(rates.pipeline)
    }

    /// tokens/s at an end of the interval.
    pub fn decode(&self, rates: &Rates, end: End) -> f64 {
        let host = self.host.seconds(rates);
        let on_host = if self.host.read > 0.0 { self.host.decode(&host) } else { 0.0 };
        let spread = end.factor(self.card_spread(rates).decode);
        let experts = end.factor(self.experts_spread(rates));
        let each = self.cards.iter().map(|card| {
            let of = card.seconds(self, rates);
            spread * card.decode(&of) + experts * of.experts
        });
        let on_cards = match self.waiting() {
            None => each.sum::<f64>(),
            Some(waiting) => each.fold(0.0, f64::max) + spread * waiting,
        };
        1.0 / (end.factor(host.spread.decode) * on_host + on_cards + spread * self.token(rates))
    }

    /// tokens/s at an end of the interval.
    pub fn prefill(&self, rates: &Rates, end: End) -> f64 {
        let host = self.host.seconds(rates);
        let on_host = self.host.prefill(&host);
        let copied = self.host.copied / (rates.copied_gb_s * 1e9) / self.ubatch;
        let each = self.cards.iter().map(|card| card.prefill(&card.seconds(self, rates), self.ubatch));
        1.0 / (PREFILL_OVERHEAD
            + end.factor(host.spread.prefill) * on_host
            + end.factor(COPIED) * copied
            + end.factor(self.card_spread(rates).prefill) * each.sum::<f64>() / self.prefill_split(rates))
    }
}
