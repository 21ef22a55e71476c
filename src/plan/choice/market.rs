//! Every machine on offer with the best that it runs: the points of a chart of price against speed.

use super::candidates::{Candidate, Effort, workloads};
use super::check::check;
use super::field::Field;
use super::machines::{Machine, counts};
use super::ranking;
use crate::error::Result;
use crate::hardware::offers::{HostKind, Offer, Period, machine};
use crate::plan::document::{Interval, Verdict};
use crate::plan::ledger::Graphs;
use crate::plan::rag;
use crate::plan::request::Request;
use std::rc::Rc;

/// One machine on offer that runs the model.
#[derive(Clone, Debug, PartialEq)]
pub struct OnOffer {
    /// `provider/instance`, as `--profile` takes it.
    pub name: String,
    /// Region of the price, if the source tells.
    pub region: Option<String>,
    /// Price of a month, or the offer's monthly maximum, in `currency`.
    pub per_month: f64,
    /// ISO 4217.
    pub currency: String,
    /// The same by the dated rate, USD/month.
    pub usd_per_month: f64,
    /// Quantisation that it would run.
    pub quant: String,
    /// Verdict on that machine.
    pub verdict: Verdict,
    /// Predicted decode speed, tokens/s.
    pub decode_tok_s: Interval,
    /// Whether it is a container, which `apply` cannot use.
    pub container: bool,
    /// Whether no machine is faster for as little money.
    pub front: bool,
}

/// Returns the machines on offer that run the model, the cheapest first. Containers count where the request counts
/// them. The budget and `--profile` leave none out. Errors are those of [`super::plan`].
pub fn market(request: &Request) -> Result<Vec<OnOffer>> {
    check(request)?;
    let (workloads, graphs) = (workloads(request), Graphs::default());
    let rag = request.rag.as_ref().map(|choice| rag::size(choice, request.build)).transpose()?;
    let field = Field { request, graphs: &graphs, workloads: &workloads, rag: rag.as_ref() };
    let offers = request.offers.iter().filter(|offer| counts(request, offer));
    let mut points: Vec<OnOffer> = offers.filter_map(|offer| point(&field, offer)).collect();
    points.sort_by(|a, b| a.usd_per_month.total_cmp(&b.usd_per_month).then_with(|| a.name.cmp(&b.name)));
    mark_front(&mut points);
    Ok(points)
}

/// The best quantisation on the machine of `offer`; `None` if it runs none.
fn point(field: &Field, offer: &Offer) -> Option<OnOffer> {
    let request = field.request;
    let profile = machine::profile(offer, &request.profiles)?;
    let machine = Machine { profile: Rc::new(profile), offer: Some(offer), own: true, asked: true };
    let better = |a: &Candidate, b: &Candidate| ranking::better(request, a, b);
    let whole = field.variants().into_iter().map(|variant| field.try_one(&machine, variant, Effort::Whole));
    let whole = whole.filter(|c| c.verdict != Verdict::Impossible).min_by(better);
    let split = || field.variants().into_iter().filter_map(|variant| field.split(&machine, variant));
    let best = whole.or_else(|| split().min_by(better))?;
    Some(OnOffer {
        name: machine::name(offer),
        region: offer.region.clone(),
        per_month: offer.per_month(),
        currency: offer.currency.to_string(),
        usd_per_month: offer.price_usd(Period::Month, &request.rates),
        quant: best.variant.weights.quant.clone(),
        verdict: best.verdict,
        decode_tok_s: best.speed.decode_tok_s,
        container: offer.host == HostKind::Container,
        front: false,
    })
}

/// Marks each point that is faster than all before it; `points` are sorted by price.
fn mark_front(points: &mut [OnOffer]) {
    let mut fastest = 0.0;
    for point in points {
        point.front = point.decode_tok_s.expected > fastest;
        fastest = point.decode_tok_s.expected.max(fastest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, usd_per_month: f64, expected: f64) -> OnOffer {
        OnOffer {
            name: name.to_string(),
            region: None,
            per_month: usd_per_month,
            currency: "USD".to_string(),
            usd_per_month,
            quant: "Q4_K_M".to_string(),
            verdict: Verdict::Comfort,
            decode_tok_s: Interval { low: expected / 2.0, expected, high: expected * 2.0 },
            container: false,
            front: false,
        }
    }

    #[test]
    fn the_front_is_what_no_cheaper_machine_outruns() {
        let mut points =
            vec![point("a", 10.0, 2.0), point("b", 12.0, 2.0), point("c", 20.0, 1.0), point("d", 30.0, 9.0)];
        mark_front(&mut points);
        let front: Vec<&str> = points.iter().filter(|p| p.front).map(|p| p.name.as_str()).collect();
        assert_eq!(front, ["a", "d"]);
    }
}
