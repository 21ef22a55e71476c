//! The driver of the host's cards, where the user asked for one: its packages, and the settings that keep it in its place.
//! The packages stay when an apply is taken back. The host is restarted where the module cannot be loaded otherwise, and
//! the job goes on after that.

use super::driver_files as texts;
use super::repositories::{add, add_components, add_repository, ours, read, unavailable};
use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::Run;
use crate::agent::host::apt::{self, LOCK_SECONDS};
use crate::agent::host::{restart, service};
use crate::agent::store::desired::Desired;
use crate::agent::store::made;
use crate::agent::store::thing::Thing;
use crate::error::{Exit, Failure, Result};
use crate::files;
use crate::hardware::facts::Vendor;
use crate::hardware::probe::{package_lock, wait_for_gpus};
use crate::hardware::vendor::driver::Driver;
use crate::hardware::vendor::modules::Modules;
use crate::hardware::vendor::{self, Bus};
use crate::outside::{self, Kind};
use crate::paths;
use crate::process;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub struct DriverStep;

/// The id of the boot in which the job asked for a restart.
fn note() -> PathBuf {
    Path::new(paths::JOB).join("restarted")
}

/// A driver may come late at boot.
const PATIENCE: Duration = Duration::from_secs(120);
/// Loading a module, making an initrd.
const LIMIT: Duration = Duration::from_secs(600);

impl Resource for DriverStep {
    fn id(&self) -> Id {
        Id::Driver
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        let Some(driver) = &desired.driver else { return Ok(Observed::default()) };
        let (maker, cards) = (desired.plan.profile.vendor(), desired.plan.profile.gpus.len());
        if restarted()? {
            wait_for_gpus(maker, cards, PATIENCE);
        }
        let mut changes = Vec::new();
        for (path, text) in settings(driver) {
            let there = read(path)?;
            if there.as_deref() != Some(&text) {
                changes.push(match there {
                    None => Change::Create(format!("write {path}")),
                    Some(_) => Change::Replace(format!("rewrite {path}")),
                });
            }
        }
        let installed = apt::has(&driver.packages)?;
        if !installed {
            changes.push(Change::Install(format!(
                "install {}: {}",
                driver.title,
                driver.packages.join(", ")
            )));
        }
        if !installed || works(maker) < cards {
            changes.push(Change::Load("load it, with a restart of the host if it takes one".to_string()));
        }
        Ok(changes.into())
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        let Some(driver) = &desired.driver else { return Ok(()) };
        let (maker, cards) = (desired.plan.profile.vendor(), desired.plan.profile.gpus.len());
        for (path, text) in settings(driver) {
            ours(path)?;
            made::add([Thing::file(path)?])?;
            files::write(Path::new(path), text.as_bytes(), 0o644)?;
        }
        if !apt::has(&driver.packages)? {
            install(driver, desired, run)?;
        }
        let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
        if !Modules::of_host().built_for(vendor::of(maker).module_files()).contains(&kernel) {
            return Err(not_built(driver, &kernel).into());
        }
        if load(driver, maker, cards) {
            return Ok(());
        }
        if restarted()? {
            return Err(does_not_work(driver, maker, cards, &kernel).into());
        }
        files::write(&note(), restart::boot_id()?.as_bytes(), 0o600)?;
        run.restart = Some(format!("to load {}", driver.title));
        Ok(())
    }
}

/// The host was restarted for this job already.
fn restarted() -> Result<bool> {
    match outside::text(&note(), outside::NOTE, Kind::Regular) {
        Ok(text) => Ok(text != restart::boot_id()?),
        Err(_) => Ok(false),
    }
}

