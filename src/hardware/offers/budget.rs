//! The most one wants to pay.

use super::currency::Currency;
use super::offer::{Offer, Period};
use super::rates::Rates;
use std::fmt;

/// One or several limits in one currency; all of them hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// Currency of every amount in `limits`.
    pub currency: Currency,
    /// Amounts, the first one as it was asked for.
    pub limits: Vec<(f64, Period)>,
}

const FORM: &str = "expected an amount and a period, such as 300/month, 0.6/hour or 250EUR/month";

impl std::str::FromStr for Budget {
    type Err = String;

    /// `300/month`, `0.6/hour`, with an optional currency: `300 EUR/month`, `$0.6/h`, `5000₽/month`. USD by default.
    fn from_str(text: &str) -> Result<Budget, String> {
        let Some((amount, period)) = text.rsplit_once('/') else {
            let missing = !text.trim().is_empty() && read_amount(text).is_ok();
            return Err(if missing {
                format!("{text:?} has no period: {text}/month or {text}/hour")
            } else {
                FORM.into()
            });
        };
        let period = match period.trim().to_lowercase().as_str() {
            "h" | "hour" | "hr" | "час" | "ч" => Period::Hour,
            "day" | "d" | "день" => Period::Day,
            "month" | "mo" | "m" | "mon" | "месяц" | "мес" => Period::Month,
            other => return Err(format!("{other:?} is not a period; use hour, day or month")),
        };
        let (value, currency) = read_amount(amount)?;
        Ok(Budget { currency, limits: vec![(value, period)] })
    }
}

/// `1 000`, `50$`, `€36.5`, `1,5`.
fn read_amount(text: &str) -> Result<(f64, Currency), String> {
    let text = text.trim();
    if text.starts_with(['-', '−']) {
        return Err("a budget is an amount above zero".to_string());
    }
    let is_figure = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | '_');
    let start = text.find(is_figure).ok_or(FORM)?;
    let end = text.rfind(is_figure).ok_or(FORM)? + 1;
    let (before, figure, after) = (text[..start].trim(), &text[start..end], text[end..].trim());
    let currency = match (before, after) {
        ("", "") => Currency::Usd,
        (sign, "") | ("", sign) => sign.parse()?,
        _ => return Err(FORM.to_string()),
    };
    let value = decimal(figure)?;
    if !(value.is_finite() && value > 0.0) {
        return Err("a budget is an amount above zero".to_string());
    }
    Ok((value, currency))
}

