//! Answers `status`, `logs`, `key` and `remove` on the host.

use super::first_boot;
use super::status::{
    self, Beside, DiskUse, Drift, Installed, InstalledRuntime, Listen, Listening, MeasuredSpeed, Nothing,
    PartOfHost, Reach, Status,
};
use super::under_way::{self, UnderWay};
use crate::agent::converge::{self, remove as removal};
use crate::agent::host::service::{self, State};
use crate::agent::rpc::state::{self, Worker};
use crate::agent::servers::api::{Api, Health};
use crate::agent::servers::closed;
use crate::agent::servers::serve::REFUSAL;
use crate::agent::steps::past::Past;
use crate::agent::store::desired::Desired;
use crate::agent::store::look::Preflight;
use crate::agent::store::made::Made;
use crate::agent::store::{generation, key, receive, runtime};
use crate::agent::{expose, job};
use crate::engine::server::ADDRESS;
use crate::engine::server::ServerName;
use crate::error::{Failure, Result};
use crate::hardware::probe::probe;
use crate::outside::{self, Kind};
use crate::paths;
use crate::plan::servers::Server;
use crate::plan::{Plan, on_host};
use crate::units::gib;
use crate::wire::protocol::{End, Event, Events};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Stdio};

/// Returns whether an apply has begun and has not ended, running or cut off.
fn unfinished(under_way: Option<&UnderWay>) -> bool {
    under_way.is_some_and(|under_way| under_way.what == "apply") || job::cut_off()
}

/// Answers `status` where nothing serves yet: an apply is at work, or one was interrupted and left files.
fn nothing_installed(under_way: Option<UnderWay>, output: &mut dyn Events) -> Result<End> {
    let waiting = receive::waiting_bytes() + generation::models_bytes();
    let first_boot = first_boot::look();
    if under_way.is_none() && waiting == 0 && first_boot.is_none() && !job::cut_off() {
        installed_plan()?;
    }
    let value = Nothing {
        schema: status::SCHEMA,
        installed: false,
        under_way: under_way.clone(),
        unfinished: unfinished(under_way.as_ref()),
        waiting_bytes: waiting,
        first_boot: first_boot.clone(),
        health: serde_json::Value::Null,
    };
    send(Status::Nothing(Box::new(value)), output)?;
    let nothing = english!("error-nothing-installed");
    if let Some(under_way) = under_way {
        return Err(Failure::failed(format!("{nothing} yet: {}", under_way.sentence()))
            .hint("`agi-provision apply` of the same bundle shows its progress")
            .into());
    }
    if let Some(first_boot) = first_boot {
        return Err(Failure::failed(format!("{nothing}; at its first boot: {}", first_boot.said))
            .hint(format!(
                "{} on the host has all of it; `agi-provision apply --bundle DIR --host HOST` does the same from here",
                first_boot.log
            ))
            .into());
    }
    let left = match waiting {
        0 => "an apply was cut off".to_string(),
        bytes => format!("{} that an apply brought wait for the next one", gib(bytes)),
    };
    Err(Failure::failed(format!("{nothing}, but {left}"))
        .hint("the same apply again takes what is there; `agi-provision remove` takes it away")
        .into())
}

pub(super) fn installed_plan() -> Result<Plan> {
    let path = Path::new(paths::GENERATION).join(paths::generation::PLAN);
    let text = outside::text(path.as_ref(), outside::DOCUMENT, Kind::Regular).map_err(|_| {
        Failure::failed(english!("error-nothing-installed")).hint(english!("hint-nothing-installed"))
    })?;
    Plan::from_json(&text)
}

