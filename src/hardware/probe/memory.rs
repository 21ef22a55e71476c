//! RAM, swap and the cgroup limit that applies.

use crate::hardware::facts::Memory;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

pub fn probe(failed: &mut BTreeMap<String, String>) -> Memory {
    let refresh = RefreshKind::nothing().with_memory(MemoryRefreshKind::everything());
    let system = match System::new_with_specifics(refresh) {
        Ok(system) => system,
        Err(error) => {
            failed.insert("memory".into(), error.to_string());
            return Memory::default();
        }
    };
    if system.total_memory() == 0 {
        failed.insert("memory.total_bytes".into(), "/proc/meminfo could not be read".into());
    }
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    Memory {
        total_bytes: system.total_memory(),
        available_bytes: system.available_memory(),
        swap_bytes: system.total_swap(),
        cgroup_limit_bytes: cgroup_limit(Path::new("/sys/fs/cgroup"), &own)
            .filter(|limit| *limit < system.total_memory()),
    }
}

/// The tightest `memory.max` (v2) or `memory.limit_in_bytes` (v1) between this process's group and
/// the root. `own` is the text of /proc/self/cgroup.
fn cgroup_limit(root: &Path, own: &str) -> Option<u64> {
    let mut limits = Vec::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next(), fields.next()?, fields.next()?);
        let (base, file): (PathBuf, &str) = if controllers.is_empty() {
            (root.to_path_buf(), "memory.max")
        } else if controllers.split(',').any(|name| name == "memory") {
            (root.join("memory"), "memory.limit_in_bytes")
        } else {
            continue;
        };
        let mut group = Some(Path::new(path.trim_start_matches('/')));
        while let Some(part) = group {
            let text = std::fs::read_to_string(base.join(part).join(file)).unwrap_or_default();
            limits.extend(text.trim().parse::<u64>().ok());
            group = part.parent();
        }
    }
    limits.into_iter().min()
}

#[cfg(test)]
mod tests {
    use super::cgroup_limit;

    #[test]
    fn the_tightest_limit_on_the_way_to_the_root_applies() {
        let dir = tempfile::tempdir().unwrap();
        let group = dir.path().join("system.slice/llama.service");
        std::fs::create_dir_all(&group).unwrap();
        std::fs::write(group.join("memory.max"), "max\n").unwrap();
        assert_eq!(cgroup_limit(dir.path(), "0::/system.slice/llama.service\n"), None);
        std::fs::write(dir.path().join("system.slice/memory.max"), "4096\n").unwrap();
        assert_eq!(cgroup_limit(dir.path(), "0::/system.slice/llama.service\n"), Some(4096));
        std::fs::write(group.join("memory.max"), "1024\n").unwrap();
        assert_eq!(cgroup_limit(dir.path(), "0::/system.slice/llama.service\n"), Some(1024));
    }

    #[test]
    fn a_version_1_hierarchy_is_read_too() {
        let dir = tempfile::tempdir().unwrap();
        let group = dir.path().join("memory/app");
        std::fs::create_dir_all(&group).unwrap();
        std::fs::write(group.join("memory.limit_in_bytes"), "2048\n").unwrap();
        assert_eq!(cgroup_limit(dir.path(), "5:cpu,cpuacct:/x\n4:memory:/app\n"), Some(2048));
    }
}
