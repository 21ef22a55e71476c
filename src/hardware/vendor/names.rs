//! Names of graphics cards by their numbers on the PCI bus: `profiles/pci-cards.csv`, compiled in. It is the part of
//! the PCI ID Repository that is about such cards; a test holds it to the crate that has all of it.

use crate::hardware::rows::Table;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static NAMES: LazyLock<BTreeMap<(u16, u16), String>> = LazyLock::new(|| {
    let table = Table::read(include_bytes!("../../../profiles/pci-cards.csv")).expect("a header");
    let row = |fields: &crate::hardware::rows::Fields| -> Result<_, String> {
        let id =
            |column: &str| u16::from_str_radix(fields.need(column)?, 16).map_err(|error| error.to_string());
        Ok(((id("vendor")?, id("device")?), fields.need("name")?.to_string()))
    };
    table.rows().map(|(_, fields)| row(&fields?)).collect::<Result<_, _>>().expect("checked by a test")
});

/// The name without its maker's, such as `GA102 [GeForce RTX 3090]`.
pub fn of(vendor: u16, device: u16) -> Option<&'static str> {
    NAMES.get(&(vendor, device)).map(String::as_str)
}

/// Returns the names that a card is sold as: those in brackets, of several names each with the words that they share
/// (`Navi 31 [Radeon RX 7900 XT/7900 XTX]`).
pub fn sold_as(name: &str) -> Vec<String> {
    let inside =
        name.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or(name, |(inside, _)| inside);
    let mut parts = inside.split('/').map(str::trim);
    let first = parts.next().unwrap_or_default().to_string();
    let words: Vec<&str> = first.split(' ').collect();
    let shared = words.iter().position(|word| word.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(0);
    let shared = words[..shared].join(" ");
    let further = parts.map(|part| {
        let is_number = part.starts_with(|c: char| c.is_ascii_digit());
        if is_number && !shared.is_empty() { format!("{shared} {part}") } else { part.to_string() }
    });
    let further: Vec<String> = further.collect();
    std::iter::once(first.clone()).chain(further).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pci_ids::{FromId, Vendor};

    /// Returns the devices of the whole table that are graphics cards by their name.
    fn from_crate() -> String {
        let is_card = |vendor: u16, name: &str| match vendor {
            // In brackets is what a chip is sold as; others are audio, bridges, USB.
            0x10de | 0x1002 => {
                name.contains('[')
                    && !["Audio", "USB", "Bridge", "SATA", "IXP", "HDMI", "SMBus", "Host"]
                        .iter()
                        .any(|word| name.contains(word))
            }
            _ => {
                ["Arc", "Graphics", "Data Center GPU", "GPU Max"].iter().any(|word| name.contains(word))
                    && !["Audio", "Hub", "Bridge", "Switch"].iter().any(|word| name.contains(word))
            }
        };
        let mut text = "# Graphics cards by their numbers on the PCI bus, from the PCI ID Repository (https://pci-ids.ucw.cz,\n\
                        # BSD 3-clause) as the crate pci-ids has it. Remade by a test: AGI_PROVISION_GOLDEN=update cargo test\n\
                        # --lib vendor::names\n\
                        vendor,device,name\n"
            .to_string();
        for vendor in [0x1002, 0x10de, 0x8086] {
            let mut devices: Vec<_> = Vendor::from_id(vendor).unwrap().devices().collect();
            devices.sort_by_key(|device| device.id());
            for device in devices.iter().filter(|device| is_card(vendor, device.name())) {
                let name = device.name().replace('"', "'");
                let quote = if name.contains(',') { "\"" } else { "" };
                text += &format!("{vendor:04x},{:04x},{quote}{name}{quote}\n", device.id());
            }
        }
        text
    }

    #[test]
    fn the_table_is_the_crates() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/pci-cards.csv");
        let wanted = from_crate();
        if std::env::var("AGI_PROVISION_GOLDEN").is_ok_and(|value| value == "update") {
            std::fs::write(&path, &wanted).unwrap();
        }
        assert!(std::fs::read_to_string(&path).unwrap() == wanted, "{} is not the crate's", path.display());
    }

    #[test]
    fn cards_have_their_names() {
        for (vendor, device, name) in [
            (0x10de, 0x2204, "GA102 [GeForce RTX 3090]"),
            (0x10de, 0x20b2, "GA100 [A100 SXM4 80GB]"),
            (0x8086, 0x56a0, "DG2 [Arc A770]"),
        ] {
            assert_eq!(of(vendor, device), Some(name));
        }
        assert!(of(0x1002, 0x744c).unwrap().contains("7900 XTX"));
        assert_eq!(of(0x10de, 0xffff), None);
    }

    #[test]
    fn what_a_chip_is_sold_as_is_each_name_in_full() {
        assert_eq!(sold_as("GA102 [GeForce RTX 3090]"), ["GeForce RTX 3090"]);
        assert_eq!(
            sold_as("Navi 31 [Radeon RX 7900 XT/7900 XTX/7900 GRE/7900M]"),
            ["Radeon RX 7900 XT", "Radeon RX 7900 XTX", "Radeon RX 7900 GRE", "Radeon RX 7900M"]
        );
        assert_eq!(sold_as("Aqua Vanjaram [Instinct MI300X]"), ["Instinct MI300X"]);
        assert_eq!(sold_as("Something"), ["Something"]);
    }
}
