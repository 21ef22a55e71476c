//! Currencies that prices and budgets are in.

use serde::{Deserialize, Serialize};

/// ISO 4217. Prices in two currencies are compared by dated rates ([`super::rates`]).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// US dollar.
    Usd,
    /// Euro.
    Eur,
    /// Russian rouble.
    Rub,
}

impl Currency {
    /// Every currency, in the order of [`Rates`](super::Rates).
    pub const ALL: [Currency; 3] = [Currency::Usd, Currency::Eur, Currency::Rub];

    /// Returns the code by ISO 4217, `USD`.
    pub fn as_str(self) -> &'static str {
        match self {
            Currency::Usd => "USD",
            Currency::Eur => "EUR",
            Currency::Rub => "RUB",
        }
    }

    /// The currency that people write like this: a code in any case, a sign, a word.
    pub fn named(text: &str) -> Option<Currency> {
        Some(match text.trim().to_lowercase().as_str() {
            "usd" | "$" | "us$" | "dollar" | "dollars" => Currency::Usd,
            "eur" | "€" | "euro" | "euros" => Currency::Eur,
            "rub" | "₽" | "руб" | "руб." | "р" | "р." | "rur" | "rouble" | "roubles" | "ruble" | "rubles" => {
                Currency::Rub
            }
            _ => return None,
        })
    }
}

impl std::str::FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Currency, String> {
        Currency::named(text).ok_or_else(|| {
            let text: String = text.chars().take(40).collect();
            format!("{text:?} is not a currency known here; use USD, EUR or RUB")
        })
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
