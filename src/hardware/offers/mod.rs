//! Offers: machines that can be rented, what each has, what it costs, and where and when that was read.
//!
//! An offer is for every profile whose promises its machine keeps (`matching`). The rows compiled in
//! (`profiles/offers.csv`) are few; `update` reads catalogues (`sources`) into a file in the user's
//! data folder ([`store`]), which planning then uses. Planning never asks the network.

pub mod banks;
pub mod budget;
pub mod currency;
pub mod day;
pub mod file;
pub mod machine;
pub(crate) mod matching;
pub mod offer;
pub mod providers;
pub mod rates;
pub mod shortlist;
pub(crate) mod sources;
pub mod store;
pub(crate) mod update;

pub use budget::Budget;
pub use currency::Currency;
pub use day::{FRESH_DAYS, stale_days, today};
pub use offer::{Dated, Gpus, HOURS_PER_MONTH, HostKind, Machine, Offer, Period};
pub use rates::Rates;

/// The offers compiled in.
pub fn all() -> Vec<Offer> {
    let read = file::parse_offers(include_bytes!("../../../profiles/offers.csv"));
    read.expect("the embedded offers are checked by a test").offers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::profiles;

    #[test]
    fn every_embedded_offer_is_sound_dated_and_a_machine_to_plan_for() {
        let read = file::parse_offers(include_bytes!("../../../profiles/offers.csv")).unwrap();
        assert_eq!(read.broken, []);
        let profiles = profiles::all();
        for offer in &read.offers {
            assert!(offer.as_of.parse::<jiff::civil::Date>().unwrap() <= today(), "{offer:?}");
            assert!(offer.per_hour > 0.0 && !offer.source.is_empty());
            assert!(machine::profile(offer, &profiles).is_some(), "{offer:?}");
            assert!(providers::url(&offer.provider).is_some(), "{offer:?}");
        }
        let machines = read.offers.iter().filter(|offer| offer.host == HostKind::Vm);
        let mut providers: Vec<&str> = machines.clone().map(|offer| offer.provider.as_str()).collect();
        providers.dedup();
        providers.sort_unstable();
        providers.dedup();
        assert!(machines.count() >= 400 && providers.len() >= 15, "{providers:?}");
        let mut keys: Vec<_> = read
            .offers
            .iter()
            .map(|o| (&o.provider, &o.instance, &o.region, o.machine.ram_gib.map(|r| r as u64)))
            .collect();
        keys.sort();
        let all = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), all, "an offer stands twice");
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
