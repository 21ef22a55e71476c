//! A bus with cards as the kernel shows them: NVIDIA's with and without its driver, AMD's, Intel's, a server's console.

use super::*;
use crate::hardware::facts::{Facts, Gaps, PciCard};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Machine {
        Machine(tempfile::tempdir().unwrap())
    }

    fn device(&self, id: &str, ids: [&str; 3], driver: Option<&str>, files: &[(&str, &str)]) {
        let folder = self.root().join(id);
        fs::create_dir_all(&folder).unwrap();
        for (name, value) in
            ["class", "vendor", "device"].iter().zip(ids).chain(files.iter().map(|(n, v)| (n, *v)))
        {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{value}\n")).unwrap();
        }
        if let Some(driver) = driver {
            symlink(format!("../../../../bus/pci/drivers/{driver}"), folder.join("driver")).unwrap();
        }
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("devices")
    }

    fn bus(&self) -> Bus {
        Bus::at(self.0.path())
    }

    fn cards(&self) -> Vec<PciCard> {
        cards(&self.bus(), &all())
    }

    /// Returns what the makers whose drivers are in sysfs find.
    fn probed(&self) -> (Facts, Gaps) {
        let (mut facts, mut gaps) = (Facts { pci_cards: self.cards(), ..Facts::default() }, Gaps::default());
        for maker in [Vendor::Amd, Vendor::Intel] {
            let own: Vec<PciCard> =
                facts.pci_cards.iter().filter(|card| card.vendor == maker).cloned().collect();
            of(maker).probe(&self.bus(), &own, &mut facts, &mut gaps);
        }
        (facts, gaps)
    }
}

const VGA: &str = "0x030000";
const ACCELERATOR: &str = "0x120000";

#[test]
fn a_card_without_its_driver_is_there_and_says_what_it_lacks() {
    let machine = Machine::new();
    machine.device("0000:01:00.0", [VGA, "0x10de", "0x2204"], None, &[]);
    machine.device("0000:02:00.0", ["0x030200", "0x10de", "0x20b2"], Some("nouveau"), &[]);
    machine.device("0000:03:00.0", [VGA, "0x10de", "0x2684"], Some("nvidia"), &[]);
    machine.device("0000:04:00.0", ["0x010802", "0x10de", "0x2204"], None, &[]);
    machine.device("0000:05:00.0", [VGA, "0x1a03", "0x2000"], Some("ast"), &[]);
    machine.device("0000:06:00.0", [VGA, "0x10de", "0xfffe"], None, &[]);
    let cards = machine.cards();
    let lacks = |card: &PciCard| card.lacks("6.1.0-1").map(|lacks| lacks.to_string());
    let lacks: Vec<Option<String>> = cards.iter().map(lacks).collect();
    let some = |text: &str| Some(text.to_string());
    assert_eq!(
        lacks,
        [
            some("NVIDIA GA102 [GeForce RTX 3090] at 0000:01:00.0 has no driver (nvidia is not loaded)"),
            some(
                "NVIDIA GA100 [A100 SXM4 80GB] at 0000:02:00.0 has the driver nouveau, and llama.cpp needs nvidia"
            ),
            None,
            some("a card of nvidia (device fffe) at 0000:06:00.0 has no driver (nvidia is not loaded)"),
        ]
    );
    let facts = Facts { pci_cards: cards, ..Facts::default() };
    assert_eq!(facts.without_driver().count(), 3);
    assert!(facts.why_no_gpu().unwrap().contains("; NVIDIA GA100"));
}

#[test]
fn a_card_of_amd_has_its_memory_its_place_and_the_name_that_its_memory_tells() {
    let machine = Machine::new();
    let files = [
        ("mem_info_vram_total", "25753026560"),
        ("mem_info_vram_used", "1048576"),
        ("mem_info_vram_vendor", "samsung"),
        ("current_link_speed", "2.5 GT/s PCIe"),
        ("max_link_speed", "16.0 GT/s PCIe"),
        ("current_link_width", "16"),
        ("max_link_width", "16"),
        ("numa_node", "-1"),
    ];
    machine.device("0000:03:00.0", [VGA, "0x1002", "0x744c"], Some("amdgpu"), &files);
    let (facts, gaps) = machine.probed();
    let [gpu] = &facts.gpus[..] else { panic!("{facts:?} {gaps:?}") };
    assert_eq!((gpu.name.as_str(), gpu.vendor, gpu.index), ("AMD Radeon RX 7900 XTX", Vendor::Amd, 0));
    assert_eq!((gpu.memory_total_bytes, gpu.memory_free_bytes), (25753026560, Some(25753026560 - 1048576)));
    let pcie = gpu.pcie.as_ref().unwrap();
    assert_eq!((pcie.generation, pcie.generation_max, pcie.width), (1, 4, 16));
    assert_eq!((gpu.driver.as_deref(), gpu.numa_node), (Some("amdgpu"), None));
    assert!(gaps.unsupported.contains_key("gpus.0.compute_capability") && gaps.failed.is_empty());
    assert_eq!(of(Vendor::Amd).ready(&machine.bus()), 1);
}

