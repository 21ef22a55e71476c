//! Downloads from servers with bad habits, over real sockets.

#[path = "http/mod.rs"]
mod http;

use agi_provision::error::hint;
use agi_provision::fetch::{self, Options, Progress, Source, Token, Unfinished};
use http::{Reply, Request, Server, content};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// More than one piece for each connection.
const SIZE: usize = 24 << 20;

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn quick() -> Options {
    Options { stall: Duration::from_millis(400), attempts: 3, ..Options::default() }
}

struct Place {
    dir: TempDir,
    bytes: Vec<u8>,
}

impl Place {
    fn new(size: usize) -> Place {
        Place { dir: tempfile::tempdir().unwrap(), bytes: content(size) }
    }

    fn dest(&self) -> PathBuf {
        self.dir.path().join("model.gguf")
    }

    fn source(&self, urls: &[String]) -> Source {
        Source {
            urls: urls.to_vec(),
            sha256: sha256(&self.bytes).parse().unwrap(),
            size_bytes: self.bytes.len() as u64,
        }
    }

    fn fetch(&self, urls: &[String], options: &Options) -> anyhow::Result<()> {
        fetch::fetch(&self.source(urls), &self.dest(), options, &mut |_| Ok(()))
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path()).unwrap().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
    }

    #[track_caller]
    fn is_whole(&self) {
        assert!(std::fs::read(self.dest()).unwrap() == self.bytes, "other bytes");
        assert_eq!(self.names(), ["model.gguf"]);
    }

    #[track_caller]
    fn is_empty(&self) {
        assert_eq!(self.names(), [""; 0]);
    }
}

#[test]
fn several_ranges_make_the_file() {
    let place = Place::new(SIZE);
    let server = Server::start(place.bytes.clone(), |_, _| Reply::Good);
    let mut last = Progress { done: 0, total: 0 };
    let source = place.source(&[server.url("model")]);
    fetch::fetch(&source, &place.dest(), &quick(), &mut |now| {
        assert!(now.done >= last.done && now.total == SIZE as u64);
        last = now;
        Ok(())
    })
    .unwrap();
    place.is_whole();
    assert_eq!(last.done, SIZE as u64);
    assert!(server.requests().len() > 4);
}

