//! Decides which rules hold: those of the plan that serves, once a new connection confirmed them or while they are
//! tried; or, where its own were tried and nobody confirmed them, those that held before. The same answer serves the
//! firewall, the TLS front and `status`.

use crate::agent::store::generation;
use crate::checked::{Checksum, Port};
use crate::error::Result;
use crate::files;
use crate::hash::sha256;
use crate::paths;
use crate::plan::expose::Exposure;
use crate::render;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// Note beside the confirmed rules: which hosts they let in, and on which port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// SHA-256 of the rules.
    pub sha256: Checksum,
    #[serde(flatten)]
    pub exposure: Exposure,
    pub port: Port,
}

/// Hosts that the port is open to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holding {
    /// The host itself only.
    Nobody,
    /// The plan's ranges.
    Plan,
    /// These, which were confirmed before the plan's were tried.
    Earlier(Exposure),
}

/// Files that the answer depends on, as they were found.
#[derive(Clone, Debug, Default)]
pub struct RuleFiles {
    /// Rules of the generation that serves, and the port of its plan.
    pub plan: Option<(Vec<u8>, u16)>,
    /// Rules that a new connection confirmed last.
    pub confirmed: Option<Vec<u8>>,
    pub note: Option<Confirmed>,
    /// Rules that are tried now.
    pub trial: Option<Vec<u8>>,
    /// Rules that were tried when the confirmed ones held.
    pub tried: Option<Vec<u8>>,
}

impl RuleFiles {
    /// Reads the files on this host.
    pub fn here() -> RuleFiles {
        RuleFiles::of(Some(Path::new(paths::GENERATION)))
    }

    /// Returns the same with the generation before the one that serves in its place.
    pub fn before() -> RuleFiles {
        RuleFiles::of(generation::current().and_then(|folder| generation::previous(&folder)).as_deref())
    }

    /// With the rules of this generation, where it has any; by a plan that nobody can read any more they
    /// are for the usual port.
    fn of(folder: Option<&Path>) -> RuleFiles {
        let read = |path: &str| fs::read(path).ok();
        let plan = folder.and_then(|folder| {
            let rules = fs::read(folder.join(paths::generation::EXPOSE)).ok()?;
            let port = generation::plan(folder).map_or(paths::DEFAULT_PORT, |plan| render::port(&plan));
            Some((rules, port))
        });
        RuleFiles {
            plan,
            confirmed: read(paths::EXPOSE_CONFIRMED),
            note: generation::read_note(Path::new(paths::EXPOSE_NOTE)),
            trial: read(paths::EXPOSE_TRIAL),
            tried: read(paths::EXPOSE_TRIED),
        }
    }

    pub fn holding(&self) -> Holding {
        let Some((rules, port)) = &self.plan else { return Holding::Nobody };
        let is = |other: &Option<Vec<u8>>| other.as_ref() == Some(rules);
        if is(&self.confirmed) || is(&self.trial) {
            return Holding::Plan;
        }
        match self.earlier(*port) {
            Some(exposure) if is(&self.tried) => Holding::Earlier(exposure),
            _ => Holding::Nobody,
        }
    }

    /// Returns whom the confirmed rules let in, if they are for this port and known.
    fn earlier(&self, port: u16) -> Option<Exposure> {
        let (confirmed, note) = (self.confirmed.as_ref()?, self.note.as_ref()?);
        (note.port.number() == port && note.sha256 == sha256(confirmed)).then(|| note.exposure.clone())
    }
}

/// Notes, before `rules` are tried, whether the confirmed ones hold now, so that they do again when nobody
/// confirms these. Whom they let in.
pub fn remember(rules: &[u8], port: u16) -> Result<Option<Exposure>> {
    let holds =
        [RuleFiles::here(), RuleFiles::before()].iter().any(|found| found.holding() != Holding::Nobody);
    let earlier = RuleFiles::of(None).earlier(port).filter(|_| holds);
    match &earlier {
        Some(_) => files::write(Path::new(paths::EXPOSE_TRIED), rules, 0o644)?,
        None => files::remove(Path::new(paths::EXPOSE_TRIED))?,
    }
    Ok(earlier)
}

/// Notes that a new connection has confirmed the plan's rules.
pub fn confirm(rules: &[u8], exposure: &Exposure, port: u16) -> Result<()> {
    let port = Port::try_from(u64::from(port))?;
    let note = Confirmed { sha256: sha256(rules), exposure: exposure.clone(), port };
    generation::write_note(Path::new(paths::EXPOSE_NOTE), &note)?;
    files::write(Path::new(paths::EXPOSE_CONFIRMED), rules, 0o644)?;
    files::remove(Path::new(paths::EXPOSE_TRIED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure(range: &str) -> Exposure {
        Exposure::of(&[range.parse().unwrap()]).unwrap()
    }

    /// `plan`, `confirmed`, `trial`, `tried`; the note is right.
    fn found(plan: &str, confirmed: &str, trial: &str, tried: &str) -> RuleFiles {
        let some = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
        let note = some(confirmed).map(|rules| Confirmed {
            sha256: sha256(&rules),
            exposure: exposure("10.0.0.0/8"),
            port: "8080".parse().unwrap(),
        });
        let (confirmed, trial, tried) = (some(confirmed), some(trial), some(tried));
        RuleFiles { plan: some(plan).map(|rules| (rules, 8080)), confirmed, note, trial, tried }
    }

    #[test]
    fn unconfirmed_rules_give_way_to_those_that_held_before() {
        let earlier = Holding::Earlier(exposure("10.0.0.0/8"));
        for (plan, confirmed, trial, tried, holding) in [
            ("", "", "", "", Holding::Nobody),
            // A plan for the host alone.
            ("", "a", "", "b", Holding::Nobody),
            ("b", "", "", "", Holding::Nobody),
            ("b", "", "b", "", Holding::Plan),
            ("a", "a", "", "", Holding::Plan),
            // Another one's trial.
            ("b", "", "c", "", Holding::Nobody),
            // The trial of b while a holds, and what comes of it.
            ("b", "a", "b", "b", Holding::Plan),
            ("b", "a", "", "b", earlier.clone()),
            ("b", "b", "", "", Holding::Plan),
            // Rolled back to an older plan, or switched to one that is not tried yet.
            ("o", "a", "", "", Holding::Nobody),
            ("o", "a", "", "b", Holding::Nobody),
        ] {
            let found = found(plan, confirmed, trial, tried);
            assert_eq!(found.holding(), holding, "{plan} {confirmed} {trial} {tried}");
        }
    }

    #[test]
    fn rules_for_another_port_or_that_the_note_is_not_of_do_not_come_back() {
        let sound = found("b", "a", "", "b");
        assert!(matches!(sound.holding(), Holding::Earlier(_)));
        let port = RuleFiles { plan: Some((b"b".to_vec(), 9090)), ..sound.clone() };
        let other = RuleFiles { confirmed: Some(b"x".to_vec()), ..sound.clone() };
        let none = RuleFiles { note: None, ..sound };
        for found in [port, other, none] {
            assert_eq!(found.holding(), Holding::Nobody);
        }
    }
}
