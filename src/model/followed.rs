//! Architectures whose graph is followed, and how closely.

use super::keys::Keys;
use super::names::Names;

/// Architectures whose ledger is checked against llama.cpp (tests/oracle).
const CHECKED: &[&str] = &[
    "llama",
    "phi2",
    "phi3",
    "qwen2",
    "qwen2moe",
    "qwen3",
    "qwen3moe",
    "olmoe",
    "gemma",
    "gemma2",
    "gemma3",
    "gemma3n",
    "gemma4",
    "gpt-oss",
    "deepseek2",
    "falcon",
    "starcoder2",
    "command-r",
    "stablelm",
    "olmo",
    "olmo2",
    "gptneox",
    "exaone",
    "exaone4",
    "glm4",
    "internlm2",
    "baichuan",
    "smollm3",
    "seed_oss",
    "minicpm",
    "granite",
    "granitemoe",
    "granitehybrid",
    "phimoe",
    "dbrx",
    "ernie4_5",
    "ernie4_5-moe",
    "hunyuan-dense",
    "mistral3",
    "nemotron",
    "arcee",
    "orion",
    "apertus",
    "arwkv7",
    "qwen2vl",
    "bailingmoe",
    "jamba",
    "lfm2",
    "nemotron_h",
    "nemotron_h_moe",
    "qwen3next",
    "qwen35",
    "qwen35moe",
    "falcon-h1",
    "kimi-linear",
    "laguna",
    "deepseek32",
    "deepseek4",
    "deci",
    "openelm",
    "afmoe",
    "bailingmoe2",
    "bailingmoe3",
    "bitnet",
    "bloom",
    "chameleon",
    "chatglm",
    "codeshell",
    "cogvlm",
    "cohere2",
    "deepseek",
    "deepseek2-ocr",
    "dots1",
    "dots3note",
    "exaone-moe",
    "glm-dsa",
    "gpt2",
    "glm4moe",
    "glm5-next",
    "granite_swa",
    "graniteswitch",
    "grovemoe",
    "hrm_text",
    "hunyuan-moe",
    "hunyuan_vl",
    "hy_v3",
    "hy_v4",
    "jais",
    "jais2",
    "kimi-k3",
    "lfm2moe",
    "maincoder",
    "mamba",
    "mamba2",
    "maple",
    "mellum",
    "mimo2",
    "minicpm3",
    "minimax-01",
    "minimax-m2",
    "mistral4",
    "mpt",
    "muse-glimmer",
    "nanbeige",
    "paddleocr",
    "pangu-embedded",
    "plamo",
    "plamo2",
    "plamo3",
    "plm",
    "qwen3vl",
    "qwen3vlmoe",
    "qwen4exp",
    "refact",
    "rwkv6",
    "rwkv6qwen2",
    "rwkv7",
    "spark2_5",
    "starcoder",
    "step35",
    "xverse",
];

/// Hidden states of a batch, F32, that may lie in a compute buffer beside what the graph followed says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// On a host.
    pub slack: u64,
    /// On each device, where there are cards; `None` where the graph over cards is not followed.
    pub slack_on_cards: Option<u64>,
    /// llama-server reserves a batch of one sequence as well, however many slots there are: the decays of layers grow with the
    /// square of a sequence's tokens (`TAG_RESERVE_DIAG_DECAY` of llama-context.cpp). llama-fit-params counts without it.
    pub one_sequence: bool,
}

/// Architectures whose graph over cards was below a real scheduler's, by up to so many hidden states (tests/oracle/placements.py
/// on two cards, and with half of the layers on one). Those with [`LOOSE`] were too.
const BELOW_ON_CARDS: [&str; 11] = [
    "afmoe",
    "arwkv7",
    "bailingmoe3",
    "cogvlm",
    "deepseek4",
    "jamba",
    "kimi-k3",
    "minicpm3",
    "openelm",
    "plamo2",
    "rwkv6qwen2",
];
const STATES_ON_CARDS: u64 = 8;

/// Architectures with [`Followed::one_sequence`].
const ONE_SEQUENCE: [&str; 2] = ["kimi-linear", "minimax-01"];

/// Architectures whose graph is followed but for a few hidden states that llama.cpp keeps longer: so many are added.
const LOOSE: &[(&str, u64)] = &[
    ("arctic", 1),
    ("cohere2moe", 5),
    ("grok", 0),
    ("llama4", 1),
    ("qwen", 1),
    ("smallthinker", 1),
    ("talkie", 1),
];

/// Hidden states to add for a graph of this architecture; none where its graph is not followed.
fn looseness(architecture: &str) -> Option<u64> {
    let loose = LOOSE.iter().find(|(name, _)| *name == architecture).map(|(_, states)| *states);
    loose.or_else(|| CHECKED.contains(&architecture).then_some(0))
}

/// Architectures with layers that keep a state, whose graphs were compared.
const STATES: &[&str] = &[
    "arwkv7",
    "bailingmoe3",
    "falcon-h1",
    "glm5-next",
    "granitehybrid",
    "jamba",
    "kimi-k3",
    "kimi-linear",
    "mamba",
    "mamba2",
    "nemotron_h",
    "nemotron_h_moe",
    "plamo2",
    "qwen3next",
    "qwen35",
    "qwen35moe",
    "qwen4exp",
    "rwkv6",
    "rwkv6qwen2",
    "rwkv7",
];
/// And with sparse attention.
const SPARSE: &[&str] =
    &["deepseek32", "deepseek4", "dots3note", "glm-dsa", "glm5-next", "hy_v4", "qwen4exp"];

/// CUDA and Vulkan choose blocks and join streams of these sizes; the host does it for others, with copies to it and back.
fn chooses_on_cards(keys: &Keys) -> bool {
    let number = |key: &str| keys.optional(key).unwrap_or(0);
    matches!(number("attention.indexer.head_count"), 4 | 32 | 64)
        && number("attention.indexer.key_length") == 128
        && number("hyper_connection.count") == 4
}

/// How closely the graph is followed; `None` where it is not, as the architecture or one of its tensors is not known to be.
pub(super) fn followed(keys: &Keys, names: &Names) -> Option<Followed> {
    let architecture = keys.architecture;
    let strange = ["attn_q_a.bias", "cross_attn"];
    let states = ["ssm_", "time_mix"];
    let odd = |name: &&str| {
        strange.iter().any(|s| name.starts_with(s))
            || (states.iter().any(|s| name.starts_with(s)) && !STATES.contains(&architecture))
            || (name.starts_with("indexer.") && !SPARSE.contains(&architecture))
            || (*name == "per_layer_token_embd.weight"
                && !matches!(architecture, "gemma3n" | "gemma4" | "qwen4exp"))
            || *name == "ffn_norm_2.weight"
    };
    let slack = looseness(architecture).filter(|_| !names.all().any(|name| odd(&name)))?;
    let below = slack > 0 || BELOW_ON_CARDS.contains(&architecture);
    let on_cards = if below { slack.max(STATES_ON_CARDS) } else { slack };
    // A card that cannot read rows of the output's matrix leaves them to the host, which gets a copy.
    let guessed = match architecture {
        "codeshell" => !names.has("token_embd.weight"),
        "glm5-next" | "qwen4exp" => !chooses_on_cards(keys),
        _ => false,
    };
    let one_sequence = ONE_SEQUENCE.contains(&architecture);
    Some(Followed { slack, slack_on_cards: (!guessed).then_some(on_cards), one_sequence })
}
