//! Requirements of a plan on its host: need from the ledger, promise from the profile.

use super::document::{Bound, Plan, ProfileKind, Requirement, RuntimeFile};
use super::ledger::REPORTED_RAM;
use super::runtime::{self, RuntimeHost};
use crate::engine::server::Role;
use crate::hardware::facts::Vendor;
use crate::hardware::profiles::{MIB, Profile};
use crate::hardware::vendor;

/// The ids, as [`crate::verify`] knows them.
pub mod ids {
    use crate::engine::server::{Role, ServerName};

    /// Processor architecture, as `uname -m` names it.
    pub const ARCH: &str = "arch";
    /// Whether systemd runs the host.
    pub const SYSTEMD: &str = "systemd";
    /// Version of podman, for an engine that comes as a container.
    pub const PODMAN: &str = "podman";
    /// Whether the cards have a specification of the container device interface.
    pub const CDI: &str = "cdi";
    /// Instruction set flags of the CPU.
    pub const CPU_FLAGS: &str = "cpu-flags";
    /// Number of logical CPUs.
    pub const CPU_CORES: &str = "cpu-cores";
    /// Memory that the service can have, bytes: the host's, or a tighter cgroup limit.
    pub const RAM: &str = "ram";
    /// Free bytes on the disk, with those that the plan's own files hold already.
    pub const DISK: &str = "disk";
    /// Measured speed of reading from the disk, MB/s (10^6 bytes/s).
    pub const DISK_SPEED: &str = "disk-speed";
    /// Kind of the disk, such as `nvme`.
    pub const DISK_KIND: &str = "disk-kind";
    /// Size of the disk, bytes.
    pub const DISK_SIZE: &str = "disk-size";
    /// Measured download speed, Mbit/s (10^6 bits/s).
    pub const NETWORK: &str = "network";
    /// Port of the model's own server, which must be free.
    pub const PORT: &str = "port";
    /// Port of the embedding server, which must be free.
    pub const RAG_PORT: &str = "rag-port";
    /// In no plan: a worker's port is in a network namespace of its own.
    pub const WORKER_PORT: &str = "worker-port";
    /// Number of cards.
    pub const GPU_COUNT: &str = "gpu-count";
    /// Memory of the card that has least, bytes: the free part for the need, all for the promise.
    pub const GPU_VRAM: &str = "gpu-vram";
    /// Name of each card, as its driver reports it.
    pub const GPU_MODEL: &str = "gpu-model";
    /// Lowest CUDA compute capability of the cards.
    pub const GPU_COMPUTE: &str = "gpu-compute";
    /// Lowest driver version of the cards.
    pub const GPU_DRIVER: &str = "gpu-driver";
    /// The newest CUDA that the driver runs, the lowest among the cards.
    pub const GPU_CUDA: &str = "gpu-cuda";
    /// Whether NVLink connects every pair of the cards.
    pub const NVLINK: &str = "nvlink";
    /// In no plan: what a host's cards were linked by when a plan was applied to it
    /// ([`crate::verify::links`]).
    pub const GPU_LINK: &str = "gpu-link";
    /// In no plan, like those that follow ([`crate::verify::host`]): whether programs may run where ours lie.
    pub const NOEXEC: &str = "noexec";
    /// Version of the C library that the llama.cpp on its way needs.
    pub const LIBC: &str = "libc";
    /// Other libraries that it needs.
    pub const LIBRARIES: &str = "libraries";
    /// Whether the system is at work by itself.
    pub const BUSY: &str = "busy";
    /// Sites that the host is to download from.
    pub const EGRESS: &str = "egress";
    /// Whether the system asks for a restart.
    pub const REBOOT: &str = "reboot";

    /// The port of a server: `port`, `rag-port`, `rag-port-2`.
    pub fn port(server: ServerName) -> String {
        let first = match server.role() {
            Role::Chat => PORT,
            Role::Embedding => RAG_PORT,
            Role::Worker => WORKER_PORT,
        };
        if server.number() == 1 { first.to_string() } else { format!("{first}-{}", server.number()) }
    }

    /// The server whose port a requirement is about.
    pub fn server_of(id: &str) -> Option<ServerName> {
        ServerName::all().find(|server| port(*server) == id)
    }
}

/// The first podman with Quadlet (its release notes, 4.4.0); Debian 13 has 5.4, Ubuntu 24.04 has 4.9.
pub const LEAST_PODMAN: &str = "4.4";

/// The unpacked runtime, the agent and the journal; bytes. b11434's Linux archive unpacks to 60–250 MB.
const DISK_BESIDE_MODEL: u64 = 512 * MIB;
/// The agent and the journal alone, bytes.
const DISK_BESIDE_RUNTIME: u64 = 256 * MIB;
/// A pinned archive and what it unpacks to, in its bytes: those of programs are a third to a half of them.
const DISK_OF_ARCHIVE: u64 = 4;

