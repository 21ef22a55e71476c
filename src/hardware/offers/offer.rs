//! An offer: one machine at one price.

use super::currency::Currency;
use super::rates::Rates;
use crate::hardware::link::Link;
use crate::hardware::words::words;
use crate::processor::Processor;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// One machine at one price.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Provider by its name in offers, `hetzner`.
    pub provider: String,
    /// Provider's name of the machine, `cx53`.
    pub instance: String,
    /// Provider's name of the region; `None` where the source does not tell.
    pub region: Option<String>,
    /// On demand, in `currency`.
    pub per_hour: f64,
    /// Currency of both prices.
    pub currency: Currency,
    /// The most that a month is billed, whatever its hours.
    pub per_month_cap: Option<f64>,
    /// Kind of host that is rented.
    pub host: HostKind,
    /// Resources that it has.
    pub machine: Machine,
    /// List of prices that it was read from.
    pub source: String,
    /// Day of the price, `YYYY-MM-DD`.
    pub as_of: String,
    /// How that day is known.
    pub dated: Dated,
}

/// How the day of a price is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dated {
    /// The source gives it, or the price was seen on it.
    #[default]
    Seen,
    /// The source dates nothing: it is the day before which the price cannot have been written.
    Inferred,
}

impl Dated {
    /// Returns `day` with a sign before it where it is inferred, as files of offers have it.
    pub fn mark(self, day: &str) -> String {
        match self {
            Dated::Seen => day.to_string(),
            Dated::Inferred => format!("{INFERRED}{day}"),
        }
    }

    /// The day in a file of offers, and how it is known.
    pub fn read(text: &str) -> (&str, Dated) {
        match text.strip_prefix(INFERRED) {
            Some(day) => (day, Dated::Inferred),
            None => (text, Dated::Seen),
        }
    }

    /// Returns `day` for people.
    pub fn shown(self, day: &str) -> String {
        match self {
            Dated::Seen => day.to_string(),
            Dated::Inferred => format!("{day} or later"),
        }
    }

    /// Returns whether the day is inferred.
    pub fn is_inferred(self) -> bool {
        self == Dated::Inferred
    }
}

/// Stands before an inferred day in a file of offers.
const INFERRED: char = '~';

/// Resources of a machine; `None` where its source does not tell.
#[derive(Clone, Debug, Default, PartialEq, PartialOrd)]
pub struct Machine {
    /// Instruction set; the default one where its source does not tell.
    pub processor: Processor,
    /// Virtual CPUs; some providers sell a fraction of one.
    pub vcpu: Option<f64>,
    /// RAM, GiB (2^30 bytes).
    pub ram_gib: Option<f64>,
    /// 10^9 bytes.
    pub disk_gb: Option<f64>,
    /// Graphics cards; `None` for a machine without.
    pub gpus: Option<Gpus>,
}

/// Several cards of one kind.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub struct Gpus {
    /// Number of cards.
    pub count: u64,
    /// Name that nvidia-smi reports.
    pub name: String,
    /// Memory of one card, MiB.
    pub vram_mib: u64,
    /// How they are connected; `None` where the source does not tell.
    pub link: Option<Link>,
}

/// Kind of host that an offer rents.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum HostKind {
    /// A machine with a kernel and an init of its own.
    Vm,
    /// Runs no systemd, so `apply` cannot use it.
    Container,
}

words!(HostKind, "kind of host", Vm = "vm", Container = "container");

/// Hours in a month, 365.25 × 24 / 12, as clouds bill them.
pub const HOURS_PER_MONTH: f64 = 730.5;

/// Period that a price is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    /// An hour.
    Hour,
    /// 24 hours.
    Day,
    /// [`HOURS_PER_MONTH`] hours.
    #[default]
    Month,
}

impl Period {
    /// Returns its length in hours.
    pub fn hours(self) -> f64 {
        match self {
            Period::Hour => 1.0,
            Period::Day => 24.0,
            Period::Month => HOURS_PER_MONTH,
        }
    }

    /// Returns its name in budgets and messages: `hour`, `day`, `month`.
    pub fn as_str(self) -> &'static str {
        match self {
            Period::Hour => "hour",
            Period::Day => "day",
            Period::Month => "month",
        }
    }
}

impl Offer {
    /// Most that `period` costs, in `currency`.
    pub fn price(&self, period: Period) -> f64 {
        price(self.per_hour, self.per_month_cap, period)
    }

    /// Returns the most that a month costs, in `currency`.
    pub fn per_month(&self) -> f64 {
        self.price(Period::Month)
    }

    /// Most that `period` costs, in US dollars by `rates`.
    pub fn price_usd(&self, period: Period, rates: &Rates) -> f64 {
        rates.convert(self.price(period), self.currency, Currency::Usd)
    }

    /// Cheapest for `period` first; a total order, so that a choice does not depend on how offers come.
    pub fn order(&self, other: &Offer, period: Period, rates: &Rates) -> Ordering {
        let price = |offer: &Offer| offer.price_usd(period, rates);
        price(self).total_cmp(&price(other)).then_with(|| self.tie(other))
    }

    /// Orders offers of one price.
    pub fn tie(&self, other: &Offer) -> Ordering {
        self.host
            .cmp(&other.host)
            .then_with(|| other.as_of.cmp(&self.as_of))
            .then_with(|| self.provider.cmp(&other.provider))
            .then_with(|| self.instance.cmp(&other.instance))
            .then_with(|| self.region.cmp(&other.region))
            .then_with(|| self.source.cmp(&other.source))
            .then(self.currency.cmp(&other.currency))
            .then(self.per_hour.total_cmp(&other.per_hour))
            // Two machines may differ only in what their sources tell of them.
            .then(self.dated.cmp(&other.dated))
            .then_with(|| self.rest().partial_cmp(&other.rest()).unwrap_or(Ordering::Equal))
    }

    fn rest(&self) -> (Option<f64>, &Machine) {
        (self.per_month_cap, &self.machine)
    }
}

pub(super) fn price(per_hour: f64, cap: Option<f64>, period: Period) -> f64 {
    (per_hour * period.hours()).min(cap.unwrap_or(f64::INFINITY))
}
