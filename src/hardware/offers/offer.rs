//! An offer: one machine at one price.

use super::currency::Currency;
use super::rates::Rates;
use crate::hardware::link::Link;
use crate::hardware::words::words;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// One machine at one price.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub provider: String,
    pub instance: String,
    pub region: Option<String>,
    /// On demand, in `currency`.
    pub per_hour: f64,
    pub currency: Currency,
    /// The most that a month is billed, whatever its hours.
    pub per_month_cap: Option<f64>,
    pub host: HostKind,
    pub machine: Machine,
    pub source: String,
    /// Day of the price, `YYYY-MM-DD`.
    pub as_of: String,
}

/// Resources of a machine; `None` where its source does not tell.
#[derive(Clone, Debug, Default, PartialEq, PartialOrd)]
pub struct Machine {
    pub vcpu: Option<f64>,
    pub ram_gib: Option<f64>,
    /// 10^9 bytes.
    pub disk_gb: Option<f64>,
    pub gpus: Option<Gpus>,
}

/// Several cards of one kind.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub struct Gpus {
    pub count: u64,
    /// Name that nvidia-smi reports.
    pub name: String,
    /// Memory of one card, MiB.
    pub vram_mib: u64,
    pub link: Option<Link>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostKind {
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
    Hour,
    Day,
    #[default]
    Month,
}

impl Period {
    pub fn hours(self) -> f64 {
        match self {
            Period::Hour => 1.0,
            Period::Day => 24.0,
            Period::Month => HOURS_PER_MONTH,
        }
    }

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
            .then_with(|| self.rest().partial_cmp(&other.rest()).unwrap_or(Ordering::Equal))
    }

    fn rest(&self) -> (Option<f64>, &Machine) {
        (self.per_month_cap, &self.machine)
    }
}

pub(super) fn price(per_hour: f64, cap: Option<f64>, period: Period) -> f64 {
    (per_hour * period.hours()).min(cap.unwrap_or(f64::INFINITY))
}
