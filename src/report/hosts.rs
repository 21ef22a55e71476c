//! A plan over several hosts, as text.

use super::{table, words};
use crate::lang::{Lang, Value, figure};
use crate::plan::document::{DeviceLedger, Verdict};
use crate::plan::hosts::{HostsPlan, OneMachine, Passing, PlannedHost, Role};
use crate::units::{gib, money, rate};
use std::fmt::Write;

/// Columns of the table that hold figures.
const FIGURES: [usize; 8] = [1, 3, 4, 5, 6, 7, 8, 9];

/// Returns the plan as text: verdict, hosts, network, speed, and the one machine that is better.
pub fn text(plan: &HostsPlan, lang: Lang) -> String {
    let mut out = String::new();
    let w = &plan.workload;
    let mut line = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    let (hosts, verdict) = (plan.hosts.len(), words::verdict(plan.verdict, lang));
    let model = &*plan.model;
    line(tr!(lang, "hosts-head", model = model, quant = &*plan.quant, hosts = hosts, verdict = verdict));
    for reason in &plan.reasons {
        line(format!("  - {}", reason.told(lang)));
    }
    let (tokens, slots) = (w.n_ctx.to_string(), w.slots);
    let cache = &*w.kv_type_k;
    line(format!("  {}", tr!(lang, "hosts-context", tokens = tokens, slots = slots, cache = cache)));
    line(String::new());
    let rows = plan.hosts.iter().flat_map(|host| {
        host.memory.iter().enumerate().map(move |(at, device)| row(host, at == 0, device, lang))
    });
    let head = [
        tr!(lang, "hosts-column-host"),
        tr!(lang, "hosts-column-layers"),
        tr!(lang, "hosts-column-device"),
        tr!(lang, "plan-column-weights"),
        tr!(lang, "hosts-column-cache"),
        tr!(lang, "plan-column-compute"),
        tr!(lang, "hosts-column-other"),
        tr!(lang, "plan-column-total"),
        tr!(lang, "hosts-column-has"),
        tr!(lang, "plan-column-free"),
    ];
    line(table::table(&head.each_ref().map(String::as_str), rows, &FIGURES));
    line(tr!(lang, "hosts-units"));
    line(String::new());
    let network = &plan.network;
    let latency = Value::figure(plan.link.latency_ms.to_string());
    let of_link = Value::figure(format!("{} Mbit/s", plan.link.mbit_s));
    line(tr!(lang, "hosts-network", latency = latency, rate = of_link));
    let mut labelled = |label: String, text: String| line(format!("  {label:<17}{text}"));
    labelled(tr!(lang, "hosts-token"), passing(&network.token, lang));
    let prompt = tr!(lang, "hosts-prompt", tokens = w.ubatch.to_string());
    labelled(prompt, passing(&network.prompt_batch, lang));
    let size = Value::figure(gib(network.load_bytes));
    let seconds = Value::figure(network.load_seconds.to_string());
    labelled(tr!(lang, "hosts-start"), tr!(lang, "hosts-start-takes", size = size, seconds = seconds));
    let (decode, without) = (plan.speed.decode_tok_s, network.decode_without_tok_s);
    let range = words::range(rate(decode.low), rate(decode.high), lang);
    let [expected, without] = [decode, without].map(|speed| Value::figure(rate(speed.expected)));
    line(tr!(lang, "hosts-speed", range = range, expected = expected, without = without));
    line(String::new());
    line(better(plan, lang));
    line(tr!(lang, "hosts-arguments", arguments = plan.head_arguments.join(" ")));
    line(tr!(lang, "hosts-apply"));
    out
}

fn row(host: &PlannedHost, first: bool, device: &DeviceLedger, lang: Lang) -> Vec<String> {
    let role = match host.role {
        Role::Head => tr!(lang, "hosts-role-head"),
        Role::Worker => tr!(lang, "hosts-role-worker"),
    };
    let name = if first { format!("{} ({role})", host.name) } else { String::new() };
    let layers = match (first, host.output) {
        (false, _) => String::new(),
        (true, true) => tr!(lang, "hosts-output", layers = host.layers.to_string()),
        (true, false) => host.layers.to_string(),
    };
    let other = device.output_bytes + device.runtime_bytes + device.reserved_bytes;
    let free = match device.headroom_bytes {
        short if short < 0 => format!("-{}", gib(short.unsigned_abs())),
        free => gib(free as u64),
    };
    let sizes = [device.weights_bytes, device.kv_bytes, device.compute_bytes, other];
    let mut cells = vec![name, layers, words::device(&device.device, lang)];
    cells.extend(sizes.map(|size| figure(lang, &gib(size))));
    let rest = [gib(device.total_bytes), gib(device.capacity_bytes), free];
    cells.extend(rest.map(|size| figure(lang, &size)));
    cells
}

fn passing(passing: &Passing, lang: Lang) -> String {
    let answers = Value::figure(passing.round_trips.to_string());
    let milliseconds = Value::figure(passing.milliseconds.to_string());
    // A token's few numbers, or a prompt's many.
    if passing.bytes < 1 << 20 {
        let size = Value::figure(passing.bytes.div_ceil(1 << 10).to_string());
        return tr!(lang, "hosts-passing", size = size, answers = answers, milliseconds = milliseconds);
    }
    let size = Value::figure(passing.bytes.div_ceil(1 << 20).to_string());
    tr!(lang, "hosts-passing-much", size = size, answers = answers, milliseconds = milliseconds)
}

/// The sentence that says what would be better.
fn better(plan: &HostsPlan, lang: Lang) -> String {
    let how = |one: &OneMachine| {
        let speed = Value::figure(rate(one.decode_tok_s.expected));
        let verdict = words::verdict(one.verdict, lang);
        tr!(lang, "hosts-how", quant = &*one.quant, verdict = verdict, speed = speed)
    };
    if let Some(alone) = &plan.alone {
        return tr!(lang, "hosts-alone", name = &*alone.name, how = how(alone));
    }
    match &plan.one_machine {
        Some(one) => {
            let price = match (one.per_month, &one.currency) {
                (Some(price), Some(currency)) => {
                    let price = Value::figure(money(price));
                    tr!(lang, "hosts-price", price = price, currency = currency.to_string())
                }
                _ => String::new(),
            };
            tr!(lang, "hosts-one", name = &*one.name, how = how(one), price = price)
        }
        None if plan.verdict == Verdict::Impossible => tr!(lang, "hosts-none-either"),
        None => tr!(lang, "hosts-none"),
    }
}
