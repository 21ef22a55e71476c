//! Reads the header of a GGUF file (versions 2 and 3, little-endian): metadata and tensor table.
//!
//! The header comes from strangers, so every count and length in it is a claim: it is compared with a
//! bound before anything is allocated, long arrays (a tokenizer's) are counted and skipped, and a
//! tensor that would lie outside the file is an error.

use super::tensor_type::TensorType;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Longest text that is kept; chat templates reach tens of kilobytes.
const MAX_TEXT: u64 = 1 << 20;
/// Longest array whose values are kept; per-layer settings have one value per layer.
const MAX_ARRAY: u64 = 4096;
/// Keys with a wide number that are remembered.
const MAX_WIDE: usize = 256;
/// Bytes read at once.
const BUFFER: usize = 64 << 10;
const MAX_PAIRS: u64 = 1 << 16;
const MAX_TENSORS: u64 = 1 << 16;
/// ggml's limit is 64 bytes; splits and experiments exceed it a little.
const MAX_NAME: u64 = 256;
const MAX_KEY: u64 = 1 << 16;
/// Bytes of header read before giving up; the largest vocabularies take about 15 MB.
const MAX_HEADER: u64 = 256 << 20;
/// Bytes of texts and numbers kept in memory. With the tables around them a header stays below 64 MiB
/// (tests/gguf_hostile.rs counts).
const MAX_KEPT: u64 = 12 << 20;

/// Reasons why a header cannot be read. A command that was given such a file ends with exit code 1.
#[derive(Debug, thiserror::Error)]
pub enum GgufError {
    /// The first four bytes are not `GGUF`; they are given here, escaped.
    #[error("not a GGUF file: it begins with {0}")]
    NotGguf(String),
    /// The version is neither 2 nor 3.
    #[error("GGUF version {0} is not supported (2 and 3 are)")]
    Version(u32),
    /// The version's bytes are in the other order.
    #[error("the file is big-endian; llama.cpp needs it converted")]
    BigEndian,
    /// The file ends before the part that is named here.
    #[error("the file ends in the middle of {0}: it is truncated or still downloading")]
    Truncated(&'static str),
    /// A tensor lies beyond the end of the file.
    #[error("tensor {name} reaches byte {end} but the file has {size}: it is truncated or still downloading")]
    TensorOutside {
        /// Name of the tensor.
        name: String,
        /// Byte of the file at which its data would end.
        end: u64,
        /// Size of the file, bytes.
        size: u64,
    },
    /// A count, length or type is beyond its bound or contradicts another; the sentence says which.
    #[error("corrupt header: {0}")]
    Corrupt(String),
    /// Reading failed for another reason than the end of the file.
    #[error("reading the file")]
    Io(#[source] io::Error),
}

/// Value of a metadata key.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An unsigned number of 8 to 64 bits.
    Unsigned(u64),
    /// A signed number of 8 to 64 bits.
    Signed(i64),
    /// A floating-point number of 32 or 64 bits.
    Float(f64),
    /// A boolean.
    Bool(bool),
    /// A text; bytes that are not UTF-8 are replaced.
    Text(String),
    /// Numbers of a short array.
    Numbers(Vec<f64>),
    /// Length of an array that was skipped.
    Skipped(u64),
}

/// One row of the tensor table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Name, `blk.7.attn_q.weight`.
    pub name: String,
    /// Elements along each dimension, fastest first (ggml's `ne`).
    pub dims: Vec<u64>,
    /// Type of its elements.
    pub kind: TensorType,
    /// From the start of the data section, bytes.
    pub offset: u64,
    /// Size of its data without padding, bytes.
    pub bytes: u64,
}

impl TensorInfo {
    /// Returns how many elements it has.
    pub fn elements(&self) -> u64 {
        self.dims.iter().product()
    }
}

