//! Prices, budgets and what else runs.

use super::tests::request;
use crate::hardware::link::Link;
use crate::hardware::offers::{Currency, Dated, Gpus, HostKind, Machine, Offer, Rates, file};
use crate::model::recipe::nominal_bits;
use crate::plan::document::{Alternative, Verdict};
use crate::plan::request::Prefer;
use crate::plan::{Request, plan};
use proptest::prelude::*;

/// The prices of October 2026, a few of each kind.
fn october(id: &str, profile: Option<&str>) -> Request {
    let offers = file::parse_offers(include_bytes!("../../../tests/offers/october.csv")).unwrap().offers;
    Request { offers, ..request(id, profile, None) }
}

#[test]
fn a_budget_is_a_cap_before_the_choice() {
    let mut request = october("saiga-13b", None);
    request.budget = Some("50EUR/month".parse().unwrap());
    let cheap = plan(&request).unwrap();
    assert_eq!((cheap.profile.id.as_str(), cheap.verdict), ("cpu-vps-32gb", Verdict::Compromise));
    request.budget = Some("0.06/hour".parse().unwrap());
    let cheap = plan(&request).unwrap();
    assert!(cheap.cost.as_ref().unwrap().offer.host == Some(HostKind::Vm));
    let price = |other: &Alternative| {
        let currency = other.currency.as_ref().unwrap().parse().unwrap();
        request.rates.convert(other.per_month.unwrap(), currency, Currency::Usd)
    };
    let prices: Vec<f64> = cheap.alternatives.iter().map(price).collect();
    assert!(prices.iter().all(|price| *price <= 0.06 * 730.5), "beyond the budget: {prices:?}");
    request.budget = Some("0.001/hour".parse().unwrap());
    let none = plan(&request).unwrap();
    assert_eq!(none.verdict, Verdict::Impossible);
    assert!(none.reasons[0].contains("cheapest"), "{:?}", none.reasons);
}

#[test]
fn a_near_miss_is_compared_in_the_same_quantisation_or_names_both() {
    let rows = "acme,C,,0.05,USD,,vm,8,32,500,,,,,list,2026-11-20\n\
                acme,E,,0.055,USD,,vm,16,64,500,1,NVIDIA GeForce RTX 3090,24576,,list,2026-11-20\n\
                acme,F,,0.056,USD,,vm,8,32,500,1,NVIDIA GeForce RTX 4060,8188,,list,2026-11-20\n";
    let with = |names: &[&str]| {
        let rows = rows.lines().filter(|row| names.iter().any(|name| row.contains(&format!(",{name},"))));
        let text = format!("{}\n{}\n", file::COLUMNS[..16].join(","), rows.collect::<Vec<_>>().join("\n"));
        file::parse_offers(text.as_bytes()).unwrap().offers
    };
    let budget = || Some("37/month".parse().unwrap());
    let same =
        plan(&Request { offers: with(&["C", "E"]), budget: budget(), ..request("saiga-13b", None, None) });
    let same = same.unwrap();
    let near = same.near_miss.unwrap();
    assert_eq!(near.quant, same.model.quant, "{near:?}");
    assert!(near.text.ends_with(&format!("({} on acme/E)", near.quant)), "{}", near.text);
    // A card that is no faster in the quantisation that was preferred.
    let prefer = Some(Prefer::Quality);
    let other =
        Request { offers: with(&["C", "F"]), budget: budget(), prefer, ..request("saiga-13b", None, None) };
    let other = plan(&other).unwrap();
    let near = other.near_miss.unwrap();
    assert_ne!(near.quant, other.model.quant, "{near:?}");
    let both = format!("({} instead of {} on acme/F)", near.quant, other.model.quant);
    assert!(near.text.ends_with(&both), "{}", near.text);
}

#[test]
fn a_budget_counts_a_monthly_maximum_and_names_the_cheapest_that_it_would_take() {
    let mut request = october("saiga-13b", Some("cpu-vps-32gb"));
    // 0.036 EUR an hour would be 26.30 a month; it is billed 22.49.
    request.budget = Some("23EUR/month".parse().unwrap());
    let plan_for = |request: &Request| plan(request).unwrap();
    let cost = plan_for(&request).cost.unwrap();
    assert_eq!((cost.offer.instance.as_str(), cost.per_month, cost.per_hour), ("cx53", 22.49, 0.036));
    let tokens = plan_for(&request).speed.decode_tok_s.expected * 3600.0 * 730.5;
    assert!((cost.per_million_tokens - 22.49 / tokens * 1e6).abs() < 1e-3, "{cost:?}");
    assert_eq!(cost.converted, None);
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
    // No virtual machine is cheaper than this one, and what it costs is said in the budget's currency too.
    request.profile = Some("gpu-24gb".to_string());
    let reasons = plan_for(&request).reasons;
    assert!(reasons[0].contains("verda for 1.79 USD/hour, 1.60 EUR"), "{reasons:?}");
}

