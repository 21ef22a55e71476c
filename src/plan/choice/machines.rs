//! The machines that a choice is between: the one that was named, or every one on offer.

use crate::hardware::offers::{HostKind, Offer, Period, Rates, machine, matching};
use crate::hardware::profiles::{GpuSpec, Profile};
use crate::plan::request::Request;
use crate::plan::speed::rates::FITTED;
use crate::plan::{paged, placement};
use crate::processor::Processor;
use std::rc::Rc;

/// A machine, and the offer that it is rented by.
#[derive(Clone)]
pub(super) struct Machine<'a> {
    pub profile: Rc<Profile>,
    pub offer: Option<&'a Offer>,
    /// The profile is the offer's own machine, not a class that the offer keeps the promises of.
    pub own: bool,
    /// It may be chosen; others are only named beside.
    pub asked: bool,
}

impl Machine<'_> {
    /// The name by which `--profile` takes it.
    pub fn name(&self) -> String {
        match self.offer {
            Some(offer) if self.own => machine::name(offer),
            _ => self.profile.id.clone(),
        }
    }
}

/// Period by which prices are compared.
pub(super) fn period(request: &Request) -> Period {
    request.budget.as_ref().map_or(Period::Month, |budget| budget.period())
}

/// Offers that count: virtual machines, and containers where they were asked for.
pub(super) fn counts(request: &Request, offer: &Offer) -> bool {
    request.containers || offer.host == HostKind::Vm
}

/// Whether a machine has what the engine and the user's settings cannot go without.
pub(super) fn may_be(request: &Request, machine: &Machine) -> bool {
    let profile = &machine.profile;
    profile.gpus.len() >= placement::least_gpus(&request.fixed) && paged_refusal(request, profile).is_none()
}

/// Returns why a machine cannot serve a model whose cache is of blocks; `None` for any other model.
pub(super) fn paged_refusal(request: &Request, profile: &Profile) -> Option<String> {
    let checkpoint = request.model.checkpoint.as_ref()?;
    paged::refusal(checkpoint, profile, request.fixed.engine?.container()?)
}

pub(super) fn within(request: &Request, offer: &Offer) -> bool {
    request.budget.as_ref().is_none_or(|budget| budget.allows(offer, &request.rates))
}

/// The cheapest of the offers for a class that are `wanted`, by the budget's period.
pub(super) fn cheapest<'a>(
    request: &'a Request,
    profile: &Profile,
    wanted: impl Fn(&Offer) -> bool,
) -> Option<&'a Offer> {
    let for_it =
        request.offers.iter().filter(|offer| wanted(offer) && matching::fits(&offer.machine, profile));
    for_it.min_by(|a, b| a.order(b, period(request), &request.rates))
}

/// Returns the machine that `--profile` names, or the host that is there.
pub(super) fn named<'a>(request: &'a Request, within: impl Fn(&Offer) -> bool) -> Option<Machine<'a>> {
    let id = request.profile.as_ref()?;
    if let Some(profile) = request.profiles.iter().find(|profile| profile.id == *id) {
        let offer = cheapest(request, profile, |offer| counts(request, offer) && within(offer));
        return Some(Machine { profile: Rc::new(profile.clone()), offer, own: false, asked: true });
    }
    let same = |offer: &&Offer| machine::name(offer).eq_ignore_ascii_case(id);
    let offers = request.offers.iter().filter(same);
    // A budget may leave none: then it is planned for without a price.
    let order = |a: &&Offer, b: &&Offer| a.order(b, period(request), &request.rates);
    let cheapest = offers.clone().filter(|offer| within(offer)).min_by(order);
    let any = cheapest.or_else(|| offers.min_by(order))?;
    let profile = machine::profile(any, &request.profiles)?;
    Some(Machine { profile: Rc::new(profile), offer: cheapest, own: true, asked: true })
}