/// A number as people write it: groups of three apart by a blank, a comma or an apostrophe, and one mark before the
/// decimals. A number that may be read in two ways is refused with both.
fn decimal(text: &str) -> Result<f64, String> {
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\'' | '_');
    let parts: Vec<&str> = text.split(is_blank).collect();
    let grouped = parts[1..].iter().all(|part| {
        let whole = part.split(['.', ',']).next().unwrap_or_default();
        whole.len() == 3 && whole.bytes().all(|b| b.is_ascii_digit())
    });
    if !grouped {
        return Err(format!("{text:?} is not one number"));
    }
    let joined = parts.concat();
    let marks: Vec<(usize, char)> = joined.char_indices().filter(|(_, c)| matches!(c, '.' | ',')).collect();
    let plain = match marks[..] {
        [] => joined,
        [(at, ',')] if joined.len() - at == 4 && parts.len() == 1 => {
            let (thousands, point) = (joined.replace(',', ""), joined.replace(',', "."));
            return Err(format!("{text:?} may be {thousands} or {point}: write one of them"));
        }
        [(at, _)] => format!("{}.{}", &joined[..at], &joined[at + 1..]),
        // 1,234.50 and 1.234,50: the last is the decimals' where it is another mark than those before.
        [.., (at, last)] if marks[..marks.len() - 1].iter().all(|(_, c)| *c != last) => {
            let groups = &joined[..at];
            let sizes: Vec<usize> = groups.split(['.', ',']).skip(1).map(str::len).collect();
            if sizes.iter().any(|size| *size != 3) {
                return Err(FORM.to_string());
            }
            format!("{}.{}", groups.replace(['.', ','], ""), &joined[at + 1..])
        }
        _ => return Err(FORM.to_string()),
    };
    plain.parse().map_err(|_| FORM.to_string())
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (amount, period)) in self.limits.iter().enumerate() {
            let and = if index > 0 { " and " } else { "" };
            let amount = (amount * 1e4).round() / 1e4;
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

    /// Both budgets, in this one's currency.
    pub fn and(mut self, other: &Budget, rates: &Rates) -> Budget {
        let convert = |amount: f64| rates.convert(amount, other.currency, self.currency);
        self.limits.extend(other.limits.iter().map(|(amount, period)| (convert(*amount), *period)));
        self
    }

    /// A monthly maximum counts: a month never costs more.
    pub fn allows(&self, offer: &Offer, rates: &Rates) -> bool {
        self.allows_times(offer, rates, 1.0)
    }

    /// The same with every limit this many times as high.
    pub fn allows_times(&self, offer: &Offer, rates: &Rates, times: f64) -> bool {
        let price = |period| rates.convert(offer.price(period), offer.currency, self.currency);
        // A price that a plan printed, given back as the budget, is within it.
        let within =
            |(amount, period): &(f64, Period)| price(*period) <= times * amount * (1.0 + 1e-9) + 5e-5;
        self.limits.iter().all(within)
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn ok(text: &str) -> Budget {
        text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
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
    fn amounts_are_read_as_people_write_them() {
        for (text, amount, currency) in [
            ("1,5/hour", 1.5, Currency::Usd),
            ("50$/month", 50.0, Currency::Usd),
            ("50 usd/month", 50.0, Currency::Usd),
            ("1 000/month", 1000.0, Currency::Usd),
            ("1\u{a0}000/month", 1000.0, Currency::Usd),
            ("12 500,50 ₽/month", 12500.5, Currency::Rub),
            ("5000руб/мес", 5000.0, Currency::Rub),
            ("1,234.50/month", 1234.5, Currency::Usd),
            ("1.234,50 €/month", 1234.5, Currency::Eur),
            ("1'000/month", 1000.0, Currency::Usd),
        ] {
            let read = text.parse::<Budget>().map(|budget| (budget.limits[0].0, budget.currency));
            assert_eq!(read, Ok((amount, currency)), "{text}");
        }
        let why = |text: &str| text.parse::<Budget>().unwrap_err();
        assert!(why("1,234/month").contains("1234 or 1.234"), "{}", why("1,234/month"));
        assert!(why("50$").contains("50$/month"), "{}", why("50$"));
        assert!(why("1 2/month").contains("not one number"), "{}", why("1 2/month"));
        assert!(why("50 GBP/month").contains("USD, EUR or RUB"), "{}", why("50 GBP/month"));
    }

    #[test]
    fn a_monthly_maximum_is_the_price_of_a_month_and_not_of_an_hour() {
        let text = format!(
            "{}\nhetzner,cx53,,0.036,EUR,22.49,vm,16,32,320,,,,,list,2026-04-15\n",
            file::COLUMNS[..16].join(",")
        );
        let cx53 = file::parse_offers(text.as_bytes()).unwrap().offers.remove(0);
        let rates = Rates::default();
        let allows = |text: &str| ok(text).allows(&cx53, &rates);
        assert_eq!((cx53.per_hour, cx53.per_month()), (0.036, 22.49));
        // 0.036 × 730.5 is 26.30.
        assert!(allows("22.49EUR/month") && !allows("22.48EUR/month"));
        assert!(allows("0.036EUR/hour") && !allows("0.0308EUR/hour"));
        assert!(allows("0.87EUR/day") && !allows("0.86EUR/day"));
        // 22.49 EUR are 25.13 USD and 2123 RUB by the rates compiled in.
        assert!(allows("25.2/month") && !allows("25/month"));
        assert!(allows("2130RUB/month") && !allows("2100RUB/month"));
        let both = ok("30EUR/month").and(&ok("0.03EUR/hour"), &rates);
        assert!(!both.allows(&cx53, &rates));
        assert_eq!(both.to_string(), "30 EUR/month and 0.03 EUR/hour");
        let mixed = ok("30EUR/month").and(&ok("1.1172/hour"), &rates);
        assert!((mixed.limits[1].0 - 1.0).abs() < 1e-4, "{mixed}");
    }
}