/// The mission's document (27.05.2025) asks for NVMe of 1 TB on a medium node: a 24 GB card and up, as
/// such cards report themselves. A file system keeps a few percent of a disk for itself.
const MEDIUM_VRAM: u64 = 22 << 10;
const MEDIUM_DISK: u64 = 950_000_000_000;

/// Bytes of disk for a model of `size` bytes and a runtime whose archives have `archives` bytes; CUDA's have so many
/// that they count.
pub(super) fn disk_need(size: u64, archives: Option<u64>) -> u64 {
    let runtime = archives.unwrap_or(0).saturating_mul(DISK_OF_ARCHIVE).saturating_add(DISK_BESIDE_RUNTIME);
    size.saturating_add(runtime.max(DISK_BESIDE_MODEL))
}

/// Bytes of all pinned archives; `None` if none is.
pub(super) fn pinned_bytes<'a>(archives: impl IntoIterator<Item = &'a RuntimeFile>) -> Option<u64> {
    archives.into_iter().map(|file| file.size_bytes).reduce(u64::saturating_add)
}

/// A card that is paid for keeps the promise of the profile's.
pub(super) fn promise_card(requirements: &mut [Requirement], card: &str) {
    let model = requirements.iter_mut().find(|requirement| requirement.id == ids::GPU_MODEL);
    if let Some(Bound::AllOf(cards)) = model.and_then(|model| model.promise.as_mut())
        && !cards.iter().any(|known| known == card)
    {
        cards.push(card.to_string());
    }
}

/// Lowest version that a runtime needs, or that the release's archives would need.
struct OfRuntime {
    id: &'static str,
    need: Option<String>,
    promise: Option<String>,
    why: String,
}

/// Returns the runtime's needs of the cards and their driver. Where the runtime is not known, that is the least that any
/// build needs, and as a promise the need of the release's archive.
fn of_runtime(plan: &Plan, profile: &Profile) -> Vec<OfRuntime> {
    let known = plan.llama_server.runtime_choice.as_ref().filter(|choice| choice.kind.is_some());
    if let Some(needs) = known.map(|choice| &choice.needs) {
        let bounds = [
            (ids::GPU_COMPUTE, &needs.compute_capability),
            (ids::GPU_DRIVER, &needs.driver),
            (ids::GPU_CUDA, &needs.cuda),
        ];
        let bounds = bounds.into_iter().filter_map(|(id, least)| Some((id, least.as_ref()?)));
        return bounds
            .map(|(id, least)| OfRuntime {
                id,
                need: Some(least.version.clone()),
                promise: None,
                why: least.why.clone(),
            })
            .collect();
    }
    let least = profile.gpus.first().map(|gpu| vendor::of(gpu.vendor).least()).unwrap_or_default();
    let host = RuntimeHost::of_profile(profile, false, None);
    let release = runtime::needs_of_release(&host, &plan.llama_server.build).driver;
    let bounds =
        [(ids::GPU_COMPUTE, least.compute_capability, None), (ids::GPU_DRIVER, least.driver, release)];
    let bounds = bounds.into_iter().filter_map(|(id, least, release)| Some((id, least?, release)));
    bounds
        .map(|(id, (version, why), release)| {
            let newer = release.filter(|release| release.version != version);
            let also = newer.as_ref().map_or(String::new(), |newer| format!("; {}", newer.why));
            OfRuntime {
                id,
                need: Some(version.to_string()),
                promise: newer.map(|newer| newer.version),
                why: format!("{why}{also}"),
            }
        })
        .collect()
}

