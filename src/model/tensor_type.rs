//! ggml's tensor types: how many elements one block holds and how many bytes it takes.
//!
//! Source: `GGMLQuantizationType` and `GGML_QUANT_SIZES` of the `gguf` Python package 0.19 and
//! ggml.h at b11434; ids that ggml removed are absent, and so refused.

/// One ggml type. `block` elements take `bytes` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorType {
    /// Number of the type in files and in ggml.
    pub id: u32,
    /// Name in upper case, `Q4_K`.
    pub name: &'static str,
    /// Elements of one block.
    pub block: u64,
    /// Bytes of one block.
    pub bytes: u64,
}

macro_rules! types {
    ($($id:literal $name:literal $block:literal $bytes:literal;)*) => {
        /// Every type of current ggml, by their numbers.
        pub const ALL: &[TensorType] = &[$(TensorType { id: $id, name: $name, block: $block, bytes: $bytes },)*];
    };
}

types! {
    0 "F32" 1 4;
    1 "F16" 1 2;
    2 "Q4_0" 32 18;
    3 "Q4_1" 32 20;
    6 "Q5_0" 32 22;
    7 "Q5_1" 32 24;
    8 "Q8_0" 32 34;
    9 "Q8_1" 32 36;
    10 "Q2_K" 256 84;
    11 "Q3_K" 256 110;
    12 "Q4_K" 256 144;
    13 "Q5_K" 256 176;
    14 "Q6_K" 256 210;
    15 "Q8_K" 256 292;
    16 "IQ2_XXS" 256 66;
    17 "IQ2_XS" 256 74;
    18 "IQ3_XXS" 256 98;
    19 "IQ1_S" 256 50;
    20 "IQ4_NL" 32 18;
    21 "IQ3_S" 256 110;
    22 "IQ2_S" 256 82;
    23 "IQ4_XS" 256 136;
    24 "I8" 1 1;
    25 "I16" 1 2;
    26 "I32" 1 4;
    27 "I64" 1 8;
    28 "F64" 1 8;
    29 "IQ1_M" 256 56;
    30 "BF16" 1 2;
    34 "TQ1_0" 256 54;
    35 "TQ2_0" 256 66;
    39 "MXFP4" 32 17;
    40 "NVFP4" 64 36;
    41 "Q1_0" 128 18;
}

/// The types by their numbers.
const BY_ID: [Option<TensorType>; 42] = {
    let mut by_id = [None; 42];
    let mut at = 0;
    while at < ALL.len() {
        by_id[ALL[at].id as usize] = Some(ALL[at]);
        at += 1;
    }
    by_id
};

impl TensorType {
    /// Returns the type of that number; `None` where ggml has none or removed it.
    pub fn by_id(id: u32) -> Option<TensorType> {
        BY_ID.get(id as usize).copied().flatten()
    }

    /// Case-insensitive: llama.cpp's flags spell them in lower case (`q8_0`).
    pub fn by_name(name: &str) -> Option<TensorType> {
        ALL.iter().copied().find(|t| t.name.eq_ignore_ascii_case(name))
    }

    /// Bytes of a tensor whose rows have `row` elements and which has `elements` in all. `None` when
    /// a row is not whole blocks (ggml refuses it) or the size does not fit 63 bits.
    pub fn tensor_bytes(self, row: u64, elements: u64) -> Option<u64> {
        if !row.is_multiple_of(self.block) {
            return None;
        }
        (elements / self.block).checked_mul(self.bytes).filter(|bytes| *bytes <= i64::MAX as u64)
    }

    /// Bytes of `elements` elements in whole blocks; for caches, whose rows are checked apart.
    pub fn bytes_of(self, elements: u64) -> u64 {
        // A division, as every block is a power of two: a plan does it for thousands of layers.
        (elements >> self.block.trailing_zeros()) * self.bytes
    }

    /// Types llama-server's `--cache-type-k/-v` takes at b11434.
    pub const CACHE: &'static [&'static str] =
        &["f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_the_blocks() {
        let q4_k = TensorType::by_name("q4_k").unwrap();
        assert_eq!(q4_k.tensor_bytes(256, 1024), Some(4 * 144));
        assert_eq!(q4_k.tensor_bytes(128, 1024), None);
        assert_eq!(TensorType::by_id(4), None, "Q4_2 was removed from ggml");
        assert_eq!(TensorType::by_id(u32::MAX), None);
        for kind in ALL {
            assert_eq!(TensorType::by_id(kind.id), Some(*kind));
            assert_eq!(
                kind.bytes_of(7 * 256 + 33),
                (7 * 256 + 33) / kind.block * kind.bytes,
                "{}",
                kind.name
            );
        }
        assert_eq!(TensorType::by_name("f64").unwrap().tensor_bytes(1, u64::MAX / 2), None);
    }

    #[test]
    fn every_cache_type_is_a_tensor_type() {
        assert!(TensorType::CACHE.iter().all(|name| TensorType::by_name(name).is_some()));
    }
}