/// Sends one document: what is installed, whether it runs and is healthy, what the last apply measured.
pub fn status(output: &mut dyn Events) -> Result<End> {
    let under_way = under_way::look()?;
    if generation::current().is_none() {
        return nothing_installed(under_way, output);
    }
    let plan = installed_plan()?;
    let main = if plan.is_worker() { ServerName::WORKER } else { ServerName::CHAT };
    let state = service::state(&main.unit())?;
    let (health, stranger) = match (plan.is_worker(), state.is_running()) {
        // systemd has waited until it listens, in a network of its own.
        (true, true) => ("ready".to_string(), false),
        (true, false) => (format!("the worker is {}", state.active), false),
        (false, _) => health(&Api::of(&plan.chat())?, &state),
    };
    let receipt: Option<serde_json::Value> = generation::read_note(Path::new(paths::RECEIPT));
    let measured = receipt.as_ref().map(|receipt| receipt["measured"].clone());
    let facts = probe(Path::new(paths::MODELS));
    let runtime = generation::current_record().and_then(|record| runtime::noted(&record.runtime));
    let others = plan.beside().filter(|server| server.name != main);
    let beside = others.map(|server| beside(&server)).collect::<Result<Vec<_>>>()?;
    let silent = beside.iter().find(|server| server.health != "ready");
    let ready = health == "ready" && silent.is_none();
    // The log shown is of a server that does not serve.
    let unit = match silent.filter(|_| health == "ready") {
        Some(server) => server.service.clone(),
        None => main.unit(),
    };
    let last_lines = if ready { Vec::new() } else { service::last_lines(&[unit], 10, None) };
    let refused = last_lines.iter().rev().find_map(|line| Some(line.split_once(REFUSAL)?.1.to_string()));
    let value = Installed {
        schema: status::SCHEMA,
        model: plan.model.id.clone(),
        quant: plan.model.quant.clone(),
        profile: plan.profile.id.clone(),
        llama_build: plan.llama_server.build.clone(),
        generation: generation::current(),
        unit: state.clone(),
        health: health.clone(),
        stranger,
        listen: listen(main),
        over_hosts: over_hosts(&plan),
        listening: listening(&plan),
        embedding: beside.first().cloned(),
        servers: beside.clone(),
        exposed: expose::look(),
        applied: receipt.as_ref().map(|receipt| receipt["finished"].clone()),
        memory: on_host::devices(&plan.memory, &facts),
        speed: MeasuredSpeed {
            decode_tok_s: measured.as_ref().map(|measured| measured["decode_tok_s"]["measured"].clone()),
            prefill_tok_s: measured.as_ref().map(|measured| measured["prefill_tok_s"]["measured"].clone()),
        },
        measured,
        runtime: runtime.map(|runtime| InstalledRuntime {
            build: runtime.build,
            path: runtime.installed.map(|path| path.to_string()),
            image: runtime.image.map(|image| image.to_string()),
        }),
        drift: drift(),
        unfinished: unfinished(under_way.as_ref()),
        under_way: under_way.clone(),
        disk: DiskUse {
            free_bytes: facts.disk.free_bytes,
            total_bytes: facts.disk.total_bytes,
            models_bytes: generation::models_bytes(),
        },
        disk_free_bytes: facts.disk.free_bytes,
        trusted_edits: generation::current_record().map(|record| record.edited).unwrap_or_default(),
        refused: refused.clone(),
        last_lines,
    };
    send(Status::Installed(Box::new(value)), output)?;
    let refused = refused.map(|why| format!("{REFUSAL}{why}"));
    let [of_chat, of_beside] = if health == "ready" { [None, refused] } else { [refused, None] };
    let why = of_chat.unwrap_or(health);
    let mut message = format!("{} {}: {}, {why}", plan.model.id, plan.model.quant, state.active);
    for worker in workers(&plan).iter().filter(|worker| !worker.up) {
        message += &format!("; worker {} is lost: {}", worker.name, worker.why);
    }
    let mut of_beside = of_beside;
    for server in beside.iter().filter(|server| server.health != "ready") {
        let why = of_beside.take().unwrap_or_else(|| server.health.clone());
        message += &format!("; {}: {}, {why}", server.model, server.unit.active);
    }
    if let Some(under_way) = &under_way {
        message += &format!("; {}", under_way.sentence());
    }
    if ready {
        return Ok(End::done(false, message));
    }
    Err(Failure::failed(message).hint("`agi-provision logs` shows what the server said last").into())
}

/// Returns how the workers of a head are; none of any other host.
fn workers(plan: &Plan) -> Vec<Worker> {
    let is_head = plan.over_hosts.is_some() && !plan.is_worker();
    if is_head { state::read() } else { Vec::new() }
}

/// Returns the part of this host in a plan over several, and how the workers are.
fn over_hosts(plan: &Plan) -> Option<PartOfHost> {
    let over = plan.over_hosts.as_ref()?;
    Some(PartOfHost { hosts: over.hosts.clone(), place: over.place, workers: workers(plan) })
}

/// Lists the changes by other hands since the apply, step by step; `None` where that is not known. Whether the
/// service runs is reported apart, and a newer executable of the tool is no drift.
fn drift() -> Option<Vec<Drift>> {
    let desired = Desired::current()?;
    let past = Past { served: generation::current(), cut_off: false };
    let drift = converge::drift(&desired, &past).into_iter().map(|planned| Drift {
        step: planned.id.name().to_string(),
        changes: planned.changes.iter().map(|change| change.to_string()).collect(),
    });
    Some(drift.collect())
}

