//! Kernel modules on the disk, by kernel.

use crate::outside::{self, Kind};
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of modules, with one folder for each kernel.
pub struct Modules {
    root: PathBuf,
}

/// Kernels that are looked at; a host has a few.
const MOST_KERNELS: usize = 64;

impl Modules {
    pub fn of_host() -> Modules {
        Modules { root: PathBuf::from("/lib/modules") }
    }

    #[cfg(test)]
    pub fn at(root: &Path) -> Modules {
        Modules { root: root.to_path_buf() }
    }

    /// Kernels whose modules include one with a file of these names, sorted.
    pub fn built_for(&self, names: &[&str]) -> Vec<String> {
        if names.is_empty() {
            return Vec::new();
        }
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten().take(MOST_KERNELS);
        let kernels = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut kernels: Vec<String> = kernels.filter(|kernel| self.has(kernel, names)).collect();
        kernels.sort();
        kernels
    }

    /// By the list that depmod writes, which is what modprobe goes by.
    fn has(&self, kernel: &str, names: &[&str]) -> bool {
        let list = self.root.join(kernel).join("modules.dep");
        let text = outside::text(&list, outside::DOCUMENT, Kind::Regular).unwrap_or_default();
        let file = |line: &str| {
            line.split(':').next().and_then(|path| Path::new(path).file_name()?.to_str().map(str::to_string))
        };
        text.lines().filter_map(file).any(|file| {
            let stem = file.split('.').next().unwrap_or_default();
            names.contains(&stem) && file[stem.len()..].starts_with(".ko")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_counts_for_the_kernels_that_depmod_lists_it_for() {
        let dir = tempfile::tempdir().unwrap();
        for (kernel, list) in [
            (
                "6.1.0-49-cloud",
                "kernel/drivers/net/veth.ko:\nupdates/dkms/nvidia-current.ko.xz: kernel/drm.ko\n",
            ),
            ("6.1.0-50-cloud", "kernel/drivers/net/veth.ko:\nkernel/nvidia-drm.ko: updates/nvidia.ko\n"),
            ("6.8.0-60-generic", "kernel/nvidia-580server/nvidia.ko:\n"),
        ] {
            fs::create_dir_all(dir.path().join(kernel)).unwrap();
            fs::write(dir.path().join(kernel).join("modules.dep"), list).unwrap();
        }
        fs::create_dir(dir.path().join("6.9.0-without-a-list")).unwrap();
        let modules = Modules::at(dir.path());
        assert_eq!(modules.built_for(&["nvidia", "nvidia-current"]), ["6.1.0-49-cloud", "6.8.0-60-generic"]);
        assert_eq!(modules.built_for(&["nouveau"]), Vec::<String>::new());
        assert_eq!(modules.built_for(&[]), Vec::<String>::new());
    }
}