/// Header of a GGUF file: everything before the data of its tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Version of the format, 2 or 3.
    pub version: u32,
    /// Settings by their keys, `llama.block_count`.
    pub metadata: BTreeMap<String, Value>,
    /// Keys whose number is signed or has 64 bits.
    pub wide_numbers: Vec<String>,
    /// Tensors in the order of the file; no name is there twice.
    pub tensors: Vec<TensorInfo>,
    /// Where the data section begins, bytes from the start of the file.
    pub data_offset: u64,
}

impl Header {
    /// Reads the header of `path` and checks that every tensor lies inside the file.
    pub fn open(path: &Path) -> Result<Header, GgufError> {
        let file = File::open(path).map_err(GgufError::Io)?;
        let size = file.metadata().map_err(GgufError::Io)?.len();
        Header::read(file, Some(size))
    }

    /// Reads a header from `reader`; `file_size` in bytes, where known, bounds the tensors.
    pub fn read(reader: impl Read, file_size: Option<u64>) -> Result<Header, GgufError> {
        let mut input = Input { reader: BufReader::with_capacity(BUFFER, reader), position: 0, kept: 0 };
        let version = magic(&mut input)?;
        let n_tensors = input.u64("the header")?;
        let n_pairs = input.u64("the header")?;
        bound("tensor count", n_tensors, MAX_TENSORS)?;
        bound("metadata count", n_pairs, MAX_PAIRS)?;
        let (mut metadata, mut wide_numbers) = (BTreeMap::new(), Vec::new());
        for _ in 0..n_pairs {
            let key = input.text("a metadata key", MAX_KEY)?;
            if key.is_empty() {
                return Err(GgufError::Corrupt("a key has no name".to_string()));
            }
            let kind = input.u32("the metadata")?;
            let value = input.value(kind)?;
            // llama.cpp reads settings as unsigned numbers of 32 bits, nothing else.
            if matches!(kind, 0..=3 | 5 | 10 | 11) && wide_numbers.len() < MAX_WIDE {
                wide_numbers.push(key.clone());
            }
            match metadata.entry(key) {
                Entry::Vacant(entry) => entry.insert(value),
                Entry::Occupied(entry) => {
                    return Err(GgufError::Corrupt(format!("the key {:?} is there twice", entry.key())));
                }
            };
        }
        // Grown as they come: a count is a claim.
        let mut tensors: Vec<TensorInfo> = Vec::new();
        for _ in 0..n_tensors {
            tensors.push(input.tensor()?);
        }
        let mut names = BTreeSet::new();
        if let Some(tensor) = tensors.iter().find(|tensor| !names.insert(tensor.name.as_str())) {
            return Err(GgufError::Corrupt(format!("the tensor {:?} is there twice", tensor.name)));
        }
        let alignment = match metadata.get("general.alignment") {
            None => 32,
            Some(Value::Unsigned(n)) if n.is_power_of_two() && *n <= 1 << 20 => *n,
            Some(other) => return Err(GgufError::Corrupt(format!("general.alignment is {other:?}"))),
        };
        let data_offset = input.position.next_multiple_of(alignment);
        let header = Header { version, metadata, wide_numbers, tensors, data_offset };
        header.check_tensors(alignment, file_size)?;
        Ok(header)
    }

    fn check_tensors(&self, alignment: u64, file_size: Option<u64>) -> Result<(), GgufError> {
        // llama.cpp takes no gap: each tensor begins where the one before ends.
        let mut next = 0u64;
        for tensor in &self.tensors {
            let end = self.data_offset.checked_add(tensor.offset).and_then(|at| at.checked_add(tensor.bytes));
            let Some(end) = end.filter(|_| tensor.offset == next) else {
                return Err(GgufError::Corrupt(format!(
                    "tensor {} has offset {}",
                    tensor.name, tensor.offset
                )));
            };
            next = tensor.offset.saturating_add(tensor.bytes).next_multiple_of(alignment);
            if let Some(size) = file_size.filter(|size| end > *size) {
                return Err(GgufError::TensorOutside { name: tensor.name.clone(), end, size });
            }
        }
        Ok(())
    }

