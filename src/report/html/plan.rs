//! A plan's page: memory as bars, the speed's interval, what it costs beside every other machine on offer.

use super::chart::{Size, price_against_speed};
use super::page::fill;
use crate::error::Result;
use crate::plan::Plan;
use crate::plan::choice::OnOffer;
use crate::plan::document::{DeviceLedger, Interval};
use crate::plan::explain::Explanation;
use crate::report::plan::{amount, duration};
use crate::units::{gib, hourly, money, rate};
use serde::Serialize;

/// Charts for a wide screen and for a phone, where text of the same size must stay readable.
const WIDE: Size = Size { width: 960, height: 420 };
const NARROW: Size = Size { width: 380, height: 380 };

/// Returns the page; `market` is every machine on offer that runs the model, none for a host that is there.
pub fn plan(plan: &Plan, market: &[OnOffer], explanation: Option<&Explanation>) -> Result<String> {
    let chosen = plan
        .cost
        .as_ref()
        .map_or(String::new(), |cost| format!("{}/{}", cost.offer.provider, cost.offer.instance));
    let mut context = tera::Context::new();
    context.insert("plan", plan);
    context.insert("verdict", plan.verdict.name());
    context.insert("devices", &plan.memory.iter().map(Bar::of).collect::<Vec<_>>());
    context.insert("speeds", &speeds(plan));
    context.insert("facts", &facts(plan));
    context.insert(
        "charts",
        &[price_against_speed(market, &chosen, WIDE)?, price_against_speed(market, &chosen, NARROW)?],
    );
    context.insert("machines", &market.iter().map(|point| Row::of(point, &chosen)).collect::<Vec<_>>());
    context.insert("others", &others(plan));
    context.insert("servers", &servers(plan));
    context.insert("explanation", &explanation);
    fill("plan.html", &context)
}

/// The memory of one device as a bar.
#[derive(Serialize)]
struct Bar {
    device: String,
    total: String,
    capacity: String,
    /// `4.4 GiB free`, or what is missing.
    left: String,
    fits: bool,
    parts: Vec<Part>,
}

/// One part of a bar.
#[derive(Serialize)]
struct Part {
    /// Name, and the class that gives the colour.
    name: &'static str,
    size: String,
    /// Share of the bar, percent.
    share: f64,
}

impl Bar {
    fn of(device: &DeviceLedger) -> Bar {
        let whole = device.capacity_bytes.max(device.total_bytes).max(1);
        let parts = [
            ("weights", device.weights_bytes),
            ("context", device.kv_bytes),
            ("compute", device.compute_bytes),
            ("runtime", device.output_bytes + device.runtime_bytes),
            ("beside", device.rag_bytes),
            ("reserve", device.reserved_bytes),
        ];
        let part = |(name, bytes): (&'static str, u64)| Part {
            name,
            size: gib(bytes),
            share: (bytes as f64 / whole as f64 * 10_000.0).round() / 100.0,
        };
        let left = gib(device.headroom_bytes.unsigned_abs());
        let fits = device.headroom_bytes >= 0;
        Bar {
            device: device.device.clone(),
            total: gib(device.total_bytes),
            capacity: gib(device.capacity_bytes),
            left: format!("{left} {}", if fits { "free" } else { "missing" }),
            fits,
            parts: parts.into_iter().filter(|(_, bytes)| *bytes > 0).map(part).collect(),
        }
    }
}

/// A speed's interval on a line from 0 to twice the expected value.
#[derive(Serialize)]
struct Range {
    name: &'static str,
    expected: String,
    low: String,
    high: String,
    /// Left end, length and middle, percent of the line.
    from: f64,
    length: f64,
    middle: f64,
}

fn speeds(plan: &Plan) -> Vec<Range> {
    let range = |name, interval: Interval| {
        let end = (interval.high * 1.15).max(f64::MIN_POSITIVE);
        let percent = |value: f64| (value / end * 1000.0).round() / 10.0;
        Range {
            name,
            expected: rate(interval.expected),
            low: rate(interval.low),
            high: rate(interval.high),
            from: percent(interval.low),
            length: percent(interval.high - interval.low),
            middle: percent(interval.expected),
        }
    };
    vec![range("writes", plan.speed.decode_tok_s), range("reads", plan.speed.prefill_tok_s)]
}

