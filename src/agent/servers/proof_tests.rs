use super::*;

/// As b11434 printed for a model of 7B parameters on a CPU.
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
fn buffers_are_read_and_what_is_reserved_again_counts_once() {
    let reported = parse_log(CPU.lines());
    let mib = |n: f64| (n * 1048576.0) as u64;
    assert_eq!(reported.model["CPU_Mapped"], mib(3891.24));
    assert_eq!((reported.kv["CPU"], reported.compute["CPU"]), (2048 << 20, mib(80.51)));
    assert_eq!((reported.output["CPU"], reported.offloaded), (mib(0.24), None));
    assert!(reported.is_complete());
    assert!(!parse_log(["llama_kv_cache: size = 1 MiB", "nonsense buffer size = many"]).is_complete());
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
