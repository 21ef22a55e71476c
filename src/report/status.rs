//! A host's status document as text.

use super::{bar, measured, table};
use crate::lang::{Lang, figure, told};
use crate::paint::{Meaning, Painted};
use crate::units::gib;
use serde_json::Value;

fn disk(disk: &Value, lang: Lang) -> String {
    match (disk["models_bytes"].as_u64(), disk["free_bytes"].as_u64()) {
        (Some(models), Some(free)) => {
            let size = |bytes| crate::lang::Value::figure(gib(bytes));
            tr!(lang, "status-disk-used", models = size(models), free = size(free))
        }
        _ => "-".to_string(),
    }
}

/// Who may use the API, and by which certificate.
fn reach(exposed: &Value, lang: Lang) -> Vec<Vec<String>> {
    let row = |name: String, text: String| vec![name, text];
    let (open_to, nobody) = (tr!(lang, "status-open-to"), tr!(lang, "status-this-host"));
    if !exposed.is_object() {
        return vec![row(open_to, nobody)];
    }
    let ranges = |key: &str| {
        let all = exposed[key].as_array().into_iter().flatten();
        all.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    let (planned, open) = (ranges("ranges"), ranges("open_to"));
    let mut text = match open.as_str() {
        "" => nobody,
        open => tr!(lang, "status-open", ranges = open, port = exposed["port"].to_string()),
    };
    text += &match exposed["confirmed"] == true {
        true => tr!(lang, "status-confirmed"),
        false if open == planned => tr!(lang, "status-unconfirmed"),
        false => tr!(lang, "status-not-confirmed", ranges = planned),
    };
    if !open.is_empty() {
        if exposed["serves"] != true {
            text += &tr!(lang, "status-expose-stopped");
        } else if exposed["rules_loaded"] != true {
            text += &tr!(lang, "status-rules-gone");
        }
    }
    let mut rows = vec![row(open_to, text)];
    let certificate = &exposed["certificate"];
    if let Some(sha256) = certificate["sha256"].as_str() {
        let from = match certificate["made_here"] == true {
            true => tr!(lang, "status-certificate-made"),
            false => tr!(lang, "status-certificate-own"),
        };
        let days = certificate["days_left"].to_string();
        let text = tr!(lang, "status-certificate-left", from = from, days = days, sha256 = sha256);
        rows.push(row(tr!(lang, "status-certificate"), text));
        if let Some(pin) = certificate["public_key_pin"].as_str() {
            rows.push(row(tr!(lang, "status-public-key"), pin.to_string()));
        }
    }
    rows
}

/// `apply by a@b since …: model (put it there)`; nothing where nobody is at work.
fn under_way(status: &Value, lang: Lang) -> Option<Vec<String>> {
    let at_work = &status["under_way"];
    let said = |key: &str| at_work[key].as_str().filter(|text| !text.is_empty());
    let mut text = said("what")?.to_string();
    text += &said("by").map_or(String::new(), |by| tr!(lang, "status-by", by = by));
    text += &said("since").map_or(String::new(), |since| tr!(lang, "status-since", since = since));
    text += &said("step").map_or(String::new(), |step| format!(": {step}"));
    text += &said("changes").map_or(String::new(), |changes| format!(" ({})", told(lang, changes)));
    Some(vec![tr!(lang, "status-under-way"), text])
}

fn address(listener: &Value) -> String {
    let ip = listener["address"].as_str().unwrap_or_default();
    let ip = if ip.contains(':') { format!("[{ip}]") } else { ip.to_string() };
    format!("{ip}:{}", listener["port"])
}

/// Where a server itself listens for other hosts, whatever the plan says of it.
fn without_tls(listening: &Value, lang: Lang) -> Option<String> {
    let open = |listener: &&Value| listener["reach"] == "network" && listener["tls"] != true;
    let open: Vec<String> = listening.as_array().into_iter().flatten().filter(open).map(address).collect();
    (!open.is_empty()).then(|| tr!(lang, "status-without-tls", addresses = open.join(", ")))
}

/// A row without a meaning.
fn plain(row: Vec<String>) -> Vec<Painted> {
    row.into_iter().map(Painted::from).collect()
}

/// A row whose value has a meaning.
fn with(meaning: Meaning, name: String, text: String) -> Vec<Painted> {
    vec![name.into(), Painted::of(meaning, &text)]
}

fn show(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_string(),
        other => other.to_string(),
    }
}

/// Good for the wanted word, bad for any other.
fn is(value: &Value, wanted: &str) -> Meaning {
    if value == wanted { Meaning::Good } else { Meaning::Bad }
}

/// Returns what systemd says of a unit.
fn unit_is(unit: &Value, lang: Lang) -> String {
    [&unit["active"], &unit["enabled"]].map(|word| told(lang, &show(word))).join(", ")
}

