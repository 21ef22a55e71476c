//! RAM, swap, huge pages and the cgroup limit that will apply to the service.

use crate::hardware::facts::{Gaps, Memory};
use crate::paths::UNIT;
use crate::process;
use std::path::{Path, PathBuf};
use std::time::Duration;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// For the service, wherever this process itself runs.
pub fn probe(gaps: &mut Gaps) -> Memory {
    let mut memory = essentials(gaps);
    let meminfo = gaps.read("/proc/meminfo", "memory.huge_pages_bytes").unwrap_or_default();
    let huge = field(&meminfo, "Hugetlb:").map(|kib| kib * 1024);
    memory.huge_pages_bytes =
        gaps.or_unsupported("memory.huge_pages_bytes", huge, "/proc/meminfo does not count them");
    let path = "/sys/kernel/mm/transparent_hugepage/enabled";
    memory.transparent_huge_pages =
        gaps.read(path, "memory.transparent_huge_pages").and_then(|text| chosen(&text));
    let own = std::fs::read_to_string("/proc/1/cgroup")
        .ok()
        .filter(|_| super::os::booted_by_systemd())
        .map(|init| of_the_service(&init))
        .unwrap_or_else(|| std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default());
    let root = Path::new("/sys/fs/cgroup");
    let groups = groups(root, &own);
    let runs = groups.iter().any(|group| group.base.join(&group.path).is_dir());
    let of_unit = if runs { None } else { unit_limit() };
    set_limit(&mut memory, cgroup_limit(&groups).into_iter().chain(of_unit));
    memory
}

/// For this process, which is the service.
pub fn of_this_process(gaps: &mut Gaps) -> Memory {
    let mut memory = essentials(gaps);
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    set_limit(&mut memory, cgroup_limit(&groups(Path::new("/sys/fs/cgroup"), &own)));
    memory
}

fn essentials(gaps: &mut Gaps) -> Memory {
    let refresh = RefreshKind::nothing().with_memory(MemoryRefreshKind::everything());
    let system = match System::new_with_specifics(refresh) {
        Ok(system) => system,
        Err(error) => {
            gaps.failed("memory", error.to_string());
            return Memory::default();
        }
    };
    if system.total_memory() == 0 {
        gaps.failed("memory", "/proc/meminfo could not be read");
    }
    Memory {
        total_bytes: system.total_memory(),
        available_bytes: system.available_memory(),
        swap_bytes: system.total_swap(),
        swap_free_bytes: system.free_swap(),
        ..Memory::default()
    }
}

fn set_limit(memory: &mut Memory, limits: impl IntoIterator<Item = (u64, String)>) {
    let below = limits.into_iter().filter(|(limit, _)| *limit < memory.total_bytes);
    (memory.cgroup_limit_bytes, memory.cgroup_limit_by) = below.min().unzip();
}

/// KiB of a line of /proc/meminfo.
fn field(meminfo: &str, name: &str) -> Option<u64> {
    meminfo.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}

/// The word in brackets: `always [madvise] never`.
fn chosen(text: &str) -> Option<String> {
    Some(text.split_once('[')?.1.split_once(']')?.0.to_string())
}

/// The groups the service has or would have, as /proc/PID/cgroup would show them, given init's.
fn of_the_service(init: &str) -> String {
    let group = |line: &str| {
        let (head, path) = line.rsplit_once(':')?;
        let root = path.trim_end_matches('/').trim_end_matches("/init.scope").trim_end_matches('/');
        Some(format!("{head}:{root}/system.slice/{UNIT}\n"))
    };
    init.lines().filter_map(group).collect()
}

/// The unit's own `MemoryMax=`, which no group shows while it does not run.
fn unit_limit() -> Option<(u64, String)> {
    let args = ["show", UNIT, "--property", "MemoryMax", "--value"];
    let outcome = process::run("systemctl", &args, Duration::from_secs(5)).ok()?;
    Some((outcome.stdout.trim().parse().ok()?, format!("MemoryMax of {UNIT}")))
}

/// A group in one of the kernel's trees of groups.
struct Group {
    /// Where the tree is mounted.
    base: PathBuf,
    /// File that holds a group's limit there, if that tree limits memory.
    limit: Option<&'static str>,
    /// Below `base`.
    path: PathBuf,
}

