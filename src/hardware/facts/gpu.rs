//! GPUs and what connects them, as their drivers report them.

use super::vendor::Vendor;
use crate::lang::Sentence;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A GPU that a driver works.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Gpu {
    /// Number of the GPU on this host, from 0; [`GpuLink`] and [`NvLink`] refer to it.
    pub index: u64,
    /// Maker; NVIDIA in documents that name none.
    #[serde(default)]
    pub vendor: Vendor,
    /// Name that the driver reports.
    pub name: String,
    /// Identifier that stays with the card; null: not reported.
    pub uuid: Option<String>,
    /// `00000000:65:00.0`.
    #[serde(default)]
    pub pci_bus_id: Option<String>,
    /// Memory that the driver reports, bytes; the host's memory where the card has none of its own.
    pub memory_total_bytes: u64,
    /// Part of `memory_total_bytes` that is the host's, which the card may use as well, bytes; null: none, or not reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_memory_bytes: Option<u64>,
    /// Memory in use by any process, bytes.
    #[serde(default)]
    pub memory_used_bytes: Option<u64>,
    /// Memory that no process uses, bytes.
    pub memory_free_bytes: Option<u64>,
    /// Version of the driver, `570.124.06`.
    pub driver: Option<String>,
    /// The newest CUDA that the driver runs, `12.4`.
    #[serde(default)]
    pub cuda_version: Option<String>,
    /// Version of ROCm on the host of a card of AMD's, `10.0.1`; null: none, or of another maker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rocm_version: Option<String>,
    /// `8.6`.
    pub compute_capability: Option<String>,
    /// Error correction of the card's memory; null: not reported.
    #[serde(default)]
    pub ecc: Option<Ecc>,
    /// Partition of the card into instances; null: the card has no such mode, or does not report it.
    #[serde(default)]
    pub mig: Option<Mig>,
    /// Persistence mode: the driver stays loaded while no process uses the card.
    #[serde(default)]
    pub persistence: Option<bool>,
    /// Power limit that is set, watts.
    #[serde(default)]
    pub power_limit_watts: Option<f64>,
    /// Link between the card and the host.
    #[serde(default)]
    pub pcie: Option<Pcie>,
    /// NUMA node of the host that the card is attached to.
    #[serde(default)]
    pub numa_node: Option<u64>,
    /// Processes that use the card.
    #[serde(default)]
    pub processes: Option<Vec<GpuProcess>>,
}

impl Gpu {
    /// Names of the fields that are not reported.
    pub fn missing(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("uuid", self.uuid.is_none()),
            ("pci_bus_id", self.pci_bus_id.is_none()),
            ("memory_used_bytes", self.memory_used_bytes.is_none()),
            ("memory_free_bytes", self.memory_free_bytes.is_none()),
            ("driver", self.driver.is_none()),
            ("cuda_version", self.cuda_version.is_none()),
            ("compute_capability", self.compute_capability.is_none()),
            ("ecc", self.ecc.is_none()),
            ("mig", self.mig.is_none()),
            ("persistence", self.persistence.is_none()),
            ("power_limit_watts", self.power_limit_watts.is_none()),
            ("pcie", self.pcie.is_none()),
            ("numa_node", self.numa_node.is_none()),
            ("processes", self.processes.is_none()),
        ];
        all.into_iter().filter_map(|(name, missing)| missing.then_some(name))
    }
}

/// A graphics card on the PCI bus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PciCard {
    /// `0000:65:00.0`.
    pub bus_id: String,
    /// Maker, by PCI's number of it.
    pub vendor: Vendor,
    /// PCI's number of the model, `2204`.
    pub device_id: String,
    /// Name in the PCI ID Repository; null: it has no such card.
    pub name: Option<String>,
    /// The kernel's driver that works it; null: none.
    pub driver: Option<String>,
    /// The driver that a GPU backend needs; null where that one works it.
    pub wants_driver: Option<String>,
    /// It has no memory of its own but the host's.
    pub integrated: bool,
    /// Kernels on the disk that have the module of the driver which is lacking; empty: none, or it is part of the kernel.
    #[serde(default)]
    pub built_for: Vec<String>,
}

impl fmt::Display for PciCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} at {}", self.bus_id),
            None => write!(f, "a card of {} (device {}) at {}", self.vendor, self.device_id, self.bus_id),
        }
    }
}

