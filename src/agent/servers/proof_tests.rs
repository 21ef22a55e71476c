use super::*;
use crate::agent::servers::reported::parse_log;

/// Log of b11434 for a model of 7B parameters on a CPU.
const CPU: &str = "0.00.022.591 I load_tensors:   CPU_Mapped model buffer size =  3891.24 MiB
0.00.022.600 I load_tensors:   CPU_REPACK model buffer size =  3204.00 MiB
0.00.022.871 I llama_context:        CPU  output buffer size =     0.24 MiB
0.00.023.119 I llama_kv_cache:        CPU KV buffer size =  2048.00 MiB
0.00.023.742 I llama_kv_cache: size = 2048.00 MiB (  2048 cells,  32 layers,  2/2 seqs), K (f16): 1024.00 MiB
0.00.029.100 I sched_reserve:        CPU compute buffer size =   100.00 MiB
0.00.029.164 I sched_reserve:        CPU compute buffer size =    80.51 MiB";

/// Written after llama.cpp's own format strings: two cards, all layers offloaded.
const GPUS: &str = "load_tensors: offloading output layer to GPU
load_tensors: offloaded 81/81 layers to GPU
load_tensors:   CPU_Mapped model buffer size =   265.62 MiB
load_tensors:        CUDA0 model buffer size = 33632.81 MiB
load_tensors:        CUDA1 model buffer size = 32257.84 MiB
llama_context:  CUDA_Host  output buffer size =     0.24 MiB
llama_kv_cache:      CUDA0 KV buffer size =  5248.00 MiB
llama_kv_cache:      CUDA1 KV buffer size =  4992.00 MiB
sched_reserve:      CUDA0 compute buffer size =   250.00 MiB
sched_reserve:      CUDA1 compute buffer size =   250.00 MiB
sched_reserve:  CUDA_Host compute buffer size =    72.00 MiB";

fn plan() -> Plan {
    Plan::from_json(include_str!("../../../tests/golden/plans/multi-gpu.json")).unwrap()
}

#[test]
fn repacked_weights_are_not_counted_twice() {
    let mut plan = plan();
    plan.memory.truncate(1);
    let proof = compare(&plan, &parse_log(CPU.lines()), &BTreeMap::new());
    let host = &proof.devices[0];
    assert_eq!(host.weights.reported, (3891.24 * 1048576.0) as u64);
    assert_eq!(host.repacked_bytes, 3204 << 20);
}

#[test]
fn a_plan_that_came_true() {
    let reported = parse_log(GPUS.lines());
    assert_eq!(reported.offloaded, Some((81, 81)));
    let held = [(0, 40_000 << 20), (1, 37_000 << 20)].into();
    let proof = compare(&plan(), &reported, &held);
    assert_eq!(proof.fallback(), None);
    assert_eq!(proof.devices[1].weights.reported, (33632.81 * 1048576.0) as u64);
    assert_eq!(proof.devices[0].compute.reported, 72 << 20);
    assert_eq!(proof.warnings(), ["gpu0: the process holds 298 MiB more than the ledger says"]);
}

#[test]
fn a_server_on_the_cpu_is_found_out() {
    let none = BTreeMap::new();
    let why = compare(&plan(), &parse_log(CPU.lines()), &none).fallback().unwrap();
    assert!(why.contains("says nothing of offloaded layers"), "{why}");
    let fewer = GPUS.replace("81/81", "40/81");
    let why = compare(&plan(), &parse_log(fewer.lines()), &none).fallback().unwrap();
    assert_eq!(why, "40 layers are on GPUs; the plan puts 81 there");
    let one = GPUS.replace("CUDA1 model", "CUDA0 model");
    assert_eq!(
        compare(&plan(), &parse_log(one.lines()), &none).fallback().unwrap(),
        "no weights are on gpu1"
    );
    let idle = [(0, 107 << 20)].into();
    assert!(compare(&plan(), &parse_log(GPUS.lines()), &idle).fallback().unwrap().contains("on gpu0"));
}

#[test]
fn more_than_the_ledger_says_is_a_warning() {
    let more = GPUS.replace("5248.00", "5348.00");
    let warnings = compare(&plan(), &parse_log(more.lines()), &BTreeMap::new()).warnings();
    assert!(warnings[0].starts_with("gpu0: the server took "), "{warnings:?}");
}

/// The cards of a tensor split are one device to llama-server.
fn shared(model: &str, kv: &str) -> String {
    let lines = GPUS.lines().filter(|line| !line.contains("CUDA1"));
    let lines: Vec<&str> = lines.collect();
    lines.join("\n").replace("CUDA0", "Meta()").replace("33632.81", model).replace("5248.00", kv)
}

#[test]
fn what_a_tensor_split_reports_once_counts_for_every_card() {
    let mut plan = plan();
    for ledger in &mut plan.memory[1..] {
        (ledger.weights_bytes, ledger.kv_bytes) = (33000 << 20, 5120 << 20);
    }
    let none = BTreeMap::new();
    let proof = compare(&plan, &parse_log(shared("33000.00", "5120.00").lines()), &none);
    assert_eq!(proof.fallback(), None);
    assert_eq!(proof.warnings(), [""; 0]);
    for card in &proof.devices[1..] {
        let parts = (card.weights.reported, card.kv.reported, card.compute.reported, card.at_most);
        assert_eq!(parts, (33000 << 20, 5120 << 20, 250 << 20, false), "{}", card.device);
    }
    // A later build may name the cards.
    let named = shared("33000.00", "5120.00").replace("Meta()", "Meta(CUDA0,CUDA1)");
    assert_eq!(compare(&plan, &parse_log(named.lines()), &none), proof);
    // More than planned is one on each.
    let more = compare(&plan, &parse_log(shared("33100.00", "5120.00").lines()), &none);
    assert_eq!(more.warnings().len(), 2, "{:?}", more.warnings());
    // No card has weights.
    let idle = shared("33000.00", "5120.00").replace("Meta() model", "CPU model");
    assert_eq!(compare(&plan, &parse_log(idle.lines()), &none).fallback().unwrap(), "no weights are on gpu0");
}

#[test]
fn the_fullest_card_of_an_uneven_tensor_split_is_the_one_that_is_compared() {
    let mut plan = plan();
    (plan.memory[1].weights_bytes, plan.memory[2].weights_bytes) = (40000 << 20, 26000 << 20);
    (plan.memory[1].kv_bytes, plan.memory[2].kv_bytes) = (6144 << 20, 4096 << 20);
    let compare =
        |model| super::compare(&plan, &parse_log(shared(model, "6144.00").lines()), &BTreeMap::new());
    let proof = compare("40000.00");
    assert_eq!((proof.fallback(), proof.warnings()), (None, Vec::new()));
    assert_eq!(proof.devices.iter().map(|device| device.at_most).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(compare("40100.00").warnings().len(), 1);
}

#[test]
fn memory_on_a_card_that_the_plan_does_not_use_is_a_warning() {
    let mut plan = plan();
    plan.memory.truncate(2);
    let proof = compare(&plan, &parse_log(GPUS.lines()), &BTreeMap::new());
    assert_eq!(proof.elsewhere["CUDA1"], ((32257.84 + 4992.0 + 250.0) * 1048576.0) as u64);
    let warnings = proof.warnings();
    assert_eq!(warnings, ["CUDA1: the server took 37499 MiB on a device that the plan does not use"]);
}
