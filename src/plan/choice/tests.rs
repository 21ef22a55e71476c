//! The verdicts that must come out, and what is kept and refused.

use super::candidates::subject;
use crate::engine::split::SplitMode;
use crate::hardware::facts::{Facts, Gpu};
use crate::hardware::offers::HostKind;
use crate::model::registry;
use crate::plan::document::{Bound, Plan, RuntimeFile, Verdict};
use crate::plan::ledger::Graphs;
use crate::plan::placement::Placement;
use crate::plan::request::Request;
use crate::plan::{plan, reconcile};

pub(super) fn request(id: &str, profile: Option<&str>, quant: Option<&str>) -> Request {
    Request { profile: profile.map(str::to_string), ..Request::of_registry(id, quant).unwrap() }
}

#[test]
fn every_verdict_of_the_table_comes_out() {
    use Verdict::*;
    let table: &[(&str, &str, Option<&str>, &[Verdict])] = &[
        ("laptop-cpu-16gb", "tinyllama-1.1b", None, &[Comfort]),
        ("laptop-cpu-16gb", "phi-2", None, &[Comfort]),
        ("laptop-cpu-16gb", "saiga-13b", Some("4-bit"), &[Compromise]),
        ("laptop-cpu-16gb", "llama-65b", None, &[Impossible]),
        ("laptop-cpu-16gb", "llama-65b", Some("Q2_K"), &[Impossible]),
        ("laptop-cpu-16gb", "llama-65b", Some("4-bit"), &[Impossible]),
        ("gpu-8gb", "llama-7b", Some("4-bit"), &[Comfort]),
        ("gpu-8gb", "mistral-7b", Some("4-bit"), &[Comfort]),
        ("gpu-8gb", "saiga-8b", Some("4-bit"), &[Comfort]),
        ("gpu-16gb", "saiga-13b", Some("4-bit"), &[Compromise]),
        ("gpu-24gb", "saiga-13b", None, &[Comfort]),
        ("gpu-24gb", "mistral-7b", Some("F16"), &[Comfort]),
        ("gpu-24gb", "llama-30b", Some("4-bit"), &[Compromise]),
        ("gpu-24gb", "llama-65b", Some("4-bit"), &[Compromise]),
        ("cpu-vps-64gb", "llama-65b", Some("4-bit"), &[Compromise]),
        ("2x3090-nvlink", "llama-65b", Some("4-bit"), &[Comfort, Compromise]),
        ("2xa100-nvlink", "llama-65b", Some("4-bit"), &[Comfort]),
    ];
    for (profile, model, quant, wanted) in table {
        let plan = plan(&request(model, Some(profile), *quant)).unwrap();
        assert_eq!(plan.profile.id, *profile);
        assert!(
            wanted.contains(&plan.verdict),
            "{profile} {model} {quant:?}: {:?} {:#?}",
            plan.verdict,
            plan
        );
        assert!(plan.verdict == Comfort || !plan.reasons.is_empty(), "{profile} {model}: no reason");
    }
}

#[test]
fn saiga_13b_without_a_budget_gets_the_24_gb_card() {
    let plan = plan(&request("saiga-13b", None, None)).unwrap();
    assert_eq!((plan.profile.id.as_str(), plan.verdict), ("gpu-24gb", Verdict::Comfort));
    // A virtual machine that one can rent today.
    assert_eq!(plan.cost.unwrap().offer.host, Some(HostKind::Vm));
}

#[test]
fn a_partial_offload_fills_the_card_and_says_so() {
    let plan = plan(&request("llama-65b", Some("gpu-24gb"), Some("4-bit"))).unwrap();
    assert_eq!(plan.memory.len(), 2);
    assert!(plan.memory.iter().all(|device| device.headroom_bytes >= 0));
    assert!(plan.memory[1].headroom_bytes < 1 << 30, "the card is used up: {:?}", plan.memory[1]);
    assert!(plan.reasons.iter().any(|reason| reason.contains("stay on the CPU")), "{:?}", plan.reasons);
    let whole = registry::find("llama-65b").unwrap().weights("Q4_K_M").unwrap().total_bytes;
    assert_eq!(plan.memory.iter().map(|device| device.weights_bytes).sum::<u64>(), whole);
}

#[test]
fn a_request_that_does_not_fit_names_the_nearest_that_runs() {
    let plan = plan(&request("llama-65b", Some("gpu-8gb"), Some("Q8_0"))).unwrap();
    assert_eq!(plan.verdict, Verdict::Impossible);
    assert!(plan.reasons.last().unwrap().contains("--profile"), "{:?}", plan.reasons);
}

#[test]
fn flags_are_kept_even_when_they_do_not_fit() {
    let mut request = request("saiga-13b", Some("gpu-8gb"), Some("Q8_0"));
    request.fixed.n_ctx = Some(65536);
    request.fixed.slots = Some(4);
    let plan = plan(&request).unwrap();
    assert_eq!((plan.workload.n_ctx, plan.workload.slots, plan.verdict), (65536, 4, Verdict::Impossible));
    assert!(plan.memory.iter().any(|device| device.headroom_bytes < 0));
}

