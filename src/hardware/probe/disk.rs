//! The file system that holds, or will hold, a directory, and what it lies on.

use crate::hardware::facts::{Disk, Gaps, Mount};
use rustix::fs::StatVfsMountFlags as Flags;
use std::fs;
use std::path::{Path, PathBuf};

/// The file system of `storage`.
pub fn probe(storage: &Path, gaps: &mut Gaps) -> Disk {
    let mounts = gaps.read("/proc/self/mountinfo", "disk.mount").unwrap_or_default();
    disk(storage, &mounts, "disk", gaps).0
}

/// Works like [`probe`] inside the unit's sandbox, where everything looks read-only: it reads the file
/// system's own state, which becomes read-only after errors.
pub fn probe_sandboxed(storage: &Path, gaps: &mut Gaps) -> Disk {
    let mounts = gaps.read("/proc/self/mountinfo", "disk.mount").unwrap_or_default();
    let (disk, point) = disk(storage, &mounts, "disk", gaps);
    Disk { read_only: point.is_some_and(|point| point.super_read_only), ..disk }
}

/// The file systems of several places.
pub fn mounts(paths: &[&str], gaps: &mut Gaps) -> Vec<Mount> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mount = |(index, path): (usize, &&str)| {
        let field = format!("mounts.{index}");
        let (disk, point) = disk(Path::new(path), &text, &field, gaps);
        let noexec = rustix::fs::statvfs(nearest_existing(Path::new(path)))
            .is_ok_and(|stat| stat.f_flag.contains(Flags::NOEXEC));
        let kind = point.as_ref().and_then(kind);
        let why = format!("{} does not lie on one block device", disk.fs);
        let kind = gaps.or_unsupported(&format!("{field}.kind"), kind, &why);
        gaps.unsupported(format!("{field}.read_mb_s"), "only with --measure");
        Mount { path: path.to_string(), disk, noexec, kind, read_mb_s: None }
    };
    paths.iter().enumerate().map(mount).collect()
}

fn disk(path: &Path, mountinfo: &str, field: &str, gaps: &mut Gaps) -> (Disk, Option<Point>) {
    let existing = nearest_existing(path);
    let point = mount_of(mountinfo, &existing);
    let (mount, fs) = point.as_ref().map(|p| (p.mount.clone(), p.fs.clone())).unwrap_or_default();
    let disk = match rustix::fs::statvfs(&existing) {
        Ok(stat) => Disk {
            mount,
            fs,
            total_bytes: stat.f_blocks * stat.f_frsize,
            free_bytes: stat.f_bavail * stat.f_frsize,
            // Some file systems (btrfs) have no inode table and report none.
            free_inodes: gaps.or_unsupported(
                &format!("{field}.free_inodes"),
                (stat.f_files > 0).then_some(stat.f_favail),
                "this file system makes inodes as they are needed",
            ),
            read_only: stat.f_flag.contains(Flags::RDONLY),
        },
        Err(error) => {
            gaps.failed(field, format!("{}: {error}", existing.display()));
            Disk { mount, fs, ..Disk::default() }
        }
    };
    (disk, point)
}

/// `path` or its closest ancestor that exists.
fn nearest_existing(path: &Path) -> PathBuf {
    path.ancestors().find(|p| p.exists()).unwrap_or(Path::new("/")).to_path_buf()
}

/// One line of mountinfo (proc(5)).
#[derive(Clone, Debug, PartialEq)]
struct Point {
    mount: String,
    fs: String,
    /// `8:1`.
    device: String,
    /// `/dev/sda1`, or a name.
    source: String,
    super_read_only: bool,
}

/// The mount that covers `path`: the deepest, and of several at one place the last, as it hides the
/// others.
fn mount_of(mountinfo: &str, path: &Path) -> Option<Point> {
    let point = |line: &str| {
        let (left, right) = line.split_once(" - ")?;
        let left: Vec<&str> = left.split(' ').collect();
        let right: Vec<&str> = right.split(' ').collect();
        Some(Point {
            mount: left.get(4)?.replace("\\040", " "),
            device: left.get(2)?.to_string(),
            fs: right.first()?.to_string(),
            source: right.get(1)?.replace("\\040", " "),
            super_read_only: right.get(2)?.split(',').any(|option| option == "ro"),
        })
    };
    let covering = mountinfo.lines().filter_map(point).filter(|point| path.starts_with(&point.mount));
    covering.max_by_key(|point| point.mount.len())
}

fn kind(point: &Point) -> Option<String> {
    if matches!(point.fs.as_str(), "tmpfs" | "ramfs") {
        return Some("memory".to_string());
    }
    let device = block_device(point)?;
    let name = device.file_name()?.to_str()?.to_string();
    let kind = if name.starts_with("nvme") {
        "nvme"
    } else if name.starts_with("vd") || name.starts_with("xvd") {
        "virtual"
    } else {
        match fs::read_to_string(device.join("queue/rotational")).ok()?.trim() {
            "1" => "hdd",
            _ => "ssd",
        }
    };
    Some(kind.to_string())
}

/// The whole disk of a mount, in /sys.
fn block_device(point: &Point) -> Option<PathBuf> {
    let by_number = fs::canonicalize(format!("/sys/dev/block/{}", point.device));
    // btrfs has a device number of its own; its source names a real one.
    let by_source = || {
        let real =
            fs::canonicalize(Path::new(&point.source).strip_prefix("/dev").ok().map(|_| &point.source)?)
                .ok()?;
        fs::canonicalize(Path::new("/sys/class/block").join(real.file_name()?)).ok()
    };
    let device = by_number.ok().or_else(by_source)?;
    let part = device.join("partition").exists();
    if part { device.parent().map(Path::to_path_buf) } else { Some(device) }
}

/// The device file of the disk below `path`, for reading it directly.
pub fn device_file(path: &Path) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let device = block_device(&mount_of(&mounts, &nearest_existing(path))?)?;
    Some(Path::new("/dev").join(device.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_mount_that_covers_the_path_is_found() {
        let mounts = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                      30 21 0:5 / /var rw,noatime shared:1 - xfs /dev/sdb rw\n\
                      31 21 0:6 / /var\\040x rw - tmpfs tmpfs rw\n\
                      32 30 8:3 / /var rw - ext4 /dev/sdc ro,errors=remount-ro\n";
        let of = |path| mount_of(mounts, Path::new(path)).unwrap();
        assert_eq!((of("/var/lib/models").source.as_str(), of("/var").super_read_only), ("/dev/sdc", true));
        assert_eq!((of("/variety").mount.as_str(), of("/variety").super_read_only), ("/", false));
        assert_eq!((of("/var x/y").mount.as_str(), of("/var x/y").fs.as_str()), ("/var x", "tmpfs"));
        assert_eq!(kind(&of("/var x/y")).as_deref(), Some("memory"));
        assert_eq!(mount_of("", Path::new("/")), None);
    }

    #[test]
    fn a_directory_that_does_not_exist_yet_is_measured_at_its_ancestor() {
        assert_eq!(nearest_existing(Path::new("/proc/none/such/dir")), Path::new("/proc"));
    }
}
