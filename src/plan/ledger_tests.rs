//! The ledger of the registry's models against llama-fit-params of each build.

use super::build;
use super::document::Workload;
use super::ledger::{Graphs, Logits, Subject, refusal};
use super::placement::Placement;
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