#[test]
fn combinations_that_llama_cpp_refuses_are_refused() {
    let mut phi = request("phi-2", None, None);
    phi.fixed.kv_type = Some("q8_0".to_string());
    assert!(plan(&phi).unwrap_err().to_string().contains("head size 80"));
    let mut saiga = request("saiga-13b", None, None);
    saiga.fixed.kv_type = Some("q8_0".to_string());
    saiga.fixed.flash_attn = Some(false);
    assert!(plan(&saiga).unwrap_err().to_string().contains("flash attention"));
    saiga.fixed.kv_type = Some("q9".to_string());
    assert!(plan(&saiga).unwrap_err().to_string().contains("not a KV cache type"));
}

#[test]
fn totals_add_up_and_planning_is_deterministic() {
    for id in ["phi-2", "saiga-13b", "llama-65b", "qwen3-30b-a3b", "gemma-3-12b", "granite-4.0-h-tiny"] {
        let first = plan(&request(id, None, None)).unwrap();
        assert_eq!(first, plan(&request(id, None, None)).unwrap());
        for device in &first.memory {
            let sum = device.weights_bytes
                + device.kv_bytes
                + device.compute_bytes
                + device.output_bytes
                + device.runtime_bytes
                + device.reserved_bytes;
            assert_eq!(sum, device.total_bytes);
            assert_eq!(device.headroom_bytes, device.capacity_bytes as i64 - sum as i64);
        }
        let text = first.to_json();
        assert_eq!(Plan::from_json(&text).unwrap(), first);
    }
}

/// Two cards of 80 GB in a host with RAM and disk enough, and what is between them.
/// A search leaves out layers that keep states, and takes a little more memory for each.
#[test]
fn a_plan_has_the_very_buffers_of_layers_that_keep_states() {
    let request = request("qwen3.5-27b", Some("cpu-vps-64gb"), Some("4-bit"));
    let plan = plan(&request).unwrap();
    let variant = &request.model.variants[0];
    let host = Placement::host_only(request.model.shape.layers.len() as u64);
    let bytes = |graphs: &Graphs| subject(&request, graphs, variant, &plan.workload).compute_bytes(&host)[0];
    assert_eq!(plan.memory[0].compute_bytes, bytes(&Graphs::exact()));
    assert!(bytes(&Graphs::default()) > bytes(&Graphs::exact()));
}

fn two_cards(nvlink: Option<bool>) -> Facts {
    let gpu = |index| Gpu {
        index,
        name: "NVIDIA A100-SXM4-80GB".to_string(),
        memory_total_bytes: 81_920 << 20,
        ..Gpu::default()
    };
    let mut facts = Facts { gpus: vec![gpu(0), gpu(1)], nvlink, ..Facts::default() };
    facts.memory.total_bytes = 256 << 30;
    facts.cpu.logical = 32;
    facts.disk.free_bytes = 1_000_000_000_000;
    facts
}

#[test]
fn the_driver_that_is_needed_follows_from_the_toolkit_and_the_card() {
    let bound = |plan: &Plan, id: &str| {
        let found = plan.requirements.iter().find(|requirement| requirement.id == id)?;
        let name = |bound: &Option<Bound>| match bound {
            Some(Bound::Name(name)) => name.clone(),
            _ => String::new(),
        };
        Some((name(&found.need), name(&found.promise)))
    };
    let need = |version: &str| Some((version.to_string(), String::new()));
    // Card, its capability, the CUDA of its driver, glibc; then kind, driver and CUDA that are needed.
    let table = [
        ("NVIDIA A100-SXM4-80GB", "8.0", "12.8", "2.39", "cuda-12.8-archives", need("570.26"), need("12.8")),
        (
            "NVIDIA GeForce RTX 3090",
            "8.6",
            "12.4",
            "2.41",
            "cuda-12.8-archives",
            need("525.60.13"),
            need("12.0"),
        ),
        ("NVIDIA A100-SXM4-80GB", "8.0", "12.4", "2.41", "vulkan-archive", None, None),
        ("NVIDIA GeForce RTX 3090", "8.6", "12.2", "2.36", "vulkan-archive", None, None),
        ("Tesla P40", "6.1", "12.8", "2.39", "vulkan-archive", None, None),
    ];
    for (card, compute, cuda, glibc, kind, driver, newest) in table {
        let mut facts = two_cards(None);
        facts.gpus.truncate(1);
        let gpu = &mut facts.gpus[0];
        (gpu.name, gpu.memory_total_bytes) = (card.to_string(), 24 << 30);
        (gpu.compute_capability, gpu.cuda_version) = (Some(compute.into()), Some(cuda.into()));
        facts.os.glibc = Some(glibc.into());
        let plan = reconcile::plan(request("llama-7b", None, Some("Q4_K_M")), &facts).unwrap();
        let choice = plan.llama_server.runtime_choice.as_ref().unwrap();
        assert_eq!(choice.kind.as_deref(), Some(kind), "{card} {choice:?}");
        assert_eq!(
            [bound(&plan, "gpu-driver"), bound(&plan, "gpu-cuda")],
            [driver, newest],
            "{card} {cuda} {glibc}"
        );
        assert_eq!(Plan::from_json(&plan.to_json()).unwrap(), plan);
    }
    // The runtime is not known for a class of machines: any build's need, and the release's as a promise.
    for (profile, promise) in [("2xa100-nvlink", "570.26"), ("2x3090-nvlink", "")] {
        let plan = plan(&request("llama-7b", Some(profile), Some("Q4_K_M"))).unwrap();
        assert_eq!(bound(&plan, "gpu-driver"), Some(("525.60.13".to_string(), promise.to_string())));
        assert_eq!(bound(&plan, "gpu-compute").unwrap().0, "5.0");
    }
}

