use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Answers with what it is given, in turn, and counts.
#[derive(Clone, Default)]
struct Typist {
    answers: Arc<Mutex<Vec<&'static str>>>,
    asked: Arc<AtomicUsize>,
}

impl Typist {
    fn new(answers: &[&'static str]) -> Typist {
        let answers = answers.iter().rev().copied().collect();
        Typist { answers: Arc::new(Mutex::new(answers)), ..Typist::default() }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Ask for Typist {
    fn ask(&self, _: &str, _: bool) -> Result<Secret, Absent> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        locked(&self.answers).pop().map(Secret::from).ok_or(Absent::NotGiven)
    }
}

fn sudo() -> Lock {
    Lock::Sudo("admin".into())
}

#[test]
fn a_password_that_one_host_accepted_is_used_for_the_others_without_asking() {
    let typist = Typist::new(&["right"]);
    let secrets = Secrets::new(GivenSecrets::default(), typist.clone());
    secrets.turn(&sudo(), "?", "a").unwrap().accepted();
    // Side by side now: a second turn while the first is open.
    let (b, c) = (secrets.turn(&sudo(), "?", "b").unwrap(), secrets.turn(&sudo(), "?", "c").unwrap());
    assert_eq!((b.secret().expose(), c.secret().expose()), ("right", "right"));
    // A host with another password refuses it once; the rest go on.
    b.refused("b refused it");
    c.accepted();
    assert!(matches!(secrets.turn(&sudo(), "?", "b"), Err(Absent::Wrong(_))));
    secrets.turn(&sudo(), "?", "d").unwrap().accepted();
    assert_eq!(typist.asked(), 1);
}

#[test]
fn a_wrong_password_is_tried_on_one_host_only() {
    let typist = Typist::new(&["wrong", "never asked for"]);
    let secrets = Secrets::new(GivenSecrets::default(), typist.clone());
    let tries = Arc::new(AtomicUsize::new(0));
    let hosts: Vec<_> = (0..8)
        .map(|number| {
            let (secrets, tries) = (secrets.clone(), tries.clone());
            std::thread::spawn(move || {
                let turn = secrets.turn(&sudo(), "?", &format!("host{number}"));
                if let Ok(turn) = turn {
                    tries.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                    turn.refused("a host refused it");
                }
            })
        })
        .collect();
    hosts.into_iter().for_each(|host| host.join().unwrap());
    assert_eq!((tries.load(Ordering::SeqCst), typist.asked()), (1, 1));
}

#[test]
fn a_try_without_verdict_leaves_the_secret_for_the_next() {
    let typist = Typist::new(&["right"]);
    let secrets = Secrets::new(GivenSecrets::default(), typist.clone());
    drop(secrets.turn(&sudo(), "?", "a").unwrap());
    assert_eq!(secrets.turn(&sudo(), "?", "b").unwrap().accepted().expose(), "right");
    assert_eq!(typist.asked(), 1);
}

#[test]
fn a_secret_from_a_script_is_not_asked_for_and_locks_do_not_mix() {
    let given = GivenSecrets { sudo: Some("given".into()), ..GivenSecrets::default() };
    let secrets = Secrets::new(given, Nobody);
    assert!(secrets.may_open(&sudo()) && !secrets.may_open(&Lock::Login("admin".into())));
    assert_eq!(secrets.turn(&sudo(), "?", "a").unwrap().accepted().expose(), "given");
    let absent = secrets.turn(&Lock::Login("admin".into()), "?", "a").err().unwrap();
    assert_eq!(absent, Absent::NoTerminal);
    assert_eq!(format!("{secrets:?}"), "Secrets");
}

#[test]
fn a_passphrase_may_be_mistyped_twice_and_is_asked_for_once_a_key() {
    let typist = Typist::new(&["a", "b", "right", "a", "b", "c", "right"]);
    let secrets = Secrets::new(GivenSecrets::default(), typist.clone());
    let opens = |secret: &Secret| secret.expose() == "right";
    for _ in 0..2 {
        assert_eq!(secrets.passphrase("/k".as_ref(), &opens).unwrap().expose(), "right");
        assert_eq!(typist.asked(), 3);
    }
    assert!(matches!(secrets.passphrase("/other".as_ref(), &opens), Err(Absent::Wrong(_))));
    assert!(matches!(secrets.passphrase("/other".as_ref(), &opens), Err(Absent::Wrong(_))));
    assert_eq!(typist.asked(), 6);
    let given = GivenSecrets { passphrase: Some("wrong".into()), ..GivenSecrets::default() };
    let secrets = Secrets::new(given, typist.clone());
    assert!(matches!(secrets.passphrase("/k".as_ref(), &opens), Err(Absent::Wrong(_))));
    assert_eq!(typist.asked(), 6);
}

#[test]
fn questions_are_asked_while_nothing_else_is_shown() {
    let secrets = Secrets::new(GivenSecrets::default(), Typist::new(&["x"]));
    let held = Arc::new(AtomicUsize::new(0));
    let count = held.clone();
    secrets.ask_within(Box::new(move |question| {
        count.fetch_add(1, Ordering::SeqCst);
        question();
    }));
    assert_eq!(secrets.ask("?", false).unwrap().expose(), "x");
    assert_eq!(held.load(Ordering::SeqCst), 1);
}
