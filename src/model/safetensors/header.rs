//! The header of a safetensors file: 8 bytes of its length, little-endian, then JSON with the type, shape and place of
//! each tensor; the tensors' bytes follow. Format: <https://github.com/huggingface/safetensors>, README, "Format".
//!
//! Read without the file's data, which the kept crate `safetensors` asks for, and with two tensors of one name refused,
//! of which it takes the last.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Read};

/// Most bytes of a header, as its own library allows.
pub const MOST: u64 = 100_000_000;
/// Bytes of the length before it.
pub const LENGTH: u64 = 8;
/// Most tensors believed; the largest published models have about 100 000 in all their files.
const MAX_TENSORS: usize = 1 << 18;
/// Longest name of a tensor, bytes.
const MAX_NAME: usize = 512;
/// Most dimensions of a tensor.
const MAX_DIMS: usize = 8;

/// Reasons why a header cannot be read. A command that was given such a file ends with exit code 1.
#[derive(Debug, thiserror::Error)]
pub enum SafetensorsError {
    /// The length is none that a header has.
    #[error("not a safetensors file: its header would have {0} bytes, and {MOST} is the most")]
    TooLong(u64),
    /// The file ends before the part that is named here.
    #[error("the file ends in the middle of {0}: it is truncated or still downloading")]
    Truncated(&'static str),
    /// The header is no JSON of the format.
    #[error("corrupt header: {0}")]
    Json(#[source] serde_json::Error),
    /// A name is there twice.
    #[error("corrupt header: the tensor {0:?} is there twice")]
    Duplicate(String),
    /// A count, length or size is beyond its bound or contradicts another; the sentence says which.
    #[error("corrupt header: {0}")]
    Corrupt(String),
    /// A type that this version does not know.
    #[error("the tensor {name:?} is of the type {dtype:?}, which is not known")]
    Type {
        /// Name of the tensor.
        name: String,
        /// Type as the file spells it.
        dtype: String,
    },
    /// The tensors end elsewhere than the file.
    #[error("the tensors end at byte {end} but the file has {size}: it is truncated or still downloading")]
    Size {
        /// Byte of the file at which the last tensor ends.
        end: u64,
        /// Size of the file, bytes.
        size: u64,
    },
    /// Reading failed for another reason than the end of the file.
    #[error("reading the file")]
    Io(#[source] io::Error),
}

/// Type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dtype {
    /// Name as files spell it.
    pub name: &'static str,
    /// Bits of an element.
    pub bits: u64,
}

/// Types by their names, as safetensors 0.7 has them.
const TYPES: [Dtype; 21] = [
    Dtype { name: "BF16", bits: 16 },
    Dtype { name: "BOOL", bits: 8 },
    Dtype { name: "C64", bits: 64 },
    Dtype { name: "F16", bits: 16 },
    Dtype { name: "F32", bits: 32 },
    Dtype { name: "F4", bits: 4 },
    Dtype { name: "F64", bits: 64 },
    Dtype { name: "F6_E2M3", bits: 6 },
    Dtype { name: "F6_E3M2", bits: 6 },
    Dtype { name: "F8_E4M3", bits: 8 },
    Dtype { name: "F8_E4M3FNUZ", bits: 8 },
    Dtype { name: "F8_E5M2", bits: 8 },
    Dtype { name: "F8_E5M2FNUZ", bits: 8 },
    Dtype { name: "F8_E8M0", bits: 8 },
    Dtype { name: "I16", bits: 16 },
    Dtype { name: "I32", bits: 32 },
    Dtype { name: "I64", bits: 64 },
    Dtype { name: "I8", bits: 8 },
    Dtype { name: "U16", bits: 16 },
    Dtype { name: "U32", bits: 32 },
    Dtype { name: "U8", bits: 8 },
];

impl Dtype {
    /// Returns the type of that name.
    pub fn by_name(name: &str) -> Option<Dtype> {
        TYPES.into_iter().find(|dtype| dtype.name == name)
    }
}

/// One tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Name, `model.layers.7.self_attn.q_proj.weight`.
    pub name: String,
    /// Type of its elements.
    pub dtype: Dtype,
    /// Elements along each dimension, slowest first.
    pub shape: Vec<u64>,
    /// Size of its data, bytes.
    pub bytes: u64,
}

/// Table of a file's tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Tensors in the order of their data; no name is there twice.
    pub tensors: Vec<TensorInfo>,
    /// Bytes of the header with its length: the data begins there.
    pub data_offset: u64,
}

/// Reads the length of a header from a file's first bytes.
///
/// # Errors
/// There are fewer than [`LENGTH`], or it is beyond [`MOST`].
pub fn length(start: &[u8]) -> Result<u64, SafetensorsError> {
    let length = start.get(..LENGTH as usize).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let length = length.ok_or(SafetensorsError::Truncated("the header's length"))?;
    if length > MOST { Err(SafetensorsError::TooLong(length)) } else { Ok(length) }
}