    /// Returns the text under `key`; `None` where there is none or it is no text.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.metadata.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the whole number under `key`; `None` where there is none, or it is negative or no number.
    pub fn number(&self, key: &str) -> Option<u64> {
        match self.metadata.get(key)? {
            Value::Unsigned(n) => Some(*n),
            Value::Signed(n) => u64::try_from(*n).ok(),
            _ => None,
        }
    }

    /// A setting that is one number for all layers or an array with one per layer.
    pub fn per_layer(&self, key: &str, layer: usize) -> Option<u64> {
        match self.metadata.get(key)? {
            Value::Numbers(numbers) => numbers.get(layer).map(|n| *n as u64),
            _ => self.number(key),
        }
    }

    /// Length of an array, kept or skipped.
    pub fn length(&self, key: &str) -> Option<u64> {
        match self.metadata.get(key)? {
            Value::Numbers(numbers) => Some(numbers.len() as u64),
            Value::Skipped(length) => Some(*length),
            _ => None,
        }
    }

    /// Elements of all tensors.
    pub fn parameters(&self) -> u64 {
        self.tensors.iter().fold(0, |sum, t| sum.saturating_add(t.elements()))
    }
}

fn bound(what: &str, value: u64, most: u64) -> Result<(), GgufError> {
    if value > most {
        return Err(GgufError::Corrupt(format!("{what} {value} is beyond {most}")));
    }
    Ok(())
}

fn magic(input: &mut Input<impl Read>) -> Result<u32, GgufError> {
    let mut start = Vec::new();
    input.reader.by_ref().take(4).read_to_end(&mut start).map_err(GgufError::Io)?;
    input.position = start.len() as u64;
    if start.is_empty() {
        return Err(GgufError::Truncated("the header (it is empty)"));
    }
    if start != b"GGUF" {
        return Err(GgufError::NotGguf(format!("{:?}", start.escape_ascii().to_string())));
    }
    match input.u32("the header")? {
        version @ 2..=3 => Ok(version),
        version if matches!(version.swap_bytes(), 1..=3) => Err(GgufError::BigEndian),
        version => Err(GgufError::Version(version)),
    }
}

struct Input<R> {
    reader: BufReader<R>,
    position: u64,
    kept: u64,
}

