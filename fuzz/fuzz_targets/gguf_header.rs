//! Any bytes as a GGUF header: read or refused, never a crash. tests/gguf_hostile.rs runs the corpus.
#![no_main]

use agi_provision::model::Shape;
use agi_provision::model::gguf::Header;
use agi_provision::model::shape::weights_of;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(header) = Header::read(bytes, Some(bytes.len() as u64))
        && let Ok(shape) = Shape::from_header(&header)
    {
        let _ = weights_of(&header, shape.layers.len());
    }
});
