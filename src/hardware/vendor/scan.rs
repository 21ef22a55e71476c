//! Graphics cards on the PCI bus: they are there without a driver, too.

use super::bus::{Bus, hex};
use super::maker::Maker;
use super::modules::Modules;
use super::names;
use crate::hardware::facts::PciCard;
use std::fs;

/// The graphics cards of `makers`, in the bus's order. Display adapters of others, such as a server's console or
/// a hypervisor's, are no graphics cards.
pub fn cards(bus: &Bus, makers: &[&dyn Maker]) -> Vec<PciCard> {
    let modules = Modules::of_host();
    bus.ids().iter().filter_map(|id| card(bus, id, makers, &modules)).collect()
}

fn card(bus: &Bus, bus_id: &str, makers: &[&dyn Maker], modules: &Modules) -> Option<PciCard> {
    let device = bus.device(bus_id);
    let class = hex(&device.join("class"))?;
    // Display controllers, and processing accelerators, as which large cards without an outlet count.
    if class >> 16 != 0x03 && class >> 8 != 0x1200 {
        return None;
    }
    let vendor = hex(&device.join("vendor"))?;
    let maker = makers.iter().find(|maker| u32::from(maker.pci()) == vendor)?;
    let model = u16::try_from(hex(&device.join("device"))?).ok()?;
    let driver = fs::read_link(device.join("driver")).ok();
    let driver = driver.and_then(|path| Some(path.file_name()?.to_str()?.to_string()));
    let works = driver.as_deref().is_some_and(|driver| maker.drivers().contains(&driver));
    Some(PciCard {
        bus_id: bus_id.to_string(),
        vendor: maker.id(),
        device_id: format!("{model:04x}"),
        name: names::of(maker.pci(), model).map(|name| format!("{} {name}", maker.title())),
        driver,
        wants_driver: (!works).then(|| maker.drivers()[0].to_string()),
        integrated: maker.is_integrated(&device),
        built_for: if works { Vec::new() } else { modules.built_for(maker.module_files()) },
    })
}
