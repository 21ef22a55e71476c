//! Facts about a host, as a document: `agi-provision/facts/1`. Read by [`super::probe`] on the host.
//!
//! Sizes are bytes, times seconds. A field without a value is `null`, and its path is a key of
//! `unsupported` (this host or card has no such thing, or does not report it) or of `failed` (it
//! should be there and could not be read), each with the reason: `gpus.0.ecc`, or the name of the
//! part around it, `gpus.0`. The two nulls that are values are said in their descriptions.
//! docs/facts.schema.json describes every key; a test holds real output against it.

use crate::outside::{self, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

mod gpu;
mod upkeep;
mod vendor;

pub use gpu::{Ecc, Gpu, GpuLink, GpuProcess, Mig, NvLink, PciCard, Pcie};
pub use upkeep::{Upkeep, Work, Worker};
pub use vendor::Vendor;

/// Name and version of this format: the value of [`Facts::schema`].
pub const SCHEMA: &str = "agi-provision/facts/1";

/// Everything that a probe reads of one host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Facts {
    /// Name and version of this format: [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// Operating system.
    pub os: Os,
    /// Processor.
    pub cpu: Cpu,
    /// RAM and swap.
    pub memory: Memory,
    /// The file system that holds /var/lib/agi-provision (or would).
    pub disk: Disk,
    /// Every place that this tool writes to.
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// GPUs that a driver works.
    pub gpus: Vec<Gpu>,
    /// Graphics cards on the PCI bus, whether a driver works them or not.
    #[serde(default)]
    pub pci_cards: Vec<PciCard>,
    /// Every pair of GPUs has an NVLink between them (`NV#` in the topology matrix) and no link is
    /// inactive. Unsupported with fewer than two GPUs.
    pub nvlink: Option<bool>,
    /// How each pair of GPUs is connected.
    #[serde(default)]
    pub gpu_links: Vec<GpuLink>,
    /// Every NVLink of every GPU.
    #[serde(default)]
    pub nvlinks: Vec<NvLink>,
    /// Listening TCP ports and, where it can be told, the process.
    pub ports: Vec<Port>,
    /// Who holds dpkg's or apt's lock; null: nobody, or there is no dpkg.
    #[serde(default)]
    pub package_lock: Option<String>,
    /// Work of the system by itself.
    #[serde(default)]
    pub upkeep: Upkeep,
    /// How this process came to be root: `root`, `passwordless-sudo`, `sudo-with-password`, or `not-root`.
    #[serde(default)]
    pub sudo: String,
    /// Only with `probe --measure`.
    #[serde(default)]
    pub measured: Option<Measured>,
    /// How long reading all this took, seconds.
    #[serde(default)]
    pub probe_seconds: f64,
    /// Field → why it could not be read.
    pub failed: BTreeMap<String, String>,
    /// Field → why there is nothing to read.
    #[serde(default)]
    pub unsupported: BTreeMap<String, String>,
}

impl Facts {
    /// Cards that are there and cannot be used, as no driver of their maker works them.
    pub fn without_driver(&self) -> impl Iterator<Item = &PciCard> {
        self.pci_cards.iter().filter(|card| card.wants_driver.is_some() && !card.integrated)
    }

    /// Why there is none that can be used; `None` where there is no card at all.
    pub fn why_no_gpu(&self) -> Option<String> {
        let all: Vec<_> = self.without_driver().filter_map(|card| card.lacks(&self.os.kernel)).collect();
        let integrated = || self.pci_cards.iter().find(|card| card.integrated);
        match (all.is_empty(), integrated()) {
            (false, _) => Some(all.join("; ")),
            (true, Some(card)) => Some(format!("{card} has no memory of its own, so models run on the CPU")),
            (true, None) => None,
        }
    }
}

/// The operating system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Os {
    /// `debian`, `ubuntu`, …: os-release `ID`.
    pub id: String,
    /// os-release `VERSION_ID`.
    pub version: String,
    /// os-release `VERSION_CODENAME`; empty: it has none. Debian's testing and sid have no version, and this.
    #[serde(default)]
    pub codename: String,
    /// Release of the kernel, `6.1.0-28-amd64`.
    pub kernel: String,
    /// Name by `uname -m`; [`crate::processor`] has those that are known.
    pub arch: String,
    /// systemd is PID 1.
    pub systemd: bool,
    /// `252`, `257.8`.
    #[serde(default)]
    pub systemd_version: Option<String>,
    /// `2.36`.
    #[serde(default)]
    pub glibc: Option<String>,
    /// Name by systemd-detect-virt: `kvm`, `lxc`, `openvz`, `none`, …
    pub virtualization: Option<String>,
    /// Random id of this boot, from /proc/sys/kernel/random/boot_id.
    pub boot_id: Option<String>,
    /// Start of the kernel, seconds since 1970, by /proc/stat: the same in all containers of one kernel, which may have boot
    /// ids of their own.
    #[serde(default)]
    pub booted_at: Option<u64>,
    /// Secure Boot is on: the kernel loads signed modules only. Unsupported where the host was not booted by EFI.
    #[serde(default)]
    pub secure_boot: Option<bool>,
    /// Version of podman, `5.4.2`; null: it is not there.
    #[serde(default)]
    pub podman: Option<String>,
    /// A specification of the container device interface names NVIDIA's cards.
    #[serde(default)]
    pub cdi: bool,
    /// State of the clock; null: it may not be read, as in many containers.
    #[serde(default)]
    pub clock: Option<Clock>,
}

