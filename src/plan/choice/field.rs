//! The field of candidates: machines with quantisations, as many as are worth the arithmetic.

use super::candidates::{Candidate, Effort, Trial};
use super::machines::Machine;
use super::ranking::quality;
use crate::hardware::profiles::{MIB, Profile};
use crate::model::recipe::nominal_bits;
use crate::plan::document::{Verdict, Workload};
use crate::plan::ledger::Graphs;
use crate::plan::request::{Prefer, Request, Variant};
use crate::plan::speed::READ_OF_PEAK;
use crate::plan::{rag, verdict};

/// Pairs of a machine and a quantisation that are tried with a part of the model on the host.
const SPLIT_TRIALS: usize = 32;
/// A machine that costs this many times as much as one in comfort is not looked at.
const DEAR: f64 = 3.0;

/// The things that every trial shares.
pub(super) struct Field<'a, 'b> {
    pub request: &'a Request,
    pub graphs: &'b Graphs,
    pub workloads: &'b [Workload],
    pub rag: Option<&'b rag::Server<'b>>,
}

impl<'a> Field<'a, '_> {
    /// The quantisations of an open choice: of each number of bits up to 8 the best, and the smallest of 4 bits; all
    /// that the user left where one was asked for.
    pub fn variants(&self) -> Vec<&'a Variant> {
        let all: Vec<&Variant> = self.request.model.variants.iter().collect();
        if self.request.fixed.quant {
            return all;
        }
        let bits = |variant: &&Variant| nominal_bits(&variant.weights.quant).unwrap_or(4);
        let least = all.iter().map(bits).min().unwrap_or(8);
        let mut chosen: Vec<&Variant> = Vec::new();
        for wanted in (least..=least.max(8)).rev() {
            let same = || all.iter().copied().filter(|variant| bits(variant) == wanted);
            let best = same().rev().max_by_key(|variant| quality(&variant.weights.quant));
            chosen.extend(best);
            if wanted == 4 {
                let smallest = same().min_by_key(|variant| variant.weights.total_bytes);
                chosen.extend(
                    smallest.filter(|variant| !chosen.iter().any(|known| std::ptr::eq(*known, *variant))),
                );
            }
        }
        if chosen.is_empty() { all } else { chosen }
    }

    pub fn try_one(&self, machine: &Machine<'a>, variant: &'a Variant, effort: Effort) -> Candidate<'a> {
        let trial =
            Trial { request: self.request, graphs: self.graphs, rag: self.rag, machine, variant, effort };
        trial.best(self.workloads)
    }

    /// One machine with every quantisation.
    pub fn all_of(&self, machine: &Machine<'a>, effort: Effort) -> Vec<Candidate<'a>> {
        let variants = if self.request.fixed.quant {
            self.variants()
        } else {
            self.request.model.variants.iter().collect()
        };
        variants.into_iter().map(|variant| self.try_one(machine, variant, effort)).collect()
    }

    /// Returns the candidates of `machines`, the cheapest first. Tries cards alone; where nothing is in comfort so,
    /// also a part of the model on the host.
    pub fn of(&self, machines: &[Machine<'a>]) -> Vec<Candidate<'a>> {
        let (mut tried, mut split) = self.whole(machines, Effort::Whole);
        if tried.iter().all(|candidate| candidate.verdict != Verdict::Comfort) {
            split.sort_by(|a, b| self.promise(a).total_cmp(&self.promise(b)));
            let best = split.into_iter().take(SPLIT_TRIALS);
            tried.extend(best.filter_map(|(machine, variant)| self.split(machine, variant)));
        }
        tried
    }

    /// Returns the candidates of `machines` with a verdict no worse than `verdict`, in the order of [`Field::of`].
    pub fn no_worse(&self, machines: &[Machine<'a>], verdict: Verdict) -> Vec<Candidate<'a>> {
        let mut tried = match verdict {
            // Nothing that lies on cards and host is in comfort.
            Verdict::Comfort => self.whole(machines, Effort::Comfort).0,
            _ => self.of(machines),
        };
        tried.retain(|candidate| candidate.verdict <= verdict);
        tried
    }

    /// A machine that does not run a quantisation whole, with a part of it on the host; `None` if it does not run so either.
    pub fn split(&self, machine: &Machine<'a>, variant: &'a Variant) -> Option<Candidate<'a>> {
        Some(self.try_one(machine, variant, Effort::Split)).filter(|c| c.verdict != Verdict::Impossible)
    }

    /// The best of a machine with a quantisation, whole or split; `None` if it does not run.
    pub fn running(&self, machine: &Machine<'a>, variant: &'a Variant) -> Option<Candidate<'a>> {
        let whole = self.try_one(machine, variant, Effort::Whole);
        if whole.verdict != Verdict::Impossible { Some(whole) } else { self.split(machine, variant) }
    }

    /// Returns the candidates with the whole model on cards, or on a host without, and the others that cards and host
    /// might hold together.
    pub fn whole<'m>(
        &self,
        machines: &'m [Machine<'a>],
        effort: Effort,
    ) -> (Vec<Candidate<'a>>, Vec<(&'m Machine<'a>, &'a Variant)>) {
        let variants = self.variants();
        let mut tried = Vec::new();
        let mut split = Vec::new();
        let mut enough = f64::INFINITY;
        for machine in machines {
            let price = price(self.request, machine);
            if price > enough {
                break;
            }
            for &variant in &variants {
                let room = Room::of(&machine.profile);
                if variant.weights.total_bytes <= room.first() {
                    let candidate = self.try_one(machine, variant, effort);
                    if candidate.verdict == Verdict::Comfort && self.stops() {
                        enough = enough.min(price * DEAR);
                    }
                    if candidate.verdict != Verdict::Impossible {
                        tried.push(candidate);
                        continue;
                    }
                }
                if !machine.profile.gpus.is_empty() && variant.weights.total_bytes <= room.all {
                    split.push((machine, variant));
                }
            }
        }
        (tried, split)
    }

    /// Dearer machines are not looked at once one is in comfort.
    fn stops(&self) -> bool {
        matches!(self.request.prefer, None | Some(Prefer::Price))
    }

    /// Sorts splits by what they promise: 4 bits first, then the seconds of a token that the host's part takes, in
    /// steps, as the choice has them.
    fn promise(&self, (machine, variant): &(&Machine, &Variant)) -> f64 {
        let weights = &variant.weights;
        let room = Room::of(&machine.profile);
        let experts = self.request.model.shape.experts.as_ref();
        let active = experts.map_or(1.0, |experts| experts.used as f64 / experts.count.max(1) as f64);
        let on_host = weights.total_bytes.saturating_sub(room.cards) as f64 * active;
        let seconds = on_host / (machine.profile.memory_bandwidth_gb_s * 1e9 * READ_OF_PEAK);
        let low = nominal_bits(&weights.quant).is_some_and(|bits| bits < 4);
        let steps = (seconds * verdict::COMFORT_SPEED).max(0.05).ln() / 1.25f64.ln();
        let price = price(self.request, machine).min(1e9);
        (if low { 1e6 } else { 0.0 }) + steps.floor() * 100.0 + price.ln_1p()
    }
}

/// US dollars of the budget's period; endless without a price.
pub(super) fn price(request: &Request, machine: &Machine) -> f64 {
    let period = super::machines::period(request);
    machine.offer.map_or(f64::INFINITY, |offer| offer.price_usd(period, &request.rates))
}

/// Memory that weights may have, bytes.
pub(super) struct Room {
    cards: u64,
    host: u64,
    pub all: u64,
}

impl Room {
    pub fn of(profile: &Profile) -> Room {
        let cards: u64 = profile.gpus.iter().map(|gpu| gpu.vram_mib * MIB).sum();
        let host = profile.ram_bytes();
        Room { cards, host, all: cards + host }
    }

    pub fn cards(&self) -> u64 {
        self.cards
    }

    /// Returns the bytes of the devices that a model lies on first: the cards, or else the host.
    pub fn first(&self) -> u64 {
        if self.cards > 0 { self.cards } else { self.host }
    }
}
