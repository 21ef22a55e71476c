//! Speed, cost, and what it takes to get there.

use super::explained::Explained;
use crate::hardware::offers::HOURS_PER_MONTH;
use crate::lang::{Sentence, of_data};
use crate::plan::arrival::{self, Journey};
use crate::plan::document::{Arrival, Cost, Interval, Plan, Speed};
use crate::plan::requirements;
use crate::plan::speed::rates::FITTED;
use crate::plan::speed::seconds::{COPIED, PREFILL_OVERHEAD};
use crate::plan::speed::{End, Terms};

/// The ends of an interval as a plan names them.
fn ends(interval: &Interval) -> [(&'static str, f64); 3] {
    [("low", interval.low), ("expected", interval.expected), ("high", interval.high)]
}

pub(super) fn speed(terms: &Terms, speed: &Speed) -> Vec<Explained> {
    let mut all = Vec::new();
    for (end, (key, value)) in End::ALL.into_iter().zip(ends(&speed.decode_tok_s)) {
        all.push(decode(terms, format!("/speed/decode_tok_s/{key}"), value, end));
    }
    for (end, (key, value)) in End::ALL.into_iter().zip(ends(&speed.prefill_tok_s)) {
        all.push(prefill(terms, format!("/speed/prefill_tok_s/{key}"), value, end));
    }
    all
}

fn decode(terms: &Terms, number: String, value: f64, end: End) -> Explained {
    let mut inputs = Inputs::default();
    let mut parts = Vec::new();
    let host = &terms.host;
    let of = host.seconds(&FITTED);
    if host.read > 0.0 {
        parts.push(
            "host_end × (host_bytes / (host_gb_s × 1000000000) + (host_matrices + \
             host_attention / attention_share) / (host_tflops × 1000000000000) + host_waiting)"
                .to_string(),
        );
        inputs.add("host_end", end.factor(of.spread.decode), "", sentence!("explain-spread"));
        inputs.add("host_bytes", host.read, "bytes", sentence!("explain-host-read"));
        inputs.add("host_gb_s", of.read_gb_s, "GB/s", sentence!("explain-host-gb-s"));
        inputs.add("host_matrices", host.matrices, "", sentence!("explain-host-matrices"));
        inputs.add("host_attention", host.attention, "", sentence!("explain-host-attention"));
        inputs.add("attention_share", of.attention, "", sentence!("explain-attention"));
        inputs.add("host_tflops", of.tflops, "", sentence!("explain-flops"));
        inputs.add("host_waiting", of.waiting, "seconds", sentence!("explain-host-waiting"));
    }
    let mut each = Vec::new();
    for (index, card) in terms.cards.iter().enumerate() {
        let name = |name: &str| format!("gpu{index}_{name}");
        let of = card.seconds(terms, &FITTED);
        let experts = match terms.experts {
            Some(_) => format!(" + experts_end × gpu{index}_experts"),
            None => String::new(),
        };
        each.push(format!(
            "gpu_end × (gpu{index}_bytes / (gpu{index}_gb_s × 1000000000 × gpu{index}_share) + gpu{index}_cache / \
             (gpu{index}_gb_s × 1000000000 × cache_share) + gpu{index}_layers){experts}"
        ));
        inputs.add(name("bytes"), card.weights, "bytes", sentence!("explain-card-read"));
        inputs.add(name("cache"), card.cache, "bytes", sentence!("explain-card-cache"));
        inputs.add(name("gb_s"), card.bandwidth_gb_s, "GB/s", sentence!("explain-peak"));
        inputs.add(name("share"), of.share, "", sentence!("explain-reached"));
        inputs.add(name("layers"), of.layers, "seconds", sentence!("explain-card-layers"));
        if terms.experts.is_some() {
            inputs.add(name("experts"), of.experts, "seconds", sentence!("explain-card-experts"));
        }
    }
    if let Some(card) = terms.cards.first() {
        inputs.add("cache_share", card.seconds(terms, &FITTED).cache_share, "", sentence!("explain-reached"));
        inputs.add("gpu_end", end.factor(terms.card_spread(&FITTED).decode), "", sentence!("explain-spread"));
        if terms.experts.is_some() {
            let factor = end.factor(terms.experts_spread(&FITTED));
            inputs.add("experts_end", factor, "", sentence!("explain-spread"));
        }
        inputs.add("token", terms.token(&FITTED), "seconds", sentence!("explain-token"));
        parts.push(match terms.waiting() {
            None => format!("{} + gpu_end × token", each.join(" + ")),
            Some(_) => format!("max({}, 0) + gpu_end × (waiting + token)", each.join(", ")),
        });
        if let Some(waiting) = terms.waiting() {
            inputs.add("waiting", waiting, "seconds", sentence!("explain-waiting"));
        }
    }
    inputs.line(Explained::new(number, value, "tokens/s", format!("round(1 / ({}), 2)", parts.join(" + "))))
}

fn prefill(terms: &Terms, number: String, value: f64, end: End) -> Explained {
    let mut inputs = Inputs::default();
    let overhead = sentence!("explain-overhead");
    inputs.add("overhead", PREFILL_OVERHEAD, "seconds", overhead);
    let mut seconds = "overhead".to_string();
    let host = &terms.host;
    if host.operations + host.looked_back > 0.0 {
        let of = host.seconds(&FITTED);
        seconds += " + host_end × ((host_operations / quants_share + host_attention / attention_share) / (host_tflops × \
                    1000000000000) + host_beside)";
        inputs.add("host_end", end.factor(of.spread.prefill), "", sentence!("explain-spread"));
        inputs.add("host_operations", host.operations, "", sentence!("explain-work"));
        inputs.add("quants_share", of.quants, "", sentence!("explain-quants"));
        inputs.add("host_attention", host.looked_back, "", sentence!("explain-looked-back"));
        inputs.add("attention_share", of.prefill_attention, "", sentence!("explain-attention"));
        inputs.add("host_tflops", of.prefill_tflops, "", sentence!("explain-flops"));
        inputs.add("host_beside", of.beside, "seconds", sentence!("explain-host-beside"));
    }
    if host.copied > 0.0 {
        seconds += " + copied_end × copied / (copied_gb_s × 1000000000) / ubatch";
        inputs.add("copied_end", end.factor(COPIED), "", sentence!("explain-spread"));
        inputs.add("copied", host.copied, "bytes", sentence!("explain-copied"));
        inputs.add("copied_gb_s", FITTED.copied_gb_s, "GB/s", sentence!("explain-pcie"));
    }
    let mut each = Vec::new();
    for (index, card) in terms.cards.iter().enumerate() {
        let name = |name: &str| format!("gpu{index}_{name}");
        let of = card.seconds(terms, &FITTED);
        each.push(format!(
            "gpu{index}_operations / (gpu{index}_tops × 1000000000000) + gpu{index}_attention / \
             (gpu{index}_attention_tops × 1000000000000) + gpu{index}_scores / (gpu{index}_gb_s × 1000000000) + \
             (gpu{index}_read / (gpu{index}_gb_s × 1000000000) + gpu{index}_batch) / ubatch"
        ));
        inputs.add(name("operations"), card.operations, "", sentence!("explain-work"));
        inputs.add(name("tops"), of.tops, "", sentence!("explain-tops"));
        inputs.add(name("attention"), card.attention, "", sentence!("explain-card-attention"));
        inputs.add(name("attention_tops"), of.attention_tops, "", sentence!("explain-attention-tops"));
        inputs.add(name("scores"), of.score_bytes, "bytes", sentence!("explain-scores"));
        inputs.add(name("gb_s"), card.bandwidth_gb_s, "GB/s", sentence!("explain-peak"));
        inputs.add(name("read"), of.batch_bytes, "bytes", sentence!("explain-batch-read"));
        inputs.add(name("batch"), of.batch, "seconds", sentence!("explain-batch"));
    }
    if !each.is_empty() {
        inputs.add(
            "gpu_end",
            end.factor(terms.card_spread(&FITTED).prefill),
            "",
            sentence!("explain-spread"),
        );
        let split = sentence!("explain-split");
        inputs.add("split", terms.prefill_split(&FITTED), "", split);
        seconds += &format!(" + gpu_end × ({}) / split", each.join(" + "));
    }
    if host.copied > 0.0 || !each.is_empty() {
        inputs.add("ubatch", terms.ubatch, "tokens", sentence!("explain-ubatch"));
    }
    inputs.line(Explained::new(number, value, "tokens/s", format!("round(1 / ({seconds}), 2)")))
}

/// Inputs as they are met.
#[derive(Default)]
struct Inputs(Vec<(String, f64, &'static str, Sentence)>);

impl Inputs {
    fn add(&mut self, name: impl Into<String>, value: f64, unit: &'static str, source: Sentence) {
        self.0.push((name.into(), value, unit, source));
    }

    fn line(self, line: Explained) -> Explained {
        let inputs = self.0.into_iter();
        inputs
            .fold(line, |line, (name, value, unit, source)| line.with(name, value, unit, source))
            .from(sentence!("explain-calibration"))
    }
}

pub(super) fn cost(cost: &Cost, speed: &Speed) -> Vec<Explained> {
    let offer = &cost.offer;
    let source = || {
        let (instance, provider) = (&offer.instance, &offer.provider);
        sentence!(
            "explain-offer",
            instance = instance,
            provider = provider,
            source = of_data("source", &offer.source, &offer.source),
            day = offer.day()
        )
    };
    let money = |key: &str, value: f64, formula: &str| {
        Explained::new(format!("/cost/{key}"), value, &cost.currency, formula)
    };
    let month = |line: Explained| {
        let line = line.with("hour", cost.per_hour, &cost.currency, sentence!("explain-of-offer"));
        let line = line.with("hours", HOURS_PER_MONTH, "hours", sentence!("explain-hours"));
        match offer.per_month_cap {
            Some(cap) => line.with("cap", cap, &cost.currency, sentence!("explain-cap")),
            None => line,
        }
    };
    let whole = if offer.per_month_cap.is_some() { "min(hour × hours, cap)" } else { "hour × hours" };
    let mut beside = Vec::new();
    if let Some(cap) = offer.per_month_cap {
        let line = Explained::new("/cost/offer/per_month_cap", cap, &cost.currency, "cap");
        beside.push(line.with("cap", cap, &cost.currency, sentence!("explain-cap")).from(source()));
    }
    if let Some(other) = &cost.converted {
        let from = {
            let source = of_data("source", &other.rate_source, &other.rate_source);
            sentence!("explain-rate", source = source, day = &other.rate_as_of)
        };
        let line = |key: &str, value: f64, unit: &str, formula: &str| {
            let number = format!("/cost/converted/{key}");
            Explained::new(number, value, unit, formula)
                .with("rate", other.rate, "", from.clone())
                .from(from.clone())
        };
        let price = |key: &str, value: f64, price: f64| {
            line(key, value, &other.currency, "round(price × rate, 4)").with(
                "price",
                price,
                &cost.currency,
                sentence!("explain-above"),
            )
        };
        beside.push(line("rate", other.rate, &format!("{} for 1 {}", other.currency, cost.currency), "rate"));
        beside.push(price("per_hour", other.per_hour, cost.per_hour));
        beside.push(price("per_month", other.per_month, cost.per_month));
    }
    let tokens = format!("round({whole} / (decode × 3600 × hours) × 1000000, 4)");
    let mut all = vec![
        money("per_hour", cost.per_hour, "hour")
            .with("hour", cost.per_hour, &cost.currency, sentence!("explain-of-offer"))
            .from(source()),
        month(money("per_month", cost.per_month, &format!("round({whole}, 4)"))).from(source()),
        month(money("per_million_tokens", cost.per_million_tokens, &tokens))
            .with("decode", speed.decode_tok_s.expected, "tokens/s", sentence!("explain-expected"))
            .from(sentence!("explain-all-the-time")),
    ];
    all.extend(beside);
    all
}

pub(super) fn arrival(journey: &Journey, arrival: &Arrival, plan: &Plan) -> Vec<Explained> {
    let at = |key: &str, value: f64, formula: &str| {
        Explained::new(format!("/arrival/{key}"), value, "seconds", formula)
    };
    let bytes = |key: &str, value: u64, formula: &str| {
        Explained::new(format!("/arrival/{key}"), value, "bytes", formula)
    };
    let promise = || sentence!("explain-promise");
    let mut all = vec![
        bytes("model_bytes", arrival.model_bytes, "files")
            .with("files", plan.model.size_bytes, "bytes", sentence!("explain-files"))
            .from(sentence!("explain-files-source")),
    ];
    let mut download = bytes("download_bytes", arrival.download_bytes, "model").with(
        "model",
        arrival.model_bytes,
        "bytes",
        sentence!("explain-above"),
    );
    let embedding = arrival.embedding_bytes;
    if embedding > 0 {
        let source = sentence!("explain-rag-files");
        all.push(
            bytes("embedding_bytes", embedding, "files")
                .with("files", embedding, "bytes", source)
                .from(Sentence::same("--rag")),
        );
        download.formula += " + embedding";
        download = download.with("embedding", embedding, "bytes", sentence!("explain-above"));
    }
    if let Some(runtime) = arrival.runtime_bytes {
        let source = sentence!("explain-release");
        all.push(
            bytes("runtime_bytes", runtime, "archive")
                .with("archive", runtime, "bytes", source.clone())
                .from(source),
        );
        download.formula += " + runtime";
        download = download.with("runtime", runtime, "bytes", sentence!("explain-above"));
    }
    all.push(download.from(sentence!("explain-pinned")));
    let disk = if embedding > 0 { "model + embedding + beside" } else { "model + beside" };
    let mut disk = bytes("disk_bytes", arrival.disk_bytes, disk).with(
        "model",
        arrival.model_bytes,
        "bytes",
        sentence!("explain-above"),
    );
    if embedding > 0 {
        disk = disk.with("embedding", embedding, "bytes", sentence!("explain-above"));
    }
    let beside = sentence!("explain-beside");
    all.push(
        disk.with("beside", requirements::disk_need(0, arrival.runtime_bytes), "bytes", beside)
            .from(sentence!("explain-disk")),
    );
    all.push(
        Explained::new("/arrival/network_mbit_s", arrival.network_mbit_s, "Mbit/s", "promise")
            .with("promise", journey.profile.network_mbit_s, "Mbit/s", promise())
            .from(promise()),
    );
    all.push(
        Explained::new("/arrival/disk_read_mb_s", arrival.disk_read_mb_s, "MB/s", "promise")
            .with("promise", journey.profile.disk_read_mb_s, "MB/s", promise())
            .from(promise()),
    );
    all.push(
        at(
            "download_seconds",
            arrival.download_seconds,
            "round(download × 8 × frame / payload / (network × 1000000), 2)",
        )
        .with("download", arrival.download_bytes, "bytes", sentence!("explain-above"))
        .with("frame", arrival::FRAME, "bytes", sentence!("explain-frame"))
        .with("payload", arrival::PAYLOAD, "bytes", sentence!("explain-payload"))
        .with("network", arrival.network_mbit_s, "Mbit/s", promise())
        .from(sentence!("explain-ethernet")),
    );
    all.extend(load(journey, arrival));
    all.extend(start(journey, arrival));
    all.push(
        Explained::new("/arrival/prompt_tokens", arrival.prompt_tokens, "tokens", "batch")
            .with("batch", arrival::PROMPT_TOKENS, "tokens", sentence!("explain-one-batch"))
            .from(sentence!("explain-question")),
    );
    all.extend(answer(arrival, plan));
    all
}

fn load(journey: &Journey, arrival: &Arrival) -> Vec<Explained> {
    let cached = |key: &str, value: f64| {
        Explained::new(
            format!("/arrival/load_seconds/{key}"),
            value,
            "seconds",
            "round(model / (memory × 1000000000), 2)",
        )
        .with("model", arrival.model_bytes, "bytes", sentence!("explain-above"))
        .with(
            "memory",
            journey.profile.memory_bandwidth_gb_s,
            "GB/s",
            Sentence::same("profiles/hardware.toml"),
        )
        .from(sentence!("explain-cached"))
    };
    let disk = |key: &str, value: f64| {
        Explained::new(
            format!("/arrival/load_seconds/{key}"),
            value,
            "seconds",
            "round(model / (disk × 1000000), 2)",
        )
        .with("model", arrival.model_bytes, "bytes", sentence!("explain-above"))
        .with("disk", arrival.disk_read_mb_s, "MB/s", Sentence::same("profiles/hardware.toml"))
        .from(sentence!("explain-from-disk"))
    };
    let load = &arrival.load_seconds;
    let expected = match journey.stays_cached() {
        true => cached("expected", load.expected),
        false => disk("expected", load.expected),
    };
    vec![cached("low", load.low), expected, disk("high", load.high)]
}

fn start(journey: &Journey, arrival: &Arrival) -> Vec<Explained> {
    let gpus = !journey.profile.gpus.is_empty();
    let formula = if gpus { "round(process + cuda, 2)" } else { "process" };
    let (process, cuda) = (ends(&arrival::PROCESS_START), ends(&arrival::CUDA_START));
    let each = |(end, (key, value)): (usize, (&str, f64))| {
        let line = Explained::new(format!("/arrival/start_seconds/{key}"), value, "seconds", formula);
        let line = line.with("process", process[end].1, "seconds", sentence!("explain-start"));
        let line = if gpus {
            line.with("cuda", cuda[end].1, "seconds", sentence!("explain-cuda-start"))
        } else {
            line
        };
        line.from(Sentence::same("src/plan/arrival.rs"))
    };
    ends(&arrival.start_seconds).into_iter().enumerate().map(each).collect()
}

/// Reading the question and answering, and all of it together.
fn answer(arrival: &Arrival, plan: &Plan) -> Vec<Explained> {
    let mut all = Vec::new();
    let fastest_last = |interval: &Interval| [interval.high, interval.expected, interval.low];
    let (prefill, decode) = (fastest_last(&plan.speed.prefill_tok_s), fastest_last(&plan.speed.decode_tok_s));
    for (end, (key, value)) in ends(&arrival.prompt_seconds).into_iter().enumerate() {
        let line = Explained::new(
            format!("/arrival/prompt_seconds/{key}"),
            value,
            "seconds",
            "round(prompt / max(prefill, 0.01) + 1 / max(decode, 0.01), 2)",
        );
        all.push(
            line.with("prompt", arrival.prompt_tokens, "tokens", sentence!("explain-above"))
                .with("prefill", prefill[end], "tokens/s", sentence!("explain-other-way"))
                .with("decode", decode[end], "tokens/s", sentence!("explain-other-way"))
                .from(sentence!("explain-one-answer")),
        );
    }
    let parts = [&arrival.load_seconds, &arrival.start_seconds, &arrival.prompt_seconds].map(ends);
    for (end, (key, value)) in ends(&arrival.first_token_seconds).into_iter().enumerate() {
        let formula = "round(download + load + start + prompt, 2)";
        all.push(
            Explained::new(format!("/arrival/first_token_seconds/{key}"), value, "seconds", formula)
                .with("download", arrival.download_seconds, "seconds", sentence!("explain-above"))
                .with("load", parts[0][end].1, "seconds", sentence!("explain-above"))
                .with("start", parts[1][end].1, "seconds", sentence!("explain-above"))
                .with("prompt", parts[2][end].1, "seconds", sentence!("explain-above"))
                .from(sentence!("explain-one-by-one")),
        );
    }
    let (Some(until), Some(cost)) = (&arrival.cost, &plan.cost) else { return all };
    let seconds = ends(&arrival.first_token_seconds);
    for (end, (key, value)) in ends(until).into_iter().enumerate() {
        let formula = "round(per_hour × seconds / 3600, 4)";
        all.push(
            Explained::new(format!("/arrival/cost/{key}"), value, &cost.currency, formula)
                .with("per_hour", cost.per_hour, "", sentence!("explain-cost"))
                .with("seconds", seconds[end].1, "seconds", sentence!("explain-until"))
                .from(sentence!("explain-paid")),
        );
    }
    all
}