#[test]
fn large_graphics_of_a_processor_have_their_share_of_the_hosts_memory_unless_there_is_a_card() {
    let machine = Machine::new();
    let files = [
        ("mem_info_vram_total", "536870912"),
        ("mem_info_vram_used", "1048576"),
        ("mem_info_gtt_total", "64424509440"),
        ("mem_info_gtt_used", "2097152"),
    ];
    machine.device("0000:c3:00.0", [VGA, "0x1002", "0x1586"], Some("amdgpu"), &files);
    fs::create_dir_all(machine.0.path().join("opt/rocm/.info")).unwrap();
    fs::write(machine.0.path().join("opt/rocm/.info/version"), "10.0.1-43\n").unwrap();
    let (facts, gaps) = machine.probed();
    let [gpu] = &facts.gpus[..] else { panic!("{facts:?} {gaps:?}") };
    assert_eq!(gpu.name, "AMD Radeon 8060S");
    assert_eq!((gpu.memory_total_bytes, gpu.host_memory_bytes), (64961380352, Some(64424509440)));
    assert_eq!((gpu.memory_used_bytes, gpu.rocm_version.as_deref()), (Some(3145728), Some("10.0.1-43")));
    assert!(gpu.shares_host_memory() && facts.pci_cards[0].integrated);
    assert_eq!(of(Vendor::Amd).ready(&machine.bus()), 1);
    let card = [("mem_info_vram_total", "25753026560"), ("mem_info_vram_vendor", "samsung")];
    machine.device("0000:03:00.0", [VGA, "0x1002", "0x744c"], Some("amdgpu"), &card);
    let (facts, _) = machine.probed();
    let [gpu] = &facts.gpus[..] else { panic!("{facts:?}") };
    assert_eq!((gpu.name.as_str(), gpu.host_memory_bytes), ("AMD Radeon RX 7900 XTX", None));
    assert_eq!(of(Vendor::Amd).ready(&machine.bus()), 1);
}

#[test]
fn a_processors_own_graphics_are_no_card_to_plan_for() {
    let machine = Machine::new();
    let apu = [("mem_info_vram_total", "536870912"), ("mem_info_vram_used", "0")];
    machine.device("0000:04:00.0", [VGA, "0x1002", "0x1638"], Some("amdgpu"), &apu);
    machine.device("0000:00:02.0", [VGA, "0x8086", "0x3e92"], Some("i915"), &[]);
    let (facts, _) = machine.probed();
    assert!(facts.gpus.is_empty() && facts.pci_cards.iter().all(|card| card.integrated), "{facts:?}");
    assert!(facts.why_no_gpu().unwrap().ends_with("has no memory of its own, so models run on the CPU"));
    assert_eq!(of(Vendor::Intel).ready(&machine.bus()), 0);
}

#[test]
fn cards_of_intel_have_the_memory_of_their_tiles_or_the_least_of_their_name() {
    let machine = Machine::new();
    let xe = [("tile0/memory/physical_vram_size_bytes", "12809404416")];
    machine.device("0000:03:00.0", [VGA, "0x8086", "0xe20b"], Some("xe"), &xe);
    machine.device("0000:07:00.0", [VGA, "0x8086", "0x56a0"], Some("i915"), &[]);
    machine.device("0000:0a:00.0", [VGA, "0x8086", "0x56a5"], Some("i915"), &[]);
    let (facts, gaps) = machine.probed();
    let found: Vec<(&str, u64)> =
        facts.gpus.iter().map(|gpu| (gpu.name.as_str(), gpu.memory_total_bytes >> 20)).collect();
    assert_eq!(found, [("Intel(R) Arc(TM) B580 Graphics", 12216), ("Intel(R) Arc(TM) A770 Graphics", 16225)]);
    assert!(gaps.failed["gpus.lost.2"].contains("its driver does not tell its memory"), "{gaps:?}");
}

#[test]
fn an_accelerator_without_an_outlet_is_a_card() {
    let machine = Machine::new();
    let files = [("mem_info_vram_total", "206141652992"), ("mem_info_vram_vendor", "hynix")];
    machine.device("0000:05:00.0", [ACCELERATOR, "0x1002", "0x74a1"], Some("amdgpu"), &files);
    let (facts, _) = machine.probed();
    assert_eq!(facts.gpus[0].name, "AMD Instinct MI300X");
}

#[test]
fn a_bus_that_says_nonsense_has_no_cards() {
    let machine = Machine::new();
    assert!(machine.cards().is_empty(), "there is no such folder");
    machine.device("0000:01:00.0", ["display", "0x10de", "0x2204"], None, &[]);
    machine.device("0000:02:00.0", [VGA, "0xzz", "0x2204"], None, &[]);
    machine.device("0000:03:00.0", [VGA, "0x10de", "0x12345678"], None, &[]);
    fs::write(machine.root().join("0000:01:00.0/vendor"), vec![b'0'; 1 << 20]).unwrap();
    assert!(machine.cards().is_empty());
    assert!(cards(&Bus::at(Path::new("/dev/null")), &all()).is_empty());
}

#[test]
fn makers_and_their_names_lead_to_each_other() {
    for maker in all() {
        assert_eq!(of(maker.id()).pci(), maker.pci());
        assert!(!maker.drivers().is_empty() && !maker.backends().is_empty());
        let unit = maker.unit(2);
        assert!(unit.rules.iter().any(|rule| rule == "DeviceAllow=char-drm rw"), "{unit:?}");
        assert!(unit.groups.contains(&"render"));
    }
}
