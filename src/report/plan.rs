//! A plan as text.

use super::table;
use crate::engine::llama_cpp::build;
use crate::hardware::offers::{self, HostKind};
use crate::plan::document::{Interval, Plan, Verdict};
use crate::units::{gib, hourly, money, rate};
use std::fmt::Write;

/// Returns the plan as text for a terminal.
pub fn text(plan: &Plan) -> String {
    let mut out = String::new();
    head(&mut out, plan);
    advisories(&mut out, plan);
    runtime(&mut out, plan);
    memory(&mut out, plan);
    rag(&mut out, plan);
    speed_and_cost(&mut out, plan);
    arrival(&mut out, plan);
    alternatives(&mut out, plan);
    next(&mut out, plan);
    out
}

/// Writes the advisories known today, which may be more than when the plan was made.
fn advisories(out: &mut String, plan: &Plan) {
    let server = &plan.llama_server;
    let Some(build) = build::ledger(&server.build) else { return };
    for advisory in server.known_advisories(build) {
        let fixed = advisory.fixed.map_or("not fixed yet".to_string(), |build| format!("fixed in {build}"));
        let _ = writeln!(
            out,
            "advisory {} on {} {}: {}; {fixed} ({})",
            advisory.id,
            plan.engine().name(),
            server.build,
            advisory.what,
            advisory.source
        );
    }
}

/// The archives that are right for a probed host, and why faster ones are not.
fn runtime(out: &mut String, plan: &Plan) {
    let Some(choice) = &plan.llama_server.runtime_choice else { return };
    let archives = if choice.archives.is_empty() { "none" } else { &choice.archives.join(" with ") };
    let _ = writeln!(out, "runtime: {archives}: {}", choice.why);
    for other in &choice.others {
        let _ = writeln!(out, "  not {other}");
    }
}

fn head(out: &mut String, plan: &Plan) {
    let (model, w) = (&plan.model, &plan.workload);
    let verdict = plan.verdict.name();
    let other = Some(plan.profile.processor).filter(|processor| !processor.is_default());
    let other = other.map_or(String::new(), |processor| format!(" ({processor})"));
    let _ = writeln!(out, "{} {} on {}{other}: {verdict}", model.id, model.quant, plan.profile.id);
    for reason in &plan.reasons {
        let _ = writeln!(out, "  - {reason}");
    }
    let per_slot = w.slot_tokens();
    let _ = writeln!(
        out,
        "\n{:.2} B parameters, {} to download; {} slot{} of {per_slot} tokens, KV {}{}",
        model.parameters as f64 / 1e9,
        gib(model.size_bytes),
        w.slots,
        if w.slots == 1 { "" } else { "s" },
        w.kv_type_k,
        if w.flash_attn { ", flash attention" } else { "" },
    );
    // Parallel and recursive prompting: what several requests at once may count on.
    match (w.slots, w.kv_unified) {
        (0 | 1, _) => {}
        (slots, false) => {
            let _ = writeln!(
                out,
                "slots   {slots} requests at once, each with {per_slot} tokens of its own; more wait their turn"
            );
        }
        (slots, true) => {
            let _ = writeln!(
                out,
                "slots   {slots} requests at once share the {per_slot} tokens; more wait their turn"
            );
        }
    }
    if let (Some(_), Some(from)) = (&model.chat_template, &model.chat_template_from) {
        let _ = writeln!(out, "chat template from {from}");
    }
    if plan.has_page() {
        let _ = writeln!(
            out,
            "page for chats on the server's port, through `agi-provision tunnel`; it asks for the key"
        );
    }
}

fn memory(out: &mut String, plan: &Plan) {
    let rows = plan.memory.iter().map(|d| {
        let free = if d.headroom_bytes < 0 {
            format!("-{}", gib(d.headroom_bytes.unsigned_abs()))
        } else {
            gib(d.headroom_bytes as u64)
        };
        let parts = [
            d.weights_bytes,
            d.kv_bytes,
            d.compute_bytes,
            d.output_bytes + d.runtime_bytes,
            d.reserved_bytes,
        ];
        std::iter::once(d.device.clone())
            .chain(parts.into_iter().map(gib))
            .chain(plan.beside().next().map(|_| gib(d.rag_bytes)))
            .chain([gib(d.total_bytes), gib(d.capacity_bytes), free])
            .collect()
    });
    let mut head =
        vec!["memory", "weights", "context", "compute", "runtime", "reserve", "total", "of", "free"];
    if plan.beside().next().is_some() {
        head.insert(6, "rag");
    }
    let numbers: Vec<usize> = (1..head.len()).collect();
    let _ = writeln!(out, "\n{}", table::table(&head, rows, &numbers));
}

/// The embedding servers and their indexes.
fn rag(out: &mut String, plan: &Plan) {
    for rag in plan.beside().filter_map(|server| server.embedding) {
        let model = &rag.model;
        let _ = writeln!(
            out,
            "\nrag     {} {} on {}: vectors of {} numbers, {} to download; {} slots, texts of up to {} tokens",
            model.id,
            model.quant,
            rag.device.device(),
            model.dimensions,
            gib(model.size_bytes),
            rag.slots,
            rag.chunk_tokens
        );
        let _ = writeln!(
            out,
            "index   {} of disk for {} texts ({})",
            gib(rag.index.size_bytes),
            rag.index.chunks,
            rag.index.assumption
        );
    }
}