fn send(value: Status, output: &mut dyn Events) -> Result<()> {
    Ok(output.send(&Event::Document { value: json!(value) })?)
}

/// Returns the health as a word or the reason, and whether another program has the server's port.
fn health(api: &Api, state: &State) -> (String, bool) {
    match api.health(state.pid) {
        Health::Ready => ("ready".to_string(), false),
        Health::Loading => ("loading".to_string(), false),
        Health::Silent(why) => (why, false),
        Health::Stranger(why) => (why, true),
    }
}

/// Returns the status of a server beside the model's own.
fn beside(server: &Server) -> Result<Beside> {
    let state = service::state(&server.name.unit())?;
    let (health, stranger) = health(&Api::of(server)?, &state);
    Ok(Beside {
        name: server.name.to_string(),
        role: server.name.role(),
        service: server.name.unit(),
        model: server.id.to_string(),
        quant: server.quant.to_string(),
        dimensions: server.embedding.map(|embedding| embedding.model.dimensions),
        unit: state,
        health,
        stranger,
        listen: listen(server.name),
    })
}

/// Returns where a server listens on this host.
fn listen(server: ServerName) -> Listen {
    Listen { host: ADDRESS.to_string(), port: server.port() }
}

/// Returns the addresses on which the units listen by the kernel, whatever their arguments say.
fn listening(plan: &Plan) -> Vec<Listening> {
    let mut units = vec![paths::UNIT.to_string(), paths::EXPOSE_UNIT.to_string()];
    units.extend(plan.beside().map(|server| server.name.unit()));
    let of_unit = |unit: String| {
        let addresses = closed::addresses(&unit).unwrap_or_default();
        addresses.into_iter().map(move |address| Listening {
            unit: unit.clone(),
            address: address.ip(),
            port: address.port(),
            tls: unit == paths::EXPOSE_UNIT,
            reach: if address.ip().is_loopback() { Reach::Host } else { Reach::Network },
        })
    };
    units.into_iter().flat_map(of_unit).collect()
}

/// Sends the services' log; with `follow`, until the client goes away.
pub fn logs(lines: u32, follow: bool, output: &mut dyn Events) -> Result<End> {
    let plan = installed_plan()?;
    let count = lines.to_string();
    let mut command = Command::new("journalctl");
    for server in plan.servers() {
        command.args(["-u", &server.name.unit()]);
    }
    command.args(["-n", &count, "--no-pager", "-o", "short-iso"]);
    if follow {
        command.arg("-f");
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    if follow {
        end_with_client(child.id());
    }
    let mut result = Ok(());
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut line = Vec::new();
        while result.is_ok() && reader.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line).trim_end().to_string();
            result = output.send(&Event::Output { text });
            line.clear();
        }
    }
    // A client that went away ends the follower.
    let _ = child.kill();
    child.wait()?;
    result?;
    Ok(End::done(false, ""))
}

/// Ends the process when this one's stdin ends: a client that goes away closes it, and the log of a quiet service
/// would otherwise never notice.
fn end_with_client(pid: u32) {
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while matches!(rustix::io::read(std::io::stdin().as_fd(), &mut buffer), Ok(1..)) {}
        if let Some(pid) = Pid::from_raw(pid.cast_signed()) {
            let _ = kill_process(pid, Signal::TERM);
        }
    });
}

pub fn key_show(output: &mut dyn Events) -> Result<End> {
    installed_plan()?;
    output.send(&Event::Output { text: key::read_key()?.expose().to_string() })?;
    Ok(End::done(false, ""))
}

pub fn remove(keep_models: bool) -> Result<End> {
    let preflight = Preflight::new(None)?;
    let others = preflight.of_others();
    preflight.take_ours()?;
    let made = Made::read()?;
    let nothing = made.is_none();
    let packages = made.as_ref().map(Made::packages).unwrap_or_default();
    let left = removal::everything(keep_models)?;
    let message = match (nothing, keep_models) {
        (true, _) => "nothing of agi-provision was installed",
        (false, true) => "removed; the models stay in /var/lib/agi-provision/models",
        (false, false) => "removed: service, unit, files and user",
    };
    let packages = match packages.is_empty() {
        true => String::new(),
        false => format!("; the packages that were installed stay: {}", packages.join(" ")),
    };
    let left: Vec<String> = left.into_iter().chain(others).collect();
    let left = if left.is_empty() { String::new() } else { format!("; left as it is: {}", left.join("; ")) };
    Ok(End::done(!nothing, format!("{message}{packages}{left}")))
}
