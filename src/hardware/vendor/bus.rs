//! The PCI bus as the kernel shows it.

use std::fs;
use std::path::{Path, PathBuf};

/// The kernel's view of the PCI bus.
pub struct Bus {
    root: PathBuf,
    /// Root of the file system.
    system: PathBuf,
}

/// More devices than this has no bus that is read.
const MOST_DEVICES: usize = 4096;
/// A value in sysfs, bytes.
const LONGEST_VALUE: usize = 4096;

impl Bus {
    pub fn of_host() -> Bus {
        Bus { root: PathBuf::from("/sys/bus/pci/devices"), system: PathBuf::from("/") }
    }

    #[cfg(test)]
    pub fn at(root: &Path) -> Bus {
        Bus { root: root.join("devices"), system: root.to_path_buf() }
    }

    /// Returns the first line of a file of the host by its absolute path, such as a library's version.
    pub fn file(&self, path: &str) -> Option<String> {
        value(&self.system.join(path.trim_start_matches('/')))
    }

    /// The folder of a device.
    pub fn device(&self, bus_id: &str) -> PathBuf {
        self.root.join(bus_id)
    }

    /// The ids of all devices, sorted.
    pub fn ids(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten().take(MOST_DEVICES);
        let mut ids: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        ids.sort();
        ids
    }
}

/// A value of sysfs as text.
pub fn value(path: &Path) -> Option<String> {
    let bytes = fs::read(path).ok().filter(|bytes| bytes.len() <= LONGEST_VALUE)?;
    Some(String::from_utf8(bytes).ok()?.trim().to_string())
}

/// A decimal number in sysfs.
pub fn number(path: &Path) -> Option<u64> {
    value(path)?.parse().ok()
}

/// A number such as `0x10de` in sysfs.
pub fn hex(path: &Path) -> Option<u32> {
    u32::from_str_radix(value(path)?.strip_prefix("0x")?, 16).ok()
}

/// The NUMA node of a device; the kernel says -1 where there is one node only.
pub fn numa_node(device: &Path) -> Option<u64> {
    number(&device.join("numa_node"))
}
