//! Plans without a model: the best few models for what a budget, a class of machines or a host gives.

use super::choice::{Bounds, Fit, Machines, fit, fit_in_comfort, is_comfortable};
use super::document::{Interval, Verdict};
use super::ledger::Graphs;
use super::reconcile;
use super::request::{ModelChoice, RagChoice, Request};
use super::verdict::COMFORT_SPEED;
use crate::error::Result;
use crate::hardware::facts::Facts;
use crate::hardware::offers::providers;
use crate::lang::{Sentence, Value};
use crate::model::quality::{self, Basis, Measure, Score};
use crate::model::recipe::nominal_bits;
use crate::model::registry::{self, Model, Outline, Use};
use serde::Serialize;

/// Most models in comfort that are named, …
const COMFORTABLE: usize = 4;
/// … where there are fewer, of those that are better and give something up, …
const BETTER: usize = 2;
/// … and of any, where none is in comfort.
const NAMED: usize = 6;
/// Most models that are placed as a compromise to find them.
const TRIED: usize = 8;
/// tokens/s from which on a compromise in 4 bits or more is one that people take.
const MILD: f64 = 3.0;

/// Use that a model is wanted for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "clap would show the variants' comments in the help of --for")]
pub enum Purpose {
    #[default]
    Chat,
    Code,
    Russian,
    Embedding,
}

/// Use that models are suggested for.
pub struct Asked<'a> {
    /// Use of the model.
    pub purpose: Purpose,
    /// Everything but the model, which each takes the place of.
    pub request: Request,
    /// Quantisation that was asked for.
    pub quant: Option<&'a str>,
    /// The probed host that it is for.
    pub facts: Option<&'a Facts>,
}

/// A model that runs there.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Suggestion {
    /// Id of the model.
    pub model: String,
    /// Its quantisation.
    pub quant: String,
    /// Model that answers, where this one is an embedding model beside it.
    pub beside: Option<String>,
    /// Verdict of its plan.
    pub verdict: Verdict,
    /// Predicted speed of the model that answers, tokens/s.
    pub decode_tok_s: Interval,
    /// Machine, as `--profile` takes it.
    pub machine: String,
    /// Class of machines that it is one of.
    pub profile: String,
    /// Price of an hour in `currency`; `None` without an offer.
    pub per_hour: Option<f64>,
    /// Price of a month in `currency`, two decimals.
    pub per_month: Option<f64>,
    /// Currency of both.
    pub currency: Option<String>,
    /// Address where one rents it.
    pub url: Option<String>,
    /// Elements of all tensors.
    pub parameters: u64,
    /// Day on which it was published.
    pub date: Option<String>,
    /// Its place among the models.
    pub score: Score,
    /// Reason for its place, one line.
    pub why: Sentence,
}

impl Purpose {
    /// Its word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::Chat => "chat",
            Purpose::Code => "code",
            Purpose::Russian => "russian",
            Purpose::Embedding => "embedding",
        }
    }

    /// Votes that it is ranked by; embedding models have only size and age.
    fn measure(self) -> Measure {
        match self {
            Purpose::Chat | Purpose::Embedding => Measure::Chat,
            Purpose::Code => Measure::Code,
            Purpose::Russian => Measure::Russian,
        }
    }

    fn has(self, model: &Outline) -> bool {
        match self {
            Purpose::Chat => model.has_use(Use::Chat),
            Purpose::Code => model.has_use(Use::Code),
            // A card may list no languages; people's votes in Russian say it as well.
            Purpose::Russian => {
                let speaks = || model.russian || Measure::Russian.rating(model.id).is_some();
                model.has_use(Use::Chat) && speaks()
            }
            Purpose::Embedding => model.has_use(Use::Embedding),
        }
    }

    /// How suggestions are ranked, for people.
    pub fn ranked_by(self) -> Sentence {
        match self {
            Purpose::Embedding => sentence!("suggest-by-size"),
            _ => {
                let category = self.measure().category();
                sentence!("suggest-by-votes", day = quality::DAY, category = category)
            }
        }
    }
}

/// The best few in comfort, and where they are few, after them those that are better and give something up; empty where
/// no known model runs.
///
/// # Errors
/// Usage errors, where every model is refused for one.
pub fn suggest(asked: &Asked) -> Result<Vec<Suggestion>> {
    let all = of_machine(asked, asked.request.clone());
    // A model's own request needs no offers beside the machines: each would be a copy of all of them.
    let offers = match (asked.facts, &asked.request.profile) {
        (None, Some(_)) => asked.request.offers.clone(),
        _ => Vec::new(),
    };
    let asked = Asked { request: Request { offers, ..asked.request.clone() }, ..*asked };
    let search = Search { asked: &asked, machines: Machines::of(&all), graphs: Graphs::default() };
    match asked.purpose {
        Purpose::Embedding => search.embedding(),
        _ => search.answering(asked.purpose, COMFORTABLE, BETTER),
    }
}

