//! The ledger against llama-fit-params over other architectures than the registry's: the files of
//! tests/oracle/shapes.rs, read back by the header reader, for both builds.

use super::build;
use super::document::Workload;
use super::ledger::{Graphs, Logits, Subject, refusal};
use super::placement::Placement;
use crate::model::gguf::Header;
use crate::model::shape::{Shape, weights_of};

/// The files are shared with examples/reference_gguf.rs.
#[allow(dead_code, reason = "the registry's files are made elsewhere")]
pub mod shapes {
    use crate::model::{gguf_write, recipe, tensor_type};
    include!("../../tests/oracle/shapes.rs");
    include!("../../tests/oracle/models.rs");
}

/// One row of tests/oracle/architectures-*.json, MiB, rounded down but for the exact one.
#[derive(serde::Deserialize)]
struct Row {
    model: String,
    n_ctx: u64,
    flash_attn: String,
    type_k: String,
    type_v: String,
    n_parallel: u64,
    model_mib: Option<u64>,
    context_mib: Option<u64>,
    compute_mib: Option<u64>,
    compute_exact_mib: Option<f64>,
    error: Option<String>,
}

impl Row {
    fn workload(&self) -> Workload {
        Workload {
            n_ctx: self.n_ctx,
            slots: self.n_parallel,
            kv_unified: false,
            kv_type_k: self.type_k.clone(),
            kv_type_v: self.type_v.clone(),
            flash_attn: self.flash_attn == "on",
            batch: 2048,
            ubatch: 512,
        }
    }
}

