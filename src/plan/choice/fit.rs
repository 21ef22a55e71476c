//! The best that a request comes to, without its document: the stuff that a list of models is made of.

use super::candidates::{Candidate, Effort, workloads};
use super::check::check;
use super::decide::eligible;
use super::field::{Field, Room};
use super::machines::{Machine, capable, counts, may_be, named, on_offer, within};
use super::ranking::better;
use crate::error::Result;
use crate::hardware::offers::Offer;
use crate::hardware::profiles::GpuSpec;
use crate::plan::document::{Interval, Verdict};
use crate::plan::ledger::Graphs;
use crate::plan::rag;
use crate::plan::request::Request;
use crate::plan::speed::rates::FITTED;
use crate::plan::speed::{LEAST_SPREAD, READ_OF_PEAK};
use crate::plan::verdict::COMFORT_FREE;

/// A model on a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Quantisation of the model.
    pub quant: String,
    /// Verdict of the plan.
    pub verdict: Verdict,
    /// Predicted speed of decoding, tokens/s.
    pub decode_tok_s: Interval,
    /// Name by which `--profile` takes the machine.
    pub machine: String,
    /// Class of machines that it is one of.
    pub profile: String,
    /// Offer by which it is rented; `None` for a machine without a price.
    pub offer: Option<Offer>,
}

/// The machines of a request, whatever its model: the one that was named, or those on offer within the budget.
pub struct Machines<'a> {
    all: Vec<Machine<'a>>,
    /// Machines of `all` that no other beats, whatever they cost.
    capable: Vec<Machine<'a>>,
}

impl<'a> Machines<'a> {
    /// Returns those of `request`.
    pub fn of(request: &'a Request) -> Machines<'a> {
        let all = machines(request);
        Machines { capable: capable(all.clone()), all }
    }
}

/// The choice of `request` among `machines`, as a plan makes it; `None` where nothing runs. Keeps what it works out in
/// `graphs`.
///
/// # Errors
/// Usage errors, as of a plan.
pub fn fit<'a>(request: &'a Request, machines: &Machines<'a>, graphs: &Graphs) -> Result<Option<Fit>> {
    best(request, machines, graphs, |field, machines| match &request.profile {
        Some(_) => machines.iter().flat_map(|machine| field.all_of(machine, Effort::Partial)).collect(),
        None => field.of(machines),
    })
}

/// The same where it is in comfort; `None` elsewhere.
///
/// # Errors
/// Usage errors, as of a plan.
pub fn fit_in_comfort<'a>(
    request: &'a Request,
    machines: &Machines<'a>,
    graphs: &Graphs,
) -> Result<Option<Fit>> {
    let best = best(request, machines, graphs, |field, machines| match &request.profile {
        Some(_) => machines.iter().flat_map(|machine| field.all_of(machine, Effort::Comfort)).collect(),
        None => field.whole(machines, Effort::Comfort).0,
    })?;
    Ok(best.filter(|fit| fit.verdict == Verdict::Comfort))
}

