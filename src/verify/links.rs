//! Compares the links of the cards with those when the plan was applied: a plan cannot promise them, but a
//! card that sits worse than it did is slower at loading and at every layer that passes between cards.

use super::{Judgement, Line};
use crate::hardware::facts::{Facts, Gpu, Pcie};
use crate::plan::requirements::ids;
use serde::{Deserialize, Serialize};

/// The links of a host's cards, as a generation keeps them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    pub cards: Vec<CardLinks>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardLinks {
    pub index: u64,
    pub uuid: Option<String>,
    pub pcie: Option<Pcie>,
    /// Those that were up.
    pub nvlinks: u64,
}

const WHY: &str = "the cards were linked so when this was applied; loading, and what passes between cards, is \
slower now: reseat the card, or --allow gpu-link";

impl Links {
    pub fn of(facts: &Facts) -> Links {
        let card = |gpu: &Gpu| CardLinks {
            index: gpu.index,
            uuid: gpu.uuid.clone(),
            pcie: gpu.pcie.clone(),
            nvlinks: active(facts, gpu.index),
        };
        Links { cards: facts.gpus.iter().map(card).collect() }
    }

    /// Refused where a card's PCIe or an NVLink is less than it was; `None` where no card was there. What
    /// is not told now is not held against the host, and a card that is gone is `gpu-count`'s.
    ///
    /// Compares, for PCIe, the generation that the slot can do, as cards lower the present one when they have
    /// nothing to do, and the width that there is.
    pub fn compare(&self, facts: &Facts) -> Option<Line> {
        let losses: Vec<[String; 2]> = self.cards.iter().flat_map(|card| card.losses(facts)).collect();
        let line = |needed, found, outcome| Line {
            id: ids::GPU_LINK.to_string(),
            needed,
            found,
            outcome,
            why: WHY.to_string(),
        };
        let joined =
            |side: usize| losses.iter().map(|loss| loss[side].as_str()).collect::<Vec<_>>().join(", ");
        if !losses.is_empty() {
            return Some(line(joined(0), joined(1), Judgement::Refused));
        }
        let as_it_was = |text: &str| line("as when it was applied".into(), text.into(), Judgement::Ok);
        (!self.cards.is_empty()).then(|| as_it_was("no link is less"))
    }
}

impl CardLinks {
    fn losses(&self, facts: &Facts) -> Vec<[String; 2]> {
        let same = |gpu: &&Gpu| match (&self.uuid, &gpu.uuid) {
            (Some(then), Some(now)) => then == now,
            _ => gpu.index == self.index,
        };
        let Some(gpu) = facts.gpus.iter().find(same) else { return Vec::new() };
        let mut losses = Vec::new();
        if let (Some(then), Some(now)) = (&self.pcie, &gpu.pcie)
            && now.gb_s() < then.gb_s()
        {
            losses.push([format!("GPU {} on {}", gpu.index, told(then)), told(now)]);
        }
        let now = active(facts, gpu.index);
        // One card alone is not asked for its NVLinks, and the question may have failed.
        let failed = ["nvlink", "nvlinks"].iter().any(|field| facts.failed.contains_key(*field));
        let asked = facts.gpus.len() > 1 && !failed;
        if asked && now < self.nvlinks {
            losses
                .push([format!("GPU {} with {} NVLinks", gpu.index, self.nvlinks), format!("{now} are up")]);
        }
        losses
    }
}

fn told(pcie: &Pcie) -> String {
    format!("PCIe {} ×{} ({:.1} GB/s)", pcie.generation_max, pcie.width, pcie.gb_s())
}

fn active(facts: &Facts, gpu: u64) -> u64 {
    facts.nvlinks.iter().filter(|link| link.gpu == gpu && link.gb_s.is_some()).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::facts::NvLink;

    /// Two cards on PCIe 4 ×16 that are idle, with two NVLinks each.
    fn facts() -> Facts {
        let pcie = Pcie { generation: 1, generation_max: 4, width: 16, width_max: 16 };
        let gpu = |index| Gpu {
            index,
            uuid: Some(format!("GPU-{index}")),
            pcie: Some(pcie.clone()),
            ..Gpu::default()
        };
        let link = |gpu, link| NvLink { gpu, link, gb_s: Some(25.0) };
        Facts {
            gpus: vec![gpu(0), gpu(1)],
            nvlinks: vec![link(0, 0), link(0, 1), link(1, 0), link(1, 1)],
            ..Facts::default()
        }
    }

    #[test]
    fn a_link_that_is_less_than_it_was_is_refused_and_an_idle_one_is_not() {
        type Change = fn(&mut Facts);
        let table: &[(&str, Change, Option<&str>)] = &[
            ("as it was", |_| {}, None),
            ("busy now", |f| f.gpus[1].pcie.as_mut().unwrap().generation = 4, None),
            ("a better slot", |f| f.gpus[1].pcie.as_mut().unwrap().generation_max = 5, None),
            ("half the lanes", |f| f.gpus[1].pcie.as_mut().unwrap().width = 8, Some("PCIe 4 ×8 (15.8 GB/s)")),
            (
                "an older slot",
                |f| f.gpus[1].pcie.as_mut().unwrap().generation_max = 3,
                Some("PCIe 3 ×16 (15.8 GB/s)"),
            ),
            ("not told any more", |f| f.gpus[1].pcie = None, None),
            ("an NVLink down", |f| f.nvlinks[3].gb_s = None, Some("1 are up")),
            ("all NVLinks gone", |f| f.nvlinks.clear(), Some("0 are up, 0 are up")),
            (
                "NVLinks not to be asked for",
                |f| {
                    f.nvlinks.clear();
                    f.failed.insert("nvlink".into(), "nvidia-smi did not finish".into());
                },
                None,
            ),
            ("a card gone", |f| _ = f.gpus.pop(), None),
            (
                "cards in another order",
                |f| {
                    f.gpus.swap(0, 1);
                    (f.gpus[0].index, f.gpus[1].index) = (0, 1);
                },
                None,
            ),
        ];
        let before = Links::of(&facts());
        for (name, change, found) in table {
            let mut now = facts();
            change(&mut now);
            let line = before.compare(&now).unwrap();
            let wanted = if found.is_some() { Judgement::Refused } else { Judgement::Ok };
            assert_eq!(line.outcome, wanted, "{name}: {line:?}");
            assert!(found.is_none_or(|found| line.found == found), "{name}: {line:?}");
        }
        assert_eq!(Links::default().compare(&facts()), None);
        // A card's NVLink counts for that card alone.
        let mut now = facts();
        now.nvlinks[0].gb_s = None;
        assert_eq!(before.compare(&now).unwrap().needed, "GPU 0 with 2 NVLinks");
    }
}
