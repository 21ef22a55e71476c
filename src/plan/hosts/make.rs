//! Makes the plan over several hosts.

use super::document::{HostsPlan, Network, Passing, PlannedHost, Role, SCHEMA};
use super::instead;
use super::part;
use super::pool::{Hosts, Machine};
use super::traffic::{self, Link, Traffic};
use crate::engine::llama_cpp::rpc;
use crate::error::{Failure, Result};
use crate::plan::Plan;
use crate::plan::choice::{Pool, Pooled, pooled};
use crate::plan::ledger::Graphs;
use crate::plan::request::Request;

/// The plan of the request's model over `machines`, the head first.
///
/// # Errors
/// Usage errors: one host, hosts with and without cards together, more devices than one server takes, what
/// cannot be split over hosts.
pub fn plan(request: &Request, machines: &[Machine], link: Link) -> Result<HostsPlan> {
    whole(request, machines, link).map(|(plan, _)| plan)
}

/// The same, and a plan for each host, in the order of `machines`: what a bundle is made of and what a host is brought to.
///
/// # Errors
/// Fails as [`plan`] does.
pub fn plans(request: &Request, machines: &[Machine], link: Link) -> Result<(HostsPlan, Vec<Plan>)> {
    let (whole, best) = whole(request, machines, link)?;
    let plans = (0..machines.len()).map(|at| part::of(request, machines, &whole, &best, at));
    let plans = plans.collect::<Result<Vec<Plan>>>()?;
    Ok((whole, plans))
}

fn whole<'a>(request: &'a Request, machines: &'a [Machine], link: Link) -> Result<(HostsPlan, Pooled<'a>)> {
    check(request, machines)?;
    let hosts = Hosts::new(machines, link);
    if hosts.devices.len() > rpc::MOST_DEVICES {
        let message = format!(
            "the hosts have {} devices, and one server takes {}",
            hosts.devices.len(),
            rpc::MOST_DEVICES
        );
        return Err(Failure::usage(message).hint("name fewer hosts").into());
    }
    let best = pooled(request, &hosts)?;
    let graphs = Graphs::default();
    let subject = best.subject(request, &graphs);
    let slot = best.workload.slot_tokens();
    let ubatch = best.workload.ubatch.clamp(1, slot.max(1));
    let weights: Vec<u64> = best.memory[1..].iter().map(|device| device.weights_bytes).collect();
    let load_bytes = traffic::of_loading(&best.placement, &weights);
    let near = Hosts::new(machines, Link { latency_ms: 0.0, mbit_s: f64::INFINITY });
    let network = Network {
        token: passing(traffic::of_token(&subject, &best.placement, slot / 2), &link),
        prompt_batch: passing(traffic::of_prompt(&subject, &best.placement, ubatch, slot / 2), &link),
        load_bytes,
        load_seconds: round(load_bytes as f64 * 8.0 / (link.mbit_s * 1e6)),
        decode_without_tok_s: near.speed(&subject, &best.placement, &best.memory).decode_tok_s,
    };
    let plan = HostsPlan {
        schema: SCHEMA,
        verdict: best.verdict,
        model: request.model.id.clone(),
        quant: best.variant.weights.quant.clone(),
        size_bytes: best.variant.size_bytes,
        workload: best.workload.clone(),
        link,
        hosts: planned(&hosts, &best)?,
        network,
        speed: best.speed.clone(),
        build: request.build.id.clone(),
        head_arguments: rpc::head_arguments(
            machines.len() - 1,
            best.placement.n_gpu_layers(),
            &best.placement.shares,
        ),
        alone: instead::alone(request, machines, &best)?,
        one_machine: instead::on_offer(request, &best)?,
        reasons: best.reasons.clone(),
    };
    Ok((plan, best))
}

fn check(request: &Request, machines: &[Machine]) -> Result<()> {
    if machines.len() < 2 {
        return Err(Failure::usage("a plan over hosts is for two hosts or more")
            .hint("for one host: `agi-provision plan --host NAME`, --facts FILE or --profile ID")
            .into());
    }
    let with = machines[1..].iter().find(|machine| !machine.profile.gpus.is_empty());
    let without = machines[1..].iter().find(|machine| machine.profile.gpus.is_empty());
    let head = machines[0].profile.gpus.first().map(|_| &machines[0]);
    if let (Some(with), Some(without)) = (with.or(head), without) {
        let message = format!("{} has a card and {} has none", with.name, without.name);
        return Err(Failure::usage(message)
            .hint(format!("leave {} out: a token would wait for its processor", without.name))
            .into());
    }
    let fixed = &request.fixed;
    let refused = [
        (fixed.split_mode.is_some(), "--split-mode"),
        (fixed.n_cpu_moe.is_some(), "--n-cpu-moe"),
        (request.rag.is_some(), "--rag"),
        (fixed.expose.is_some(), "--expose"),
        (fixed.image.is_some(), "--runtime-image"),
        (fixed.packages, "--runtime-packages"),
    ];
    if let Some((_, flag)) = refused.iter().find(|(given, _)| *given) {
        return Err(Failure::usage(format!("{flag} is not planned over several hosts"))
            .hint("leave it out, or plan for one machine")
            .into());
    }
    Ok(())
}

fn passing(traffic: Traffic, link: &Link) -> Passing {
    let Traffic { bytes, round_trips } = traffic;
    Passing { bytes, round_trips, milliseconds: round(traffic.milliseconds(link)) }
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

fn planned(hosts: &Hosts, best: &Pooled) -> Result<Vec<PlannedHost>> {
    let placement = &best.placement;
    let devices = hosts.devices.len();
    let host = |(at, machine): (usize, &Machine)| -> Result<PlannedHost> {
        let own = hosts.devices.iter().enumerate().filter(|(_, device)| device.host == at);
        let own: Vec<usize> = own.map(|(device, _)| device).collect();
        let mut memory: Vec<_> = own.iter().map(|device| best.memory[device + 1].clone()).collect();
        let beside = format!("host{at}");
        match at {
            0 => memory.insert(0, best.memory[0].clone()),
            _ => memory.extend(best.memory[devices + 1..].iter().find(|one| one.device == beside).cloned()),
        }
        let of_processor = if at == 0 { placement.host_layers } else { 0 };
        Ok(PlannedHost {
            name: machine.name.clone(),
            role: if at == 0 { Role::Head } else { Role::Worker },
            layers: of_processor + own.iter().map(|device| placement.gpu_layers[*device]).sum::<u64>(),
            output: own.contains(&placement.output),
            memory,
            worker_arguments: match at {
                0 => Vec::new(),
                _ => part::worker(&machine.profile)?.to_argv(),
            },
        })
    };
    hosts.machines.iter().enumerate().map(host).collect()
}
