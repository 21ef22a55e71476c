//! Graphics cards: those on the bus, and of each maker those that a driver works.

use crate::hardware::facts::{Facts, Gaps, PciCard, Vendor};
use crate::hardware::vendor::{self, Bus};
use std::time::{Duration, Instant};

/// Fills in everything about GPUs.
pub fn probe(facts: &mut Facts, gaps: &mut Gaps) {
    let (bus, makers) = (Bus::of_host(), vendor::all());
    facts.pci_cards = vendor::cards(&bus, &makers);
    for maker in makers {
        let own: Vec<PciCard> =
            facts.pci_cards.iter().filter(|card| card.vendor == maker.id()).cloned().collect();
        maker.probe(&bus, &own, facts, gaps);
    }
    if facts.gpus.is_empty() {
        if !gaps.failed.contains_key("gpus") {
            let why = match facts.why_no_gpu() {
                Some(why) => why,
                None => "no graphics card of a maker that is known here".to_string(),
            };
            gaps.unsupported("gpus", why);
        }
        gaps.unsupported("nvlink", "no GPU");
    } else if facts.nvlink.is_none() && !gaps.failed.contains_key("nvlink") {
        gaps.unsupported("nvlink", if facts.gpus.len() == 1 { "one GPU" } else { "not between these cards" });
    }
}

/// Waits until a driver works at least `count` of a maker's GPUs, at most `limit`; at boot they may be late.
pub fn wait_for_gpus(maker: Vendor, count: usize, limit: Duration) {
    let (start, bus) = (Instant::now(), Bus::of_host());
    while vendor::of(maker).ready(&bus) < count && start.elapsed() < limit {
        std::thread::sleep(Duration::from_secs(2));
    }
}
