//! Files of one host of a plan over several.

use super::templates::{self, PATHS, Paths};
use crate::engine::server::ServerName;
use crate::error::Result;
use crate::paths;
use crate::plan::Plan;
use crate::plan::document::OverHosts;
use serde::Serialize;

/// The unit that keeps the connections to workers; the same for every plan.
pub(super) fn link_unit() -> Result<String> {
    #[derive(Serialize)]
    struct Values {
        paths: Paths,
    }
    templates::fill("systemd/agi-provision-rpc-link.service", &Values { paths: PATHS })
}

/// Instructions for people.
pub(super) fn readme(plan: &Plan, over: &OverHosts) -> Result<String> {
    #[derive(Serialize)]
    struct Values<'a> {
        paths: Paths,
        plan: &'a Plan,
        hosts: &'a [String],
        place: usize,
        worker: bool,
        unit: String,
        limits: String,
        home: &'a str,
        authorized: &'a str,
        workers: &'a str,
        known: &'a str,
    }
    let worker = over.worker.is_some();
    let server = if worker { ServerName::WORKER } else { ServerName::CHAT };
    templates::fill(
        "bundle/README-hosts.md",
        &Values {
            paths: PATHS,
            plan,
            hosts: &over.hosts,
            place: over.place,
            worker,
            unit: server.unit(),
            limits: server.limits_file(),
            home: paths::RPC_HOME,
            authorized: paths::RPC_AUTHORIZED,
            workers: paths::RPC_WORKERS,
            known: paths::RPC_KNOWN,
        },
    )
}
