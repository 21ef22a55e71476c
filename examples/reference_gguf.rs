//! Writes a header-only GGUF of a registry model, or of one of tests/oracle/shapes.rs, models.toml
//! or embedders.rs: a real header, a hole where the weights would be.
//! llama.cpp's own tools read it like the real file, so they can be asked about its memory.
//!
//!     cargo run --example reference_gguf -- phi-2 F16 /tmp/phi-2.gguf
//!     llama-fit-params -m /tmp/phi-2.gguf -fitp on -c 8192 -fa on
//!     llama-quantize --dry-run /tmp/phi-2.gguf Q4_K_M

use agi_provision::model::registry;
use std::fs::File;
use std::io::Write;

mod shapes {
    use agi_provision::model::{dimensions, gguf_write, tensor_type};
    include!("../tests/oracle/shapes.rs");
    include!("../tests/oracle/models.rs");
}

mod embedders {
    use agi_provision::model::{dimensions, embedder, gguf_write, tiny_embedding};
    include!("../tests/oracle/embedders.rs");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [id, quant, path] = args.as_slice() else {
        return Err("usage: reference_gguf MODEL QUANT FILE".into());
    };
    let written = shapes::written().into_iter().find(|written| written.name == *id);
    let reference = shapes::ALL.iter().find(|reference| reference.name == id);
    let (head, size) = match (reference, written, embedders::embedder_file(id, quant)) {
        (Some(reference), ..) => shapes::file(reference),
        (None, Some(written), _) => shapes::of_written(&written),
        (None, None, Some(embedder)) => embedder,
        (None, None, None) => shapes::of_registry(&registry::find(id)?.dimensions, quant)
            .ok_or("that quantisation is not known, or it has settings that are not written here: name one of tests/oracle/shapes.rs")?,
    };
    let mut file = File::create(path)?;
    file.write_all(&head)?;
    Ok(file.set_len(size)?)
}
