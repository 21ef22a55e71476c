//! A plan as text.

use super::{bar, table, words};
use crate::engine::llama_cpp::build;
use crate::hardware::offers::{self, HostKind};
use crate::lang::{Lang, Value, figure, of_data};
use crate::paint::Painted;
use crate::plan::document::{Cost, Interval, KnownAdvisory, Plan, Verdict};
use crate::plan::runtime::{self, RuntimeChoice};
use crate::units::{gib, hourly, money, rate};
use crate::width;

/// Returns the plan as text for a terminal.
pub fn text(plan: &Plan, lang: Lang) -> Painted {
    on(plan, lang, offers::today())
}

/// Returns the text as it is on a day, by which prices are old.
pub fn on(plan: &Plan, lang: Lang, day: jiff::civil::Date) -> Painted {
    let mut page = Page { out: Painted::default(), lang, day };
    page.head(plan);
    advisories(plan, lang).into_iter().for_each(|text| page.line(text));
    page.runtime(plan);
    page.memory(plan);
    page.rag(plan);
    page.speed_and_cost(plan);
    page.arrival(plan);
    page.alternatives(plan);
    page.next(plan);
    page.out
}

struct Page {
    out: Painted,
    lang: Lang,
    day: jiff::civil::Date,
}

impl Page {
    fn line(&mut self, text: impl std::fmt::Display) {
        self.out.line(text.to_string());
    }

    /// Columns in which the short words at the left stand.
    fn label(&self) -> usize {
        match self.lang {
            Lang::English => 8,
            Lang::Russian => 11,
        }
    }

    /// Writes a line after its short word; a line without one stands below the one before.
    fn labelled(&mut self, label: &str, text: &str) {
        let width = self.label();
        self.line(format!("{label:<width$}{text}"));
    }

    fn size(&self, bytes: u64) -> String {
        figure(self.lang, &gib(bytes))
    }

    fn head(&mut self, plan: &Plan) {
        let (lang, model, w) = (self.lang, &plan.model, &plan.workload);
        let verdict = words::verdict(plan.verdict, lang);
        let other = Some(plan.profile.processor).filter(|processor| !processor.is_default());
        let other = other.map_or(String::new(), |processor| format!(" ({processor})"));
        let profile = format!("{}{other}", plan.profile.id);
        let (id, quant) = (&*model.id, &model.quant);
        let head = tr!(lang, "plan-head", model = id, quant = quant, profile = profile, verdict = &verdict);
        self.out.line(Painted::from(head).marked(&verdict, words::meaning(plan.verdict)));
        for reason in &plan.reasons {
            self.line(format!("  - {}", reason.told(lang)));
        }
        let tokens = w.slot_tokens();
        let parameters = Value::figure(format!("{:.2}", model.parameters as f64 / 1e9));
        let flash = w.flash_attn.then(|| sentence!("plan-flash-attention"));
        let (size, slots, cache) = (Value::figure(gib(model.size_bytes)), w.slots, &w.kv_type_k);
        let of_model = tr!(
            lang,
            "plan-model",
            parameters = parameters,
            size = size,
            slots = slots,
            tokens = tokens,
            cache = cache,
            flash = flash,
        );
        self.line(format!("\n{of_model}"));
        // Parallel and recursive prompting: what several requests at once may count on.
        let at_once = match (slots, w.kv_unified) {
            (0 | 1, _) => None,
            (slots, false) => Some(tr!(lang, "plan-slots-own", slots = slots, tokens = tokens)),
            (slots, true) => Some(tr!(lang, "plan-slots-shared", slots = slots, tokens = tokens)),
        };
        if let Some(text) = at_once {
            self.labelled(&tr!(lang, "plan-label-slots"), &text);
        }
        if let (Some(_), Some(from)) = (&model.chat_template, &model.chat_template_from) {
            self.line(tr!(lang, "plan-template", from = from.told(lang)));
        }
        if plan.has_page() {
            self.line(tr!(lang, "plan-page"));
        }
    }

