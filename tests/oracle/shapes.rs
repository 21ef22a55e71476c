// Models of other architectures than the registry's, as header-only GGUF files: what examples/
// reference_gguf.rs writes for llama-fit-params, and what the planner's tests read back.
//
// The dimensions are those of published models (their config.json on the publisher's page), with
// few layers where the whole would only repeat them.

use gguf_write::{Field, Tensor, header, padded};
use tensor_type::TensorType;

/// Dimensions of a reference model; zero where it has none.
#[derive(Clone, Copy, Default)]
pub struct Reference {
    pub name: &'static str,
    pub arch: &'static str,
    pub layers: u64,
    pub embd: u64,
    pub ff: u64,
    pub vocab: u64,
    pub heads: u64,
    pub heads_kv: u64,
    pub head_dim: u64,
    pub ctx: u64,
    pub experts: u64,
    pub used: u64,
    pub expert_ff: u64,
    /// Feed-forward of all shared experts.
    pub shared_ff: u64,
    pub dense_lead: u64,
    pub window: u64,
    pub tied: bool,
    pub qkv_bias: bool,
    pub qk_norm: bool,
    /// Rank of the query, of the joint key, elements with a position, head's key and value.
    pub latent: Option<[u64; 5]>,
}

const NONE: Reference = Reference {
    name: "",
    arch: "",
    layers: 0,
    embd: 0,
    ff: 0,
    vocab: 0,
    heads: 0,
    heads_kv: 0,
    head_dim: 0,
    ctx: 32768,
    experts: 0,
    used: 0,
    expert_ff: 0,
    shared_ff: 0,
    dense_lead: 0,
    window: 0,
    tied: false,
    qkv_bias: false,
    qk_norm: false,
    latent: None,
};

#[rustfmt::skip]
pub const ALL: &[Reference] = &[
    Reference { name: "llama-3.2-1b", arch: "llama", layers: 16, embd: 2048, ff: 8192, vocab: 128256, heads: 32, heads_kv: 8, head_dim: 64, ctx: 131072, tied: true, ..NONE },
    Reference { name: "mixtral-8x7b", arch: "llama", layers: 32, embd: 4096, ff: 14336, vocab: 32000, heads: 32, heads_kv: 8, head_dim: 128, experts: 8, used: 2, ..NONE },
    Reference { name: "qwen2.5-0.5b", arch: "qwen2", layers: 24, embd: 896, ff: 4864, vocab: 151936, heads: 14, heads_kv: 2, head_dim: 64, tied: true, qkv_bias: true, ..NONE },
    Reference { name: "qwen2.5-7b", arch: "qwen2", layers: 28, embd: 3584, ff: 18944, vocab: 152064, heads: 28, heads_kv: 4, head_dim: 128, qkv_bias: true, ..NONE },
    Reference { name: "qwen3-4b", arch: "qwen3", layers: 36, embd: 2560, ff: 9728, vocab: 151936, heads: 32, heads_kv: 8, head_dim: 128, tied: true, qk_norm: true, ..NONE },
    Reference { name: "qwen3-30b-a3b", arch: "qwen3moe", layers: 48, embd: 2048, ff: 6144, vocab: 151936, heads: 32, heads_kv: 4, head_dim: 128, experts: 128, used: 8, expert_ff: 768, qk_norm: true, ..NONE },
    Reference { name: "qwen1.5-moe-a2.7b", arch: "qwen2moe", layers: 24, embd: 2048, ff: 5632, vocab: 151936, heads: 16, heads_kv: 16, head_dim: 128, experts: 60, used: 4, expert_ff: 1408, shared_ff: 5632, qkv_bias: true, ..NONE },
    Reference { name: "olmoe-1b-7b", arch: "olmoe", layers: 16, embd: 2048, ff: 1024, vocab: 50304, heads: 16, heads_kv: 16, head_dim: 128, ctx: 4096, experts: 64, used: 8, qk_norm: true, ..NONE },
    Reference { name: "gemma-2b", arch: "gemma", layers: 18, embd: 2048, ff: 16384, vocab: 256000, heads: 8, heads_kv: 1, head_dim: 256, ctx: 8192, tied: true, ..NONE },
    Reference { name: "gemma-2-9b", arch: "gemma2", layers: 42, embd: 3584, ff: 14336, vocab: 256000, heads: 16, heads_kv: 8, head_dim: 256, ctx: 8192, window: 4096, tied: true, ..NONE },
    Reference { name: "gemma-3-4b", arch: "gemma3", layers: 34, embd: 2560, ff: 10240, vocab: 262208, heads: 8, heads_kv: 4, head_dim: 256, ctx: 131072, window: 1024, tied: true, qk_norm: true, ..NONE },
    Reference { name: "gpt-oss-20b", arch: "gpt-oss", layers: 24, embd: 2880, ff: 2880, vocab: 201088, heads: 64, heads_kv: 8, head_dim: 64, ctx: 131072, experts: 32, used: 4, expert_ff: 2880, window: 128, qkv_bias: true, ..NONE },
    Reference { name: "phi-3-mini-4k", arch: "phi3", layers: 32, embd: 3072, ff: 8192, vocab: 32064, heads: 32, heads_kv: 32, head_dim: 96, ctx: 4096, ..NONE },
    Reference { name: "deepseek-v2-lite", arch: "deepseek2", layers: 27, embd: 2048, ff: 10944, vocab: 102400, heads: 16, heads_kv: 1, head_dim: 576, experts: 64, used: 6, expert_ff: 1408, shared_ff: 2816, dense_lead: 1, latent: Some([0, 512, 64, 192, 128]), ..NONE },
    Reference { name: "deepseek-v2-short", arch: "deepseek2", layers: 8, embd: 5120, ff: 12288, vocab: 102400, heads: 128, heads_kv: 1, head_dim: 576, experts: 160, used: 6, expert_ff: 1536, shared_ff: 3072, dense_lead: 1, latent: Some([1536, 512, 64, 192, 128]), ..NONE },
];

