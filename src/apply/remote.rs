//! The agent on a host over SSH. In the usual case one command is all: it finds the staged executable
//! and becomes it.

use super::blobs::AgentFile;
use super::link::{Link, Stream, stage_marker};
use crate::error::{Context, Failure, Result};
use crate::paths;
use crate::ssh::{Connection, EndedEarly, Exec, Options, Target, sh};
use std::fs::File;
use std::io::Read;
use std::time::Duration;

/// For small commands.
const LIMIT: Duration = Duration::from_secs(60);

/// As root directly, or through sudo, which is tried once and never asked for a password.
const SUDO: &str = r#"if [ "$(id -u)" = 0 ]; then s=; else s="sudo -n"; fi"#;

pub struct Remote {
    connection: Connection,
}

impl Remote {
    pub fn connect(target: &Target, options: &Options) -> Result<Remote> {
        Ok(Remote { connection: Connection::connect(target, options)? })
    }
}

impl Link for Remote {
    fn open(&mut self, agent: &AgentFile, nonce: &str) -> Result<Box<dyn Stream + '_>> {
        let path = agent.staged();
        let script = format!(
            "{SUDO}; p={path}; if [ \"$(stat -c %s $p 2>/dev/null)\" = {size} ]; then exec $s $p agent session; fi; \
             echo '{marker}'",
            path = path.display(),
            size = agent.size_bytes,
            marker = stage_marker(nonce),
        );
        Ok(Box::new(Command { exec: self.connection.open(&sh(&script))? }))
    }

    fn stage(&mut self, agent: &AgentFile, progress: &mut dyn FnMut(u64)) -> Result<()> {
        let path = agent.staged();
        // A folder that was not there goes again if this fails.
        let script = format!(
            "umask 022; d={lib}; [ -d $d ] && was=1 || was=; t=$d/.staging.$$; \
             undo() {{ rm -f $t; [ -n \"$was\" ] || rmdir $d 2>/dev/null; exit 1; }}; \
             mkdir -p $d && cat > $t || undo; \
             [ \"$(sha256sum < $t)\" = \"{sha}  -\" ] || {{ echo 'the executable arrived damaged' >&2; undo; }}; \
             chmod 755 $t && $t --version >/dev/null && mv $t {path} || undo",
            lib = paths::LIB,
            sha = agent.sha256,
            path = path.display(),
        );
        let script = format!("{SUDO}; exec $s sh -c {}", crate::ssh::quote(&script));
        let mut exec = self.connection.open(&sh(&script))?;
        let mut file =
            File::open(&agent.path).with_context(|| format!("opening {}", agent.path.display()))?;
        let sent = exec.send_stream(&mut file, progress).and_then(|_| exec.close_stdin());
        let stderr = match sent {
            Ok(()) => {
                let ended = exec.finish(LIMIT)?;
                if ended.status == Some(0) {
                    return Ok(());
                }
                ended.stderr
            }
            Err(error) => match error.downcast_ref::<EndedEarly>() {
                Some(early) => early.ended.stderr.clone(),
                None => return Err(error),
            },
        };
        Err(not_root(&stderr).unwrap_or_else(|| staging_failed(&stderr)).into())
    }
}

fn staging_failed(stderr: &str) -> Failure {
    let failure =
        Failure::failed(format!("the agent could not be put under {}: {}", paths::LIB, stderr.trim()));
    let says = |texts: &[&str]| texts.iter().any(|text| stderr.contains(text));
    if says(&["No space left"]) {
        failure.hint("the host's disk is full, or has no inodes left (`df -i`); nothing was kept there")
    } else if says(&["Permission denied", "Exec format error", "not found"]) {
        failure.hint("is /usr/local mounted noexec there, or the host not Linux on x86-64?")
    } else {
        failure.hint("is the host's /usr/local writable?")
    }
}

/// Explains a command that sudo refused; `None` when sudo was not the reason.
pub fn not_root(stderr: &str) -> Option<Failure> {
    let said = stderr.trim();
    let missing = said.contains("sudo: not found") || said.contains("sudo: command not found");
    if missing {
        return Some(
            Failure::failed("the user is not root and the host has no sudo")
                .hint("connect as root: --host root@NAME"),
        );
    }
    let refused = [
        "a password is required",
        "not in the sudoers",
        "may not run sudo",
        "not allowed to execute",
        "terminal is required",
    ];
    if said.contains("sudo:") && refused.iter().any(|text| said.contains(text)) || said.contains("sudoers") {
        return Some(
            Failure::failed(format!("the user may not become root with sudo: {}", last_line(said)))
                .hint("connect as root, or allow the user sudo without a password (NOPASSWD)"),
        );
    }
    None
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

struct Command {
    exec: Exec,
}

impl Stream for Command {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        forgive_end(self.exec.write_stdin(bytes))
    }

    fn send(&mut self, source: &mut dyn Read, progress: &mut dyn FnMut(u64)) -> Result<()> {
        forgive_end(self.exec.send_stream(source, progress).map(|_| ()))
    }

    fn line(&mut self, limit: Duration) -> Result<Option<Vec<u8>>> {
        self.exec.read_line(limit)
    }

    fn finish(self: Box<Self>) -> Result<String> {
        Ok(self.exec.finish(LIMIT)?.stderr)
    }
}

/// A command that ended is not the news: its last lines say why.
fn forgive_end(result: Result<()>) -> Result<()> {
    match result {
        Err(error) if error.downcast_ref::<EndedEarly>().is_some() => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sudo_refusals_are_told_apart() {
        assert!(not_root("sudo: a password is required\n").unwrap().hint.unwrap().contains("NOPASSWD"));
        assert!(not_root("sh: 1: exec: sudo: not found").unwrap().hint.unwrap().contains("root@"));
        assert!(not_root("cat: write error: No space left on device").is_none());
    }
}
