//! Offers: machines that can be rented, what each has, what it costs, and where and when that was read.
//!
//! An offer is for every profile whose promises its machine keeps ([`matching`]). The rows compiled in
//! (`profiles/offers.csv`) are few; [`update`] reads catalogues ([`sources`]) into a file in the user's
//! data folder ([`store`]), which planning then uses. Planning never asks the network.

pub mod budget;
pub mod file;
pub mod matching;
pub mod offer;
pub mod sources;
pub mod store;
pub mod update;

pub use budget::Budget;
pub use offer::{Currency, Gpus, HOURS_PER_MONTH, HostKind, Machine, Offer, Period};

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
    fn every_embedded_offer_is_sound_dated_and_for_a_profile() {
        let read = file::parse_offers(include_bytes!("../../../profiles/offers.csv")).unwrap();
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
