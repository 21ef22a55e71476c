//! HAProxy in front of several hosts that serve the plan: the server with the fewest requests gets the next one, and
//! none gets more than it has slots.

use super::target::Target;
use crate::error::Result;
use crate::plan::Plan;
use crate::render::bundle::Bundle;
use crate::render::choices::{Balance, Choices};
use crate::render::manifest::TOOL_VERSION;
use crate::render::templates;
use serde::Serialize;

/// Its configuration, and the part of its unit that a reload needs.
pub struct HaProxy;

/// Bytes of a request that are kept until its answer begins, so that another server can be asked: a prompt as long as
/// a slot's context, at 8 bytes a token, within these bounds.
const REQUEST: (u64, u64) = (64 << 10, 1 << 20);

impl Target for HaProxy {
    fn name(&self) -> &'static str {
        "haproxy"
    }

    fn wanted(&self, choices: &Choices) -> bool {
        choices.targets.balance.is_some()
    }

    fn files(&self, plan: &Plan, _: &Bundle, choices: &Choices) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let Some(balance) = &choices.targets.balance else { return Ok(Vec::new()) };
        let values = values(plan, balance);
        let fill = |name| templates::fill(name, &values).map(String::into_bytes);
        Ok(vec![
            ("haproxy.cfg", fill("haproxy/haproxy.cfg")?),
            ("reload.conf", fill("haproxy/reload.conf")?),
            ("README.md", fill("haproxy/README.md")?),
        ])
    }
}

#[derive(Serialize)]
struct Values<'a> {
    tool_version: &'static str,
    plan: &'a Plan,
    bind: String,
    /// Others can reach `bind`.
    open: bool,
    health: &'static str,
    buffer: u64,
    servers: Vec<Server<'a>>,
}

#[derive(Serialize)]
struct Server<'a> {
    name: &'a str,
    endpoint: String,
    slots: u64,
    tls: bool,
}

fn values<'a>(plan: &'a Plan, balance: &'a Balance) -> Values<'a> {
    let server = |server: &'a crate::render::choices::Balanced| Server {
        name: &server.name,
        endpoint: server.endpoint.at(plan.llama_server.args.server().port()).to_string(),
        slots: plan.workload.slots,
        tls: !server.endpoint.is_loopback(),
    };
    Values {
        tool_version: TOOL_VERSION,
        plan,
        bind: balance.bind.to_string(),
        open: !balance.bind.ip().is_loopback(),
        health: plan.engine().health(),
        buffer: (plan.workload.slot_tokens() * 8).next_power_of_two().clamp(REQUEST.0, REQUEST.1),
        servers: balance.servers.iter().map(server).collect(),
    }
}
