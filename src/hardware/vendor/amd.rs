//! AMD: the kernel's amdgpu driver, which shows a card's memory in sysfs.

use super::bus::{Bus, number, value};
use super::kernel::{self, Memory};
use super::maker::{Icd, Least, Maker, UnitDevices, after_modules};
use crate::hardware::backend::Backend;
use crate::hardware::facts::{Facts, Gaps, PciCard, Vendor};
use std::path::Path;

pub struct Amd;

impl Maker for Amd {
    fn id(&self) -> Vendor {
        Vendor::Amd
    }

    fn title(&self) -> &'static str {
        "AMD"
    }

    fn pci(&self) -> u16 {
        0x1002
    }

    fn drivers(&self) -> &'static [&'static str] {
        &["amdgpu"]
    }

    fn install(&self) -> &'static str {
        "Debian and Ubuntu: `apt install firmware-amd-graphics mesa-vulkan-drivers` (Ubuntu: linux-firmware), then \
         restart the host"
    }

    fn check_by_hand(&self, cards: usize) -> String {
        format!(
            "AMD's driver amdgpu: `ls /sys/bus/pci/drivers/amdgpu` lists {cards} card{}",
            kernel::s(cards)
        )
    }

    /// The driver names who made a card's memory chips; of a processor's own graphics it knows none.
    fn is_integrated(&self, device: &Path) -> bool {
        let has_memory = device.join("mem_info_vram_total").exists();
        let chips = value(&device.join("mem_info_vram_vendor"));
        has_memory && chips.is_none_or(|name| name.is_empty() || name == "unknown")
    }

    fn probe(&self, bus: &Bus, cards: &[PciCard], facts: &mut Facts, gaps: &mut Gaps) {
        kernel::probe(bus, cards, memory, &mut facts.gpus, gaps);
    }

    fn ready(&self, bus: &Bus) -> usize {
        kernel::ready(bus, self)
    }

    fn backends(&self) -> &'static [Backend] {
        &[Backend::Rocm, Backend::Vulkan]
    }

    fn icd(&self) -> Icd {
        Icd { file: "radeon_icd", package: "mesa-vulkan-drivers", installed: Some("mesa-vulkan-drivers") }
    }

    fn least(&self) -> Least {
        Least::default()
    }

    fn cluster_resource(&self, _: &str) -> &'static str {
        "amd.com/gpu"
    }

    fn unit(&self, _cards: usize) -> UnitDevices {
        let rules = [
            "# /dev/dri, for Vulkan and ROCm; its files also ask for the groups `render` and `video`.",
            "DeviceAllow=char-drm rw",
            "# /dev/kfd, for ROCm.",
            "DeviceAllow=char-kfd rw",
        ];
        UnitDevices {
            order: after_modules(&["amdgpu"], &[]),
            rules: rules.map(str::to_string).into(),
            groups: vec!["render", "video"],
        }
    }
}

/// amdgpu's `mem_info_vram_*` (Documentation/gpu/amdgpu of Linux).
fn memory(device: &Path) -> Option<Memory> {
    let total = number(&device.join("mem_info_vram_total")).filter(|total| *total > 0)?;
    Some(Memory { total, used: number(&device.join("mem_info_vram_used")) })
}
