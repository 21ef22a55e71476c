//! The ledger of cards against llama-fit-params: rows of tests/oracle/placements.py, where servers of
//! ggml's RPC backend stand for the cards and act as CUDA does in ggml's scheduler.

use super::architecture_tests::shapes;
use super::document::DeviceLedger;
use super::oracle::{Asked, Model};
use super::page_table;
use super::placement::Placement;
use crate::engine::llama_cpp::build;
use crate::hardware::profiles;

#[derive(serde::Deserialize)]
struct Row {
    #[serde(flatten)]
    asked: Asked,
    offloaded: u64,
    host_experts: u64,
    shares: Vec<u64>,
    /// Cards in order, then the host.
    devices: Vec<Device>,
}

#[derive(serde::Deserialize)]
struct Device {
    device: String,
    model_mib: u64,
    context_mib: u64,
    compute_mib: f64,
}

#[test]
fn every_device_is_as_llama_cpp_b11434_says() {
    let rows: Vec<Row> =
        serde_json::from_str(include_str!("../../tests/oracle/placements-b11434.json")).unwrap();
    let (mut wrong, mut table) = (Vec::new(), Vec::new());
    let of_shapes = shapes::ALL.iter().map(|reference| (reference.name.to_string(), shapes::file(reference)));
    let hybrids = shapes::FILES[1].to_string() + shapes::FILES[3];
    let written = shapes::written_in(&hybrids).into_iter();
    let of_tables = written.map(|written| (written.name.clone(), shapes::of_written(&written)));
    let mut seen = 0;
    for (reference, file) in of_shapes.chain(of_tables) {
        let of_model: Vec<&Row> = rows.iter().filter(|row| row.asked.model == reference).collect();
        if of_model.is_empty() {
            continue;
        }
        seen += of_model.len();
        let model = Model::read(file);
        let (mut low, mut high, mut devices) = (f64::MAX, f64::MIN, 0);
        for row in &of_model {
            for (ours, device) in ledger(row, &model).iter().zip(&row.devices) {
                let name = row.named(device);
                let got = (ours.weights_bytes >> 20, ours.kv_bytes >> 20);
                if got != (device.model_mib, device.context_mib) {
                    let real = (device.model_mib, device.context_mib);
                    wrong.push(format!("{name}: model, context {got:?}, not {real:?}"));
                }
                let over = ours.compute_bytes as f64 / 1048576.0 - device.compute_mib;
                (low, high, devices) = (low.min(over), high.max(over), devices + 1);
                let whole = (device.model_mib + device.context_mib) as f64 + device.compute_mib;
                if !(0.0..=f64::max(8.0, whole * 0.01)).contains(&over) {
                    wrong.push(format!("{name}: compute {over:+.2} MiB on {}", device.compute_mib));
                }
            }
        }
        table.push(format!("| {reference} | {devices} | 0 | 0 | {low:+.2} to {high:+.2} |"));
    }
    assert_eq!(seen, rows.len(), "rows of a model that no table has");
    assert!(wrong.is_empty(), "{} devices:\n{}", wrong.len(), wrong.join("\n"));
    let columns = "model | devices | model error, MiB | context error, MiB | compute error, MiB";
    page_table::hold("accuracy.md", "cards of b11434", columns, &table);
}

/// Each architecture's least model, and those whose graph over cards is bounded alone: no device takes more.
#[test]
fn no_architecture_takes_more_of_a_card_than_the_ledger_says() {
    let rows: Vec<Row> = serde_json::from_str(include_str!("../../tests/oracle/cards-b11434.json")).unwrap();
    let (mut wrong, mut table, mut seen) = (Vec::new(), Vec::new(), 0);
    for written in shapes::written() {
        let of_model: Vec<&Row> = rows.iter().filter(|row| row.asked.model == written.name).collect();
        if of_model.is_empty() {
            continue;
        }
        seen += of_model.len();
        let model = Model::read(shapes::of_written(&written));
        let (mut low, mut high, mut devices) = (f64::MAX, f64::MIN, 0);
        for row in of_model {
            for (ours, device) in ledger(row, &model).iter().zip(&row.devices) {
                let over = ours.compute_bytes as f64 / 1048576.0 - device.compute_mib;
                (low, high, devices) = (low.min(over), high.max(over), devices + 1);
                let kept = (ours.weights_bytes >> 20, ours.kv_bytes >> 20);
                if over < 0.0 || kept.0 < device.model_mib || kept.1 < device.context_mib {
                    wrong.push(format!(
                        "{}: compute {over:+.2} MiB, model, context {kept:?}",
                        row.named(device)
                    ));
                }
            }
        }
        let kind = match model.shape.followed.and_then(|followed| followed.slack_on_cards) {
            Some(0) => "followed",
            Some(_) => "bounded above",
            None => "estimate",
        };
        table.push(format!("| {} | {kind} | {devices} | {low:+.2} to {high:+.2} |", written.name));
    }
    assert_eq!(seen, rows.len(), "rows of a model that no table has");
    assert!(wrong.is_empty(), "{} devices:\n{}", wrong.len(), wrong.join("\n"));
    let columns = "model | kind over cards | devices | compute error, MiB";
    page_table::hold("accuracy.md", "every architecture over cards of b11434", columns, &table);
}

/// The ledger of a row's placement, cards in order, then the host.
fn ledger(row: &Row, model: &Model) -> Vec<DeviceLedger> {
    let build = build::ledger("b11434").unwrap();
    let card = profiles::find("gpu-24gb").unwrap();
    let workload = row.asked.workload();
    let n_layer = model.shape.layers.len() as u64;
    let placement =
        Placement::offload(n_layer, row.offloaded, &row.shares).with_experts_on_host(row.host_experts);
    let mut profile = card.clone();
    profile.gpus = vec![card.gpus[0].clone(); row.shares.len()];
    let mut ledger = model.subject(&workload, build).ledger(&profile, &placement);
    ledger.rotate_left(1);
    ledger
}

impl Row {
    fn named(&self, device: &Device) -> String {
        let Row { asked, offloaded, host_experts, shares, .. } = self;
        format!("{asked} ngl {offloaded} ncmoe {host_experts} ts {shares:?} {}", device.device)
    }
}