/// The header of a model of the registry and the size of its whole file; `None` for one that has more settings than
/// are written here.
pub fn of_registry(d: &dimensions::Dimensions, quant: &str) -> Option<(Vec<u8>, u64)> {
    let plain = d.experts.is_none() && d.latent.is_none() && d.state.is_none() && d.gemma.is_none();
    if !plain || d.window.is_some() || d.head_dim() * d.n_head != d.n_embd {
        return None;
    }
    let tensors = d.tensors(quant)?.into_iter();
    let tensors: Vec<Tensor> = tensors.map(|t| Tensor { name: t.name, dims: t.dims, kind: t.kind }).collect();
    let arch = d.architecture.as_str();
    let (rope, epsilon) = match arch {
        "phi2" => (32, "attention.layer_norm_epsilon"),
        _ => (d.n_embd / d.n_head, "attention.layer_norm_rms_epsilon"),
    };
    let mut fields = vec![
        ("general.architecture".to_string(), Field::Text(arch)),
        ("general.file_type".to_string(), Field::U32(1)),
        (format!("{arch}.{epsilon}"), Field::F32(1e-5)),
    ];
    fields.extend(tokenizer(d.n_vocab));
    let numbers = [
        ("context_length", d.n_ctx_train),
        ("embedding_length", d.n_embd),
        ("block_count", d.n_layer),
        ("feed_forward_length", d.n_ff),
        ("attention.head_count", d.n_head),
        ("attention.head_count_kv", d.n_head_kv),
        ("rope.dimension_count", rope),
        ("vocab_size", d.n_vocab),
    ];
    fields.extend(numbers.map(|(key, n)| (format!("{arch}.{key}"), Field::U32(n as u32))));
    Some(whole(&fields, &tensors))
}

