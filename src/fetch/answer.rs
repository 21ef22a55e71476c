//! Decides what an HTTP answer means for a download. Pure, so that its tests are tables.

use std::time::Duration;

/// A server's word on how long to wait counts up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The parts of an answer's head that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub status: u16,
    pub content_length: Option<u64>,
    pub content_range: Option<String>,
    pub etag: Option<String>,
    pub retry_after: Option<String>,
}

/// Part of a file that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All of a file of unknown size, if it has no more than `most` bytes.
    All { most: u64 },
    /// `[start, end)` of a file of `size` bytes.
    Part { start: u64, end: u64, size: u64 },
}

/// Content after the head of a sound answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The asked range.
    Part,
    /// The file from its first byte, which need not be what was asked for: this server knows no ranges,
    /// or the file is another now.
    Whole,
}

/// Why there is nothing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Status of the server's answer, where that is the reason.
    pub status: Option<u16>,
    pub why: String,
    pub then: NextTry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextTry {
    /// Ask again, after this long if the server said so.
    Later(Option<Duration>),
    /// This address will not give the file.
    Never,
    /// It wants to know who asks.
    Token,
}

impl Refusal {
    /// On the way: nothing came, or not all of it.
    pub fn broken(why: String, then: NextTry) -> Refusal {
        Refusal { status: None, why, then }
    }

    /// More came, or would, than [`Asked::All`] allows.
    pub fn too_large(most: u64) -> Refusal {
        Refusal::broken(format!("it is larger than {} MiB", most >> 20), NextTry::Never)
    }
}

/// Judges the head of an answer.
pub fn judge(head: &Head, asked: Asked) -> Result<Sent, Refusal> {
    let refuse = |why: String, then: NextTry| Err(Refusal { status: Some(head.status), why, then });
    let never = |why: String| refuse(why, NextTry::Never);
    let other_size = |found: u64, size: u64| never(format!("the file there has {found} bytes, not {size}"));
    match (head.status, asked) {
        (206, Asked::Part { start, end, size }) => {
            match head.content_range.as_deref().and_then(parse_content_range) {
                Some((_, _, Some(total))) if total != size => other_size(total, size),
                Some((from, to, _)) if from == start && to <= end => Ok(Sent::Part),
                Some((from, to, _)) => {
                    never(format!("it sent bytes {from} to {to} when asked for {start} to {end}"))
                }
                None => never("its answer has no sound Content-Range".to_string()),
            }
        }
        (200, Asked::Part { size, .. }) => match head.content_length {
            Some(length) if length != size => other_size(length, size),
            _ => Ok(Sent::Whole),
        },
        (200, Asked::All { most }) => match head.content_length {
            Some(length) if length > most => Err(Refusal::too_large(most)),
            _ => Ok(Sent::Whole),
        },
        (401 | 403, _) => refuse(format!("it wants a token ({})", head.status), NextTry::Token),
        (404 | 410, _) => never(format!("there is no such file ({})", head.status)),
        (416, Asked::Part { size, .. }) => {
            match head.content_range.as_deref().and_then(|text| text.trim().strip_prefix("bytes */")) {
                Some(total) => never(format!("the file there has {total} bytes, not {size} (416)")),
                None => never("the file there is shorter than the planned one (416)".to_string()),
            }
        }
        // 520 and on are Cloudflare's, of the server behind it.
        (408 | 425 | 429 | 500 | 502..=504 | 520..=524, _) => {
            let after = head.retry_after.as_deref().and_then(parse_retry_after);
            refuse(format!("it answered {}", head.status), NextTry::Later(after))
        }
        (other, _) => never(format!("it answered {other}")),
    }
}

/// `bytes 0-99/1000` as start, end (exclusive) and, unless it is `*`, the total.
fn parse_content_range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let total = if total.trim() == "*" { None } else { Some(total.trim().parse().ok()?) };
    (first <= last && total.is_none_or(|total| last < total)).then_some((first, last.checked_add(1)?, total))
}

