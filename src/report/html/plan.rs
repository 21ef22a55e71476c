//! A plan's page: memory as bars, the speed's interval, what it costs beside every other machine on offer.

use super::chart::{Axes, Size, price_against_speed};
use super::page::fill;
use crate::error::Result;
use crate::hardware::offers::HostKind;
use crate::lang::{Lang, Value, figure};
use crate::plan::Plan;
use crate::plan::choice::OnOffer;
use crate::plan::document::{Cost, DeviceLedger, Interval, Verdict};
use crate::plan::explain::Explanation;
use crate::report::plan::{advisories, amount, duration};
use crate::report::{explain, words};
use crate::units::{gib, hourly, money, rate};
use serde::Serialize;
use serde_json::{Value as Json, json};

/// Charts for a wide screen and for a phone, where text of the same size must stay readable.
const WIDE: Size = Size { width: 960, height: 420 };
const NARROW: Size = Size { width: 380, height: 380 };

/// Returns the page; `market` is every machine on offer that runs the model, none for a host that is there.
pub fn plan(
    plan: &Plan,
    market: &[OnOffer],
    explanation: Option<&Explanation>,
    lang: Lang,
) -> Result<String> {
    let chosen = plan
        .cost
        .as_ref()
        .map_or(String::new(), |cost| format!("{}/{}", cost.offer.provider, cost.offer.instance));
    let (model, quant, profile) = (&*plan.model.id, &plan.model.quant, &plan.profile.id);
    let axes = Axes { price: tr!(lang, "html-axis-price"), speed: tr!(lang, "html-axis-speed"), lang };
    let chart = |size| price_against_speed(market, &chosen, size, &axes);
    let rag = plan.beside().filter_map(|server| server.embedding);
    let context = json!({
        "lang": lang.code(),
        "say": labels(lang),
        "title": tr!(lang, "html-title", model = model, quant = quant, profile = profile),
        "verdict": Judged::of(plan.verdict, lang),
        "reasons": plan.reasons.iter().map(|reason| reason.told(lang)).collect::<Vec<_>>(),
        "facts": facts(plan, lang),
        "advisories": advisories(plan, lang),
        "devices": plan.memory.iter().map(|device| Bar::of(device, lang)).collect::<Vec<_>>(),
        "speeds": speeds(plan, lang),
        "price": plan.cost.as_ref().map(|cost| price(cost, lang)),
        "url": plan.cost.as_ref().and_then(|cost| cost.offer.url.as_ref()),
        "near": plan.near_miss.as_ref().map(|near| tr!(lang, "html-near", text = near.text.told(lang))),
        "charts": [chart(WIDE)?, chart(NARROW)?],
        "machines": market.iter().map(|point| Row::of(point, &chosen, lang)).collect::<Vec<_>>(),
        "all": tr!(lang, "html-machines", count = market.len()),
        "others": others(plan, lang),
        "embedding": rag.map(|rag| words::embedding(rag, lang)).collect::<Vec<_>>(),
        "build": plan.llama_server.build,
        "servers": servers(plan, lang),
        "explanation": explanation.map(|explanation| explained(explanation, lang)),
    });
    fill("plan.html", &tera::Context::from_serialize(&context)?)
}

/// Returns the texts of the page that hold no value.
fn labels(lang: Lang) -> Json {
    json!({
        "memory": tr!(lang, "html-memory"),
        "speeds": tr!(lang, "html-speeds"),
        "price": tr!(lang, "html-price-title"),
        "rent": tr!(lang, "html-rent"),
        "chart": tr!(lang, "html-chart"),
        "caption": tr!(lang, "html-caption"),
        "machines": tr!(lang, "html-all-machines"),
        "machine": tr!(lang, "html-column-machine"),
        "region": tr!(lang, "html-column-region"),
        "month": tr!(lang, "html-column-month"),
        "quant": tr!(lang, "html-column-quant"),
        "verdict": tr!(lang, "plan-column-verdict"),
        "speed": tr!(lang, "plan-column-speed"),
        "mark": tr!(lang, "html-column-mark"),
        "others": tr!(lang, "html-others"),
        "alternatives": tr!(lang, "html-alternatives"),
        "embedding": tr!(lang, "html-embedding"),
        "explained": tr!(lang, "explain-title"),
        "numbers": tr!(lang, "html-numbers"),
        "number": tr!(lang, "html-column-number"),
        "value": tr!(lang, "explain-column-value"),
        "formula": tr!(lang, "html-column-formula"),
        "inputs": tr!(lang, "html-column-inputs"),
        "source": tr!(lang, "html-column-source"),
        "rule": tr!(lang, "html-verdict"),
        "terms": tr!(lang, "html-terms"),
        "choice": tr!(lang, "html-choice"),
        "runners_up": tr!(lang, "html-runners-up"),
        "units": tr!(lang, "html-units"),
    })
}