    /// The archives that are right for a probed host, and why faster ones are not.
    fn runtime(&mut self, plan: &Plan) {
        let lang = self.lang;
        let Some(choice) = &plan.llama_server.runtime_choice else { return };
        if choice.kind.as_deref() == Some(runtime::IMAGE) {
            self.line(match &plan.llama_server.image {
                Some(image) => tr!(lang, "plan-image", image = image.as_str()),
                None => tr!(lang, "plan-no-image", engine = plan.engine().name()),
            });
            self.other_runtimes(choice);
            return;
        }
        if !plan.llama_server.packages.is_empty() {
            let packages = plan.llama_server.packages.join(", ");
            self.line(tr!(lang, "plan-packages", packages = packages, why = choice.why.told(lang)));
            return;
        }
        let both = |first, second: String| tr!(lang, "plan-archives", first = first, second = second);
        let archives = choice.archives.iter().cloned().reduce(both);
        let archives = archives.unwrap_or_else(|| tr!(lang, "plan-no-archive"));
        self.line(tr!(lang, "plan-runtime", archives = archives, why = choice.why.told(lang)));
        self.other_runtimes(choice);
        if let Some(image) = &choice.image {
            let (name, why) = (image.name.as_str(), image.why.told(lang));
            self.line(format!("  {}", tr!(lang, "plan-image-advice", name = name, why = why)));
            self.line(format!("  {}", width::command(&image.flag())));
        }
        if let Some(packages) = &choice.packages {
            let (names, build) = (packages.names.join(", "), packages.build.as_str());
            self.line(format!("  {}", tr!(lang, "plan-packages-advice", packages = names, build = build)));
        }
    }

    /// Why others are not right.
    fn other_runtimes(&mut self, choice: &RuntimeChoice) {
        let lang = self.lang;
        for other in &choice.others {
            let (kind, why) = other.split_once(": ").unwrap_or((other, ""));
            let why = crate::lang::told(lang, why);
            self.line(format!("  {}", tr!(lang, "plan-not-runtime", kind = kind, why = why)));
        }
        if let Some(source) = &choice.source {
            let (why, flag) = (source.why.told(lang), source.flag.as_str());
            self.line(format!("  {}", tr!(lang, "plan-source", why = why, flag = flag)));
        }
    }

    fn memory(&mut self, plan: &Plan) {
        let lang = self.lang;
        let rows = plan.memory.iter().map(|d| {
            let free = if d.headroom_bytes < 0 {
                figure(lang, &format!("-{}", gib(d.headroom_bytes.unsigned_abs())))
            } else {
                self.size(d.headroom_bytes as u64)
            };
            let parts = [
                d.weights_bytes,
                d.kv_bytes,
                d.compute_bytes,
                d.output_bytes + d.runtime_bytes,
                d.reserved_bytes,
            ];
            std::iter::once(words::device(&d.device, lang))
                .chain(parts.into_iter().map(|bytes| self.size(bytes)))
                .chain(plan.beside().next().map(|_| self.size(d.rag_bytes)))
                .chain([self.size(d.total_bytes), self.size(d.capacity_bytes), free])
                .collect()
        });
        let mut head = vec![
            tr!(lang, "plan-column-memory"),
            tr!(lang, "plan-column-weights"),
            tr!(lang, "plan-column-context"),
            tr!(lang, "plan-column-compute"),
            tr!(lang, "plan-column-runtime"),
            tr!(lang, "plan-column-reserve"),
            tr!(lang, "plan-column-total"),
            tr!(lang, "plan-column-of"),
            tr!(lang, "plan-column-free"),
        ];
        if plan.beside().next().is_some() {
            head.insert(6, tr!(lang, "plan-column-rag"));
        }
        let numbers: Vec<usize> = (1..head.len()).collect();
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        let table = table::table(&head, rows, &numbers);
        self.line(format!("\n{table}\n"));
        self.out.add(bar::bars(&plan.memory, self.label(), lang));
    }

    /// The embedding servers and their indexes.
    fn rag(&mut self, plan: &Plan) {
        let lang = self.lang;
        for rag in plan.beside().filter_map(|server| server.embedding) {
            let [server, index] = words::embedding(rag, lang);
            self.line("");
            self.labelled(&tr!(lang, "plan-label-rag"), &server);
            self.labelled(&tr!(lang, "plan-label-index"), &index);
        }
    }