/// Returns the requirements of `plan` on a host that keeps the promises of `profile`. The plan's memory and
/// servers must be there already.
pub(super) fn of(plan: &Plan, profile: &Profile) -> Vec<Requirement> {
    let requirement = |id: &str, need: Option<Bound>, promise: Option<Bound>, unit: &str, why: String| {
        Requirement { id: id.to_string(), need, promise, unit: unit.to_string(), why }
    };
    let processor = profile.processor.row();
    let flags = |names: &[&str]| Bound::AllOf(names.iter().map(|name| name.to_string()).collect());
    let host = &plan.memory[0];
    let archives = pinned_bytes(plan.llama_server.archives());
    let files: u64 = plan.servers().map(|server| server.size_bytes).sum();
    let indexes = plan.beside().filter_map(|server| Some(server.embedding?.index.size_bytes));
    let indexes: Option<u64> = indexes.reduce(u64::saturating_add);
    let promised_ram = (profile.ram_bytes() as f64 * REPORTED_RAM) as u64;
    let mut all = vec![
        requirement(
            ids::ARCH,
            Some(Bound::Name(processor.uname.to_string())),
            None,
            "",
            english!("why-arch"),
        ),
        requirement(ids::SYSTEMD, Some(Bound::Holds(true)), None, "", english!("why-systemd")),
        requirement(
            ids::CPU_FLAGS,
            Some(flags(processor.needed)),
            Some(processor.promised).filter(|promised| !promised.is_empty()).map(flags),
            "",
            english!(processor.why_needed),
        ),
        requirement(
            ids::CPU_CORES,
            None,
            Some(Bound::AtLeast(profile.cpu_cores)),
            "cores",
            english!("why-cpu-cores"),
        ),
        requirement(
            ids::RAM,
            Some(Bound::AtLeast(host.total_bytes)),
            Some(Bound::AtLeast(promised_ram)),
            "bytes",
            english!("why-ram"),
        ),
        requirement(
            ids::DISK,
            Some(Bound::AtLeast(disk_need(files, archives))),
            // Room for the index is wanted, but a host whose index has grown still runs.
            indexes.map(|size| Bound::AtLeast(disk_need(files, archives).saturating_add(size))),
            "bytes",
            match indexes {
                Some(_) => english!("why-disk-index"),
                None => english!("why-disk"),
            },
        ),
        requirement(
            ids::DISK_SPEED,
            None,
            Some(Bound::AtLeast(profile.disk_read_mb_s)),
            "MB/s",
            english!("why-disk-speed"),
        ),
        requirement(
            ids::NETWORK,
            None,
            Some(Bound::AtLeast(profile.network_mbit_s)),
            "Mbit/s",
            english!("why-network"),
        ),
    ];
    if plan.container().is_some() {
        let least = Some(Bound::Name(LEAST_PODMAN.to_string()));
        all.push(requirement(ids::PODMAN, least, None, "at least", english!("why-podman")));
        // The other makers' cards are device files, which it gives by their names.
        if profile.gpus.first().is_some_and(|gpu| gpu.vendor == Vendor::Nvidia) {
            all.push(requirement(ids::CDI, Some(Bound::Holds(true)), None, "", english!("why-cdi")));
        }
    }
    // A worker's port is in a network namespace of its own.
    for server in plan.servers().filter(|server| server.name.role() != Role::Worker) {
        all.push(requirement(
            &ids::port(server.name),
            Some(Bound::AtLeast(server.name.port().into())),
            None,
            "port",
            match server.name.role() {
                Role::Embedding => english!("why-rag-port"),
                Role::Chat | Role::Worker => english!("why-port"),
            },
        ));
    }
    if plan.profile.kind == ProfileKind::Cpu {
        return all;
    }
    let own = plan.memory[1..].iter().filter(|device| !device.is_remote());
    let vram = own.map(|gpu| gpu.total_bytes).max().unwrap_or(0);
    let promised = profile.gpus.iter().map(|gpu| gpu.vram_mib * MIB).min().unwrap_or(0);
    let mut models: Vec<String> = Vec::new();
    for gpu in &profile.gpus {
        models.extend(std::iter::once(&gpu.name).chain(&gpu.or_better).cloned());
    }
    models.dedup();
    all.push(requirement(
        ids::DISK_KIND,
        None,
        Some(Bound::Name("nvme".to_string())),
        "",
        english!("why-disk-kind"),
    ));
    if profile.gpus.iter().any(|gpu| gpu.vram_mib >= MEDIUM_VRAM) {
        all.push(requirement(
            ids::DISK_SIZE,
            None,
            Some(Bound::AtLeast(MEDIUM_DISK)),
            "bytes",
            english!("why-disk-size"),
        ));
    }
    all.push(requirement(
        ids::GPU_COUNT,
        Some(Bound::AtLeast(profile.gpus.len() as u64)),
        None,
        "GPUs",
        english!("why-gpu-count"),
    ));
    all.push(requirement(
        ids::GPU_VRAM,
        Some(Bound::AtLeast(vram)),
        Some(Bound::AtLeast(promised)),
        "bytes",
        english!("why-gpu-vram"),
    ));
    all.push(requirement(
        ids::GPU_MODEL,
        None,
        Some(Bound::AllOf(models)),
        "one of",
        english!("why-gpu-model"),
    ));
    for bound in of_runtime(plan, profile) {
        let (need, promise) = (bound.need.map(Bound::Name), bound.promise.map(Bound::Name));
        all.push(requirement(bound.id, need, promise, "at least", bound.why));
    }
    if plan.profile.nvlink {
        all.push(requirement(ids::NVLINK, Some(Bound::Holds(true)), None, "", english!("why-nvlink")));
    }
    all
}
