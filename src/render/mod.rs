//! From a plan to a bundle: the files a host gets, as a pure function of the plan.
//!
//! ```text
//! plan.json  manifest.json  README.md
//! rootfs/etc/systemd/system/agi-provision-llama.service      the same for every plan
//! rootfs/etc/systemd/system/agi-provision-llama.service.d/   link to the generation's limits.conf
//! rootfs/etc/agi-provision/generation/                       what differs between plans
//! rootfs/etc/systemd/system/agi-provision-embed.service      and its drop-in: for a plan with `rag`
//! rootfs/etc/systemd/system/agi-provision-embed-2.service    and so on, for each further server of the plan
//! cloud-init/                                                all of the above, packed for clouds
//! files/                                                     llama.cpp and models, where they are given
//! seed.iso                                                   all of it, for a machine without a network
//! ```
//!
//! - [`bundle`]: the bundle in memory, in a directory, in a tar;
//! - [`manifest`]: its table of contents and what it may contain;
//! - [`edits`]: what of a bundle is not as its plan makes it;
//! - [`carried`]: large files that travel in a bundle's directory;
//! - [`seed`]: the image that a machine boots into its plan from;
//! - `archive`: tar, written deterministically and read with suspicion;
//! - [`targets`]: other forms of a bundle, cloud-init among them;
//! - [`choices`]: what targets depend on besides the plan;
//! - [`first_boot`]: what user-data depends on besides the plan; [`clouds`]: who takes it, how much and in which form;
//! - `templates`: the Tera environment.

mod archive;
mod broken;
pub mod bundle;
pub mod carried;
pub mod choices;
pub mod clouds;
pub mod edits;
pub mod first_boot;
mod hosts;
pub mod manifest;
pub mod seed;
pub mod targets;
mod templates;

pub use bundle::{Bundle, BundleFile, WriteOutcome};
pub use carried::Carried;
pub use choices::Choices;
pub use clouds::Cloud;
pub use first_boot::{FirstBoot, PinnedProgram};
pub use manifest::{BundleLink, CarriedKind, Download, Manifest, ManifestFile};

use crate::checked::{LinkTarget, RelativePath, ToolVersion};
use crate::engine::arguments::ServerArgs;
use crate::engine::container::Container;
use crate::engine::kind::Engine;
use crate::engine::server::ADDRESS;
use crate::engine::server::{Role, ServerName};
use crate::error::{Failure, Result};
use crate::hardware::vendor::driver::Origin;
use crate::hardware::vendor::{self, UnitDevices};
use crate::paths;
use crate::plan::Plan;
use crate::plan::document::ProfileKind;
use crate::plan::expose::Exposure;
use crate::plan::requirements::ids;
use crate::plan::servers::Server;
use serde::Serialize;
use templates::{PATHS, Paths};

/// The plan as files. A plan whose texts cannot be files' content or names is refused: exit 2.
pub fn render(plan: &Plan) -> Result<Bundle> {
    render_for(plan, &Choices::default())
}

/// The same with these choices.
///
/// # Errors
/// [`render`] fails, the cloud would not take the user-data, or a target cannot bring the plan to a machine.
pub fn render_for(plan: &Plan, choices: &Choices) -> Result<Bundle> {
    render_as(plan, plan.to_json(), &ToolVersion::new(manifest::TOOL_VERSION)?, Some(choices), choices.driver)
}

