//! The system's SSH client, from the head to a worker.

use crate::paths;
use crate::wire::peers::WorkerAddress;
use std::process::Command;

/// Program of the client.
pub const SSH: &str = "/usr/bin/ssh";

/// The name under which the worker with this number, from 0, is in [`paths::RPC_KNOWN`].
pub fn alias(number: usize) -> String {
    format!("agi-provision-worker-{}", number + 1)
}

/// Seconds between two questions whether the other end is there, and how many may go unanswered: a worker whose network
/// is gone is lost after 6 to 8 seconds.
const ALIVE: (u32, u32) = (2, 3);

/// Returns the arguments of a connection that runs `command` at the door; no file of the user's is read.
fn arguments(worker: &WorkerAddress, number: usize, key: &str, command: &str) -> Vec<String> {
    let options = [
        format!("IdentityFile={key}"),
        format!("UserKnownHostsFile={}", paths::RPC_KNOWN),
        format!("HostKeyAlias={}", alias(number)),
        format!("ServerAliveInterval={}", ALIVE.0),
        format!("ServerAliveCountMax={}", ALIVE.1),
        "GlobalKnownHostsFile=/dev/null".to_string(),
        "StrictHostKeyChecking=yes".to_string(),
        "UpdateHostKeys=no".to_string(),
        "BatchMode=yes".to_string(),
        "IdentitiesOnly=yes".to_string(),
        "IdentityAgent=none".to_string(),
        "PreferredAuthentications=publickey".to_string(),
        "ConnectTimeout=5".to_string(),
        "ClearAllForwardings=yes".to_string(),
        "ForwardAgent=no".to_string(),
        "Compression=no".to_string(),
        "LogLevel=INFO".to_string(),
    ];
    let mut all = vec!["-F".to_string(), "/dev/null".to_string(), "-T".to_string()];
    all.extend(options.into_iter().flat_map(|option| ["-o".to_string(), option]));
    all.extend(["-p".to_string(), worker.port.to_string(), "-l".to_string(), paths::RPC_USER.to_string()]);
    all.extend(["--".to_string(), worker.host.as_str().to_string(), command.to_string()]);
    all
}

/// Returns a connection to the worker with this number, whose door gets `command`.
pub fn connect(worker: &WorkerAddress, number: usize, key: &str, command: &str) -> Command {
    let mut ssh = Command::new(SSH);
    ssh.args(arguments(worker, number, key, command));
    ssh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_reads_no_file_of_others_and_trusts_the_pinned_keys_alone() {
        let worker =
            WorkerAddress { host: "10.0.0.2".to_string().try_into().unwrap(), port: 2222, keys: Vec::new() };
        let all = arguments(&worker, 1, "/run/key", "watch");
        for wanted in [
            "StrictHostKeyChecking=yes",
            "GlobalKnownHostsFile=/dev/null",
            "UserKnownHostsFile=/etc/agi-provision/rpc/known_hosts",
            "HostKeyAlias=agi-provision-worker-2",
            "BatchMode=yes",
            "IdentityFile=/run/key",
            "ClearAllForwardings=yes",
        ] {
            let at =
                all.iter().position(|text| text == wanted).unwrap_or_else(|| panic!("{wanted}: {all:?}"));
            assert_eq!(all[at - 1], "-o");
        }
        assert_eq!(all[..2], ["-F", "/dev/null"]);
        assert_eq!(
            all[all.len() - 7..],
            ["-p", "2222", "-l", "agi-provision-rpc", "--", "10.0.0.2", "watch"]
        );
    }
}
