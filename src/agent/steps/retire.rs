//! Servers beside the model's own, before the model is loaded: one that the plan does not have is removed, and
//! one that takes more memory than the plan keeps for it is stopped.

use super::resource::{Change, Dependent, Id, Observed, Past, Resource};
use super::run::{How, Run};
use crate::agent::host::service;
use crate::agent::servers::beside;
use crate::agent::store::desired::Desired;
use crate::agent::store::generation;
use crate::engine::server::ServerName;
use crate::error::Result;

pub struct Retire(pub ServerName);

impl Retire {
    fn is_planned(&self, desired: &Desired) -> bool {
        desired.plan.server(self.0).is_some()
    }
}

impl Resource for Retire {
    fn id(&self) -> Id {
        Id::Retire(self.0)
    }

    fn observe(&self, desired: &Desired, past: &Past) -> Result<Observed> {
        if !self.is_planned(desired) {
            return Ok(vec![Change::Remove(english!("change-remove", unit = self.0.unit()))].into());
        }
        // After an apply that was cut off nobody knows by which plan they were started.
        let old = past.served.as_deref().filter(|_| !past.cut_off).and_then(generation::plan);
        let stops = beside::in_the_way(old.as_ref(), &desired.plan)?.contains(&self.0);
        Ok(Observed { dependent: stops.then_some(Dependent::Stop), ..Observed::default() })
    }

    fn apply(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        run.note(self.id(), How::Stopped);
        match self.is_planned(desired) {
            true => service::stop(&self.0.unit()),
            false => beside::retire(&[self.0]),
        }
    }
}
