//! Hostile text is refused by every parser. Each target of src/hostile.rs is run over its kept corpus in fuzz/corpus,
//! over a bounded number of seeded changes of it, and over inputs that are large or deep. A panic, an overflow of a
//! stack of 2 MiB, more memory or more work than a bound, or no end at all is a failure; the input that was read last
//! lies in the build's temporary folder.
//!
//! AGI_HOSTILE_INPUTS sets the changed inputs of each target (default 300).

mod counting;

use agi_provision::hostile::TARGETS;
use counting::{CALLS, HELD, ONE, PEAK};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc;
use std::time::Duration;

/// Most memory that reading a small input may take, bytes; a larger one may take 48 times its size more.
const MEMORY: usize = 64 << 20;
/// Most allocations, likewise; and 8 for each byte.
const ALLOCATIONS: usize = 4_000_000;
/// Processor time of one input, seconds: a bound on work without allocations, far above what any takes.
const SECONDS: f64 = 20.0;
const STACK: usize = 2 << 20;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Runs the target `name` over `inputs`.
#[track_caller]
fn survives(name: &str, inputs: impl Iterator<Item = Vec<u8>> + Send) {
    let target = TARGETS.iter().find(|(known, _)| *known == name).unwrap().1;
    let last = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{name}"));
    let (said, heard) = mpsc::channel();
    std::thread::scope(|scope| {
        let kept = &last;
        let run = move || {
            let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            for input in inputs {
                std::fs::write(kept, &input).unwrap();
                let (before, calls, began) = (HELD.load(Relaxed), CALLS.load(Relaxed), processor_seconds());
                PEAK.store(before, Relaxed);
                target(&input);
                let memory = PEAK.load(Relaxed).saturating_sub(before);
                let (calls, seconds) = (CALLS.load(Relaxed) - calls, processor_seconds() - began);
                let what = format!("{} bytes, kept in {}", input.len(), kept.display());
                assert!(memory <= MEMORY + 48 * input.len(), "{} MiB of memory for {what}", memory >> 20);
                assert!(calls <= ALLOCATIONS + 8 * input.len(), "{calls} allocations for {what}");
                assert!(seconds <= SECONDS, "{seconds:.1} s for {what}");
                said.send(()).unwrap();
            }
        };
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run).unwrap();
        loop {
            match heard.recv_timeout(Duration::from_secs(300)) {
                Ok(()) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    // A thread cannot be stopped: the process is.
                    eprintln!("{name} does not come to an end with the input in {}", last.display());
                    std::process::exit(101);
                }
            }
        }
        assert!(thread.join().is_ok(), "{name} failed with the input in {}", last.display());
    });
}

fn processor_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Changes to inputs of a corpus, the same for the same seed.
struct Changes {
    corpus: Vec<Vec<u8>>,
    state: u64,
    left: usize,
}

/// Words that parsers look for.
const WORDS: [&[u8]; 28] = [
    b"0",
    b"-1",
    b"18446744073709551615",
    b"18446744073709551616",
    b"9223372036854775808",
    b"1e308",
    b"1e-320",
    b"NaN",
    b"null",
    b"true",
    b"[",
    b"]",
    b"{",
    b"}",
    b"[0:9999]",
    b"[a:z]",
    b"&a",
    b"*a",
    b"<<",
    b"\"",
    b"'",
    b"\n",
    b"\r\n",
    b"\x1b[2J",
    "\u{202e}".as_bytes(),
    b"\0",
    b"\xff\xfe",
    b"../../etc/passwd",
];

impl Changes {
    fn random(&mut self, below: usize) -> usize {
        // xorshift64*
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below.max(1)
    }

    fn part(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.random(bytes.len() + 1);
        start..(start + self.random(64)).min(bytes.len())
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let part = self.part(bytes);
        match self.random(7) {
            0 if !bytes.is_empty() => {
                let at = self.random(bytes.len());
                bytes[at] = self.random(256) as u8;
            }
            1 => drop(bytes.drain(part)),
            2 => {
                let copy = bytes[part.clone()].repeat(1 + self.random(8));
                bytes.splice(part.start..part.start, copy);
            }
            3 => {
                let word = WORDS[self.random(WORDS.len())];
                bytes.splice(part.start..part.start, word.iter().copied());
            }
            // A value for a value.
            4 => {
                let word = WORDS[self.random(WORDS.len())];
                let end = bytes[part.start..].iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(0);
                bytes.splice(part.start..part.start + end, word.iter().copied());
            }
            5 => {
                let index = self.random(self.corpus.len());
                let other = self.corpus[index].clone();
                let piece = self.part(&other);
                bytes.splice(part.start..part.start, other[piece].iter().copied());
            }
            _ => bytes.truncate(part.start),
        }
    }
}

