//! Intel: Arc cards and their kin, by the kernel's drivers xe and i915.

use super::bus::{Bus, number};
use super::kernel::{self, Memory};
use super::maker::{Icd, Least, Maker, UnitDevices, after_modules};
use crate::hardware::backend::Backend;
use crate::hardware::facts::{Facts, Gaps, PciCard, Vendor};
use std::path::Path;

pub struct Intel;

/// Parts of a card that have memory of their own; a Ponte Vecchio has two.
const MOST_TILES: usize = 8;

impl Maker for Intel {
    fn id(&self) -> Vendor {
        Vendor::Intel
    }

    fn title(&self) -> &'static str {
        "Intel"
    }

    fn pci(&self) -> u16 {
        0x8086
    }

    fn drivers(&self) -> &'static [&'static str] {
        &["xe", "i915"]
    }

    fn install(&self) -> &'static str {
        "a kernel of 6.2 or newer has it; Debian and Ubuntu: `apt install mesa-vulkan-drivers`, then restart the host"
    }

    fn check_by_hand(&self, cards: usize) -> String {
        format!(
            "Intel's driver: `ls /sys/bus/pci/drivers/xe /sys/bus/pci/drivers/i915` lists {cards} card{}",
            kernel::s(cards)
        )
    }

    /// A processor's own graphics sit on the first bus, as its device 2.
    fn is_integrated(&self, device: &Path) -> bool {
        device.file_name().is_some_and(|name| name == "0000:00:02.0")
    }

    fn probe(&self, bus: &Bus, cards: &[PciCard], facts: &mut Facts, gaps: &mut Gaps) {
        kernel::probe(bus, cards, memory, &mut facts.gpus, gaps);
    }

    fn ready(&self, bus: &Bus) -> usize {
        kernel::ready(bus, self)
    }

    fn backends(&self) -> &'static [Backend] {
        &[Backend::Vulkan]
    }

    fn icd(&self) -> Icd {
        Icd { file: "intel_icd", package: "mesa-vulkan-drivers", installed: Some("mesa-vulkan-drivers") }
    }

    fn least(&self) -> Least {
        Least::default()
    }

    /// The plugin names cards by the kernel's driver: xe for Battlemage (Arc B), i915 for those before.
    fn cluster_resource(&self, card: &str) -> &'static str {
        let battlemage = card.contains("Arc(TM) B") || card.contains("Arc(TM) Pro B");
        if battlemage { "gpu.intel.com/xe" } else { "gpu.intel.com/i915" }
    }

    fn devices_of_container(&self) -> &'static [&'static str] {
        &["/dev/dri"]
    }

    fn unit(&self, _cards: usize) -> UnitDevices {
        let rules = [
            "# /dev/dri, for Vulkan; its files also ask for the groups `render` and `video`.",
            "DeviceAllow=char-drm rw",
        ];
        UnitDevices {
            order: after_modules(&["xe", "i915"], &[]),
            rules: rules.map(str::to_string).into(),
            groups: vec!["render", "video"],
        }
    }
}

/// xe has a file for each tile, i915 one for all (`lmem_total_bytes`) in some kernels. xe counts what it keeps for
/// itself too, which is less than the ledger's share for the driver.
fn memory(device: &Path) -> Option<Memory> {
    let tile = |index: usize| {
        let folder = device.join(format!("tile{index}"));
        let places = ["memory/physical_vram_size_bytes", "physical_vram_size_bytes"];
        places.iter().find_map(|place| number(&folder.join(place)))
    };
    let of_tiles: u64 = (0..MOST_TILES).map_while(tile).sum();
    let total = if of_tiles > 0 { Some(of_tiles) } else { number(&device.join("lmem_total_bytes")) };
    total.filter(|total| *total > 0).map(|total| Memory { total, used: None, of_host: None })
}
