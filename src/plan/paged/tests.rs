use super::*;
use crate::engine::{self, kind::Engine, vllm::Vllm};
use crate::hardware::profiles;
use crate::model::safetensors::config::Config;
use crate::model::safetensors::header::Header;
use serde_json::{Value, json};

/// Dimensions of Qwen2.5 7B, whose tensors follow from them.
const LAYERS: u64 = 28;
const WIDTH: u64 = 3584;
const FF: u64 = 18944;
const ROWS: u64 = 152_064;
const KEYS: u64 = 4 * 128;

fn model(dtype: &str) -> Checkpoint {
    let config = json!({
        "architectures": ["Qwen2ForCausalLM"], "num_hidden_layers": LAYERS, "hidden_size": WIDTH,
        "intermediate_size": FF, "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": ROWS,
        "max_position_embeddings": 32768,
    });
    let config = Config::parse(config.to_string().as_bytes()).unwrap();
    let mut tensors = vec![
        ("model.embed_tokens.weight".to_string(), vec![ROWS, WIDTH]),
        ("lm_head.weight".to_string(), vec![ROWS, WIDTH]),
        ("model.norm.weight".to_string(), vec![WIDTH]),
    ];
    for layer in 0..LAYERS {
        for (name, shape) in [
            ("input_layernorm.weight", vec![WIDTH]),
            ("post_attention_layernorm.weight", vec![WIDTH]),
            ("self_attn.q_proj.weight", vec![WIDTH, WIDTH]),
            ("self_attn.q_proj.bias", vec![WIDTH]),
            ("self_attn.k_proj.weight", vec![KEYS, WIDTH]),
            ("self_attn.k_proj.bias", vec![KEYS]),
            ("self_attn.v_proj.weight", vec![KEYS, WIDTH]),
            ("self_attn.v_proj.bias", vec![KEYS]),
            ("self_attn.o_proj.weight", vec![WIDTH, WIDTH]),
            ("mlp.gate_proj.weight", vec![FF, WIDTH]),
            ("mlp.up_proj.weight", vec![FF, WIDTH]),
            ("mlp.down_proj.weight", vec![WIDTH, FF]),
        ] {
            tensors.push((format!("model.layers.{layer}.{name}"), shape));
        }
    }
    let (mut at, mut table) = (0, serde_json::Map::new());
    for (name, shape) in tensors {
        let end = at + 2 * shape.iter().product::<u64>();
        table.insert(name, json!({"dtype": dtype, "shape": shape, "data_offsets": [at, end]}));
        at = end;
    }
    let text = Value::Object(table).to_string();
    let bytes = [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let header = Header::read(bytes.as_slice(), None).unwrap();
    Checkpoint::of(config, &[("model.safetensors".to_string(), header)], None).unwrap().0
}

fn workload(n_ctx: u64, slots: u64) -> Workload {
    Workload {
        n_ctx,
        slots,
        kv_unified: false,
        kv_type_k: "f16".into(),
        kv_type_v: "f16".into(),
        flash_attn: true,
        batch: 2048,
        ubatch: 512,
    }
}

fn profile(id: &str) -> Profile {
    profiles::find(id).unwrap()
}

#[test]
fn a_ledger_is_weights_and_blocks_of_the_share_that_is_taken() {
    let (model, profile) = (model("BF16"), profile("gpu-24gb"));
    let placed = place(&model, &workload(8192, 2), &profile, None);
    let card = &placed.memory[1];
    // By hand: tables, norms, and of each layer attention with its biases and the feed-forward.
    let layer = 2 * WIDTH + 2 * WIDTH * WIDTH + WIDTH + 2 * (KEYS * WIDTH + KEYS) + 3 * FF * WIDTH;
    assert_eq!(card.weights_bytes, 2 * (2 * ROWS * WIDTH + WIDTH + LAYERS * layer));
    // 14.19 GiB, as its files have it.
    assert_eq!(card.weights_bytes, 15_231_233_024);
    let all = profile.gpus[0].vram_mib * MIB;
    assert!(placed.share <= 84 && placed.share > 75, "{}", placed.share);
    assert!(card.headroom_bytes as f64 >= COMFORT_FREE * all as f64, "{card:?}");
    assert_eq!(card.total_bytes, card.capacity_bytes - card.headroom_bytes as u64);
    // The sum has the engine's share, its process beside, and the graphs.
    let taken = all / 100 * placed.share;
    assert!(card.total_bytes >= taken + card.runtime_bytes + GRAPHS, "{card:?}");
    let of = OfCard::new(&model, &workload(8192, 2), 1);
    // 2 × 16 tokens × 28 layers × 4 heads × 128 × 2 bytes; each of two slots has 256 blocks, and one is empty.
    assert_eq!((of.block_bytes, of.needed), (2 * 16 * 28 * 4 * 128 * 2, 513));
    assert!(of.blocks(placed.share, all) >= of.needed);
    assert!(card.kv_bytes >= of.needed * of.block_bytes);
}

#[test]
fn a_share_is_never_more_than_there_is_and_a_model_that_does_not_fit_says_so() {
    let model = model("F16");
    for id in ["gpu-8gb", "gpu-24gb", "2xa100-nvlink"] {
        let profile = profile(id);
        for (n_ctx, slots) in [(2048, 1), (8192, 2), (65536, 2), (262_144, 8)] {
            let placed = place(&model, &workload(n_ctx, slots), &profile, None);
            let cards = profile.gpus.len() as u64;
            let of = OfCard::new(&model, &workload(n_ctx, slots), cards);
            let all = profile.gpus[0].vram_mib * MIB;
            let fits = of.blocks(placed.share, all) >= of.needed;
            for (card, gpu) in placed.memory[1..].iter().zip(&profile.gpus) {
                let beside = gpu.cuda_context_mib * MIB + GRAPHS;
                assert!(all * placed.share / 100 + beside <= gpu.vram_mib * MIB, "{id} {n_ctx}: {placed:?}");
                assert_eq!(card.headroom_bytes >= 0, fits, "{id} {n_ctx} {slots}: {card:?}");
            }
        }
    }
    let small = place(&model, &workload(8192, 2), &profile("gpu-8gb"), None);
    assert!(small.memory[1].headroom_bytes < 0);
    let shared = place(&model, &workload(8192, 2), &profile("2xa100-nvlink"), None);
    let halves = shared.memory[1].weights_bytes * 2;
    assert!(halves > 15_231_233_024 && halves < 15_231_233_024 + (1 << 20), "norms are on both");
}

#[test]
fn a_card_that_others_use_too_gets_a_smaller_share_of_all_its_memory() {
    let model = model("F16");
    let mut host = profile("gpu-24gb");
    host.found = Some(crate::hardware::profiles::FoundCpu {
        class: crate::hardware::cpus::CpuClass::sold_with(crate::processor::Processor::Aarch64).unwrap(),
        threads: 8,
        numa_nodes: 1,
        hidden: false,
        measured: false,
        keeps: false,
    });
    let all = host.gpus[0].vram_mib * MIB;
    host.gpus[0].vram_mib -= 4096;
    let known = RuntimeHost { card_bytes: Some(all), ..RuntimeHost::default() };
    let placed = place(&model, &workload(8192, 2), &host, Some(&known));
    let free = host.gpus[0].vram_mib * MIB;
    assert!(all * placed.share / 100 + GRAPHS + host.gpus[0].cuda_context_mib * MIB <= free, "{placed:?}");
}

#[test]
fn machines_whose_cards_do_not_serve_it_are_refused_with_the_reason() {
    let container = Vllm.container().unwrap();
    assert!(engine::all().iter().any(|engine| engine.container().is_some()));
    let (plain, bf16) = (model("F16"), model("BF16"));
    let with = |change: &dyn Fn(&mut Profile)| {
        let mut profile = profile("gpu-24gb");
        change(&mut profile);
        profile
    };
    use crate::hardware::generation::Generation;
    for (model, profile, why) in [
        (&plain, profile("cpu-vps-32gb"), Some("no graphics card")),
        (&plain, profile("gpu-24gb"), None),
        (&plain, with(&|p| p.gpus[0].vendor = Vendor::Amd), Some("not NVIDIA's")),
        (&plain, with(&|p| p.gpus[0].generation = Generation::Volta), Some("7.0, and 7.5 or later")),
        (&plain, with(&|p| p.gpus[0].generation = Generation::Turing), None),
        (&bf16, with(&|p| p.gpus[0].generation = Generation::Turing), Some("7.5, and 8.0 or later")),
        (&bf16, with(&|p| p.gpus = vec![p.gpus[0].clone(); 3]), Some("28 attention heads cannot be shared")),
        (&bf16, with(&|p| p.gpus = vec![p.gpus[0].clone(); 4]), None),
    ] {
        let said = refusal(model, &profile, container);
        assert_eq!(said.is_some(), why.is_some(), "{said:?} {why:?}");
        assert!(said.unwrap_or_default().contains(why.unwrap_or_default()), "{why:?}");
    }
}
