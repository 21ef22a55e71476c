//! Distribution, kernel, init, clock, and who may change the system now.

use super::containers;
use crate::hardware::facts::{Clock, Gaps, Os};
use crate::outside::{self, Kind};
use crate::process;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// None of the small programs takes longer than a few milliseconds.
const LIMIT: Duration = Duration::from_secs(5);

pub fn probe(gaps: &mut Gaps) -> Os {
    // Programs of others: together they take as long as the slowest.
    let ((systemd, virtualization), glibc, podman) = std::thread::scope(|scope| {
        let (glibc, podman) = (scope.spawn(glibc), scope.spawn(containers::podman));
        (init(), glibc.join().unwrap_or_default(), podman.join().unwrap_or_default())
    });
    Os {
        systemd_version: gaps.or_unsupported("os.systemd_version", systemd, "no systemctl here"),
        glibc: gaps.or_unsupported("os.glibc", glibc, "getconf does not name a glibc"),
        virtualization: gaps.or_unsupported(
            "os.virtualization",
            virtualization,
            "no systemd-detect-virt here",
        ),
        secure_boot: secure_boot(gaps),
        podman: gaps.or_unsupported("os.podman", podman, "no podman here"),
        cdi: containers::has_cdi(),
        clock: clock(gaps),
        ..essentials(gaps)
    }
}

/// Returns the version of systemd, and the virtualization.
fn init() -> (Option<String>, Option<String>) {
    match manager() {
        (Some(version), virtualization) => (Some(version), virtualization),
        _ => (
            first_line("systemctl", &["--version"]).and_then(|line| systemd_version(&line)),
            first_line("systemd-detect-virt", &[]),
        ),
    }
}

fn glibc() -> Option<String> {
    let line = first_line("getconf", &["GNU_LIBC_VERSION"])?;
    line.strip_prefix("glibc ").map(str::to_string)
}

/// Version and virtualization by the running systemd, which knows both: one program instead of two.
fn manager() -> (Option<String>, Option<String>) {
    if !booted_by_systemd() {
        return (None, None);
    }
    let args = ["show", "--property", "Version", "--property", "Virtualization"];
    process::run("systemctl", &args, LIMIT).map_or((None, None), |outcome| said_by_manager(&outcome.stdout))
}

fn said_by_manager(text: &str) -> (Option<String>, Option<String>) {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    // Nothing on bare metal, for which systemd-detect-virt has a word.
    let name = |value: &str| if value.is_empty() { "none".to_string() } else { value.to_string() };
    (value("Version").and_then(plain_version), value("Virtualization").map(name))
}

pub fn booted_by_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Without running a program.
pub fn essentials(gaps: &mut Gaps) -> Os {
    let release = outside::text(Path::new("/etc/os-release"), outside::NOTE, Kind::Regular)
        .or_else(|_| outside::text(Path::new("/usr/lib/os-release"), outside::NOTE, Kind::Regular))
        .unwrap_or_else(|error| {
            gaps.failed("os.id", format!("/etc/os-release: {error}"));
            String::new()
        });
    let uname = rustix::system::uname();
    Os {
        kernel: uname.release().to_string_lossy().into_owned(),
        arch: uname.machine().to_string_lossy().into_owned(),
        systemd: booted_by_systemd(),
        boot_id: gaps
            .read("/proc/sys/kernel/random/boot_id", "os.boot_id")
            .map(|text| text.trim().to_string()),
        booted_at: gaps.read("/proc/stat", "os.booted_at").and_then(|text| booted_at(&text)),
        ..self::release(&release)
    }
}

/// The start of the kernel in /proc/stat.
fn booted_at(stat: &str) -> Option<u64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// Parses an os-release file. Nothing is decided by it: the host is asked for each ability.
fn release(text: &str) -> Os {
    Os {
        id: os_release(text, "ID").unwrap_or_else(|| "unknown".into()),
        version: os_release(text, "VERSION_ID").unwrap_or_default(),
        codename: os_release(text, "VERSION_CODENAME").unwrap_or_default(),
        ..Os::default()
    }
}

/// The value of `key` in an os-release file, unquoted.
fn os_release(text: &str, key: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let value = line.strip_prefix(key)?.strip_prefix('=')?.trim();
        let value = value
            .strip_prefix(['"', '\''])
            .and_then(|inner| inner.strip_suffix(['"', '\'']))
            .unwrap_or(value);
        Some(value.to_string())
    })
}

/// The firmware's variable, with four bytes of attributes before its one byte.
const SECURE_BOOT: &str = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

fn secure_boot(gaps: &mut Gaps) -> Option<bool> {
    let variable = outside::read_bounded(Path::new(SECURE_BOOT), outside::NOTE, Kind::Regular);
    match secure_boot_is_on(variable.map_err(|error| error.kind())) {
        Ok(on) => Some(on),
        Err(None) => {
            gaps.unsupported("os.secure_boot", "the host was not booted by EFI, or its variables are hidden");
            None
        }
        Err(Some(why)) => {
            gaps.failed("os.secure_boot", format!("{SECURE_BOOT}: {why}"));
            None
        }
    }
}

