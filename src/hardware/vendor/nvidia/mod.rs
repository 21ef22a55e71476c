//! NVIDIA, through nvidia-smi: a static executable cannot load NVML.

mod driver;
mod smi;
mod toolkit;

use super::bus::{Bus, numa_node};
use super::driver::{Driver, DriverHost, Origin};
use super::maker::{Icd, Least, Maker, UnitDevices, after_modules};
use super::toolkit::{Toolkit, ToolkitHost};
use crate::error::Failure;
use crate::hardware::backend::Backend;
use crate::hardware::facts::{Facts, Gaps, GpuLink, PciCard, Vendor};
use crate::process::{self, ProgramOutput};
use smi::{Listed, OLD_QUERY, QUERY};
use std::path::Path;
use std::time::Duration;

pub use smi::read_nvidia_smi;

/// nvidia-smi without persistence mode wakes the driver first, seconds per card; a broken one hangs.
const TIMEOUT: Duration = Duration::from_secs(20);

/// CUDA 12 compiles for Maxwell (5.0) and newer, where a build asks for it; the archives of llama.cpp's releases begin
/// with 7.5 (`plan::runtime`). Driver: NVIDIA, CUDA Compatibility, "minimum required driver" of CUDA 12.x on Linux.
const LEAST_COMPUTE: &str = "5.0";
const LEAST_DRIVER: &str = "525.60.13";

pub struct Nvidia;

impl Maker for Nvidia {
    fn id(&self) -> Vendor {
        Vendor::Nvidia
    }