/// Returns the agent's `status` document as text for a terminal.
pub fn text(status: &Value, lang: Lang) -> Painted {
    let head = tr!(lang, "status-column");
    let table = |rows: Vec<Vec<Painted>>| table::painted(&[&head, ""], rows, &[]);
    if status["installed"] == false {
        let waiting = status["waiting_bytes"].as_u64().filter(|bytes| *bytes > 0);
        let waiting = waiting.map(|bytes| vec![tr!(lang, "status-waiting"), figure(lang, &gib(bytes))]);
        let nothing = vec![tr!(lang, "status-model"), tr!(lang, "status-nothing")];
        let first_boot = status["first_boot"]["said"].as_str();
        let first_boot = first_boot.map(|said| {
            let log = show(&status["first_boot"]["log"]);
            vec![tr!(lang, "status-first-boot"), format!("{} ({log})", told(lang, said))]
        });
        let rows = [Some(nothing), under_way(status, lang), first_boot, waiting];
        return table(rows.into_iter().flatten().map(plain).collect());
    }
    let unit = &status["unit"];
    let mut rows = vec![
        plain(vec![
            tr!(lang, "status-model"),
            format!("{} {}", show(&status["model"]), show(&status["quant"])),
        ]),
        with(is(&unit["active"], "active"), tr!(lang, "status-service"), unit_is(unit, lang)),
        with(
            is(&status["health"], "ready"),
            tr!(lang, "status-health"),
            told(lang, &show(&status["health"])),
        ),
        plain(vec!["llama.cpp".to_string(), show(&status["llama_build"])]),
        plain(vec![tr!(lang, "status-generation"), show(&status["generation"])]),
        plain(vec![tr!(lang, "status-disk"), disk(&status["disk"], lang)]),
        plain(vec![tr!(lang, "status-applied"), show(&status["applied"])]),
        plain(vec![tr!(lang, "status-decode"), measured::speed(&status["measured"]["decode_tok_s"], lang)]),
    ];
    rows.extend(measured::buffers(status, lang).into_iter().map(plain));
    let mut open_to = reach(&status["exposed"], lang);
    let without_tls = without_tls(&status["listening"], lang);
    if let Some(open) = &without_tls {
        open_to[0][1] = open.clone();
    }
    rows.extend(open_to.into_iter().map(|row| match &without_tls {
        Some(open) if row[1] == *open => with(Meaning::Bad, row[0].clone(), open.clone()),
        _ => plain(row),
    }));
    for listener in status["listening"].as_array().into_iter().flatten() {
        let text = format!("{} ({})", address(listener), show(&listener["unit"]));
        rows.push(plain(vec![tr!(lang, "status-listens"), text]));
    }
    for beside in status["servers"].as_array().into_iter().flatten() {
        let unit = unit_is(&beside["unit"], lang);
        let model = format!("{} {}", show(&beside["model"]), show(&beside["quant"]));
        let dimensions =
            beside["dimensions"].as_u64().map_or(String::new(), |n| tr!(lang, "status-numbers", numbers = n));
        let label =
            if beside["name"] == "embed" { tr!(lang, "status-embedding") } else { show(&beside["name"]) };
        rows.push(plain(vec![
            label,
            format!("{model}{dimensions}: {unit}, {}", told(lang, &show(&beside["health"]))),
        ]));
    }
    for (number, worker) in (1..).zip(status["over_hosts"]["workers"].as_array().into_iter().flatten()) {
        let (meaning, text) = match worker["up"] == true {
            true => (Meaning::Good, tr!(lang, "status-worker-up", name = show(&worker["name"]))),
            false => {
                let (name, why) = (show(&worker["name"]), told(lang, &show(&worker["why"])));
                (Meaning::Bad, tr!(lang, "status-worker-lost", name = name, why = why))
            }
        };
        rows.push(with(meaning, tr!(lang, "status-worker", number = number.to_string()), text));
    }
    if let Some(row) = under_way(status, lang) {
        rows.push(plain(row));
    } else if status["unfinished"] == true {
        rows.push(with(Meaning::Care, tr!(lang, "status-unfinished"), tr!(lang, "status-cut-off")));
    }
    for path in status["trusted_edits"].as_array().into_iter().flatten() {
        let text = tr!(lang, "status-edited-file", path = show(path));
        rows.push(plain(vec![tr!(lang, "status-edited"), text]));
    }
    let drift = status["drift"].as_array();
    if drift.is_some_and(Vec::is_empty) {
        rows.push(with(Meaning::Good, tr!(lang, "status-drift"), tr!(lang, "status-no-drift")));
    }
    for step in drift.into_iter().flatten() {
        for change in step["changes"].as_array().into_iter().flatten() {
            let change = told(lang, &show(change));
            let text = format!("{}: {change}", show(&step["step"]));
            rows.push(with(Meaning::Care, tr!(lang, "status-drift"), text));
        }
    }
    if let Value::String(why) = &status["refused"] {
        rows.push(with(Meaning::Bad, tr!(lang, "status-refused"), told(lang, why)));
    }
    for line in status["last_lines"].as_array().into_iter().flatten() {
        rows.push(plain(vec![tr!(lang, "status-log"), show(line)]));
    }
    let mut text = table(rows);
    text.line("");
    let memory = measured::memory(status);
    if !memory.is_empty() {
        text.line("");
        text.add(bar::bars(&memory, 0, lang));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(status: &Value, lang: Lang) -> String {
        super::text(status, lang).to_string()
    }

    #[test]
    fn status_names_the_work_under_way_and_the_files_that_wait() {
        let at_work = json!({
            "what": "apply", "by": "a@b", "since": "T", "step": "model", "changes": "put it there",
        });
        for status in [
            json!({"model": "m", "under_way": at_work, "unfinished": true}),
            json!({"installed": false, "under_way": at_work, "unfinished": true, "waiting_bytes": 5 << 20}),
        ] {
            let text = text(&status, Lang::English);
            assert!(text.contains("apply by a@b since T: model (put it there)"), "{text}");
            assert!(!text.contains("cut off"), "{text}");
        }
        let cut = text(&json!({"model": "m", "under_way": null, "unfinished": true}), Lang::English);
        assert!(cut.contains("an apply was cut off"), "{cut}");
        let left =
            text(&json!({"installed": false, "under_way": null, "waiting_bytes": 5 << 20}), Lang::English);
        assert!(left.contains("for the next apply") && left.contains("5 MiB"), "{left}");
    }

    #[test]
    fn a_server_that_listens_for_all_is_never_open_to_this_host_only() {
        let status = |address: &str, reach: &str, tls: bool| {
            let listener = json!({
                "unit": "agi-provision-llama.service", "address": address, "port": 8080, "reach": reach,
                "tls": tls,
            });
            text(&json!({"exposed": null, "listening": [listener]}), Lang::English)
        };
        let closed = status("127.0.0.1", "host", false);
        assert!(closed.contains("this host only") && closed.contains("127.0.0.1:8080 (agi-prov"), "{closed}");
        for (address, shown) in
            [("0.0.0.0", "0.0.0.0:8080"), ("::", "[::]:8080"), ("192.0.2.7", "192.0.2.7:8080")]
        {
            let open = status(address, "network", false);
            assert!(!open.contains("this host only"), "{open}");
            assert!(open.contains(&format!("whoever reaches {shown}, without TLS")), "{open}");
        }
        assert!(!status("192.0.2.7", "network", true).contains("without TLS"));
    }

    #[test]
    fn status_names_who_may_use_the_api_and_whether_that_was_confirmed() {
        let exposed = |open_to: &[&str], confirmed: bool, serves: bool, loaded: bool| {
            json!({
                "ranges": ["10.0.0.0/8", "fd00::/8"], "open_to": open_to, "port": 8080,
                "confirmed": confirmed, "serves": serves, "rules_loaded": loaded,
                "certificate": {"sha256": "AB:CD", "made_here": true, "days_left": 819},
            })
        };
        let both = &["10.0.0.0/8", "fd00::/8"][..];
        for (value, says) in [
            (Value::Null, "this host only"),
            (exposed(both, true, true, true), "10.0.0.0/8, fd00::/8, port 8080, TLS, confirmed"),
            (exposed(both, false, true, true), "10.0.0.0/8, fd00::/8, port 8080, TLS, not confirmed yet"),
            (
                exposed(&["192.0.2.7/32"], false, true, true),
                "192.0.2.7/32, port 8080, TLS; 10.0.0.0/8, fd00::/8 was not confirmed: apply again",
            ),
            (
                exposed(&[], false, false, false),
                "this host only; 10.0.0.0/8, fd00::/8 was not confirmed: apply again",
            ),
            (
                exposed(both, true, false, false),
                "10.0.0.0/8, fd00::/8, port 8080, TLS, confirmed; agi-provision-expose.service does not run",
            ),
            (
                exposed(both, true, true, false),
                "10.0.0.0/8, fd00::/8, port 8080, TLS, confirmed; the firewall's rules are gone: apply again",
            ),
        ] {
            assert_eq!(reach(&value, Lang::English)[0], ["open to", says]);
        }
        let rows = reach(&exposed(both, true, true, true), Lang::English);
        assert_eq!(rows[1], ["certificate", "made on the host, 819 days left, AB:CD"]);
        let status = text(&json!({"model": "m", "exposed": exposed(both, true, true, true)}), Lang::English);
        assert!(status.contains("open to") && status.contains("fd00::/8, port 8080"), "{status}");
    }
}
