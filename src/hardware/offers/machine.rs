//! The machine of an offer as a profile, so that it is planned for as it is.

use super::matching;
use super::offer::{Gpus, HostKind, Machine, Offer};
use crate::hardware::cards::{self, Card};
use crate::hardware::facts::Vendor;
use crate::hardware::link::Link;
use crate::hardware::profiles::{GpuSpec, Profile};

/// Memory, cores and disk where a source says nothing of them and no class of machines does.
const LEAST_RAM_GIB: u64 = 16;
const LEAST_CORES: u64 = 4;
/// Disk of a machine whose source names none: clouds let it be chosen while one rents. 10^9 bytes.
const CHOSEN_DISK_GB: u64 = 1000;

/// Peak of a virtual machine's memory, 10^9 bytes/s: two DDR4-3200 channels, as the profiles count it, for up to
/// this many virtual cores; a larger machine has more of its host's channels, with the root of its cores.
const MEMORY_GB_S: f64 = 51.2;
const MEMORY_CORES: f64 = 16.0;
/// 10^12 operations/s of a virtual core's matrices, as in the profiles.
const CORE_TFLOPS: f64 = 0.075;

/// Promises of every machine that is rented: those of the profiles.
const NETWORK_MBIT_S: u64 = 100;
const DISK_READ_MB_S: u64 = 500;
const NVME_READ_MB_S: u64 = 600;

/// Why a plan cannot be made for an offer's machine; `None`: it can.
pub fn unusable(machine: &Machine) -> Option<String> {
    if machine.ram_gib.is_some_and(|ram| ram < 1.0) {
        return Some("it has less than 1 GiB of RAM".to_string());
    }
    let gpus = machine.gpus.as_ref()?;
    let Some(card) = card(gpus) else {
        return Some(format!("its card {:?} is not known (profiles/cards.csv)", gpus.name));
    };
    if card.name.contains("GH200") || card.name.contains("GB10") {
        return Some(format!("{} sits on a processor that offers are not planned for", card.name));
    }
    if gpus.count > 16 {
        return Some(format!("{} cards are more than llama.cpp takes", gpus.count));
    }
    None
}

/// Why `apply` cannot use the host of an offer; `None`: it can.
pub fn not_applied(offer: &Offer) -> Option<String> {
    let container = || "a container without systemd: `apply` needs a virtual machine".to_string();
    unusable(&offer.machine).or_else(|| (offer.host == HostKind::Container).then(container))
}

/// The card, by the driver's name and size or as a catalogue writes it.
fn card(gpus: &Gpus) -> Option<&'static Card> {
    let near = |card: &&Card| {
        let ratio = gpus.vram_mib as f64 / card.vram_mib as f64;
        (0.93..1.07).contains(&ratio)
    };
    let named = cards::all().iter().filter(|card| card.name == gpus.name).find(near);
    named.or_else(|| {
        let said = cards::Said { gib: vec![gpus.vram_mib as f64 / 1024.0], ..cards::Said::default() };
        cards::recognise(&gpus.name, &said).map(|(card, _)| card)
    })
}

/// Provider and instance, as `--profile` takes them.
pub fn name(offer: &Offer) -> String {
    format!("{}/{}", offer.provider, offer.instance)
}