    fn speed_and_cost(&mut self, plan: &Plan) {
        let lang = self.lang;
        let (decode, prefill) = (plan.speed.decode_tok_s, plan.speed.prefill_tok_s);
        let text = tr!(
            lang,
            "plan-speed",
            decode = Value::figure(rate(decode.expected)),
            decode_range = range(decode, lang),
            prefill = Value::figure(rate(prefill.expected)),
            prefill_range = range(prefill, lang),
        );
        self.line("");
        self.labelled(&tr!(lang, "plan-label-decode"), &text);
        match &plan.cost {
            Some(cost) => self.cost(cost),
            None => {
                let text = tr!(lang, "plan-no-price", profile = &plan.profile.id);
                self.labelled(&tr!(lang, "plan-label-cost"), &text);
            }
        }
        if let Some(near) = &plan.near_miss {
            self.labelled(&tr!(lang, "plan-label-near"), &near.text.told(lang));
        }
        for container in &plan.containers {
            let text = tr!(
                lang,
                "plan-beside",
                instance = &container.instance,
                provider = &container.provider,
                hourly = Value::figure(hourly(container.per_hour)),
                currency = &container.currency,
                decode = Value::figure(rate(container.decode_tok_s)),
            );
            self.labelled(&tr!(lang, "plan-label-beside"), &text);
        }
    }

    fn cost(&mut self, cost: &Cost) {
        let (lang, offer) = (self.lang, &cost.offer);
        let at_most = offer.per_month_cap == Some(cost.per_month);
        let container = offer.host == Some(HostKind::Container);
        let text = tr!(
            lang,
            "plan-cost",
            hourly = Value::figure(hourly(cost.per_hour)),
            currency = &cost.currency,
            monthly = Value::figure(money(cost.per_month)),
            most = at_most.then(|| sentence!("plan-at-most")),
            million = Value::figure(money(cost.per_million_tokens)),
            instance = &offer.instance,
            provider = &offer.provider,
            container = container.then(|| sentence!("plan-container")),
            source = words::source(&offer.source),
            day = offer.day(),
        );
        self.labelled(&tr!(lang, "plan-label-cost"), &text);
        if let Some(other) = &cost.converted {
            let (price, day) = (Value::figure(money(other.per_month)), &other.rate_as_of);
            let (currency, source) = (&other.currency, words::source(&other.rate_source));
            let text =
                tr!(lang, "plan-converted", price = price, currency = currency, day = day, source = source);
            self.labelled("", &text);
        }
        if let Some(url) = &offer.url {
            let text = match &offer.region {
                Some(region) => tr!(lang, "plan-rented-in", region = region, url = url),
                None => tr!(lang, "plan-rented", url = url),
            };
            self.labelled("", &text);
        }
        if let Some(days) = offers::stale_days(&offer.as_of, self.day) {
            let days = days.unsigned_abs() as u64;
            let text = match offer.as_of_inferred {
                true => tr!(lang, "plan-price-may-be-old", days = days),
                false => tr!(lang, "plan-price-old", days = days),
            };
            self.labelled("", &text);
        }
    }