/// Everything that the models of a list share.
struct Search<'a> {
    asked: &'a Asked<'a>,
    machines: Machines<'a>,
    graphs: Graphs,
}

/// Models for the purpose with their scores, the best first.
fn ranked(purpose: Purpose) -> Vec<(Score, Outline)> {
    let of_purpose = registry::outlines().filter(|model| purpose.has(model));
    let mut all: Vec<(Score, Outline)> =
        of_purpose.map(|model| (purpose.measure().score(&model), model)).collect();
    all.sort_by(|(a, one), (b, other)| b.points.total_cmp(&a.points).then_with(|| one.id.cmp(other.id)));
    all
}

/// Share of the elements of a token that it reads at least: the embedding is looked up, where it is not the output too.
const LEAST_READ: f64 = 0.65;
/// Bits of a weight that the steps of 4 bits take at least: those of MXFP4.
const LEAST_FOUR_BITS: f64 = 4.25;
/// Bits of a weight below which hardly a published quantisation is.
const FEWEST_BITS: f64 = 2.0;

fn is_mild(fit: &Fit) -> bool {
    nominal_bits(&fit.quant).is_none_or(|bits| bits >= 4) && fit.decode_tok_s.expected >= MILD
}

impl Search<'_> {
    /// Returns the models in comfort; where they are few, after them better ones that give something up.
    fn answering(&self, purpose: Purpose, comfortable: usize, better: usize) -> Result<Vec<Suggestion>> {
        let (asked, bounds) = (self.asked, Bounds::of(&self.machines));
        let bits = asked.quant.map_or(LEAST_FOUR_BITS, |quant| nominal_bits(quant).unwrap_or(4) as f64);
        let bytes = |model: &Outline| model.parameters as f64 * bits / 8.0;
        let read = |model: &Outline| model.active_parameters as f64 * bits / 8.0 * LEAST_READ;
        let pace = asked.request.fixed.min_speed.unwrap_or(COMFORT_SPEED);
        let (mut found, mut rest, mut refused) = (Vec::new(), Vec::new(), None);
        for (score, outline) in ranked(purpose) {
            if found.len() == comfortable {
                break;
            }
            if !bounds.hold_in_comfort(bytes(&outline), read(&outline), pace) {
                rest.push((score, outline));
                continue;
            }
            let model = registry::find(outline.id)?;
            match self.in_comfort(&model) {
                Ok(Some(fit)) => found.push(suggestion(score, &model, None, fit)),
                Ok(None) => rest.push((score, outline)),
                Err(error) => refused = Some(error),
            }
        }
        let best = found.first().map(|one: &Suggestion| one.score.points);
        let wanted = match best {
            Some(_) if found.len() == comfortable => 0,
            Some(_) => better,
            None => NAMED,
        };
        let mut compromises = Vec::new();
        // Mild ones; where nothing else runs, any.
        for mild in [true, false] {
            if !compromises.is_empty() || best.is_some() && !mild {
                break;
            }
            let mut tried = 0;
            for (score, outline) in &rest {
                let worse = best.is_some_and(|best| score.points <= best);
                if compromises.len() == wanted || tried == TRIED || worse {
                    break;
                }
                let least = if mild { 1.0 } else { FEWEST_BITS / bits };
                if !bounds.hold(bytes(outline) * least, read(outline) * least, if mild { MILD } else { 0.0 })
                {
                    continue;
                }
                tried += 1;
                let model = registry::find(outline.id)?;
                let Ok(request) = with_model(asked, &model, asked.quant) else { continue };
                let found = self.fit(&request)?.filter(|fit| !mild || is_mild(fit));
                compromises.extend(found.map(|fit| suggestion(*score, &model, None, fit)));
            }
        }
        found.extend(compromises);
        match refused {
            Some(error) if found.is_empty() => Err(error),
            _ => Ok(found),
        }
    }

    /// The choice where it is in comfort. Looks at 4 bits first: where those are not, more bits are not either.
    fn in_comfort(&self, model: &Model) -> Result<Option<Fit>> {
        let asked = self.asked;
        let all = || with_model(asked, model, asked.quant);
        let quick = match asked.quant {
            Some(_) => all()?,
            None => with_model(asked, model, Some("4-bit")).or_else(|_| all())?,
        };
        if !self.among(&quick, |machines| is_comfortable(&quick, machines, &self.graphs))? {
            return Ok(None);
        }
        let model = quick.model.again(model, asked.quant)?;
        let all = of_machine(asked, Request { model, ..asked.request.clone() });
        self.among(&all, |machines| fit_in_comfort(&all, machines, &self.graphs))
    }

    /// Embedding models beside the best model that answers.
    fn embedding(&self) -> Result<Vec<Suggestion>> {
        let asked = self.asked;
        let Some(best) = self.answering(Purpose::Chat, 1, 0)?.into_iter().next() else {
            return Ok(Vec::new());
        };
        let beside = with_model(asked, &registry::find(&best.model)?, asked.quant)?;
        let mut found = Vec::new();
        for (score, outline) in ranked(Purpose::Embedding) {
            if found.len() == NAMED {
                break;
            }
            let model = registry::find(outline.id)?;
            let quant = model.quants(None)?.first().cloned().unwrap_or_default();
            let request = Request { rag: Some(RagChoice::of_registry(&model)?), ..beside.clone() };
            if let Some(fit) = self.fit(&request)? {
                found.push(suggestion(score, &model, Some(&best.model), Fit { quant, ..fit }));
            }
        }
        found.sort_by(|a, b| a.verdict.cmp(&b.verdict).then(b.score.points.total_cmp(&a.score.points)));
        Ok(found)
    }

    /// The choice of one model.
    fn fit(&self, request: &Request) -> Result<Option<Fit>> {
        self.among(request, |machines| fit(request, machines, &self.graphs))
    }

    /// Gives the machines that a request is for: of a probed host it depends on the model which cards are used.
    fn among<'r, T>(&'r self, request: &'r Request, of: impl FnOnce(&Machines<'r>) -> T) -> T {
        match self.asked.facts {
            Some(_) => of(&Machines::of(request)),
            None => of(&self.machines),
        }
    }
}