/// A verdict: the class that gives its colour, and its word.
#[derive(Serialize)]
struct Judged {
    class: &'static str,
    word: String,
}

impl Judged {
    fn of(verdict: Verdict, lang: Lang) -> Judged {
        Judged { class: verdict.name(), word: words::verdict(verdict, lang) }
    }
}

/// The memory of one device as a bar.
#[derive(Serialize)]
struct Bar {
    device: String,
    /// `19.6 GiB of 24.0 GiB`.
    taken: String,
    /// `4.4 GiB free`, or what is missing.
    left: String,
    fits: bool,
    parts: Vec<Part>,
}

/// One part of a bar.
#[derive(Serialize)]
struct Part {
    /// Class that gives the colour.
    class: &'static str,
    name: String,
    size: String,
    /// Share of the bar, percent.
    share: f64,
}

impl Bar {
    fn of(device: &DeviceLedger, lang: Lang) -> Bar {
        let whole = device.capacity_bytes.max(device.total_bytes).max(1);
        let parts = [
            ("weights", tr!(lang, "plan-column-weights"), device.weights_bytes),
            ("context", tr!(lang, "plan-column-context"), device.kv_bytes),
            ("compute", tr!(lang, "plan-column-compute"), device.compute_bytes),
            ("runtime", tr!(lang, "plan-column-runtime"), device.output_bytes + device.runtime_bytes),
            ("beside", tr!(lang, "plan-column-rag"), device.rag_bytes),
            ("reserve", tr!(lang, "plan-column-reserve"), device.reserved_bytes),
        ];
        let part = |(class, name, bytes): (&'static str, String, u64)| Part {
            class,
            name,
            size: figure(lang, &gib(bytes)),
            share: (bytes as f64 / whole as f64 * 10_000.0).round() / 100.0,
        };
        let size = |bytes: u64| Value::figure(gib(bytes));
        let (fits, left) = (device.headroom_bytes >= 0, size(device.headroom_bytes.unsigned_abs()));
        let (total, capacity) = (size(device.total_bytes), size(device.capacity_bytes));
        Bar {
            device: words::device(&device.device, lang),
            taken: tr!(lang, "html-of", total = total, capacity = capacity),
            left: match fits {
                true => tr!(lang, "html-free", size = left),
                false => tr!(lang, "html-missing", size = left),
            },
            fits,
            parts: parts.into_iter().filter(|(_, _, bytes)| *bytes > 0).map(part).collect(),
        }
    }
}

/// A speed's interval on a line from 0 to a little more than its high end.
#[derive(Serialize)]
struct Range {
    /// `writes 23 tokens/s`.
    expected: String,
    /// `20 to 26`.
    range: String,
    /// Left end, length and middle, percent of the line.
    from: f64,
    length: f64,
    middle: f64,
}

fn speeds(plan: &Plan, lang: Lang) -> Vec<Range> {
    let range = |expected, interval: Interval| {
        let end = (interval.high * 1.15).max(f64::MIN_POSITIVE);
        let percent = |value: f64| (value / end * 1000.0).round() / 10.0;
        Range {
            expected,
            range: words::range(rate(interval.low), rate(interval.high), lang),
            from: percent(interval.low),
            length: percent(interval.high - interval.low),
            middle: percent(interval.expected),
        }
    };
    let (decode, prefill) = (plan.speed.decode_tok_s, plan.speed.prefill_tok_s);
    vec![
        range(tr!(lang, "html-writes", speed = Value::figure(rate(decode.expected))), decode),
        range(tr!(lang, "html-reads", speed = Value::figure(rate(prefill.expected))), prefill),
    ]
}

/// The figures at the top of the page: a name, the value, and a line below.
fn facts(plan: &Plan, lang: Lang) -> Vec<[String; 3]> {
    let (w, decode) = (&plan.workload, plan.speed.decode_tok_s);
    let parameters = Value::figure(amount(plan.model.parameters as f64 / 1e9));
    let size = |bytes: u64| Value::figure(gib(bytes));
    let mut facts = vec![
        [
            tr!(lang, "html-model"),
            tr!(lang, "html-parameters", parameters = parameters),
            tr!(lang, "html-files", quant = &plan.model.quant, size = size(plan.model.size_bytes)),
        ],
        [
            tr!(lang, "html-context"),
            tr!(lang, "unit-tokens", number = w.slot_tokens()),
            tr!(lang, "html-requests", slots = w.slots, cache = &w.kv_type_k),
        ],
        [
            tr!(lang, "html-speed"),
            tr!(lang, "choice-tokens", speed = Value::figure(rate(decode.expected))),
            words::range(rate(decode.low), rate(decode.high), lang),
        ],
    ];
    if let Some(cost) = &plan.cost {
        let (month, hour) = (Value::figure(money(cost.per_month)), Value::figure(hourly(cost.per_hour)));
        let (source, day) = (words::source(&cost.offer.source), cost.offer.day());
        facts.push([
            tr!(lang, "html-price"),
            tr!(lang, "html-month", price = month, currency = &cost.currency),
            tr!(lang, "html-hour", price = hour, source = source, day = day),
        ]);
    }
    if let Some(arrival) = &plan.arrival {
        let time = Value::figure(duration(arrival.first_token_seconds.expected));
        let (size, speed) = (size(arrival.download_bytes), arrival.network_mbit_s);
        facts.push([
            tr!(lang, "html-first-answer"),
            tr!(lang, "html-after", time = time),
            tr!(lang, "html-download", size = size, speed = speed),
        ]);
    }
    facts
}

