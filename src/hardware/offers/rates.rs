//! Exchange rates, each with its day: `profiles/rates.csv`, compiled in, or those that `offers update` read.

use super::currency::Currency;
use crate::hardware::rows::Table;
use std::sync::LazyLock;

/// The header of a file of rates.
const COLUMNS: [&str; 4] = ["currency", "per_usd", "as_of", "source"];

/// Rate of one currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    /// Currency that the rate is of.
    pub currency: Currency,
    /// Units for one US dollar.
    pub per_usd: f64,
    /// Day of the rate.
    pub as_of: jiff::civil::Date,
    /// Publisher of the rate, such as a central bank.
    pub source: String,
}

/// A rate of every known currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates([Rate; Currency::ALL.len()]);

static EMBEDDED: LazyLock<Rates> = LazyLock::new(|| {
    let rows = read(include_bytes!("../../../profiles/rates.csv")).expect("checked by a test");
    let of = |currency| rows.iter().find(|rate| rate.currency == currency).cloned();
    Rates(Currency::ALL.map(|currency| of(currency).expect("every currency has a row, held by a test")))
});

impl Default for Rates {
    /// Those compiled in.
    fn default() -> Rates {
        EMBEDDED.clone()
    }
}

impl Rates {
    /// Returns the rate of `currency`.
    pub fn of(&self, currency: Currency) -> &Rate {
        &self.0[currency as usize]
    }

    /// `amount` of `from` in `to`; exactly as it is where they are the same.
    pub fn convert(&self, amount: f64, from: Currency, to: Currency) -> f64 {
        if from == to { amount } else { amount / self.of(from).per_usd * self.of(to).per_usd }
    }

    /// With `fresh` in the place of what is not newer.
    pub fn updated(mut self, fresh: impl IntoIterator<Item = Rate>) -> Rates {
        for rate in fresh {
            let known = &mut self.0[rate.currency as usize];
            if rate.as_of >= known.as_of && rate.currency != Currency::Usd {
                *known = rate;
            }
        }
        self
    }

    /// The file of these rates.
    pub fn to_csv(&self) -> String {
        let row = |rate: &Rate| {
            format!(
                "{},{},{},{}\n",
                rate.currency,
                rate.per_usd,
                rate.as_of,
                rate.source.replace([',', '"'], " ")
            )
        };
        format!("{}\n{}", COLUMNS.join(","), self.0.iter().map(row).collect::<String>())
    }
}

/// Rates of a file. Errors: it is none, or one of its rows is broken.
pub fn read(bytes: &[u8]) -> Result<Vec<Rate>, String> {
    let table = Table::read(bytes)?;
    table.places(COLUMNS)?;
    let rate = |(line, fields): (u64, Result<crate::hardware::rows::Fields<'_>, String>)| {
        let broken = |why: String| format!("line {line}: {why}");
        let fields = fields.map_err(broken)?;
        let read = || -> Result<Rate, String> {
            Ok(Rate {
                currency: fields.need("currency")?.parse()?,
                per_usd: believable(fields.need_number("per_usd")?)?,
                as_of: fields.need("as_of")?.parse().map_err(|_| "as_of is not a date".to_string())?,
                source: fields.name("source")?.ok_or("source is empty")?,
            })
        };
        read().map_err(broken)
    };
    table.rows().map(rate).collect()
}

/// A rate that a price may be converted by.
pub fn believable(per_usd: f64) -> Result<f64, String> {
    let is = per_usd.is_finite() && (1e-4..1e6).contains(&per_usd);
    if is { Ok(per_usd) } else { Err(format!("{per_usd} is no exchange rate")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_currency_has_a_dated_rate_and_amounts_convert_both_ways() {
        let rates = Rates::default();
        for currency in Currency::ALL {
            assert_eq!(rates.of(currency).currency, currency);
            assert!(!rates.of(currency).source.is_empty());
            assert_eq!(rates.convert(12.5, currency, currency), 12.5);
            let there = rates.convert(12.5, Currency::Usd, currency);
            assert!((rates.convert(there, currency, Currency::Usd) - 12.5).abs() < 1e-9);
        }
        // 1 EUR = 1.1172 USD on 2026-10-30.
        assert!((rates.convert(100.0, Currency::Eur, Currency::Usd) - 111.72).abs() < 0.01);
    }

    #[test]
    fn newer_rates_replace_older_ones_and_survive_the_file() {
        let euro = |per_usd, as_of: &str| Rate {
            currency: Currency::Eur,
            per_usd,
            as_of: as_of.parse().unwrap(),
            source: "ECB, \"daily\"".to_string(),
        };
        let rates = Rates::default().updated([euro(0.9, "2026-11-27"), euro(0.5, "2020-01-01")]);
        assert_eq!(rates.of(Currency::Eur).per_usd, 0.9);
        let back = Rates::default().updated(read(rates.to_csv().as_bytes()).unwrap());
        assert_eq!(back.of(Currency::Eur).per_usd, 0.9);
        for broken in ["EUR,0,2026-11-27,s", "EUR,1e9,2026-11-27,s", "EUR,1,soon,s", "XXX,1,2026-11-27,s"] {
            assert!(read(format!("{}\n{broken}\n", COLUMNS.join(",")).as_bytes()).is_err(), "{broken}");
        }
    }
}
