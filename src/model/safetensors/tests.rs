use super::checkpoint::{Checkpoint, CheckpointError};
use super::config::{Config, ConfigError, Method};
use super::header::{Header, SafetensorsError};
use super::index::Index;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A file with this header and as many bytes of data.
fn file(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
}

fn read(header: &str, data: usize) -> Result<Header, SafetensorsError> {
    let bytes = file(header, data);
    Header::read(bytes.as_slice(), Some(bytes.len() as u64))
}

#[test]
fn a_header_is_read_in_the_order_of_its_data() {
    let text = r#"{"__metadata__":{"format":"pt"},
        "b":{"dtype":"F16","shape":[2,3],"data_offsets":[8,20]},
        "a":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},
        "none":{"dtype":"F32","shape":[0,7],"data_offsets":[20,20]},
        "scalar":{"dtype":"F8_E4M3","shape":[],"data_offsets":[20,21]}}"#;
    let header = read(text, 21).unwrap();
    let found: Vec<(&str, u64)> = header.tensors.iter().map(|t| (t.name.as_str(), t.bytes)).collect();
    assert_eq!(found, [("a", 8), ("b", 12), ("none", 0), ("scalar", 1)]);
    assert_eq!(header.data_offset, 8 + text.len() as u64);
}

#[test]
fn a_header_that_contradicts_itself_or_the_file_is_refused_with_the_reason() {
    let one =
        |entry: &str| format!(r#"{{"a":{{"dtype":"F16","shape":[2],"data_offsets":[0,4]}},"b":{entry}}}"#);
    let entry = |dtype: &str, shape: &str, from: u64, to: u64| {
        one(&format!(r#"{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{from},{to}]}}"#))
    };
    let deep = format!("{}{}", r#"{"a":"#.repeat(4000), "}".repeat(4000));
    let sides = format!("[{}]", ["1"; 9].join(","));
    for (text, why) in [
        (entry("F16", "[2]", 2, 6), "overlaps the one before it"),
        (entry("F16", "[2]", 6, 10), "leaves a gap before it"),
        (entry("F16", "[2]", 0, 4), "overlaps"),
        (entry("F16", "[3]", 4, 8), "has 4 bytes, and its shape takes 48 bits"),
        (entry("F4", "[3]", 4, 5), "its shape takes 12 bits"),
        (entry("Q4_K", "[2]", 4, 8), "is of the type \"Q4_K\", which is not known"),
        (entry("F16", "[18446744073709551615,2]", 4, 8), "is larger than any file"),
        (entry("F64", "[4611686018427387904]", 4, 8), "is larger than any file"),
        (entry("F16", "[2]", 8, 4), "ends before it begins"),
        (entry("F16", "[-1]", 4, 8), "corrupt header"),
        (entry("F16", "[1.5]", 4, 8), "corrupt header"),
        (entry("F16", &sides, 4, 6), "more than 8 dimensions"),
        (one(r#"{"dtype":"F16","shape":[2]}"#), "corrupt header"),
        (one(r#"{"dtype":"F16","dtype":"F32","shape":[2],"data_offsets":[4,8]}"#), "corrupt header"),
        (one(&format!("\"{}\"", "x".repeat(9))), "corrupt header"),
        (
            r#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"a":{"dtype":"F16","shape":[2],"data_offsets":[4,8]}}"#
                .to_string(),
            "the tensor \"a\" is there twice",
        ),
        (deep, "corrupt header"),
        ("[]".to_string(), "corrupt header"),
        ("{} {}".to_string(), "corrupt header"),
    ] {
        let said = read(&text, 8).unwrap_err();
        let said = format!("{:#}", anyhow::Error::from(said));
        assert!(said.contains(why), "{text:.80}: {said}");
    }
    let fine = entry("F16", "[2]", 4, 8);
    assert!(matches!(read(&fine, 7), Err(SafetensorsError::Size { .. })));
    assert!(matches!(read(&fine, 9), Err(SafetensorsError::Size { .. })));
    let bytes = file(&fine, 8);
    for cut in [0, 7, 8, 40] {
        assert!(matches!(Header::read(&bytes[..cut], None), Err(SafetensorsError::Truncated(_))), "{cut}");
    }
    for length in [100_000_001, u64::MAX] {
        assert!(matches!(Header::read(&length.to_le_bytes()[..], None), Err(SafetensorsError::TooLong(_))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_written_header_is_read_as_it_was(sides in prop::collection::vec((1u64..5, 1u64..7, 0usize..4), 1..9)) {
        let (mut at, mut table) = (0, serde_json::Map::new());
        for (number, (rows, columns, kind)) in sides.iter().enumerate() {
            let (name, bytes) = [("BF16", 2), ("F16", 2), ("I32", 4), ("U8", 1)][*kind];
            let end = at + rows * columns * bytes;
            table.insert(
                format!("t{number}"),
                json!({"dtype": name, "shape": [rows, columns], "data_offsets": [at, end]}),
            );
            at = end;
        }
        let text = Value::Object(table).to_string();
        let header = read(&text, at as usize).unwrap();
        prop_assert_eq!(header.tensors.len(), sides.len());
        prop_assert_eq!(header.tensors.iter().map(|tensor| tensor.bytes).sum::<u64>(), at);
    }

    #[test]
    fn no_bytes_crash_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0usize..200) {
        let _ = Header::read(bytes.as_slice(), Some(bytes.len() as u64));
        let mut fine = file(r#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#, 4);
        for (offset, byte) in bytes.iter().take(6).enumerate() {
            let place = (at + offset) % fine.len();
            fine[place] = *byte;
        }
        if let Ok(header) = Header::read(fine.as_slice(), Some(fine.len() as u64)) {
            let end = header.data_offset + header.tensors.iter().map(|tensor| tensor.bytes).sum::<u64>();
            prop_assert_eq!(end, fine.len() as u64);
        }
    }
}

#[test]
fn an_index_names_files_of_its_own_folder() {
    let index = Index::parse(
        br#"{"metadata":{"total_size":1},"weight_map":{"a":"m-1.safetensors","b":"m-1.safetensors"}}"#,
    );
    let of_file = BTreeSet::from(["a".to_string(), "b".to_string()]);
    assert_eq!(index.unwrap().0, BTreeMap::from([("m-1.safetensors".parse().unwrap(), of_file)]));
    for (text, why) in [
        (r#"{"weight_map":{"a":"../../etc/shadow.safetensors"}}"#, "slash"),
        (r#"{"weight_map":{"a":"weights.bin"}}"#, "no safetensors file"),
        (r#"{"weight_map":{}}"#, "names no file"),
        (r#"{"weight_map":[1]}"#, "expected"),
    ] {
        let said = Index::parse(text.as_bytes()).unwrap_err();
        assert!(said.contains(why), "{text}: {said}");
    }
}

fn config(change: impl Fn(&mut Value)) -> Result<Config, ConfigError> {
    let mut value = json!({
        "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 128,
        "num_attention_heads": 8, "num_key_value_heads": 2, "vocab_size": 100, "max_position_embeddings": 4096,
    });
    change(&mut value);
    Config::parse(value.to_string().as_bytes())
}

#[test]
fn a_config_gives_dimensions_and_quantisation() {
    let plain = config(|_| {}).unwrap();
    assert_eq!(
        (plain.dimensions.head_dim(), plain.dimensions.heads_kv(), plain.method),
        (8, 2, Method::Plain)
    );
    assert_eq!(plain.dimensions.architecture, "llama");
    let gptq = json!({"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": true});
    let gptq = config(|value| value["quantization_config"] = gptq.clone()).unwrap();
    assert_eq!(gptq.method, Method::Gptq { bits: 4, group: Some(128), act_order: true });
    let awq = json!({"quant_method": "awq", "w_bit": 4, "q_group_size": -1});
    let awq = config(|value| value["quantization_config"] = awq.clone()).unwrap();
    assert_eq!(awq.method, Method::Awq { bits: 4, group: None });
    let window = |used: bool| {
        let windowed = config(|value| {
            value["sliding_window"] = 512.into();
            value["use_sliding_window"] = used.into();
        });
        windowed.unwrap().dimensions.window
    };
    assert_eq!((window(true), window(false)), (Some(512), None));
    let experts = config(|value| {
        value["architectures"] = json!(["MixtralForCausalLM"]);
        value["num_local_experts"] = 8.into();
        value["num_experts_per_tok"] = 2.into();
    });
    let experts = experts.unwrap().dimensions.experts.unwrap();
    assert_eq!((experts.count, experts.used, experts.width), (8, 2, 128));
}

#[test]
fn a_config_that_is_not_known_or_not_possible_is_refused_by_its_key() {
    type Change = fn(&mut Value);
    let table: &[(Change, &str)] = &[
        (|value| value["architectures"] = json!(["MambaForCausalLM"]), "\"MambaForCausalLM\" is not one"),
        (|value| value["architectures"] = json!([]), "no architectures"),
        (|value| value["num_hidden_layers"] = 513.into(), "num_hidden_layers = 513, which no model has"),
        (|value| value["num_hidden_layers"] = 0.into(), "num_hidden_layers = 0"),
        (|value| value["hidden_size"] = "64".into(), "no hidden_size"),
        (|value| value["hidden_size"] = Value::Null, "no hidden_size"),
        (|value| value["vocab_size"] = u64::MAX.into(), "vocab_size"),
        (|value| value["num_key_value_heads"] = 9.into(), "num_key_value_heads = 9"),
        (
            |value| {
                value["quantization_config"] = json!({"quant_method": "fp8", "bits": 8, "group_size": -1})
            },
            "the quantisation fp8 of 8 bits is not one",
        ),
        (
            |value| {
                value["quantization_config"] = json!({"quant_method": "gptq", "bits": 3, "group_size": 128})
            },
            "gptq of 3 bits",
        ),
        (
            |value| {
                value["quantization_config"] = json!({"quant_method": "gptq", "bits": 4, "group_size": 0})
            },
            "group_size = 0",
        ),
        (
            |value| value["quantization_config"] = json!({"quant_method": "gptq"}),
            "no quantization_config.bits",
        ),
    ];
    for (change, why) in table {
        let said = config(change).unwrap_err().to_string();
        assert!(said.contains(why), "{said}");
    }
    assert!(matches!(Config::parse(b"<html>"), Err(ConfigError::Json(_))));
    assert!(matches!(Config::parse("[".repeat(100_000).as_bytes()), Err(ConfigError::Json(_))));
}

/// Tensors of a model as [`config`] describes it; `kind` gives a matrix of so many inputs and outputs as tensors.
fn header_of(kind: impl Fn(&str, u64, u64) -> Vec<(String, &'static str, Vec<u64>)>) -> Header {
    let mut tensors = vec![
        ("model.embed_tokens.weight".to_string(), "F16", vec![100, 64]),
        ("lm_head.weight".to_string(), "F16", vec![100, 64]),
        ("model.norm.weight".to_string(), "F16", vec![64]),
    ];
    for layer in 0..2 {
        let at = |name: &str| format!("model.layers.{layer}.{name}");
        for norm in ["input_layernorm", "post_attention_layernorm"] {
            tensors.push((at(&format!("{norm}.weight")), "F16", vec![64]));
        }
        for (name, inputs, outputs) in [
            ("self_attn.q_proj", 64, 64),
            ("self_attn.k_proj", 64, 16),
            ("self_attn.v_proj", 64, 16),
            ("self_attn.o_proj", 64, 64),
            ("mlp.gate_proj", 64, 128),
            ("mlp.up_proj", 64, 128),
            ("mlp.down_proj", 128, 64),
        ] {
            tensors.extend(kind(&at(name), inputs, outputs));
        }
    }
    let (mut at, mut table) = (0, serde_json::Map::new());
    for (name, dtype, shape) in tensors {
        let end = at + shape.iter().product::<u64>() * if dtype == "I32" { 4 } else { 2 };
        table.insert(name, json!({"dtype": dtype, "shape": shape, "data_offsets": [at, end]}));
        at = end;
    }
    let text = Value::Object(table).to_string();
    let bytes = [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    Header::read(bytes.as_slice(), None).unwrap()
}

fn plain() -> Header {
    header_of(|name, inputs, outputs| vec![(format!("{name}.weight"), "F16", vec![outputs, inputs])])
}

#[test]
fn cards_share_a_plain_model_by_heads_columns_and_padded_rows() {
    let headers = [("model.safetensors".to_string(), plain())];
    let (checkpoint, shape, weights) = Checkpoint::of(config(|_| {}).unwrap(), &headers, None).unwrap();
    // By hand, elements: tables 2 × 100 × 64, norms 5 × 64, a layer 64 × (64 + 16 + 16 + 64) + 3 × 64 × 128.
    let (norms, keys, rest) = (5 * 64, 2 * 64 * 32, 2 * (64 * 128 + 3 * 64 * 128));
    assert_eq!(weights.total_bytes, 2 * (2 * 100 * 64 + norms + keys + rest));
    assert_eq!((weights.quant.as_str(), weights.tied, weights.layer_bytes.len()), ("F16", false, 2));
    assert_eq!((shape.heads_kv(), shape.n_vocab), (2, 100));
    // The tables are padded to 128 rows, on one card too.
    assert_eq!(checkpoint.on_each(1).unwrap(), 2 * (2 * 128 * 64 + norms + keys + rest));
    assert_eq!(checkpoint.on_each(2).unwrap(), 2 * (2 * 64 * 64 + norms + keys / 2 + rest / 2));
    // Four cards have two heads of keys and values: each has one, so a half of them.
    assert_eq!(checkpoint.on_each(4).unwrap(), 2 * (2 * 32 * 64 + norms + keys / 2 + rest / 4));
    assert_eq!((checkpoint.heads_kv_on_each(2), checkpoint.heads_kv_on_each(4)), (1, 1));
    assert!(
        checkpoint.on_each(3).unwrap_err().contains("8 attention heads cannot be shared evenly by 3 cards")
    );
    assert!(checkpoint.on_each(16).is_err());
}

#[test]
fn cards_share_a_gptq_model_with_the_tables_of_its_groups() {
    let of = |act_order: bool| {
        let quantised = json!({"quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": act_order});
        let config = config(|value| value["quantization_config"] = quantised.clone()).unwrap();
        let header = header_of(|name, inputs, outputs| {
            vec![
                (format!("{name}.qweight"), "I32", vec![inputs / 8, outputs]),
                (format!("{name}.qzeros"), "I32", vec![inputs / 32, outputs / 8]),
                (format!("{name}.scales"), "F16", vec![inputs / 32, outputs]),
                (format!("{name}.g_idx"), "I32", vec![inputs]),
            ]
        });
        Checkpoint::of(config, &[("model.safetensors".to_string(), header)], None).unwrap()
    };
    let (checkpoint, _, weights) = of(false);
    assert_eq!(weights.quant, "GPTQ-4bit-g32");
    assert_eq!(crate::model::recipe::nominal_bits(&weights.quant), Some(4));
    // Parameters are those of the matrices, not of the numbers that they are packed in.
    assert_eq!(weights.parameters, 2 * 100 * 64 + 5 * 64 + 2 * (64 * 160 + 3 * 64 * 128));
    // Whole on each card: the order of the inputs of matrices that are cut by columns.
    let order = 4 * 2 * 5 * 64;
    let table = |rows: u64| 2 * 2 * rows * 64;
    let one = checkpoint.on_each(1).unwrap();
    assert_eq!(one, weights.total_bytes + table(28));
    let two = checkpoint.on_each(2).unwrap();
    let whole = 2 * 5 * 64 + order;
    assert_eq!(2 * (two - whole), one - whole);
    let (ordered, ..) = of(true);
    assert!(ordered.on_each(2).unwrap() > two, "each card has the scales of all rows");
    assert!(
        checkpoint
            .on_each(4)
            .unwrap_err()
            .contains("16 rows of a matrix on each of 4 cards are no groups of 32")
    );
}

#[test]
fn files_that_are_not_of_one_model_are_refused() {
    let headers = |names: &[&str]| -> Vec<(String, Header)> {
        names.iter().map(|name| (name.to_string(), plain())).collect()
    };
    let twice = Checkpoint::of(config(|_| {}).unwrap(), &headers(&["a", "b"]), None).unwrap_err();
    assert!(matches!(twice, CheckpointError::Twice(_)), "{twice}");
    let expected = BTreeMap::from([("a".to_string(), BTreeSet::from(["model.extra.weight".to_string()]))]);
    let missing = Checkpoint::of(config(|_| {}).unwrap(), &headers(&["a"]), Some(&expected)).unwrap_err();
    assert!(missing.to_string().contains("a has no tensor \"model.extra.weight\""), "{missing}");
    for (change, why) in [
        (("vocab_size", 101), "has 100 rows, and the vocabulary 101 tokens"),
        (("num_hidden_layers", 1), "a tensor of layer 1, and there are 1 layers"),
        (("num_hidden_layers", 3), "no tensor of layer 2"),
    ] {
        let config = config(|value| value[change.0] = change.1.into()).unwrap();
        let said = Checkpoint::of(config, &headers(&["a"]), None).unwrap_err().to_string();
        assert!(said.contains(why), "{said}");
    }
}
