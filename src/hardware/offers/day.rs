//! Days of prices.

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