fn speed_and_cost(out: &mut String, plan: &Plan) {
    let (decode, prefill) = (plan.speed.decode_tok_s, plan.speed.prefill_tok_s);
    let _ = writeln!(
        out,
        "\ndecode  {} tokens/s ({}), prefill {} ({}); predicted, one request",
        rate(decode.expected),
        range(decode),
        rate(prefill.expected),
        range(prefill)
    );
    match &plan.cost {
        Some(cost) => {
            let _ = writeln!(
                out,
                "cost    {} {}/hour, {}/month{}, {} per million tokens: {} at {}{} ({}, {})",
                hourly(cost.per_hour),
                cost.currency,
                money(cost.per_month),
                if cost.offer.per_month_cap == Some(cost.per_month) { " at most" } else { "" },
                money(cost.per_million_tokens),
                cost.offer.instance,
                cost.offer.provider,
                if cost.offer.host == Some(HostKind::Container) { ", a container" } else { "" },
                cost.offer.source,
                cost.offer.day()
            );
            if let Some(other) = &cost.converted {
                let _ = writeln!(
                    out,
                    "        {} {}/month by the rate of {} ({})",
                    money(other.per_month),
                    other.currency,
                    other.rate_as_of,
                    other.rate_source
                );
            }
            if let Some(url) = &cost.offer.url {
                let region =
                    cost.offer.region.as_ref().map_or(String::new(), |region| format!(" in {region}"));
                let _ = writeln!(out, "        rented{region} at {url}");
            }
            if let Some(days) = offers::stale_days(&cost.offer.as_of, offers::today()) {
                let most = if cost.offer.as_of_inferred { "up to " } else { "" };
                let _ =
                    writeln!(out, "        this price is {most}{days} days old: look it up before renting");
            }
        }
        None => {
            let _ = writeln!(out, "cost    no price is known for {}", plan.profile.id);
        }
    }
    if let Some(near) = &plan.near_miss {
        let _ = writeln!(out, "near    {}", near.text);
    }
    for container in &plan.containers {
        let _ = writeln!(
            out,
            "beside  {} at {}, {} {}/hour, {} tokens/s: a container, which `apply` cannot use (--containers)",
            container.instance,
            container.provider,
            hourly(container.per_hour),
            container.currency,
            rate(container.decode_tok_s)
        );
    }
}

/// Writes the time and cost until the first answer.
fn arrival(out: &mut String, plan: &Plan) {
    let Some(arrival) = &plan.arrival else { return };
    let first = arrival.first_token_seconds;
    let _ = writeln!(
        out,
        "arrive  {} to download at {} Mbit/s: {}; first token after {} ({})",
        gib(arrival.download_bytes),
        arrival.network_mbit_s,
        duration(arrival.download_seconds),
        duration(first.expected),
        both(duration(first.low), duration(first.high))
    );
    let _ = writeln!(
        out,
        "        {} of disk, load {}, start {}{}",
        gib(arrival.disk_bytes),
        both(duration(arrival.load_seconds.low), duration(arrival.load_seconds.high)),
        both(duration(arrival.start_seconds.low), duration(arrival.start_seconds.high)),
        match (&arrival.cost, &plan.cost) {
            (Some(until), Some(cost)) =>
                format!("; paid until then: {} {}", money(until.expected), cost.currency),
            _ => String::new(),
        }
    );
    if arrival.runtime_bytes.is_none() {
        let _ =
            writeln!(out, "        {}'s archive is not counted: --resolve looks it up", plan.engine().name());
    }
}

/// `2.1 to 3.4`; one figure where both are shown the same.
fn range(interval: Interval) -> String {
    both(rate(interval.low), rate(interval.high))
}

fn both(low: String, high: String) -> String {
    if low == high { low } else { format!("{low} to {high}") }
}

/// Two decimals, without those that say nothing: `13.02`, `8`.
pub(super) fn amount(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// `0.4 s`, `23 s`, `19 min`, `2.3 h`.
pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 99.5 => format!("{s:.0} s"),
        s if s < 5970.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

fn alternatives(out: &mut String, plan: &Plan) {
    if plan.alternatives.is_empty() {
        return;
    }
    let rows = plan.alternatives.iter().map(|a| {
        vec![
            a.name(),
            a.quant.clone(),
            a.verdict.name().to_string(),
            match (a.per_month, a.currency.as_deref()) {
                (Some(price), Some(currency)) => format!("{} {currency}", money(price)),
                (Some(price), None) => money(price),
                (None, _) => "-".to_string(),
            },
            a.decode_tok_s.map_or("-".to_string(), rate),
        ]
    });
    let head = ["alternative", "quant", "verdict", "per month", "tokens/s"];
    let _ = writeln!(out, "\n{}", table::table(&head, rows, &[3, 4]));
}

fn next(out: &mut String, plan: &Plan) {
    if plan.verdict == Verdict::Impossible {
        return;
    }
    let _ = writeln!(
        out,
        "\n{} {} {}",
        plan.engine().program(),
        plan.llama_server.build,
        plan.llama_server.args.to_argv().join(" ")
    );
    for server in plan.beside() {
        let _ = writeln!(out, "\nembedding server: {}", server.args.to_argv().join(" "));
    }
    let _ =
        writeln!(out, "\nSizes are 1024-based (1 GiB = 1024 MiB). --format json has every number in bytes.");
}
