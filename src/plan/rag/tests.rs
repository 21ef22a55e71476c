//! The embedding server's ledger against what llama-server of b11434 reports, and the rules.

use super::*;
use crate::hardware::profiles;
use crate::model::embedding::{self as registry, Embedder};
use crate::model::gguf::Header;
use crate::model::registry as models;
use crate::plan::document::{Bound, Plan, Verdict};
use crate::plan::request::{Fixed, ModelChoice, Request, Variant};
use crate::plan::{build, plan};

/// The files are shared with examples/reference_gguf.rs.
mod embedders {
    use crate::model::{embedding, gguf_write, tiny_embedding};
    include!("../../../tests/oracle/embedders.rs");
}

/// One row of tests/oracle/embedding-b11434.json, MiB.
#[derive(serde::Deserialize)]
struct Row {
    model: String,
    chunk_tokens: u64,
    flash_attn: String,
    slots: u64,
    model_mib: f64,
    compute_mib: f64,
    first_output_mib: f64,
}

#[test]
fn the_embedding_servers_ledger_is_llama_cpps() {
    let text = include_str!("../../../tests/oracle/embedding-b11434.json");
    let rows: Vec<Row> = serde_json::from_str(text).unwrap();
    assert_eq!(rows.len(), 68);
    let hundredths = |bytes: u64| (bytes as f64 / 1048576.0 * 100.0).round() / 100.0;
    let (mut wrong, mut low, mut high) = (Vec::new(), f64::MAX, f64::MIN);
    for row in &rows {
        let (head, size) = embedders::embedder_file(&row.model, "Q8_0").unwrap();
        let header = Header::read(head.as_slice(), Some(size)).unwrap();
        let embedder = Embedder::from_header(&header).unwrap();
        assert!(embedder.known, "{}", row.model);
        let name = format!("{} {} fa {} np {}", row.model, row.chunk_tokens, row.flash_attn, row.slots);
        if hundredths(embedder.weights.total_bytes) != row.model_mib {
            wrong.push(format!("{name}: weights {} not {}", embedder.weights.total_bytes, row.model_mib));
        }
        // Room for one row a slot comes first, and grows to a row a token.
        let rows_of = |n: u64| (embedder.shape.n_vocab + embedder.dimensions) * n * 4;
        if hundredths(rows_of(row.slots)) != row.first_output_mib {
            wrong.push(format!("{name}: output {} not {}", rows_of(row.slots), row.first_output_mib));
        }
        let tokens = row.chunk_tokens.next_multiple_of(row.slots);
        let texts = Texts { tokens, sequences: row.slots, flash_attn: row.flash_attn == "on" };
        let [cpu] = graph::encoder_compute_bytes(&embedder, &texts, [graph::CPU_ALIGNMENT]);
        let over = (cpu + ledger::MARGIN) as f64 / 1048576.0 - row.compute_mib;
        (low, high) = (low.min(over), high.max(over));
        if !(0.0..0.25).contains(&over) {
            wrong.push(format!("{name}: compute {over:+.2} MiB on {}", row.compute_mib));
        }
    }
    println!("| b11434, --embedding | {} rows | 0 | {low:+.2} to {high:+.2} |", rows.len());
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

fn choice() -> RagChoice {
    let model = registry::find("bge-m3").unwrap();
    let published = &model.files[0];
    let size_bytes = published.size_bytes.unwrap();
    let file = ModelFile { name: published.name.clone(), size_bytes, sha256: None, url: None };
    RagChoice {
        id: model.id.clone(),
        embedder: model.embedder(&published.quant).unwrap(),
        files: vec![file],
        size_bytes,
        chunks: None,
        chunk_tokens: None,
    }
}

fn request(id: &str, profile: Option<&str>, quant: &str, rag: Option<RagChoice>) -> Request {
    let model = models::find(id).unwrap();
    let weights = model.weights(quant).unwrap();
    let variants = vec![Variant { size_bytes: weights.total_bytes, weights, files: Vec::new() }];
    Request {
        model: ModelChoice { id: id.to_string(), shape: model.shape(), chat_template: None, variants },
        profiles: profiles::all(),
        profile: profile.map(str::to_string),
        offers: Vec::new(),
        budget: None,
        fixed: Fixed { quant: true, ..Fixed::default() },
        rag,
        build: build::find(build::DEFAULT).unwrap(),
    }
}

fn planned(id: &str, profile: &str, quant: &str, rag: Option<RagChoice>) -> Plan {
    plan(&request(id, Some(profile), quant, rag)).unwrap()
}

#[test]
fn it_runs_on_the_card_where_comfort_leaves_room_and_on_the_host_elsewhere() {
    let table = [
        ("cpu-vps-32gb", "tinyllama-1.1b", "Q8_0", "host"),
        ("gpu-24gb", "mistral-7b", "Q4_K_M", "gpu0"),
        // 21 GB of 24 are the model's.
        ("gpu-24gb", "llama-30b", "Q4_K_M", "host"),
        ("gpu-24gb", "llama-65b", "Q4_K_M", "host"),
        ("2xa100-nvlink", "llama-65b", "Q4_K_M", "gpu0"),
    ];
    for (profile, model, quant, device) in table {
        let with = planned(model, profile, quant, Some(choice()));
        let without = planned(model, profile, quant, None);
        let rag = with.rag.as_ref().unwrap();
        assert_eq!(rag.device, device, "{profile} {model}");
        assert_eq!(without.rag, None);
        for (a, b) in with.memory.iter().zip(&without.memory) {
            let of_rag = rag.memory.iter().find(|part| part.device == a.device);
            assert_eq!(a.rag_bytes, of_rag.map_or(0, |part| part.total_bytes), "{profile} {}", a.device);
            // The model's own numbers stay what they were, and the sum and what is free follow.
            let own = |d: &DeviceLedger| (d.weights_bytes, d.kv_bytes, d.compute_bytes, d.runtime_bytes);
            assert_eq!(own(a), own(b));
            assert_eq!(a.total_bytes, b.total_bytes + a.rag_bytes);
            assert_eq!(a.headroom_bytes, a.capacity_bytes as i64 - a.total_bytes as i64);
        }
        if device == "gpu0" {
            let gpu = &with.memory[1];
            assert!(gpu.headroom_bytes as f64 >= COMFORT_FREE * gpu.capacity_bytes as f64);
        }
        let has = |arg: &str| rag.args.iter().any(|known| known == arg);
        assert_eq!(has("--device"), device == "host");
        assert_eq!(has("--main-gpu"), device == "gpu0" && with.profile.gpus.len() > 1);
        assert_eq!(Plan::from_json(&with.to_json()).unwrap(), with);
    }
}

#[test]
fn what_it_takes_counts_in_the_verdict_the_requirements_and_the_reasons() {
    let without = planned("saiga-8b", "laptop-cpu-16gb", "Q8_0", None);
    let with = planned("saiga-8b", "laptop-cpu-16gb", "Q8_0", Some(choice()));
    let bound = |plan: &Plan, id: &str| plan.requirements.iter().find(|r| r.id == id).cloned();
    let ram = |plan: &Plan| match bound(plan, "ram").unwrap().need {
        Some(Bound::AtLeast(bytes)) => bytes,
        other => panic!("{other:?}"),
    };
    assert_eq!(ram(&with) - ram(&without), with.memory[0].rag_bytes);
    assert_eq!(bound(&without, "rag-port"), None);
    assert_eq!(bound(&with, "rag-port").unwrap().need, Some(Bound::AtLeast(8081)));
    let disk = bound(&with, "disk").unwrap();
    let (need, promise) = (disk.need.unwrap(), disk.promise.unwrap());
    let (Bound::AtLeast(need), Bound::AtLeast(promise)) = (need, promise) else { panic!() };
    assert_eq!(promise - need, with.rag.as_ref().unwrap().index.size_bytes);

    // A 13B that is a tight fit alone says whose memory is missing.
    let tight = planned("saiga-13b", "laptop-cpu-16gb", "Q8_0", Some(choice()));
    assert_ne!(tight.verdict, Verdict::Comfort);
    assert!(
        tight.reasons.iter().any(|reason| reason.contains("embedding server takes")),
        "{:?}",
        tight.reasons
    );

    // An index that no disk of a profile holds is no plan.
    let huge = RagChoice { chunks: Some(1_000_000_000), ..choice() };
    let huge = planned("tinyllama-1.1b", "cpu-vps-32gb", "Q8_0", Some(huge));
    assert_eq!(huge.verdict, Verdict::Impossible);
    assert!(
        huge.reasons.iter().any(|reason| reason.contains("the disk holds") && reason.contains("its index")),
        "{:?}",
        huge.reasons
    );
}

#[test]
fn texts_longer_than_the_model_reads_are_refused() {
    for chunk_tokens in [0, 8, 8193] {
        let asked = RagChoice { chunk_tokens: Some(chunk_tokens), ..choice() };
        let error = plan(&request("phi-2", None, "Q8_0", Some(asked))).unwrap_err();
        assert!(error.to_string().contains("--rag-chunk-tokens"), "{error}");
    }
    let long = RagChoice { chunk_tokens: Some(8192), chunks: Some(10), ..choice() };
    let plan = planned("phi-2", "cpu-vps-32gb", "Q8_0", Some(long));
    let rag = plan.rag.unwrap();
    assert_eq!((rag.chunk_tokens, rag.index.chunks), (8192, 10));
    let after = |name: &str| rag.args[rag.args.iter().position(|arg| arg == name).unwrap() + 1].clone();
    assert_eq!((after("--batch-size"), after("--ubatch-size")), ("8192".to_string(), "8192".to_string()));
    // Logits that nobody reads: 250,002 × 8192 × 4 bytes and the vectors.
    assert_eq!(rag.memory[0].output_bytes, (250_002 + 1024) * 8192 * 4);
}