/// The same with the plan's own text, by the name of another version; with the targets' files where `choices` says
/// what those depend on. `driver`: where the host's cards get one from.
fn render_as(
    plan: &Plan,
    plan_json: String,
    version: &ToolVersion,
    choices: Option<&Choices>,
    driver: Option<Origin>,
) -> Result<Bundle> {
    for server in plan.servers().filter(|server| server.container().is_some()) {
        if server.image.is_none() {
            let message = format!("the plan pins no image of {}", server.engine().name());
            return Err(Failure::usage(message)
                .hint("--runtime-image REPOSITORY@sha256:DIGEST pins one; the registry's page, or `skopeo inspect`, has the digest")
                .into());
        }
    }
    let downloads = manifest::downloads(plan)?;
    let generation = |name: &str| format!("{}{}/{name}", manifest::ROOTFS, paths::GENERATION);
    let mut files = vec![
        text(manifest::PLAN, plan_json.clone())?,
        text(
            manifest::README,
            match &plan.over_hosts {
                Some(over) => hosts::readme(plan, over)?,
                None => readme(plan, &downloads, driver)?,
            },
        )?,
        text(&generation(paths::generation::PLAN), plan_json.clone())?,
    ];
    if let Some(exposure) = &plan.expose {
        files.push(text(&generation(paths::generation::EXPOSE), rules(plan, exposure)?)?);
        files.push(text(&in_rootfs(paths::EXPOSE_FILE), expose_unit()?)?);
    }
    if let Some(over) = plan.over_hosts.as_ref().filter(|over| over.worker.is_none()) {
        let names: String = over.workers().iter().map(|name| format!("{name}\n")).collect();
        files.push(text(&generation(paths::generation::WORKERS), names)?);
        files.push(text(&in_rootfs(paths::LINK_FILE), hosts::link_unit()?)?);
    }
    if let Some(template) = &plan.model.chat_template {
        files.push(text(&generation(paths::generation::CHAT_TEMPLATE), template.clone())?);
    }
    let mut links = Vec::new();
    for server in plan.servers() {
        let (name, limits_file) = (server.name, server.name.limits_file());
        if let Some(container) = server.container() {
            files.push(text(&in_rootfs(&name.container_file()), quadlet(plan, &server, container)?)?);
            files.push(text(&generation(&name.args_file()), args(server.args))?);
            continue;
        }
        files.push(text(&in_rootfs(&name.unit_file()), unit(&server)?)?);
        files.push(text(&generation(&name.args_file()), args(server.args))?);
        files.push(text(&generation(&limits_file), limits(plan, &server)?)?);
        links.push(BundleLink {
            path: RelativePath::new(in_rootfs(&format!("{}/10-generation.conf", name.drop_in())))?,
            target: LinkTarget::new(format!("{}/{limits_file}", paths::GENERATION))?,
        });
    }

    let host = Bundle::new(files, links, plan.llama_server.build.clone(), downloads, version.clone())?;
    let host = host.driven(driver)?;
    // Hosts of one model have to know each other, which no first boot and no other target brings about.
    let Some(choices) = choices.filter(|_| plan.over_hosts.is_none()) else { return Ok(host) };
    let mut more = Vec::new();
    if plan.container().is_some() {
        // No agent brings a container to a host, so that nothing is left for a first boot or a cluster.
        if *choices != Choices::default() {
            return Err(Failure::usage(format!(
                "{} comes as a container: its bundle has no other form",
                plan.engine().name()
            ))
            .hint("leave the flags of first boots, of the driver and of targets out; the bundle's README.md has the commands")
            .into());
        }
        return Ok(host);
    }
    for target in targets::all().into_iter().filter(|target| target.wanted(choices)) {
        more.extend(target.render(plan, &host, choices)?);
    }
    host.with(more, choices.clone())
}

fn text(path: &str, content: String) -> Result<BundleFile> {
    BundleFile::plain(path, content.into_bytes())
}

fn in_rootfs(path: &str) -> String {
    format!("{}{path}", manifest::ROOTFS)
}

fn description(server: &Server) -> String {
    let role = match server.name.role() {
        Role::Chat => "Language model server",
        Role::Embedding => "Embedding server",
        Role::Worker => "Worker of a language model server on another host",
    };
    format!("{role} ({})", server.engine().name())
}

