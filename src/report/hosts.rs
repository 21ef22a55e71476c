//! A plan over several hosts, as text.

use super::table;
use crate::lang::Lang;
use crate::plan::document::{DeviceLedger, Verdict};
use crate::plan::hosts::{HostsPlan, OneMachine, Passing, PlannedHost, Role};
use crate::units::{gib, money, rate};
use std::fmt::Write;

/// Returns the plan as text: verdict, hosts, network, speed, and the one machine that is better.
pub fn text(plan: &HostsPlan) -> String {
    let mut out = String::new();
    let w = &plan.workload;
    let mut line = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    line(format!("{} {} over {} hosts: {}", plan.model, plan.quant, plan.hosts.len(), plan.verdict.name()));
    for reason in &plan.reasons {
        line(format!("  - {}", reason.told(Lang::current())));
    }
    line(format!(
        "  {} tokens of context in {} slot{}, KV cache {}",
        w.n_ctx,
        w.slots,
        if w.slots == 1 { "" } else { "s" },
        w.kv_type_k
    ));
    line(String::new());
    let head = ["host", "layers", "device", "weights", "cache", "compute", "other", "total", "has", "free"];
    let rows = plan
        .hosts
        .iter()
        .flat_map(|host| host.memory.iter().enumerate().map(|(at, device)| row(host, at == 0, device)));
    line(table::table(&head, rows, &[1, 3, 4, 5, 6, 7, 8, 9]));
    line(
        "GiB and MiB are 1024-based. rpc0, … are the workers' devices, as the head numbers them.".to_string(),
    );
    line(String::new());
    let network = &plan.network;
    line(format!("Network  {} ms there and back, {} Mbit/s", plan.link.latency_ms, plan.link.mbit_s));
    line(format!("  a token          {}", passing(&network.token)));
    line(format!("  {:<17}{}", format!("{} of a prompt", w.ubatch), passing(&network.prompt_batch)));
    line(format!(
        "  every start      {} of weights, {} s at that rate",
        gib(network.load_bytes),
        network.load_seconds
    ));
    let (decode, without) = (plan.speed.decode_tok_s, network.decode_without_tok_s);
    line(format!(
        "Speed    {} to {} tokens/s for one request, {} expected; {} without the network",
        rate(decode.low),
        rate(decode.high),
        rate(decode.expected),
        rate(without.expected)
    ));
    line(String::new());
    line(better(plan));
    line(format!("Head's arguments beside those of one machine: {}", plan.head_arguments.join(" ")));
    line("`apply --hosts` with the same flags brings all of them to it; docs/rpc.md says how.".to_string());
    out
}

fn row(host: &PlannedHost, first: bool, device: &DeviceLedger) -> Vec<String> {
    let role = match host.role {
        Role::Head => "head",
        Role::Worker => "worker",
    };
    let name = if first { format!("{} ({role})", host.name) } else { String::new() };
    let layers = match (first, host.output) {
        (false, _) => String::new(),
        (true, true) => format!("{} + output", host.layers),
        (true, false) => host.layers.to_string(),
    };
    let other = device.output_bytes + device.runtime_bytes + device.reserved_bytes;
    let free = match device.headroom_bytes {
        short if short < 0 => format!("-{}", gib(short.unsigned_abs())),
        free => gib(free as u64),
    };
    let sizes = [device.weights_bytes, device.kv_bytes, device.compute_bytes, other];
    let mut cells = vec![name, layers, device.device.clone()];
    cells.extend(sizes.map(gib));
    cells.extend([gib(device.total_bytes), gib(device.capacity_bytes), free]);
    cells
}

fn passing(passing: &Passing) -> String {
    format!(
        "{} KiB, {} answers to wait for, {} ms",
        passing.bytes.div_ceil(1024),
        passing.round_trips,
        passing.milliseconds
    )
}

/// The sentence that says what would be better.
fn better(plan: &HostsPlan) -> String {
    let speed = |one: &OneMachine| {
        format!("{} {}, {} tokens/s", one.quant, one.verdict.name(), rate(one.decode_tok_s.expected))
    };
    if let Some(alone) = &plan.alone {
        return format!("{} alone does as well ({}): leave the others out.", alone.name, speed(alone));
    }
    match &plan.one_machine {
        Some(one) => {
            let price = match (one.per_month, &one.currency) {
                (Some(price), Some(currency)) => format!(", {} {currency} a month", money(price)),
                _ => String::new(),
            };
            format!(
                "One machine does as well: {} ({}{price}). It has no network to wait for and no worker to lose.",
                one.name,
                speed(one)
            )
        }
        None if plan.verdict == Verdict::Impossible => "No machine on offer runs it either.".to_string(),
        None => "No machine on offer does as well alone.".to_string(),
    }
}