fn tokenizer(vocab: u64) -> Vec<(String, Field<'static>)> {
    let mut tokens: Vec<String> = ["<unk>", "<s>", "</s>"].map(String::from).into();
    tokens.extend((0..256).map(|byte| format!("<0x{byte:02X}>")));
    tokens.extend((259..vocab).map(|n| format!("<t{n}>")));
    let mut kinds = vec![1; vocab as usize];
    kinds[3..259].fill(6);
    vec![
        ("tokenizer.ggml.model".to_string(), Field::Text("llama")),
        ("tokenizer.ggml.tokens".to_string(), Field::Texts(tokens)),
        ("tokenizer.ggml.scores".to_string(), Field::Floats(vec![0.0; vocab as usize])),
        ("tokenizer.ggml.token_type".to_string(), Field::Ints(kinds)),
        ("tokenizer.ggml.bos_token_id".to_string(), Field::U32(1)),
        ("tokenizer.ggml.eos_token_id".to_string(), Field::U32(2)),
    ]
}

fn whole(fields: &[(String, Field)], tensors: &[Tensor]) -> (Vec<u8>, u64) {
    let head = header(fields, tensors);
    let size = head.len() as u64 + tensors.iter().map(|t| padded(t.bytes())).sum::<u64>();
    (head, size)
}

/// The header and the size of the whole file; the weights are a hole.
pub fn file(r: &Reference) -> (Vec<u8>, u64) {
    whole(&fields(r), &tensors(r))
}

fn fields(r: &Reference) -> Vec<(String, Field<'static>)> {
    let own = |key: &str| format!("{}.{key}", r.arch);
    let value = r.latent.map_or(r.head_dim, |latent| latent[1]);
    let rope = r.latent.map_or(r.head_dim, |latent| latent[2]);
    let mut fields = vec![
        ("general.architecture".to_string(), Field::Text(r.arch)),
        ("general.file_type".to_string(), Field::U32(1)),
        (own("attention.layer_norm_rms_epsilon"), Field::F32(1e-6)),
    ];
    fields.extend(tokenizer(r.vocab));
    let mut number = |key: &str, n: u64| {
        if n > 0 {
            fields.push((own(key), Field::U32(n as u32)));
        }
    };
    number("context_length", r.ctx);
    number("embedding_length", r.embd);
    number("block_count", r.layers);
    number("feed_forward_length", r.ff);
    number("attention.head_count", r.heads);
    number("attention.head_count_kv", r.heads_kv);
    number("attention.key_length", r.head_dim);
    number("attention.value_length", value);
    number("rope.dimension_count", rope);
    number("vocab_size", r.vocab);
    number("expert_count", r.experts);
    number("expert_used_count", r.used);
    number("expert_feed_forward_length", r.expert_ff);
    number("attention.sliding_window", r.window);
    number("leading_dense_block_count", r.dense_lead);
    if let Some([q_rank, kv_rank, _, k, v]) = r.latent {
        number("attention.q_lora_rank", q_rank);
        number("attention.kv_lora_rank", kv_rank);
        number("attention.key_length_mla", k);
        number("attention.value_length_mla", v);
        number("expert_shared_count", 2);
    } else {
        number("expert_shared_feed_forward_length", r.shared_ff);
    }
    fields
}

fn tensors(r: &Reference) -> Vec<Tensor> {
    let mut out = Vec::new();
    let mut push = |name: String, dims: &[u64]| {
        let kind = if dims.len() == 1 || name.contains("gate_inp") { "F32" } else { "F16" };
        let kind = TensorType::by_name(kind).expect("ggml has these types");
        out.push(Tensor { name, dims: dims.to_vec(), kind });
    };
    push("token_embd.weight".into(), &[r.embd, r.vocab]);
    push("output_norm.weight".into(), &[r.embd]);
    if !r.tied {
        push("output.weight".into(), &[r.embd, r.vocab]);
    }
    for layer in 0..r.layers {
        let mut own = |name: &str, dims: &[u64]| push(format!("blk.{layer}.{name}"), dims);
        own("attn_norm.weight", &[r.embd]);
        attention(r, &mut own);
        own(if r.arch == "gpt-oss" { "post_attention_norm.weight" } else { "ffn_norm.weight" }, &[r.embd]);
        if matches!(r.arch, "gemma2" | "gemma3") {
            own("post_attention_norm.weight", &[r.embd]);
            own("post_ffw_norm.weight", &[r.embd]);
        }
        feed_forward(r, layer, &mut own);
    }
    out
}