impl<R: Read> Input<R> {
    fn fill(&mut self, buffer: &mut [u8], what: &'static str) -> Result<(), GgufError> {
        self.advance(buffer.len() as u64)?;
        self.reader.read_exact(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => GgufError::Truncated(what),
            _ => GgufError::Io(error),
        })
    }

    fn advance(&mut self, bytes: u64) -> Result<(), GgufError> {
        self.position = self.position.saturating_add(bytes);
        bound("header length", self.position, MAX_HEADER)
    }

    fn skip(&mut self, bytes: u64, what: &'static str) -> Result<(), GgufError> {
        self.advance(bytes)?;
        // A vocabulary is tens of thousands of short texts: most lie in the buffer.
        let mut left = bytes;
        while left > 0 {
            let there = match self.reader.fill_buf() {
                Ok(buffer) => buffer.len() as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(GgufError::Io(error)),
            };
            if there == 0 {
                return Err(GgufError::Truncated(what));
            }
            let taken = there.min(left);
            self.reader.consume(taken as usize);
            left -= taken;
        }
        Ok(())
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, GgufError> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes, what)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn u64(&mut self, what: &'static str) -> Result<u64, GgufError> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes, what)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn text(&mut self, what: &'static str, most: u64) -> Result<String, GgufError> {
        let length = self.u64(what)?;
        bound(what, length, most)?;
        bound("metadata kept", self.kept + length, MAX_KEPT)?;
        let mut bytes = vec![0; length as usize];
        self.fill(&mut bytes, what)?;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            // Each wrong byte becomes three.
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        self.kept += text.len() as u64;
        bound("metadata kept", self.kept, MAX_KEPT)?;
        Ok(text)
    }

    fn value(&mut self, kind: u32) -> Result<Value, GgufError> {
        const WHAT: &str = "the metadata";
        match kind {
            8 => Ok(Value::Text(self.text("a metadata text", MAX_TEXT)?)),
            9 => self.array(),
            _ => {
                let mut bytes = [0; 8];
                let width = scalar_width(kind)?;
                self.fill(&mut bytes[..width], WHAT)?;
                Ok(scalar(kind, bytes))
            }
        }
    }

    fn array(&mut self) -> Result<Value, GgufError> {
        const WHAT: &str = "a metadata array";
        let kind = self.u32(WHAT)?;
        let length = self.u64(WHAT)?;
        if kind == 8 {
            for _ in 0..length {
                let bytes = self.u64(WHAT)?;
                self.skip(bytes, WHAT)?;
            }
            return Ok(Value::Skipped(length));
        }
        let width = scalar_width(kind)?;
        if length > MAX_ARRAY {
            let bytes = length.checked_mul(width as u64);
            let bytes = bytes.ok_or_else(|| GgufError::Corrupt(format!("array of {length}")))?;
            self.skip(bytes, WHAT)?;
            return Ok(Value::Skipped(length));
        }
        self.kept += 8 * length;
        bound("metadata kept", self.kept, MAX_KEPT)?;
        let mut numbers = Vec::with_capacity(length as usize);
        for _ in 0..length {
            let mut bytes = [0; 8];
            self.fill(&mut bytes[..width], WHAT)?;
            numbers.push(match scalar(kind, bytes) {
                Value::Unsigned(n) => n as f64,
                Value::Signed(n) => n as f64,
                Value::Float(n) => n,
                Value::Bool(b) => b as u8 as f64,
                _ => 0.0,
            });
        }
        Ok(Value::Numbers(numbers))
    }

    fn tensor(&mut self) -> Result<TensorInfo, GgufError> {
        const WHAT: &str = "the tensor table";
        let name = self.text("a tensor name", MAX_NAME)?;
        let corrupt = |why: &str| GgufError::Corrupt(format!("tensor {name} {why}"));
        let n_dims = self.u32(WHAT)?;
        if !(1..=4).contains(&n_dims) {
            return Err(corrupt(&format!("has {n_dims} dimensions")));
        }
        let mut dims = Vec::with_capacity(4);
        for _ in 0..n_dims {
            dims.push(self.u64(WHAT)?);
        }
        let id = self.u32(WHAT)?;
        let offset = self.u64(WHAT)?;
        let kind = TensorType::by_id(id).ok_or_else(|| corrupt(&format!("has unknown type {id}")))?;
        let elements = dims.iter().try_fold(1u64, |product, n| product.checked_mul(*n));
        let bytes = elements.filter(|n| *n > 0).and_then(|n| kind.tensor_bytes(dims[0], n));
        let bytes = bytes.ok_or_else(|| corrupt(&format!("has impossible dimensions {dims:?}")))?;
        Ok(TensorInfo { name, dims, kind, offset, bytes })
    }
}

fn scalar_width(kind: u32) -> Result<usize, GgufError> {
    Ok(match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 => 8,
        _ => return Err(GgufError::Corrupt(format!("metadata type {kind}"))),
    })
}

/// `bytes` holds the value at its start, zero-filled.
fn scalar(kind: u32, bytes: [u8; 8]) -> Value {
    let raw = u64::from_le_bytes(bytes);
    match kind {
        1 => Value::Signed(raw as u8 as i8 as i64),
        3 => Value::Signed(raw as u16 as i16 as i64),
        5 => Value::Signed(raw as u32 as i32 as i64),
        11 => Value::Signed(raw as i64),
        6 => Value::Float(f32::from_bits(raw as u32) as f64),
        12 => Value::Float(f64::from_bits(raw)),
        7 => Value::Bool(raw != 0),
        _ => Value::Unsigned(raw),
    }
}

#[cfg(test)]
#[path = "gguf_tests.rs"]
mod tests;