impl Header {
    /// Reads a header. `file_size` in bytes, where known, is where the tensors must end.
    ///
    /// # Errors
    /// The header is not one of the format, or its tensors overlap, leave a gap or end elsewhere than the file.
    pub fn read(mut reader: impl Read, file_size: Option<u64>) -> Result<Header, SafetensorsError> {
        let mut start = Vec::new();
        (&mut reader).take(LENGTH).read_to_end(&mut start).map_err(SafetensorsError::Io)?;
        let length = length(&start)?;
        if file_size.is_some_and(|size| size < LENGTH + length) {
            return Err(SafetensorsError::Truncated("the header"));
        }
        let mut json = Vec::new();
        reader.take(length).read_to_end(&mut json).map_err(SafetensorsError::Io)?;
        if (json.len() as u64) < length {
            return Err(SafetensorsError::Truncated("the header"));
        }
        Header::parse(&json, file_size)
    }

    /// Reads the JSON of a header.
    fn parse(json: &[u8], file_size: Option<u64>) -> Result<Header, SafetensorsError> {
        let Table { entries, duplicate } = serde_json::from_slice(json).map_err(SafetensorsError::Json)?;
        if let Some(name) = duplicate {
            return Err(SafetensorsError::Duplicate(name));
        }
        let mut placed = entries.into_iter().map(placed).collect::<Result<Vec<_>, _>>()?;
        placed.sort_by_key(|(place, tensor)| (*place, tensor.bytes));
        let mut end = 0;
        for (place, tensor) in &placed {
            if *place != end {
                let how = if *place < end { "overlaps the one before it" } else { "leaves a gap before it" };
                return Err(corrupt(format!("the tensor {:?} {how}", tensor.name)));
            }
            end = place.checked_add(tensor.bytes).ok_or_else(|| beyond(&tensor.name))?;
        }
        let data_offset = LENGTH + json.len() as u64;
        let end =
            data_offset.checked_add(end).ok_or_else(|| corrupt("the tensors have no end".to_string()))?;
        match file_size.filter(|size| *size != end) {
            Some(size) => Err(SafetensorsError::Size { end, size }),
            None => {
                Ok(Header { tensors: placed.into_iter().map(|(_, tensor)| tensor).collect(), data_offset })
            }
        }
    }
}

/// A tensor with the place where its data begins.
fn placed((name, entry): (String, Entry)) -> Result<(u64, TensorInfo), SafetensorsError> {
    let Some(dtype) = Dtype::by_name(&entry.dtype) else {
        return Err(SafetensorsError::Type { name, dtype: entry.dtype });
    };
    let (from, to) = entry.data_offsets;
    let elements = entry.shape.iter().try_fold(1u64, |all, side| all.checked_mul(*side));
    let bits = elements.and_then(|elements| elements.checked_mul(dtype.bits)).ok_or_else(|| beyond(&name))?;
    let bytes =
        to.checked_sub(from).ok_or_else(|| corrupt(format!("the tensor {name:?} ends before it begins")))?;
    if !bits.is_multiple_of(8) || bits / 8 != bytes {
        let size = format!("the tensor {name:?} has {bytes} bytes, and its shape takes {bits} bits");
        return Err(corrupt(size));
    }
    Ok((from, TensorInfo { name, dtype, shape: entry.shape, bytes }))
}

fn corrupt(why: String) -> SafetensorsError {
    SafetensorsError::Corrupt(why)
}

fn beyond(name: &str) -> SafetensorsError {
    corrupt(format!("the tensor {name:?} is larger than any file"))
}

/// A tensor as the JSON has it.
#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// Every tensor, and a name that is there twice.
struct Table {
    entries: Vec<(String, Entry)>,
    duplicate: Option<String>,
}

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Table, D::Error> {
        from.deserialize_map(OfTable)
    }
}

struct OfTable;

impl<'de> Visitor<'de> for OfTable {
    type Value = Table;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a table of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table, A::Error> {
        use serde::de::Error;
        let (mut entries, mut names) = (Vec::new(), BTreeSet::new());
        let mut duplicate = None;
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                duplicate = duplicate.or(Some(name.chars().take(MAX_NAME).collect()));
            }
            if name == "__metadata__" {
                map.next_value::<BTreeMap<String, String>>()?;
                continue;
            }
            if name.len() > MAX_NAME || entries.len() == MAX_TENSORS {
                let why = format!("more than {MAX_TENSORS} tensors, or a name of more than {MAX_NAME} bytes");
                return Err(A::Error::custom(why));
            }
            let entry: Entry = map.next_value()?;
            if entry.shape.len() > MAX_DIMS {
                return Err(A::Error::custom(format!("{name:?} has more than {MAX_DIMS} dimensions")));
            }
            entries.push((name, entry));
        }
        Ok(Table { entries, duplicate })
    }
}