/// State of the kernel's clock (adjtimex).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Clock {
    /// A time daemon keeps it right.
    pub synchronized: bool,
    /// Seconds that are still to be corrected.
    pub offset_seconds: f64,
    /// At most this far off, where it is synchronized.
    pub max_error_seconds: f64,
}

/// The processor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cpu {
    /// Model name in /proc/cpuinfo.
    pub model: String,
    /// CPUs this host may use (threads).
    pub logical: u64,
    /// Cores; null: /proc/cpuinfo names none.
    pub physical: Option<u64>,
    /// Cores run two or more threads each.
    #[serde(default)]
    pub smt: Option<bool>,
    /// NUMA nodes that the kernel lists.
    #[serde(default)]
    pub numa_nodes: Option<u64>,
    /// Flags by their names in /proc/cpuinfo: `fma`, `asimd`, …
    pub flags: Vec<String>,
    /// Those of the flags that llama.cpp chooses its code by.
    #[serde(default)]
    pub isa: Vec<String>,
    /// Now, MHz.
    #[serde(default)]
    pub mhz: Option<u64>,
    /// Highest frequency that the kernel may set, MHz.
    #[serde(default)]
    pub max_mhz: Option<u64>,
    /// Share of the time since boot that the hypervisor gave to others, percent.
    #[serde(default)]
    pub steal_percent: Option<f64>,
}

/// RAM and swap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Memory {
    /// RAM, bytes.
    pub total_bytes: u64,
    /// RAM that a new program can take without swap, bytes.
    pub available_bytes: u64,
    /// Swap space, bytes.
    pub swap_bytes: u64,
    /// Swap space that is not used, bytes.
    #[serde(default)]
    pub swap_free_bytes: u64,
    /// The tightest cgroup limit above the service that is below the total; null: none.
    pub cgroup_limit_bytes: Option<u64>,
    /// The group that sets it; null with the limit.
    #[serde(default)]
    pub cgroup_limit_by: Option<String>,
    /// Explicit huge pages, taken from the total.
    #[serde(default)]
    pub huge_pages_bytes: Option<u64>,
    /// `always`, `madvise`, `never`.
    #[serde(default)]
    pub transparent_huge_pages: Option<String>,
}

/// A mounted file system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Disk {
    /// Mount point.
    pub mount: String,
    /// Type, `ext4`, `overlay`, …
    pub fs: String,
    /// Size, bytes.
    pub total_bytes: u64,
    /// Bytes that ordinary users may still write.
    pub free_bytes: u64,
    /// Inodes that ordinary users may still make; null: the file system has no table of them.
    pub free_inodes: Option<u64>,
    /// Whether it is mounted read-only.
    pub read_only: bool,
}

/// A place that this program writes to, and the file system under it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Mount {
    /// The place asked about; the mount is that of its nearest ancestor that exists.
    pub path: String,
    /// The file system.
    #[serde(flatten)]
    pub disk: Disk,
    /// Whether programs may not be started from it.
    pub noexec: bool,
    /// `nvme`, `ssd`, `hdd`, `virtual` (a hypervisor's disk), or `memory`.
    pub kind: Option<String>,
    /// Reading its disk past the page cache, 10^6 bytes/s; only with `probe --measure`.
    #[serde(default)]
    pub read_mb_s: Option<f64>,
}

/// A TCP port that a process listens on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Port {
    /// Number of the port.
    pub port: u16,
    /// Local addresses that it listens on; 0.0.0.0 and :: are all. Empty: unknown.
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
    /// null: a process that this one may not look into.
    pub process: Option<String>,
}

/// Results of measuring, which takes some seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Measured {
    /// Reading memory with every CPU, 10^9 bytes/s.
    pub memory_bandwidth_gb_s: f64,
    /// CPUs that read.
    pub memory_threads: u64,
    /// Reading the disk of /var/lib/agi-provision past the page cache, 10^6 bytes/s.
    pub disk_read_mb_s: Option<f64>,
    /// Download speeds, one for each address that was given.
    #[serde(default)]
    pub egress: Vec<Egress>,
}

/// Reading from a model's host, for a few seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Egress {
    /// `huggingface.co`: of the address that was asked, wherever it redirects to.
    pub host: String,
    /// From the question to the first byte.
    pub first_byte_seconds: Option<f64>,
    /// 10^6 bits/s after it.
    pub mbit_s: Option<f64>,
}

/// Facts that could not be read, and facts that this host does not have.
#[derive(Debug, Default)]
pub struct Gaps {
    /// Field → why it could not be read.
    pub failed: BTreeMap<String, String>,
    /// Field → why there is nothing to read.
    pub unsupported: BTreeMap<String, String>,
}

impl Gaps {
    /// Notes that `field` should be there and could not be read.
    pub fn failed(&mut self, field: impl Into<String>, why: impl Into<String>) {
        self.failed.insert(field.into(), why.into());
    }

    /// Notes that this host has no such thing as `field`, or does not report it.
    pub fn unsupported(&mut self, field: impl Into<String>, why: impl Into<String>) {
        self.unsupported.insert(field.into(), why.into());
    }

    /// Notes a missing value as unsupported.
    pub fn or_unsupported<T>(&mut self, field: &str, value: Option<T>, why: &str) -> Option<T> {
        if value.is_none() {
            self.unsupported(field, why);
        }
        value
    }

    /// Reads a small file of /proc or /sys; a failure is noted under `field`.
    pub fn read(&mut self, path: &str, field: &str) -> Option<String> {
        match outside::text(Path::new(path), outside::NOTE, Kind::Regular) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.unsupported(field, format!("{path} does not exist"));
                None
            }
            Err(error) => {
                self.failed(field, format!("{path}: {error}"));
                None
            }
        }
    }
}