impl Iterator for Changes {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        self.left = self.left.checked_sub(1)?;
        let index = self.random(self.corpus.len());
        let mut bytes = self.corpus[index].clone();
        for _ in 0..1 + self.random(5) {
            self.change(&mut bytes);
        }
        Some(bytes)
    }
}

fn kept_and_changed(name: &str) {
    let corpus = corpus(name);
    survives(name, corpus.clone().into_iter());
    let left = std::env::var("AGI_HOSTILE_INPUTS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    survives(name, Changes { corpus, state: 0x9e37_79b9_7f4a_7c15, left });
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                kept_and_changed(stringify!($name));
            }
        )*

        #[test]
        fn every_target_is_run_here_and_has_a_fuzzer() {
            let mut names = vec![$(stringify!($name)),*];
            names.sort();
            let mut known: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            known.sort();
            assert_eq!(names, known);
            let fuzzers = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/Cargo.toml")).unwrap();
            for name in known {
                assert!(fuzzers.contains(&format!("name = \"{name}\"")), "{name} is not in fuzz/Cargo.toml");
                let file = format!("{}/fuzz/fuzz_targets/{name}.rs", env!("CARGO_MANIFEST_DIR"));
                assert!(std::fs::read_to_string(&file).unwrap().contains(&format!("hostile::{name}(")), "{file}");
            }
        }
    };
}

targets! {
    archive bundle_tar facts gguf_header image_archive inventory known_hosts manifest nvidia_smi offers plan private_key protocol rates safetensors
    ssh_config
}

#[test]
fn large_and_deep_inputs_are_refused_or_read_within_the_bounds() {
    let repeated = |text: &str, bytes: usize| text.repeat(bytes / text.len()).into_bytes();
    let deep = ["[", "{", "{\"a\":", "- ", "? ", "[a", "a:\n ", "<a>", "((", "\"", "'", "|1|"];
    let flat =
        ["\n", "a\n", "a,", "- a\n", "a: 1\n", "[a]\n", "[a:children]\nb\n", "Host *\n", "Include x\n", "* "];
    for (name, _) in TARGETS {
        let inputs = deep.iter().map(|text| (text, 60_000)).chain(flat.iter().map(|text| (text, 256 << 10)));
        survives(name, inputs.map(|(text, bytes)| repeated(text, bytes)));
    }
    let one = |text: String| std::iter::once(text.into_bytes());
    survives("inventory", one(format!("a[{}1:2]\n", "0".repeat(70_000))));
    survives("inventory", one(format!("all:\n  hosts:\n    ? 'a{}'\n    :\n", "[0:0]".repeat(100_000))));
    survives("inventory", one((0..20_000).map(|n| format!("h{n}\n")).collect()));
    let groups: String = (0..3000).map(|n| format!("[g{n}]\nh[0:999]\n")).collect();
    survives("inventory", one(groups));
    let chain: String = (0..20_000).map(|n| format!("[g{n}:children]\ng{}\n", n + 1)).collect();
    survives("inventory", one(format!("{chain}[g20000]\nh\n")));
    let tagged = "a: &a !!str x\nb: *a\n";
    survives("inventory", one(tagged.repeat(40_000)));
    let entry = "a,b,c,d ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGm6Qp3h8oQ3v0yK8yC0nX6oYl7yC3rX1p3m8Yk3v9aZ\n";
    survives("known_hosts", std::iter::once(repeated(entry, 2 << 20)));
    survives("known_hosts", std::iter::once(repeated("a,", 60_000)));
    let header = &corpus("offers")[0];
    survives("offers", std::iter::once([header, repeated("a\"b,\"x\n", 300 << 10).as_slice()].concat()));
}