    fn title(&self) -> &'static str {
        "NVIDIA"
    }

    fn pci(&self) -> u16 {
        0x10de
    }

    fn drivers(&self) -> &'static [&'static str] {
        &["nvidia"]
    }

    /// Debian's DKMS calls it nvidia-current.
    fn module_files(&self) -> &'static [&'static str] {
        &["nvidia", "nvidia-current"]
    }

    fn install(&self) -> &'static str {
        "`apply --driver distribution`; or by hand, Debian: `apt install nvidia-driver nvidia-smi` from non-free, Ubuntu: \
         `ubuntu-drivers install --gpgpu`, then restart the host"
    }

    fn driver(&self, host: &DriverHost, origin: Origin, wanted: Option<&str>) -> Result<Driver, Failure> {
        driver::choose(host, origin, wanted)
    }

    fn toolkit(&self, host: &ToolkitHost) -> Result<Toolkit, Failure> {
        toolkit::choose(host)
    }

    fn make_part(&self) -> Option<&'static str> {
        Some("nvidia-smi mig -cgi 0 -C")
    }

    fn check_by_hand(&self, cards: usize) -> String {
        format!("an NVIDIA driver: `nvidia-smi` lists {cards} GPU{}", if cards == 1 { "" } else { "s" })
    }

    /// Those of a GB10 and its kin share the host's memory too, which nvidia-smi tells, not the bus.
    fn is_integrated(&self, _device: &Path) -> bool {
        false
    }

    /// A nvidia-smi that hangs or fails is asked once.
    fn probe(&self, bus: &Bus, cards: &[PciCard], facts: &mut Facts, gaps: &mut Gaps) {
        match list() {
            Ok(listed) => {
                facts.gpus.extend(listed.gpus);
                listed.lost.iter().for_each(|(index, why)| gaps.failed(format!("gpus.lost.{index}"), why));
            }
            Err(Missing::Tool) if !is_loaded(cards) => {}
            Err(reason) => gaps.failed("gpus", reason.to_string()),
        }
        let host = facts.memory.total_bytes;
        facts.gpus.iter_mut().filter(|gpu| gpu.memory_total_bytes == 0).for_each(|gpu| {
            gpu.memory_total_bytes = host;
        });
        if facts.gpus.is_empty() {
            return;
        }
        details(bus, facts, gaps);
        match facts.gpus.len() {
            0 => {}
            1 => gaps.unsupported("nvlink", "one GPU"),
            _ => connections(facts, gaps),
        }
    }

    fn ready(&self, _bus: &Bus) -> usize {
        list().map_or(0, |listed| listed.gpus.len())
    }

    fn backends(&self) -> &'static [Backend] {
        &[Backend::Cuda, Backend::Vulkan]
    }

    fn icd(&self) -> Icd {
        Icd {
            file: "nvidia_icd",
            package: "nvidia-vulkan-icd on Debian, libnvidia-gl of the driver's version on Ubuntu",
            installed: None,
        }
    }

    fn least(&self) -> Least {
        Least {
            driver: Some((LEAST_DRIVER, "the oldest driver that runs CUDA 12 programs")),
            compute_capability: Some((
                LEAST_COMPUTE,
                "llama.cpp built with CUDA 12 has no code for older cards",
            )),
        }
    }

    fn cluster_resource(&self, _: &str) -> &'static str {
        "nvidia.com/gpu"
    }

    fn labels_memory(&self) -> bool {
        true
    }

    fn devices_of_container(&self) -> &'static [&'static str] {
        &["nvidia.com/gpu=all"]
    }

    fn unit(&self, cards: usize) -> UnitDevices {
        let mut rules = vec![
            "# nvidiactl, nvidiaN, nvidia-modeset, nvidia-uvm, nvidia-uvm-tools, nvidia-caps: the last three have".into(),
            "# numbers that differ from boot to boot, so they go by the driver's name.".into(),
            "DeviceAllow=char-nvidia* rwm".into(),
        ];
        for card in 0..cards {
            rules.extend([format!("# /dev/nvidia{card}"), format!("DeviceAllow=/dev/char/195:{card} rwm")]);
        }
        let rest = [
            "# /dev/nvidia-modeset, /dev/nvidiactl",
            "DeviceAllow=/dev/char/195:254 rwm",
            "DeviceAllow=/dev/char/195:255 rwm",
            "# /dev/dri, for Vulkan; its files also ask for the group `render`.",
            "DeviceAllow=char-drm rw",
            "# Makes the device files where the distribution does not: first /dev/nvidiactl and /dev/nvidiaN, then",
            "# (-u) /dev/nvidia-uvm and its tools. It needs privileges (+); a host without the program goes on (-).",
        ];
        rules.extend(rest.map(str::to_string));
        let each: String = (0..cards).map(|card| format!(" -c {card}")).collect();
        let order = [
            "# CUDA numbers the fastest card first by itself; by the bus, as nvidia-smi and Vulkan's loader do, the plan's",
            "# numbers are the server's.",
            "Environment=CUDA_DEVICE_ORDER=PCI_BUS_ID",
        ];
        rules.extend(order.map(str::to_string));
        rules.push(format!("ExecStartPre=-+/usr/bin/nvidia-modprobe -c 255{each}"));
        rules.push("ExecStartPre=-+/usr/bin/nvidia-modprobe -u -c 0".into());
        UnitDevices {
            order: after_modules(
                &["nvidia", "nvidia_uvm"],
                &["nvidia-persistenced.service", "nvidia-fabricmanager.service"],
            ),
            rules,
            groups: vec!["render"],
        }
    }
}

/// The driver is loaded, whatever nvidia-smi says.
fn is_loaded(cards: &[PciCard]) -> bool {
    Path::new("/proc/driver/nvidia").exists() || cards.iter().any(|card| card.wants_driver.is_none())
}

/// nvidia-smi has eight digits of the domain in upper case; sysfs has four, in lower case.
fn in_sysfs(bus_id: &str) -> Option<String> {
    let bus_id = bus_id.to_ascii_lowercase();
    let (domain, rest) = bus_id.split_once(':')?;
    Some(format!("{}:{rest}", domain.get(domain.len().saturating_sub(4)..)?))
}