fn best<'a>(
    request: &'a Request,
    machines: &Machines<'a>,
    graphs: &Graphs,
    candidates: impl Fn(&Field<'a, '_>, &[Machine<'a>]) -> Vec<Candidate<'a>>,
) -> Result<Option<Fit>> {
    check(request)?;
    let workloads = workloads(request);
    let rag = request.rag.as_ref().map(|choice| rag::size(choice, request.build)).transpose()?;
    let field = Field { request, graphs, workloads: &workloads, rag: rag.as_ref() };
    let candidates = candidates(&field, &machines.all);
    let runs = candidates.iter().filter(|c| c.verdict != Verdict::Impossible && eligible(request, c));
    let best = runs.min_by(|a, b| better(request, a, b));
    Ok(best.map(|c: &Candidate| Fit {
        quant: c.variant.weights.quant.clone(),
        verdict: c.verdict,
        decode_tok_s: c.speed.decode_tok_s,
        machine: c.machine.name(),
        profile: c.machine.profile.id.clone(),
        offer: c.machine.offer.cloned(),
    }))
}

/// Whether any quantisation of `request` is in comfort as the workload of comfort is: with all of the model on the
/// cards, or all of it on the host. Misses those that are in comfort with less.
///
/// # Errors
/// Usage errors, as of a plan.
pub fn is_comfortable<'a>(request: &'a Request, machines: &Machines<'a>, graphs: &Graphs) -> Result<bool> {
    check(request)?;
    let workloads = workloads(request);
    let rag = request.rag.as_ref().map(|choice| rag::size(choice, request.build)).transpose()?;
    let field = Field { request, graphs, workloads: &workloads, rag: rag.as_ref() };
    let variants = || request.model.variants.iter();
    let in_comfort = |machine: &Machine<'a>| {
        let room = Room::of(&machine.profile).first();
        let fitting = variants().filter(|variant| variant.weights.total_bytes <= room);
        let verdict = |variant| field.try_one(machine, variant, Effort::Comfort).verdict;
        fitting.map(verdict).any(|verdict| verdict == Verdict::Comfort)
    };
    Ok(machines.capable.iter().any(in_comfort))
}

/// Bounds of the machines of a request: a model beyond them is not placed at all.
pub struct Bounds(Vec<Bound>);

/// Bounds of one machine: bytes, and bytes/s as far as cards and processors read.
struct Bound {
    cards: f64,
    all: f64,
    cards_read: f64,
    host_read: f64,
}

impl Bounds {
    /// Returns the bounds of the machine that was named, or of those within the budget.
    pub fn of(machines: &Machines) -> Bounds {
        let bound = |machine: &Machine<'_>| {
            let (profile, room) = (&machine.profile, Room::of(&machine.profile));
            let reads =
                |gpu: &GpuSpec| gpu.memory_bandwidth_gb_s * 1e9 * FITTED.reach(gpu.generation).bandwidth;
            let reads = profile.gpus.iter().map(reads);
            Bound {
                cards: room.cards() as f64,
                all: room.all as f64,
                // Cards read one after the other, but where they may share each layer.
                cards_read: if profile.is_there() { reads.sum() } else { reads.fold(0.0, f64::max) },
                host_read: profile.memory_bandwidth_gb_s * 1e9 * READ_OF_PEAK,
            }
        };
        Bounds(machines.capable.iter().map(bound).collect())
    }

    /// Whether `bytes` of weights, of which a token reads `read`, may be in comfort with all of them on the cards, or on
    /// a host without: the share of memory free that it asks for, and `tok_s` at the slow end.
    pub fn hold_in_comfort(&self, bytes: f64, read: f64, tok_s: f64) -> bool {
        let (bytes, read) = (bytes / (1.0 - COMFORT_FREE), read * tok_s * LEAST_SPREAD);
        self.0.iter().any(|bound| match bound.cards > 0.0 {
            true => bytes <= bound.cards && read <= bound.cards_read,
            false => bytes <= bound.all && read <= bound.host_read,
        })
    }

    /// The same where a part of them lies on the host.
    pub fn hold(&self, bytes: f64, read: f64, tok_s: f64) -> bool {
        self.0.iter().any(|bound| {
            let on_host = (bytes - bound.cards).max(0.0) / bytes.max(1.0) * read;
            bytes <= bound.all && on_host * tok_s <= bound.host_read
        })
    }
}

/// The machine that was named, or those on offer within the budget.
fn machines(request: &Request) -> Vec<Machine<'_>> {
    if request.profile.is_some() {
        return named(request, |offer| within(request, offer)).into_iter().collect();
    }
    let mut machines = on_offer(request, |offer| counts(request, offer) && within(request, offer));
    machines.retain(|machine| may_be(request, machine));
    machines
}