/// The machine of `offer`, or `None` where it is unusable. Its id is the class of machines that it is one of, or
/// else its [`name`].
pub fn profile(offer: &Offer, classes: &[Profile]) -> Option<Profile> {
    let machine = &offer.machine;
    if unusable(machine).is_some() {
        return None;
    }
    let kept: Option<&Profile> = classes.iter().rfind(|class| matching::fits(machine, class));
    let said = |figure: Option<f64>| figure.map(|figure| figure.floor() as u64);
    let cpu_cores = said(machine.vcpu).or(kept.map(|class| class.cpu_cores)).unwrap_or(LEAST_CORES).max(1);
    let ram_gib = said(machine.ram_gib).or(kept.map(|class| class.ram_gib)).unwrap_or(LEAST_RAM_GIB);
    let gpus = machine.gpus.as_ref().map_or(Some(Vec::new()), |gpus| specs(gpus, classes))?;
    let nvlink = gpus.len() > 1 && machine.gpus.as_ref().is_some_and(|gpus| gpus.link == Some(Link::Nvlink));
    let cores = cpu_cores as f64;
    Some(Profile {
        id: class(machine, &gpus, nvlink, classes).map_or_else(|| name(offer), |class| class.id.clone()),
        title: name(offer),
        rented: true,
        processor: machine.processor,
        cpu_cores,
        ram_gib,
        sold_ram_bytes: None,
        disk_gb: said(machine.disk_gb).unwrap_or(CHOSEN_DISK_GB),
        memory_bandwidth_gb_s: MEMORY_GB_S * (cores / MEMORY_CORES).max(1.0).sqrt(),
        tflops: CORE_TFLOPS * cores,
        found: None,
        network_mbit_s: NETWORK_MBIT_S,
        disk_read_mb_s: if gpus.is_empty() { DISK_READ_MB_S } else { NVME_READ_MB_S },
        nvlink,
        among: None,
        by_size: false,
        gpus,
    })
}

/// The class that a machine is one of: of about its size, and no better one.
fn class<'a>(
    machine: &Machine,
    gpus: &[GpuSpec],
    nvlink: bool,
    classes: &'a [Profile],
) -> Option<&'a Profile> {
    let of = |class: &&Profile| {
        let near = |has: u64, is: u64| (0.93..1.2).contains(&(has as f64 / is as f64));
        let cards = gpus.len() == class.gpus.len()
            && nvlink == class.nvlink
            && gpus.iter().zip(&class.gpus).all(|(has, is)| near(has.vram_mib, is.vram_mib));
        let cpu = !gpus.is_empty()
            || machine.ram_gib.is_some_and(|ram| near(ram as u64, class.ram_gib))
                && machine.vcpu.is_some_and(|cores| cores >= class.cpu_cores as f64);
        class.is_rented() && cards && cpu && (class.by_size || matching::fits(machine, class))
    };
    classes.iter().rfind(of)
}

