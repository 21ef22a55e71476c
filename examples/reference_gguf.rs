//! Writes a header-only GGUF of a registry model, or of one of tests/oracle/shapes.rs
//! or embedders.rs: a real header, a hole where the weights would be.
//! llama.cpp's own tools read it like the real file, so they can be asked about its memory.
//!
//!     cargo run --example reference_gguf -- phi-2 F16 /tmp/phi-2.gguf
//!     llama-fit-params -m /tmp/phi-2.gguf -fitp on -c 8192 -fa on
//!     llama-quantize --dry-run /tmp/phi-2.gguf Q4_K_M

use agi_provision::model::gguf_write::{Field, Tensor, header, padded};
use agi_provision::model::registry;
use std::io::Write;

mod shapes {
    use agi_provision::model::{gguf_write, tensor_type};
    include!("../tests/oracle/shapes.rs");
}

mod embedders {
    use agi_provision::model::{embedding, gguf_write, tiny_embedding};
    include!("../tests/oracle/embedders.rs");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [id, quant, path] = args.as_slice() else {
        return Err("usage: reference_gguf MODEL QUANT FILE".into());
    };
    if let Some(reference) = shapes::ALL.iter().find(|reference| reference.name == id) {
        let (head, size) = shapes::file(reference);
        let mut file = std::fs::File::create(path)?;
        file.write_all(&head)?;
        return Ok(file.set_len(size)?);
    }
    if let Some((head, size)) = embedders::embedder_file(id, quant) {
        let mut file = std::fs::File::create(path)?;
        file.write_all(&head)?;
        return Ok(file.set_len(size)?);
    }
    let d = registry::find(id)?.dimensions;
    let tensors = d.tensors(quant).ok_or("that quantisation is not known")?;
    let tensors: Vec<Tensor> =
        tensors.into_iter().map(|t| Tensor { name: t.name, dims: t.dims, kind: t.kind }).collect();
    let mut tokens: Vec<String> = ["<unk>", "<s>", "</s>"].map(String::from).into();
    tokens.extend((0..256).map(|byte| format!("<0x{byte:02X}>")));
    tokens.extend((259..d.n_vocab).map(|n| format!("<t{n}>")));
    let mut kinds = vec![1; d.n_vocab as usize];
    kinds[3..259].fill(6);
    let arch = d.architecture.as_str();
    let rope = if arch == "phi2" { 32 } else { d.n_embd / d.n_head };
    let epsilon =
        if arch == "phi2" { "attention.layer_norm_epsilon" } else { "attention.layer_norm_rms_epsilon" };
    let mut fields = vec![
        ("general.architecture".to_string(), Field::Text(arch)),
        ("general.file_type".to_string(), Field::U32(1)),
        (format!("{arch}.{epsilon}"), Field::F32(1e-5)),
        ("tokenizer.ggml.model".to_string(), Field::Text("llama")),
        ("tokenizer.ggml.tokens".to_string(), Field::Texts(tokens)),
        ("tokenizer.ggml.scores".to_string(), Field::Floats(vec![0.0; d.n_vocab as usize])),
        ("tokenizer.ggml.token_type".to_string(), Field::Ints(kinds)),
        ("tokenizer.ggml.bos_token_id".to_string(), Field::U32(1)),
        ("tokenizer.ggml.eos_token_id".to_string(), Field::U32(2)),
    ];
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
    let head = header(&fields, &tensors);
    let mut file = std::fs::File::create(path)?;
    file.write_all(&head)?;
    file.set_len(head.len() as u64 + tensors.iter().map(|t| padded(t.bytes())).sum::<u64>())?;
    Ok(())
}
