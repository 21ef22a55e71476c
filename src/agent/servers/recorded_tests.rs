//! Plans of small models against what llama-server b11434 printed when they ran on Mesa's software device:
//! tests/fixtures/llama-server, whose README says how they were recorded.

use super::proof::{Part, compare};
use crate::engine::llama_cpp::build::{self, Build};
use crate::engine::llama_cpp::log::parse_log;
use crate::engine::split::SplitMode;
use crate::hardware::{offers, profiles};
use crate::model::gguf::Header;
use crate::model::{Shape, weights_of};
use crate::plan::request::{Fixed, ModelChoice, Request, Variant};
use crate::plan::{self, Plan};
use std::collections::BTreeMap;
use std::path::Path;

#[allow(dead_code, reason = "the large shapes are measured elsewhere")]
mod shapes {
    use crate::model::{dimensions, gguf_write, tensor_type};
    include!("../../../tests/oracle/shapes.rs");
    include!("../../../tests/oracle/small.rs");
}

/// How the cards share a model, as a recording's name has it, with the profile that has as many.
const SHARED: [(&str, &str, Option<SplitMode>); 3] = [
    ("1", "gpu-24gb", None),
    ("2-layer", "2x3090-nvlink", Some(SplitMode::Layer)),
    ("2-tensor", "2x3090-nvlink", Some(SplitMode::Tensor)),
];

include!("../../../tests/oracle/small_plan.rs");

/// The plan of one of the shapes for one of those profiles.
pub(super) fn planned(name: &str, shared: &str) -> Plan {
    let reference = shapes::ON_A_CARD.iter().find(|reference| reference.name == name).unwrap();
    let (_, profile, split_mode) = SHARED.into_iter().find(|(known, ..)| *known == shared).unwrap();
    let (head, size) = shapes::file(reference);
    plan_of_file(name, &head, size, profile, split_mode, build::find(build::DEFAULT).unwrap())
}

#[test]
fn every_recorded_start_is_proved_and_takes_what_its_plan_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/llama-server");
    let mut read = 0;
    let mut wrong = Vec::new();
    for reference in shapes::ON_A_CARD {
        for (shared, ..) in SHARED {
            let Ok(log) = std::fs::read_to_string(folder.join(format!("{}.{shared}.log", reference.name)))
            else {
                assert_ne!(shared, "1", "{} is not recorded", reference.name);
                continue;
            };
            let name = format!("{} {shared}", reference.name);
            let plan = planned(reference.name, shared);
            let proof = compare(&plan, &parse_log(log.lines()), &BTreeMap::new());
            assert_eq!((proof.fallback(), proof.warnings()), (None, vec![]), "{name}: {proof:#?}");
            assert!(proof.elsewhere.is_empty(), "{name}: {proof:#?}");
            for device in &proof.devices {
                let parts = [device.weights, device.kv, device.compute, device.output];
                let sum = |of: fn(&Part) -> u64| parts.iter().map(of).sum::<u64>();
                let (planned, reported) = (sum(|part| part.planned), sum(|part| part.reported));
                let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
                println!(
                    "| {name} | {} | {} |",
                    device.device,
                    parts
                        .map(|part| format!("{:.2} / {:.2}", mib(part.planned), mib(part.reported)))
                        .join(" | ")
                );
                // Hundredths of a MiB are logged.
                let under = device.compute.planned + (16 << 10) < device.compute.reported
                    || planned + (64 << 10) < reported;
                if under || planned > reported + (8u64 << 20).max(reported / 100) {
                    wrong.push(format!("{name}: {device:?}"));
                }
            }
            read += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(read >= 10, "{read} recordings");
}