/// The figures at the top of the page: a name, the value, and a line below.
fn facts(plan: &Plan) -> Vec<[String; 3]> {
    let w = &plan.workload;
    let per_slot = w.slot_tokens();
    let mut facts = vec![
        [
            "model".to_string(),
            format!("{} B parameters", amount(plan.model.parameters as f64 / 1e9)),
            format!("{}, {} of files", plan.model.quant, gib(plan.model.size_bytes)),
        ],
        [
            "context".to_string(),
            format!("{per_slot} tokens"),
            format!("for each of {} request(s) at once, KV cache {}", w.slots, w.kv_type_k),
        ],
        [
            "speed".to_string(),
            format!("{} tokens/s", rate(plan.speed.decode_tok_s.expected)),
            format!("{} to {}", rate(plan.speed.decode_tok_s.low), rate(plan.speed.decode_tok_s.high)),
        ],
    ];
    if let Some(cost) = &plan.cost {
        facts.push([
            "price".to_string(),
            format!("{} {} a month", money(cost.per_month), cost.currency),
            format!("{} an hour; {}, {}", hourly(cost.per_hour), cost.offer.source, cost.offer.as_of),
        ]);
    }
    if let Some(arrival) = &plan.arrival {
        facts.push([
            "first answer".to_string(),
            format!("after {}", duration(arrival.first_token_seconds.expected)),
            format!("{} to download at {} Mbit/s", gib(arrival.download_bytes), arrival.network_mbit_s),
        ]);
    }
    facts
}

/// One machine on offer.
#[derive(Serialize)]
struct Row {
    name: String,
    region: String,
    per_month: String,
    quant: String,
    verdict: &'static str,
    speed: String,
    mark: &'static str,
}

impl Row {
    fn of(point: &OnOffer, chosen: &str) -> Row {
        let speed = point.decode_tok_s;
        Row {
            name: point.name.clone(),
            region: point.region.clone().unwrap_or_default(),
            per_month: format!("{} {}", money(point.per_month), point.currency),
            quant: point.quant.clone(),
            verdict: point.verdict.name(),
            speed: format!("{} ({} to {})", rate(speed.expected), rate(speed.low), rate(speed.high)),
            mark: match (point.name == chosen, point.front) {
                (true, _) => "chosen",
                (false, true) => "front",
                (false, false) => "",
            },
        }
    }
}

/// Returns a line for each alternative.
fn others(plan: &Plan) -> Vec<[String; 5]> {
    let row = |a: &crate::plan::document::Alternative| {
        let name = a.name();
        let price = a.per_month.map_or("unknown".to_string(), |price| {
            format!("{} {}", money(price), a.currency.as_deref().unwrap_or_default())
        });
        let speed = a.decode_tok_s.map_or("unknown".to_string(), rate);
        [name, a.quant.clone(), a.verdict.name().to_string(), price, speed]
    };
    plan.alternatives.iter().map(row).collect()
}

/// Each server's name and its command line.
fn servers(plan: &Plan) -> Vec<[String; 2]> {
    let main = [plan.model.id.to_string(), plan.llama_server.args.to_argv().join(" ")];
    let beside = plan.beside().map(|server| ["embedding".to_string(), server.args.to_argv().join(" ")]);
    std::iter::once(main).chain(beside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden() -> Plan {
        Plan::from_json(include_str!("../../../tests/golden/plans/gpu.json")).unwrap()
    }

    #[test]
    fn a_page_is_escaped_and_whole() {
        let mut plan = golden();
        plan.reasons.push(serde_json::from_value("<script>".into()).unwrap());
        let page = super::plan(&plan, &[], None).unwrap();
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
        assert!(page.contains(&plan.profile.id) && page.ends_with("</html>\n"));
    }

    #[test]
    fn parts_of_a_bar_and_what_is_free_fill_the_device() {
        for device in golden().memory {
            let bar = Bar::of(&device);
            let parts: f64 = bar.parts.iter().map(|part| part.share).sum();
            let free = device.headroom_bytes as f64 / device.capacity_bytes as f64 * 100.0;
            assert!((parts + free - 100.0).abs() < 0.1, "{}: {parts} and {free}", bar.device);
        }
    }

    #[test]
    fn a_device_that_is_too_small_says_what_is_missing() {
        let mut device = golden().memory.remove(0);
        device.capacity_bytes = device.total_bytes - (1 << 30);
        device.headroom_bytes = -(1 << 30);
        let bar = Bar::of(&device);
        assert!(!bar.fits && bar.left == "1.0 GiB missing");
        assert!((bar.parts.iter().map(|part| part.share).sum::<f64>() - 100.0).abs() < 0.1);
    }
}
