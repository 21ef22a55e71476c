// Shapes of models that people run, with a few layers and a small vocabulary: no tensor is over 128 MiB, the most that
// Mesa's software device takes. tests/host_gpu.rs starts them, and tests/fixtures/llama-server has what was printed.

const SMALL: Reference =
    Reference { layers: 4, vocab: 16384, ctx: 4096, ..NONE };

#[rustfmt::skip]
pub const ON_A_CARD: &[Reference] = &[
    Reference { name: "llama", arch: "llama", embd: 2048, ff: 5632, heads: 32, heads_kv: 4, head_dim: 64, ..SMALL },
    Reference { name: "llama-mha", arch: "llama", embd: 2048, ff: 5632, heads: 16, heads_kv: 16, head_dim: 128, ..SMALL },
    Reference { name: "qwen2", arch: "qwen2", embd: 896, ff: 4864, heads: 14, heads_kv: 2, head_dim: 64, qkv_bias: true, ..SMALL },
    Reference { name: "qwen3", arch: "qwen3", embd: 1024, ff: 3072, heads: 16, heads_kv: 8, head_dim: 128, qk_norm: true, ..SMALL },
    Reference { name: "qwen3-wide", arch: "qwen3", embd: 2560, ff: 9728, heads: 32, heads_kv: 8, head_dim: 128, qk_norm: true, ..SMALL },
    Reference { name: "qwen3moe", arch: "qwen3moe", layers: 3, embd: 2048, ff: 6144, heads: 32, heads_kv: 4, head_dim: 128, experts: 16, used: 4, expert_ff: 768, qk_norm: true, ..SMALL },
    Reference { name: "mixtral", arch: "llama", layers: 3, embd: 1024, ff: 1792, heads: 16, heads_kv: 4, head_dim: 64, experts: 8, used: 2, ..SMALL },
];