#[test]
fn budgets_in_other_currencies_take_offers_by_the_dated_rate() {
    let mut request = october("saiga-13b", None);
    for (budget, fits) in
        [("25.2/month", true), ("24.9/month", false), ("2130RUB/month", true), ("2100RUB/month", false)]
    {
        request.budget = Some(budget.parse().unwrap());
        let plan = plan(&request).unwrap();
        assert_eq!(plan.verdict != Verdict::Impossible, fits, "{budget}: {:?}", plan.reasons);
        if fits {
            let cost = plan.cost.unwrap();
            let converted = cost.converted.unwrap();
            assert_eq!((cost.currency.as_str(), cost.per_month), ("EUR", 22.49));
            assert!(budget.contains(&converted.currency) || converted.currency == "USD", "{converted:?}");
            assert!(converted.rate_as_of.starts_with("2026-"), "{converted:?}");
        }
    }
}

#[test]
fn only_virtual_machines_are_chosen_and_containers_stand_beside() {
    let mut request = october("saiga-13b", None);
    let seen = plan(&request).unwrap();
    let cost = seen.cost.unwrap();
    assert_eq!((cost.offer.host, cost.offer.instance.as_str()), (Some(HostKind::Vm), "gpu_1x_a6000"));
    assert_eq!((seen.profile.id.as_str(), seen.verdict), ("lambda/gpu_1x_a6000", Verdict::Comfort));
    assert_eq!(seen.profile.gpus[0].name, "NVIDIA RTX A6000");
    assert_eq!((seen.profile.cpu_cores, seen.profile.ram_bytes), (14, 100 << 30));
    assert_eq!(seen.reasons, [] as [&str; 0]);
    let first = &seen.containers[0];
    assert_eq!(
        (first.provider.as_str(), first.instance.as_str(), first.per_hour),
        ("vast", "1x RTX 3090", 0.143)
    );
    request.containers = true;
    let counted = plan(&request).unwrap();
    assert_eq!(counted.cost.unwrap().offer.instance, "1x RTX 3090");
    assert!(counted.containers.is_empty());
    assert!(counted.reasons.iter().any(|reason| reason.contains("a container without systemd")));
}

#[test]
fn a_machine_is_named_by_provider_and_instance() {
    let mut request = october("saiga-13b", Some("lambda/gpu_2x_a6000"));
    let named = plan(&request).unwrap();
    assert_eq!(named.profile.gpus.len(), 2);
    assert_eq!(named.cost.unwrap().per_hour, 2.18);
    request.profile = Some("lambda/none".to_string());
    assert!(plan(&request).unwrap_err().to_string().contains("lambda/none"));
}

#[test]
fn what_fits_no_class_is_planned_for_as_it_is() {
    let header = file::COLUMNS[..16].join(",");
    let cards = [
        ("NVIDIA L4", 23034, 1, "gpu-24gb"),
        ("NVIDIA A10G", 23028, 1, "gpu-24gb"),
        ("NVIDIA L40S", 46068, 1, "acme/m"),
        ("NVIDIA RTX A6000", 49140, 1, "acme/m"),
        ("A100-SXM4-40GB", 40960, 1, "acme/m"),
        ("NVIDIA H200", 143771, 1, "acme/m"),
        ("NVIDIA B200", 183359, 1, "acme/m"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", 97887, 1, "acme/m"),
        ("NVIDIA L4", 23034, 4, "acme/m"),
        ("NVIDIA A100-SXM4-80GB", 81920, 8, "acme/m"),
    ];
    for (card, vram, count, id) in cards {
        let text =
            format!("{header}\nacme,m,eu,0.5,USD,,vm,16,64,500,{count},{card},{vram},,list,2026-11-20\n");
        let offers = file::parse_offers(text.as_bytes()).unwrap().offers;
        let plan = plan(&Request { offers, ..request("saiga-13b", None, None) }).unwrap();
        assert_eq!(
            (plan.profile.id.as_str(), plan.verdict),
            (id, Verdict::Comfort),
            "{card}: {:?}",
            plan.reasons
        );
        assert_eq!(plan.profile.gpus.len(), count, "{card}");
        assert!(plan.cost.is_some(), "{card}");
    }
}

/// Two machines that only their card tells apart, in either order.
#[test]
fn offers_that_cost_the_same_for_different_cards_are_told_apart() {
    let mut request = october("tinyllama-1.1b", None);
    request.offers.retain(|offer| offer.machine.gpus.as_ref().is_some_and(|gpus| gpus.vram_mib == 81920));
    request.offers.retain(|offer| offer.host == HostKind::Vm);
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
                ..Machine::default()
            },
            source: "test".to_string(),
            as_of: format!("2026-10-0{day}"),
            dated: Dated::Seen,
        }
    })
}

/// Quality, speed, price and its currency, as the document has them.
fn axes(alternative: &Alternative) -> (u64, f64, f64, bool) {
    let quant = &alternative.quant;
    let within = ["_S", "_M", "_L"].iter().position(|size| quant.ends_with(size)).unwrap_or(0) as u64;
    (
        nominal_bits(quant).unwrap().min(8) * 4 + within,
        alternative.decode_tok_s.unwrap(),
        alternative.per_month.map_or(0.0, |price| {
            let currency = alternative.currency.as_ref().unwrap().parse().unwrap();
            Rates::default().convert(price, currency, Currency::Usd)
        }),
        alternative.currency.is_some(),
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
        let sifted = file::shortlist(&file::write(&offers), &request.rates).unwrap();
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
                provider: None,
                instance: None,
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
