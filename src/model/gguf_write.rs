//! Writes GGUF v3 files. Used for the tiny model that proves a host, and for tests.

use super::tensor_type::TensorType;
use std::io::{self, Write};

/// Value of a metadata key, with its type in the file.
pub enum Field<'a> {
    /// An unsigned number of 32 bits.
    U32(u32),
    /// A floating-point number of 32 bits.
    F32(f32),
    /// A boolean.
    Bool(bool),
    /// A text.
    Text(&'a str),
    /// An array of texts.
    Texts(Vec<String>),
    /// An array of floating-point numbers of 32 bits.
    Floats(Vec<f32>),
    /// An array of signed numbers of 32 bits.
    Ints(Vec<i32>),
    /// An array of unsigned numbers of 64 bits.
    Longs(Vec<u64>),
}

/// A tensor to write: dimensions fastest first.
pub struct Tensor {
    /// Name, `blk.7.attn_q.weight`.
    pub name: String,
    /// Elements along each dimension, at least one dimension.
    pub dims: Vec<u64>,
    /// Type of its elements.
    pub kind: TensorType,
}

impl Tensor {
    /// Bytes of its data; zero when a row is not whole blocks.
    pub fn bytes(&self) -> u64 {
        self.kind.tensor_bytes(self.dims[0], self.dims.iter().product()).unwrap_or(0)
    }
}

const ALIGNMENT: u64 = 32;

/// Bytes of a tensor's data in the file, padding included.
pub fn padded(bytes: u64) -> u64 {
    bytes.next_multiple_of(ALIGNMENT)
}

/// Everything up to the data section, padded; the tensors follow in order, each [`padded`].
pub fn header(fields: &[(String, Field)], tensors: &[Tensor]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(b"GGUF");
    out.extend_from_slice(&3u32.to_le_bytes());
    out.extend_from_slice(&(tensors.len() as u64).to_le_bytes());
    out.extend_from_slice(&(fields.len() as u64).to_le_bytes());
    for (key, field) in fields {
        text(&mut out, key);
        value(&mut out, field);
    }
    let mut offset = 0;
    for tensor in tensors {
        text(&mut out, &tensor.name);
        out.extend_from_slice(&(tensor.dims.len() as u32).to_le_bytes());
        for dim in &tensor.dims {
            out.extend_from_slice(&dim.to_le_bytes());
        }
        out.extend_from_slice(&tensor.kind.id.to_le_bytes());
        out.extend_from_slice(&u64::to_le_bytes(offset));
        offset += padded(tensor.bytes());
    }
    out.resize(out.len().next_multiple_of(ALIGNMENT as usize), 0);
    out
}

/// Writes a whole file; `data` gives each tensor's bytes.
pub fn write(
    out: &mut impl Write,
    fields: &[(String, Field)],
    tensors: &[Tensor],
    mut data: impl FnMut(&Tensor) -> Vec<u8>,
) -> io::Result<()> {
    out.write_all(&header(fields, tensors))?;
    for tensor in tensors {
        let mut bytes = data(tensor);
        bytes.resize(padded(tensor.bytes()) as usize, 0);
        out.write_all(&bytes)?;
    }
    Ok(())
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn array(out: &mut Vec<u8>, kind: u32, length: usize) {
    out.extend_from_slice(&9u32.to_le_bytes());
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&(length as u64).to_le_bytes());
}

fn value(out: &mut Vec<u8>, field: &Field) {
    let mut tagged = |kind: u32, bytes: &[u8]| {
        out.extend_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(bytes);
    };
    match field {
        Field::U32(n) => tagged(4, &n.to_le_bytes()),
        Field::F32(n) => tagged(6, &n.to_le_bytes()),
        Field::Bool(b) => tagged(7, &[*b as u8]),
        Field::Text(t) => {
            tagged(8, &[]);
            text(out, t);
        }
        Field::Texts(texts) => {
            array(out, 8, texts.len());
            texts.iter().for_each(|t| text(out, t));
        }
        Field::Floats(numbers) => {
            array(out, 6, numbers.len());
            numbers.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        }
        Field::Ints(numbers) => {
            array(out, 5, numbers.len());
            numbers.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        }
        Field::Longs(numbers) => {
            array(out, 10, numbers.len());
            numbers.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        }
    }
}