#[test]
fn a_hosts_cards_share_matrices_over_nvlink_and_whole_layers_without() {
    type Change = fn(&mut Request, &mut Facts);
    let table: &[(&str, Option<bool>, Change, &str)] = &[
        ("NVLink between all", Some(true), |_, _| {}, "tensor"),
        ("PCIe alone", Some(false), |_, _| {}, "layer"),
        ("links not to be read", None, |_, _| {}, "layer"),
        ("layers asked for", Some(true), |r, _| r.fixed.split_mode = Some(SplitMode::Layer), "layer"),
        (
            "tensor asked for over PCIe",
            Some(false),
            |r, _| r.fixed.split_mode = Some(SplitMode::Tensor),
            "tensor",
        ),
        ("no flash attention", Some(true), |r, _| r.fixed.flash_attn = Some(false), "layer"),
        ("a quantised cache", Some(true), |r, _| r.fixed.kv_type = Some("q8_0".into()), "layer"),
        // The larger card alone holds it, and passes nothing on.
        ("unequal cards", Some(true), |_, f| f.gpus[1].memory_total_bytes /= 2, "none"),
        (
            "unequal cards that are both needed",
            Some(true),
            |_, f| {
                f.gpus[0].memory_total_bytes /= 2;
                f.gpus[1].memory_total_bytes /= 3;
            },
            "layer",
        ),
        ("refused by llama.cpp", Some(true), |r, _| r.model.shape.architecture = "grok".into(), "layer"),
        (
            "an archive of a release",
            Some(true),
            |r, _| {
                let url = "https://example.org/x.tar.gz".parse().unwrap();
                let sha256 = "0".repeat(64).parse().unwrap();
                r.fixed.runtime = vec![RuntimeFile { url, sha256, size_bytes: 1 }];
            },
            "layer",
        ),
        // Does not fit on both cards, so a part stays on the CPU.
        ("too large", Some(true), |_, f| f.gpus.iter_mut().for_each(|g| g.memory_total_bytes /= 5), "layer"),
    ];
    for (name, nvlink, change, mode) in table {
        let (mut request, mut facts) = (request("llama-65b", None, Some("Q4_K_M")), two_cards(*nvlink));
        change(&mut request, &mut facts);
        let planned = reconcile::plan(request, &facts).unwrap();
        assert_ne!(planned.verdict, Verdict::Impossible, "{name}: {:?}", planned.reasons);
        let split = planned.engine().split_mode(&planned.llama_server.args);
        assert_eq!(split.map_or("none".into(), |mode| mode.to_string()), *mode, "{name}");
        // Only what was chosen without being asked for is told of.
        let told = planned.reasons.iter().any(|reason| reason.contains("--split-mode tensor"));
        assert_eq!(told, *name == "NVLink between all", "{name}: {:?}", planned.reasons);
        assert_eq!(Plan::from_json(&planned.to_json()).unwrap(), planned, "{name}");
    }
    let by =
        |nvlink| reconcile::plan(request("llama-65b", None, Some("Q4_K_M")), &two_cards(nvlink)).unwrap();
    let (linked, plain) = (by(Some(true)), by(Some(false)));
    assert!(linked.speed.decode_tok_s.expected > plain.speed.decode_tok_s.expected);
    assert_eq!(linked.verdict, plain.verdict);
    // The links that it counts on are a need of the plan; cards without them need none.
    let needs = |plan: &Plan| plan.requirements.iter().any(|r| r.id == "nvlink" && r.need.is_some());
    assert!(needs(&linked) && !needs(&plain));
    // A catalogue only promises: its plans run on what is delivered, and nothing experimental.
    let promised = plan(&request("llama-65b", Some("2xa100-nvlink"), Some("Q4_K_M"))).unwrap();
    assert!(promised.llama_server.args.to_argv().iter().any(|arg| arg == "layer"));
}
