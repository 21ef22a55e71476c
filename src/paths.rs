//! Where everything lies on a host. The only place that spells these paths.

/// Unit of the chat server.
pub const UNIT: &str = "agi-provision-llama.service";
/// System user, and group, that servers run as.
pub const USER: &str = "agi-provision";

/// The agent: `agent-<sha256>` files and the link `agi-provision` to the one in use.
pub const LIB: &str = "/usr/local/lib/agi-provision";
/// Link to the executable that the services start.
pub const AGENT_LINK: &str = "/usr/local/lib/agi-provision/agi-provision";

/// Folder of the configuration.
pub const ETC: &str = "/etc/agi-provision";
/// 0600, root; the unit hands it to the server as a credential.
pub const API_KEY: &str = "/etc/agi-provision/api-key";
/// Link to the generation that serves; switching it is the one rename of an apply.
pub const GENERATION: &str = "/etc/agi-provision/generation";

/// Folder of the data.
pub const VAR: &str = "/var/lib/agi-provision";
/// Folder of the generations, each named by its number.
pub const GENERATIONS: &str = "/var/lib/agi-provision/generations";
/// Models by content: `models/<sha256>/<name>`.
pub const MODELS: &str = "/var/lib/agi-provision/models";
/// Unpacked runtimes by the archive's content: `runtimes/<sha256>/`.
pub const RUNTIMES: &str = "/var/lib/agi-provision/runtimes";
/// Files on their way from the client: `<sha256>.part` and `.map`, then `<sha256>`.
pub const INCOMING: &str = "/var/lib/agi-provision/incoming";
/// The bundle that user-data lays down for a first boot, until it is applied.
pub const FIRST_BOOT: &str = "/var/lib/agi-provision/incoming/bundle.tar";
/// The running or last job: `job.json`, `journal.jsonl`.
pub const JOB: &str = "/var/lib/agi-provision/job";
/// Compiled GPU kernels; systemd makes it for the unit.
pub const CACHE: &str = "/var/cache/agi-provision";
/// Receipt of the last apply that succeeded.
pub const RECEIPT: &str = "/var/lib/agi-provision/receipt.json";

/// Keeps other drivers from the cards whose driver was installed.
pub const DRIVER_MODPROBE: &str = "/etc/modprobe.d/agi-provision-driver.conf";
/// Keeps unattended upgrades from the driver.
pub const DRIVER_HELD: &str = "/etc/apt/apt.conf.d/52agi-provision-driver";
/// Components of the distribution's archive that have the driver, where the host had them not.
pub const DRIVER_SOURCES: &str = "/etc/apt/sources.list.d/agi-provision-driver.sources";

/// Units of this host.
pub const UNITS: &str = "/etc/systemd/system";
/// Units of podman's Quadlet.
pub const CONTAINERS: &str = "/etc/containers/systemd";
/// Unit file of the chat server.
pub const UNIT_FILE: &str = "/etc/systemd/system/agi-provision-llama.service";
/// Link that enables the unit.
pub const WANTS: &str = "/etc/systemd/system/multi-user.target.wants/agi-provision-llama.service";
/// Link that enables the embedding server's unit.
pub const EMBED_WANTS: &str = "/etc/systemd/system/multi-user.target.wants/agi-provision-embed.service";
/// Folder of the chat server's drop-ins.
pub const UNIT_DROP_IN: &str = "/etc/systemd/system/agi-provision-llama.service.d";
/// Starts a job again that a restart of the host cut; there while a job is pending.
pub const RESUME_UNIT: &str = "agi-provision-resume.service";
/// Unit file of [`RESUME_UNIT`].
pub const RESUME_FILE: &str = "/etc/systemd/system/agi-provision-resume.service";
/// Link that enables [`RESUME_UNIT`].
pub const RESUME_LINK: &str = "/etc/systemd/system/multi-user.target.wants/agi-provision-resume.service";
/// In memory, and root alone can enter it: locks, and secrets on their way from a session to its job.
pub const PRIVATE: &str = "/run/agi-provision";
/// One apply at a time.
pub const LOCK: &str = "/run/agi-provision/lock";
/// A token on its way from a session to its job: 0600, read once.
pub const TOKEN: &str = "/run/agi-provision/token";
/// A client's word to a job that waits for its turn; there while it waits.
pub const TURN: &str = "/run/agi-provision/turn";