/// Seconds, or a date, of which only those to come make sense; five minutes at most.
fn parse_retry_after(text: &str) -> Option<Duration> {
    let text = text.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            let seconds = date.as_second().saturating_sub(jiff::Timestamp::now().as_second());
            Duration::from_secs(u64::try_from(seconds).ok()?)
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

/// How long to pause after `failures` in a row: `first`, then doubling, with a part of chance so that many
/// hosts do not come back at once. `chance` is 0 to 255.
pub fn pause(first: Duration, failures: u32, chance: u8) -> Duration {
    let full = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    full / 2 + (full / 2) * u32::from(chance) / 255
}

/// Whether the file behind an address is still the one that was begun. Weak tags prove nothing.
pub fn changed(known: Option<&str>, now: Option<&str>) -> bool {
    matches!((strong(known), strong(now)), (Some(known), Some(now)) if known != now)
}

/// A tag that may be used with If-Range.
pub fn strong(tag: Option<&str>) -> Option<&str> {
    tag.filter(|tag| tag.starts_with('"') && tag.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(status: u16) -> Head {
        Head { status, ..Head::default() }
    }

    fn part(range: &str) -> Head {
        Head { content_range: Some(range.to_string()), ..head(206) }
    }

    fn whole(length: Option<u64>) -> Head {
        Head { content_length: length, ..head(200) }
    }

    const PART: Asked = Asked::Part { start: 10, end: 20, size: 100 };

    #[test]
    fn every_answer_has_its_meaning() {
        let later = |seconds| Err(NextTry::Later(Option::<u64>::map(seconds, Duration::from_secs)));
        let never = Err(NextTry::Never);
        let all = Asked::All { most: 100 };
        let wait = |text: &str, status| Head { retry_after: Some(text.into()), ..head(status) };
        let table = [
            (part("bytes 10-19/100"), PART, Ok(Sent::Part)),
            (part("bytes 10-14/100"), PART, Ok(Sent::Part)),
            (part("bytes 10-19/*"), PART, Ok(Sent::Part)),
            (part("bytes 0-9/100"), PART, never),
            (part("bytes 10-29/100"), PART, never),
            (part("bytes 10-19/99"), PART, never),
            (part("bytes 19-10/100"), PART, never),
            (part("lines 10-19/100"), PART, never),
            (head(206), PART, never),
            // A part that nobody asked for.
            (part("bytes 0-99/100"), all, never),
            (whole(Some(100)), PART, Ok(Sent::Whole)),
            (whole(None), PART, Ok(Sent::Whole)),
            (whole(Some(99)), PART, never),
            (whole(Some(100)), all, Ok(Sent::Whole)),
            (whole(None), all, Ok(Sent::Whole)),
            (whole(Some(101)), all, never),
            (head(401), PART, Err(NextTry::Token)),
            (head(403), all, Err(NextTry::Token)),
            (head(404), all, never),
            (head(410), PART, never),
            (head(416), PART, never),
            (head(416), all, never),
            (head(418), PART, never),
            (head(304), PART, never),
            (head(408), PART, later(None)),
            (head(429), all, later(None)),
            (wait("7", 429), all, later(Some(7))),
            (wait("86400", 503), PART, later(Some(300))),
            (wait("Wed, 21 Oct 2015 07:28:00 GMT", 503), PART, later(None)),
            (wait("soon", 500), PART, later(None)),
            (head(502), all, later(None)),
            (head(504), PART, later(None)),
            (head(522), all, later(None)),
        ];
        for (head, asked, want) in table {
            let got = judge(&head, asked);
            assert_eq!(got.clone().map_err(|refusal| refusal.then), want, "{head:?}: {got:?}");
        }
        let gone = Head { content_range: Some("bytes */64".into()), ..head(416) };
        let why = "the file there has 64 bytes, not 100 (416)".to_string();
        assert_eq!(judge(&gone, PART), Err(Refusal { status: Some(416), why, then: NextTry::Never }));
    }

    #[test]
    fn only_two_strong_tags_prove_a_change() {
        assert!(changed(Some("\"a\""), Some("\"b\"")));
        for (known, now) in [
            (Some("\"a\""), Some("\"a\"")),
            (None, Some("\"b\"")),
            (Some("\"a\""), None),
            (Some("W/\"a\""), Some("W/\"b\"")),
            (Some("\"\""), Some("\"b\"")),
        ] {
            assert!(!changed(known, now), "{known:?} {now:?}");
        }
    }

    proptest! {
        #[test]
        fn pauses_grow_and_are_bounded(failures in 1u32..100, chance: u8) {
            let first = Duration::from_millis(250);
            let now = pause(first, failures, chance);
            prop_assert!(now <= LONGEST_PAUSE && now >= first / 2);
            prop_assert!(pause(first, failures + 1, 255) >= now);
        }

        #[test]
        fn no_header_panics(range in ".{0,40}", after in ".{0,40}", status: u16) {
            let head = Head { status, content_range: Some(range), retry_after: Some(after), ..Head::default() };
            let _ = judge(&head, Asked::Part { start: 0, end: 1, size: 1 });
            let _ = judge(&head, Asked::All { most: 1 });
        }

        #[test]
        fn a_sound_range_is_read_back(first in 0u64..u64::MAX - 1, length in 1u64..1 << 40) {
            let last = first.saturating_add(length - 1).min(u64::MAX - 2);
            let text = format!("bytes {first}-{last}/{}", last + 1);
            prop_assert_eq!(parse_content_range(&text), Some((first, last + 1, Some(last + 1))));
        }
    }
}
