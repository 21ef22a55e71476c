//! The price of a plan's machine, other machines on offer, and the time and cost of the first token.

use super::basics::{Interval, Verdict, is_zero};
use crate::hardware::offers::HostKind;
use crate::lang::Sentence;
use serde::{Deserialize, Serialize};

/// Price of the chosen offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cost {
    /// ISO 4217.
    pub currency: String,
    /// Price of an hour on demand, in `currency`.
    pub per_hour: f64,
    /// Price of a month of 730.5 hours in `currency`, or the offer's monthly maximum if that is less.
    pub per_month: f64,
    /// Price of a million tokens in `currency`, at the expected decode speed, one request at a time all
    /// month.
    pub per_million_tokens: f64,
    /// Offer that the price is from.
    pub offer: OfferRef,
    /// In the budget's currency, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converted: Option<Converted>,
}

/// A price by a dated exchange rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Converted {
    /// ISO 4217.
    pub currency: String,
    /// Price of an hour, in this currency.
    pub per_hour: f64,
    /// Price of a month, in this currency.
    pub per_month: f64,
    /// Units of it for one unit of the offer's currency.
    pub rate: f64,
    /// Day of the rate, `YYYY-MM-DD`.
    pub rate_as_of: String,
    /// Publisher of the rate.
    pub rate_source: String,
}

/// A machine that costs a little more than the chosen one and is much better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NearMiss {
    /// Extra price and the gain for it, as a sentence.
    pub text: Sentence,
    /// Provider of the machine.
    pub provider: String,
    /// Provider's name of the machine.
    pub instance: String,
    /// Quantisation that it would run.
    pub quant: String,
    /// Verdict on that machine.
    pub verdict: Verdict,
    /// Expected decode speed, tokens/s.
    pub decode_tok_s: f64,
    /// Costs this much more than the chosen one in `period`, in `currency`.
    pub more: f64,
    /// Period of `more`: `hour`, `day` or `month`, as the budget has it.
    pub period: String,
    /// Currency of `more`, which is the chosen offer's; ISO 4217.
    pub currency: String,
}

/// A machine that is on offer and was not counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RentedBeside {
    /// Provider of the machine.
    pub provider: String,
    /// Provider's name of the machine.
    pub instance: String,
    /// Quantisation that it would run.
    pub quant: String,
    /// Verdict on that machine.
    pub verdict: Verdict,
    /// Price of an hour, in `currency`.
    pub per_hour: f64,
    /// Price of a month of 730.5 hours in `currency`, or the offer's monthly maximum if that is less.
    pub per_month: f64,
    /// ISO 4217.
    pub currency: String,
    /// Expected decode speed, tokens/s.
    pub decode_tok_s: f64,
}

/// Offer that a plan's price is from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OfferRef {
    /// Provider of the machine.
    pub provider: String,
    /// Provider's name of the machine.
    pub instance: String,
    /// Region that the price is for; `None` if the source does not tell.
    pub region: Option<String>,
    /// A container runs no systemd, and `apply` needs it. `None` in plans from before it was kept.
    #[serde(default)]
    pub host: Option<HostKind>,
    /// The most that a month is billed.
    #[serde(default)]
    pub per_month_cap: Option<f64>,
    /// Address where one rents it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Source of the price, as the offers' file names it.
    pub source: String,
    /// Date of the price, `YYYY-MM-DD`.
    pub as_of: String,
    /// The source dates nothing, and `as_of` is the day before which the price cannot have been written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_of_inferred: bool,
}

impl OfferRef {
    /// Returns the day of the price for people.
    pub fn day(&self) -> Sentence {
        match self.as_of_inferred {
            true => sentence!("day-or-later", day = &self.as_of),
            false => Sentence::same(&*self.as_of),
        }
    }
}

/// From a fresh host to the first token of an answer, at the network and disk the profile promises.
/// The host is paid for from the first second on. Intervals run from the best case to the worst one
/// that still keeps the promises.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Arrival {
    /// Size of all files of the model, bytes.
    pub model_bytes: u64,
    /// The models of the servers beside it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub embedding_bytes: u64,
    /// llama.cpp's archive; `None` until it is resolved, and then not counted.
    pub runtime_bytes: Option<u64>,
    /// Bytes that the host downloads.
    pub download_bytes: u64,
    /// Bytes on its disk afterwards: the `disk` requirement.
    pub disk_bytes: u64,
    /// Promised, 10^6 bits/s.
    pub network_mbit_s: u64,
    /// Promised, 10^6 bytes/s.
    pub disk_read_mb_s: u64,
    /// At the promised network.
    pub download_seconds: f64,
    /// The weights, from the page cache at best and from the disk at worst.
    pub load_seconds: Interval,
    /// The server itself: process, CUDA, one token to warm up.
    pub start_seconds: Interval,
    /// Length of the first question.
    pub prompt_tokens: u64,
    /// Reading it and answering with one token.
    pub prompt_seconds: Interval,
    /// All of these together.
    pub first_token_seconds: Interval,
    /// Cost of the host until then, in the cost's currency; `None` without a price.
    pub cost: Option<Interval>,
}

/// Another machine with another quantisation that runs the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Alternative {
    /// Id of the profile.
    pub profile: String,
    /// Quantisation.
    pub quant: String,
    /// Verdict on that machine.
    pub verdict: Verdict,
    /// Price of a month of 730.5 hours, or the offer's monthly maximum if that is less; `None` if no price
    /// is known.
    pub per_month: Option<f64>,
    /// Currency of `per_month`; ISO 4217.
    #[serde(default)]
    pub currency: Option<String>,
    /// Expected decode speed, tokens/s.
    pub decode_tok_s: Option<f64>,
    /// The offer; `--profile provider/instance` plans for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Provider's name of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

impl Alternative {
    /// Returns the name by which `--profile` takes it.
    pub fn name(&self) -> String {
        match (&self.provider, &self.instance) {
            (Some(provider), Some(instance)) => format!("{provider}/{instance}"),
            _ => self.profile.clone(),
        }
    }
}
