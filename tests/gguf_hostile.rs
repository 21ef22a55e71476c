//! Hostile GGUF headers are refused: no header makes the reader hold more than 64 MiB, and the fuzzer's kept corpus
//! neither crashes nor hangs it.

mod counting;

use agi_provision::hostile::gguf_header;
use agi_provision::model::gguf::{GgufError, Header};
use counting::{HELD, ONE, PEAK};
use proptest::prelude::*;
use std::io::Read;
use std::sync::atomic::Ordering::Relaxed;

const BOUND: usize = 64 << 20;

/// A header that begins with `buffer` and goes on with what `next` gives for 0, 1, 2, …
struct Endless<F> {
    next: F,
    index: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl<F: FnMut(u64) -> Vec<u8>> Read for Endless<F> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.buffer.len() {
            self.buffer = (self.next)(self.index);
            self.index += 1;
            self.at = 0;
        }
        let n = out.len().min(self.buffer.len() - self.at);
        out[..n].copy_from_slice(&self.buffer[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

fn start(tensors: u64, pairs: u64) -> Vec<u8> {
    [b"GGUF".as_slice(), &3u32.to_le_bytes(), &tensors.to_le_bytes(), &pairs.to_le_bytes()].concat()
}

fn text(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u64).to_le_bytes(), bytes].concat()
}

/// Reads an endless header and gives the most memory that was held above what there was before.
fn read(tensors: u64, pairs: u64, next: impl FnMut(u64) -> Vec<u8>) -> (Result<Header, GgufError>, usize) {
    let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    let reader = Endless { next, index: 0, buffer: start(tensors, pairs), at: 0 };
    let result = Header::read(std::io::BufReader::new(reader), None);
    (result, PEAK.load(Relaxed) - before)
}

#[test]
fn no_header_holds_more_than_64_mib() {
    let key = |n: u64| text(format!("k{n}").as_bytes());
    let long_text = |n: u64| [key(n), 8u32.to_le_bytes().to_vec(), text(&[b'x'; 1 << 20])].concat();
    let wrong_utf8 = |n: u64| [key(n), 8u32.to_le_bytes().to_vec(), text(&[0xff; 1 << 20])].concat();
    let short_text = |n: u64| [key(n), 8u32.to_le_bytes().to_vec(), text(b"")].concat();
    let numbers = |n: u64| {
        let array = [9u32.to_le_bytes(), 0u32.to_le_bytes()].concat();
        [key(n), array, 4096u64.to_le_bytes().to_vec(), vec![1; 4096]].concat()
    };
    let short_array = |n: u64| {
        let array = [9u32.to_le_bytes(), 0u32.to_le_bytes()].concat();
        [key(n), array, 1u64.to_le_bytes().to_vec(), vec![1]].concat()
    };
    let tensor = |n: u64| {
        let name = text(format!("{n:0>160}").as_bytes());
        let table = [4u32.to_le_bytes().to_vec(), [1u64; 4].map(u64::to_le_bytes).concat(), vec![0; 12]];
        [name, table.concat()].concat()
    };
    type Next<'a> = &'a dyn Fn(u64) -> Vec<u8>;
    let cases: [(&str, u64, u64, Next); 7] = [
        ("long texts", 0, 1 << 16, &long_text),
        ("wrong UTF-8", 0, 1 << 16, &wrong_utf8),
        ("short texts", 0, 1 << 16, &short_text),
        ("numbers", 0, 1 << 16, &numbers),
        ("short arrays", 0, 1 << 16, &short_array),
        ("tensors", 1 << 16, 0, &tensor),
        ("more tensors than any model has", u64::MAX, 0, &tensor),
    ];
    for (name, tensors, pairs, next) in cases {
        let (result, held) = read(tensors, pairs, next);
        assert!(held <= BOUND, "{name}: {} MiB held, {:?}", held >> 20, result.err());
    }
}

#[test]
fn a_long_array_is_skipped_not_kept() {
    let array = [text(b"tokens"), 9u32.to_le_bytes().to_vec(), 8u32.to_le_bytes().to_vec()].concat();
    let first = [array, u64::MAX.to_le_bytes().to_vec()].concat();
    let (result, held) = read(0, 1, |n| if n == 0 { first.clone() } else { text(&[b'x'; 1 << 16]) });
    assert!(matches!(result, Err(GgufError::Corrupt(_))), "{result:?}");
    assert!(held < 1 << 20, "{held} bytes held");
}

#[test]
fn the_fuzzers_corpus_is_read_or_refused() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/gguf_header");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        gguf_header(&bytes);
        files += 1;
    }
    assert!(files >= 8, "{files} files in {folder}");
}

/// One change to a valid header.
#[derive(Clone, Debug)]
enum Mutation {
    Byte(usize, u8),
    /// Eight bytes, as lengths, counts and offsets are.
    Number(usize, u64),
    Cut(usize),
    /// A part again, where another was.
    Copy(usize, usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = 0usize..1 << 14;
    let number = prop_oneof![Just(0), Just(1), Just(u64::MAX), Just(1 << 63), Just(1 << 32), any::<u64>()];
    prop_oneof![
        (place.clone(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        (place.clone(), number).prop_map(|(at, number)| Mutation::Number(at, number)),
        place.clone().prop_map(Mutation::Cut),
        (place.clone(), place, 1usize..64).prop_map(|(from, to, n)| Mutation::Copy(from, to, n)),
    ]
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len().max(1);
        let mut put = |at: usize, new: &[u8]| {
            for (byte, new) in bytes.iter_mut().skip(at % length).zip(new) {
                *byte = *new;
            }
        };
        match self {
            Mutation::Byte(at, byte) => put(*at, &[*byte]),
            Mutation::Number(at, number) => put(*at, &number.to_le_bytes()),
            Mutation::Cut(at) => bytes.truncate(at % length),
            Mutation::Copy(from, to, n) => {
                let part: Vec<u8> = bytes.iter().skip(from % length).take(*n).copied().collect();
                for (byte, new) in bytes.iter_mut().skip(to % length).zip(&part) {
                    *byte = *new;
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mutation_of_a_header_crashes_or_takes_memory(mutations in prop::collection::vec(mutation(), 1..6)) {
        static WHOLE: &[u8] = include_bytes!("../fuzz/corpus/gguf_header/whole");
        let mut bytes = WHOLE.to_vec();
        mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
        let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let before = HELD.load(Relaxed);
        PEAK.store(before, Relaxed);
        gguf_header(&bytes);
        let held = PEAK.load(Relaxed) - before;
        prop_assert!(held <= BOUND, "{} MiB held", held >> 20);
    }
}
