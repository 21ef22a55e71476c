// Reads tests/oracle/models.toml and its like and writes the header-only GGUF files that it describes: shared by
// examples/reference_gguf.rs and the planner's tests, like shapes.rs.

/// A model that llama.cpp's tools were asked about.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    pub name: String,
    pub architecture: String,
    pub vocab: u64,
    /// Settings under the architecture's name; under their own with a leading `!`.
    keys: std::collections::BTreeMap<String, toml::Value>,
    tensors: Vec<String>,
    layers: Vec<Layers>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Layers {
    /// `0 2-5`.
    at: String,
    tensors: Vec<String>,
}

/// The models of tests/oracle/models.toml, newest.toml, every.toml and hybrids.toml, in that order.
pub fn written() -> Vec<Written> {
    FILES.iter().flat_map(|text| written_in(text)).collect()
}

pub const FILES: [&str; 4] = [
    include_str!("models.toml"),
    include_str!("newest.toml"),
    include_str!("every.toml"),
    include_str!("hybrids.toml"),
];

pub fn written_in(text: &str) -> Vec<Written> {
    #[derive(serde::Deserialize)]
    struct File {
        model: Vec<Written>,
    }
    toml::from_str::<File>(text).expect("the models read").model
}

/// The header of `m`, without a tokenizer, and the size of the whole file; the weights are a hole.
pub fn of_written(m: &Written) -> (Vec<u8>, u64) {
    let mut fields = vec![
        ("general.architecture".to_string(), Field::Text(&m.architecture)),
        ("general.file_type".to_string(), Field::U32(1)),
        ("tokenizer.ggml.model".to_string(), Field::Text("no_vocab")),
        (format!("{}.vocab_size", m.architecture), Field::U32(m.vocab as u32)),
    ];
    for (key, value) in m.keys.iter().filter(|(key, _)| *key != "vocab_size") {
        let field = if LONGS.contains(&key.as_str()) { longs(value) } else { setting(value) };
        let key = match key.strip_prefix('!') {
            Some(own) => own.to_string(),
            None => format!("{}.{key}", m.architecture),
        };
        fields.push((key, field));
    }
    let mut tensors: Vec<Tensor> = m.tensors.iter().map(|text| tensor("", text)).collect();
    for group in &m.layers {
        for at in group.at.split(' ') {
            let (first, last) = at.split_once('-').unwrap_or((at, at));
            let number = |text: &str| text.parse::<u64>().expect("a layer is a number");
            for layer in number(first)..=number(last) {
                tensors.extend(group.tensors.iter().map(|text| tensor(&format!("blk.{layer}."), text)));
            }
        }
    }
    whole(&fields, &tensors)
}

/// Settings that llama.cpp takes as numbers of 64 bits.
const LONGS: [&str; 3] = ["ple.layer_multipliers", "ple.head_offsets", "ple.head_vocab_sizes"];

fn longs(value: &toml::Value) -> Field<'static> {
    let number = |value: &toml::Value| value.as_integer().expect("a list of whole numbers") as u64;
    Field::Longs(value.as_array().expect("a list").iter().map(number).collect())
}

fn setting(value: &toml::Value) -> Field<'static> {
    let integer = |value: &toml::Value| match value {
        toml::Value::Boolean(flag) => *flag as i32,
        value => value.as_integer().expect("arrays are of one kind") as i32,
    };
    match value {
        toml::Value::Boolean(flag) => Field::Bool(*flag),
        toml::Value::Integer(number) => Field::U32(*number as u32),
        toml::Value::Float(number) => Field::F32(*number as f32),
        toml::Value::Array(values) if values[0].is_float() => {
            Field::Floats(values.iter().filter_map(toml::Value::as_float).map(|x| x as f32).collect())
        }
        toml::Value::Array(values) => Field::Ints(values.iter().map(integer).collect()),
        other => panic!("{other} is no setting"),
    }
}

fn tensor(layer: &str, text: &str) -> Tensor {
    /// Tensors of two dimensions that convert_hf_to_gguf.py keeps as floats of 32 bits.
    const FLOATS: [&str; 10] = [
        "gate_inp", "ssm_conv1d", "ssm_norm", "shortconv.conv", "time_mix_lerp", "time_mix_first",
        "time_mix_decay.", "channel_mix_lerp", "time_mix_w", "!",
    ];
    let (name, dims) = text.split_once(' ').expect("a name and dimensions");
    let dims: Vec<u64> = dims.split(' ').map(|n| n.parse().expect("a dimension is a number")).collect();
    let floats = dims.len() == 1 || FLOATS.iter().any(|part| name.contains(part));
    let whole = name.ends_with('!') || name.ends_with(".bias") || name.contains(".lora_");
    let suffix = if whole { "" } else { ".weight" };
    let kind = match name {
        "ffn_gate_tid2eid" => "I32",
        _ if floats => "F32",
        _ => "F16",
    };
    Tensor {
        name: format!("{layer}{}{suffix}", name.trim_end_matches('!')),
        dims,
        kind: TensorType::by_name(kind).expect("ggml has these types"),
    }
}