#[test]
fn a_server_without_ranges_will_do() {
    let place = Place::new(SIZE);
    let server = Server::start(place.bytes.clone(), |_, _| Reply::Whole);
    place.fetch(&[server.url("model")], &quick()).unwrap();
    place.is_whole();
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn every_passing_trouble_passes() {
    let status =
        |code, headers: &[&str]| Reply::Status(code, headers.iter().map(|h| h.to_string()).collect());
    let troubles = [
        Reply::Cut(1 << 20),
        Reply::Cut(0),
        Reply::Stall(1 << 20, Duration::from_secs(3)),
        status(429, &["retry-after: 1"]),
        status(500, &[]),
        status(503, &["retry-after: 0"]),
    ];
    for trouble in troubles {
        for ranges in [1, 4] {
            let place = Place::new(SIZE);
            let bad = trouble.clone();
            // Every third request has it, the first too.
            let habit = move |number: usize, _: &Request| {
                if number.is_multiple_of(3) { bad.clone() } else { Reply::Good }
            };
            let server = Server::start(place.bytes.clone(), habit);
            let options = Options { ranges, ..quick() };
            place.fetch(&[server.url("model")], &options).unwrap_or_else(|e| panic!("{trouble:?}: {e:#}"));
            place.is_whole();
        }
    }
}

#[test]
fn a_server_says_how_long_to_wait() {
    let place = Place::new(1000);
    let wait = || Reply::Status(503, vec!["retry-after: 2".to_string()]);
    let server =
        Server::start(place.bytes.clone(), move |number, _| if number == 0 { wait() } else { Reply::Good });
    let start = Instant::now();
    place.fetch(&[server.url("model")], &quick()).unwrap();
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn lasting_trouble_ends_in_words_and_keeps_what_came() {
    let good_then = |reply: Reply| {
        move |number: usize, _: &Request| if number == 0 { Reply::Cut(1 << 20) } else { reply.clone() }
    };
    let stall = Reply::Stall(0, Duration::from_secs(2));
    for (reply, word) in [
        (Reply::Status(404, vec![]), "there is no such file (404)"),
        (Reply::Status(401, vec![]), "it wants a token (401)"),
        (Reply::Status(416, vec![]), "shorter than the planned one (416)"),
        (Reply::Status(429, vec![]), "it answered 429 (3 tries)"),
        (Reply::Cut(0), "it was cut"),
        (stall, "nothing came for 1 s"),
        (Reply::OtherSize(SIZE as u64 - 1), "the file there has 25165823 bytes, not 25165824"),
    ] {
        let place = Place::new(SIZE);
        let server = Server::start(place.bytes.clone(), good_then(reply.clone()));
        let error = place.fetch(&[server.url("model")], &Options { ranges: 1, ..quick() }).unwrap_err();
        let unfinished = error.downcast_ref::<Unfinished>().unwrap_or_else(|| panic!("{error:#}"));
        assert!(unfinished.message.contains(word), "{reply:?}: {error:#}");
        assert_eq!(unfinished.have, 1 << 20, "{reply:?}");
        assert_eq!(unfinished.needs_token, word.contains("token"));
        assert_eq!(fetch::downloaded_bytes(&place.dest()), 1 << 20, "{reply:?}");

        // And the next try goes on where that one stopped.
        let server = Server::start(place.bytes.clone(), |_, _| Reply::Good);
        place.fetch(&[server.url("model")], &quick()).unwrap();
        place.is_whole();
        assert!(server.requests().iter().all(|request| request.range.unwrap().0 >= 1 << 20));
    }
}

#[test]
fn where_nothing_came_nothing_stays() {
    let place = Place::new(SIZE);
    let server = Server::start(place.bytes.clone(), |_, _| Reply::Status(404, vec![]));
    let error = place.fetch(&[server.url("model")], &quick()).unwrap_err();
    assert!(error.downcast_ref::<Unfinished>().is_some_and(|unfinished| unfinished.have == 0), "{error:#}");
    assert!(error.to_string().ends_with("there is no such file (404)"), "{error}");
    place.is_empty();
}

#[test]
fn damage_is_found_and_nothing_of_it_stays() {
    let place = Place::new(SIZE);
    let server = Server::start(place.bytes.clone(), |_, _| Reply::Corrupt(7_000_000));
    let error = place.fetch(&[server.url("model")], &quick()).unwrap_err();
    assert!(format!("{error:#}").contains("its SHA-256 is"), "{error:#}");
    assert!(hint(&error).unwrap().contains("--resolve"));
    place.is_empty();
}

#[test]
fn a_damaged_partial_file_is_fetched_anew() {
    let place = Place::new(SIZE);
    let server = Server::start(place.bytes.clone(), |_, _| Reply::Cut(1 << 20));
    let options = Options { ranges: 1, ..quick() };
    let stop =
        &mut |progress: Progress| if progress.done > 3 << 20 { anyhow::bail!("enough") } else { Ok(()) };
    let source = place.source(&[server.url("model")]);
    assert_eq!(format!("{:#}", fetch::fetch(&source, &place.dest(), &options, stop).unwrap_err()), "enough");
    let partial = fetch::record::partial(&place.dest());
    let mut bytes = std::fs::read(&partial).unwrap();
    assert_eq!(bytes.len(), SIZE, "the space is reserved");
    bytes[1000] ^= 1;
    std::fs::write(&partial, bytes).unwrap();
    let server = Server::start(place.bytes.clone(), |_, _| Reply::Good);
    place.fetch(&[server.url("model")], &quick()).unwrap();
    place.is_whole();
}

#[test]
fn mirrors_are_tried_in_turn() {
    let place = Place::new(SIZE);
    let gone = Server::start(place.bytes.clone(), |_, _| Reply::Status(404, vec![]));
    let half = Server::start(place.bytes.clone(), |number, _| match number {
        0 => Reply::Cut(2 << 20),
        _ => Reply::Status(503, vec![]),
    });
    let bad = Server::start(place.bytes.clone(), |_, _| Reply::Corrupt(9_000_000));
    let good = Server::start(place.bytes.clone(), |_, _| Reply::Good);
    let urls = [gone.url("x"), half.url("x"), good.url("x")];
    place.fetch(&urls, &quick()).unwrap();
    place.is_whole();
    // Nothing that was there was fetched again.
    assert!(good.requests().iter().all(|request| request.range.unwrap().0 >= 2 << 20));
    std::fs::remove_file(place.dest()).unwrap();
    place.fetch(&[bad.url("x"), good.url("x")], &quick()).unwrap();
    place.is_whole();
    // No server listens there.
    std::fs::remove_file(place.dest()).unwrap();
    place.fetch(&["http://127.0.0.1:9/x".to_string(), good.url("x")], &quick()).unwrap();
    place.is_whole();
}

#[test]
fn a_file_that_changes_meanwhile_is_begun_anew() {
    let place = Place::new(SIZE);
    let other = content(SIZE + 1)[1..].to_vec();
    assert_ne!(other, place.bytes);
    // The first answer is of the old file; what comes then is of the new one.
    let old = Server::start(other, |_, _| Reply::Tagged("\"old\""));
    let source = place.source(&[old.url("model")]);
    let stop =
        &mut |progress: Progress| if progress.done > 1 << 20 { anyhow::bail!("enough") } else { Ok(()) };
    let options = Options { ranges: 1, ..quick() };
    fetch::fetch(&source, &place.dest(), &options, stop).unwrap_err();
    let record = fetch::record::record(&place.dest());
    let new = Server::start(place.bytes.clone(), |_, _| Reply::Tagged("\"new\""));
    let text = std::fs::read_to_string(&record).unwrap();
    assert!(text.contains("old"), "{text}");
    std::fs::write(&record, text.replace(&old.address, &new.address)).unwrap();
    place.fetch(&[new.url("model")], &quick()).unwrap();
    place.is_whole();
    assert_eq!(new.requests()[0].if_range.as_deref(), Some("\"old\""));
    assert!(new.requests().iter().any(|request| request.range.unwrap().0 == 0));
}

#[test]
fn redirects_are_followed_and_the_token_stays_at_its_site() {
    let place = Place::new(SIZE);
    let store = Server::start(place.bytes.clone(), |_, _| Reply::Good);
    let to = store.url("blob?signature=1");
    let front = Server::start(Vec::new(), move |_, request| match &request.authorization {
        Some(secret) if secret == "Bearer hf_secret" => Reply::Redirect(to.clone()),
        _ => Reply::Status(401, vec![]),
    });
    let token = Token { origin: front.url(""), secret: "hf_secret".into() };
    let options = Options { token: Some(token), ..quick() };
    place.fetch(&[front.url("model")], &options).unwrap();
    place.is_whole();
    assert!(store.requests().iter().all(|request| request.authorization.is_none()));
    std::fs::remove_file(place.dest()).unwrap();
    let error = place.fetch(&[front.url("model")], &quick()).unwrap_err();
    assert!(error.downcast_ref::<Unfinished>().unwrap().needs_token);
    assert_eq!(fetch::downloaded_bytes(&place.dest()), 0);

    let circle = Server::start(Vec::new(), |_, _| Reply::Redirect("/again".to_string()));
    let error = place.fetch(&[circle.url("model")], &quick()).unwrap_err();
    assert!(format!("{error:#}").contains("redirect"), "{error:#}");
}

#[test]
fn the_disk_is_asked_first() {
    let place = Place::new(1000);
    let server = Server::start(place.bytes.clone(), |_, _| Reply::Good);
    // No disk has that.
    let source = Source { size_bytes: 1 << 60, ..place.source(&[server.url("model")]) };
    let error = fetch::fetch(&source, &place.dest(), &quick(), &mut |_| Ok(())).unwrap_err();
    assert!(format!("{error:#}").contains("the disk is full"), "{error:#}");
    assert_eq!(server.requests().len(), 0);
    place.is_empty();
}

#[test]
fn a_trickle_is_a_stall() {
    let place = Place::new(100_000);
    let server = Server::start(place.bytes.clone(), |number, _| match number {
        0 => Reply::Slow(500),
        _ => Reply::Good,
    });
    let options = Options { stall: Duration::from_secs(1), ..quick() };
    let start = Instant::now();
    place.fetch(&[server.url("model")], &options).unwrap();
    place.is_whole();
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_look_at_an_address_says_how_fast_it_is_and_is_short() {
    use agi_provision::fetch::rate::{host, rate};
    let content = vec![7; 40 << 20];
    // 2 MB/s is 16 Mbit/s; 3 s of it are a sixth of the file.
    let slow = Server::start(content.clone(), |_, _| Reply::Slow(2_000_000));
    let began = std::time::Instant::now();
    let seen = rate(&slow.url("model.gguf"), None).unwrap();
    assert!((12.0..18.0).contains(&seen.mbit_s), "{seen:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let fast = Server::start(content.clone(), |_, _| Reply::Good);
    assert!(rate(&fast.url("model.gguf"), None).unwrap().mbit_s > 100.0);

    let why = |reply: Reply| {
        let server = Server::start(content.clone(), move |_, _| reply.clone());
        format!("{:#}", rate(&server.url("model.gguf"), None).unwrap_err())
    };
    assert!(why(Reply::Status(404, Vec::new())).contains("it answers 404"));
    assert!(why(Reply::Cut(1000)).contains("reading from it"));
    assert!(why(Reply::Stall(1000, Duration::from_secs(60))).contains("reading from it"));
    let small = Server::start(vec![7; 9000], |_, _| Reply::Good);
    let few = format!("{:#}", rate(&small.url("model.gguf"), None).unwrap_err());
    assert!(few.contains("9000 bytes are too few"), "{few}");
    assert!(rate("http://127.0.0.1:9/", None).is_err());
    assert_eq!(host("https://user@huggingface.co:8443/a/b").as_deref(), Some("huggingface.co"));
}
