//! Tries machines with quantisations, and takes the best.

use super::candidates::{Candidate, Effort, workloads};
use super::check::check;
use super::decision::Decision;
use super::document::document;
use super::field::{Field, price};
use super::machines::{self, Machine, counts, may_be, named, on_offer, within};
use super::nothing::{nearest, over_budget};
use super::{beside, ranking};
use crate::error::{Failure, Result};
use crate::hardware::offers::Offer;
use crate::plan::document::{Plan, Verdict};
use crate::plan::ledger::Graphs;
use crate::plan::rag;
use crate::plan::request::Request;

/// The plan for `request`; its verdict is `impossible` when nothing fits. Errors are usage errors:
/// a combination that llama.cpp refuses, a value out of range.
pub fn plan(request: &Request) -> Result<Plan> {
    Ok(decide(request)?.plan)
}

pub(super) fn decide(request: &Request) -> Result<Decision<'_>> {
    check(request)?;
    let (workloads, graphs) = (workloads(request), Graphs::default());
    let rag = request.rag.as_ref().map(|choice| rag::size(choice, request.build)).transpose()?;
    let field = Field { request, graphs: &graphs, workloads: &workloads, rag: rag.as_ref() };
    let mut everywhere = everywhere(&field)?;
    let eligible = everywhere.iter().enumerate().filter(|(_, c)| eligible(request, c));
    let Some((chosen, _)) = eligible.min_by(|(_, a), (_, b)| ranking::better(request, a, b)) else {
        let (plan, everywhere, chosen) = over_budget(&field, everywhere)?;
        return Ok(Decision { plan, everywhere, chosen, rag });
    };
    everywhere[chosen].settle(request);
    let mut plan = document(request, rag.as_ref(), &everywhere[chosen], &everywhere)?;
    if plan.verdict == Verdict::Impossible {
        plan.reasons.push(nearest(&everywhere, request));
    } else {
        plan.near_miss = beside::near_miss(&field, &everywhere[chosen], &everywhere);
    }
    plan.containers = beside::containers(&field, &everywhere[chosen]);
    Ok(Decision { plan, everywhere, chosen, rag })
}

/// May be chosen: of a machine that was asked for, and within the budget.
pub(super) fn eligible(request: &Request, c: &Candidate) -> bool {
    c.machine.asked && (request.budget.is_none() || c.machine.offer.is_some())
}

fn everywhere<'a>(field: &Field<'a, '_>) -> Result<Vec<Candidate<'a>>> {
    let request = field.request;
    let enough = |machine: &Machine| may_be(request, machine);
    let affordable = |offer: &Offer| counts(request, offer) && within(request, offer);
    let mut on_offer = on_offer(request, affordable);
    on_offer.retain(enough);
    if request.profile.is_some() {
        let machine = named(request, |offer| within(request, offer)).ok_or_else(|| unknown(request))?;
        let mut all = field.all_of(&machine, Effort::Partial);
        on_offer.iter_mut().for_each(|other| other.asked = false);
        let others = field.of(&on_offer);
        all.extend(others.into_iter().filter(|c| c.machine.name() != machine.name()));
        let impossible = all.iter().all(|c| c.verdict == Verdict::Impossible);
        if impossible || on_offer.is_empty() {
            let classes = machines::classes(request).filter(|class| class.profile.id != machine.profile.id);
            let classes = classes.filter(enough).map(|class| Machine { asked: false, ..class });
            all.extend(classes.flat_map(|class| field.all_of(&class, Effort::Partial)));
        }
        return Ok(all);
    }
    let mut all = field.of(&on_offer);
    if all.is_empty() && request.budget.is_none() {
        // Nothing that is on offer will do: a class of machines, whose price is not known.
        let classes = machines::classes(request).filter(enough);
        all.extend(classes.flat_map(|class| field.all_of(&class, Effort::Partial)));
    }
    if all.is_empty()
        && let Some(largest) = on_offer
            .iter()
            .max_by(|a, b| memory(a).cmp(&memory(b)).then(price(request, b).total_cmp(&price(request, a))))
    {
        let smallest = request.model.variants.iter().min_by_key(|variant| variant.weights.total_bytes);
        all.extend(smallest.map(|variant| field.try_one(largest, variant, Effort::Partial)));
        // It is shown, and cannot be chosen before what runs beyond the budget.
        if request.budget.is_some() {
            all.iter_mut().for_each(|c| c.machine.asked = false);
        }
    }
    Ok(all)
}

fn memory(machine: &Machine) -> u64 {
    let cards: u64 = machine.profile.gpus.iter().map(|gpu| gpu.vram_mib << 20).sum();
    cards + machine.profile.ram_bytes()
}

fn unknown(request: &Request) -> Failure {
    let id = request.profile.as_deref().unwrap_or_default();
    Failure::usage(english!("error-no-offer", name = format!("{id:?}")))
        .hint("`agi-provision offers` lists provider and instance; `agi-provision profiles` lists classes")
}
