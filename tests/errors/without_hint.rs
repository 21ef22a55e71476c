//! Failures without a hint, each with the reason: module, first text of its message (empty where the message is made
//! elsewhere), reason.

/// The program's two ends, or two parts of it, disagree: nobody who uses it can mend that.
const OURS: &str = "a fault of this program";
/// The command that it ends in names it as the reason, and has the hint.
const CAUSE: &str = "part of an error that has a hint";
/// A program of ours that systemd starts: nobody reads it but in that unit's log, and `status` has the hint.
const UNIT: &str = "a line in a unit's log";
/// The outcome shows the server's last lines after it.
const SERVER: &str = "the server's own log follows";
/// It is noted beside the other findings of a host, and ends nothing.
const FINDING: &str = "a finding, not an end";
/// The person at the terminal said no.
const DECIDED: &str = "the user's own decision";
/// The kernel refuses what it never refuses.
const KERNEL: &str = "nothing helps but another machine";

pub const WITHOUT_HINT: &[(&str, &str, &str)] = &[
    ("agent::expose", "no rules are confirmed or being tried", UNIT),
    ("agent::expose::certificate", "no certificate in the file", OURS),
    ("agent::expose::front", "no other host may come in", UNIT),
    ("agent::expose::front", "no plan is in place", UNIT),
    ("agent::expose::front", "stopping, to be started with a new certificate", UNIT),
    ("agent::expose::front", "this runs as a part of its unit only", UNIT),
    ("agent::host::egress", "no connection to {host}: {why}", CAUSE),
    ("agent::host::egress", "{url} names no host", CAUSE),
    ("agent::rpc::door", "this key opens the worker and nothing else", UNIT),
    ("agent::rpc::head", "the server ended: {status}", UNIT),
    ("agent::rpc::link", "a connection was given up", UNIT),
    ("agent::rpc::link", "the user {} is not there", UNIT),
    ("agent::rpc::relay", "the worker's program does not listen on port {port}", UNIT),
    ("agent::rpc::relay", "the worker's program ended: {status}", UNIT),
    ("agent::rpc::relay", "{} ended: {status}", UNIT),
    ("agent::servers::api", "the embedding server answered without a vector, or with an empty one", SERVER),
    ("agent::servers::api", "the model answered without a single token", SERVER),
    ("agent::servers::ask", "the server answers with a line that does not end", SERVER),
    ("agent::servers::front", "no folder above {} has {} and {}", UNIT),
    ("agent::servers::front", "{}: {why}", UNIT),
    ("agent::servers::gate", "{REFUSAL}{why}", UNIT),
    ("agent::servers::gate", "{} is refused: {error:#}", UNIT),
    ("agent::servers::ask", "the server refused {path}: {status} {short}", SERVER),
    ("agent::servers::closed", "the kernel knows no address that {unit} listens on", SERVER),
    ("agent::servers::serve", "", UNIT),
    ("agent::servers::serve", "{REFUSAL}{why}", UNIT),
    ("agent::servers::serve", "{} has no {what} {name}", UNIT),
    ("agent::servers::serve", "{} is refused: {error:#}", UNIT),
    ("agent::session", "the client speaks version {other}, this agent {VERSION}", OURS),
    ("agent::session::rotate", "{name} {why}", SERVER),
    ("agent::steps::config", "the runtime is not in place", OURS),
    ("agent::steps::expose", "the certificate is gone", OURS),
    ("agent::steps::expose", "the generation has no rules", OURS),
    ("agent::steps::packages", "the runtime is not unpacked", OURS),
    ("agent::steps::packages", "the runtime's note is gone", OURS),
    ("agent::steps::runtime", "no way is known of bringing this runtime onto a host", OURS),
    ("agent::steps::runtime::installed", "no program of the host was named", OURS),
    ("agent::steps::unit", "the bundle wants to write {path}", OURS),
    ("agent::store::key", "no randomness: {error}", KERNEL),
    ("agent::store::receive", "{}: a piece does not fit into it", OURS),
    ("agent::store::thing", "", OURS),
    ("apply::attempt", "no randomness: {error}", KERNEL),
    ("apply::session", "only an apply restarts a host", OURS),
    ("apply::upload", "the host asks for bytes that {} has not", OURS),
    ("apply::upload", "the host asks for {}, which was not offered", OURS),
    ("cli::output", "not confirmed; nothing was done", DECIDED),
    ("cli::output", "there was no answer; nothing was done", DECIDED),
    ("cli::reconcile", "the host sent no facts", OURS),
    ("engine::arguments", "", OURS),
    ("engine::streamed", "the server gave up answering: {short}", SERVER),
    ("fetch::client", "", CAUSE),
    ("fetch::client", "the proxy answers {status}", CAUSE),
    ("fetch::page", "", CAUSE),
    ("fetch::rate", "it answers {}", FINDING),
    ("fetch::rate", "{} bytes are too few to measure with", FINDING),
    ("hardware::offers::sources::gpuhunt", "{id}/version is no version", CAUSE),
    ("hardware::offers::sources::gpuhunt", "{name} is larger than {} MiB", CAUSE),
    ("hardware::offers::update", "none of its {} rows is an offer{first}", CAUSE),
    // Every call of this function adds one.
    ("hardware::vendor::nvidia::driver::parts", "", CAUSE),
    ("hardware::vendor::nvidia::driver::repository", "{url}: {why}", OURS),
    ("model::huggingface", "{} has no paths", OURS),
    ("ssh::dial", "{place} was not tried: the time limit is zero", OURS),
];
