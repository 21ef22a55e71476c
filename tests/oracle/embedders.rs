// Embedding models that the ledger is checked for: dimensions of published ones (their config.json on
// the publisher's page), as header-only GGUF files that llama-server loads.

use dimensions::Dimensions;
use embedder::Pooling;
use gguf_write::{Tensor, header, padded};

/// Name, layers, width, feed-forward, vocabulary, heads, trained context, pooling.
type Row = (&'static str, u64, u64, u64, u64, u64, u64, Pooling);

#[rustfmt::skip]
pub const EMBEDDERS: &[Row] = &[
    ("bge-m3",                24, 1024, 4096, 250002, 16, 8192, Pooling::Cls),
    ("multilingual-e5-large", 24, 1024, 4096, 250002, 16,  512, Pooling::Mean),
    ("multilingual-e5-small", 12,  384, 1536, 250037, 12,  512, Pooling::Mean),
    ("bge-base-en-v1.5",      12,  768, 3072,  30522, 12,  512, Pooling::Cls),
    ("all-minilm-l6-v2",       6,  384, 1536,  30522, 12,  512, Pooling::Mean),
];

/// The header and the size of the whole file of the embedder called `name`; the weights are a hole.
pub fn embedder_file(name: &str, quant: &str) -> Option<(Vec<u8>, u64)> {
    let &(_, n_layer, n_embd, n_ff, n_vocab, n_head, n_ctx_train, pooling) =
        EMBEDDERS.iter().find(|row| row.0 == name)?;
    let architecture = "bert".to_string();
    let n_token_types = Some(1);
    let dimensions = Dimensions {
        architecture,
        n_layer,
        n_embd,
        n_ff,
        n_vocab,
        n_head,
        n_ctx_train,
        n_token_types,
        ..Dimensions::default()
    };
    let tensors = dimensions.tensors(quant)?.into_iter();
    let tensors: Vec<Tensor> = tensors.map(|t| Tensor { name: t.name, dims: t.dims, kind: t.kind }).collect();
    let file_type = if quant == "Q8_0" { 7 } else { 1 };
    let head = header(&tiny_embedding::fields(&dimensions, pooling, file_type), &tensors);
    let size = head.len() as u64 + tensors.iter().map(|t| padded(t.bytes())).sum::<u64>();
    Some((head, size))
}
