use super::*;
use crate::model::gguf_write::{Field, Tensor, header};
use crate::model::tensor_type::TensorType;

/// A part of a two-layer model; `tensors` of all parts together are declared.
fn part(names: &[&str], count: u32, all: u32) -> Vec<u8> {
    let kind = TensorType::by_name("F32").unwrap();
    let tensor = |name: &&str| Tensor { name: name.to_string(), dims: vec![64, 32], kind };
    let tensors: Vec<Tensor> = names.iter().map(tensor).collect();
    let number = |key: &str, n: u32| (key.to_string(), Field::U32(n));
    let fields = [
        ("general.architecture".to_string(), Field::Text("llama")),
        number("llama.block_count", 2),
        number("llama.embedding_length", 64),
        number("llama.attention.head_count", 4),
        number("split.count", count),
        number("split.tensors.count", all),
    ];
    let mut bytes = header(&fields, &tensors);
    bytes.resize(bytes.len() + tensors.len() * 64 * 32 * 4, 0);
    bytes
}

fn folder(parts: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    parts.iter().for_each(|(name, bytes)| std::fs::write(folder.path().join(name), bytes).unwrap());
    folder
}

#[test]
fn split_files_are_one_model_whichever_part_is_named() {
    let parts = folder(&[
        ("m-00001-of-00002.gguf", part(&["token_embd.weight", "blk.0.attn_q.weight"], 2, 3)),
        ("m-00002-of-00002.gguf", part(&["blk.1.attn_q.weight"], 2, 3)),
    ]);
    for name in ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"] {
        let loaded = from_file(&parts.path().join(name), None).unwrap();
        assert_eq!((loaded.choice.id.as_str(), loaded.local.len()), ("m", 2));
        let variant = &loaded.choice.variants[0];
        assert_eq!(variant.weights.total_bytes, 3 * 64 * 32 * 4);
        assert_eq!(variant.weights.layer_bytes, [64 * 32 * 4; 2]);
        assert_eq!(variant.files.len(), 2);
    }
}

#[test]
fn parts_that_are_missing_or_do_not_belong_are_told() {
    let one = folder(&[("m-00001-of-00002.gguf", part(&["token_embd.weight"], 2, 2))]);
    let missing = from_file(&one.path().join("m-00001-of-00002.gguf"), None).err().unwrap();
    assert!(missing.to_string().contains("m-00002-of-00002.gguf"), "{missing:#}");
    let odd = folder(&[
        ("m-00001-of-00002.gguf", part(&["token_embd.weight"], 2, 3)),
        ("m-00002-of-00002.gguf", part(&["blk.1.attn_q.weight"], 2, 3)),
    ]);
    let odd = from_file(&odd.path().join("m-00001-of-00002.gguf"), None).err().unwrap();
    assert!(format!("{odd:#}").contains("2 tensors of 3"), "{odd:#}");
    let renamed = folder(&[("m.gguf", part(&["token_embd.weight"], 2, 2))]);
    let renamed = from_file(&renamed.path().join("m.gguf"), None).err().unwrap();
    assert!(format!("{renamed:#}").contains("part of 2"), "{renamed:#}");
}
