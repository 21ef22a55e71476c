//! Units as people read them.

/// `7.3 GiB`, or `512 MiB` below one GiB: 1024-based.
pub fn gib(bytes: u64) -> String {
    let mib = bytes as f64 / (1u64 << 20) as f64;
    if mib < 1024.0 { format!("{mib:.0} MiB") } else { format!("{:.1} GiB", mib / 1024.0) }
}

/// An amount of money, two decimals: `22.49`.
pub fn money(amount: f64) -> String {
    format!("{amount:.2}")
}

/// A price of an hour: two decimals, and up to four where it has them: `1.79`, `0.0558`.
pub fn hourly(amount: f64) -> String {
    let text = format!("{amount:.4}");
    let least = text.len() - 2;
    text[..text.trim_end_matches('0').len().max(least)].to_string()
}

/// tokens/s: `0.25`, `2.3`, `120`; never 0 for what is slow.
pub fn rate(speed: f64) -> String {
    match speed {
        s if s <= 0.0 => "0".to_string(),
        s if s < 0.0995 => format!("{s:.2}").replace("0.00", "under 0.01"),
        s if s < 9.95 => format!("{s:.1}"),
        s => format!("{s:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_decimals_and_a_small_hourly_price_its_own() {
        for (amount, text) in [(22.494, "22.49"), (50.0, "50.00"), (0.0, "0.00"), (1234.5, "1234.50")] {
            assert_eq!(money(amount), text);
        }
        for (amount, text) in
            [(1.79, "1.79"), (2.0, "2.00"), (0.0558, "0.0558"), (0.143, "0.143"), (0.1, "0.10")]
        {
            assert_eq!(hourly(amount), text);
        }
    }

    #[test]
    fn a_slow_rate_is_not_none() {
        for (speed, text) in
            [(0.2, "0.2"), (0.04, "0.04"), (0.001, "under 0.01"), (9.94, "9.9"), (9.96, "10"), (120.4, "120")]
        {
            assert_eq!(rate(speed), text);
        }
    }
}