/// `Err(None)`: there is no such variable.
fn secure_boot_is_on(variable: Result<Vec<u8>, std::io::ErrorKind>) -> Result<bool, Option<String>> {
    match variable {
        Ok(bytes) => match bytes[..] {
            [_, _, _, _, state @ (0 | 1)] => Ok(state == 1),
            _ => Err(Some(format!("{} bytes that are none of its values", bytes.len()))),
        },
        Err(std::io::ErrorKind::NotFound) => Err(None),
        Err(kind) => Err(Some(kind.to_string())),
    }
}

fn first_line(program: &str, args: &[&str]) -> Option<String> {
    // systemd-detect-virt fails where it says `none`.
    let outcome = process::run(program, args, LIMIT).ok()?;
    outcome.stdout.lines().next().map(str::trim).filter(|line| !line.is_empty()).map(str::to_string)
}

/// `systemd 252 (252.39-1~deb12u1)`: what is in the parentheses without the package's part.
fn systemd_version(line: &str) -> Option<String> {
    let rest = line.strip_prefix("systemd ")?;
    plain_version(rest.split_once('(').map_or(rest, |(_, inner)| inner.trim_end_matches(')')))
}

/// `252.39-1~deb12u1` without the package's part.
fn plain_version(inner: &str) -> Option<String> {
    let end = inner.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(inner.len());
    (end > 0).then(|| inner[..end].trim_end_matches('.').to_string())
}

#[allow(unsafe_code, reason = "adjtimex(2) has no safe wrapper")]
pub fn clock(gaps: &mut Gaps) -> Option<Clock> {
    // SAFETY: an all-zero timex is valid, and with modes 0 the call only fills it in.
    let (state, timex) = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&mut timex), timex)
    };
    if state < 0 {
        let error = std::io::Error::last_os_error();
        match error.kind() {
            // Containers are often not let near the clock, not even to read it.
            std::io::ErrorKind::PermissionDenied => {
                gaps.unsupported("os.clock", format!("adjtimex: {error}"))
            }
            _ => gaps.failed("os.clock", format!("adjtimex: {error}")),
        }
        return None;
    }
    let unit = if timex.status & libc::STA_NANO != 0 { 1e-9 } else { 1e-6 };
    Some(Clock {
        synchronized: timex.status & libc::STA_UNSYNC == 0,
        offset_seconds: timex.offset as f64 * unit,
        max_error_seconds: timex.maxerror as f64 * 1e-6,
    })
}

/// The locks of apt-get and dpkg, outermost first.
const PACKAGE_LOCKS: [&str; 3] =
    ["/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock"];

/// `apt-get (pid 12)` when a package manager is at work; `None` when not.
pub fn package_lock(gaps: &mut Gaps) -> Option<String> {
    PACKAGE_LOCKS.iter().find_map(|path| holder(path, gaps))
}

/// The process that holds the lock at `path`, as `apt-get (pid 12)`.
pub fn holder(path: &str, gaps: &mut Gaps) -> Option<String> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            gaps.failed("package_lock", format!("{path}: {error}"));
            return None;
        }
    };
    let pid = lock_holder(&file)?;
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(format!("{} (pid {pid})", name.trim()))
}

/// The process with a POSIX lock that excludes others.
#[allow(unsafe_code, reason = "F_GETLK of fcntl(2) has no safe wrapper")]
fn lock_holder(file: &File) -> Option<i32> {
    // SAFETY: an all-zero flock is valid; F_GETLK only writes into it, and takes no lock.
    let lock = unsafe {
        let mut lock: libc::flock = std::mem::zeroed();
        lock.l_type = libc::F_WRLCK as libc::c_short;
        lock.l_whence = libc::SEEK_SET as libc::c_short;
        (libc::fcntl(file.as_raw_fd(), libc::F_GETLK, &mut lock) == 0).then_some(lock)?
    };
    (lock.l_type != libc::F_UNLCK as libc::c_short).then_some(lock.l_pid)
}

/// Only the client knows.
static SUDO_PASSWORD: AtomicBool = AtomicBool::new(false);

/// sudo asked for a password before this process became root.
pub fn note_sudo_password() {
    SUDO_PASSWORD.store(true, Ordering::Relaxed);
}