/// The unit of a server that is run as a container.
fn quadlet(plan: &Plan, server: &Server, container: &Container) -> Result<String> {
    #[derive(Serialize)]
    struct Values<'a> {
        paths: Paths,
        unit: String,
        identifier: String,
        description: String,
        id: &'a str,
        quant: &'a str,
        profile: &'a str,
        image: &'a str,
        shared_memory: &'a str,
        exec: String,
        cards: Vec<usize>,
        devices: &'static [&'static str],
        order: Vec<String>,
        exposed: bool,
        model_folder: &'a str,
        cache: &'a str,
        cache_here: &'a str,
        environment: Vec<Variable>,
        key: &'a str,
        runtime_folder: String,
        key_file: String,
        listen: String,
        port: u16,
        user: Option<u32>,
        group: Option<u32>,
    }
    let image = plan.llama_server.image.as_deref().unwrap_or_default();
    #[derive(Serialize)]
    struct Variable {
        name: &'static str,
        value: &'static str,
    }
    let exec: Vec<String> = server.args.to_argv().iter().map(|word| templates::exec(word)).collect();
    let name = server.name;
    let maker = vendor::of(plan.profile.vendor());
    let values = Values {
        paths: PATHS,
        unit: name.unit(),
        identifier: name.identifier(),
        description: description(server),
        id: server.id,
        quant: server.quant,
        profile: &plan.profile.id,
        image,
        shared_memory: container.shared_memory,
        exec: exec.join(" "),
        cards: (0..server.cards).collect(),
        devices: if server.cards > 0 { maker.devices_of_container() } else { &[] },
        order: if server.cards > 0 { maker.unit(server.cards).order } else { Vec::new() },
        exposed: plan.expose.is_some() && server.name == ServerName::CHAT,
        model_folder: container.model,
        cache: container.cache,
        cache_here: paths::CACHE,
        environment: variables(server.engine(), container)
            .map(|(name, value)| Variable { name, value })
            .collect(),
        key: container.key,
        runtime_folder: name.runtime_folder(),
        key_file: name.key_file(),
        listen: ADDRESS.to_string(),
        port: name.port(),
        user: container.user.map(|(user, _)| user),
        group: container.user.map(|(_, group)| group),
    };
    templates::fill(&templates::container_of(server.engine()), &values)
}

/// Variables of a container that are the same at every start: its own, and those of its engine's program.
fn variables(
    engine: &'static dyn Engine,
    container: &Container,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let fixed = |(name, value): &(&'static str, crate::engine::kind::Variable)| match value {
        crate::engine::kind::Variable::Text(text) => Some((*name, *text)),
        crate::engine::kind::Variable::RandomKey => None,
    };
    container.environment.iter().copied().chain(engine.environment().iter().filter_map(fixed))
}

fn unit(server: &Server) -> Result<String> {
    #[derive(Serialize)]
    struct Values {
        paths: Paths,
        description: String,
        command: String,
        identifier: String,
        becomes: String,
        runtime_folder: String,
    }
    let name = server.name;
    let front = server.engine().front();
    let is_worker = name.role() == Role::Worker;
    let (becomes, runtime_folder) = match front {
        None if is_worker => (format!("starts {}, and stays above it", server.program()), name.identifier()),
        None => (format!("becomes {}", server.engine().program()), String::new()),
        Some(front) => (format!("starts {}, and stays above it", front.script), name.identifier()),
    };
    let (command, identifier) = match name {
        ServerName::CHAT => ("serve".to_string(), String::new()),
        ServerName::EMBEDDING => ("serve --embedding".to_string(), name.identifier()),
        other => (format!("serve --server {other}"), other.identifier()),
    };
    let values = Values {
        paths: PATHS,
        description: description(server),
        command,
        identifier,
        becomes,
        runtime_folder,
    };
    match is_worker {
        true => templates::fill("systemd/agi-provision-rpc-worker.service", &values),
        false => templates::fill(&templates::unit_of(server.engine()), &values),
    }
}

/// One argument or value a line.
fn args(args: &ServerArgs) -> String {
    args.to_argv().into_iter().map(|arg| arg + "\n").collect()
}

/// The port of the API, on 127.0.0.1 and towards others.
pub fn port(plan: &Plan) -> u16 {
    plan.llama_server.args.server().port()
}

/// The unit that ends TLS; the same for every plan.
fn expose_unit() -> Result<String> {
    #[derive(Serialize)]
    struct Values {
        paths: Paths,
    }
    templates::fill("systemd/agi-provision-expose.service", &Values { paths: PATHS })
}