fn against_oracle(build: &str, text: &str) {
    let rows: Vec<Row> = serde_json::from_str(text).unwrap();
    let build = build::ledger(build).unwrap();
    let mut wrong = Vec::new();
    for reference in shapes::ALL {
        let (head, size) = shapes::file(reference);
        let header = Header::read(head.as_slice(), Some(size)).unwrap();
        let shape = Shape::from_header(&header).unwrap();
        assert!(shape.known, "{}", reference.name);
        let weights = weights_of(&header, shape.layers.len());
        let of_model: Vec<&Row> = rows.iter().filter(|row| row.model == reference.name).collect();
        assert!(!of_model.is_empty(), "{} has no rows", reference.name);
        let (mut low, mut high, mut measured) = (f64::MAX, f64::MIN, 0);
        for row in &of_model {
            let w = row.workload();
            let name = format!(
                "{} {} ctx {} fa {} kv {}/{} np {}",
                build.id, row.model, row.n_ctx, row.flash_attn, row.type_k, row.type_v, row.n_parallel
            );
            if refusal(&shape, &w).is_some() != row.error.is_some() {
                wrong.push(format!("{name}: refused {:?}", row.error));
            }
            let (Some(model), Some(context), Some(compute)) =
                (row.model_mib, row.context_mib, row.compute_mib)
            else {
                continue;
            };
            let (logits, graphs) = (Logits::All, &Graphs::default());
            let subject = Subject { shape: &shape, weights: &weights, workload: &w, build, logits, graphs };
            let n_layer = shape.layers.len() as u64;
            let bytes = subject.compute_bytes(&Placement::host_only(n_layer))[0];
            let kv = subject.kv_bytes(0, n_layer);
            if (weights.total_bytes >> 20, kv >> 20) != (model, context) {
                let got = (weights.total_bytes >> 20, kv >> 20);
                wrong.push(format!("{name}: model, context {got:?}, not {:?}", (model, context)));
            }
            let real = row.compute_exact_mib.unwrap_or(compute as f64);
            let over = bytes as f64 / 1048576.0 - real;
            (low, high, measured) = (low.min(over), high.max(over), measured + 1);
            let allowed = f64::max(8.0, 0.01 * (model + context + compute) as f64);
            let exact = f64::min(allowed, 0.25);
            if !(0.0..=exact).contains(&over) {
                wrong.push(format!("{name}: compute {over:+.2} MiB on {real}"));
            }
        }
        let refused = of_model.len() - measured;
        println!(
            "| {} | {} | {} | {measured} | {refused} | 0 | 0 | {low:+.2} to {high:+.2} |",
            build.id, reference.name, reference.arch
        );
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn the_ledger_holds_for_other_architectures_of_b11434() {
    against_oracle("b11434", include_str!("../../tests/oracle/architectures-b11434.json"));
}

#[test]
fn the_ledger_holds_for_other_architectures_of_b12032() {
    against_oracle("b12032", include_str!("../../tests/oracle/architectures-b12032.json"));
}

/// The models of tests/oracle/models.toml: never below, within 8 MiB or 1 % where the architecture
/// is checked, and an upper bound that is said to be one where it is not. The context is exact for all that have no sliding window.
fn bounds_hold(build: &str, text: &str) {
    let rows: Vec<Row> = serde_json::from_str(text).unwrap();
    let build = build::ledger(build).unwrap();
    let mut wrong = Vec::new();
    for written in shapes::written() {
        let (head, size) = shapes::of_written(&written);
        let header = Header::read(head.as_slice(), Some(size)).unwrap();
        let shape = Shape::from_header(&header).unwrap();
        let weights = weights_of(&header, shape.layers.len());
        let of_model: Vec<&Row> = rows.iter().filter(|row| row.model == written.name).collect();
        assert!(!of_model.is_empty(), "{} has no rows", written.name);
        let graphs = Graphs::default();
        let (mut low, mut high, mut measured, mut context_over) = (f64::MAX, f64::MIN, 0, 0);
        for row in &of_model {
            let w = row.workload();
            let name = format!(
                "{} {} ctx {} fa {} kv {}/{} np {}",
                build.id, row.model, row.n_ctx, row.flash_attn, row.type_k, row.type_v, row.n_parallel
            );
            let (Some(model), Some(context), Some(compute)) =
                (row.model_mib, row.context_mib, row.compute_mib)
            else {
                continue;
            };
            let logits = Logits::All;
            let subject =
                Subject { shape: &shape, weights: &weights, workload: &w, build, logits, graphs: &graphs };
            let n_layer = shape.layers.len() as u64;
            // A layer that only drafts is not loaded: for an unchecked architecture it counts.
            let weighs = weights.total_bytes >> 20;
            if weighs < model || (shape.known && weighs > model) {
                wrong.push(format!("{name}: model {}, not {model}", weights.total_bytes >> 20));
            }
            let kv = subject.kv_bytes(0, n_layer) >> 20;
            context_over = context_over.max(kv as i64 - context as i64);
            if kv < context || (shape.known && kv > context) {
                wrong.push(format!("{name}: context {kv}, not {context}"));
            }
            let real = row.compute_exact_mib.unwrap_or(compute as f64);
            let ours = subject.compute_bytes(&Placement::host_only(n_layer))[0] as f64 / 1048576.0;
            let over = ours - real;
            (low, high, measured) = (low.min(over), high.max(over), measured + 1);
            let whole = (model + context + compute) as f64;
            let most = if shape.known { f64::max(8.0, 0.01 * whole) } else { f64::MAX };
            if !(0.0..=most).contains(&over) {
                wrong.push(format!("{name}: compute {over:+.2} MiB on {real}"));
            }
        }
        let kind = if shape.known { "exact" } else { "estimate" };
        println!(
            "| {} | {} | {} | {measured} | {kind} | {context_over:+} | {low:+.2} to {high:+.2} |",
            build.id, written.name, written.architecture
        );
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn the_bounds_hold_for_further_models_of_b11434() {
    bounds_hold("b11434", include_str!("../../tests/oracle/models-b11434.json"));
}
#[test]
fn the_bounds_hold_for_further_models_of_b12032() {
    bounds_hold("b12032", include_str!("../../tests/oracle/models-b12032.json"));
}
