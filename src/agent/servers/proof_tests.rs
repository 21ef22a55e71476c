use super::*;
use crate::agent::servers::recorded_tests::planned;
use crate::engine::llama_cpp::log::parse_log;
use crate::engine::llama_cpp::log::tests::ON_A_CPU;

/// Logs of a model on two devices: split by layers, and with a part of every matrix on each.
const GPUS: &str = include_str!("../../../tests/fixtures/llama-server/llama.2-layer.log");
const SHARED: &str = include_str!("../../../tests/fixtures/llama-server/llama.2-tensor.log");

fn plan() -> Plan {
    planned("llama", "2-layer")
}

fn bytes(mib: f64) -> u64 {
    (mib * 1048576.0) as u64
}

#[test]
fn repacked_weights_are_not_counted_twice() {
    let mut plan = plan();
    plan.memory.truncate(1);
    let proof = compare(&plan, &parse_log(ON_A_CPU.lines()), &BTreeMap::new());
    let host = &proof.devices[0];
    assert_eq!(host.weights.reported, (3891.24 * 1048576.0) as u64);
    assert_eq!(host.repacked_bytes, 3204 << 20);
}

#[test]
fn a_plan_that_came_true() {
    let (plan, reported) = (plan(), parse_log(GPUS.lines()));
    assert_eq!(reported.offloaded, Some((5, 5)));
    let held = [(0, plan.memory[1].total_bytes + (298 << 20)), (1, plan.memory[2].total_bytes)].into();
    let proof = compare(&plan, &reported, &held);
    assert_eq!(proof.fallback(), None);
    assert_eq!(proof.devices[1].weights.reported, bytes(252.05));
    assert_eq!(proof.devices[0].compute.reported, bytes(48.07));
    assert_eq!(proof.warnings(), ["gpu0: the process holds 298 MiB more than the ledger says"]);
}

#[test]
fn a_server_on_the_cpu_is_found_out() {
    let none = BTreeMap::new();
    let why = compare(&plan(), &parse_log(ON_A_CPU.lines()), &none).fallback().unwrap();
    assert!(why.contains("says nothing of offloaded layers"), "{why}");
    let fewer = GPUS.replace("5/5", "2/5");
    let why = compare(&plan(), &parse_log(fewer.lines()), &none).fallback().unwrap();
    assert_eq!(why, "2 layers are on GPUs; the plan puts 5 there");
    let one = GPUS.replace("Vulkan1 model", "Vulkan0 model");
    assert_eq!(
        compare(&plan(), &parse_log(one.lines()), &none).fallback().unwrap(),
        "no weights are on gpu1"
    );
    let idle = [(0, 107 << 20)].into();
    assert!(compare(&plan(), &parse_log(GPUS.lines()), &idle).fallback().unwrap().contains("on gpu0"));
}

#[test]
fn more_than_the_ledger_says_is_a_warning() {
    let more = GPUS.replace("=    12.00", "=   112.00");
    let warnings = compare(&plan(), &parse_log(more.lines()), &BTreeMap::new()).warnings();
    assert!(warnings[0].starts_with("gpu0: the server took "), "{warnings:?}");
}

#[test]
fn a_buffer_that_a_tensor_split_reports_once_counts_for_every_card() {
    let (plan, none) = (planned("llama", "2-tensor"), BTreeMap::new());
    let proof = compare(&plan, &parse_log(SHARED.lines()), &none);
    assert_eq!((proof.fallback(), proof.warnings()), (None, Vec::new()));
    for card in &proof.devices[1..] {
        let parts = (card.weights.reported, card.kv.reported, card.compute.reported, card.at_most);
        assert_eq!(parts, (bytes(200.07), 8 << 20, bytes(51.01), false), "{}", card.device);
    }
    // A later build may name the cards.
    let named = SHARED.replace("Meta()", "Meta(Vulkan0,Vulkan1)");
    assert_eq!(compare(&plan, &parse_log(named.lines()), &none), proof);
    // More than planned is one on each.
    let more = compare(&plan, &parse_log(SHARED.replace("200.07", "300.07").lines()), &none);
    assert_eq!(more.warnings().len(), 2, "{:?}", more.warnings());
    // No card has weights.
    let idle = SHARED.replace("Meta() model", "CPU model");
    assert_eq!(compare(&plan, &parse_log(idle.lines()), &none).fallback().unwrap(), "no weights are on gpu0");
}

#[test]
fn the_fullest_card_of_an_uneven_tensor_split_is_the_one_that_is_compared() {
    let mut plan = planned("llama", "2-tensor");
    plan.memory[2].weights_bytes /= 2;
    let compare = |log: &str| super::compare(&plan, &parse_log(log.lines()), &BTreeMap::new());
    let proof = compare(SHARED);
    assert_eq!((proof.fallback(), proof.warnings()), (None, Vec::new()));
    assert_eq!(proof.devices.iter().map(|device| device.at_most).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(compare(&SHARED.replace("200.07", "300.07")).warnings().len(), 1);
}

#[test]
fn memory_on_a_card_that_the_plan_does_not_use_is_a_warning() {
    let mut plan = plan();
    plan.memory.truncate(2);
    let proof = compare(&plan, &parse_log(GPUS.lines()), &BTreeMap::new());
    assert_eq!(proof.elsewhere["Vulkan1"], bytes(148.02) + bytes(4.0) + bytes(36.04));
    let warnings = proof.warnings();
    assert_eq!(warnings, ["Vulkan1: the server took 188 MiB on a device that the plan does not use"]);
}

#[test]
fn a_container_that_does_not_tell_all_is_held_to_its_weights_and_to_the_whole() {
    let plan = Plan::from_json(include_str!("../../../tests/golden/plans/vllm.json")).unwrap();
    let card = plan.memory[1].clone();
    let warned = |weights: u64, kv: u64| {
        let reported = Reported {
            devices: vec!["CUDA0".into(), "CUDA1".into()],
            model: [("CUDA0".to_string(), weights)].into(),
            kv: [("CUDA0".to_string(), kv)].into(),
            ..Reported::default()
        };
        let proof = compare(&plan, &reported, &BTreeMap::new());
        assert_eq!((proof.not_told.join(" ").as_str(), proof.fallback()), ("compute output", None));
        assert_eq!(proof.devices[1].kv.reported, kv);
        proof.warnings()
    };
    let (weights, kv) = (card.weights_bytes, card.kv_bytes);
    assert_eq!(warned(weights, kv), [""; 0]);
    // The cache has what activations leave.
    assert_eq!(warned(weights, kv + card.compute_bytes / 2), [""; 0]);
    let more = warned(weights + weights / 50, kv);
    assert!(more.iter().any(|text| text.starts_with("gpu0: the weights take ")), "{more:?}");
    let all = warned(weights, kv + card.compute_bytes + card.output_bytes + (5 << 20));
    assert_eq!(all, ["gpu0: the server took 5 MiB more than the ledger says"]);
}