/// The request for a model. Not published like that: a usage error.
fn with_model(asked: &Asked, model: &Model, quant: Option<&str>) -> Result<Request> {
    let model = ModelChoice::of_registry(model, quant)?;
    Ok(of_machine(asked, Request { model, ..asked.request.clone() }))
}

fn of_machine(asked: &Asked, request: Request) -> Request {
    match asked.facts {
        Some(facts) => reconcile::request(request, facts),
        None => request,
    }
}

fn suggestion(score: Score, model: &Model, beside: Option<&String>, fit: Fit) -> Suggestion {
    let parameters = model.parameters();
    let month = model.date.as_ref().and_then(|date| date.get(..7));
    let size = || Value::figure(format!("{:.1}", parameters as f64 / 1e9));
    let aged = match month {
        Some(month) => sentence!("suggest-aged", parameters = size(), month = month),
        None => sentence!("suggest-size", parameters = size()),
    };
    let why = match (score.basis, beside) {
        (_, Some(other)) => {
            let dimensions = model.dimensions.n_embd.to_string();
            sentence!("suggest-beside", aged = aged, dimensions = dimensions, model = other)
        }
        (Basis::Votes, None) => {
            sentence!("suggest-votes", points = Value::figure(format!("{:.0}", score.points)), aged = aged)
        }
        (Basis::SizeAndAge, None) => sentence!("suggest-no-votes", aged = aged),
    };
    let offer = fit.offer.as_ref();
    Suggestion {
        model: model.id.clone(),
        quant: fit.quant,
        beside: beside.cloned(),
        verdict: fit.verdict,
        decode_tok_s: fit.decode_tok_s,
        machine: fit.machine,
        profile: fit.profile,
        per_hour: offer.map(|offer| offer.per_hour),
        per_month: offer.map(|offer| (offer.per_month() * 100.0).round() / 100.0),
        currency: offer.map(|offer| offer.currency.to_string()),
        url: offer.and_then(|offer| providers::url(&offer.provider)).map(|url| url.to_string()),
        parameters,
        date: model.date.clone(),
        score: Score { points: score.points.round(), ..score },
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;

    fn asked(purpose: Purpose, profile: Option<&str>, budget: Option<&str>) -> Asked<'static> {
        let budget = budget.map(|budget| budget.parse().unwrap());
        let profile = profile.map(str::to_string);
        let request = Request { profile, budget, ..Request::of_registry("phi-2", None).unwrap() };
        Asked { purpose, request, quant: None, facts: None }
    }

    #[test]
    fn every_suggestion_is_the_plan_that_its_flags_make() {
        for (profile, budget) in
            [(Some("gpu-24gb"), None), (None, Some("60/month")), (None, Some("900/month"))]
        {
            let asked = asked(Purpose::Chat, profile, budget);
            let found = suggest(&asked).unwrap();
            assert!((3..=NAMED).contains(&found.len()), "{found:#?}");
            assert!(found.windows(2).all(|pair| pair[0].verdict <= pair[1].verdict), "{found:#?}");
            for one in found {
                let model = ModelChoice::of_registry(&registry::find(&one.model).unwrap(), None).unwrap();
                let planned = plan(&Request { model, ..asked.request.clone() }).unwrap();
                assert_eq!((planned.verdict, &planned.model.quant), (one.verdict, &one.quant), "{one:?}");
                assert_eq!(planned.speed.decode_tok_s, one.decode_tok_s, "{one:?}");
                let month = planned.cost.map(|cost| (cost.per_month * 100.0).round() / 100.0);
                assert_eq!(month, one.per_month, "{one:?}");
            }
        }
    }

    #[test]
    fn models_of_a_purpose_come_by_votes_and_those_without_say_so() {
        let found = suggest(&asked(Purpose::Chat, Some("gpu-24gb"), None)).unwrap();
        let comfort = found.iter().filter(|one| one.verdict == Verdict::Comfort);
        let points: Vec<f64> = comfort.map(|one| one.score.points).collect();
        assert!(points.len() >= 3 && points.is_sorted_by(|a, b| a >= b), "{found:#?}");
        for one in &found {
            let voted = one.why.contains("people's votes");
            assert_eq!(voted, one.score.basis == Basis::Votes, "{one:?}");
            assert_eq!(voted, Measure::Chat.rating(&one.model).is_some(), "{one:?}");
        }
        for one in suggest(&asked(Purpose::Code, Some("gpu-24gb"), None)).unwrap() {
            assert!(registry::find(&one.model).unwrap().has_use(Use::Code), "{one:?}");
        }
        for one in suggest(&asked(Purpose::Russian, Some("laptop-cpu-16gb"), None)).unwrap() {
            let model = registry::find(&one.model).unwrap();
            let speaks = model.languages.iter().flatten().any(|code| code == "ru");
            assert!(speaks || Measure::Russian.rating(&one.model).is_some(), "{one:?}");
        }
    }

    #[test]
    fn no_model_beyond_the_bounds_is_in_comfort() {
        for (profile, budget) in [
            (Some("gpu-24gb"), None),
            (None, Some("50/month")),
            (None, Some("1000/month")),
            (None, Some("2/hour")),
        ] {
            let mut asked = asked(Purpose::Chat, profile, budget);
            let all = std::mem::take(&mut asked.request.offers);
            let all = Request { offers: all, ..asked.request.clone() };
            let search = Search { asked: &asked, machines: Machines::of(&all), graphs: Graphs::default() };
            let bounds = Bounds::of(&search.machines);
            let beyond = |model: &Outline| {
                let bytes = model.parameters as f64 * LEAST_FOUR_BITS / 8.0;
                let read = model.active_parameters as f64 * LEAST_FOUR_BITS / 8.0 * LEAST_READ;
                !bounds.hold_in_comfort(bytes, read, COMFORT_SPEED)
            };
            let beyond: Vec<Outline> =
                registry::outlines().filter(|model| model.has_use(Use::Chat)).filter(beyond).collect();
            assert!(!beyond.is_empty());
            for model in beyond {
                let found = search.in_comfort(&registry::find(model.id).unwrap()).unwrap();
                assert_eq!(found, None, "{profile:?} {budget:?}");
            }
        }
    }

    #[test]
    fn an_embedding_model_is_named_with_the_model_it_stands_beside() {
        let found = suggest(&asked(Purpose::Embedding, Some("gpu-8gb"), None)).unwrap();
        assert!(!found.is_empty());
        for one in found {
            assert!(registry::find(&one.model).unwrap().has_use(Use::Embedding), "{one:?}");
            let beside = ModelChoice::of_registry(&registry::find(&one.beside.unwrap()).unwrap(), None);
            let rag = RagChoice::of_registry(&registry::find(&one.model).unwrap()).unwrap();
            let base = asked(Purpose::Embedding, Some("gpu-8gb"), None).request;
            let planned = plan(&Request { model: beside.unwrap(), rag: Some(rag), ..base }).unwrap();
            assert_eq!(planned.verdict, one.verdict);
        }
    }

    #[test]
    fn no_model_reads_less_than_the_bound_says() {
        for model in registry::all().filter(|model| model.is_chat() && !model.dimensions.tied) {
            let embedding = model.dimensions.n_embd * model.dimensions.n_vocab;
            let read = 1.0 - embedding as f64 / model.elements[1] as f64;
            assert!(read >= LEAST_READ, "{}: {read:.2}", model.id);
        }
    }

    #[test]
    fn a_budget_that_buys_nothing_and_a_value_that_none_takes_are_told_apart() {
        assert_eq!(suggest(&asked(Purpose::Chat, None, Some("0.0001/hour"))).unwrap(), []);
        let mut wrong = asked(Purpose::Chat, Some("gpu-8gb"), None);
        wrong.request.fixed.kv_type = Some("q9".to_string());
        assert!(suggest(&wrong).unwrap_err().to_string().contains("not a KV cache type"));
    }
}
