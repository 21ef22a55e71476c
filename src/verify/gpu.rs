//! Checks GPUs: count, memory, links, and whether the runtime can use them.

use super::found::{Finding, Held, holds, number};
use crate::hardware::facts::{Facts, Gpu};
use crate::plan::document::Bound;
use crate::units::gib;

pub fn count(facts: &Facts) -> Finding<'_> {
    let lost = facts.failed.iter().find(|(field, _)| field.starts_with("gpus.lost."));
    // Fewer than there are on the bus: without their driver its tool fails, and says less.
    let without: Vec<_> = facts.without_driver().filter_map(|card| card.lacks(&facts.os.kernel)).collect();
    let without = (!without.is_empty()).then(|| without.join("; "));
    let why = lost.map(|(_, why)| why.clone()).or(without).or(facts.failed.get("gpus").cloned());
    let mut text = match facts.gpus.len() {
        0 => english!("found-no-gpu"),
        1 => english!("found-one-gpu"),
        n => english!("needed-gpus", cards = n),
    };
    if let Some(why) = why {
        text += &format!(" ({why})");
    }
    number(facts.gpus.len() as u64, text)
}

pub fn model(facts: &Facts) -> Finding<'_> {
    let names: Vec<&str> = facts.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    let text = if names.is_empty() { english!("found-no-gpu") } else { names.join(", ") };
    Finding::new(text, move |bound| match bound {
        Bound::AllOf(known) => !names.is_empty() && names.iter().all(|name| known.iter().any(|k| k == name)),
        Bound::Name(known) => !names.is_empty() && names.iter().all(|name| name == known),
        _ => false,
    })
}

/// The need must be free on every card (or used by our own service); the promise is what cards have.
pub fn memory(facts: &Facts, cards: usize, held: &Held) -> Finding<'static> {
    let largest = || largest(facts, cards).into_iter();
    let least = largest().map(whole).min().unwrap_or(0);
    let usable = largest().map(|gpu| usable(gpu, held)).min().unwrap_or(0);
    let text = match facts.gpus.iter().find(|gpu| instances(gpu).is_some()) {
        _ if facts.gpus.is_empty() => english!("found-no-gpu"),
        Some(gpu) => format!("{} in the largest MIG instance of GPU {}", gib(whole(gpu)), gpu.index),
        None => english!("found-gpu-free", free = gib(usable), size = gib(least)),
    };
    let mut found = number(usable, text);
    found.keeps_promise = Some(Box::new(move |bound| matches!(bound, Bound::AtLeast(n) if *n <= least)));
    found
}

/// The `cards` of the host with the most memory: a plan that leaves a card out leaves a smaller one.
fn largest(facts: &Facts, cards: usize) -> Vec<&Gpu> {
    let mut all: Vec<&Gpu> = facts.gpus.iter().collect();
    all.sort_by_key(|gpu| std::cmp::Reverse(whole(gpu)));
    all.truncate(cards);
    all
}

fn instances(gpu: &Gpu) -> Option<&[u64]> {
    gpu.mig.as_ref().filter(|mig| mig.enabled).map(|mig| mig.instances_bytes.as_slice())
}

/// Most memory of a card that one process can have: with MIG, one instance.
fn whole(gpu: &Gpu) -> u64 {
    instances(gpu).map_or(gpu.memory_total_bytes, |all| all.iter().copied().max().unwrap_or(0))
}

fn usable(gpu: &Gpu, held: &Held) -> u64 {
    let whole = whole(gpu);
    let Some(free) = gpu.memory_free_bytes.filter(|_| instances(gpu).is_none()) else { return whole };
    let mine = |pids: &[u32]| {
        let processes = gpu.processes.as_ref()?;
        let own: Vec<_> = processes.iter().filter(|process| pids.contains(&process.pid)).collect();
        // Some container runtimes show no processes, or no memory of them.
        if processes.is_empty() {
            None
        } else {
            own.iter().map(|process| process.memory_bytes).sum::<Option<u64>>()
        }
    };
    let pids: Vec<u32> = held.serving.values().copied().collect();
    let ours = if pids.is_empty() { None } else { mine(&pids) };
    let ours = ours.unwrap_or(held.gpu_bytes);
    whole.min(free.saturating_add(ours))
}

/// Every pair linked and every link up; else what is there instead, and what that costs.
pub fn nvlink(facts: &Facts) -> Finding<'_> {
    let inactive = facts.nvlinks.iter().filter(|link| link.gb_s.is_none()).count();
    let text = match (facts.nvlink, facts.gpu_links.iter().find(|pair| !pair.is_nvlink())) {
        (Some(true), _) => match facts.gpu_links.first() {
            Some(pair) => format!("every pair is linked ({}){}", pair.link, speed(facts, pair.a)),
            None => english!("found-linked"),
        },
        (Some(false), Some(pair)) => format!(
            "GPU {} and GPU {} meet over {}{}: each layer's result crosses that instead of NVLink",
            pair.a,
            pair.b,
            pair.meaning(),
            pcie(facts, pair.b),
        ),
        (Some(false), None) if inactive > 0 => {
            format!("{inactive} of {} NVLinks are inactive", facts.nvlinks.len())
        }
        (Some(false), None) => english!("found-no-nvlink"),
        (None, _) => match facts.failed.get("nvlink").or(facts.unsupported.get("nvlink")) {
            Some(why) => format!("unknown ({why})"),
            None => "unknown".to_string(),
        },
    };
    holds(facts.nvlink == Some(true), &text)
}

fn speed(facts: &Facts, gpu: u64) -> String {
    let total: f64 = facts.nvlinks.iter().filter(|link| link.gpu == gpu).filter_map(|link| link.gb_s).sum();
    if total > 0.0 { format!(", {total:.0} GB/s each way") } else { String::new() }
}

fn pcie(facts: &Facts, gpu: u64) -> String {
    let card = facts.gpus.iter().find(|card| card.index == gpu);
    let Some(pcie) = card.and_then(|card| card.pcie.as_ref()) else { return String::new() };
    format!(" ({:.0} GB/s each way at best, PCIe {} ×{})", pcie.gb_s(), pcie.generation_max, pcie.width)
}

/// The lowest version among the `cards` that a plan uses, against one that is needed.
pub fn version<'a>(
    facts: &'a Facts,
    cards: usize,
    of: impl Fn(&'a Gpu) -> Option<&'a String>,
) -> Finding<'a> {
    let versions: Vec<&String> = largest(facts, cards).into_iter().filter_map(of).collect();
    let lowest = versions.iter().min_by_key(|text| numbers(text)).map(|text| text.to_string());
    match lowest {
        // A card that does not say is not refused for it.
        None => Finding::new(english!("found-not-reported"), |_| true),
        Some(lowest) => Finding::new(
            lowest.clone(),
            move |bound| matches!(bound, Bound::Name(needed) if numbers(&lowest) >= numbers(needed)),
        ),
    }
}

/// `550.54.14` as numbers to compare.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}