impl PciCard {
    /// Returns what the card lacks to be used under the kernel `running`; `None` for a card that a driver works.
    pub fn lacks(&self, running: &str) -> Option<Sentence> {
        let wanted = self.wants_driver.as_ref()?;
        let missed = !self.built_for.is_empty() && !self.built_for.iter().any(|kernel| kernel == running);
        if self.driver.is_none() && missed {
            let others = self.built_for.join(", ");
            let (card, driver) = (self.to_string(), wanted);
            return Some(sentence!(
                "lacks-driver-for-kernel",
                card = card,
                driver = driver,
                others = others,
                version = running,
            ));
        }
        Some(match &self.driver {
            None => sentence!("lacks-driver", card = self.to_string(), driver = wanted),
            Some(other) => {
                sentence!("lacks-right-driver", card = self.to_string(), other = other, driver = wanted)
            }
        })
    }
}

impl Gpu {
    /// The card uses the host's memory: amdgpu says how much of it, and of NVIDIA's nvidia-smi tells none, or that of the
    /// host (GB10, Jetson).
    pub fn shares_host_memory(&self) -> bool {
        const TOGETHER: [&str; 6] = ["GB10", "Orin", "Thor", "Xavier", "Tegra", "N1X"];
        self.host_memory_bytes.is_some()
            || self.vendor == Vendor::Nvidia
                && self.name.split([' ', '-', '(']).any(|word| TOGETHER.contains(&word))
    }
}

/// Error correction of a card's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Ecc {
    /// Whether it is on.
    pub enabled: bool,
    /// Errors since the driver was loaded that could not be corrected; null: not counted.
    pub uncorrected: Option<u64>,
    /// The same over the card's life.
    pub uncorrected_ever: Option<u64>,
}

/// NVIDIA's Multi-Instance GPU mode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Mig {
    /// Whether it is on.
    pub enabled: bool,
    /// Memory of each instance; a process gets one.
    pub instances_bytes: Vec<u64>,
}

/// A link's generation falls when the card is idle; its width should not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Pcie {
    /// PCIe generation that the link runs at now.
    pub generation: u64,
    /// Highest generation that the card and its slot support.
    pub generation_max: u64,
    /// Lanes in use now.
    pub width: u64,
    /// Most lanes that the card and its slot support.
    pub width_max: u64,
}

impl Pcie {
    /// One way, 10^9 bytes/s, at the best generation and the width it has now: 8b/10b coding up to
    /// generation 2, then 128b/130b (PCI-SIG base specifications).
    pub fn gb_s(&self) -> f64 {
        let lane = match self.generation_max {
            0 => 0.0,
            1 => 0.25,
            2 => 0.5,
            n => 8.0 * f64::from(1 << (n - 3).min(4)) * 128.0 / 130.0 / 8.0,
        };
        lane * self.width as f64
    }
}

/// A process that uses a GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GpuProcess {
    /// Process id.
    pub pid: u32,
    /// Name of its program, as nvidia-smi reports it; empty where it does not.
    pub name: String,
    /// null: hidden, as in a container.
    pub memory_bytes: Option<u64>,
}

/// One pair of the topology matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GpuLink {
    /// Index of one GPU.
    pub a: u64,
    /// Index of the other GPU.
    pub b: u64,
    /// Name of the link in `nvidia-smi topo -m`: `NV12`, `PIX`, `PXB`, `PHB`, `NODE`, `SYS`.
    pub link: String,
}

impl GpuLink {
    /// Returns whether the two are connected by NVLink.
    pub fn is_nvlink(&self) -> bool {
        self.link.starts_with("NV")
    }

    /// Its legend.
    pub fn meaning(&self) -> &'static str {
        match self.link.as_str() {
            "SYS" => "PCIe and the link between CPUs",
            "NODE" => "PCIe and the CPU's own links",
            "PHB" => "PCIe through the CPU's host bridge",
            "PXB" => "several PCIe switches",
            "PIX" => "one PCIe switch",
            link if link.starts_with("NV") => "NVLink",
            _ => "unknown",
        }
    }
}

/// One NVLink of one GPU.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NvLink {
    /// Index of the GPU.
    pub gpu: u64,
    /// Number of the link on that GPU, from 0.
    pub link: u64,
    /// One way, 10^9 bytes/s; null: inactive.
    pub gb_s: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::Pcie;

    #[test]
    fn pcie_bandwidth_follows_generation_and_width() {
        let pcie = |generation_max, width| Pcie { generation_max, width, ..Pcie::default() };
        assert_eq!(format!("{:.1}", pcie(4, 16).gb_s()), "31.5");
        assert_eq!(format!("{:.1}", pcie(3, 8).gb_s()), "7.9");
        assert_eq!(format!("{:.1}", pcie(1, 16).gb_s()), "4.0");
        assert_eq!(pcie(0, 16).gb_s(), 0.0);
    }
}
