//! Last looks before the first byte of an apply that has something to change.

use super::ground;
use super::judging::Judging;
use crate::agent::host::egress;
use crate::error::Result;
use crate::fetch::Source;
use crate::fetch::route::Route;
use crate::hardware::facts::Facts;
use crate::hardware::probe::probe;
use crate::paths;
use crate::plan::requirements::ids;
use crate::verify::{Held, Report, host};
use crate::wire::protocol::{Apply, End, Event, Events, WAIT};
use std::path::Path;
use std::time::Duration;

/// An apply that the plan's requirements let pass.
pub struct Ready<'a> {
    pub judging: &'a Judging<'a>,
    pub apply: &'a Apply,
    /// cloud-init runs it, and does not end before.
    pub in_cloud_init: bool,
}

impl Ready<'_> {
    /// Waits for the system's own work and finds the way to what is to be downloaded. Looks at the host again after
    /// either. Returns the way, or the end of an apply that is refused.
    pub fn wait_and_look(
        &self,
        facts: &mut Facts,
        report: &mut Report,
        held: Held,
        downloads: &[&Source],
        output: &mut dyn Events,
    ) -> Result<std::result::Result<Route, End>> {
        let allowed = |id: &str| self.apply.allow.iter().any(|allowed| allowed == id);
        let limit = self.apply.wait.map_or(WAIT, Duration::from_secs);
        let waited = !allowed(ids::BUSY) && ground::wait(facts, limit, self.in_cloud_init, output)?;
        if waited {
            // The work that was waited for may have changed the host.
            *facts = probe(Path::new(paths::MODELS));
            *report = self.judging.judge(facts, held);
            if !host::at_work(facts, self.in_cloud_init).is_empty() {
                report.lines.retain(|line| line.id != ids::BUSY);
                report.lines.extend(host::still_busy(facts));
            }
        }
        let mut route = Route::Usual;
        if !downloads.is_empty() {
            let mut alive = || Ok(output.send(&Event::Alive)?);
            let egress = egress::choose(self.apply.proxy.as_ref(), downloads, &mut alive)?;
            route = egress.route;
            // A first boot's network may still be on its way; the download tries again.
            if egress.found.is_ok() || !self.in_cloud_init {
                report.lines.push(host::egress(&egress.sites, &egress.found));
            }
            *report = report.clone().allow(&self.apply.allow);
        }
        if !waited && downloads.is_empty() {
            return Ok(Ok(route));
        }
        Ok(self.judging.verified(report.clone(), facts, output)?.map_or(Ok(route), Err))
    }
}
