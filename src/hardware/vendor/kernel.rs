//! Cards of makers whose open drivers show them in sysfs: what AMD's and Intel's have in common.

use super::bus::{Bus, numa_node, value};
use super::maker::Maker;
use super::names;
use super::scan::cards as cards_on;
use crate::hardware::cards::{self, Said};
use crate::hardware::facts::{Gaps, Gpu, PciCard, Pcie};
use std::path::Path;

/// Memory of a card, as its driver shows it, bytes.
pub struct Memory {
    pub total: u64,
    pub used: Option<u64>,
    /// Part of `total` that is the host's.
    pub of_host: Option<u64>,
}

/// Adds the cards of `on_bus` that a driver works and that models run on.
pub fn probe(
    bus: &Bus,
    on_bus: &[PciCard],
    memory: fn(&Path) -> Option<Memory>,
    gpus: &mut Vec<Gpu>,
    gaps: &mut Gaps,
) {
    for card in working(on_bus) {
        let device = bus.device(&card.bus_id);
        let index = gpus.len();
        let Some(memory) = memory(&device).or_else(|| by_name(card)) else {
            gaps.failed(format!("gpus.lost.{index}"), format!("{card}: its driver does not tell its memory"));
            continue;
        };
        let gpu = Gpu {
            index: index as u64,
            vendor: card.vendor,
            name: name(card, memory.total),
            pci_bus_id: Some(card.bus_id.clone()),
            memory_total_bytes: memory.total,
            host_memory_bytes: memory.of_host,
            memory_used_bytes: memory.used,
            memory_free_bytes: memory.used.map(|used| memory.total.saturating_sub(used)),
            driver: card.driver.clone(),
            pcie: pcie(&device),
            numa_node: numa_node(&device),
            ..Gpu::default()
        };
        for field in gpu.missing() {
            gaps.unsupported(format!("gpus.{index}.{field}"), "the kernel does not show it for this card");
        }
        gpus.push(gpu);
    }
}

/// The least memory of any card of that name, where the driver does not tell.
fn by_name(card: &PciCard) -> Option<Memory> {
    let sold = names::sold_as(card.name.as_deref()?);
    let known = cards::all().iter().filter(|known| sold.iter().any(|name| is(known, name)));
    known.map(|known| known.vram_mib << 20).min().map(|total| Memory { total, used: None, of_host: None })
}

fn is(known: &cards::Card, name: &str) -> bool {
    cards::recognise(name, &Said { merged: true, ..Said::default() })
        .is_some_and(|(card, _)| card.key == known.key)
}

/// The card's name in `profiles/cards.csv` where its memory tells which it is, else by the PCI table.
fn name(card: &PciCard, memory: u64) -> String {
    let Some(listed) = &card.name else { return format!("{} {}", card.vendor, card.device_id) };
    let gib = vec![memory as f64 / (1u64 << 30) as f64];
    // A processor's own graphics have as much as their host and its firmware give them.
    let said = Said { gib, merged: card.integrated, ..Said::default() };
    let mut fit = names::sold_as(listed).into_iter().filter_map(|name| cards::recognise(&name, &said));
    match (fit.next(), fit.next()) {
        (Some((known, _)), None) => known.name.clone(),
        _ => listed.clone(),
    }
}

/// `16.0 GT/s PCIe` is generation 4.
fn pcie(device: &Path) -> Option<Pcie> {
    let speed = |name: &str| value(&device.join(name))?.split(' ').next()?.parse::<f64>().ok();
    let generation = |gt_s: f64| match gt_s {
        s if s < 5.0 => 1,
        s if s < 8.0 => 2,
        s if s < 16.0 => 3,
        s if s < 32.0 => 4,
        s if s < 64.0 => 5,
        _ => 6,
    };
    let width = |name: &str| value(&device.join(name))?.parse().ok();
    Some(Pcie {
        generation: generation(speed("current_link_speed")?),
        generation_max: generation(speed("max_link_speed")?),
        width: width("current_link_width")?,
        width_max: width("max_link_width")?,
    })
}

/// How many of a maker's cards a driver works and models run on.
pub fn ready(bus: &Bus, maker: &dyn Maker) -> usize {
    working(&cards_on(bus, &[maker])).len()
}

/// The cards that a driver works and that have memory of their own; where there is none, a processor's own graphics
/// that `profiles/cards.csv` lists: others are no faster than the processor.
fn working(cards: &[PciCard]) -> Vec<&PciCard> {
    let works = |integrated: bool| {
        cards.iter().filter(move |card| card.wants_driver.is_none() && card.integrated == integrated)
    };
    let own: Vec<&PciCard> = works(false).collect();
    if own.is_empty() { works(true).filter(|card| is_listed(card)).collect() } else { own }
}

fn is_listed(card: &PciCard) -> bool {
    let sold = card.name.as_deref().map(names::sold_as).unwrap_or_default();
    let said = Said { merged: true, ..Said::default() };
    sold.iter()
        .filter_map(|name| cards::recognise(name, &said))
        .any(|(known, _)| known.generation.is_of_host())
}

/// The plural's ending.
pub fn s(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
