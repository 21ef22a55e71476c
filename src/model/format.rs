//! Formats of model files, told by their first bytes.

use std::fmt;

/// Format of a model's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GGUF, llama.cpp's own.
    Gguf,
    /// The tensors of Hugging Face's libraries; GPTQ and AWQ models come in it.
    Safetensors,
    /// A checkpoint of PyTorch, a zip archive of pickled objects.
    PyTorch,
}

/// Bytes that [`Format::of`] reads.
pub const START: usize = 9;

/// Most bytes of a safetensors header, as its own library allows.
const MOST: u64 = 100_000_000;

impl Format {
    /// Returns the format of a file that begins with `start`; `None` for any other file.
    pub fn of(start: &[u8]) -> Option<Format> {
        if start.starts_with(b"GGUF") {
            return Some(Format::Gguf);
        }
        if start.starts_with(b"PK\x03\x04") {
            return Some(Format::PyTorch);
        }
        // The header's length, 8 bytes, little-endian; then its JSON.
        let length = start.get(..8)?.try_into().map(u64::from_le_bytes).ok()?;
        (length <= MOST && start.get(8) == Some(&b'{')).then_some(Format::Safetensors)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(match self {
            Format::Gguf => "GGUF",
            Format::Safetensors => "safetensors",
            Format::PyTorch => "a PyTorch checkpoint",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_begins_as_its_format_does() {
        for (start, format) in [
            (&b"GGUF\x03\0\0\0\0"[..], Some(Format::Gguf)),
            (b"\x40\0\0\0\0\0\0\0{\"__metadata__\"", Some(Format::Safetensors)),
            (b"PK\x03\x04\0\0\x08\x08\0", Some(Format::PyTorch)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff{", None),
            (b"\x40\0\0\0\0\0\0\0[", None),
            (b"<!DOCTYPE html>", None),
            (b"PK", None),
            (b"", None),
        ] {
            assert_eq!(Format::of(start), format, "{start:?}");
        }
    }
}
