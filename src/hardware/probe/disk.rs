//! The file system that holds, or will hold, a directory.

use crate::hardware::facts::Disk;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub fn probe(storage: &Path, failed: &mut BTreeMap<String, String>) -> Disk {
    let existing = nearest_existing(storage);
    let mounts = super::read("/proc/self/mountinfo", "disk.mount", failed).unwrap_or_default();
    let (mount, fs) = mount_of(&mounts, &existing).unwrap_or_default();
    match rustix::fs::statvfs(&existing) {
        Ok(stat) => Disk {
            mount,
            fs,
            total_bytes: stat.f_blocks * stat.f_frsize,
            free_bytes: stat.f_bavail * stat.f_frsize,
            // Some file systems (btrfs) have no inode table and report none.
            free_inodes: (stat.f_files > 0).then_some(stat.f_favail),
            read_only: stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
        },
        Err(error) => {
            failed.insert("disk".into(), format!("{}: {error}", existing.display()));
            Disk { mount, fs, ..Disk::default() }
        }
    }
}

/// `path` or its closest ancestor that exists.
fn nearest_existing(path: &Path) -> PathBuf {
    path.ancestors().find(|p| p.exists()).unwrap_or(Path::new("/")).to_path_buf()
}

/// Mount point and file system type of the mount that covers `path`; the last one wins, as it hides
/// the others.
fn mount_of(mountinfo: &str, path: &Path) -> Option<(String, String)> {
    let mut best: Option<(String, String)> = None;
    for line in mountinfo.lines() {
        let Some((left, right)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(fs)) = (left.split(' ').nth(4), right.split(' ').next()) else { continue };
        let point = point.replace("\\040", " ");
        let longer = best.as_ref().is_none_or(|(known, _)| point.len() >= known.len());
        if path.starts_with(&point) && longer {
            best = Some((point, fs.to_string()));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_mount_that_covers_the_path_is_found() {
        let mounts = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                      30 21 0:5 / /var rw,noatime shared:1 - xfs /dev/sdb rw\n\
                      31 21 0:6 / /var\\040x rw - tmpfs tmpfs rw\n";
        let of = |path| mount_of(mounts, Path::new(path)).unwrap();
        assert_eq!(of("/var/lib/models"), ("/var".into(), "xfs".into()));
        assert_eq!(of("/variety"), ("/".into(), "ext4".into()));
        assert_eq!(of("/var x/y"), ("/var x".into(), "tmpfs".into()));
    }

    #[test]
    fn a_directory_that_does_not_exist_yet_is_measured_at_its_ancestor() {
        assert_eq!(nearest_existing(Path::new("/proc/none/such/dir")), Path::new("/proc"));
    }
}
