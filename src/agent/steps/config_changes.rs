//! Compares a generation with the one that serves, for people. Pure.

use crate::agent::store::generation::Record;
use crate::engine::arguments::ServerArgs;
use crate::engine::grammar::Flag;
use crate::engine::server::ServerName;
use crate::plan::Plan;
use std::collections::BTreeSet;

/// Returns one line for each difference, the most important first.
pub fn compare(old: (&Plan, &Record), new: (&Plan, &Record)) -> Vec<String> {
    let ((old, old_record), (new, new_record)) = (old, new);
    let mut lines = Vec::new();
    let engine = new.engine();
    let mut differ = |what: &str, old: String, new: String| {
        if old != new {
            lines.push(format!("{what}: {old} → {new}"));
        }
    };
    let model = |plan: &Plan, server: ServerName| {
        plan.server(server).map_or("none".to_string(), |server| format!("{} {}", server.id, server.quant))
    };
    differ("model", model(old, ServerName::CHAT), model(new, ServerName::CHAT));
    differ("engine", old.engine().name().to_string(), engine.name().to_string());
    differ(engine.name(), old_record.llama_build.clone(), new_record.llama_build.clone());
    differ("profile", old.profile.id.clone(), new.profile.id.clone());
    let servers: BTreeSet<ServerName> =
        old.servers().chain(new.servers()).map(|server| server.name).collect();
    for server in servers.iter().copied().filter(|server| *server != ServerName::CHAT) {
        let what = match server {
            ServerName::EMBEDDING => "embedding model".to_string(),
            other => format!("model of {other}"),
        };
        differ(&what, model(old, server), model(new, server));
    }
    let exposure = |plan: &Plan| plan.expose.as_ref().map_or("no other host".to_string(), |e| e.to_string());
    differ("open to", exposure(old), exposure(new));
    let allowed = |record: &Record| match record.allowed.as_slice() {
        [] => "none".to_string(),
        ids => ids.join(", "),
    };
    differ("allowed requirements", allowed(old_record), allowed(new_record));
    if old_record.runtime.sha256 != new_record.runtime.sha256
        && old_record.llama_build == new_record.llama_build
    {
        lines.push(format!("{}: {} has another SHA-256", engine.name(), new_record.runtime.name));
    }
    for blob in &new_record.models {
        let same_name = old_record.models.iter().find(|old| old.name == blob.name);
        if same_name.is_some_and(|old| old.sha256 != blob.sha256) {
            lines.push(format!("{}: another SHA-256", blob.name));
        }
    }
    for server in servers {
        let called = match server {
            ServerName::CHAT => engine.program().to_string(),
            ServerName::EMBEDDING => "embedding server".to_string(),
            other => format!("server {other}"),
        };
        if let (Some(old), Some(new)) = (old.server(server), new.server(server)) {
            lines.extend(arguments(&called, old.args, new.args));
        }
    }
    if old.model.chat_template != new.model.chat_template {
        lines.push("chat template: another".to_string());
    }
    lines
}