/// Names how this process became root.
pub fn sudo() -> &'static str {
    match (rustix::process::geteuid().is_root(), std::env::var_os("SUDO_UID").is_some()) {
        (true, false) => "root",
        (true, true) if SUDO_PASSWORD.load(Ordering::Relaxed) => "sudo-with-password",
        (true, true) => "passwordless-sudo",
        (false, _) => "not-root",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_start_is_read_from_its_counters() {
        let stat = "cpu  1 2 3\nintr 5\nctxt 9\nbtime 1795833600\nprocesses 7\n";
        assert_eq!(booted_at(stat), Some(1_795_833_600));
        assert_eq!((booted_at("btime soon\n"), booted_at("")), (None, None));
    }

    #[test]
    fn the_manager_says_version_and_virtualization() {
        let some = |text: &str| Some(text.to_string());
        for (text, version, virtualization) in [
            (
                "Version=252.39-1~deb12u1\nVirtualization=systemd-nspawn\n",
                some("252.39"),
                some("systemd-nspawn"),
            ),
            ("Version=257 (257.9-1~deb13u1)\nVirtualization=\n", some("257"), some("none")),
            ("Version=255.4-1ubuntu8.10\n", some("255.4"), None),
            ("Failed to connect to bus\n", None, None),
        ] {
            assert_eq!(said_by_manager(text), (version, virtualization), "{text}");
        }
    }

    #[test]
    fn os_release_values_lose_their_quotes_and_do_not_match_longer_keys() {
        let text = "ID_LIKE=rhel\nID=debian\nVERSION_ID=\"12\"\nNAME='x y'\n";
        assert_eq!(os_release(text, "ID").as_deref(), Some("debian"));
        assert_eq!(os_release(text, "VERSION_ID").as_deref(), Some("12"));
        assert_eq!(os_release(text, "NAME").as_deref(), Some("x y"));
        assert_eq!(os_release(text, "MISSING"), None);
    }

    /// os-release files as the distributions ship them, shortened to what is read here.
    #[test]
    fn distributions_are_facts_and_nothing_more() {
        for (text, id, version) in [
            (
                "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n",
                "debian",
                "12",
            ),
            (
                "PRETTY_NAME=\"Ubuntu 22.04.5 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"22.04\"\nID=ubuntu\nID_LIKE=debian\n",
                "ubuntu",
                "22.04",
            ),
            (
                "PRETTY_NAME=\"Ubuntu 24.04.3 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nID=ubuntu\nID_LIKE=debian\n",
                "ubuntu",
                "24.04",
            ),
            ("PRETTY_NAME=\"Debian GNU/Linux forky/sid\"\nVERSION_CODENAME=forky\nID=debian\n", "debian", ""),
            ("NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=41\n", "fedora", "41"),
            ("NAME=\"Arch Linux\"\nID=arch\nBUILD_ID=rolling\n", "arch", ""),
        ] {
            let os = release(text);
            assert_eq!((os.id.as_str(), os.version.as_str()), (id, version));
            assert_eq!(os.codename == "forky", text.contains("forky"), "{os:?}");
        }
        assert_eq!(release("").id, "unknown");
        for (line, want) in [
            ("systemd 249 (249.11-0ubuntu3.16)", "249.11"),
            ("systemd 255 (255.4-1ubuntu8.10)", "255.4"),
            ("systemd 256 (256.7-1.fc41)", "256.7"),
            ("systemd 257 (257.4-1-arch)", "257.4"),
        ] {
            assert_eq!(systemd_version(line).as_deref(), Some(want));
        }
    }

    #[test]
    fn secure_boot_is_read_from_the_firmwares_variable() {
        use std::io::ErrorKind::{NotFound, PermissionDenied};
        for (variable, found) in [
            (Ok(vec![6, 0, 0, 0, 1]), Ok(true)),
            (Ok(vec![6, 0, 0, 0, 0]), Ok(false)),
            (Err(NotFound), Err(None)),
            (Err(PermissionDenied), Err(Some("permission denied".to_string()))),
            (Ok(vec![1]), Err(Some("1 bytes that are none of its values".to_string()))),
            (Ok(vec![6, 0, 0, 0, 7]), Err(Some("5 bytes that are none of its values".to_string()))),
        ] {
            assert_eq!(secure_boot_is_on(variable.clone()), found, "{variable:?}");
        }
    }

    #[test]
    fn systemd_versions_lose_the_packages_part() {
        let read = |line| systemd_version(line).unwrap();
        assert_eq!(read("systemd 252 (252.39-1~deb12u1)"), "252.39");
        assert_eq!(read("systemd 257 (257.8-1~deb13u2)"), "257.8");
        assert_eq!(read("systemd 219"), "219");
        assert_eq!(systemd_version("something else"), None);
    }

    #[test]
    fn a_lock_of_another_process_is_seen_with_its_holder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(lock_holder(file.as_file()), None);
        // flock(1) takes another kind of lock; perl's fcntl is everywhere dpkg is.
        let script = "use Fcntl; open(my $f, '+<', $ARGV[0]); \
                      my $l = pack('s s l! l! i', F_WRLCK, 0, 0, 0, 0); fcntl($f, F_SETLK, $l) or die; \
                      $| = 1; print \"held\\n\"; sleep 60";
        let mut child = std::process::Command::new("perl")
            .args(["-e", script])
            .arg(file.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = [0; 5];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        let holder = lock_holder(file.as_file());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(holder, Some(child.id() as i32));
    }
}