fn list() -> Result<Listed, Missing> {
    let query = |fields: &str| run(&[&format!("--query-gpu={fields}"), "--format=csv,noheader,nounits"]);
    let text = match query(QUERY) {
        Err(Missing::Failed(why)) if why.contains("not a valid field") => query(OLD_QUERY)?,
        other => other?,
    };
    smi::query(&text).map_err(Missing::Failed)
}

fn details(bus: &Bus, facts: &mut Facts, gaps: &mut Gaps) {
    let read = run(&["-q", "-x"]).map_err(|reason| reason.to_string());
    let gone = match read.and_then(|xml| smi::add_details(&mut facts.gpus, &xml)) {
        Ok(gone) => gone,
        Err(why) => {
            // Was it the details alone, or is a card gone that was there a moment ago?
            let still = list().map(|listed| listed.gpus).unwrap_or_default();
            let there = |index: u64| still.iter().any(|gpu| gpu.index == index);
            let gone: Vec<u64> = facts.gpus.iter().map(|gpu| gpu.index).filter(|n| !there(*n)).collect();
            (0..facts.gpus.len() - gone.len()).for_each(|i| gaps.failed(format!("gpus.{i}"), why.clone()));
            gone
        }
    };
    // A card that the second look does not show cannot compute.
    facts.gpus.retain(|gpu| !gone.contains(&gpu.index));
    for index in gone {
        gaps.failed(format!("gpus.lost.{index}"), "it disappeared while the facts were read");
    }
    for (index, gpu) in facts.gpus.iter_mut().enumerate() {
        gpu.numa_node = gpu.pci_bus_id.as_ref().and_then(|id| numa_node(&bus.device(&in_sysfs(id)?)));
        if gaps.failed.contains_key(&format!("gpus.{index}")) {
            continue;
        }
        for field in gpu.missing() {
            gaps.unsupported(format!("gpus.{index}.{field}"), "nvidia-smi does not report it for this card");
        }
    }
}

/// The matrix and every NVLink. `nvlink` is true when the matrix has one between every pair and no
/// link of a linked card is inactive.
fn connections(facts: &mut Facts, gaps: &mut Gaps) {
    let count = facts.gpus.len();
    match run(&["topo", "-m"]).map(|text| smi::topology(&text)) {
        Ok(Some(links)) if links.len() == count * (count - 1) / 2 => facts.gpu_links = links,
        Ok(_) => gaps.failed("nvlink", format!("nvidia-smi topo -m shows no matrix of {count} GPUs")),
        Err(reason) => gaps.failed("nvlink", reason.to_string()),
    }
    if facts.gpu_links.is_empty() {
        return;
    }
    let nvlinked = |pair: &GpuLink| pair.is_nvlink();
    let every_pair = facts.gpu_links.iter().all(nvlinked);
    // Cards that are linked in pairs have links to look at too.
    if facts.gpu_links.iter().any(nvlinked) {
        match run(&["nvlink", "-s"]) {
            Ok(text) => facts.nvlinks = smi::nvlinks(&text),
            Err(reason) => gaps.failed("nvlinks", reason.to_string()),
        }
    }
    facts.nvlink = Some(every_pair && facts.nvlinks.iter().all(|link| link.gb_s.is_some()));
}

#[derive(Debug, thiserror::Error)]
enum Missing {
    #[error("nvidia-smi is not installed, but the NVIDIA driver is loaded")]
    Tool,
    #[error("{0}")]
    Failed(String),
}

fn run(args: &[&str]) -> Result<String, Missing> {
    match process::run("nvidia-smi", args, TIMEOUT) {
        Ok(ProgramOutput { success: true, stdout, .. }) => Ok(stdout),
        Ok(outcome) => {
            // It prints its errors on stdout.
            let said = format!("{} {}", outcome.stdout.trim(), outcome.stderr.trim());
            let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
            Err(Missing::Failed(format!("nvidia-smi: {line}")))
        }
        Err(error) if error.is_missing() => Err(Missing::Tool),
        Err(error) => Err(Missing::Failed(error.to_string())),
    }
}
