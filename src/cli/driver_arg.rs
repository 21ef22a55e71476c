//! `--driver`: where the driver of a host's cards is taken from, if they have none; and the question for it.

use super::output;
use crate::apply::HostOutcome;
use crate::error::{Exit, Result};
use crate::hardware::vendor::driver::Origin;
use crate::wire::protocol::Event;
use clap::ValueEnum;

/// Source of a driver. Comments, not help, on the values: with help on values clap prints the long form of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum From {
    // The packages of the host's distribution
    Distribution,
    // NVIDIA's own repository, whose drivers are newer
    Nvidia,
    // No driver is installed
    #[default]
    None,
}

impl From {
    pub fn origin(self) -> Option<Origin> {
        match self {
            From::Distribution => Some(Origin::Distribution),
            From::Nvidia => Some(Origin::Nvidia),
            From::None => None,
        }
    }
}

/// Returns where a driver comes from: as the flag says, and without it as the bundle does.
pub fn kept(flag: Option<From>, bundle: Option<Origin>) -> Option<Origin> {
    flag.map_or(bundle, From::origin)
}

/// The cards of a host that refused for them: they are there and have no driver.
pub fn lacking(outcome: &HostOutcome) -> Option<String> {
    let facts = outcome.events.iter().rev().find_map(|event| match event {
        Event::Facts { facts } => Some(facts),
        _ => None,
    })?;
    let report = outcome.events.iter().rev().find_map(|event| match event {
        Event::Verified { report } => Some(report),
        _ => None,
    })?;
    let for_them = report.refused().all(|line| line.id.starts_with("gpu-") || line.id == "nvlink");
    let cards: Vec<_> = facts.without_driver().filter_map(|card| card.lacks(&facts.os.kernel)).collect();
    (outcome.end.exit == Exit::HostDoesNotMeetPlan && for_them && !cards.is_empty()).then(|| cards.join("; "))
}

/// Asks the person at the terminal, if there is one, whether `host` gets a driver, and from where.
pub fn ask(host: &str, cards: &str) -> Result<From> {
    if !output::can_ask() {
        return Ok(From::None);
    }
    let question = format!(
        "{host}: {cards}.\nInstall the driver from the host's distribution (d), from NVIDIA's repository (n), or not \
         (Enter)? The host may be restarted."
    );
    let answer = output::ask(&question)?;
    Ok(match answer.to_ascii_lowercase().as_str() {
        "d" | "distribution" => From::Distribution,
        "n" | "nvidia" => From::Nvidia,
        _ => From::None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_counts_before_the_bundle() {
        for (flag, bundle, origin) in [
            (None, None, None),
            (None, Some(Origin::Nvidia), Some(Origin::Nvidia)),
            (Some(From::None), Some(Origin::Nvidia), None),
            (Some(From::Distribution), Some(Origin::Nvidia), Some(Origin::Distribution)),
        ] {
            assert_eq!(kept(flag, bundle), origin);
        }
    }
}
