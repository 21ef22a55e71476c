//! Asks systemd about units, and starts and stops them.

use crate::error::{Failure, Result};
use crate::files;
use crate::paths;
use crate::process::{self, ProgramOutput};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Limit of a request to systemd; a machine that is short of CPU or disk takes its time.
const LIMIT: Duration = Duration::from_secs(90);
/// Limit of a stop, which waits for the server to finish its requests; systemd kills it after 90 s.
const STOP_LIMIT: Duration = Duration::from_secs(120);

/// systemd's names for its messages that a process of a unit ended, and that the unit failed.
const PROCESS_EXIT: &str = "98e322203f7a4ed290d09fe03c09fe15";
const UNIT_FAILURE: &str = "d9b373ed55a64feb8242e02dbe79a49c";

/// State of a unit's file that a generator makes, such as podman's.
const GENERATED: &str = "generated";

/// State of a unit, as systemd reports it.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct State {
    /// `active`, `inactive`, `activating`, `failed`, …
    pub active: String,
    pub sub: String,
    /// Restarts since it was last started by hand.
    pub restarts: u64,
    /// `success`, `exit-code`, `oom-kill`, …
    pub result: String,
    /// The main process's last exit status.
    pub exit_status: i32,
    pub pid: u32,
    /// `enabled`, `disabled`, `generated` for a unit of Quadlet's, or empty for no unit.
    pub enabled: String,
}

impl State {
    pub fn is_running(&self) -> bool {
        self.active == "active"
    }

    /// Returns whether it starts at boot: a generated unit does by its own file.
    pub fn starts_at_boot(&self) -> bool {
        ["enabled", GENERATED].contains(&self.enabled.as_str())
    }

    /// Returns whether it ended by itself and will not come back, or keeps ending.
    pub fn is_lost(&self) -> bool {
        self.active == "failed" || self.restarts > 0 || self.sub == "auto-restart"
    }
}

/// Returns the state of a unit; one that does not exist has an empty `enabled`.
pub fn state(unit: &str) -> Result<State> {
    let fields = "ActiveState,SubState,NRestarts,Result,ExecMainStatus,MainPID,UnitFileState";
    let outcome = systemctl(&["show", unit, "--property", fields])?;
    let mut state = State::default();
    for (key, value) in outcome.stdout.lines().filter_map(|line| line.split_once('=')) {
        match key {
            "ActiveState" => state.active = value.to_string(),
            "SubState" => state.sub = value.to_string(),
            "NRestarts" => state.restarts = value.parse().unwrap_or(0),
            "Result" => state.result = value.to_string(),
            "ExecMainStatus" => state.exit_status = value.parse().unwrap_or(0),
            "MainPID" => state.pid = value.parse().unwrap_or(0),
            "UnitFileState" => state.enabled = value.to_string(),
            _ => {}
        }
    }
    Ok(state)
}

/// Returns how a unit ended that `state` saw started anew, from the journal: systemd has forgotten it by then.
pub fn as_it_ended(unit: &str, mut state: State) -> State {
    if state.restarts == 0 || state.result != "success" {
        return state;
    }
    let of = format!("UNIT={unit}");
    let (exit, failure) = (format!("MESSAGE_ID={PROCESS_EXIT}"), format!("MESSAGE_ID={UNIT_FAILURE}"));
    let args = ["-b", "-q", "-n", "2", "-o", "json", "--no-pager", "_PID=1", &of, &exit, &failure];
    let text = process::run("journalctl", &args, LIMIT).map(|outcome| outcome.stdout).unwrap_or_default();
    for entry in text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
        if let Some(result) = entry["UNIT_RESULT"].as_str() {
            state.result = result.to_string();
        }
        if let Some(status) = entry["EXIT_STATUS"].as_str() {
            state.exit_status = status.parse().unwrap_or(0);
        }
    }
    state
}

/// Makes it start at boot, and starts it now, by the unit and the generation's drop-in as they are on
/// disk; a running one is restarted. Failures of earlier starts are forgotten first, so that the
/// restart counter counts this one. Returns when the old process is gone, so that whoever answers
/// from then on is the new one.
pub fn start(unit: &str) -> Result<()> {
    let known = systemctl(&["show", unit, "--property", "UnitFileState,NeedDaemonReload"])?.stdout;
    let says = |what: &str| known.lines().any(|line| line == what);
    // Both have systemd run all its generators, half a second on a busy machine. Who writes a unit's files here reloads
    // then; others may not have.
    let is_generated = says(&format!("UnitFileState={GENERATED}"));
    if !says("UnitFileState=enabled") && !is_generated {
        must(&["enable", "--quiet", unit], LIMIT)?;
    } else if !says("NeedDaemonReload=no") {
        reload()?;
    }
    let _ = systemctl(&["reset-failed", unit]);
    must(&["restart", unit], STOP_LIMIT)
}

