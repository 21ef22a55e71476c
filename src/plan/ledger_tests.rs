//! The ledger of the registry's models against llama-fit-params of each build.

use super::ledger::refusal;
use super::oracle::{Model, Row};
use super::page_table;
use super::placement::Placement;
use crate::engine::llama_cpp::build;
use crate::model::registry;

const MIB: f64 = 1048576.0;

/// Returns the row of docs/accuracy.md.
fn against_oracle(build: &str, text: &str) -> String {
    let rows: Vec<Row> = serde_json::from_str(text).unwrap();
    assert_eq!(rows.len(), 144);
    let (mut low, mut high) = (f64::MAX, f64::MIN);
    for row in &rows {
        let model = registry::find(&row.asked.model).unwrap();
        let model = Model::new(model.shape(), model.weights("F16").unwrap());
        let (shape, weights, workload) = (&model.shape, &model.weights, row.asked.workload());
        let name = format!("{build} {}", row.asked);
        assert_eq!(refusal(shape, &workload).is_some(), row.error.is_some(), "{name}");
        let (Some(model_mib), Some(context_mib), Some(output_mib)) =
            (row.model_mib, row.context_mib, row.output_mib)
        else {
            continue;
        };
        let subject = model.subject(&workload, build::ledger(build).unwrap());
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
    format!("| {build} | {measured} | {refused} | 0 | 0 | {low:+.2} to {high:+.2} |")
}

#[test]
fn the_ledger_is_llama_cpps_for_the_registrys_first_eight() {
    let rows = [
        against_oracle("b11434", include_str!("../../tests/oracle/b11434.json")),
        against_oracle("b12032", include_str!("../../tests/oracle/b12032.json")),
    ];
    let columns = "build | rows | refused | model error, MiB | context error, MiB | compute error, MiB";
    page_table::hold("accuracy.md", "the registry's eight", columns, &rows);
}