fn settings(driver: &Driver) -> [(&'static str, String); 2] {
    [(paths::DRIVER_MODPROBE, texts::modprobe(driver)), (paths::DRIVER_HELD, texts::held(driver))]
}

/// How many cards the driver works.
fn works(maker: Vendor) -> usize {
    vendor::of(maker).ready(&Bus::of_host())
}

fn install(driver: &Driver, desired: &Desired, run: &mut Run) -> Result<()> {
    if let Some(holder) = package_lock() {
        run.warn(format!("{holder} holds dpkg's lock; waiting for it, {LOCK_SECONDS} s at most"))?;
    }
    // A host whose lists are a day old does not find the headers of its kernel.
    let route = run.route.clone();
    apt::apt(&["update"], &route)?;
    if let Some(keyring) = &driver.keyring
        && !apt::has(std::slice::from_ref(&keyring.package))?
    {
        add(&[keyring.package.as_str()], run, |_| add_repository(keyring, &desired.mirrors, &route))?;
        apt::apt(&["update"], &route)?;
    }
    let wanted: Vec<String> = driver.first.iter().chain(&driver.packages).cloned().collect();
    let mut unknown = apt::unknown(&wanted)?;
    if !unknown.is_empty() && add_components(&driver.title, &driver.components)? {
        apt::apt(&["update"], &route)?;
        unknown = apt::unknown(&wanted)?;
    }
    if !unknown.is_empty() {
        return Err(unavailable(&unknown).into());
    }
    for packages in [&driver.first, &driver.packages].into_iter().filter(|packages| !packages.is_empty()) {
        let names: Vec<&str> = packages.iter().map(String::as_str).collect();
        add(&names, run, |packages| apt::install(packages, &route))?;
    }
    if apt::unknown(std::slice::from_ref(&driver.follows))?.is_empty() {
        add(&[driver.follows.as_str()], run, |packages| apt::install(packages, &route))?;
    } else {
        run.warn(format!(
            "{} is not to be had: a new kernel will have no driver until it is installed for it",
            driver.follows
        ))?;
    }
    // nouveau may be in the initrd, which is made before the new setting.
    if process::run("update-initramfs", &["-u"], LIMIT).is_ok_and(|outcome| !outcome.success) {
        run.warn("update-initramfs failed: if another driver takes the card at boot, look at its output")?;
    }
    if let Some(unit) = &driver.persistence {
        // Some distributions start it by udev, and it cannot be enabled there.
        let _ = service::systemctl(&["enable", unit]);
    }
    Ok(())
}

fn not_built(driver: &Driver, kernel: &str) -> Failure {
    let message = format!("{} is installed, and has no module for kernel {kernel}, which runs", driver.title);
    let said = process::run("dkms", &["status"], Duration::from_secs(60)).map(|outcome| outcome.stdout);
    let said = said.unwrap_or_default().trim().replace('\n', "; ");
    let said = if said.is_empty() { String::new() } else { format!(" (dkms: {said})") };
    Failure::failed(format!("{message}{said}"))
        .hint("`dkms autoinstall` on the host says why, and so does /var/lib/dkms/nvidia*/*/build/make.log")
}

/// Loads the module where no other driver has a card, and returns whether all cards work then.
fn load(driver: &Driver, maker: Vendor, cards: usize) -> bool {
    let on_bus = vendor::cards(&Bus::of_host(), &[vendor::of(maker)]);
    let taken = |card: &crate::hardware::facts::PciCard| card.wants_driver.is_some() && card.driver.is_some();
    if on_bus.iter().any(taken) {
        return false;
    }
    let loaded = process::run("modprobe", &[&driver.module], LIMIT).is_ok_and(|outcome| outcome.success);
    loaded && works(maker) >= cards
}

fn does_not_work(driver: &Driver, maker: Vendor, cards: usize, kernel: &str) -> Failure {
    let loading = process::run("modprobe", &[&driver.module], LIMIT).map(|outcome| outcome.stderr);
    let log = process::run("dmesg", &[], Duration::from_secs(20)).map(|outcome| outcome.stdout);
    let said = reason(&loading.unwrap_or_default(), &log.unwrap_or_default());
    let built = if driver.builds { "built and installed" } else { "installed, with a module" };
    let silent = match (works(maker), cards) {
        (_, 1) => "the card does not answer".to_string(),
        (works, cards) => format!("{} of {cards} cards do not answer", cards.saturating_sub(works)),
    };
    Failure::new(
        Exit::HostDoesNotMeetPlan,
        format!(
            "{} is {built} for kernel {kernel}, and {silent}, also after a restart of the host{said}",
            driver.title
        ),
    )
    .hint(
        "`lspci -k` on the host shows the card, `dmesg | grep -i nvrm` what the driver found. Has the card power, does \
         it sit firmly, is it passed on to this machine whole, and does this driver know it? --driver nvidia takes a \
         newer one",
    )
}

/// NVIDIA's module begins its lines in the kernel's log with it.
const OF_MODULE: &str = "NVRM: ";

/// The first line of modprobe's complaint and the module's last one in the kernel's log.
fn reason(modprobe: &str, log: &str) -> String {
    let loading = modprobe.lines().map(str::trim).find(|line| !line.is_empty());
    let module = log.lines().rev().find_map(|line| Some(line[line.find(OF_MODULE)?..].trim()));
    let said: Vec<String> = loading.into_iter().chain(module).map(outside::line).collect();
    if said.is_empty() { String::new() } else { format!(" ({})", said.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_card_is_explained_by_modprobe_and_the_kernel() {
        let modprobe =
            "modprobe: ERROR: could not insert 'nvidia_current': No such device\nmodprobe: ERROR: more\n";
        let log =
            "[ 9.1] NVRM: loading\n[ 9.2] NVRM: No NVIDIA GPU found.\n[ 9.3] nvidia-nvlink: Unregistered\n";
        for (modprobe, log, said) in [
            (
                modprobe,
                log,
                " (modprobe: ERROR: could not insert 'nvidia_current': No such device; NVRM: No NVIDIA GPU found.)",
            ),
            ("", log, " (NVRM: No NVIDIA GPU found.)"),
            ("", "[ 1.0] usb 1-1: new device\n", ""),
            ("\u{1b}[2Jgone\n", "", " (\\u{1b}[2Jgone)"),
        ] {
            assert_eq!(reason(modprobe, log), said);
        }
    }
}
