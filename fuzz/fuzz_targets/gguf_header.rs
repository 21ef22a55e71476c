//! Any bytes as a GGUF header: read or refused, and what was read has a ledger, never a crash.
//! tests/gguf_hostile.rs runs the corpus.
#![no_main]

use agi_provision::model::Shape;
use agi_provision::model::gguf::Header;
use agi_provision::model::shape::weights_of;
use agi_provision::plan::build;
use agi_provision::plan::document::Workload;
use agi_provision::plan::ledger::{Graphs, Logits, Subject, refusal};
use agi_provision::plan::placement::Placement;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(header) = Header::read(bytes, Some(bytes.len() as u64)) else { return };
    let Ok(shape) = Shape::from_header(&header) else { return };
    let weights = weights_of(&header, shape.layers.len());
    let workload = Workload {
        n_ctx: 8192,
        slots: 2,
        kv_unified: false,
        kv_type_k: "q8_0".to_string(),
        kv_type_v: "f16".to_string(),
        flash_attn: true,
        batch: 2048,
        ubatch: 512,
    };
    let _ = refusal(&shape, &workload);
    let graphs = Graphs::default();
    let subject = Subject {
        shape: &shape,
        weights: &weights,
        workload: &workload,
        build: build::ledger("b12032").expect("a known build"),
        logits: Logits::PerSlot,
        graphs: &graphs,
    };
    let n_layer = shape.layers.len() as u64;
    let _ = subject.kv_bytes(0, n_layer);
    let _ = subject.compute_bytes(&Placement::host_only(n_layer));
    let _ = subject.compute_bytes(&Placement::offload(n_layer, n_layer / 2, &[3, 1]));
});
