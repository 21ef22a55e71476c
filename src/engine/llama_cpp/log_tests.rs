use super::*;
use crate::engine::reported::Holder;

/// Log of b11434 for a model of 7B parameters on a CPU.
pub(crate) const ON_A_CPU: &str = "0.00.022.591 I load_tensors:   CPU_Mapped model buffer size =  3891.24 MiB
0.00.022.600 I load_tensors:   CPU_REPACK model buffer size =  3204.00 MiB
0.00.022.871 I llama_context:        CPU  output buffer size =     0.24 MiB
0.00.023.119 I llama_kv_cache:        CPU KV buffer size =  2048.00 MiB
0.00.023.742 I llama_kv_cache: size = 2048.00 MiB (  2048 cells,  32 layers,  2/2 seqs), K (f16): 1024.00 MiB
0.00.029.100 I sched_reserve:        CPU compute buffer size =   100.00 MiB
0.00.029.164 I sched_reserve:        CPU compute buffer size =    80.51 MiB";

#[test]
fn buffers_are_read_and_what_is_reserved_again_counts_once() {
    let reported = parse_log(ON_A_CPU.lines());
    let mib = |n: f64| (n * 1048576.0) as u64;
    assert_eq!(reported.model["CPU_Mapped"], mib(3891.24));
    assert_eq!((reported.kv["CPU"], reported.compute["CPU"]), (2048 << 20, mib(80.51)));
    assert_eq!((reported.output["CPU"], reported.offloaded), (mib(0.24), None));
    assert!(reported.is_complete());
    assert!(!parse_log(["llama_kv_cache: size = 1 MiB", "nonsense buffer size = many"]).is_complete());
}

#[test]
fn every_name_of_a_buffer_says_whose_memory_it_is() {
    let none = Reported::default();
    for (names, holder) in [
        ("CPU CPU_Mapped CPU_REPACK CPU_KLEIDIAI CPU_HBM AMX BLAS", Holder::Host),
        ("CUDA_Host Vulkan_Host ROCm_Host SYCL_Host", Holder::Host),
        ("CUDA0 Vulkan0 ROCm0 SYCL0 MUSA0 MTL0 CANN0", Holder::Card(0)),
        ("CUDA15 Vulkan15 ROCm15", Holder::Card(15)),
        ("Meta() Meta(CUDA0,CUDA1) Meta(RPC0[10.0.0.2:50052],CUDA0)", Holder::EveryCard),
        ("RPC0[10.0.0.2:50052] RPC0[[fd00::2]:50052]", Holder::Remote(0)),
        ("RPC3[gpu-box:50052]", Holder::Remote(3)),
        // Nothing that a server prints.
        ("0 CUDA CUDA+1 CUDA99999999999999999999 CUDA0x RPC[1] RPCx[1] CPU0", Holder::Host),
    ] {
        names.split(' ').for_each(|name| assert_eq!(none.holder(name), holder, "{name}"));
    }
}

#[test]
fn a_cards_number_is_its_place_among_the_devices_that_are_used() {
    // The processor's own graphics are Vulkan0, and left alone.
    let line = |name: &str| {
        format!(
            "0.00.1 I llama_prepare_model_devices: using device {name} (A card (R)) (0000:03:00.0) - 16000 MiB free"
        )
    };
    let remote = "0.00.581.166 I llama_prepare_model_devices: using device RPC0 (10.0.0.2:50052) (unknown id) - 24105 MiB free";
    let lines = [remote.to_string(), line("Vulkan1"), line("Vulkan3")];
    let reported = parse_log(lines.iter().map(String::as_str));
    assert_eq!(reported.devices, ["RPC0[10.0.0.2:50052]", "Vulkan1", "Vulkan3"]);
    assert_eq!(reported.holder("Vulkan1"), Holder::Card(0));
    assert_eq!(reported.holder("Vulkan3"), Holder::Card(1));
    assert_eq!(reported.holder("RPC0[10.0.0.2:50052]"), Holder::Remote(0));
    assert_eq!(reported.holder("Vulkan_Host"), Holder::Host);
}

/// Recorded on 28 November 2026: llama-server b11434 with gemma-3-270m over two workers (tests/lab/build-rpc).
const OVER_TWO_WORKERS: &str = "0.00.581.166 I llama_prepare_model_devices: using device RPC0 (127.0.0.1:50971) (unknown id) - 24105 MiB free
0.00.593.374 I llama_prepare_model_devices: using device RPC1 (127.0.0.1:50972) (unknown id) - 24105 MiB free
0.02.353.404 I load_tensors: offloaded 19/19 layers to GPU
0.02.353.421 I load_tensors:   CPU_Mapped model buffer size =   170.00 MiB
0.02.353.423 I load_tensors: RPC0[127.0.0.1:50971] model buffer size =    35.82 MiB
0.02.353.424 I load_tensors: RPC0[127.0.0.1:50972] model buffer size =   199.34 MiB
0.06.983.721 I llama_context:        CPU  output buffer size =     1.00 MiB
0.07.009.324 I llama_kv_cache: RPC0[127.0.0.1:50971] KV buffer size =     4.00 MiB
0.07.024.002 I llama_kv_cache: RPC0[127.0.0.1:50972] KV buffer size =     8.00 MiB
0.07.054.714 I sched_reserve: RPC0[127.0.0.1:50971] compute buffer size =    52.84 MiB
0.07.054.723 I sched_reserve: RPC0[127.0.0.1:50972] compute buffer size =    41.57 MiB
0.07.054.725 I sched_reserve:        CPU compute buffer size =    32.61 MiB";

#[test]
fn workers_that_call_their_buffers_alike_are_told_apart() {
    let reported = parse_log(OVER_TWO_WORKERS.lines());
    assert_eq!(reported.devices, ["RPC0[127.0.0.1:50971]", "RPC1[127.0.0.1:50972]"]);
    let remote = |port: u16| reported.holder(&format!("RPC0[127.0.0.1:{port}]"));
    assert_eq!((remote(50971), remote(50972)), (Holder::Remote(0), Holder::Remote(1)));
    // The second device of the first of two servers is before the other's.
    let two = Reported {
        devices: ["RPC0[a:1]", "RPC1[a:1]", "RPC2[b:1]"].map(String::from).to_vec(),
        ..Reported::default()
    };
    assert_eq!((two.holder("RPC1[a:1]"), two.holder("RPC0[b:1]")), (Holder::Remote(1), Holder::Remote(2)));
}

#[test]
fn copies_in_another_order_are_all_counted() {
    let reported = parse_log([
        "load_tensors:   CPU_Mapped model buffer size =  100.00 MiB",
        "load_tensors:   CPU_REPACK model buffer size =   60.00 MiB",
        "load_tensors:          AMX model buffer size =   30.00 MiB",
        "load_tensors:  Vulkan_Host model buffer size =    5.00 MiB",
        "load_tensors:      Vulkan0 model buffer size =   50.00 MiB",
    ]);
    assert_eq!((reported.mapped(), reported.repacked()), (100 << 20, 90 << 20));
}
