//! Several machines for one large model: each with the whole of it (replicas), or all with it together (RPC).

use super::document::{Interval, Verdict};
use super::hosts::{self, Link, Machine};
use super::request::Request;
use crate::error::Result;
use crate::hardware::profiles;
use crate::plan::document::Cost;
use serde::{Deserialize, Serialize, Serializer};

/// The model and the machines that are compared: a part of `profiles/levels.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// Id of the model in the registry.
    pub model: String,
    /// Its quantisation.
    pub quant: String,
    /// Network between the machines, as for `--link`: milliseconds there and back and Mbit/s.
    pub link: String,
    /// Machines, in the order of the table.
    pub machines: Vec<Machines>,
}

/// Machines of one class.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machines {
    /// How they share the work.
    pub way: Way,
    /// Number of machines.
    pub count: usize,
    /// Id of their profile.
    pub profile: String,
}

/// Ways in which machines share the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Each has the whole model and answers for itself; one machine is one replica.
    Replicas,
    /// All have it together, by llama.cpp's RPC backend.
    Rpc,
}

/// The table, in the form of the JSON of the command `levels`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Together {
    /// Id of the model.
    pub model: String,
    /// Its quantisation.
    pub quant: String,
    /// Network between the machines; in JSON as for `--link`.
    #[serde(serialize_with = "as_flag")]
    pub link: Link,
    /// Rows.
    pub rows: Vec<Row>,
}

/// Speed and price of the model on some machines.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// How they share the work.
    pub way: Way,
    /// Number of machines.
    pub count: usize,
    /// Id of their profile.
    pub profile: String,
    /// Verdict of the plan.
    pub verdict: Verdict,
    /// Speed of one answer, tokens/s; `None` where it does not run.
    pub decode_tok_s: Option<Interval>,
    /// Speed of as many answers side by side as there are replicas, tokens/s: of one where all hold the model together.
    pub all_tok_s: Option<f64>,
    /// ISO 4217; `None` where no machine is known that keeps the profile's promises.
    pub currency: Option<String>,
    /// Price of an hour of all machines, in `currency`.
    pub per_hour: Option<f64>,
    /// Price of a million tokens at `all_tok_s`, in `currency`.
    pub per_million_tokens: Option<f64>,
}

fn as_flag<S: Serializer>(link: &Link, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_str(&format!("{},{}", link.latency_ms, link.mbit_s))
}

/// Plans every row.
///
/// # Errors
/// An unknown model, quantisation or profile; a link that is none.
pub fn together(compared: &Compared) -> Result<Together> {
    let link: Link = compared.link.parse().map_err(anyhow::Error::msg)?;
    let request = Request::of_registry(&compared.model, Some(&compared.quant))?;
    let rows = compared.machines.iter().map(|machines| row(&request, machines, link));
    Ok(Together {
        model: compared.model.clone(),
        quant: compared.quant.clone(),
        link,
        rows: rows.collect::<Result<_>>()?,
    })
}

fn row(request: &Request, machines: &Machines, link: Link) -> Result<Row> {
    let one = super::plan(&Request { profile: Some(machines.profile.clone()), ..request.clone() })?;
    let price = price(&one.cost, &machines.profile)?;
    let (verdict, speed) = match machines.way {
        Way::Replicas => (one.verdict, one.speed),
        Way::Rpc => {
            let profile = profiles::find(&machines.profile)?;
            let machine = |at| Machine { name: format!("{} {at}", profile.id), profile: profile.clone() };
            let all: Vec<Machine> = (1..=machines.count).map(machine).collect();
            // Nothing better is looked for: the other rows have it.
            let plan = hosts::plan(&Request { offers: Vec::new(), ..request.clone() }, &all, link)?;
            (plan.verdict, plan.speed)
        }
    };
    let decode_tok_s = (verdict != Verdict::Impossible).then_some(speed.decode_tok_s);
    let answers = if machines.way == Way::Replicas { machines.count } else { 1 };
    let all_tok_s = decode_tok_s.as_ref().map(|speed| speed.expected * answers as f64);
    let per_hour = price.as_ref().map(|price| price.per_hour * machines.count as f64);
    let of_tokens = |(per_hour, rate): (f64, f64)| per_hour / (rate.max(1e-9) * 3600.0) * 1e6;
    Ok(Row {
        way: machines.way,
        count: machines.count,
        profile: machines.profile.clone(),
        verdict,
        decode_tok_s,
        all_tok_s,
        currency: price.map(|price| price.currency),
        per_hour,
        per_million_tokens: per_hour.zip(all_tok_s).map(of_tokens),
    })
}

/// Price of the cheapest machine that keeps a profile's promises: that of the model's plan, or of a small model's where the
/// profile does not hold this one.
fn price(cost: &Option<Cost>, profile: &str) -> Result<Option<Cost>> {
    if cost.is_some() {
        return Ok(cost.clone());
    }
    let small = Request::of_registry("tinyllama-1.1b", Some("Q4_K_M"))?;
    Ok(super::plan(&Request { profile: Some(profile.to_string()), ..small })?.cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(way: Way, count: usize, profile: &str) -> Row {
        let request = Request::of_registry("llama-65b", Some("Q4_K_M")).unwrap();
        let machines = Machines { way, count, profile: profile.to_string() };
        row(&request, &machines, "0.5,1000".parse().unwrap()).unwrap()
    }

    #[test]
    fn replicas_multiply_answers_and_price_and_leave_the_price_of_a_token() {
        let (one, four) = (of(Way::Replicas, 1, "h100-80gb"), of(Way::Replicas, 4, "h100-80gb"));
        assert_eq!(one.decode_tok_s, four.decode_tok_s);
        let near = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-6;
        assert!(near(one.all_tok_s.map(|rate| rate * 4.0), four.all_tok_s));
        assert!(near(one.per_hour.map(|price| price * 4.0), four.per_hour));
        assert!(near(one.per_million_tokens, four.per_million_tokens));
    }

    #[test]
    fn hosts_that_hold_no_model_alone_hold_it_together_at_the_price_of_all() {
        assert_eq!(of(Way::Replicas, 3, "cpu-vps-32gb").decode_tok_s, None);
        let together = of(Way::Rpc, 3, "cpu-vps-32gb");
        assert_ne!(together.verdict, Verdict::Impossible);
        assert_eq!(together.all_tok_s, together.decode_tok_s.as_ref().map(|speed| speed.expected));
        assert_eq!(together.per_hour, of(Way::Replicas, 3, "cpu-vps-32gb").per_hour);
        assert!(together.per_hour > Some(0.0));
    }
}
