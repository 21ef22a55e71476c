//! Offers: machines that can be rented, what each has, what it costs, and where and when that was read.
//!
//! An offer is for every profile whose promises its machine keeps ([`matching`]). The rows compiled in
//! (`profiles/offers.csv`) are few; [`update`] reads catalogues ([`sources`]) into a file in the user's
//! data folder ([`store`]), which planning then uses. Planning never asks the network.

pub mod budget;
pub mod cards;
pub mod file;
pub mod matching;
pub mod rows;
pub mod sources;
pub mod store;
pub mod update;

pub use budget::{Budget, Period};

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

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

/// How the cards of a machine are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    Nvlink,
    Pcie,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostKind {
    Vm,
    /// Runs no systemd, so `apply` cannot use it.
    Container,
}

/// ISO 4217. No exchange rate is known here: prices in two currencies are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    Usd,
    Eur,
}

/// An enum that is written as one of a few words.
macro_rules! words {
    ($type:ident, $what:literal, $($value:ident = $word:literal),+) => {
        impl $type {
            pub fn as_str(self) -> &'static str {
                match self { $($type::$value => $word),+ }
            }
        }
        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<$type, String> {
                match text {
                    $($word => Ok($type::$value),)+
                    other => {
                        let other: String = other.chars().take(40).collect();
                        Err(format!(concat!("{:?} is not a ", $what, "; use {}"), other, [$($word),+].join(" or ")))
                    }
                }
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words!(Link, "link", Nvlink = "nvlink", Pcie = "pcie");
words!(HostKind, "kind of host", Vm = "vm", Container = "container");
words!(Currency, "currency known here", Usd = "USD", Eur = "EUR");

/// Hours in a month, 365.25 × 24 / 12, as clouds bill them.
pub const HOURS_PER_MONTH: f64 = 730.5;

/// A price older than this many days is marked.
pub const FRESH_DAYS: i32 = 30;

/// Days since `as_of` (`YYYY-MM-DD`) where the price is no longer fresh on `today`.
pub fn stale_days(as_of: &str, today: jiff::civil::Date) -> Option<i32> {
    let days = today.since(as_of.parse::<jiff::civil::Date>().ok()?).ok()?.get_days();
    (days > FRESH_DAYS).then_some(days)
}

/// Today in UTC.
pub fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

impl Offer {
    /// Most that `period` costs, in `currency`.
    pub fn price(&self, period: Period) -> f64 {
        price(self.per_hour, self.per_month_cap, period)
    }

    pub fn per_month(&self) -> f64 {
        self.price(Period::Month)
    }

    /// Cheapest for `period` first; a total order, so that a choice does not depend on how offers come.
    pub fn order(&self, other: &Offer, period: Period) -> Ordering {
        let key = |offer: &Offer| (offer.currency, offer.price(period));
        let ((currency, price), (other_currency, other_price)) = (key(self), key(other));
        currency
            .cmp(&other_currency)
            .then(price.total_cmp(&other_price))
            .then(self.host.cmp(&other.host))
            .then_with(|| other.as_of.cmp(&self.as_of))
            .then_with(|| self.provider.cmp(&other.provider))
            .then_with(|| self.instance.cmp(&other.instance))
            .then_with(|| self.region.cmp(&other.region))
            .then_with(|| self.source.cmp(&other.source))
            .then(self.per_hour.total_cmp(&other.per_hour))
            // Two machines may differ only in what their sources tell of them.
            .then_with(|| self.rest().partial_cmp(&other.rest()).unwrap_or(Ordering::Equal))
    }

    fn rest(&self) -> (Option<f64>, &Machine) {
        (self.per_month_cap, &self.machine)
    }
}

fn price(per_hour: f64, cap: Option<f64>, period: Period) -> f64 {
    (per_hour * period.hours()).min(cap.unwrap_or(f64::INFINITY))
}

/// The offers compiled in.
pub fn all() -> Vec<Offer> {
    let read = file::read(include_bytes!("../../../profiles/offers.csv"));
    read.expect("the embedded offers are checked by a test").offers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::profiles;

    #[test]
    fn every_embedded_offer_is_sound_dated_and_for_a_profile() {
        let read = file::read(include_bytes!("../../../profiles/offers.csv")).unwrap();
        assert_eq!(read.broken, []);
        let profiles = profiles::all();
        for offer in read.offers {
            assert!(offer.as_of.parse::<jiff::civil::Date>().is_ok(), "{offer:?}");
            assert!(offer.per_hour > 0.0 && !offer.source.is_empty());
            // Prices that were seen, of machines that keep no profile's promises.
            let for_none = ["cpu_4x_general", "gpu_2x_a6000", "2x_A100-80GB_SECURE"];
            let matched = profiles.iter().any(|profile| matching::fits(&offer.machine, profile));
            assert_eq!(matched, !for_none.contains(&offer.instance.as_str()), "{offer:?}");
        }
    }

    #[test]
    fn prices_older_than_30_days_are_stale() {
        let today = "2026-11-22".parse().unwrap();
        assert_eq!(stale_days("2026-10-23", today), None);
        assert_eq!(stale_days("2026-10-22", today), Some(31));
        assert_eq!(stale_days("2025-11-22", today), Some(365));
        assert_eq!(stale_days("2027-01-01", today), None);
        assert_eq!(stale_days("soon", today), None);
    }
}
