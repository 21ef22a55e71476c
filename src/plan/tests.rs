//! The planner against llama.cpp's own answers and against the verdicts that must come out.

use super::document::{Alternative, Verdict, Workload};
use super::ledger::{Graphs, Logits, Subject, refusal};
use super::placement::Placement;
use super::request::{Fixed, ModelChoice, Request, Variant};
use super::{build, plan};
use crate::hardware::offers::{Currency, Gpus, HostKind, Link, Machine, Offer, file};
use crate::hardware::{offers, profiles};
use crate::model::recipe::nominal_bits;
use crate::model::registry;
use proptest::prelude::*;

/// One row of tests/oracle: what llama-fit-params of a build says about an F16 model on a CPU, MiB.
#[derive(serde::Deserialize)]
struct Row {
    model: String,
    n_ctx: u64,
    flash_attn: String,
    kv_type: String,
    n_parallel: u64,
    model_mib: Option<u64>,
    context_mib: Option<u64>,
    compute_mib: Option<u64>,
    compute_exact_mib: Option<f64>,
    output_mib: Option<f64>,
    error: Option<String>,
}

const MIB: f64 = 1048576.0;

fn workload(row: &Row) -> Workload {
    Workload {
        n_ctx: row.n_ctx,
        slots: row.n_parallel,
        kv_unified: false,
        kv_type_k: row.kv_type.clone(),
        kv_type_v: row.kv_type.clone(),
        flash_attn: row.flash_attn == "on",
        batch: 2048,
        ubatch: 512,
    }
}