    /// Writes the time and cost until the first answer.
    fn arrival(&mut self, plan: &Plan) {
        let lang = self.lang;
        let Some(arrival) = &plan.arrival else { return };
        let first = arrival.first_token_seconds;
        let text = tr!(
            lang,
            "plan-arrive",
            size = self.size(arrival.download_bytes),
            speed = arrival.network_mbit_s,
            download = Value::figure(duration(arrival.download_seconds)),
            first = Value::figure(duration(first.expected)),
            first_range = words::range(duration(first.low), duration(first.high), lang),
        );
        self.labelled(&tr!(lang, "plan-label-arrive"), &text);
        let times = |of: Interval| words::range(duration(of.low), duration(of.high), lang);
        let paid = match (&arrival.cost, &plan.cost) {
            (Some(until), Some(cost)) => {
                let price = Value::figure(money(until.expected));
                Some(sentence!("plan-paid", price = price, currency = &cost.currency))
            }
            _ => None,
        };
        let text = tr!(
            lang,
            "plan-arrive-parts",
            size = self.size(arrival.disk_bytes),
            load = times(arrival.load_seconds),
            start = times(arrival.start_seconds),
            paid = paid,
        );
        self.labelled("", &text);
        if arrival.runtime_bytes.is_none() && plan.container().is_some() {
            self.labelled("", &tr!(lang, "plan-image-not-counted", engine = plan.engine().name()));
        } else if arrival.runtime_bytes.is_none() && !plan.llama_server.packages.is_empty() {
            self.labelled("", &tr!(lang, "plan-packages-not-counted"));
        } else if arrival.runtime_bytes.is_none() {
            self.labelled("", &tr!(lang, "plan-archive-not-counted", engine = plan.engine().name()));
        }
    }

    fn alternatives(&mut self, plan: &Plan) {
        let lang = self.lang;
        if plan.alternatives.is_empty() {
            return;
        }
        let rows = plan.alternatives.iter().map(|a| {
            let price = match (a.per_month, a.currency.as_deref()) {
                (Some(price), Some(currency)) => format!("{} {currency}", figure(lang, &money(price))),
                (Some(price), None) => figure(lang, &money(price)),
                (None, _) => "-".to_string(),
            };
            let speed = a.decode_tok_s.map_or("-".to_string(), |speed| figure(lang, &rate(speed)));
            let verdict = words::painted_verdict(a.verdict, lang);
            vec![a.name().into(), (&a.quant).into(), verdict, price.into(), speed.into()]
        });
        let head = [
            tr!(lang, "plan-column-alternative"),
            tr!(lang, "plan-column-quant"),
            tr!(lang, "plan-column-verdict"),
            tr!(lang, "plan-column-month"),
            tr!(lang, "plan-column-speed"),
        ];
        self.line("");
        self.out.line(table::painted(&head.each_ref().map(String::as_str), rows, &[3, 4]));
    }

    fn next(&mut self, plan: &Plan) {
        let lang = self.lang;
        if plan.verdict == Verdict::Impossible {
            return;
        }
        let argv = plan.llama_server.args.to_argv().join(" ");
        let program = plan.engine().grammar().program;
        let command = match plan.engine().container().is_some_and(|container| container.only) {
            true => format!("{program} {argv}"),
            false => format!("{program} {} {argv}", plan.llama_server.build),
        };
        self.line(format!("\n{}", width::command(&command)));
        for server in plan.beside() {
            let arguments = server.args.to_argv().join(" ");
            self.line(format!("\n{}", tr!(lang, "plan-embedding-server", arguments = arguments)));
        }
        self.line(format!("\n{}", tr!(lang, "plan-units")));
    }
}

/// Returns the advisories known today, which may be more than when the plan was made.
pub(super) fn advisories(plan: &Plan, lang: Lang) -> Vec<String> {
    let server = &plan.llama_server;
    // No build of another engine is known.
    let of_build = plan.engine().container().is_none_or(|container| !container.only);
    let Some(known) = build::ledger(&server.build).filter(|_| of_build) else {
        return Vec::new();
    };
    let told = |advisory: KnownAdvisory| {
        let (engine, build, id) = (plan.engine().name(), &server.build, &advisory.id);
        let (what, source) = (of_data("advisory", id, &advisory.what), &advisory.source);
        match advisory.fixed {
            Some(fixed) => tr!(
                lang,
                "plan-advisory-fixed",
                id = id,
                engine = engine,
                build = build,
                what = what,
                fixed = fixed,
                source = source,
            ),
            None => tr!(
                lang,
                "plan-advisory-open",
                id = id,
                engine = engine,
                build = build,
                what = what,
                source = source,
            ),
        }
    };
    plan.known_advisories(known).into_iter().map(told).collect()
}

/// `2.1 to 3.4`; one figure where both are shown the same.
fn range(interval: Interval, lang: Lang) -> String {
    words::range(rate(interval.low), rate(interval.high), lang)
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
