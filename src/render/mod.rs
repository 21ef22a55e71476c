//! From a plan to a bundle: the files a host gets, as a pure function of the plan.
//!
//! ```text
//! plan.json  manifest.json  README.md
//! rootfs/etc/systemd/system/agi-provision-llama.service      the same for every plan
//! rootfs/etc/systemd/system/agi-provision-llama.service.d/   link to the generation's limits.conf
//! rootfs/etc/agi-provision/generation/                       what differs between plans
//! rootfs/etc/systemd/system/agi-provision-embed.service      and its drop-in: for a plan with `rag`
//! cloud-init/                                                all of the above, packed for clouds
//! files/                                                     llama.cpp and models, where they are given
//! seed.iso                                                   all of it, for a machine without a network
//! ```
//!
//! - [`bundle`]: the bundle in memory, in a directory, in a tar;
//! - [`manifest`]: its table of contents and what it may contain;
//! - [`carried`]: large files that travel in a bundle's directory;
//! - [`seed`]: the image that a machine boots into its plan from;
//! - `archive`: tar, written deterministically and read with suspicion;
//! - [`cloud_init`], [`providers`]: user-data and who accepts its size;
//! - `templates`: the Tera environment.

mod archive;
pub mod bundle;
pub mod carried;
pub mod cloud_init;
pub mod manifest;
pub mod providers;
pub mod seed;
mod templates;

pub use bundle::{Bundle, BundleFile, WriteOutcome};
pub use carried::Carried;
pub use manifest::{BundleLink, Download, Manifest, ManifestFile, What};
pub use providers::Provider;

use crate::error::{Failure, Result};
use crate::paths;
use crate::plan::Plan;
use crate::plan::document::ProfileKind;
use crate::plan::expose::Exposure;
use serde::Serialize;
use templates::{PATHS, Paths};

pub(crate) const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// One argument of llama-server per line.
pub const ARGS: &str = "llama-server.args";
/// The same for the embedding server.
pub const EMBED_ARGS: &str = "embed-server.args";

/// The plan as files. A plan whose texts cannot be files' content or names is refused: exit 2.
pub fn render(plan: &Plan) -> Result<Bundle> {
    let downloads = manifest::downloads(plan)?;
    let plan_json = plan.to_json();
    let generation = |name: &str| format!("{}{}/{name}", manifest::ROOTFS, paths::GENERATION);
    let mut files = vec![
        text(manifest::PLAN, plan_json.clone()),
        text("README.md", readme(plan, &downloads)?),
        text(&in_rootfs(paths::UNIT_FILE), unit(Server::Chat)?),
        text(&generation(paths::generation::PLAN), plan_json.clone()),
        text(&generation(ARGS), args(&plan.llama_server.args)?),
        text(&generation(paths::generation::LIMITS), limits(plan, Server::Chat)?),
    ];
    if let Some(exposure) = &plan.expose {
        files.push(text(&generation(paths::generation::EXPOSE), rules(plan, exposure)?));
        files.push(text(&in_rootfs(paths::EXPOSE_FILE), expose_unit()?));
    }
    if let Some(template) = &plan.model.chat_template {
        files.push(text(&generation(paths::generation::CHAT_TEMPLATE), template.clone()));
    }
    let link = |drop_in: &str, name: &str| BundleLink {
        path: in_rootfs(&format!("{drop_in}/10-generation.conf")),
        target: format!("{}/{name}", paths::GENERATION),
    };
    let mut links = vec![link(paths::UNIT_DROP_IN, paths::generation::LIMITS)];
    if let Some(rag) = &plan.rag {
        files.push(text(&in_rootfs(paths::EMBED_UNIT_FILE), unit(Server::Embedding)?));
        files.push(text(&generation(EMBED_ARGS), args(&rag.args)?));
        files.push(text(&generation(paths::generation::EMBED_LIMITS), limits(plan, Server::Embedding)?));
        links.push(link(paths::EMBED_UNIT_DROP_IN, paths::generation::EMBED_LIMITS));
    }

    let host = Bundle::new(files, links, plan.llama_server.build.clone(), downloads)?;
    let plan_sha256 = crate::hash::sha256(plan_json.as_bytes());
    let for_clouds = vec![
        text("cloud-init/user-data", cloud_init::user_data(plan, &host.to_tar()?)?),
        text("cloud-init/meta-data", cloud_init::meta_data(&plan_sha256)?),
        text("cloud-init/network-config", cloud_init::network_config()?),
    ];
    host.with(for_clouds)
}

