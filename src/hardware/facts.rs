//! What a host has, as a document: `agi-provision/facts/1`. Read by [`crate::agent`] on the host.
//!
//! Every field that can be missing is an `Option`; a field that could not be read leaves a line in
//! `failed`, so that "absent" and "unreadable" are told apart.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const SCHEMA: &str = "agi-provision/facts/1";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub schema: String,
    pub os: Os,
    pub cpu: Cpu,
    pub memory: Memory,
    /// The file system that holds /var/lib/agi-provision (or would).
    pub disk: Disk,
    pub gpus: Vec<Gpu>,
    /// Every pair of GPUs has an NVLink between them (`NV#` in the topology matrix).
    pub nvlink: Option<bool>,
    /// Listening TCP ports and, where it can be told, the process.
    pub ports: Vec<Port>,
    /// Field → why it could not be read.
    pub failed: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Os {
    /// `debian`, `ubuntu`, …: os-release `ID`.
    pub id: String,
    /// os-release `VERSION_ID`.
    pub version: String,
    pub kernel: String,
    /// `x86_64`, `aarch64`.
    pub arch: String,
    /// systemd is PID 1.
    pub systemd: bool,
    /// As systemd names it: `kvm`, `lxc`, `none`, …
    pub virtualization: Option<String>,
    pub boot_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cpu {
    pub model: String,
    /// CPUs this host may use (threads).
    pub logical: u64,
    pub physical: Option<u64>,
    /// As /proc/cpuinfo names them: `avx2`, `fma`, `f16c`, …
    pub flags: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    pub total_bytes: u64,
    pub available_bytes: u64,
    pub swap_bytes: u64,
    /// The tightest cgroup limit above the service, if any.
    pub cgroup_limit_bytes: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    pub mount: String,
    pub fs: String,
    pub total_bytes: u64,
    pub free_bytes: u64,
    pub free_inodes: Option<u64>,
    pub read_only: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gpu {
    pub index: u64,
    pub name: String,
    pub uuid: Option<String>,
    pub memory_total_bytes: u64,
    pub memory_free_bytes: Option<u64>,
    pub driver: Option<String>,
    pub compute_capability: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    pub port: u16,
    pub process: Option<String>,
}