fn attention(r: &Reference, own: &mut dyn FnMut(&str, &[u64])) {
    let (q, kv) = (r.heads * r.head_dim, r.heads_kv * r.head_dim);
    if let Some([q_rank, kv_rank, rope, k, v]) = r.latent {
        if q_rank > 0 {
            own("attn_q_a_norm.weight", &[q_rank]);
            own("attn_q_a.weight", &[r.embd, q_rank]);
            own("attn_q_b.weight", &[q_rank, r.heads * k]);
        } else {
            own("attn_q.weight", &[r.embd, r.heads * k]);
        }
        own("attn_kv_a_norm.weight", &[kv_rank]);
        own("attn_kv_a_mqa.weight", &[r.embd, kv_rank + rope]);
        own("attn_k_b.weight", &[k - rope, kv_rank, r.heads]);
        own("attn_v_b.weight", &[kv_rank, v, r.heads]);
        own("attn_output.weight", &[r.heads * v, r.embd]);
        return;
    }
    if r.arch == "phi3" {
        own("attn_qkv.weight", &[r.embd, q + 2 * kv]);
    } else {
        own("attn_q.weight", &[r.embd, q]);
        own("attn_k.weight", &[r.embd, kv]);
        own("attn_v.weight", &[r.embd, kv]);
    }
    own("attn_output.weight", &[q, r.embd]);
    if r.qkv_bias {
        own("attn_q.bias", &[q]);
        own("attn_k.bias", &[kv]);
        own("attn_v.bias", &[kv]);
    }
    if r.qk_norm {
        let all = r.arch == "olmoe";
        own("attn_q_norm.weight", &[if all { q } else { r.head_dim }]);
        own("attn_k_norm.weight", &[if all { kv } else { r.head_dim }]);
    }
    if r.arch == "gpt-oss" {
        own("attn_output.bias", &[r.embd]);
        own("attn_sinks.weight", &[r.heads]);
    }
}

fn feed_forward(r: &Reference, layer: u64, own: &mut dyn FnMut(&str, &[u64])) {
    if r.experts == 0 || layer < r.dense_lead {
        if r.arch == "phi3" {
            own("ffn_up.weight", &[r.embd, 2 * r.ff]);
        } else {
            own("ffn_gate.weight", &[r.embd, r.ff]);
            own("ffn_up.weight", &[r.embd, r.ff]);
        }
        own("ffn_down.weight", &[r.ff, r.embd]);
        return;
    }
    let width = if r.expert_ff > 0 { r.expert_ff } else { r.ff };
    own("ffn_gate_inp.weight", &[r.embd, r.experts]);
    own("ffn_gate_exps.weight", &[r.embd, width, r.experts]);
    own("ffn_up_exps.weight", &[r.embd, width, r.experts]);
    own("ffn_down_exps.weight", &[width, r.embd, r.experts]);
    if r.shared_ff > 0 {
        own("ffn_gate_shexp.weight", &[r.embd, r.shared_ff]);
        own("ffn_up_shexp.weight", &[r.embd, r.shared_ff]);
        own("ffn_down_shexp.weight", &[r.shared_ff, r.embd]);
    }
    match r.arch {
        "qwen2moe" => own("ffn_gate_inp_shexp.weight", &[r.embd]),
        "gpt-oss" => {
            own("ffn_gate_inp.bias", &[r.experts]);
            own("ffn_gate_exps.bias", &[width, r.experts]);
            own("ffn_up_exps.bias", &[width, r.experts]);
            own("ffn_down_exps.bias", &[r.embd, r.experts]);
        }
        _ => {}
    }
}