fn text(path: &str, content: String) -> BundleFile {
    BundleFile {
        path: path.to_string(),
        mode: 0o644,
        owner: manifest::OWNER.to_string(),
        content: content.into_bytes(),
    }
}

fn in_rootfs(path: &str) -> String {
    format!("{}{path}", manifest::ROOTFS)
}

/// The two servers that a host may run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    Chat,
    Embedding,
}

impl Server {
    fn description(self) -> &'static str {
        match self {
            Server::Chat => "Language model server (llama.cpp)",
            Server::Embedding => "Embedding server (llama.cpp)",
        }
    }
}

fn unit(server: Server) -> Result<String> {
    #[derive(Serialize)]
    struct Values {
        paths: Paths,
        description: &'static str,
        command: &'static str,
        identifier: &'static str,
    }
    let (command, identifier) = match server {
        Server::Chat => ("serve", ""),
        Server::Embedding => ("serve --embedding", "agi-provision-embed"),
    };
    let values = Values { paths: PATHS, description: server.description(), command, identifier };
    templates::fill("systemd/agi-provision-llama.service", &values)
}

fn args(args: &[String]) -> Result<String> {
    let mut lines = String::new();
    for arg in args {
        if arg.contains(['\n', '\r', '\0']) {
            return Err(
                Failure::usage(format!("the plan's llama-server argument {arg:?} is not one line")).into()
            );
        }
        lines.push_str(arg);
        lines.push('\n');
    }
    Ok(lines)
}

/// The value after `name` among a server's arguments.
pub(crate) fn arg<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1)).map(String::as_str)
}

/// The port of the API, on 127.0.0.1 and towards others.
pub fn port(plan: &Plan) -> u16 {
    arg(&plan.llama_server.args, "--port").and_then(|port| port.parse().ok()).unwrap_or(paths::DEFAULT_PORT)
}

/// The unit that ends TLS; the same for every plan.
fn expose_unit() -> Result<String> {
    #[derive(Serialize)]
    struct Values {
        paths: Paths,
    }
    templates::fill("systemd/agi-provision-expose.service", &Values { paths: PATHS })
}

/// The nftables rules of a plan that lets others in. Exit 2 where the server itself would be open.
fn rules(plan: &Plan, exposure: &Exposure) -> Result<String> {
    #[derive(Serialize)]
    struct Values<'a> {
        plan: &'a Plan,
        port: u16,
        ipv4: Vec<String>,
        ipv6: Vec<String>,
    }
    if !is_loopback(listen(&plan.llama_server.args)) {
        let message =
            format!("the plan's server listens on {}, without TLS", listen(&plan.llama_server.args));
        return Err(Failure::usage(message)
            .hint("an exposed API is passed on to 127.0.0.1: plan again, and change only --expose")
            .into());
    }
    templates::fill(
        "nftables/expose.nft",
        &Values {
            plan,
            port: port(plan),
            ipv4: exposure.ipv4().map(|range| range.to_string()).collect(),
            ipv6: exposure.ipv6().map(|range| range.to_string()).collect(),
        },
    )
}

/// Where a server listens; its own default is the first.
fn listen(args: &[String]) -> &str {
    arg(args, "--host").unwrap_or("127.0.0.1")
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The drop-in of the generation.
fn limits(plan: &Plan, server: Server) -> Result<String> {
    #[derive(Serialize)]
    struct Values<'a> {
        plan: &'a Plan,
        unit: &'a str,
        description: &'a str,
        id: &'a str,
        quant: &'a str,
        listen: &'a str,
        loopback: bool,
        /// Numbers of the GPUs it uses; empty on a CPU.
        gpus: Vec<usize>,
        gpu_names: String,
        exposed: bool,
        expose_unit: &'a str,
        /// Why there is none.
        without: &'a str,
    }
    let mut gpus = match plan.profile.kind {
        ProfileKind::Cpu => &[][..],
        ProfileKind::Gpu | ProfileKind::MultiGpu => &plan.profile.gpus,
    };
    if plan.profile.kind != ProfileKind::Cpu && gpus.is_empty() {
        return Err(Failure::usage("the plan's profile is a GPU's and lists no GPU").into());
    }
    let (mut unit, mut id, mut quant) = (paths::UNIT, &plan.model.id, &plan.model.quant);
    let (mut args, mut without) = (&plan.llama_server.args, "No GPU in the plan");
    if let (Server::Embedding, Some(rag)) = (server, &plan.rag) {
        (unit, id, quant, args) = (paths::EMBED_UNIT, &rag.model.id, &rag.model.quant, &rag.args);
        if rag.device == "host" {
            (gpus, without) = (&[], "The plan leaves the GPUs to the language model");
        } else {
            gpus = &gpus[..1];
        }
    }
    templates::fill(
        "systemd/limits.conf",
        &Values {
            plan,
            unit,
            description: server.description(),
            id,
            quant,
            listen: listen(args),
            loopback: is_loopback(listen(args)),
            gpus: (0..gpus.len()).collect(),
            exposed: plan.expose.is_some() && server == Server::Chat,
            expose_unit: paths::EXPOSE_UNIT,
            gpu_names: gpus.iter().map(|gpu| gpu.name.as_str()).collect::<Vec<_>>().join(", "),
            without,
        },
    )
}

