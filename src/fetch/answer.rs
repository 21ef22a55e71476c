//! What an HTTP answer means for a download: pure, so that its tests are tables.

use std::time::Duration;

/// A server's word on how long to wait counts up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
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

/// What to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The asked range; its bytes follow.
    Part,
    /// The whole file from its first byte: this server knows no ranges, or the file is another now.
    Whole,
    /// Ask again, after this long if the server said so.
    Later { why: String, after: Option<Duration> },
    /// This address will not give the file.
    Never(String),
    /// It wants to know who asks.
    NeedsToken(u16),
}

/// Judges the answer to a request for `[start, end)` of a file of `size` bytes.
pub fn judge(head: &Head, start: u64, end: u64, size: u64) -> Answer {
    let never = |why: String| Answer::Never(why);
    match head.status {
        206 => match head.content_range.as_deref().and_then(parse_content_range) {
            Some((_, _, Some(total))) if total != size => {
                never(format!("the file there has {total} bytes, not {size}"))
            }
            Some((from, to, _)) if from == start && to <= end => Answer::Part,
            Some((from, to, _)) => {
                never(format!("it sent bytes {from} to {to} when asked for {start} to {end}"))
            }
            None => never("its answer has no sound Content-Range".to_string()),
        },
        200 => match head.content_length {
            Some(length) if length != size => never(format!("the file there has {length} bytes, not {size}")),
            _ => Answer::Whole,
        },
        401 | 403 => Answer::NeedsToken(head.status),
        404 | 410 => never(format!("there is no such file ({})", head.status)),
        416 => match head.content_range.as_deref().and_then(|text| text.trim().strip_prefix("bytes */")) {
            Some(total) => never(format!("the file there has {total} bytes, not {size} (416)")),
            None => never("the file there is shorter than the planned one (416)".to_string()),
        },
        408 | 425 | 429 | 500 | 502 | 503 | 504 => Answer::Later {
            why: format!("it answered {}", head.status),
            after: head.retry_after.as_deref().and_then(parse_retry_after),
        },
        other => never(format!("it answered {other}")),
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

/// How long to pause after `failures` in a row: doubling, with a part of chance so that many hosts
/// do not come back at once. `chance` is 0 to 255.
pub fn pause(failures: u32, chance: u8) -> Duration {
    let full = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
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

    /// Asked for bytes 10 to 20 of 100.
    #[test]
    fn every_answer_has_its_meaning() {
        let later = |status: u16, after| Answer::Later {
            why: format!("it answered {status}"),
            after: Option::<u64>::map(after, Duration::from_secs),
        };
        let table = [
            (part("bytes 10-19/100"), Some(Answer::Part)),
            (part("bytes 10-14/100"), Some(Answer::Part)),
            (part("bytes 10-19/*"), Some(Answer::Part)),
            (part("bytes 0-9/100"), None),
            (part("bytes 10-29/100"), None),
            (part("bytes 10-19/99"), None),
            (part("bytes 19-10/100"), None),
            (part("lines 10-19/100"), None),
            (head(206), None),
            (whole(Some(100)), Some(Answer::Whole)),
            (whole(None), Some(Answer::Whole)),
            (whole(Some(99)), None),
            (head(401), Some(Answer::NeedsToken(401))),
            (head(403), Some(Answer::NeedsToken(403))),
            (head(404), None),
            (head(410), None),
            (head(416), None),
            (head(418), None),
            (head(304), None),
            (head(408), Some(later(408, None))),
            (head(429), Some(later(429, None))),
            (Head { retry_after: Some("7".into()), ..head(429) }, Some(later(429, Some(7)))),
            (Head { retry_after: Some("86400".into()), ..head(503) }, Some(later(503, Some(300)))),
            (
                Head { retry_after: Some("Wed, 21 Oct 2015 07:28:00 GMT".into()), ..head(503) },
                Some(later(503, None)),
            ),
            (Head { retry_after: Some("soon".into()), ..head(500) }, Some(later(500, None))),
            (head(502), Some(later(502, None))),
            (head(504), Some(later(504, None))),
        ];
        for (head, want) in table {
            let got = judge(&head, 10, 20, 100);
            match want {
                Some(want) => assert_eq!(got, want, "{head:?}"),
                None => assert!(matches!(got, Answer::Never(_)), "{head:?}: {got:?}"),
            }
        }
        let gone = Head { content_range: Some("bytes */64".into()), ..head(416) };
        assert_eq!(
            judge(&gone, 10, 20, 100),
            Answer::Never("the file there has 64 bytes, not 100 (416)".into())
        );
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
            let now = pause(failures, chance);
            prop_assert!(now <= LONGEST_PAUSE && now >= FIRST_PAUSE / 2);
            prop_assert!(pause(failures + 1, 255) >= now);
        }

        #[test]
        fn no_header_panics(range in ".{0,40}", after in ".{0,40}", status: u16) {
            let head = Head { status, content_range: Some(range), retry_after: Some(after), ..Head::default() };
            judge(&head, 0, 1, 1);
        }

        #[test]
        fn a_sound_range_is_read_back(first in 0u64..u64::MAX - 1, length in 1u64..1 << 40) {
            let last = first.saturating_add(length - 1).min(u64::MAX - 2);
            let text = format!("bytes {first}-{last}/{}", last + 1);
            prop_assert_eq!(parse_content_range(&text), Some((first, last + 1, Some(last + 1))));
        }
    }
}