/// The nftables rules of a plan that lets others in.
fn rules(plan: &Plan, exposure: &Exposure) -> Result<String> {
    #[derive(Serialize)]
    struct Values<'a> {
        plan: &'a Plan,
        port: u16,
        ipv4: Vec<String>,
        ipv6: Vec<String>,
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

/// The drop-in of the generation.
fn limits(plan: &Plan, server: &Server) -> Result<String> {
    #[derive(Serialize)]
    struct Values<'a> {
        plan: &'a Plan,
        unit: String,
        program: &'a str,
        description: String,
        id: &'a str,
        quant: &'a str,
        listen: String,
        /// Device settings that its GPUs need; none on a CPU.
        devices: Option<UnitDevices>,
        gpu_names: String,
        exposed: bool,
        expose_unit: &'a str,
        /// Unit with the connections to workers; empty where there are none.
        link_unit: &'a str,
        /// Bytes of the host's memory that a worker may take; 0 for other servers.
        memory_max: u64,
        /// Why there is none.
        without: &'a str,
    }
    if plan.profile.kind != ProfileKind::Cpu && plan.profile.gpus.is_empty() {
        return Err(Failure::usage("the plan's profile is a GPU's and lists no GPU")
            .hint("make the plan again: `agi-provision plan --out FILE`")
            .into());
    }
    let is_worker = server.name.role() == Role::Worker;
    let gpus = plan.profile.gpus.get(..server.cards).unwrap_or_default();
    let without = match plan.profile.kind {
        ProfileKind::Cpu => "No GPU in the plan",
        ProfileKind::Gpu | ProfileKind::MultiGpu => "The plan leaves the GPUs to the language model",
    };
    templates::fill(
        "systemd/limits.conf",
        &Values {
            plan,
            unit: server.name.unit(),
            program: server.program(),
            description: description(server),
            id: server.id,
            quant: server.quant,
            listen: ADDRESS.to_string(),
            devices: (!gpus.is_empty()).then(|| vendor::of(plan.profile.vendor()).unit(gpus.len())),
            exposed: plan.expose.is_some() && server.name == ServerName::CHAT,
            expose_unit: paths::EXPOSE_UNIT,
            link_unit: if is_worker || plan.over_hosts.is_none() { "" } else { paths::LINK_UNIT },
            memory_max: if is_worker { plan.memory.first().map_or(0, |host| host.total_bytes) } else { 0 },
            gpu_names: gpus.iter().map(|gpu| gpu.name.as_str()).collect::<Vec<_>>().join(", "),
            without,
        },
    )
}

fn readme(plan: &Plan, downloads: &[Download], installs: Option<Origin>) -> Result<String> {
    #[derive(Serialize)]
    struct Values<'a> {
        paths: Paths,
        plan: &'a Plan,
        models: Vec<&'a Download>,
        port: u16,
        beside: Vec<Beside>,
        gpus: bool,
        /// How a person sees that the cards' driver works.
        driver: String,
        /// Source of the driver for an apply and a first boot.
        installs: Option<String>,
        groups: Vec<&'static str>,
        exposed: bool,
        /// Packages of the distribution that llama.cpp comes from.
        packages: &'a [String],
        /// Whether the cards are named to podman by a specification.
        cdi: bool,
        /// Whether the engine comes as a container alone.
        only: bool,
        /// Only where the servers are containers.
        image: Option<&'a str>,
        identifier: String,
        container_file: String,
        health: &'a str,
        engine: &'a str,
    }
    #[derive(Serialize)]
    struct Beside {
        unit: String,
        limits: String,
        container_file: String,
        port: u16,
        size_bytes: u64,
        dimensions: u64,
        chunk_tokens: u64,
        index_bytes: u64,
        chunks: u64,
    }
    let beside = plan.beside().filter_map(|server| {
        let embedding = server.embedding?;
        Some(Beside {
            unit: server.name.unit(),
            limits: server.name.limits_file(),
            container_file: server.name.container_file(),
            port: server.name.port(),
            size_bytes: server.size_bytes,
            dimensions: embedding.model.dimensions,
            chunk_tokens: embedding.chunk_tokens,
            index_bytes: embedding.index.size_bytes,
            chunks: embedding.index.chunks,
        })
    });
    let models = downloads.iter().filter(|download| download.what == CarriedKind::Model);
    let cards = plan.cards();
    let maker = vendor::of(plan.profile.vendor());
    let chat = plan.chat();
    let template = match chat.container() {
        Some(_) => "bundle/container.md",
        None => "bundle/README.md",
    };
    templates::fill(
        template,
        &Values {
            paths: PATHS,
            plan,
            models: models.collect(),
            port: port(plan),
            beside: beside.collect(),
            gpus: cards > 0,
            driver: maker.check_by_hand(cards),
            installs: installs.map(|origin| origin.to_string()),
            groups: maker.unit(cards).groups,
            exposed: plan.expose.is_some(),
            packages: &plan.llama_server.packages,
            cdi: plan.requirements.iter().any(|requirement| requirement.id == ids::CDI),
            only: chat.engine().container().is_some_and(|container| container.only),
            image: plan.image().map(|image| &**image),
            identifier: chat.name.identifier(),
            container_file: chat.name.container_file(),
            health: chat.engine().health(),
            engine: chat.engine().name(),
        },
    )
}

#[cfg(test)]
mod tests;
