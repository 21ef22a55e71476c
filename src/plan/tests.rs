//! The planner against llama.cpp's own answers and against the verdicts that must come out.

use super::document::{Verdict, Workload};
use super::ledger::{Graphs, Logits, Subject, refusal};
use super::placement::Placement;
use super::request::{Fixed, ModelChoice, Request, Variant};
use super::{build, plan};
use crate::hardware::{offers, profiles};
use crate::model::registry;

/// One row of tests/oracle: what llama-fit-params of a build says about an F16 model on a CPU, MiB.
#[derive(serde::Deserialize)]
struct Row {
    model: String,
    n_ctx: u64,
    flash_attn: String,
    kv_type: String,
    n_parallel: u64,
    model_mib: Option<u64>,
    context_mib: Option<u64>,
    compute_mib: Option<u64>,
    compute_exact_mib: Option<f64>,
    output_mib: Option<f64>,
    error: Option<String>,
}

const MIB: f64 = 1048576.0;

fn workload(row: &Row) -> Workload {
    Workload {
        n_ctx: row.n_ctx,
        slots: row.n_parallel,
        kv_unified: false,
        kv_type_k: row.kv_type.clone(),
        kv_type_v: row.kv_type.clone(),
        flash_attn: row.flash_attn == "on",
        batch: 2048,
        ubatch: 512,
    }
}

fn against_oracle(build: &str, text: &str) {
    let rows: Vec<Row> = serde_json::from_str(text).unwrap();
    assert_eq!(rows.len(), 144);
    let (mut low, mut high) = (f64::MAX, f64::MIN);
    for row in &rows {
        let model = registry::find(&row.model).unwrap();
        let (shape, weights, workload) = (model.shape(), model.weights("F16").unwrap(), workload(row));
        let name = format!(
            "{build} {} ctx {} fa {} kv {} np {}",
            row.model, row.n_ctx, row.flash_attn, row.kv_type, row.n_parallel
        );
        assert_eq!(refusal(&shape, &workload).is_some(), row.error.is_some(), "{name}");
        let (Some(model_mib), Some(context_mib), Some(output_mib)) =
            (row.model_mib, row.context_mib, row.output_mib)
        else {
            continue;
        };
        let build = build::ledger(build).unwrap();
        let (logits, graphs) = (Logits::All, &Graphs::default());
        let subject =
            Subject { shape: &shape, weights: &weights, workload: &workload, build, logits, graphs };
        // llama-fit-params prints whole MiB, rounded down.
        let whole = |bytes: u64| bytes >> 20;
        assert_eq!(whole(weights.total_bytes), model_mib, "{name}: model");
        let kv = whole(subject.kv_bytes(0, shape.layers.len() as u64));
        assert_eq!(kv, context_mib, "{name}: context");
        let placement = Placement::host_only(shape.layers.len() as u64);
        let compute = subject.compute_bytes(&placement)[0] as f64 / MIB;
        if let Some(exact) = row.compute_exact_mib {
            assert!((compute - exact).abs() < 0.08, "{name}: compute {compute:.2}, not {exact}");
        }
        let real = row.compute_exact_mib.unwrap_or(row.compute_mib.unwrap() as f64);
        (low, high) = (low.min(compute - real), high.max(compute - real));
        assert!(compute >= real, "{name}: compute {compute:.2} is below {real}");
        let allowed = f64::max(8.0, 0.01 * (model_mib + context_mib) as f64 + real * 0.01);
        assert!(compute - real <= allowed, "{name}: compute {compute:.2} is far above {real}");
        let output = subject.output_bytes() as f64 / MIB;
        assert!((output - output_mib).abs() < 0.01, "{name}: output {output} {output_mib}");
    }
    let refused = rows.iter().filter(|row| row.error.is_some()).count();
    let measured = rows.len() - refused;
    println!(
        "| {build} | the registry's eight | llama, phi2 | {measured} | {refused} | 0 | 0 | {low:+.2} to {high:+.2} |"
    );
}

#[test]
fn the_ledger_is_llama_cpp_b11434s() {
    against_oracle("b11434", include_str!("../../tests/oracle/b11434.json"));
}

#[test]
fn the_ledger_is_llama_cpp_b12032s() {
    against_oracle("b12032", include_str!("../../tests/oracle/b12032.json"));
}

fn request(id: &str, profile: Option<&str>, quant: Option<&str>) -> Request {
    let model = registry::find(id).unwrap();
    let variants = model.quants(quant).unwrap().into_iter().map(|quant| {
        let weights = model.weights(&quant).unwrap();
        Variant { size_bytes: weights.total_bytes, weights, files: Vec::new() }
    });
    Request {
        model: ModelChoice {
            id: id.to_string(),
            shape: model.shape(),
            chat_template: None,
            variants: variants.collect(),
        },
        profiles: profiles::all(),
        profile: profile.map(str::to_string),
        offers: offers::all(),
        budget: None,
        fixed: Fixed { quant: quant.is_some_and(|q| q != "auto"), ..Fixed::default() },
        rag: None,
        build: build::find(build::DEFAULT).unwrap(),
    }
}

