//! The embedding server's ledger against what llama-server of b11434 reports, and the rules.

use super::*;
use crate::model::embedder::Embedder;
use crate::model::gguf::Header;
use crate::model::registry;
use crate::model::{Shape, weights_of};
use crate::plan::architecture_tests::shapes;
use crate::plan::document::{Bound, Plan, Verdict};
use crate::plan::page_table;
use crate::plan::plan;
use crate::plan::request::{Request, Variant};
use crate::plan::verdict::COMFORT_FREE;

/// The files are shared with examples/reference_gguf.rs.
mod embedders {
    use crate::model::{dimensions, embedder, gguf_write, tiny_embedding};
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
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    let columns = "build | rows | model error, MiB | first output buffer error, MiB | compute error, MiB";
    let row = format!("| b11434 | {} | 0 | 0 | {low:+.2} to {high:+.2} |", rows.len());
    page_table::hold("accuracy.md", "embedding servers", columns, &[row]);
}

fn choice() -> RagChoice {
    RagChoice::of_registry(&registry::find("bge-m3").unwrap()).unwrap()
}

fn request(id: &str, profile: Option<&str>, quant: &str, rag: Option<RagChoice>) -> Request {
    let request = Request::of_registry(id, Some(quant)).unwrap();
    Request { profile: profile.map(str::to_string), offers: Vec::new(), rag, ..request }
}

fn planned(id: &str, profile: &str, quant: &str, rag: Option<RagChoice>) -> Plan {
    plan(&request(id, Some(profile), quant, rag)).unwrap()
}

#[test]
fn the_embedding_server_runs_on_the_card_if_comfort_leaves_room_and_on_the_host_otherwise() {
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
        assert_eq!(rag.device.device(), device, "{profile} {model}");
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
        let has = |arg: &str| rag.args.to_argv().iter().any(|known| known == arg);
        assert_eq!(has("--device"), device == "host");
        assert_eq!(has("--main-gpu"), device == "gpu0" && with.profile.gpus.len() > 1);
        assert_eq!(Plan::from_json(&with.to_json()).unwrap(), with);
    }
}

/// Bytes of the host that each way to place model and server takes, of those that fit on the cards:
/// `true` with the server on the first card.
fn ways(request: &Request, profile: &Profile) -> Vec<(u64, bool)> {
    let (shape, weights) = (&request.model.shape, &request.model.variants[0].weights);
    let (workload, graphs) = (plan(request).unwrap().workload, &Graphs::default());
    let (build, logits) = (request.build, Logits::PerSlot);
    let subject = Subject { shape, weights, workload: &workload, build, logits, graphs };
    let n_layer = shape.layers.len() as u64;
    let layers = (0..=n_layer).map(|offloaded| Placement::offload(n_layer, offloaded, &[1]));
    let experts = (1..=if shape.experts.is_some() { n_layer } else { 0 })
        .map(|kept| Placement::offload(n_layer, n_layer, &[1]).with_experts_on_host(kept));
    let server = size(request.rag.as_ref().unwrap(), build).unwrap();
    let places = [server.on_host(profile), server.on_gpu(profile).unwrap()];
    let mut ways = Vec::new();
    for placement in layers.chain(experts) {
        for placed in &places {
            let mut memory = subject.ledger(profile, &placement);
            placed.count_in(&mut memory);
            if memory[1].headroom_bytes >= 0 {
                ways.push((memory[0].total_bytes, placed.on_gpu));
            }
        }
    }
    ways
}

/// A mixture whose experts are most of it.
fn mixture(request: &mut Request) {
    let reference = shapes::ALL.iter().find(|reference| reference.name == "qwen3-30b-a3b").unwrap();
    let (head, size_bytes) = shapes::file(reference);
    let header = Header::read(head.as_slice(), Some(size_bytes)).unwrap();
    request.model.shape = Shape::from_header(&header).unwrap();
    let weights = weights_of(&header, request.model.shape.layers.len());
    request.model.variants = vec![Variant { weights, files: Vec::new(), size_bytes }];
}

#[test]
fn no_way_to_place_model_and_server_that_fits_is_missed() {
    // Whole on the card but for comfort, part of it there, and experts on the host; cards of many sizes,
    // so that what the last layer leaves of them differs. With an embedding model of some gigabytes more
    // it is better on the card beside fewer of the model's layers.
    let table = [
        ("saiga-13b", "Q8_0", false, 0, (20_000, 22_000)),
        ("saiga-13b", "F16", false, 0, (10_000, 12_000)),
        ("llama-65b", "F16", false, 0, (22_000, 24_500)),
        ("llama-65b", "F16", false, 3200, (22_000, 24_500)),
        ("mistral-7b", "Q4_K_M", true, 0, (8_000, 10_000)),
    ];
    let (mut on_card, mut on_host) = (0, 0);
    for (id, quant, experts, more_mib, (least, most)) in table {
        let mut rag = choice();
        rag.embedder.weights.layer_bytes[0] += more_mib << 20;
        rag.embedder.weights.total_bytes += more_mib << 20;
        for vram_mib in (least..most).step_by(400) {
            let mut request = request(id, Some("gpu-24gb"), quant, Some(rag.clone()));
            if experts {
                mixture(&mut request);
            }
            (request.fixed.n_ctx, request.fixed.slots) = (Some(4096), Some(1));
            request.fixed.kv_type = Some("f16".to_string());
            request.profiles.retain(|profile| profile.id == "gpu-24gb");
            request.profiles[0].gpus[0].vram_mib = vram_mib;
            request.profiles[0].disk_gb = 1000;
            let ways = ways(&request, &request.profiles[0].clone());
            let least = |on_gpu: bool| ways.iter().filter(|way| way.1 == on_gpu).map(|way| way.0).min();
            let (host, card) = (least(false).unwrap(), least(true).unwrap());
            for (bytes, over) in [(host, true), (host, false), (card, true), (card, false)] {
                let capacity = if over { bytes + 4096 } else { bytes - 4096 };
                let sold = (capacity as f64 / ledger::REPORTED_RAM).ceil() as u64;
                request.profiles[0].sold_ram_bytes = Some(sold);
                let planned = plan(&request).unwrap();
                let name = format!("{id} {quant}, {vram_mib} MiB, {capacity} bytes of RAM");
                let runs = capacity >= host.min(card);
                assert_eq!(planned.verdict != Verdict::Impossible, runs, "{name}: {:?}", planned.reasons);
                if runs && capacity < host {
                    assert_eq!(planned.rag.unwrap().device.device(), "gpu0", "{name}");
                    on_card += 1;
                } else if runs && capacity < card {
                    assert_eq!(planned.rag.unwrap().device.device(), "host", "{name}");
                    on_host += 1;
                }
            }
        }
    }
    assert!(on_card > 0 && on_host > 0, "{on_card} fit only with it on the card, {on_host} only without");
}

#[test]
fn memory_of_the_embedding_server_counts_in_the_verdict_the_requirements_and_the_reasons() {
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
    let args = rag.args.to_argv();
    let after = |name: &str| args[args.iter().position(|arg| arg == name).unwrap() + 1].clone();
    assert_eq!((after("--batch-size"), after("--ubatch-size")), ("8192".to_string(), "8192".to_string()));
    // Logits that nobody reads: 250,002 × 8192 × 4 bytes and the vectors.
    assert_eq!(rag.memory[0].output_bytes, (250_002 + 1024) * 8192 * 4);
}
