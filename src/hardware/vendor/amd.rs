//! AMD: the kernel's amdgpu driver, which shows a card's memory in sysfs.

use super::bus::{Bus, number, value};
use super::kernel::{self, Memory};
use super::maker::{Icd, Least, Maker, UnitDevices, after_modules};
use crate::hardware::backend::Backend;
use crate::hardware::facts::{Facts, Gaps, PciCard, Vendor};
use std::path::Path;

pub struct Amd;

/// File of ROCm's package rocm-core, such as `10.0.1-43`.
const ROCM: &str = "/opt/rocm/.info/version";

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
        let before = facts.gpus.len();
        kernel::probe(bus, cards, memory, &mut facts.gpus, gaps);
        let rocm = bus.file(ROCM);
        facts.gpus[before..].iter_mut().for_each(|gpu| gpu.rocm_version.clone_from(&rocm));
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

    fn devices_of_container(&self) -> &'static [&'static str] {
        &["/dev/dri", "-/dev/kfd"]
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

/// amdgpu's `mem_info_vram_*` (Documentation/gpu/amdgpu of Linux). A processor's own graphics have beside what the
/// firmware keeps for them as much of the host's memory as `mem_info_gtt_total` says.
fn memory(device: &Path) -> Option<Memory> {
    let of = |name: &str| number(&device.join(name));
    let total = of("mem_info_vram_total").filter(|total| *total > 0)?;
    let of_host = if Amd.is_integrated(device) { of("mem_info_gtt_total") } else { None };
    let also = if of_host.is_some() { of("mem_info_gtt_used") } else { None };
    Some(Memory {
        total: total.saturating_add(of_host.unwrap_or(0)),
        used: of("mem_info_vram_used").map(|used| used.saturating_add(also.unwrap_or(0))),
        of_host,
    })
}
