//! A tiny random `llama` model that a real llama-server loads and serves: 2 layers, 512 tokens of
//! vocabulary, about 600 KB. It talks nonsense; it proves the road, not the answer.

use super::gguf_write::{Field, Tensor, write};
use super::tensor_type::TensorType;
use std::io::{self, Write};

const EMBD: u64 = 64;
const LAYERS: u64 = 2;
const HEADS: u64 = 4;
const HEADS_KV: u64 = 2;
const FF: u64 = 128;
const VOCAB: u64 = 512;
const CONTEXT: u32 = 2048;

/// Writes the model; the same `seed` gives the same bytes. With `chat_template`, it goes into the
/// metadata.
pub fn write_tiny(out: &mut impl Write, seed: u64, chat_template: Option<&str>) -> io::Result<()> {
    let mut random = Random::new(seed);
    write(out, &fields(chat_template), &tensors(), |tensor| {
        let ones = tensor.dims.len() == 1;
        let count = tensor.dims.iter().product::<u64>();
        (0..count).flat_map(|_| (if ones { 1.0 } else { random.next() * 0.1 }).to_le_bytes()).collect()
    })
}

pub(crate) fn fields(chat_template: Option<&str>) -> Vec<(String, Field<'_>)> {
    let mut tokens: Vec<String> = ["<unk>", "<s>", "</s>"].map(String::from).into();
    tokens.extend((0..256).map(|byte| format!("<0x{byte:02X}>")));
    tokens.extend((0..VOCAB - 259).map(|n| format!("▁w{n}")));
    let mut kinds = vec![2, 3, 3];
    kinds.extend([6; 256]);
    kinds.resize(VOCAB as usize, 1);
    let scores = (0..VOCAB).map(|n| -(n as f32)).collect();
    let mut fields = vec![
        ("general.architecture", Field::Text("llama")),
        ("general.name", Field::Text("tiny-random")),
        ("general.file_type", Field::U32(0)),
        ("llama.context_length", Field::U32(CONTEXT)),
        ("llama.embedding_length", Field::U32(EMBD as u32)),
        ("llama.block_count", Field::U32(LAYERS as u32)),
        ("llama.feed_forward_length", Field::U32(FF as u32)),
        ("llama.attention.head_count", Field::U32(HEADS as u32)),
        ("llama.attention.head_count_kv", Field::U32(HEADS_KV as u32)),
        ("llama.attention.layer_norm_rms_epsilon", Field::F32(1e-5)),
        ("llama.rope.dimension_count", Field::U32((EMBD / HEADS) as u32)),
        ("llama.vocab_size", Field::U32(VOCAB as u32)),
        ("tokenizer.ggml.model", Field::Text("llama")),
        ("tokenizer.ggml.tokens", Field::Texts(tokens)),
        ("tokenizer.ggml.scores", Field::Floats(scores)),
        ("tokenizer.ggml.token_type", Field::Ints(kinds)),
        ("tokenizer.ggml.bos_token_id", Field::U32(1)),
        ("tokenizer.ggml.eos_token_id", Field::U32(2)),
        ("tokenizer.ggml.unknown_token_id", Field::U32(0)),
    ];
    if let Some(template) = chat_template {
        fields.push(("tokenizer.chat_template", Field::Text(template)));
    }
    fields.into_iter().map(|(key, field)| (key.to_string(), field)).collect()
}

pub(crate) fn tensors() -> Vec<Tensor> {
    let kind = TensorType::by_name("F32").expect("F32 is a ggml type");
    let kv = EMBD / HEADS * HEADS_KV;
    let mut out = Vec::new();
    let mut push = |name: String, dims: &[u64]| out.push(Tensor { name, dims: dims.to_vec(), kind });
    push("token_embd.weight".into(), &[EMBD, VOCAB]);
    push("output_norm.weight".into(), &[EMBD]);
    push("output.weight".into(), &[EMBD, VOCAB]);
    for layer in 0..LAYERS {
        let parts: [(&str, &[u64]); 9] = [
            ("attn_norm", &[EMBD]),
            ("ffn_norm", &[EMBD]),
            ("attn_q", &[EMBD, EMBD]),
            ("attn_k", &[EMBD, kv]),
            ("attn_v", &[EMBD, kv]),
            ("attn_output", &[EMBD, EMBD]),
            ("ffn_gate", &[EMBD, FF]),
            ("ffn_up", &[EMBD, FF]),
            ("ffn_down", &[FF, EMBD]),
        ];
        parts.iter().for_each(|(part, dims)| push(format!("blk.{layer}.{part}.weight"), dims));
    }
    out
}

/// Enough randomness for weights (an LCG with Knuth's constants); in -0.5..0.5.
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(2) | 1)
    }

    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    }
}