fn readme(plan: &Plan, downloads: &[Download]) -> Result<String> {
    #[derive(Serialize)]
    struct Values<'a> {
        paths: Paths,
        plan: &'a Plan,
        models: Vec<&'a Download>,
        port: u16,
        embed_port: u16,
        loopback: bool,
        gpus: bool,
        exposed: bool,
    }
    let port = |args: &[String]| arg(args, "--port").and_then(|port| port.parse().ok());
    let models = downloads.iter().filter(|download| download.what == What::Model);
    templates::fill(
        "bundle/README.md",
        &Values {
            paths: PATHS,
            plan,
            models: models.collect(),
            port: port(&plan.llama_server.args).unwrap_or(paths::DEFAULT_PORT),
            embed_port: plan.rag.as_ref().and_then(|rag| port(&rag.args)).unwrap_or(paths::EMBED_PORT),
            loopback: is_loopback(listen(&plan.llama_server.args)),
            gpus: plan.profile.kind != ProfileKind::Cpu,
            exposed: plan.expose.is_some(),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, exit_code};

    fn plan() -> Plan {
        Plan::from_json(include_str!("../../tests/golden/plans/gpu.json")).unwrap()
    }

    fn limits_of(plan: &Plan) -> String {
        limits(plan, Server::Chat).unwrap()
    }

    #[test]
    fn the_drop_in_opens_the_devices_of_the_plans_gpus_and_no_other() {
        let mut plan = plan();
        let one = limits_of(&plan);
        assert!(
            one.contains("DeviceAllow=/dev/char/195:0 rwm") && !one.contains("/dev/char/195:1 "),
            "{one}"
        );
        assert!(one.contains("DevicePolicy=closed") && one.contains("PrivateDevices=no"), "{one}");
        plan.profile.gpus.push(plan.profile.gpus[0].clone());
        assert!(limits_of(&plan).contains("DeviceAllow=/dev/char/195:1 rwm"));
        plan.profile.kind = ProfileKind::Cpu;
        let none = limits_of(&plan);
        assert!(none.contains("PrivateDevices=yes") && !none.contains("DeviceAllow"), "{none}");
    }

    #[test]
    fn only_a_server_of_the_host_itself_is_cut_off_from_other_addresses() {
        let mut plan = plan();
        for (host, closed) in
            [("127.0.0.1", true), ("::1", true), ("localhost", true), ("0.0.0.0", false), ("10.0.0.7", false)]
        {
            plan.llama_server.args = vec!["--host".to_string(), host.to_string()];
            assert_eq!(limits_of(&plan).contains("IPAddressDeny=any"), closed, "{host}");
        }
    }

    #[test]
    fn a_plan_for_others_brings_its_rules_and_the_unit_that_ends_tls() {
        let closed = render(&plan()).unwrap();
        let rules = format!("rootfs{}/expose.nft", paths::GENERATION);
        let unit = format!("rootfs{}", paths::EXPOSE_FILE);
        assert!(closed.file(&rules).is_none() && closed.file(&unit).is_none());
        let mut plan = plan();
        let ranges = ["10.0.0.0/8", "2001:db8::/32"].map(|text| text.parse().unwrap());
        plan.expose = Exposure::of(&ranges);
        let open = render(&plan).unwrap();
        let text = |path: &str| String::from_utf8(open.file(path).unwrap().to_vec()).unwrap();
        let rules = text(&rules);
        assert!(
            rules.contains("ip saddr { 10.0.0.0/8 } accept") && rules.contains("ip6 saddr { 2001:db8::/32 }")
        );
        assert!(rules.contains("tcp dport 8080 drop") && !rules.contains("flush"), "{rules}");
        assert!(text(&unit).contains("DynamicUser=yes"));
        let limits = limits_of(&plan);
        assert!(limits.contains("Wants=agi-provision-expose.service"), "{limits}");
        assert!(limits.contains("IPAddressDeny=any"), "the server itself stays on loopback: {limits}");
        assert!(text("README.md").contains("openssl req"));
        // One range only: no empty set, which nftables would refuse.
        plan.expose = Exposure::of(&ranges[..1]);
        let one = render(&plan).unwrap();
        assert!(
            !String::from_utf8_lossy(one.file(&format!("rootfs{}/expose.nft", paths::GENERATION)).unwrap())
                .contains("ip6")
        );
        plan.llama_server.args = vec!["--host".to_string(), "0.0.0.0".to_string()];
        assert_eq!(exit_code(&render(&plan).unwrap_err()), Exit::Usage);
    }

    #[test]
    fn an_embedding_server_sees_its_own_card_or_none() {
        let mut plan = Plan::from_json(include_str!("../../tests/golden/plans/rag.json")).unwrap();
        plan.profile.gpus.push(plan.profile.gpus[0].clone());
        let on_card = limits(&plan, Server::Embedding).unwrap();
        let (first, second) = ("DeviceAllow=/dev/char/195:0 ", "DeviceAllow=/dev/char/195:1 ");
        assert!(on_card.contains(first) && !on_card.contains(second), "{on_card}");
        assert!(on_card.contains("Embedding server (llama.cpp): bge-m3 Q8_0"), "{on_card}");
        plan.rag.as_mut().unwrap().device = "host".to_string();
        let on_host = limits(&plan, Server::Embedding).unwrap();
        assert!(on_host.contains("PrivateDevices=yes") && !on_host.contains("DeviceAllow"), "{on_host}");
        assert!(limits_of(&plan).contains(second), "the model's server keeps both");
    }

    #[test]
    fn texts_of_a_plan_stay_texts() {
        let mut plan = plan();
        plan.model.id = "m\nExecStartPre=/bin/evil %n \\".to_string();
        plan.profile.id = plan.model.id.clone();
        plan.profile.gpus[0].name = plan.model.id.clone();
        let bundle = render(&plan).unwrap();
        for file in bundle.files().iter().filter(|file| !file.path.ends_with("plan.json")) {
            let text = String::from_utf8(file.content.clone()).unwrap();
            assert!(!text.lines().any(|line| line.trim_start().starts_with("ExecStartPre=/bin")), "{text}");
        }
        assert!(
            limits_of(&plan)
                .contains("Description=Language model server (llama.cpp): m ExecStartPre=/bin/evil %%n Q8_0")
        );
    }

    #[test]
    fn a_plan_that_cannot_be_files_is_refused() {
        let refused = |change: &dyn Fn(&mut Plan)| {
            let mut plan = plan();
            change(&mut plan);
            assert_eq!(exit_code(&render(&plan).unwrap_err()), Exit::Usage);
        };
        refused(&|plan| plan.llama_server.args.push("two\nlines".to_string()));
        for name in ["", "..", "a/b", "-rf", "a\nb"] {
            refused(&|plan| plan.model.files[0].name = name.to_string());
        }
        refused(&|plan| plan.model.files.push(plan.model.files[0].clone()));
        refused(&|plan| plan.model.files[0].sha256 = Some("ABC".to_string()));
        refused(&|plan| plan.model.files[0].url = Some("file:///etc/passwd".to_string()));
        refused(&|plan| plan.profile.gpus.clear());
    }

    #[test]
    fn the_unit_is_the_same_for_every_plan() {
        let unit = format!("rootfs/etc/systemd/system/{}", paths::UNIT);
        let gpu = render(&plan()).unwrap();
        let cpu = Plan::from_json(include_str!("../../tests/golden/plans/cpu.json")).unwrap();
        assert_eq!(gpu.file(&unit).unwrap(), render(&cpu).unwrap().file(&unit).unwrap());
    }
}