fn against_oracle(build: &str, text: &str) {
    let rows: Vec<Row> = serde_json::from_str(text).unwrap();
    assert_eq!(rows.len(), 144);
    let (mut low, mut high) = (f64::MAX, f64::MIN);
    for row in &rows {
        let model = registry::find(&row.model).unwrap();
        let (shape, weights, workload) = (model.shape(), model.weights("F16").unwrap(), workload(row));
        let name = format!(
            "{build} {} ctx {} fa {} kv {} np {}",
            row.model, row.n_ctx, row.flash_attn, row.kv_type, row.n_parallel
        );
        assert_eq!(refusal(&shape, &workload).is_some(), row.error.is_some(), "{name}");
        let (Some(model_mib), Some(context_mib), Some(output_mib)) =
            (row.model_mib, row.context_mib, row.output_mib)
        else {
            continue;
        };
        let build = build::ledger(build).unwrap();
        let (logits, graphs) = (Logits::All, &Graphs::default());
        let subject =
            Subject { shape: &shape, weights: &weights, workload: &workload, build, logits, graphs };
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
    println!(
        "| {build} | the registry's eight | llama, phi2 | {measured} | {refused} | 0 | 0 | {low:+.2} to {high:+.2} |"
    );
}

#[test]
fn the_ledger_is_llama_cpp_b11434s() {
    against_oracle("b11434", include_str!("../../tests/oracle/b11434.json"));
}

#[test]
fn the_ledger_is_llama_cpp_b12032s() {
    against_oracle("b12032", include_str!("../../tests/oracle/b12032.json"));
}

fn request(id: &str, profile: Option<&str>, quant: Option<&str>) -> Request {
    let model = registry::find(id).unwrap();
    let variants = model.quants(quant).unwrap().into_iter().map(|quant| {
        let weights = model.weights(&quant).unwrap();
        Variant { size_bytes: weights.total_bytes, weights, files: Vec::new() }
    });
    Request {
        model: ModelChoice {
            id: id.to_string(),
            shape: model.shape(),
            chat_template: None,
            variants: variants.collect(),
        },
        profiles: profiles::all(),
        profile: profile.map(str::to_string),
        offers: offers::all(),
        budget: None,
        fixed: Fixed { quant: quant.is_some_and(|q| q != "auto"), ..Fixed::default() },
        rag: None,
        build: build::find(build::DEFAULT).unwrap(),
    }
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
    assert_eq!(plan.cost.unwrap().offer.instance, "1x RTX 3090");
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
fn what_does_not_fit_names_the_nearest_that_runs() {
    let plan = plan(&request("llama-65b", Some("gpu-8gb"), Some("Q8_0"))).unwrap();
    assert_eq!(plan.verdict, Verdict::Impossible);
    assert!(plan.reasons.last().unwrap().contains("--profile"), "{:?}", plan.reasons);
}

#[test]
fn a_budget_is_a_cap_before_the_choice() {
    let mut request = request("saiga-13b", None, None);
    request.budget = Some("50EUR/month".parse().unwrap());
    let cheap = plan(&request).unwrap();
    assert_eq!(cheap.profile.id, "cpu-vps-32gb");
    assert_eq!(cheap.verdict, Verdict::Compromise);
    request.budget = Some("0.06/hour".parse().unwrap());
    let cheap = plan(&request).unwrap();
    assert_eq!((cheap.verdict, cheap.cost.unwrap().per_hour), (Verdict::Compromise, 0.052));
    let prices: Vec<f64> = cheap.alternatives.iter().map(|other| other.per_month.unwrap()).collect();
    assert!(prices.iter().all(|price| *price <= 0.06 * 730.5), "beyond the budget: {prices:?}");
    request.budget = Some("0.001/hour".parse().unwrap());
    let none = plan(&request).unwrap();
    assert_eq!(none.verdict, Verdict::Impossible);
    assert!(none.reasons[0].contains("cheapest"), "{:?}", none.reasons);
}

#[test]
fn a_budget_counts_a_monthly_maximum_and_names_the_cheapest_that_it_would_take() {
    let mut request = request("saiga-13b", Some("cpu-vps-32gb"), None);
    // 0.036 EUR an hour would be 26.30 a month; it is billed 22.49.
    request.budget = Some("23EUR/month".parse().unwrap());
    let plan_for = |request: &Request| plan(request).unwrap();
    let cost = plan_for(&request).cost.unwrap();
    assert_eq!((cost.offer.instance.as_str(), cost.per_month, cost.per_hour), ("cx53", 22.49, 0.036));
    let tokens = plan_for(&request).speed.decode_tok_s.expected * 3600.0 * 730.5;
    assert!((cost.per_million_tokens - 22.49 / tokens * 1e6).abs() < 1e-3, "{cost:?}");
    request.budget = Some("20EUR/month".parse().unwrap());
    let over = plan_for(&request);
    assert_eq!((over.verdict, over.profile.id.as_str()), (Verdict::Impossible, "cpu-vps-32gb"));
    assert_eq!(
        over.reasons,
        ["no known offer is within 20 EUR/month; the cheapest that runs it is cx53 at hetzner for \
          22.49 EUR/month, its monthly maximum"]
    );
    // By the hour the maximum does not help.
    request.budget = Some("0.035EUR/hour".parse().unwrap());
    assert!(
        plan_for(&request).reasons[0].ends_with("for 0.036 EUR/hour"),
        "{:?}",
        plan_for(&request).reasons
    );
    // Nothing in that currency: the cheapest in another.
    request.profile = Some("gpu-24gb".to_string());
    let reasons = plan_for(&request).reasons;
    assert!(reasons[0].ends_with("1x RTX 3090 at vast for 0.143 USD/hour"), "{reasons:?}");
}

#[test]
fn containers_are_marked_and_what_is_to_be_applied_is_offered_virtual_machines() {
    let mut request = request("saiga-13b", None, None);
    let seen = plan(&request).unwrap();
    assert_eq!(seen.cost.unwrap().offer.host, Some(HostKind::Container));
    let says = |reason: &String| {
        reason.contains("a container without systemd") && reason.contains("1x A100 80 GB SXM at verda")
    };
    assert!(seen.reasons.iter().any(says), "{:?}", seen.reasons);
    request.offers.retain(|offer| offer.host == HostKind::Vm);
    let applied = plan(&request).unwrap();
    assert_eq!((applied.profile.id.as_str(), applied.verdict), ("gpu-24gb", Verdict::Comfort));
    let cost = applied.cost.unwrap();
    assert_eq!((cost.offer.provider.as_str(), cost.per_hour), ("verda", 1.79));
    assert_eq!(applied.reasons, [] as [&str; 0]);
}

/// An offer that may be for any profile; few values, so that ties and near ties are common.
fn any_offer() -> impl Strategy<Value = Offer> {
    let cards = prop::sample::select(vec![
        None,
        Some(("NVIDIA GeForce RTX 4060", 8188)),
        Some(("NVIDIA GeForce RTX 3090", 24576)),
        Some(("NVIDIA A100-SXM4-80GB", 81920)),
        Some(("NVIDIA A100 80GB PCIe", 81920)),
    ]);
    let link = prop::sample::select(vec![None, Some(Link::Nvlink), Some(Link::Pcie)]);
    let machine = (cards, 1u64..3, link, prop::sample::select(vec![8.0, 16.0]), any::<bool>());
    let price = (1u32..6, prop::option::of(20u32..60), any::<bool>(), any::<bool>());
    (machine, price, 0u32..3, 1u32..4).prop_map(|((card, count, link, vcpu, large), price, name, day)| {
        let (per_hour, cap, euro, vm) = price;
        let gpus = card.map(|(name, vram_mib)| Gpus { count, name: name.to_string(), vram_mib, link });
        Offer {
            provider: format!("provider-{name}"),
            instance: format!("instance-{per_hour}"),
            region: None,
            per_hour: f64::from(per_hour) / 50.0,
            currency: if euro { Currency::Eur } else { Currency::Usd },
            per_month_cap: cap.map(f64::from),
            host: if vm { HostKind::Vm } else { HostKind::Container },
            machine: Machine {
                vcpu: Some(vcpu),
                ram_gib: Some(if large { 128.0 } else { 32.0 }),
                disk_gb: None,
                gpus,
            },
            source: "test".to_string(),
            as_of: format!("2026-10-0{day}"),
        }
    })
}

/// Quality, speed, price and its currency, as the document has them.
fn axes(alternative: &Alternative) -> (u64, f64, f64, Option<String>) {
    let quant = &alternative.quant;
    let within = ["_S", "_M", "_L"].iter().position(|size| quant.ends_with(size)).unwrap_or(0) as u64;
    (
        nominal_bits(quant).unwrap().min(8) * 4 + within,
        alternative.decode_tok_s.unwrap(),
        alternative.per_month.unwrap_or(0.0),
        alternative.currency.clone(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_does_not_depend_on_the_order_of_offers_nor_on_those_that_cannot_be_chosen(
        offers in prop::collection::vec(any_offer(), 0..40).prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())),
        budget in prop::sample::select(vec![None, Some("0.05/hour"), Some("25EUR/month"), Some("1/day")]),
        model in prop::sample::select(vec!["tinyllama-1.1b", "saiga-13b"]),
    ) {
        let (offers, shuffled) = offers;
        let mut request = request(model, None, None);
        request.budget = budget.map(|budget| budget.parse().unwrap());
        request.offers = offers.clone();
        let first = plan(&request).unwrap();
        request.offers = shuffled;
        prop_assert_eq!(&first, &plan(&request).unwrap());
        // What is sifted from the file makes the same plan as all of it.
        let sifted = file::shortlist(&file::write(&offers), &request.profiles).unwrap();
        prop_assert_eq!(&sifted.broken, &[]);
        request.offers = sifted.offers;
        prop_assert_eq!(&first, &plan(&request).unwrap());
        // No plug-in cards under a promise of NVLink, no alternative that another beats.
        if let (true, Some(cost)) = (first.profile.nvlink, &first.cost) {
            let named = |o: &&Offer| o.provider == cost.offer.provider && o.per_hour == cost.per_hour;
            let mut offers = offers.iter().filter(named);
            prop_assert!(offers.any(|o| o.machine.gpus.as_ref().is_some_and(|gpus| gpus.link == Some(Link::Nvlink))));
        }
        let mut front: Vec<_> = first.alternatives.iter().map(axes).collect();
        if first.verdict != Verdict::Impossible {
            let cost = first.cost.as_ref();
            front.push(axes(&Alternative {
                profile: first.profile.id.clone(),
                quant: first.model.quant.clone(),
                verdict: first.verdict,
                per_month: cost.map(|cost| (cost.per_month * 100.0).round() / 100.0),
                currency: cost.map(|cost| cost.currency.clone()),
                decode_tok_s: Some(first.speed.decode_tok_s.expected),
            }));
        }
        // The chosen one may be beaten by a worse verdict, the alternatives by nothing.
        let others = front.iter().enumerate().take(first.alternatives.len());
        for (at, (bits, speed, price, currency)) in others {
            let rivals = front.iter().enumerate().filter(|(other, rival)| *other != at && rival.3 == *currency);
            for (_, rival) in rivals {
                let beaten = rival.0 >= *bits && rival.1 >= *speed && rival.2 <= *price;
                prop_assert!(!beaten, "{:?} beats {:?}", rival, front[at]);
            }
        }
    }
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
    for id in registry::ids() {
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
        assert_eq!(super::Plan::from_json(&text).unwrap(), first);
    }
}
