//! Properties of a maker's graphics cards that this program asks for.

use super::bus::Bus;
use super::driver::{Driver, DriverHost, Origin};
use super::toolkit::{Toolkit, ToolkitHost};
use crate::error::{Exit, Failure};
use crate::hardware::backend::Backend;
use crate::hardware::facts::{Facts, Gaps, PciCard, Vendor};
use std::path::Path;

/// One maker: how its cards are found and read, what they need, and what a unit has to let through to them.
pub trait Maker: Sync {
    fn id(&self) -> Vendor;

    /// Its name in messages.
    fn title(&self) -> &'static str;

    /// Its number on the PCI bus.
    fn pci(&self) -> u16;

    /// The kernel's drivers that llama.cpp's backends work with, the best first.
    fn drivers(&self) -> &'static [&'static str];

    /// Names of the module's file, without its ending, where the driver is no part of the kernel.
    fn module_files(&self) -> &'static [&'static str] {
        &[]
    }

    /// How a person installs one, for a hint.
    fn install(&self) -> &'static str;

    /// Chooses the packages that bring the driver. `wanted`: the least version that the plan's runtime works with.
    ///
    /// # Errors
    /// Exit 4 with the reason and the way out: no packages fit this host.
    fn driver(&self, _: &DriverHost, _: Origin, _wanted: Option<&str>) -> Result<Driver, Failure> {
        let message = format!("the driver of {}'s cards is part of the kernel", self.title());
        Err(Failure::new(Exit::HostDoesNotMeetPlan, message).hint(format!(
            "install what it lacks ({}), restart the host, and apply without --driver",
            self.install()
        )))
    }

    /// Chooses the packages that bring a compiler for the cards.
    ///
    /// # Errors
    /// Exit 4 with the reason and the way out: none is right for this host.
    fn toolkit(&self, _: &ToolkitHost) -> Result<Toolkit, Failure> {
        let message = format!("no compiler for {}'s cards is installed by this program", self.title());
        Err(Failure::new(Exit::HostDoesNotMeetPlan, message)
            .hint("the release's Vulkan archive is for all cards: give it with --runtime-archive"))
    }

    /// Returns the command that makes a part of a card whose division into parts is on.
    fn make_part(&self) -> Option<&'static str> {
        None
    }

    /// How a person sees that it works.
    fn check_by_hand(&self, cards: usize) -> String;

    /// Whether the card at `device`, its folder in sysfs, has no memory of its own but the host's.
    fn is_integrated(&self, device: &Path) -> bool;

    /// Adds its cards that a driver works to `facts.gpus`, and how they are connected. `cards` are those on the bus.
    fn probe(&self, bus: &Bus, cards: &[PciCard], facts: &mut Facts, gaps: &mut Gaps);

    /// How many cards a driver works now; at boot they may be late.
    fn ready(&self, bus: &Bus) -> usize;

    /// Backends of llama.cpp that run on its cards, the fastest first.
    fn backends(&self) -> &'static [Backend];

    /// Returns what makes its cards known to Vulkan.
    fn icd(&self) -> Icd;

    /// Returns the least driver and cards that work.
    fn least(&self) -> Least;

    /// Returns the name that Kubernetes' device plugin of the maker has for a card that its driver calls `card`.
    fn cluster_resource(&self, card: &str) -> &'static str;

    /// Returns whether a cluster's nodes are labelled `nvidia.com/gpu.memory` with the MiB of such a card.
    fn labels_memory(&self) -> bool {
        false
    }

    /// Returns what podman gives a container, so that it has all cards: devices of the container device interface, or files;
    /// one that begins with `-` may be missing.
    fn devices_of_container(&self) -> &'static [&'static str];

    /// Returns what the unit needs for that many cards, the first ones.
    fn unit(&self, cards: usize) -> UnitDevices;
}

/// The part of a driver that Vulkan finds it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Icd {
    /// How the name of its file in `vulkan/icd.d` begins.
    pub file: &'static str,
    /// The packages that bring it, for a person.
    pub package: &'static str,
    /// The package that an apply installs where the file is missing; `None` where it has to be of the driver's version.
    pub installed: Option<&'static str>,
}

/// Lower bounds, each with its reason; `None` where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Least {
    pub driver: Option<(&'static str, &'static str)>,
    pub compute_capability: Option<(&'static str, &'static str)>,
}

/// Lines of a systemd unit, with their comments.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct UnitDevices {
    /// Lines for `[Unit]`: the driver's modules go first.
    pub order: Vec<String>,
    /// Lines for `[Service]`: device rules, and what makes the device files.
    pub rules: Vec<String>,
    /// Groups that the device files belong to.
    pub groups: Vec<&'static str>,
}

/// `order`'s lines for modules, and for services that go first as well.
pub(super) fn after_modules(modules: &[&str], services: &[&str]) -> Vec<String> {
    let wants: Vec<String> = modules.iter().map(|module| format!("modprobe@{module}.service")).collect();
    let after: Vec<&str> = wants.iter().map(String::as_str).chain(services.iter().copied()).collect();
    vec![format!("Wants={}", wants.join(" ")), format!("After={}", after.join(" "))]
}
