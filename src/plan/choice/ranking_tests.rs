//! Prices, budgets and what else runs.

use super::tests::request;
use crate::hardware::link::Link;
use crate::hardware::offers::{Currency, Gpus, HostKind, Machine, Offer, file};
use crate::model::recipe::nominal_bits;
use crate::plan::document::{Alternative, Verdict};
use crate::plan::{Request, plan};
use proptest::prelude::*;

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

/// Two machines that only their card tells apart, in either order.
#[test]
fn offers_that_cost_the_same_for_different_cards_are_told_apart() {
    let mut request = request("tinyllama-1.1b", None, None);
    request.offers.retain(|offer| offer.machine.gpus.as_ref().is_some_and(|gpus| gpus.vram_mib == 81920));
    request.offers.truncate(1);
    let mut other = request.offers[0].clone();
    let named = |offer: &mut Offer, name: &str| offer.machine.gpus.as_mut().unwrap().name = name.to_string();
    named(&mut request.offers[0], "NVIDIA A100 80GB PCIe");
    named(&mut other, "NVIDIA A100-SXM4-80GB");
    request.offers.push(other);
    let first = plan(&request).unwrap();
    request.offers.reverse();
    assert_eq!(first, plan(&request).unwrap());
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
        // The shortlist of the file makes the same plan as all of it.
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
