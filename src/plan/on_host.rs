//! A plan's memory ledger on a machine that exists.

use super::document::DeviceLedger;
use super::usable_cards::{usable, used};
use crate::hardware::facts::{Facts, Gpu};

/// Returns a plan's memory on a host's devices: with the capacity that they have, 0 where there is no such device.
pub fn devices(planned: &[DeviceLedger], facts: &Facts) -> Vec<DeviceLedger> {
    let cards: Vec<&Gpu> = used(facts).collect();
    // Cards without memory of their own have a part of the host's: it stays divided as it was planned.
    let together = cards.iter().any(|card| card.shares_host_memory());
    let has = |device: &DeviceLedger| match device.device.strip_prefix("gpu") {
        _ if together || device.is_remote() => device.capacity_bytes,
        Some(number) => {
            number.parse().ok().and_then(|at: usize| cards.get(at)).map_or(0, |card| usable(card))
        }
        None => facts.memory.cgroup_limit_bytes.unwrap_or(u64::MAX).min(facts.memory.total_bytes),
    };
    let with = |device: &DeviceLedger| {
        let capacity_bytes = has(device);
        let headroom = i128::from(capacity_bytes) - i128::from(device.total_bytes);
        let headroom_bytes = headroom.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        DeviceLedger { capacity_bytes, headroom_bytes, ..device.clone() }
    };
    planned.iter().map(with).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    #[test]
    fn devices_have_what_the_host_has_and_a_missing_card_has_nothing() {
        let plan = Plan::from_json(include_str!("../../tests/golden/plans/multi-gpu.json")).unwrap();
        let mut facts = Facts::default();
        facts.memory.total_bytes = 8 << 30;
        let found = devices(&plan.memory, &facts);
        assert_eq!(found.iter().map(|device| device.capacity_bytes).collect::<Vec<_>>(), [8 << 30, 0, 0]);
        assert_eq!(found[1].headroom_bytes, -(plan.memory[1].total_bytes as i64));
        facts.memory.cgroup_limit_bytes = Some(1 << 30);
        assert_eq!(devices(&plan.memory, &facts)[0].capacity_bytes, 1 << 30);
    }
}
