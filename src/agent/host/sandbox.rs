//! Runs a program for a moment the way the service would run it: as its user, behind the same walls, and
//! with no network, no devices, and bounds on memory and time.

use crate::paths;
use crate::process::{self, ProgramOutput};
use std::path::Path;
use std::time::Duration;

/// Prefixes of the settings that confine the program; the other settings say what is run and when.
const WALLS: [&str; 12] = [
    "NoNewPrivileges=",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "Protect",
    "Private",
    "Restrict",
    "LockPersonality=",
    "RemoveIPC=",
    "KeyringMode=",
    "SystemCall",
    "UMask=",
    "LimitCORE=",
];

/// Bounds that are tighter than the service's.
const BOUNDS: [&str; 6] = [
    "PrivateDevices=yes",
    "PrivateNetwork=yes",
    "MemoryMax=1G",
    "TasksMax=64",
    "RuntimeMaxSec=20",
    "OOMScoreAdjust=1000",
];

const LIMIT: Duration = Duration::from_secs(40);
/// Most tries: each leaves out one more setting that an older systemd does not know.
const TRIES: usize = 8;

/// Runs `program` with `args`, behind the walls of the unit whose text is `service`; `None` where systemd cannot.
pub fn run(service: &str, program: &Path, args: &[&str]) -> Option<ProgramOutput> {
    let mut properties = properties(service);
    for _ in 0..TRIES {
        let mut all = vec!["--quiet", "--wait", "--pipe", "--collect"];
        all.extend(properties.iter().flat_map(|property| ["--property", property]));
        let program = program.to_str()?;
        all.extend(["--", program]);
        all.extend(args);
        let outcome = process::run("systemd-run", &all, LIMIT).ok()?;
        let Some(unknown) = unknown(&outcome) else { return Some(outcome) };
        properties.retain(|property| !property.starts_with(&unknown));
    }
    None
}

/// Returns the setting, as `Name=`, that this systemd does not know.
pub fn unknown(outcome: &ProgramOutput) -> Option<String> {
    let said = outcome.stderr.lines().find_map(|line| line.trim().strip_prefix("Unknown assignment: "))?;
    Some(format!("{}=", said.split('=').next().filter(|name| !name.is_empty())?))
}

fn properties(service: &str) -> Vec<String> {
    confined(service).into_iter().chain(BOUNDS.map(str::to_string)).collect()
}

/// Returns the settings of the unit whose text is `service` that say who its program is and confine it.
pub fn confined(service: &str) -> Vec<String> {
    let user = [format!("User={}", paths::USER), format!("Group={}", paths::USER)];
    user.into_iter().chain(walls(service)).collect()
}

/// Returns the settings of a unit's text that confine the program, in its order: later ones add to earlier ones of the same name.
fn walls(unit: &str) -> Vec<String> {
    let service = unit.split("[Service]").nth(1).unwrap_or_default();
    let service = service.split("\n[").next().unwrap_or_default();
    let is_wall = |line: &&str| WALLS.iter().any(|wall| line.starts_with(wall)) && !line.contains("{{");
    service.lines().map(str::trim).filter(is_wall).map(str::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;

    #[test]
    fn the_services_walls_and_nothing_else_of_it_are_taken() {
        let service = engine::default().unit();
        let properties = properties(service);
        for wanted in [
            "User=agi-provision",
            "NoNewPrivileges=yes",
            "CapabilityBoundingSet=",
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "ProtectProc=invisible",
            "PrivateTmp=yes",
            "RestrictNamespaces=yes",
            "SystemCallFilter=@system-service",
            "SystemCallFilter=~@privileged @keyring",
            "LimitCORE=0",
            "PrivateNetwork=yes",
            "MemoryMax=1G",
        ] {
            assert!(properties.iter().any(|property| property == wanted), "{wanted}");
        }
        for other in ["Exec", "Restart=", "RestartSec", "LoadCredential", "Wants", "Type", "CacheDirectory"] {
            assert!(!properties.iter().any(|property| property.starts_with(other)), "{other}");
        }
        // Each setting of the template is a wall, or known to be none.
        let ordinary = [
            "Type=",
            "ExecStart=",
            "SyslogIdentifier=",
            "User=",
            "Group=",
            "LoadCredential=",
            "CacheDirectory",
            "RuntimeDirectory",
            "Environment=",
            "Restart=",
            "RestartSec=",
            "RestartPreventExitStatus=",
            "Timeout",
            "OOMScoreAdjust=",
            "LimitNOFILE=",
            "MemoryMax=",
            "TasksMax=",
        ];
        let settings = service.lines().skip_while(|line| *line != "[Service]").skip(1);
        for line in settings.take_while(|line| !line.starts_with('[')).filter(|line| line.contains('=')) {
            let known = ordinary.iter().any(|name| line.starts_with(name));
            let none = line.starts_with(['#', '{']);
            assert!(none || known || properties.iter().any(|property| property == line), "{line}");
        }
    }

    #[test]
    fn a_setting_that_systemd_does_not_know_is_named() {
        let said = |stderr: &str| {
            let stderr = stderr.to_string();
            unknown(&ProgramOutput { success: false, code: Some(1), stdout: String::new(), stderr })
        };
        assert_eq!(said("Unknown assignment: ProtectClock=yes\n").as_deref(), Some("ProtectClock="));
        assert_eq!(said("Failed to start transient service unit"), None);
        assert_eq!(said(""), None);
    }
}
