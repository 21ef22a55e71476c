use super::*;
use crate::model::gguf_write::{Field, Tensor, header, padded};
use crate::model::tiny;

/// A part of the tiny model: the tensors whose names start so, `number` of `count` parts.
fn part(starts: &[&str], number: u32, count: u32) -> Vec<u8> {
    let all = tiny::tensors();
    let total = all.len() as u32;
    let is = |tensor: &Tensor| starts.iter().any(|start| tensor.name.starts_with(start));
    let tensors: Vec<Tensor> = all.into_iter().filter(is).collect();
    let mut fields = if number == 0 { tiny::fields(None) } else { Vec::new() };
    let split = [("split.no", number), ("split.count", count), ("split.tensors.count", total)];
    fields.extend(split.map(|(key, n)| (key.to_string(), Field::U32(n))));
    let mut bytes = header(&fields, &tensors);
    bytes.resize(bytes.len() + tensors.iter().map(|t| padded(t.bytes()) as usize).sum::<usize>(), 0);
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
        ("m-00001-of-00002.gguf", part(&["token_embd", "output", "blk.0."], 0, 2)),
        ("m-00002-of-00002.gguf", part(&["blk.1."], 1, 2)),
    ]);
    let mut whole = Vec::new();
    tiny::write_tiny(&mut whole, 1, None).unwrap();
    let header = Header::read(&whole[..], None).unwrap();
    for name in ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"] {
        let loaded = from_file(&parts.path().join(name), None).unwrap();
        assert_eq!((loaded.choice.id.as_str(), loaded.local.len()), ("m", 2));
        let variant = &loaded.choice.variants[0];
        assert_eq!(variant.weights, weights_of(&header, 2));
        assert_eq!(variant.files.len(), 2);
    }
}

#[test]
fn parts_that_are_missing_or_do_not_belong_are_told() {
    let (first, second) = (|| part(&["token_embd", "output", "blk.0."], 0, 2), || part(&["blk.1."], 1, 2));
    let said = |parts: &[(&str, Vec<u8>)], name: &str| {
        let parts = folder(parts);
        let error = from_file(&parts.path().join(name), None).err().unwrap();
        assert!(crate::error::hint(&error).is_some(), "{error:#} has no hint");
        format!("{error:#}")
    };
    let (one, two) = ("m-00001-of-00002.gguf", "m-00002-of-00002.gguf");
    let missing = said(&[(one, first())], one);
    assert!(missing.contains(two), "{missing}");
    let odd = said(&[(one, first()), (two, part(&["blk.1.attn_q"], 1, 2))], one);
    assert!(odd.contains("tensors of"), "{odd}");
    let renamed = said(&[("m.gguf", first())], "m.gguf");
    assert!(renamed.contains("part of 2"), "{renamed}");
    let swapped = said(&[(one, second()), (two, first())], one);
    assert!(swapped.contains("wrong order"), "{swapped}");
}
