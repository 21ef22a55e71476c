use super::*;
use crate::model::gguf_write::{self, Field, Tensor};
use crate::model::{Shape, weights_of};
use crate::model::{registry, tiny};
use proptest::prelude::*;

fn tiny_file() -> Vec<u8> {
    let mut bytes = Vec::new();
    tiny::write_tiny(&mut bytes, 1, Some("{{ messages }}")).unwrap();
    bytes
}

fn read(bytes: &[u8]) -> Result<Header, GgufError> {
    Header::read(bytes, Some(bytes.len() as u64))
}

#[test]
fn a_written_file_reads_back() {
    let bytes = tiny_file();
    let header = read(&bytes).unwrap();
    assert_eq!(header.version, 3);
    assert_eq!(header.text("tokenizer.chat_template"), Some("{{ messages }}"));
    assert_eq!(header.length("tokenizer.ggml.tokens"), Some(512));
    let shape = Shape::from_header(&header).unwrap();
    assert_eq!((shape.layers.len(), shape.n_vocab, shape.head_dim), (2, 512, 16));
    let weights = weights_of(&header, 2);
    assert_eq!(weights.total_bytes + header.data_offset, bytes.len() as u64);
    assert_eq!(weights.quant, "F32");
}

/// A header with the registry's tensors gives the registry's shape and weights.
#[test]
fn registry_and_header_agree() {
    for id in ["tinyllama-1.1b", "phi-2", "llama-7b", "mistral-7b", "saiga-8b", "llama-65b"] {
        let model = registry::find(id).unwrap();
        let d = &model.dimensions;
        let arch = d.architecture.as_str();
        let fields: Vec<(String, Field)> = [
            ("block_count", d.n_layer),
            ("embedding_length", d.n_embd),
            ("feed_forward_length", d.n_ff),
            ("attention.head_count", d.n_head),
            ("attention.head_count_kv", d.n_head_kv),
            ("context_length", d.n_ctx_train),
        ]
        .into_iter()
        .map(|(key, n)| (format!("{arch}.{key}"), Field::U32(n as u32)))
        .chain([
            ("general.architecture".to_string(), Field::Text(arch)),
            ("general.file_type".to_string(), Field::U32(15)),
        ])
        .collect();
        let tensors: Vec<Tensor> = d
            .tensors("Q4_K_M")
            .unwrap()
            .into_iter()
            .map(|t| Tensor { name: t.name, dims: t.dims, kind: t.kind })
            .collect();
        let header = Header::read(&gguf_write::header(&fields, &tensors)[..], None).unwrap();
        assert_eq!(Shape::from_header(&header).unwrap(), model.shape(), "{id}");
        assert_eq!(weights_of(&header, d.n_layer as usize), model.weights("Q4_K_M").unwrap(), "{id}");
    }
}

#[test]
fn files_that_are_not_gguf_are_told_apart() {
    assert!(matches!(read(b""), Err(GgufError::Truncated(_))));
    assert!(matches!(read(b"GG"), Err(GgufError::NotGguf(_))));
    assert!(matches!(read(b"<!DOCTYPE html>"), Err(GgufError::NotGguf(_))));
    assert!(matches!(read(b"GGUF\x03\0\0\0"), Err(GgufError::Truncated(_))));
    assert!(matches!(read(b"GGUF\x01\0\0\0rest"), Err(GgufError::Version(1))));
    assert!(matches!(read(b"GGUF\0\0\0\x03rest"), Err(GgufError::BigEndian)));
}

#[test]
fn truncation_anywhere_is_an_error() {
    let bytes = tiny_file();
    for length in (0..bytes.len()).step_by(997) {
        assert!(read(&bytes[..length]).is_err(), "{length}");
    }
    assert!(matches!(read(&bytes[..bytes.len() - 1]), Err(GgufError::TensorOutside { .. })));
}

/// Claimed counts cost nothing: these return at once.
/// gguf_init_from_reader of llama.cpp refuses both.
#[test]
fn gaps_between_tensors_and_keys_without_a_name_are_refused() {
    let fields = |key: &str| vec![(key.to_string(), Field::Text("llama"))];
    let kind = crate::model::tensor_type::TensorType::by_name("F32").unwrap();
    let tensors = ["a.weight", "b.weight"].map(|name| Tensor { name: name.into(), dims: vec![64], kind });
    let read = |bytes: &[u8]| Header::read(bytes, None);
    let mut bytes = gguf_write::header(&fields("general.architecture"), &tensors);
    assert!(read(&bytes).is_ok());
    // The second tensor's offset, 256, is the last number of the table.
    let at = bytes.windows(8).rposition(|number| number == 256u64.to_le_bytes()).unwrap();
    bytes[at..at + 8].copy_from_slice(&288u64.to_le_bytes());
    assert!(matches!(read(&bytes), Err(GgufError::Corrupt(why)) if why.contains("offset 288")));
    let nameless = gguf_write::header(&fields(""), &tensors);
    assert!(matches!(read(&nameless), Err(GgufError::Corrupt(why)) if why.contains("no name")));
}

#[test]
fn huge_counts_are_refused() {
    let mut many_tensors = b"GGUF\x03\0\0\0".to_vec();
    many_tensors.extend(u64::MAX.to_le_bytes());
    many_tensors.extend(0u64.to_le_bytes());
    assert!(matches!(read(&many_tensors), Err(GgufError::Corrupt(_))));
    let mut long_key = b"GGUF\x03\0\0\0".to_vec();
    long_key.extend(0u64.to_le_bytes());
    long_key.extend(1u64.to_le_bytes());
    long_key.extend(u64::MAX.to_le_bytes());
    assert!(matches!(read(&long_key), Err(GgufError::Corrupt(_))));
    let mut long_array = b"GGUF\x03\0\0\0".to_vec();
    long_array.extend(0u64.to_le_bytes());
    long_array.extend(1u64.to_le_bytes());
    long_array.extend(1u64.to_le_bytes());
    long_array.push(b'k');
    long_array.extend(9u32.to_le_bytes());
    long_array.extend(12u32.to_le_bytes());
    long_array.extend((u64::MAX / 4).to_le_bytes());
    assert!(read(&long_array).is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
        let mut headed = b"GGUF\x03\0\0\0".to_vec();
        headed.extend(bytes);
        if let Ok(header) = read(&headed) {
            let _ = Shape::from_header(&header);
        }
    }

    #[test]
    fn no_flipped_byte_makes_it_panic(at in 0usize..14_000, value in any::<u8>()) {
        let mut bytes = tiny_file();
        bytes[at] = value;
        if let Ok(header) = read(&bytes) && let Ok(shape) = Shape::from_header(&header) {
            let _ = weights_of(&header, shape.layers.len());
        }
    }
}