/// Returns the machine of a price, and where the price is from.
fn price(cost: &Cost, lang: Lang) -> String {
    let offer = &cost.offer;
    tr!(
        lang,
        "html-offer",
        provider = &offer.provider,
        instance = &offer.instance,
        region = offer.region.as_ref().map(|region| sentence!("html-in", region = region)),
        container = (offer.host == Some(HostKind::Container)).then(|| sentence!("plan-container")),
        source = words::source(&offer.source),
        day = offer.day(),
    )
}

/// One machine on offer.
#[derive(Serialize)]
struct Row {
    name: String,
    region: String,
    per_month: String,
    quant: String,
    verdict: Judged,
    speed: String,
    mark: String,
    chosen: bool,
}

impl Row {
    fn of(point: &OnOffer, chosen: &str, lang: Lang) -> Row {
        let (speed, is_chosen) = (point.decode_tok_s, point.name == chosen);
        let expected = figure(lang, &rate(speed.expected));
        Row {
            name: point.name.clone(),
            region: point.region.clone().unwrap_or_default(),
            per_month: format!("{} {}", figure(lang, &money(point.per_month)), point.currency),
            quant: point.quant.clone(),
            verdict: Judged::of(point.verdict, lang),
            speed: format!("{expected} ({})", words::range(rate(speed.low), rate(speed.high), lang)),
            mark: match (is_chosen, point.front) {
                (true, _) => tr!(lang, "html-chosen"),
                (false, true) => tr!(lang, "html-front"),
                (false, false) => String::new(),
            },
            chosen: is_chosen,
        }
    }
}

/// An alternative that was weighed.
#[derive(Serialize)]
struct Other {
    name: String,
    quant: String,
    verdict: Judged,
    per_month: String,
    speed: String,
}

fn others(plan: &Plan, lang: Lang) -> Vec<Other> {
    let unknown = || tr!(lang, "html-unknown");
    let other = |a: &crate::plan::document::Alternative| Other {
        name: a.name(),
        quant: a.quant.clone(),
        verdict: Judged::of(a.verdict, lang),
        per_month: a.per_month.map_or_else(unknown, |price| {
            format!("{} {}", figure(lang, &money(price)), a.currency.as_deref().unwrap_or_default())
        }),
        speed: a.decode_tok_s.map_or_else(unknown, |speed| figure(lang, &rate(speed))),
    };
    plan.alternatives.iter().map(other).collect()
}

/// Each server's name and its command line.
fn servers(plan: &Plan, lang: Lang) -> Vec<[String; 2]> {
    let main = [plan.model.id.to_string(), plan.llama_server.args.to_argv().join(" ")];
    let name = || tr!(lang, "html-server-embedding");
    let beside = plan.beside().map(|server| [name(), server.args.to_argv().join(" ")]);
    std::iter::once(main).chain(beside).collect()
}

fn explained(explanation: &Explanation, lang: Lang) -> Json {
    json!({
        "numbers": explain::lines(explanation, lang),
        "rule": explanation.verdict.rule.told(lang),
        "term_heads": explain::term_heads(lang),
        "terms": explain::terms(&explanation.verdict, lang),
        "chosen": explain::chosen(&explanation.choice, lang),
        "heads": explain::runner_up_heads(lang),
        "runners_up": explain::runners_up(&explanation.choice, lang),
    })
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
        let page = super::plan(&plan, &[], None, Lang::English).unwrap();
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
        assert!(page.contains(&plan.profile.id) && page.ends_with("</html>\n"));
        let russian = super::plan(&plan, &[], None, Lang::Russian).unwrap();
        assert!(page.contains("<html lang=\"en\">") && russian.contains("<html lang=\"ru\">"));
    }

    #[test]
    fn parts_of_a_bar_and_what_is_free_fill_the_device() {
        for device in golden().memory {
            let bar = Bar::of(&device, Lang::English);
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
        let bar = Bar::of(&device, Lang::English);
        assert!(!bar.fits && bar.left == "1.0 GiB missing");
        assert!((bar.parts.iter().map(|part| part.share).sum::<f64>() - 100.0).abs() < 0.1);
    }
}
