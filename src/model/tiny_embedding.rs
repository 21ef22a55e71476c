//! A tiny random `bert` that a real llama-server loads with `--embedding`: 2 layers, 512 pieces, vectors
//! of 128 numbers, about 1.5 MB. Its vectors mean nothing; they prove the road.

use super::dimensions::Dimensions;
use super::embedder::Pooling;
use super::gguf_write::{Field, Tensor, write};
use super::tiny::Random;
use std::io::{self, Write};

/// Numbers in one of its vectors.
pub const DIMENSIONS: u64 = 128;

/// Writes the model; the same `seed` gives the same bytes.
pub fn write_tiny_embedder(out: &mut impl Write, seed: u64) -> io::Result<()> {
    let dimensions = Dimensions {
        architecture: "bert".to_string(),
        n_layer: 2,
        n_embd: DIMENSIONS,
        n_ff: 256,
        n_vocab: 512,
        n_head: 2,
        n_ctx_train: 256,
        n_token_types: Some(1),
        ..Dimensions::default()
    };
    let mut random = Random::new(seed);
    let tensors = dimensions.tensors("F32").expect("F32 is a ggml type").into_iter();
    let tensors = tensors.map(|t| Tensor { name: t.name, dims: t.dims, kind: t.kind });
    let tensors: Vec<Tensor> = tensors.collect();
    write(out, &fields(&dimensions, Pooling::Mean, 0), &tensors, |tensor| {
        let norm = tensor.name.contains("norm.weight");
        let count = tensor.dims.iter().product::<u64>();
        (0..count).flat_map(|_| (if norm { 1.0 } else { random.next() * 0.1 }).to_le_bytes()).collect()
    })
}

/// Metadata of a BERT that llama.cpp loads, with a tokenizer of made-up pieces. `file_type` is
/// llama.cpp's number of a quantisation.
pub fn fields(d: &Dimensions, pooling: Pooling, file_type: u32) -> Vec<(String, Field<'static>)> {
    let mut tokens: Vec<String> = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(String::from).into();
    // Letters at a word's beginning and inside it.
    tokens.extend(('a'..='z').map(|letter| format!("▁{letter}")));
    tokens.extend(('a'..='z').map(String::from));
    tokens.extend((tokens.len() as u64..d.n_vocab).map(|n| format!("▁w{n}")));
    let mut kinds = vec![1; tokens.len()];
    kinds[..5].fill(3);
    let own = |key: &str| format!("{}.{key}", d.architecture);
    let number = |key: &str, n: u64| (own(key), Field::U32(n as u32));
    let token = |key: &str, n: u32| (format!("tokenizer.ggml.{key}"), Field::U32(n));
    vec![
        ("general.architecture".to_string(), Field::Text("bert")),
        ("general.name".to_string(), Field::Text("tiny-random-embedder")),
        ("general.file_type".to_string(), Field::U32(file_type)),
        number("block_count", d.n_layer),
        number("embedding_length", d.n_embd),
        number("feed_forward_length", d.n_ff),
        number("attention.head_count", d.n_head),
        number("context_length", d.n_ctx_train),
        number("pooling_type", pooling as u64 + 1),
        (own("attention.layer_norm_epsilon"), Field::F32(1e-5)),
        (own("attention.causal"), Field::Bool(false)),
        ("tokenizer.ggml.model".to_string(), Field::Text("bert")),
        ("tokenizer.ggml.tokens".to_string(), Field::Texts(tokens)),
        ("tokenizer.ggml.token_type".to_string(), Field::Ints(kinds)),
        token("token_type_count", d.n_token_types.unwrap_or(0) as u32),
        token("padding_token_id", 0),
        token("unknown_token_id", 1),
        token("bos_token_id", 2),
        token("cls_token_id", 2),
        token("eos_token_id", 3),
        token("seperator_token_id", 3),
        token("mask_token_id", 4),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::embedder::Embedder;
    use crate::model::gguf::Header;

    #[test]
    fn it_reads_back_as_an_embedding_model() {
        let mut bytes = Vec::new();
        write_tiny_embedder(&mut bytes, 1).unwrap();
        let header = Header::read(bytes.as_slice(), Some(bytes.len() as u64)).unwrap();
        let embedder = Embedder::from_header(&header).unwrap();
        assert!(embedder.known && embedder.encoder && embedder.token_types && embedder.positions);
        assert_eq!((embedder.dimensions, embedder.pooling), (DIMENSIONS, Pooling::Mean));
        assert_eq!((embedder.shape.n_vocab, embedder.shape.head_dim), (512, 64));
        let mut other = Vec::new();
        write_tiny_embedder(&mut other, 2).unwrap();
        assert!(bytes.len() < 2 << 20 && bytes.len() == other.len() && bytes != other);
    }
}