/// Parses the text of /proc/PID/cgroup.
fn groups(root: &Path, own: &str) -> Vec<Group> {
    let group = |line: &str| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next(), fields.next()?, fields.next()?);
        let (base, limit) = match controllers {
            "" => (unified(root), Some("memory.max")),
            "name=systemd" => (root.join("systemd"), None),
            _ if controllers.split(',').any(|name| name == "memory") => {
                (root.join("memory"), Some("memory.limit_in_bytes"))
            }
            _ => return None,
        };
        Some(Group { base, limit, path: path.trim_start_matches('/').into() })
    };
    own.lines().filter_map(group).collect()
}

/// The tightest `memory.max` (v2) or `memory.limit_in_bytes` (v1) between a group and the root, and
/// whose it is. Groups that do not exist have none.
fn cgroup_limit(groups: &[Group]) -> Option<(u64, String)> {
    let mut limits = Vec::new();
    for Group { base, limit, path } in groups {
        let Some(file) = limit else { continue };
        for part in path.ancestors() {
            let text = std::fs::read_to_string(base.join(part).join(file)).unwrap_or_default();
            limits
                .extend(text.trim().parse::<u64>().ok().map(|limit| (limit, format!("/{}", part.display()))));
        }
    }
    limits.into_iter().min()
}

/// Where v2's tree is mounted: at the root, or beside v1's trees.
fn unified(root: &Path) -> PathBuf {
    let beside = root.join("unified");
    if beside.is_dir() { beside } else { root.to_path_buf() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(root: &Path, own: &str) -> Option<u64> {
        cgroup_limit(&groups(root, own)).map(|(limit, _)| limit)
    }

    #[test]
    fn the_tightest_limit_on_the_way_to_the_root_applies() {
        let dir = tempfile::tempdir().unwrap();
        let group = dir.path().join("system.slice/llama.service");
        std::fs::create_dir_all(&group).unwrap();
        std::fs::write(group.join("memory.max"), "max\n").unwrap();
        assert_eq!(limit(dir.path(), "0::/system.slice/llama.service\n"), None);
        std::fs::write(dir.path().join("system.slice/memory.max"), "4096\n").unwrap();
        let found = cgroup_limit(&groups(dir.path(), "0::/system.slice/llama.service\n"));
        assert_eq!(found, Some((4096, "/system.slice".into())));
        std::fs::write(group.join("memory.max"), "1024\n").unwrap();
        assert_eq!(limit(dir.path(), "0::/system.slice/llama.service\n"), Some(1024));
        assert_eq!(limit(dir.path(), "0::/system.slice/another.service\n"), Some(4096));
    }

    #[test]
    fn a_version_1_hierarchy_is_read_too() {
        let dir = tempfile::tempdir().unwrap();
        let group = dir.path().join("memory/app");
        std::fs::create_dir_all(&group).unwrap();
        std::fs::write(group.join("memory.limit_in_bytes"), "2048\n").unwrap();
        assert_eq!(limit(dir.path(), "5:cpu,cpuacct:/x\n4:memory:/app\n"), Some(2048));
        // v1's "no limit" is the largest number of pages, far above any total.
        std::fs::write(group.join("memory.limit_in_bytes"), "9223372036854771712\n").unwrap();
        let mut memory = Memory { total_bytes: 1 << 30, ..Memory::default() };
        set_limit(&mut memory, cgroup_limit(&groups(dir.path(), "4:memory:/app\n")));
        assert_eq!(memory.cgroup_limit_bytes, None);
    }

    #[test]
    fn the_services_group_is_found_from_inits() {
        let service = format!("/system.slice/{UNIT}");
        assert_eq!(of_the_service("0::/init.scope\n"), format!("0::{service}\n"));
        assert_eq!(of_the_service("0::/\n"), format!("0::{service}\n"));
        let v1 = of_the_service("3:memory:/lxc/a\n1:name=systemd:/lxc/a/init.scope\n");
        assert_eq!(v1, format!("3:memory:/lxc/a{service}\n1:name=systemd:/lxc/a{service}\n"));
    }

    #[test]
    fn small_texts_read() {
        assert_eq!(chosen("always [madvise] never\n").as_deref(), Some("madvise"));
        assert_eq!(field("MemTotal: 8 kB\nHugetlb:   2048 kB\n", "Hugetlb:"), Some(2048));
    }
}