#[test]
fn every_verdict_of_the_table_comes_out() {
    use Verdict::*;
    let table: &[(&str, &str, Option<&str>, &[Verdict])] = &[
        ("laptop-cpu-16gb", "tinyllama-1.1b", None, &[Comfort]),
        ("laptop-cpu-16gb", "phi-2", None, &[Comfort]),
        ("laptop-cpu-16gb", "saiga-13b", Some("4-bit"), &[Compromise]),
        ("laptop-cpu-16gb", "llama-65b", None, &[Impossible]),
        ("laptop-cpu-16gb", "llama-65b", Some("Q2_K"), &[Impossible]),
        ("laptop-cpu-16gb", "llama-65b", Some("4-bit"), &[Impossible]),
        ("gpu-8gb", "llama-7b", Some("4-bit"), &[Comfort]),
        ("gpu-8gb", "mistral-7b", Some("4-bit"), &[Comfort]),
        ("gpu-8gb", "saiga-8b", Some("4-bit"), &[Comfort]),
        ("gpu-16gb", "saiga-13b", Some("4-bit"), &[Compromise]),
        ("gpu-24gb", "saiga-13b", None, &[Comfort]),
        ("gpu-24gb", "mistral-7b", Some("F16"), &[Comfort]),
        ("gpu-24gb", "llama-30b", Some("4-bit"), &[Compromise]),
        ("gpu-24gb", "llama-65b", Some("4-bit"), &[Compromise]),
        ("cpu-vps-64gb", "llama-65b", Some("4-bit"), &[Compromise]),
        ("2x3090-nvlink", "llama-65b", Some("4-bit"), &[Comfort, Compromise]),
        ("2xa100-nvlink", "llama-65b", Some("4-bit"), &[Comfort]),
    ];
    for (profile, model, quant, wanted) in table {
        let plan = plan(&request(model, Some(profile), *quant)).unwrap();
        assert_eq!(plan.profile.id, *profile);
        assert!(
            wanted.contains(&plan.verdict),
            "{profile} {model} {quant:?}: {:?} {:#?}",
            plan.verdict,
            plan
        );
        assert!(plan.verdict == Comfort || !plan.reasons.is_empty(), "{profile} {model}: no reason");
    }
}

#[test]
fn saiga_13b_without_a_budget_gets_the_24_gb_card() {
    let plan = plan(&request("saiga-13b", None, None)).unwrap();
    assert_eq!((plan.profile.id.as_str(), plan.verdict), ("gpu-24gb", Verdict::Comfort));
    assert_eq!(plan.cost.unwrap().offer.instance, "1x RTX 3090");
}

#[test]
fn a_partial_offload_fills_the_card_and_says_so() {
    let plan = plan(&request("llama-65b", Some("gpu-24gb"), Some("4-bit"))).unwrap();
    assert_eq!(plan.memory.len(), 2);
    assert!(plan.memory.iter().all(|device| device.headroom_bytes >= 0));
    assert!(plan.memory[1].headroom_bytes < 1 << 30, "the card is used up: {:?}", plan.memory[1]);
    assert!(plan.reasons.iter().any(|reason| reason.contains("stay on the CPU")), "{:?}", plan.reasons);
    let whole = registry::find("llama-65b").unwrap().weights("Q4_K_M").unwrap().total_bytes;
    assert_eq!(plan.memory.iter().map(|device| device.weights_bytes).sum::<u64>(), whole);
}

#[test]
fn what_does_not_fit_names_the_nearest_that_runs() {
    let plan = plan(&request("llama-65b", Some("gpu-8gb"), Some("Q8_0"))).unwrap();
    assert_eq!(plan.verdict, Verdict::Impossible);
    assert!(plan.reasons.last().unwrap().contains("--profile"), "{:?}", plan.reasons);
}

#[test]
fn a_budget_is_a_cap_before_the_choice() {
    let mut request = request("saiga-13b", None, None);
    request.budget = Some("0.06/hour".parse().unwrap());
    let cheap = plan(&request).unwrap();
    assert_eq!(cheap.profile.id, "cpu-vps-32gb");
    assert_eq!(cheap.verdict, Verdict::Compromise);
    request.budget = Some("0.001/hour".parse().unwrap());
    let none = plan(&request).unwrap();
    assert_eq!(none.verdict, Verdict::Impossible);
    assert!(none.reasons[0].contains("cheapest"), "{:?}", none.reasons);
}

#[test]
fn flags_are_kept_even_when_they_do_not_fit() {
    let mut request = request("saiga-13b", Some("gpu-8gb"), Some("Q8_0"));
    request.fixed.n_ctx = Some(65536);
    request.fixed.slots = Some(4);
    let plan = plan(&request).unwrap();
    assert_eq!((plan.workload.n_ctx, plan.workload.slots, plan.verdict), (65536, 4, Verdict::Impossible));
    assert!(plan.memory.iter().any(|device| device.headroom_bytes < 0));
}

#[test]
fn combinations_that_llama_cpp_refuses_are_refused() {
    let mut phi = request("phi-2", None, None);
    phi.fixed.kv_type = Some("q8_0".to_string());
    assert!(plan(&phi).unwrap_err().to_string().contains("head size 80"));
    let mut saiga = request("saiga-13b", None, None);
    saiga.fixed.kv_type = Some("q8_0".to_string());
    saiga.fixed.flash_attn = Some(false);
    assert!(plan(&saiga).unwrap_err().to_string().contains("flash attention"));
    saiga.fixed.kv_type = Some("q9".to_string());
    assert!(plan(&saiga).unwrap_err().to_string().contains("not a KV cache type"));
}

#[test]
fn totals_add_up_and_planning_is_deterministic() {
    for id in registry::ids() {
        let first = plan(&request(id, None, None)).unwrap();
        assert_eq!(first, plan(&request(id, None, None)).unwrap());
        for device in &first.memory {
            let sum = device.weights_bytes
                + device.kv_bytes
                + device.compute_bytes
                + device.output_bytes
                + device.runtime_bytes
                + device.reserved_bytes;
            assert_eq!(sum, device.total_bytes);
            assert_eq!(device.headroom_bytes, device.capacity_bytes as i64 - sum as i64);
        }
        let text = first.to_json();
        assert_eq!(super::Plan::from_json(&text).unwrap(), first);
    }
}