/// Returns what the unit said since it was last started, oldest first, whichever of its processes said it.
pub fn lines_of_start(unit: &str) -> Vec<String> {
    let id = systemctl(&["show", "--property=InvocationID", "--value", unit]).map(|outcome| outcome.stdout);
    let id = id.unwrap_or_default();
    let of = format!("_SYSTEMD_INVOCATION_ID={}", id.trim());
    let args = [of.as_str(), "-b", "-n", "5000", "-o", "cat", "--no-pager", "-q"];
    let outcome = (!id.trim().is_empty()).then(|| process::run("journalctl", &args, LIMIT).ok()).flatten();
    outcome.map(|o| o.stdout.lines().map(str::to_string).collect()).unwrap_or_default()
}

/// Returns the processes of the unit that `pid` is of, or of its control group, itself among them; it alone where that cannot
/// be read. Reads files, and starts no program.
pub fn processes_around(pid: u32) -> Vec<u32> {
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"));
    let all = group.map(|group| members(of_service(group))).unwrap_or_default();
    if all.contains(&pid) { all } else { vec![pid] }
}

/// Returns a service's own group, of which `group` may be a part: podman gives a container one of its own in it.
fn of_service(group: &str) -> &str {
    let name = ".service";
    let mut ends = group.match_indices(name).map(|(at, _)| at + name.len());
    let end = ends.find(|end| group[*end..].is_empty() || group[*end..].starts_with('/'));
    end.map_or(group, |end| &group[..end])
}

/// Returns the processes of a control group and of those in it.
fn members(group: &str) -> Vec<u32> {
    let folder = format!("/sys/fs/cgroup{group}");
    let list = fs::read_to_string(format!("{folder}/cgroup.procs")).unwrap_or_default();
    let mut all: Vec<u32> = list.lines().flat_map(str::parse).collect();
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            all.extend(members(&format!("{group}/{}", entry.file_name().to_string_lossy())));
        }
    }
    all
}

pub fn stop(unit: &str) -> Result<()> {
    must(&["stop", unit], STOP_LIMIT)?;
    let _ = systemctl(&["reset-failed", unit]);
    Ok(())
}

pub fn disable(unit: &str) -> Result<()> {
    must(&["disable", "--quiet", unit], LIMIT)
}

pub fn reload() -> Result<()> {
    must(&["daemon-reload"], LIMIT)
}

/// `systemctl ARGS`; whatever it exits with.
pub fn systemctl(args: &[&str]) -> Result<ProgramOutput> {
    Ok(process::run("systemctl", args, LIMIT)?)
}

fn must(args: &[&str], limit: Duration) -> Result<()> {
    let outcome = process::run("systemctl", args, limit)?;
    if outcome.success {
        return Ok(());
    }
    Err(Failure::failed(format!("systemctl {}: {}", args.join(" "), outcome.stderr.trim()))
        .hint("`journalctl -b -n 50` on the host has more")
        .into())
}

/// Returns the last `count` lines of `units`, oldest first; only those since `since` where it is given.
pub fn last_lines(units: &[String], count: u32, since: Option<jiff::Timestamp>) -> Vec<String> {
    if since.is_some() {
        // A process that has just ended may have lines that journald has not written yet.
        _ = process::run("journalctl", &["--sync"], LIMIT);
    }
    let since = since.map(|since| format!("--since=@{:.6}", since.as_microsecond() as f64 / 1e6));
    // With --since, -n would mean the first lines; all of one start is little.
    let lines = count.to_string();
    let bound = since.as_deref().map_or(vec!["-n", lines.as_str()], |since| vec![since]);
    let mut args = vec!["-o", "cat", "--no-pager", "-q"];
    args.extend(units.iter().flat_map(|unit| ["-u", unit.as_str()]));
    args.extend(bound);
    let text = process::run("journalctl", &args, LIMIT).map(|outcome| outcome.stdout).unwrap_or_default();
    let all: Vec<String> = text.lines().map(str::to_string).collect();
    all[all.len().saturating_sub(count as usize)..].to_vec()
}

/// Returns everything the process said since the machine booted, oldest first.
pub fn lines_of(pid: u32) -> Vec<String> {
    let pid = format!("_PID={pid}");
    let args = [&pid, "-b", "-n", "5000", "-o", "cat", "--no-pager", "-q"];
    let outcome = process::run("journalctl", &args, LIMIT);
    outcome.map(|o| o.stdout.lines().map(str::to_string).collect()).unwrap_or_default()
}

/// Removes our link from a unit's drop-in folder; what an administrator put beside it stays.
pub fn remove_drop_in(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let target = fs::read_link(entry.path());
        if target.is_ok_and(|target| target.starts_with(paths::ETC)) {
            files::remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_containers_group_is_its_services() {
        for (group, service) in [
            ("/system.slice/agi-provision-llama.service", "/system.slice/agi-provision-llama.service"),
            ("/system.slice/a.service/libpod-payload-0f", "/system.slice/a.service"),
            ("/a.service.d/b.service/c.service", "/a.service.d/b.service"),
            ("/user.slice/session-1.scope", "/user.slice/session-1.scope"),
            ("/", "/"),
        ] {
            assert_eq!(of_service(group), service);
        }
    }

    #[test]
    fn a_generated_unit_starts_at_boot() {
        let starts =
            |enabled: &str| State { enabled: enabled.to_string(), ..State::default() }.starts_at_boot();
        assert!(starts("enabled") && starts("generated"));
        assert!(!starts("disabled") && !starts("") && !starts("static"));
    }
}