/// The machines on offer that are `wanted` and that no other beats, the cheapest first.
pub(super) fn on_offer<'a>(request: &'a Request, wanted: impl Fn(&Offer) -> bool) -> Vec<Machine<'a>> {
    let mut offers: Vec<&Offer> = request.offers.iter().filter(|offer| wanted(offer)).collect();
    offers.sort_by(|a, b| a.order(b, period(request), &request.rates));
    let mut kept: Vec<(Figures, Machine)> = Vec::new();
    for offer in offers {
        let Some(profile) = machine::profile(offer, &request.profiles) else { continue };
        let figures = Figures::of(offer, &profile, &request.rates);
        if kept.iter().any(|(known, _)| known.covers(&figures)) {
            continue;
        }
        // One of the same price may still beat those before it.
        kept.retain(|(known, _)| !figures.covers(known));
        let machine = Machine { profile: Rc::new(profile), offer: Some(offer), own: true, asked: true };
        kept.push((figures, machine));
    }
    kept.into_iter().map(|(_, machine)| machine).collect()
}

/// Returns the machines that no other beats whatever they cost: the best that there is for a budget.
pub(super) fn capable(machines: Vec<Machine>) -> Vec<Machine> {
    let rates = Rates::default();
    let figures = |machine: &Machine| {
        let mut figures = Figures::of(machine.offer?, &machine.profile, &rates);
        figures.figures[..PRICES].fill(0.0);
        Some(figures)
    };
    let all: Vec<Option<Figures>> = machines.iter().map(figures).collect();
    let beaten = |at: usize| {
        let by = |(other, one): (usize, &Option<Figures>)| match (one, &all[at]) {
            // The cheaper of equals stays.
            (Some(one), Some(this)) => other != at && one.covers(this) && (other < at || !this.covers(one)),
            _ => false,
        };
        all.iter().enumerate().any(by)
    };
    let kept: Vec<bool> = (0..machines.len()).map(|at| !beaten(at)).collect();
    machines.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(machine, _)| machine).collect()
}

/// Classes that are rented, without a price: where no machine on offer will do.
pub(super) fn classes(request: &Request) -> impl Iterator<Item = Machine<'_>> {
    let rented = request.profiles.iter().filter(|profile| profile.rented);
    rented.map(|profile| Machine { profile: Rc::new(profile.clone()), offer: None, own: false, asked: true })
}

/// The first of a machine's figures are what it costs.
const PRICES: usize = 2;

/// Figures by which one machine beats another; less is better in each.
struct Figures {
    processor: Processor,
    cards: usize,
    figures: [f64; 11],
}

impl Figures {
    fn of(offer: &Offer, profile: &Profile, rates: &Rates) -> Figures {
        let least = |of: fn(&GpuSpec) -> f64| profile.gpus.iter().map(of).fold(f64::INFINITY, f64::min);
        let reached = |spec: &GpuSpec| spec.memory_bandwidth_gb_s * FITTED.reach(spec.generation).bandwidth;
        let sums = |spec: &GpuSpec| spec.tops * FITTED.reach(spec.generation).tops;
        let card = |of: fn(&GpuSpec) -> f64| if profile.gpus.is_empty() { 0.0 } else { -least(of) };
        let figures = [
            offer.price_usd(Period::Hour, rates),
            offer.price_usd(Period::Month, rates),
            -(profile.cpu_cores as f64),
            -(profile.ram_gib as f64),
            -(profile.disk_gb as f64),
            -profile.memory_bandwidth_gb_s,
            -f64::from(u8::from(profile.nvlink)),
            card(|spec| spec.vram_mib as f64),
            card(|spec| -(spec.cuda_context_mib as f64)),
            card(reached),
            card(sums),
        ];
        Figures { processor: profile.processor, cards: profile.gpus.len(), figures }
    }

    /// Whether it has the same processor and as many cards, and is no worse in any figure.
    fn covers(&self, other: &Figures) -> bool {
        (self.processor, self.cards) == (other.processor, other.cards)
            && self.figures.iter().zip(&other.figures).all(|(a, b)| a <= b)
    }
}