/// Returns the differences of a server's arguments, without those that name its model, which has a line of its own.
fn arguments(server: &str, old: &ServerArgs, new: &ServerArgs) -> Vec<String> {
    let value = |args: &ServerArgs, flag: Flag| args.pairs().find(|(known, _)| *known == flag);
    let text = |pair: (Flag, Option<String>)| pair.1.unwrap_or_default();
    let mut seen = BTreeSet::new();
    let flags = new.flags().chain(old.flags()).filter(|flag| !new.naming(*flag) && seen.insert(*flag));
    let line = |flag: Flag| match (value(old, flag).map(text), value(new, flag).map(text)) {
        (Some(old), Some(new)) if old == new => None,
        (Some(old), Some(new)) => Some(format!("{server}: {} {old} → {new}", flag.name())),
        (None, Some(new)) => Some(format!("{server}: adds {} {new}", flag.name()).trim_end().to_string()),
        (Some(old), None) => Some(format!("{server}: drops {} {old}", flag.name()).trim_end().to_string()),
        (None, None) => None,
    };
    flags.filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checked::{Checksum, FileName};
    use crate::plan::{Request, plan};
    use crate::wire::protocol::Blob;

    fn planned(change: impl FnOnce(&mut Request)) -> Plan {
        let mut request = Request::of_registry("tinyllama-1.1b", Some("Q4_K_M")).unwrap();
        request.profile = Some("cpu-vps-32gb".to_string());
        change(&mut request);
        plan(&request).unwrap()
    }

    fn record(plan: &Plan, sha256: &str) -> Record {
        let sha256 = Checksum::parse(&sha256.repeat(32)).unwrap();
        let blob =
            |name: &str| Blob { name: FileName::new(name).unwrap(), sha256: sha256.clone(), size_bytes: 1 };
        Record {
            bundle: Checksum::of([0; 32]),
            llama_build: plan.llama_server.build.clone(),
            runtime: blob("llama.tar.gz"),
            runtime_archives: Vec::new(),
            models: vec![blob("m.gguf")],
            allowed: Vec::new(),
            edited: Vec::new(),
        }
    }

    #[test]
    fn each_difference_is_one_line_and_no_difference_is_none() {
        let old = planned(|_| {});
        let of = |new: &Plan, sha256: &str| compare((&old, &record(&old, "aa")), (new, &record(new, sha256)));
        assert_eq!(of(&old, "aa"), [] as [&str; 0]);
        assert_eq!(
            of(&old, "bb"),
            ["llama.cpp: llama.tar.gz has another SHA-256", "m.gguf: another SHA-256"]
        );
        let batch = planned(|request| request.fixed.ubatch = Some(256));
        assert_eq!(of(&batch, "aa"), ["llama-server: --ubatch-size 512 → 256"]);
        let unified = planned(|request| request.fixed.kv_unified = true);
        let lines = of(&unified, "aa");
        assert_eq!(lines, ["llama-server: adds --kv-unified", "llama-server: drops --no-kv-unified"]);
        let page = planned(|request| request.fixed.page = true);
        assert!(page.has_page() && !old.has_page());
        assert_eq!(of(&page, "aa"), ["llama-server: adds --webui", "llama-server: drops --no-webui"]);
        let open = planned(|request| {
            request.fixed.expose = crate::plan::expose::Exposure::of(&["10.0.0.0/8".parse().unwrap()])
        });
        assert_eq!(of(&open, "aa"), ["open to: no other host → 10.0.0.0/8"]);
    }

    #[test]
    fn every_server_beside_the_models_own_is_compared() {
        let three: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/golden/plans/three-servers.json")).unwrap();
        let parsed = |plan: &serde_json::Value| Plan::from_json(&plan.to_string()).unwrap();
        let of = |change: fn(&mut serde_json::Value)| {
            let mut new = three.clone();
            change(&mut new);
            let (old, new) = (parsed(&three), parsed(&new));
            compare((&old, &record(&old, "aa")), (&new, &record(&new, "aa")))
        };
        assert_eq!(of(|_| {}), [] as [&str; 0]);
        let (id, quant) = (&three["servers"][0]["model"]["id"], &three["servers"][0]["model"]["quant"]);
        let third = format!("{} {}", id.as_str().unwrap(), quant.as_str().unwrap());
        assert_eq!(
            of(|plan| plan["servers"][0]["model"]["id"] = "other".into()),
            [format!("model of embed-2: {third} → other {}", quant.as_str().unwrap())]
        );
        assert_eq!(
            of(|plan| plan["servers"] = Vec::<u8>::new().into()),
            [format!("model of embed-2: {third} → none")]
        );
        let threads = |plan: &mut serde_json::Value, server: &str| {
            let args = plan.pointer_mut(server).unwrap().as_array_mut().unwrap();
            let at = args.iter().position(|arg| arg == "--threads").unwrap();
            std::mem::replace(&mut args[at + 1], "1".into())
        };
        for (called, server) in [("embedding server", "/rag/args"), ("server embed-2", "/servers/0/args")] {
            let mut new = three.clone();
            let before = threads(&mut new, server);
            let (old, new) = (parsed(&three), parsed(&new));
            let lines = compare((&old, &record(&old, "aa")), (&new, &record(&new, "aa")));
            assert_eq!(lines, [format!("{called}: --threads {} → 1", before.as_str().unwrap())]);
        }
    }
}
