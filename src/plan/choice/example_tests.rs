//! The examples of docs/choice.md, run.

use super::tests::request;
use crate::hardware::offers::file;
use crate::plan::document::Verdict;
use crate::plan::{Request, plan};

/// The row of a machine as the page writes it: `A: 24 GB card 0.60`, `C: 8 cores, 32 GB, 0.05`.
fn row(machine: &str) -> String {
    let (name, what) = machine.split_once(": ").unwrap_or_else(|| panic!("{machine}"));
    let (what, price) = what.rsplit_once(' ').unwrap();
    let (cores, ram, cards) = match what.trim_end_matches(',') {
        "24 GB card" => (16, 64, "1,NVIDIA GeForce RTX 3090,24576,"),
        "8 GB card" => (8, 32, "1,NVIDIA GeForce RTX 4060,8188,"),
        "8 cores, 32 GB" => (8, 32, ",,,"),
        other => panic!("{other}"),
    };
    format!("acme,{name},,{price},USD,,vm,{cores},{ram},500,{cards},list,2026-11-20\n")
}

#[test]
fn the_examples_of_the_page_come_out_as_it_says() {
    let page = include_str!("../../../docs/choice.md");
    let table = page.lines().skip_while(|line| !line.starts_with("| machines")).skip(2);
    let rows: Vec<Vec<&str>> = table
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 6, "{rows:?}");
    for cells in rows {
        let [machines, asked, chosen, _] = cells[..] else { panic!("{cells:?}") };
        let text: String = machines.split("; ").map(row).collect();
        let offers =
            file::parse_offers(format!("{}\n{text}", file::COLUMNS[..16].join(",")).as_bytes()).unwrap();
        assert_eq!(offers.broken, [], "{machines}");
        let (model, budget) = asked.split_once(", ").unwrap_or((asked, ""));
        let budget = (!budget.is_empty()).then(|| budget.parse().unwrap());
        let plan = plan(&Request { offers: offers.offers, budget, ..request(model, None, None) }).unwrap();
        assert_ne!(plan.verdict, Verdict::Impossible, "{asked}: {:?}", plan.reasons);
        let mut words = chosen.split(", ");
        let cost = plan.cost.as_ref().unwrap();
        assert_eq!(cost.offer.instance, words.next().unwrap(), "{asked}: {:?}", plan.reasons);
        match words.next() {
            Some(near) if near.contains("is named") => {
                let named = &plan.near_miss.as_ref().unwrap_or_else(|| panic!("{asked}")).instance;
                assert!(near.contains(&format!("and {named} ")), "{near}: {named}");
            }
            Some(quant) => assert_eq!(plan.model.quant, quant, "{asked}: {:?}", plan.reasons),
            None => {}
        }
    }
}
