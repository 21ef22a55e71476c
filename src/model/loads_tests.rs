use super::*;
use crate::model::fits;
use crate::model::gguf_write::{self, Field, Tensor};
use crate::model::tensor_type::TensorType;
use crate::model::tiny;

/// The settings and tensors of a file, to be changed.
struct File {
    fields: Vec<(String, Field<'static>)>,
    tensors: Vec<Tensor>,
}

impl File {
    /// A model of two layers that llama-server loads.
    fn whole() -> File {
        File { fields: tiny::fields(None), tensors: tiny::tensors() }
    }

    /// A file of another kind, with nothing but these settings.
    fn of(fields: Vec<(&str, Field<'static>)>) -> File {
        let fields = fields.into_iter().map(|(key, field)| (key.to_string(), field)).collect();
        File { fields, tensors: vec![tensor("blk.0.attn_q.weight", vec![32, 32])] }
    }

    fn without(mut self, name: &str) -> File {
        self.fields.retain(|(key, _)| key != name);
        self.tensors.retain(|tensor| tensor.name != name);
        self
    }

    fn with(mut self, key: &str, field: Field<'static>) -> File {
        self = self.without(key);
        self.fields.push((key.to_string(), field));
        self
    }

    fn and(mut self, name: &str) -> File {
        self.tensors.push(tensor(name, vec![64]));
        self
    }

    fn shaped(mut self, name: &str, dims: &[u64]) -> File {
        let tensor = self.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap();
        tensor.dims = dims.to_vec();
        self
    }

    fn renamed(mut self, name: &str, new: &str) -> File {
        self.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap().name = new.to_string();
        self
    }

    fn refusal(&self) -> Option<Refusal> {
        let bytes = gguf_write::header(&self.fields, &self.tensors);
        refusal(&Header::read(&bytes[..], None).unwrap())
    }
}

fn tensor(name: &str, dims: Vec<u64>) -> Tensor {
    Tensor { name: name.to_string(), dims, kind: TensorType::by_name("F32").unwrap() }
}

#[test]
fn a_model_that_answers_is_not_refused() {
    assert_eq!(File::whole().refusal(), None);
    assert_eq!(File::whole().with("llama.pooling_type", Field::U32(0)).refusal(), None);
    let scaled = File::whole().and("blk.1.attn_q.scale").and("rope_freqs.weight");
    assert_eq!(scaled.refusal(), None);
}

/// llama-fit-params b11434 refuses each of these (asked on 28 November 2026).
#[test]
fn a_file_that_llama_cpp_does_not_load_is_refused_with_what_it_lacks() {
    let file = File::whole;
    let table = [
        (file().without("llama.context_length"), "no llama.context_length"),
        (file().without("llama.block_count"), "no llama.block_count"),
        (file().without("llama.embedding_length"), "no llama.embedding_length"),
        (file().without("llama.attention.head_count"), "no llama.attention.head_count"),
        (
            file().without("llama.attention.layer_norm_rms_epsilon"),
            "no llama.attention.layer_norm_rms_epsilon",
        ),
        (file().without("general.architecture"), "no general.architecture"),
        (file().without("general.architecture").with("split.no", Field::U32(1)), "wrong order"),
        (
            file().with("general.architecture", Field::Text("lla\u{1b}[31mma")),
            "architecture \"lla\\u{1b}[31mma\"",
        ),
        (file().without("tokenizer.ggml.model"), "no tokenizer"),
        (file().without("tokenizer.ggml.tokens"), "has no tokens"),
        (file().without("token_embd.weight"), "token_embd.weight is missing"),
        (file().without("output_norm.weight"), "output_norm is missing"),
        (file().without("blk.1.ffn_down.weight"), "blk.1.ffn_down.weight is missing"),
        (file().without("blk.1.ffn_up.weight"), "blk.1.ffn_up.weight is missing"),
        (file().without("blk.0.attn_k.weight"), "blk.0.attn_k.weight is missing"),
        (file().without("blk.1.attn_norm.weight"), "blk.1.attn_norm.weight is missing"),
        (file().without("blk.0.attn_output.weight"), "blk.0.attn_output.weight is missing"),
        (file().and("blk.2.attn_norm.weight"), "\"blk.2.attn_norm.weight\" is one too many"),
        (file().and("blk.1.extra.weight"), "\"blk.1.extra.weight\" is one too many"),
        (file().and("vision.patch.weight"), "\"vision.patch.weight\" is one too many"),
        (
            file().with("tokenizer.ggml.tokens", Field::Texts(vec!["a".into(); 511])),
            "512 rows for the tokenizer's 511",
        ),
        (file().with("llama.block_count", Field::U32(3)), "blk.2."),
    ];
    for (file, what) in table {
        let refusal = file.refusal().unwrap_or_else(|| panic!("nothing said, not {what}"));
        assert!(refusal.why.contains(what), "{what}: {}", refusal.why);
        assert!(!refusal.other_kind && refusal.hint.contains("convert_hf_to_gguf"), "{refusal:?}");
    }
}

/// llama-fit-params b11434 refuses each of these (asked on 29 November 2026).
#[test]
fn a_file_whose_tensors_and_settings_do_not_go_together_is_refused() {
    let file = File::whole;
    let set = |key: &str, value: u32| file().with(key, Field::U32(value));
    let table = [
        (file().shaped("blk.0.attn_q.weight", &[64, 128]), "\"blk.0.attn_q.weight\" has 64 x 128"),
        (file().shaped("blk.0.ffn_up.weight", &[64, 256]), "settings say 64 x 128"),
        (file().and("blk.0.attn_norm.bias"), "\"blk.0.attn_norm.bias\" is one too many"),
        (file().and("blk.0.ffn_gate_inp.weight"), "\"blk.0.ffn_gate_inp.weight\" is one too many"),
        (file().with("llama.attention.head_count_kv", Field::Ints(vec![2; 3])), "has 3 entries for 2 layers"),
        (file().with("llama.context_length", Field::Text("2048")), "is no whole number"),
        (
            file().with("llama.attention.layer_norm_rms_epsilon", Field::Text("x")),
            "no number with a fraction",
        ),
        (file().shaped("blk.1.attn_k.weight", &[64, 64]), "settings say 64 x 32"),
        (file().shaped("blk.1.attn_output.weight", &[32, 64]), "settings say 64 x 64"),
        (file().shaped("blk.0.ffn_down.weight", &[64, 128]), "settings say 128 x 64"),
        (
            file().shaped("blk.0.attn_norm.weight", &[128]),
            "has 128 elements, and the header's settings say 64",
        ),
        (file().shaped("token_embd.weight", &[128, 512]), "settings say 64 x 512"),
        (file().shaped("output.weight", &[64, 576]), "settings say 64 x 512"),
        (file().without("llama.feed_forward_length"), "settings say 64 x 0"),
        (file().without("llama.attention.head_count_kv"), "settings say 64 x 64"),
        (set("llama.attention.head_count", 0), "settings say 64 x 0"),
        (set("llama.attention.head_count_kv", 3), "settings say 64 x 48"),
        (set("llama.rope.dimension_count", 15), "dimension_count is 15, and a head has 16"),
        (set("llama.expert_count", 8), "expert_used_count is 0 of 8"),
        (set("llama.expert_count", 4).with("llama.expert_used_count", Field::U32(8)), "is 8 of 4 experts"),
        (set("llama.expert_used_count", 2), "is 2, and the model has no experts"),
        (file().renamed("blk.0.attn_q.weight", "blk.0.attn_q"), "\"blk.0.attn_q\" is one too many"),
        (file().renamed("blk.0.attn_q.weight", "blk.00.attn_q.weight"), "it is not named so"),
        (file().without("blk.0.ffn_gate.weight"), "blk.0.ffn_gate.weight is missing"),
    ];
    for (file, what) in table {
        let refusal = file.refusal().unwrap_or_else(|| panic!("nothing said, not {what}"));
        assert!(refusal.why.contains(what), "{what}: {}", refusal.why);
        assert!(!refusal.other_kind, "{refusal:?}");
    }
}

/// No file that is published, or that llama.cpp loaded when the oracle asked, is refused for its dimensions.
#[test]
fn dimensions_of_models_that_load_are_not_refused() {
    use crate::model::recipe::Mix;
    use crate::model::registry;
    let wrong = |header: &Header| {
        let architecture = header.text("general.architecture").unwrap();
        let keys = Keys { header, architecture };
        let Asked { attends, whole_rope, .. } = asked(architecture).unwrap();
        fits::settings(&keys, whole_rope).or_else(|| fits::wrong_tensor(&keys, attends))
    };
    let mut seen = 0;
    for model in registry::all().filter(|model| model.is_chat()) {
        seen += 1;
        assert_eq!(wrong(&model.dimensions.header(Mix::F16)), None, "{}", model.id);
    }
    for written in shapes::written() {
        seen += 1;
        let (head, size) = shapes::of_written(&written);
        let header = Header::read(&head[..], Some(size)).unwrap();
        assert_eq!(refusal(&header), None, "{}", written.name);
    }
    assert!(seen > 250, "{seen}");
}

/// llama-server b11434 refuses each of these (asked on 29 November 2026).
#[test]
fn a_bias_is_asked_for_apart_and_a_head_is_turned_whole() {
    let refused = |name: &str, edit: &dyn Fn(String) -> String| {
        let text =
            shapes::FILES[2].split("[[model]]").find(|text| text.contains(&format!("name = \"{name}\"\n")));
        let text = edit(format!("[[model]]{}", text.unwrap()));
        let (head, size) = shapes::of_written(&shapes::written_in(&text)[0]);
        refusal(&Header::read(&head[..], Some(size)).unwrap()).map_or(String::new(), |refusal| refusal.why)
    };
    assert_eq!(refused("stablelm", &|text| text), "");
    for (name, part, other, what) in [
        ("stablelm", "\"attn_norm 2048\", ", "", "tensor attn_norm is missing"),
        ("stablelm", "\"attn_norm.bias 2048\", ", "", "tensor attn_norm.bias is missing"),
        ("stablelm", "\"output_norm.bias 2048\", ", "", "output_norm.bias is missing"),
        ("gpt-oss", "\"ffn_gate_exps 2048 1024 16\", ", "", "blk.0.ffn_gate_exps.weight is missing"),
        ("gpt-oss", "\"ffn_gate_inp.bias 16\", ", "", "ffn_gate_inp.bias is missing"),
        (
            "gpt-oss",
            "\"attention.sliding_window\" = 1024, ",
            "",
            "the header has no gpt-oss.attention.sliding_window",
        ),
        ("exaone4", "\"attn_k_norm 128\", ", "", "tensor attn_k_norm is missing"),
        ("internlm2", ", \"output 2048 32000\"", "", "tensor output is missing"),
        (
            "stablelm",
            "\"token_embd ",
            "\"output.bias 32000\", \"token_embd ",
            "\"output.bias\" is one too many",
        ),
        (
            "granite",
            "[\"attn_norm ",
            "[\"attn_gate.bias 2048\", \"attn_norm ",
            "attn_gate.bias\" is one too many",
        ),
        ("granite", "[\"attn_norm ", "[\"attn_qkv.bias 3072\", \"attn_norm ", "there is no attn_qkv"),
        (
            "granite",
            "[\"attn_norm ",
            "[\"rope_freqs 64\", \"attn_norm ",
            "rope_freqs.weight\" is one too many",
        ),
        (
            "granite",
            "\"block_count\" =",
            "\"rope.dimension_count\" = 64, \"block_count\" =",
            "is 64, and a head has 128",
        ),
    ] {
        let why = refused(name, &|text| {
            assert!(text.contains(part), "{text}");
            text.replacen(part, other, 1)
        });
        assert!(why.contains(what), "{what}: {why:?}");
    }
}

/// The files are shared with examples/reference_gguf.rs.
#[allow(dead_code, reason = "the shapes beside the written ones are read elsewhere")]
mod shapes {
    use crate::model::{dimensions, gguf_write, tensor_type};
    include!("../../tests/oracle/shapes.rs");
    include!("../../tests/oracle/models.rs");
}

#[test]
fn a_file_of_another_kind_is_called_by_its_name_and_told_where_it_belongs() {
    let architecture = |name: &'static str| File::whole().with("general.architecture", Field::Text(name));
    let kind = |name: &'static str| File::of(vec![("general.type", Field::Text(name))]);
    let table = [
        (kind("adapter"), "LoRA adapter", "--lora"),
        (kind("imatrix"), "importance matrix", "made from"),
        (kind("mmproj"), "projector (mmproj)", "--mmproj"),
        (File::of(vec![("general.architecture", Field::Text("clip"))]), "projector (mmproj)", "--mmproj"),
        (File::of(vec![("general.architecture", Field::Text("flux"))]), "image model (flux)", "ComfyUI"),
        (architecture("eagle3"), "draft model", "--model-draft"),
        (architecture("controlvector"), "control vector", "--control-vector"),
        (architecture("wavtokenizer-dec"), "speech model", "llama-tts"),
        (architecture("t5"), "encoder-decoder (t5)", "decoder such as"),
        (architecture("llada"), "diffusion model (llada)", "llama-diffusion-cli"),
        (architecture("dream"), "diffusion model (dream)", "llama-diffusion-cli"),
        (architecture("bert"), "embedding model", "--rag-model"),
        (architecture("gemma-embedding"), "embedding model", "--rag-model"),
        (File::whole().with("llama.pooling_type", Field::U32(3)), "embedding model", "--rag-model"),
        (File::whole().with("llama.pooling_type", Field::U32(4)), "reranker", "--rerank"),
        (File::whole().and("cls.output.weight"), "reranker", "--rerank"),
    ];
    for (file, what, hint) in table {
        let refusal = file.refusal().unwrap_or_else(|| panic!("nothing said, not {what}"));
        assert!(refusal.why.contains(what), "{what}: {}", refusal.why);
        assert!(refusal.other_kind && refusal.hint.contains(hint), "{refusal:?}");
    }
}

#[test]
fn every_architecture_that_the_oracle_was_asked_about_is_known() {
    for text in
        [include_str!("../../tests/oracle/models.toml"), include_str!("../../tests/oracle/newest.toml")]
    {
        for line in text.lines().filter_map(|line| line.strip_prefix("architecture = ")) {
            assert!(asked(line.trim_matches('"')).is_some(), "{line}");
        }
    }
}

#[test]
fn a_first_layer_without_heads_leaves_all_heads_without_a_width() {
    let wrong = |first: i32| {
        let fields = [
            ("general.architecture", Field::Text("deci")),
            ("deci.embedding_length", Field::U32(64)),
            ("deci.block_count", Field::U32(2)),
            ("deci.attention.head_count", Field::Ints(vec![first, 4])),
            ("deci.attention.key_length", Field::U32(16)),
        ];
        let fields: Vec<_> = fields.into_iter().map(|(key, field)| (key.to_string(), field)).collect();
        let bytes = gguf_write::header(&fields, &[tensor("blk.1.attn_q.weight", vec![64, 64])]);
        let header = Header::read(&bytes[..], None).unwrap();
        fits::wrong_tensor(&Keys { header: &header, architecture: "deci" }, true)
    };
    assert_eq!(wrong(4), None);
    assert!(wrong(0).is_some_and(|why| why.contains("64 x 0")), "{:?}", wrong(0));
}
