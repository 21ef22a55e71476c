//! The ledger against llama-fit-params over other architectures than the registry's: the files of
//! tests/oracle/shapes.rs, read back by the header reader, for both builds.

use super::document::Workload;
use super::ledger::refusal;
use super::oracle::{Model, Row};
use super::page_table;
use super::placement::Placement;
use crate::engine::llama_cpp::build;

/// The files are shared with examples/reference_gguf.rs.
#[allow(dead_code, reason = "the registry's files are made elsewhere")]
pub mod shapes {
    use crate::model::{dimensions, gguf_write, tensor_type};
    include!("../../tests/oracle/shapes.rs");
    include!("../../tests/oracle/models.rs");
}

fn against_oracle(build: &str, text: &str) {
    let rows: Vec<Row> = serde_json::from_str(text).unwrap();
    let build = build::ledger(build).unwrap();
    let (mut wrong, mut table) = (Vec::new(), Vec::new());
    for reference in shapes::ALL {
        let model = Model::read(shapes::file(reference));
        let (shape, weights) = (&model.shape, &model.weights);
        assert!(shape.known(), "{}", reference.name);
        let of_model: Vec<&Row> = rows.iter().filter(|row| row.asked.model == reference.name).collect();
        assert!(!of_model.is_empty(), "{} has no rows", reference.name);
        let (mut low, mut high, mut measured) = (f64::MAX, f64::MIN, 0);
        for row in &of_model {
            let workload = row.asked.workload();
            let name = format!("{} {}", build.id, row.asked);
            if refusal(shape, &workload).is_some() != row.error.is_some() {
                wrong.push(format!("{name}: refused {:?}", row.error));
            }
            let (Some(model_mib), Some(context), Some(compute)) =
                (row.model_mib, row.context_mib, row.compute_mib)
            else {
                continue;
            };
            let subject = model.subject(&workload, build);
            let n_layer = shape.layers.len() as u64;
            let bytes = subject.compute_bytes(&Placement::host_only(n_layer))[0];
            let kv = subject.kv_bytes(0, n_layer);
            if (weights.total_bytes >> 20, kv >> 20) != (model_mib, context) {
                let got = (weights.total_bytes >> 20, kv >> 20);
                wrong.push(format!("{name}: model, context {got:?}, not {:?}", (model_mib, context)));
            }
            let real = row.compute_exact_mib.unwrap_or(compute as f64);
            let over = bytes as f64 / 1048576.0 - real;
            (low, high, measured) = (low.min(over), high.max(over), measured + 1);
            let allowed = f64::max(8.0, 0.01 * (model_mib + context + compute) as f64);
            let exact = f64::min(allowed, 0.25);
            if !(0.0..=exact).contains(&over) {
                wrong.push(format!("{name}: compute {over:+.2} MiB on {real}"));
            }
        }
        let refused = of_model.len() - measured;
        table.push(format!(
            "| {} | {} | {measured} | {refused} | 0 | 0 | {low:+.2} to {high:+.2} |",
            reference.name, reference.arch
        ));
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    let columns =
        "model | architecture | rows | refused | model error, MiB | context error, MiB | compute error, MiB";
    page_table::hold("accuracy.md", &format!("architectures of {}", build.id), columns, &table);
}

#[test]
fn the_ledger_holds_for_other_architectures_of_b11434() {
    against_oracle("b11434", include_str!("../../tests/oracle/architectures-b11434.json"));
}

#[test]
fn the_ledger_holds_for_other_architectures_of_b12032() {
    against_oracle("b12032", include_str!("../../tests/oracle/architectures-b12032.json"));
}

/// The ledger's figures beside a row's, MiB; `over` is the compute buffer's difference.
struct Beside {
    weighs: u64,
    kv: u64,
    over: f64,
    model_mib: u64,
    context: u64,
    real: f64,
}

/// Returns `None` where llama.cpp gave no figures.
fn beside(model: &Model, build: &'static build::Build, row: &Row) -> Option<Beside> {
    let (model_mib, context, compute) = (row.model_mib?, row.context_mib?, row.compute_mib?);
    let (shape, weights) = (&model.shape, &model.weights);
    let workload = row.asked.workload();
    let subject = model.subject(&workload, build);
    let n_layer = shape.layers.len() as u64;
    // Gemma 4's tied output is a tensor of its own to llama.cpp, but the same part of the mapped file.
    let twice = match shape.architecture.as_str() {
        "gemma4" | "gemma3n" => weights.embedding_bytes,
        // A file without an embedding: the output's tensor is both.
        "codeshell" if weights.embedding_bytes == 0 => weights.output_bytes / 2,
        _ => 0,
    };
    let real = row.compute_exact_mib.unwrap_or(compute as f64);
    let ours = subject.compute_bytes(&Placement::host_only(n_layer))[0] as f64 / 1048576.0;
    Some(Beside {
        weighs: (weights.total_bytes + twice) >> 20,
        kv: subject.kv_bytes(0, n_layer) >> 20,
        over: ours - real,
        model_mib,
        context,
        real,
    })
}

/// The models of tests/oracle/models.toml: never below, within 8 MiB or 1 % where the architecture
/// is checked, and an upper bound that is said to be one where it is not. The context is exact for all that have no sliding window.
fn bounds_hold(build: &str, group: &str, models: &str, text: &str) {
    let rows: Vec<Row> = serde_json::from_str(text).unwrap();
    let build = build::ledger(build).unwrap();
    let (mut wrong, mut table) = (Vec::new(), Vec::new());
    for written in shapes::written_in(models) {
        let model = Model::read(shapes::of_written(&written));
        let shape = &model.shape;
        let of_model: Vec<&Row> = rows.iter().filter(|row| row.asked.model == written.name).collect();
        assert!(!of_model.is_empty(), "{} has no rows", written.name);
        let (mut low, mut high, mut measured, mut context_over) = (f64::MAX, f64::MIN, 0, 0);
        for row in &of_model {
            let name = format!("{} {}", build.id, row.asked);
            let Some(Beside { weighs, kv, over, model_mib, context, real }) = beside(&model, build, row)
            else {
                continue;
            };
            if weighs < model_mib || (shape.known() && weighs > model_mib) {
                wrong.push(format!("{name}: model {weighs}, not {model_mib}"));
            }
            context_over = context_over.max(kv as i64 - context as i64);
            if kv < context || (shape.known() && kv > context) {
                wrong.push(format!("{name}: context {kv}, not {context}"));
            }
            (low, high, measured) = (low.min(over), high.max(over), measured + 1);
            let whole = (model_mib + context + row.compute_mib.unwrap_or(0)) as f64;
            let kept = (4 * shape.followed.map_or(0, |followed| followed.slack) * shape.n_embd * 512) as f64
                / 1048576.0;
            let most = if shape.known() { kept + f64::max(8.0, 0.01 * whole) } else { f64::MAX };
            if !(0.0..=most).contains(&over) {
                wrong.push(format!("{name}: compute {over:+.2} MiB on {real}"));
            }
        }
        let kind = if shape.known() { "checked" } else { "estimate" };
        table.push(format!(
            "| {} | {} | {measured} | {kind} | {context_over:+} | {low:+.2} to {high:+.2} |",
            written.name, written.architecture
        ));
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    let columns = "model | architecture | rows | | context, MiB over | compute, MiB over";
    page_table::hold("accuracy.md", &format!("{group} of {}", build.id), columns, &table);
}

#[test]
fn the_bounds_hold_for_further_models_of_b11434() {
    bounds_hold(
        "b11434",
        "further models",
        shapes::FILES[0],
        include_str!("../../tests/oracle/models-b11434.json"),
    );
}
#[test]
fn the_bounds_hold_for_further_models_of_b12032() {
    bounds_hold(
        "b12032",
        "further models",
        shapes::FILES[0],
        include_str!("../../tests/oracle/models-b12032.json"),
    );
}
#[test]
fn the_bounds_hold_for_the_newest_models_of_b11434() {
    bounds_hold(
        "b11434",
        "newest models",
        shapes::FILES[1],
        include_str!("../../tests/oracle/newest-b11434.json"),
    );
}

#[test]
fn the_bounds_hold_for_hybrid_models_of_b11434() {
    bounds_hold(
        "b11434",
        "layers of several kinds",
        shapes::FILES[3],
        include_str!("../../tests/oracle/hybrids-b11434.json"),
    );
}

/// Debian's llama.cpp 0.7.0.
#[test]
fn the_bounds_hold_for_the_newest_models_of_b11669() {
    bounds_hold(
        "b11669",
        "newest models",
        shapes::FILES[1],
        include_str!("../../tests/oracle/newest-b11669.json"),
    );
}

/// Every architecture that b11434 loads and that answers, in the least file that loads (tests/oracle/every.py): the context
/// is exact, nothing is below what llama.cpp takes, and docs/accuracy.md has the table.
#[test]
fn no_architecture_is_under_and_the_table_says_how_far_over() {
    let rows: Vec<Row> = serde_json::from_str(include_str!("../../tests/oracle/every-b11434.json")).unwrap();
    let build = build::ledger("b11434").unwrap();
    let (mut wrong, mut lines) = (Vec::new(), Vec::new());
    for written in shapes::written_in(shapes::FILES[2]) {
        let model = Model::read(shapes::of_written(&written));
        let shape = &model.shape;
        let (mut low, mut high, mut measured) = (f64::MAX, f64::MIN, 0);
        for row in rows.iter().filter(|row| row.asked.model == written.name) {
            let workload = row.asked.workload();
            let name = row.asked.to_string();
            if refusal(shape, &workload).is_some() != row.error.is_some() {
                wrong.push(format!("{name}: refused {:?}", row.error));
            }
            let Some(Beside { weighs, kv, over, model_mib, context, real }) = beside(&model, build, row)
            else {
                continue;
            };
            if (weighs, kv) != (model_mib, context) {
                wrong.push(format!(
                    "{name}: model, context {:?}, not {:?}",
                    (weighs, kv),
                    (model_mib, context)
                ));
            }
            (low, high, measured) = (low.min(over), high.max(over), measured + 1);
            if over < 0.0 {
                wrong.push(format!("{name}: compute {over:+.2} MiB on {real}"));
            }
        }
        let kind = match (shape.known(), high) {
            (true, ..1.0) => "exact",
            (true, _) => "bounded above",
            (false, _) => "estimate",
        };
        lines.push(format!("| {} | {kind} | {measured} | {low:+.2} to {high:+.2} |", written.name));
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    lines.sort();
    page_table::hold(
        "accuracy.md",
        "every architecture",
        "architecture | | rows | compute, MiB over",
        &lines,
    );
}

/// llama-server reserves logits for one token of a slot. llama-fit-params reserves them for a whole batch, which can hide
/// the rest of a compute buffer.
#[test]
fn no_architecture_takes_more_of_a_server_than_the_ledger_says() {
    let rows: Vec<Row> = serde_json::from_str(include_str!("../../tests/oracle/server-b11434.json")).unwrap();
    let build = build::ledger("b11434").unwrap();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for written in shapes::FILES.iter().flat_map(|file| shapes::written_in(file)) {
        let model = Model::read(shapes::of_written(&written));
        for row in rows.iter().filter(|row| row.asked.model == written.name) {
            let workload = row.asked.workload();
            let name = row.asked.to_string();
            let (Some(model_mib), Some(context), Some(real)) =
                (row.model_mib, row.context_mib, row.compute_exact_mib)
            else {
                continue;
            };
            seen += 1;
            let subject = model.served(&workload, build);
            let n_layer = model.shape.layers.len() as u64;
            let ours = subject.compute_bytes(&Placement::host_only(n_layer))[0] as f64 / 1048576.0;
            let kv = subject.kv_bytes(0, n_layer) >> 20;
            let weighs = model.weights.total_bytes >> 20;
            if weighs < model_mib || kv < context {
                wrong.push(format!(
                    "{name}: model, context {:?}, not {:?}",
                    (weighs, kv),
                    (model_mib, context)
                ));
            }
            if ours < real {
                wrong.push(format!("{name}: compute {:+.2} MiB on {real}", ours - real));
            }
        }
    }
    assert!(seen > 300, "{seen} rows");
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
}

/// llama-server with `--kv-unified`: DeepSeek V4 has a whole context for each sequence all the same, and Qwen 4 has room for the
/// blocks of as many contexts.
#[test]
fn a_shared_cache_is_as_large_as_llama_server_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/unified-b11434.json");
    let rows: Vec<Row> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let build = build::ledger("b11434").unwrap();
    for row in &rows {
        let mut written = shapes::written().into_iter();
        let written = written.find(|written| written.name == row.asked.model).unwrap();
        let model = Model::read(shapes::of_written(&written));
        let workload = Workload { kv_unified: true, ..row.asked.workload() };
        let subject = model.served(&workload, build);
        let n_layer = model.shape.layers.len() as u64;
        assert_eq!(Some(subject.kv_bytes(0, n_layer) >> 20), row.context_mib, "{}", row.asked);
        let ours = subject.compute_bytes(&Placement::host_only(n_layer))[0] as f64 / 1048576.0;
        let over = ours - row.compute_exact_mib.unwrap();
        assert!((0.0..0.25).contains(&over), "{}: compute {over:+.2}", row.asked);
    }
}