/// Ends TLS for those who may reach the API from other hosts; there once one was exposed.
pub const EXPOSE_UNIT: &str = "agi-provision-expose.service";
/// Unit file of [`EXPOSE_UNIT`].
pub const EXPOSE_FILE: &str = "/etc/systemd/system/agi-provision-expose.service";
/// A copy of the rules that a new connection confirmed; others are not loaded.
pub const EXPOSE_CONFIRMED: &str = "/etc/agi-provision/exposed.nft";
/// Whom those let in.
pub const EXPOSE_NOTE: &str = "/etc/agi-provision/exposed.json";
/// A copy of rules that were tried while those held, and that nobody confirmed.
pub const EXPOSE_TRIED: &str = "/etc/agi-provision/exposed-tried.nft";
/// A copy of the rules being tried; gone with the next boot.
pub const EXPOSE_TRIAL: &str = "/run/agi-provision-expose-trial";
/// The transient timer that ends a trial, and its service.
pub const EXPOSE_REVERT: &str = "agi-provision-expose-revert";
/// The certificate for other hosts and its key, 0600, root.
pub const TLS: &str = "/etc/agi-provision/tls";
/// Certificate for other hosts, PEM.
pub const TLS_CERT: &str = "/etc/agi-provision/tls/cert.pem";
/// Private key of the certificate, PEM, readable by root alone.
pub const TLS_KEY: &str = "/etc/agi-provision/tls/key.pem";
/// A certificate of the user's own on its way to the job, as [`TOKEN`] is.
pub const TLS_GIVEN: &str = "/run/agi-provision/tls";

/// User of the private path between the hosts of a plan: on the head it runs the connections, on a worker it may log in
/// with the head's key and reach the worker, and nothing else.
pub const RPC_USER: &str = "agi-provision-rpc";
/// Home of [`RPC_USER`], root's: it can change nothing in it.
pub const RPC_HOME: &str = "/var/lib/agi-provision/rpc";
/// On a worker: keys that may reach it, by what sshd reads.
pub const RPC_AUTHORIZED: &str = "/var/lib/agi-provision/rpc/.ssh/authorized_keys";
/// On the head: the key made for its workers, and who they are.
pub const RPC: &str = "/etc/agi-provision/rpc";
/// Private key of the head, readable by root alone.
pub const RPC_KEY: &str = "/etc/agi-provision/rpc/key";
/// Public key of the head.
pub const RPC_PUBLIC: &str = "/etc/agi-provision/rpc/key.pub";
/// Addresses of the workers.
pub const RPC_WORKERS: &str = "/etc/agi-provision/rpc/workers.json";
/// Host keys of the workers, as ssh reads them.
pub const RPC_KNOWN: &str = "/etc/agi-provision/rpc/known_hosts";
/// Keeps the connections to the workers.
pub const LINK_UNIT: &str = "agi-provision-rpc-link.service";
/// Unit file of [`LINK_UNIT`].
pub const LINK_FILE: &str = "/etc/systemd/system/agi-provision-rpc-link.service";
/// How each worker is, by [`LINK_UNIT`]; readable by everyone on the head.
pub const LINK_STATE: &str = "/run/agi-provision-rpc-link/state.json";
/// When [`LINK_UNIT`] last said that it is at work.
pub const LINK_BEAT: &str = "/run/agi-provision-rpc-link/beat";

/// The transient unit a job runs in.
pub const JOB_UNIT: &str = "agi-provision-apply.service";

/// Inside a generation.
pub mod generation {
    /// The plan.
    pub const PLAN: &str = "plan.json";
    /// The bundle that it was made from, as a tar: what `status` compares the host with.
    pub const BUNDLE: &str = "bundle.tar";
    /// Record of the bundle, runtime and models that it was made from.
    pub const RECORD: &str = "record.json";
    /// Links between the host's cards when it was applied.
    pub const LINKS: &str = "gpu-links.json";
    /// Link to the generation that served before; a rollback goes there.
    pub const PREVIOUS: &str = "previous";
    /// Directory of links to the model's files.
    pub const MODEL: &str = "model";
    /// Link to the unpacked runtime's folder that holds `llama-server`.
    pub const RUNTIME: &str = "runtime";
    /// Chat template of the model, if the plan has one.
    pub const CHAT_TEMPLATE: &str = "chat-template.jinja";
    /// systemd drop-in: what differs between generations.
    pub const LIMITS: &str = "limits.conf";
    /// Names of the workers on other hosts, one a line; there only on the head of a plan over several.
    pub const WORKERS: &str = "rpc-workers";
    /// nftables rules for other hosts; there only where the plan lets any in.
    pub const EXPOSE: &str = "expose.nft";
}

/// The port of the API, on 127.0.0.1 and towards others.
pub const DEFAULT_PORT: u16 = 8080;
/// And of the embedding server's.
pub const EMBED_PORT: u16 = 8081;
/// Port of a worker, on the 127.0.0.1 of its own network namespace.
pub const WORKER_PORT: u16 = 50052;
