//! Offers: what a profile costs, where, and when the price was read. `profiles/offers.toml`,
//! compiled in.

use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    pub profile: String,
    pub provider: String,
    pub instance: String,
    pub region: Option<String>,
    /// In `currency`.
    pub per_hour: f64,
    /// ISO 4217.
    pub currency: String,
    pub host: HostKind,
    pub source: String,
    /// `YYYY-MM-DD`.
    pub as_of: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostKind {
    Vm,
    /// Runs no systemd.
    Container,
}

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
    pub fn per_month(&self) -> f64 {
        self.per_hour * HOURS_PER_MONTH
    }
}

pub fn all() -> Vec<Offer> {
    #[derive(Deserialize)]
    struct File {
        offer: Vec<Offer>,
    }
    let text = include_str!("../../profiles/offers.toml");
    toml::from_str::<File>(text).expect("the embedded offers are checked by a test").offer
}

/// The most one wants to pay.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    pub per_hour: f64,
    pub currency: String,
}

impl std::str::FromStr for Budget {
    type Err = String;

    /// `300/month`, `0.6/hour`, with an optional currency: `300 EUR/month`, `$0.6/h`. USD by default.
    fn from_str(text: &str) -> Result<Budget, String> {
        const FORM: &str = "expected an amount and a period, such as 300/month, 0.6/hour or 250EUR/month";
        let (amount, period) = text.rsplit_once('/').ok_or(FORM)?;
        let hours = match period.trim().to_ascii_lowercase().as_str() {
            "h" | "hour" | "hr" => 1.0,
            "day" | "d" => 24.0,
            "month" | "mo" | "m" => HOURS_PER_MONTH,
            other => return Err(format!("{other:?} is not a period; use hour, day or month")),
        };
        let amount = amount.trim();
        if amount.starts_with('-') {
            return Err("a budget is an amount above zero".to_string());
        }
        let digits: String = amount.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
        let unit = amount.replacen(&digits, "", 1).trim().to_ascii_uppercase();
        let currency = match unit.as_str() {
            "" | "$" | "USD" => "USD",
            "€" | "EUR" => "EUR",
            other => return Err(format!("{other:?} is not a currency known here; use USD or EUR")),
        };
        let value: f64 = digits.parse().map_err(|_| FORM.to_string())?;
        if !(value.is_finite() && value > 0.0) {
            return Err("a budget is an amount above zero".to_string());
        }
        Ok(Budget { per_hour: value / hours, currency: currency.to_string() })
    }
}

impl Budget {
    pub fn allows(&self, offer: &Offer) -> bool {
        offer.currency == self.currency && offer.per_hour <= self.per_hour
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::profiles;

    #[test]
    fn every_offer_is_for_a_known_profile_and_dated() {
        let profiles = profiles::all();
        for offer in all() {
            assert!(profiles.iter().any(|profile| profile.id == offer.profile), "{offer:?}");
            assert!(offer.as_of.parse::<jiff::civil::Date>().is_ok(), "{offer:?}");
            assert!(offer.per_hour > 0.0 && !offer.source.is_empty());
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

    #[test]
    fn budgets_are_read_or_explained() {
        let ok = |text: &str| text.parse::<Budget>().unwrap();
        assert_eq!(ok("0.6/hour"), Budget { per_hour: 0.6, currency: "USD".into() });
        assert_eq!(ok("730.5/month").per_hour, 1.0);
        assert_eq!(ok("€36.525/month").currency, "EUR");
        assert_eq!(ok("24 EUR/day"), Budget { per_hour: 1.0, currency: "EUR".into() });
        for bad in
            ["", "300", "300/year", "-5/month", "0/hour", "many/month", "1.2.3/hour", "3GBP/h", "nan/h", "/h"]
        {
            assert!(bad.parse::<Budget>().is_err(), "{bad}");
        }
    }
}
