//! Other firewalls on the host. nftables asks every table about a packet, and each may drop it: that
//! ours accepts does not help where another says no. So this finds out, and says what to type.

use crate::agent::host::service::systemctl;
use crate::outside::{self, Kind};
use crate::plan::expose::Exposure;
use crate::process;
use serde_json::Value;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);

/// Other firewalls on the host that decide about incoming packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Others {
    pub ufw: bool,
    pub firewalld: bool,
    /// `inet filter input`: chains that drop what no rule of theirs accepts.
    pub closed_chains: Vec<String>,
}

pub fn others() -> Others {
    let ufw = outside::text("/etc/ufw/ufw.conf".as_ref(), outside::NOTE, Kind::Regular).unwrap_or_default();
    let nft = process::run("nft", &["-j", "list", "ruleset"], LIMIT).map(|outcome| outcome.stdout);
    let rules = nft.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Others {
        ufw: ufw.lines().any(|line| line.trim().eq_ignore_ascii_case("ENABLED=yes")),
        firewalld: systemctl(&["is-active", "--quiet", "firewalld"]).is_ok_and(|outcome| outcome.success),
        closed_chains: closed_chains(&rules),
    }
}

/// Returns whether our table is in the kernel. Another program may have flushed it; the front still refuses strangers.
pub fn is_loaded() -> bool {
    let outcome = process::run("nft", &["list", "table", "inet", "agi_provision"], LIMIT);
    outcome.is_ok_and(|outcome| outcome.success)
}

/// Returns the chains at the input hook, from `nft -j list ruleset`, that drop or reject what no rule accepts: by
/// their policy, or by a last rule without a condition.
fn closed_chains(ruleset: &Value) -> Vec<String> {
    let objects = || ruleset["nftables"].as_array().into_iter().flatten();
    let name = |value: &Value, chain: &str| {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_string();
        format!("{} {} {}", text("family"), text("table"), text(chain))
    };
    let refuses = |statement: &Value| statement.get("drop").is_some() || statement.get("reject").is_some();
    let unconditional = |rule: &&Value| {
        let statements = rule["expr"].as_array().map(Vec::as_slice).unwrap_or_default();
        let quiet = |s: &Value| refuses(s) || s.get("counter").is_some() || s.get("log").is_some();
        statements.iter().any(refuses) && statements.iter().all(quiet)
    };
    let ending: Vec<String> = objects()
        .filter_map(|object| object.get("rule"))
        .filter(unconditional)
        .map(|rule| name(rule, "chain"))
        .collect();
    let chains = objects().filter_map(|object| object.get("chain"));
    let input = chains.filter(|chain| chain["hook"] == "input" && chain["table"] != "agi_provision");
    let closed = input.filter(|chain| chain["policy"] == "drop" || ending.contains(&name(chain, "name")));
    closed.map(|chain| name(chain, "name")).collect()
}

/// Returns the commands to type on the host so that the other firewalls let the ranges in too; none if they do not
/// matter.
pub fn advice(others: &Others, exposure: &Exposure, port: u16) -> Vec<String> {
    let mut advice = Vec::new();
    let each = |command: &dyn Fn(&str, &str) -> String| -> String {
        let lines = exposure.ranges.iter().map(|range| {
            let range = range.to_string();
            command(&range, if range.contains(':') { "ipv6" } else { "ipv4" })
        });
        lines.collect::<Vec<_>>().join(" && ")
    };
    if others.ufw {
        let commands = each(&|range, _| format!("ufw allow proto tcp from {range} to any port {port}"));
        advice.push(format!("ufw is active and drops what it was not told of; on the host: {commands}"));
    }
    if others.firewalld {
        let commands = each(&|range, family| {
            format!(
                "firewall-cmd --permanent --add-rich-rule='rule family=\"{family}\" source address=\"{range}\" \
                 port port=\"{port}\" protocol=\"tcp\" accept'"
            )
        });
        advice.push(format!(
            "firewalld is active and drops what it was not told of; on the host: {commands} && firewall-cmd --reload"
        ));
    }
    // Those two make chains of their own, and have their own way to change them.
    if !others.ufw && !others.firewalld {
        for chain in &others.closed_chains {
            let commands = each(&|range, family| {
                let ip = if family == "ipv6" { "ip6" } else { "ip" };
                format!("nft insert rule {chain} {ip} saddr {range} tcp dport {port} accept")
            });
            advice.push(format!(
                "the nftables chain `{chain}` drops what no rule of it accepts, whatever our table says. Unless it \
                 accepts this port already, on the host: {commands}; and the same in the file it comes from"
            ));
        }
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ruleset(policy: &str, rules: Value) -> Value {
        let mut objects = vec![
            json!({"metainfo": {"version": "1.0.6"}}),
            json!({"table": {"family": "inet", "name": "filter"}}),
            json!({"chain": {"family": "inet", "table": "filter", "name": "input", "type": "filter",
                             "hook": "input", "prio": 0, "policy": policy}}),
            json!({"chain": {"family": "inet", "table": "filter", "name": "forward", "type": "filter",
                             "hook": "forward", "prio": 0, "policy": "drop"}}),
            json!({"chain": {"family": "inet", "table": "agi_provision", "name": "input", "type": "filter",
                             "hook": "input", "prio": -5, "policy": "drop"}}),
        ];
        objects.extend(rules.as_array().cloned().unwrap_or_default().into_iter().map(
            |expr| json!({"rule": {"family": "inet", "table": "filter", "chain": "input", "expr": expr}}),
        ));
        json!({ "nftables": objects })
    }

    #[test]
    fn a_chain_is_closed_by_its_policy_or_by_its_last_rule() {
        let ssh = json!([{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}},
                         {"drop": null}]);
        for (ruleset, closed) in [
            (ruleset("accept", json!([])), false),
            (ruleset("drop", json!([])), true),
            (ruleset("accept", json!([ssh])), false),
            (
                ruleset(
                    "accept",
                    json!([ssh, [{"counter": {"packets": 0}}, {"reject": {"type": "tcp reset"}}]]),
                ),
                true,
            ),
            (ruleset("accept", json!([[{"counter": null}]])), false),
            (json!({}), false),
            (Value::Null, false),
        ] {
            let expected: &[&str] = if closed { &["inet filter input"] } else { &[] };
            assert_eq!(closed_chains(&ruleset), expected, "{ruleset}");
        }
    }

    #[test]
    fn every_firewall_has_its_own_words() {
        let ranges = ["10.0.0.0/8", "2001:db8::/32"].map(|text| text.parse().unwrap());
        let exposure = Exposure::of(&ranges).unwrap();
        let say = |others: Others| advice(&others, &exposure, 8080);
        let closed_chains = vec!["inet filter input".to_string()];
        assert!(say(Others::default()).is_empty());
        let nft = say(Others { closed_chains: closed_chains.clone(), ..Others::default() });
        assert!(nft[0].contains("nft insert rule inet filter input ip saddr 10.0.0.0/8 tcp dport 8080 accept && nft insert rule inet filter input ip6 saddr 2001:db8::/32"), "{nft:?}");
        let ufw = say(Others { ufw: true, closed_chains: closed_chains.clone(), ..Others::default() });
        assert_eq!(ufw.len(), 1);
        assert!(ufw[0].contains("ufw allow proto tcp from 2001:db8::/32 to any port 8080"), "{ufw:?}");
        let firewalld = say(Others { firewalld: true, closed_chains, ..Others::default() });
        assert!(firewalld[0].contains("family=\"ipv6\" source address=\"2001:db8::/32\""), "{firewalld:?}");
    }
}
