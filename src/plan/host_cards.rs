//! Says which cards of a host a plan leaves out, and why.

use super::document::Plan;
use super::reconcile::HOST;
use super::usable_cards::{is_dwarf, most_memory, of_host, unusable, used};
use crate::hardware::facts::{Facts, Gpu, PciCard};
use crate::hardware::vendor;
use crate::lang::{Sentence, Value};
use crate::processor::Processor;

/// Cards of the host that a plan for it leaves out, with what would let it use them; one sentence each.
pub fn left_out(facts: &Facts, plan: &Plan) -> Vec<Sentence> {
    let mut all = without_driver(facts);
    let most = most_memory(facts);
    let without = plan.profile.id == HOST && plan.profile.gpus.is_empty();
    let idle = |gpu: &Gpu| {
        let small = || is_dwarf(gpu, most).then(|| sentence!("card-dwarf"));
        let slow = || without.then(|| sentence!("card-below-cpu"));
        let why = unusable(gpu).or_else(slow).or_else(small)?;
        Some(sentence!("card-left-out", card = &gpu.name, index = gpu.index, why = why))
    };
    let shared = |gpu: &Gpu| {
        let ram = facts.memory.total_bytes;
        let keeps = (ram - of_host(gpu, ram)) >> 30;
        gpu.shares_host_memory().then(|| {
            let size = Value::figure(format!("{keeps} GiB"));
            sentence!("card-shares-memory", card = &gpu.name, size = size)
        })
    };
    all.extend(vendor::of_one_maker(facts).filter_map(idle));
    all.extend(used(facts).filter_map(shared).filter(|_| !plan.profile.gpus.is_empty()));
    let (planned, there) = (plan.profile.gpus.len(), used(facts).count());
    if planned == 1 && there > 1 {
        all.push(sentence!("card-alone", card = &plan.profile.gpus[0].name));
    }
    all.extend(other_processor(&facts.os.arch));
    all
}

fn without_driver(facts: &Facts) -> Vec<Sentence> {
    let one = |card: &PciCard| {
        let install = vendor::of(card.vendor).install();
        let lacks = card.lacks(&facts.os.kernel)?;
        Some(sentence!("card-without-driver", lacks = lacks, command = install))
    };
    facts.without_driver().filter_map(one).collect()
}

fn other_processor(arch: &str) -> Option<Sentence> {
    match Processor::of_uname(arch) {
        _ if arch.is_empty() => None,
        Some(processor) if processor.is_default() => None,
        Some(_) => Some(sentence!("other-processor", arch = arch, usual = Processor::default().to_string())),
        None => Some(sentence!("unknown-processor", arch = arch)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_without_a_driver_is_left_out_and_said() {
        let mut facts = Facts::default();
        let card = PciCard {
            bus_id: "0000:01:00.0".into(),
            name: Some("NVIDIA GA102 [GeForce RTX 3090]".into()),
            wants_driver: Some("nvidia".into()),
            ..PciCard::default()
        };
        let integrated = PciCard { integrated: true, wants_driver: Some("amdgpu".into()), ..card.clone() };
        let works = PciCard { wants_driver: None, driver: Some("nvidia".into()), ..card.clone() };
        facts.pci_cards = vec![integrated, works];
        assert!(without_driver(&facts).is_empty());
        facts.pci_cards.push(card);
        let [text] = &without_driver(&facts)[..] else { panic!("{:?}", without_driver(&facts)) };
        assert!(
            text.contains("RTX 3090] at 0000:01:00.0 has no driver") && text.contains("apt install"),
            "{text}"
        );
        assert_eq!(used(&facts).count(), 0);
    }
}
