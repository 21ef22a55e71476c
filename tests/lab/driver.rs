//! A machine with a graphics card that has no driver, and stand-ins of the driver's packages: `driver-stand-ins` beside
//! this file says what is real of it.

use std::path::Path;

use super::{Machine, Ran};

/// Copies files into a machine.
pub trait Put: Machine {
    fn put_file(&self, from: &Path, to: &str);
}

impl Put for super::Host {
    fn put_file(&self, from: &Path, to: &str) {
        self.put(from, to);
    }
}

impl Put for super::vm::Vm {
    fn put_file(&self, from: &Path, to: &str) {
        self.put(from, to);
    }
}

/// Packages of the stand-in driver that an apply installs on Debian 13, but for the kernel's headers.
pub const PACKAGES: &str = "nvidia-kernel-dkms nvidia-smi nvidia-modprobe nvidia-persistenced libcuda1 libnvidia-cfg1 nvidia-vulkan-icd";

/// Gives `machine` the card of tests/fixtures/nvidia-smi/single, without its driver.
#[track_caller]
pub fn give_card(machine: &impl Put) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    machine.put_file(&root.join("lab/driver-stand-ins"), "/root/driver-stand-ins");
    machine.put_file(&root.join("fixtures/nvidia-smi/stub-nvidia-smi"), "/opt/stub-nvidia-smi");
    machine.exec("bash /root/driver-stand-ins && chmod 755 /opt/stub-nvidia-smi").ok();
    for name in ["query.csv", "q.xml", "topo.txt", "nvlink.txt"] {
        machine
            .put_file(&root.join("fixtures/nvidia-smi/single").join(name), &format!("/opt/stub-gpu/{name}"));
    }
}

/// The packages that dpkg has installed, of those of the stand-in driver.
pub fn installed(machine: &impl Machine) -> Ran {
    machine.exec(&format!("dpkg-query -W -f '${{Package}} ${{db:Status-Status}}\\n' {PACKAGES}"))
}

/// The id of the machine's boot.
pub fn boot_id(machine: &impl Machine) -> String {
    machine.exec("cat /proc/sys/kernel/random/boot_id").ok().trim().to_owned()
}
