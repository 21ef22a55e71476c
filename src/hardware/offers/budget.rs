//! The most one wants to pay.

use super::offer::{Currency, Offer, Period};
use std::fmt;

/// One or several limits in one currency; all of them hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    pub currency: Currency,
    /// Amounts, the first one as it was asked for.
    pub limits: Vec<(f64, Period)>,
}

impl std::str::FromStr for Budget {
    type Err = String;

    /// `300/month`, `0.6/hour`, with an optional currency: `300 EUR/month`, `$0.6/h`. USD by default.
    fn from_str(text: &str) -> Result<Budget, String> {
        const FORM: &str = "expected an amount and a period, such as 300/month, 0.6/hour or 250EUR/month";
        let (amount, period) = text.rsplit_once('/').ok_or(FORM)?;
        let period = match period.trim().to_ascii_lowercase().as_str() {
            "h" | "hour" | "hr" => Period::Hour,
            "day" | "d" => Period::Day,
            "month" | "mo" | "m" => Period::Month,
            other => return Err(format!("{other:?} is not a period; use hour, day or month")),
        };
        let amount = amount.trim();
        if amount.starts_with('-') {
            return Err("a budget is an amount above zero".to_string());
        }
        let digits: String = amount.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
        let unit = amount.replacen(&digits, "", 1).trim().to_ascii_uppercase();
        let currency = match unit.as_str() {
            "" | "$" | "USD" => Currency::Usd,
            "€" | "EUR" => Currency::Eur,
            other => return Err(format!("{other:?} is not a currency known here; use USD or EUR")),
        };
        let value: f64 = digits.parse().map_err(|_| FORM.to_string())?;
        if !(value.is_finite() && value > 0.0) {
            return Err("a budget is an amount above zero".to_string());
        }
        Ok(Budget { currency, limits: vec![(value, period)] })
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (amount, period)) in self.limits.iter().enumerate() {
            let and = if index > 0 { " and " } else { "" };
            write!(f, "{and}{amount} {}/{}", self.currency, period.as_str())?;
        }
        Ok(())
    }
}

impl Budget {
    /// Period by which prices are compared: the one that was asked for.
    pub fn period(&self) -> Period {
        self.limits.first().map_or(Period::Month, |(_, period)| *period)
    }

    /// Both budgets; `None` when they are in different currencies.
    pub fn and(mut self, other: &Budget) -> Option<Budget> {
        if self.currency != other.currency {
            return None;
        }
        self.limits.extend(&other.limits);
        Some(self)
    }

    /// A monthly maximum counts: a month never costs more.
    pub fn allows(&self, offer: &Offer) -> bool {
        // A price that a plan printed, given back as the budget, is within it.
        let within = |(amount, period): &(f64, Period)| offer.price(*period) <= amount * (1.0 + 1e-9) + 5e-5;
        offer.currency == self.currency && self.limits.iter().all(within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(text: &str) -> Budget {
        text.parse().unwrap()
    }

    #[test]
    fn budgets_are_read_or_explained() {
        assert_eq!(ok("0.6/hour"), Budget { currency: Currency::Usd, limits: vec![(0.6, Period::Hour)] });
        assert_eq!(ok("730.5/month").limits, [(730.5, Period::Month)]);
        assert_eq!(ok("€36.525/month").currency, Currency::Eur);
        assert_eq!(ok("24 EUR/day").to_string(), "24 EUR/day");
        for bad in
            ["", "300", "300/year", "-5/month", "0/hour", "many/month", "1.2.3/hour", "3GBP/h", "nan/h", "/h"]
        {
            assert!(bad.parse::<Budget>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_monthly_maximum_is_the_price_of_a_month_and_not_of_an_hour() {
        let cx53 = super::super::all().into_iter().find(|offer| offer.instance == "cx53").unwrap();
        assert_eq!((cx53.per_hour, cx53.per_month()), (0.036, 22.49));
        // 0.036 × 730.5 is 26.30.
        assert!(ok("22.49EUR/month").allows(&cx53) && !ok("22.48EUR/month").allows(&cx53));
        assert!(ok("0.036EUR/hour").allows(&cx53) && !ok("0.0308EUR/hour").allows(&cx53));
        assert!(ok("0.87EUR/day").allows(&cx53) && !ok("0.86EUR/day").allows(&cx53));
        assert!(!ok("300/month").allows(&cx53), "dollars are not euros");
        let both = ok("30EUR/month").and(&ok("0.03EUR/hour")).unwrap();
        assert!(!both.allows(&cx53));
        assert_eq!(both.to_string(), "30 EUR/month and 0.03 EUR/hour");
        assert_eq!(ok("30EUR/month").and(&ok("0.03/hour")), None);
    }
}
