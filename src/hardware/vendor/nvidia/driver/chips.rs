//! Kernel modules that NVIDIA's chips work with, by the chip's name in the PCI ID Repository.

use super::parts::{Flavour, OPEN_BY_CHOICE, refused};
use crate::error::Failure;
use crate::hardware::facts::PciCard;
use crate::processor::Processor;

/// Drivers that all cards of a host work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The only flavour that works, where it is one.
    pub only: Option<Flavour>,
    /// First branch that knows all cards.
    pub least: u64,
    /// Last branch that knows all cards.
    pub last: u64,
    /// The card that needs the newest branch.
    pub newest: String,
}

/// Chips by the letters that their names begin with: the only flavour, the first branch and the last. Open modules need
/// the GSP of Turing and later, closed ones do not know Blackwell (NVIDIA, Driver Installation Guide, "Kernel
/// Modules"); branch 580 is the last for Maxwell, Pascal and Volta.
const CHIPS: [(&str, Option<Flavour>, u64, u64); 8] = [
    ("GM", Some(Flavour::Closed), 0, 580),
    ("GP", Some(Flavour::Closed), 0, 580),
    ("GV", Some(Flavour::Closed), 0, 580),
    ("TU", None, 0, u64::MAX),
    ("GA", None, 0, u64::MAX),
    ("AD", None, 525, u64::MAX),
    ("GH", None, 525, u64::MAX),
    ("GB", Some(Flavour::Open), 570, u64::MAX),
];

/// Chips that the last driver for them, 470 or older, has no CUDA 12 for.
const TOO_OLD: [&str; 10] = ["GK", "GF", "GT", "G7", "G8", "G9", "NV", "C5", "C6", "C7"];

/// Returns what all `cards` work with.
///
/// # Errors
/// One of them works with no driver of today, or no driver knows all of them.
pub fn needs(cards: &[&PciCard], arch: &str) -> Result<Needs, Failure> {
    let mut needs = Needs { only: None, least: 0, last: u64::MAX, newest: String::new() };
    for card in cards {
        let (only, least, last) = of(card, arch)?;
        if let (Some(one), Some(other)) = (needs.only, only)
            && one != other
        {
            return Err(refused(
                "no driver works all cards of this host: some need the open kernel modules, others the closed ones",
            )
            .hint("take the older cards out of the host, or leave them out with a plan for the others alone"));
        }
        needs.only = needs.only.or(only);
        needs.last = needs.last.min(last);
        if least >= needs.least {
            (needs.least, needs.newest) = (least, card.to_string());
        }
    }
    Ok(needs)
}

fn of(card: &PciCard, arch: &str) -> Result<(Option<Flavour>, u64, u64), Failure> {
    let by_hand = "install a driver for it by hand, restart the host, and apply without --driver";
    let name = card.name.as_deref().unwrap_or_default();
    let chip = name.strip_prefix("NVIDIA ").unwrap_or(name);
    if let Some((letters, only, least, last)) = CHIPS.iter().find(|(letters, ..)| chip.starts_with(letters)) {
        // Grace Hopper's closed modules do not support its link to the processor.
        let grace =
            *letters == "GH" && Processor::of_uname(arch).is_some_and(|processor| !processor.is_default());
        return Ok((if grace { Some(Flavour::Open) } else { *only }, *least, *last));
    }
    if TOO_OLD.iter().any(|letters| chip.starts_with(letters)) {
        return Err(refused(format!("{card} is too old: no driver for it runs CUDA 12"))
            .hint("plan for the CPU (a profile without a GPU), or take another machine"));
    }
    Err(refused(format!("{card} is not known to this version, nor which kernel modules it works with"))
        .hint(by_hand))
}

impl Needs {
    /// The flavour for a driver of this branch.
    pub fn flavour(&self, branch: u64) -> Flavour {
        match self.only {
            Some(only) => only,
            None if branch >= OPEN_BY_CHOICE => Flavour::Open,
            None => Flavour::Closed,
        }
    }
}