fn specs(gpus: &Gpus, classes: &[Profile]) -> Option<Vec<GpuSpec>> {
    let card = card(gpus)?;
    let known = || classes.iter().flat_map(|class| &class.gpus);
    let same = known().find(|spec| spec.name == card.name).map(|spec| spec.cuda_context_mib);
    // A larger card's process takes no less than a smaller one's.
    let larger =
        known().filter(|spec| spec.vram_mib >= card.vram_mib).map(|spec| spec.cuda_context_mib).min();
    let most = known().map(|spec| spec.cuda_context_mib).max();
    let maker = [("AMD", Vendor::Amd), ("Intel", Vendor::Intel)];
    let maker = maker.into_iter().find(|(name, _)| card.name.starts_with(name)).map(|(_, vendor)| vendor);
    let spec = GpuSpec {
        vendor: maker.unwrap_or_default(),
        name: card.name.clone(),
        or_better: Vec::new(),
        vram_mib: card.vram_mib.min(gpus.vram_mib),
        memory_bandwidth_gb_s: card.bandwidth_gb_s,
        cuda_context_mib: same.or(larger).or(most)?,
        unsure: card.unsure,
        generation: card.generation,
        tops: card.tops,
    };
    Some(vec![spec; gpus.count as usize])
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;
    use crate::hardware::profiles;

    /// The machine of a row: vCPU, GiB, and cards as count, name, MiB, link.
    fn machine(vcpu: &str, ram: &str, gpus: &str) -> Result<Profile, String> {
        let header = file::COLUMNS[..16].join(",");
        let text = format!("{header}\nacme,a1,eu,0.5,USD,,vm,{vcpu},{ram},,{gpus},list,2026-11-20\n");
        let read = file::parse_offers(text.as_bytes()).unwrap();
        assert_eq!(read.broken, [], "{text}");
        let offer = &read.offers[0];
        profile(offer, &profiles::all()).ok_or_else(|| unusable(&offer.machine).unwrap())
    }

    #[test]
    fn a_machine_has_its_own_cards_cores_and_memory_and_the_name_of_its_class() {
        for (vcpu, ram, gpus, id, cards, context) in [
            ("16", "64", ",,,", "cpu-vps-64gb", 0, 0),
            ("8", "32", ",,,", "cpu-vps-32gb", 0, 0),
            ("64", "512", ",,,", "acme/a1", 0, 0),
            ("4", "16", "1,NVIDIA L4,23034,", "gpu-24gb", 1, 512),
            ("8", "32", "1,NVIDIA A10G,23028,", "gpu-24gb", 1, 512),
            ("8", "60", "1,NVIDIA L40S,46068,", "acme/a1", 1, 555),
            ("10", "60", "1,NVIDIA RTX A6000,49140,", "acme/a1", 1, 555),
            ("16", "64", "1,A100-SXM4-40GB,40960,", "acme/a1", 1, 555),
            ("16", "64", "1,NVIDIA H200,143771,nvlink", "acme/a1", 1, 555),
            ("30", "184", "1,NVIDIA B200,183359,nvlink", "acme/a1", 1, 555),
            ("30", "90", "1,NVIDIA RTX PRO 6000 Blackwell Server Edition,97887,", "acme/a1", 1, 555),
            ("88", "480", "4,NVIDIA A100-SXM4-80GB,81920,nvlink", "acme/a1", 4, 555),
            ("44", "240", "2,NVIDIA A100-SXM4-80GB,81920,nvlink", "2xa100-nvlink", 2, 555),
            ("44", "240", "2,NVIDIA A100-SXM4-80GB,81920,", "acme/a1", 2, 555),
            ("6", "23", "1,Tesla V100-SXM2-16GB,16384,", "gpu-16gb", 1, 512),
        ] {
            let found = machine(vcpu, ram, gpus).unwrap();
            assert_eq!(found.id, id, "{gpus}");
            assert_eq!((found.cpu_cores.to_string(), found.ram_gib.to_string()), (vcpu.into(), ram.into()));
            assert_eq!(found.gpus.len(), cards, "{gpus}");
            assert!(
                found.gpus.iter().all(|gpu| gpu.cuda_context_mib == context && gpu.tops > 0.0),
                "{gpus} {found:?}"
            );
        }
    }

    #[test]
    fn cards_of_every_maker_are_named_as_catalogues_do() {
        for (name, vram, vendor) in [
            ("NVIDIA H100 NVL", 95830, Vendor::Nvidia),
            ("Tesla V100-SXM2-32GB", 32768, Vendor::Nvidia),
            ("AMD Instinct MI300X", 196592, Vendor::Amd),
            ("Radeon RX 7900 XTX", 24560, Vendor::Amd),
            ("Intel Arc B580", 12288, Vendor::Intel),
        ] {
            let found = machine("16", "64", &format!("1,{name},{vram},")).unwrap();
            assert_eq!(found.gpus[0].vendor, vendor, "{name}: {found:?}");
        }
    }

    #[test]
    fn what_a_row_does_not_say_is_little_and_what_cannot_be_used_says_why() {
        let silent = machine("", "", "1,NVIDIA L40S,46068,").unwrap();
        assert_eq!((silent.cpu_cores, silent.ram_gib, silent.disk_gb), (4, 32, 1000));
        let large = machine("192", "768", ",,,").unwrap();
        assert!(large.memory_bandwidth_gb_s > 3.4 * MEMORY_GB_S && large.tflops > 14.0);
        for (ram, gpus, why) in [
            ("0.5", ",,,", "less than 1 GiB"),
            ("64", "1,NVIDIA Something New,99999,", "not known"),
            ("64", "1,NVIDIA GH200 480GB,97871,", "processor"),
        ] {
            let refused = machine("8", ram, gpus).unwrap_err();
            assert!(refused.contains(why), "{gpus}: {refused}");
        }
    }
}
