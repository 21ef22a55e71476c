//! Against servers that play scripts.

use super::*;
use crate::error::hint;
use crate::fetch::scripted::{Play, serve};

const ALL: Asked = Asked::All { most: 1 << 20 };

fn asker(token: Option<Token>) -> Asker {
    let patience = Patience { stall: Duration::from_millis(300), pause: Duration::from_millis(5) };
    Asker::new(token, patience, &Route::Usual).unwrap()
}

/// A refusal's status and words.
type No = (Option<u16>, String);

/// Result of `asked`, and how often it was asked for.
fn ask(plays: Vec<Play>, asked: Asked) -> (Result<Vec<u8>, No>, usize) {
    let (base, requests) = serve(plays);
    let came = asker(None).get(&format!("{base}/x"), asked).map(|reply| reply.body);
    let came = came.map_err(|unanswered| match unanswered {
        Unanswered::Refused { status, why } => (Some(status), why),
        Unanswered::Failed(error) => (None, format!("{error:#}; {}", hint(&error).unwrap_or_default())),
    });
    (came, requests.try_iter().count())
}

#[test]
fn only_temporary_failures_are_asked_for_again() {
    let busy = || Play::Status(503, "Retry-After: 0\r\n");
    let long = || "x".repeat((1 << 20) + 1);
    let part = Asked::Part { start: 2, end: 5, size: 7 };
    for (plays, asked, status, why, asks) in [
        (vec![busy(), busy(), busy()], ALL, Some(503), "it answered 503", 3),
        (vec![Play::Status(401, "")], ALL, Some(401), "it wants a token (401)", 1),
        (vec![Play::Status(404, "")], ALL, Some(404), "there is no such file (404)", 1),
        (vec![Play::Status(304, "")], ALL, Some(304), "it answered 304", 1),
        (vec![Play::Range(vec![7; 8])], part, Some(206), "the file there has 8 bytes, not 7", 1),
        (vec![Play::Text(long())], ALL, None, "it is larger than 1 MiB", 1),
        (vec![Play::Unsaid(long())], ALL, None, "it is larger than 1 MiB", 1),
        (vec![Play::Cut, Play::Cut, Play::Cut], ALL, None, "it was cut", 3),
        (vec![Play::Stall, Play::Stall, Play::Stall], ALL, None, "no answer within", 3),
        (vec![Play::Unsaid("abc".into()), busy(), busy()], part, Some(503), "it answered 503", 3),
    ] {
        let (came, asked_for) = ask(plays, asked);
        let (found, told) = came.expect_err(why);
        assert!(told.starts_with(why), "{why}: {told}");
        assert_eq!((found, asked_for), (status, asks), "{why}");
        assert_eq!(
            told.contains("tried 3 times; is http://127.0.0.1:"),
            status.is_none() && asks == 3,
            "{told}"
        );
    }
    let (came, asks) = ask(vec![busy(), Play::Cut, Play::Text("whole".to_string())], ALL);
    assert_eq!((came.unwrap(), asks), (b"whole".to_vec(), 3));
}

#[test]
fn a_part_is_cut_out_of_a_whole_file() {
    let (came, asks) = ask(vec![Play::Text("abcdefg".into())], Asked::Part { start: 2, end: 5, size: 7 });
    assert_eq!((came.unwrap(), asks), (b"cde".to_vec(), 1));
}

#[test]
fn an_answer_that_trickles_is_given_up() {
    let began = Instant::now();
    let (base, _requests) = serve(vec![Play::Trickle, Play::Text("fast".to_string())]);
    let reply = asker(None).get(&base, ALL);
    assert!(reply.is_ok_and(|reply| reply.body == b"fast"));
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
}

#[test]
fn the_token_stays_with_its_site() {
    let (other, seen_there) = serve(vec![Play::Text("there".to_string()), Play::Text("too".to_string())]);
    let elsewhere = format!("Location: {other}/x\r\n").leak();
    let (base, seen) = serve(vec![Play::Status(302, elsewhere)]);
    let asker = asker(Some(Token { origin: base.clone(), secret: "hf_secret".into() }));
    assert!(asker.get(&base, ALL).is_ok_and(|reply| reply.body == b"there"));
    assert!(asker.get(&other, ALL).is_ok_and(|reply| reply.body == b"too"));
    let secret = |request: Vec<String>| request.join("\n").contains("hf_secret");
    assert_eq!(seen.iter().map(secret).collect::<Vec<_>>(), [true]);
    assert_eq!(seen_there.iter().map(secret).collect::<Vec<_>>(), [false, false]);
}
