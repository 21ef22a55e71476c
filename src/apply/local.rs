//! The agent on this machine, as a child process.

use super::executable::AgentFile;
use super::link::{Link, Stream};
use super::remote::{no_programs, not_roots};
use crate::agent::store::staged::{self, STAGING};
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::paths;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

pub struct Local;

impl Local {
    /// Exit 1 when this process is not root.
    pub fn new() -> Result<Local> {
        if !rustix::process::geteuid().is_root() {
            return Err(Failure::failed("--local changes this machine, which needs root")
                .hint("run it again with sudo")
                .into());
        }
        Ok(Local)
    }
}

impl Link for Local {
    fn open(&mut self, agent: &AgentFile, nonce: &str) -> Result<Box<dyn Stream + '_>> {
        let staged = agent.staged();
        let there = fs::symlink_metadata(&staged).is_ok_and(|found| {
            found.is_file()
                && found.len() == agent.size_bytes
                && found.uid() == 0
                && found.mode() & 0o022 == 0
        });
        if !there || !is_roots(Path::new(paths::LIB)) {
            self.stage(agent, nonce, &mut |_| {})?;
        }
        let mut command = Command::new(&staged);
        crate::ssh::VARIABLES.iter().for_each(|name| {
            command.env_remove(name);
        });
        let mut child = command
            .args(["agent", "session"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| not_started(error, &staged))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(BufReader::new);
        Ok(Box::new(Pipes { child, stdin, stdout }))
    }

    fn stage(&mut self, agent: &AgentFile, _nonce: &str, _progress: &mut dyn FnMut(u64)) -> Result<()> {
        let staged = agent.staged();
        let part = Path::new(paths::LIB).join(format!("{STAGING}{}", std::process::id()));
        let lib = Path::new(paths::LIB);
        if fs::symlink_metadata(lib).is_err() {
            files::directory(lib, 0o755)?;
            staged::mark()?;
        }
        if !is_roots(lib) {
            return Err(not_roots(&format!("{} is not a folder of root's alone", paths::LIB)).into());
        }
        fs::copy(&agent.path, &part)
            .and_then(|_| fs::set_permissions(&part, fs::Permissions::from_mode(0o755)))
            .and_then(|()| fs::rename(&part, &staged))
            .with_context(|| format!("staging {}", staged.display()))
    }
}

/// The agent at `staged` could not be run; where its file system forbids that, exit 4.
fn not_started(error: io::Error, staged: &Path) -> anyhow::Error {
    let flags = rustix::fs::statvfs(staged).map(|stat| stat.f_flag);
    match flags.is_ok_and(|flags| flags.contains(rustix::fs::StatVfsMountFlags::NOEXEC)) {
        true => no_programs("/usr/local").into(),
        false => anyhow::Error::from(error).context(format!("starting {}", staged.display())),
    }
}

/// Nobody but root can change what is in the folder.
fn is_roots(folder: &Path) -> bool {
    fs::symlink_metadata(folder)
        .is_ok_and(|found| found.is_dir() && found.uid() == 0 && found.mode() & 0o022 == 0)
}

struct Pipes {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Pipes {
    /// A closed pipe is not the news: the agent's last lines say why it ended.
    fn forgiving(result: io::Result<()>) -> Result<()> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }
}

impl Stream for Pipes {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.stdin {
            Some(stdin) => Pipes::forgiving(stdin.write_all(bytes).and_then(|()| stdin.flush())),
            None => Ok(()),
        }
    }

    fn send(&mut self, source: &mut dyn Read, progress: &mut dyn FnMut(u64)) -> Result<()> {
        let mut buffer = vec![0; 1 << 18];
        let mut sent = 0;
        loop {
            let read = source.read(&mut buffer).context("reading the file to send")?;
            if read == 0 {
                return Ok(());
            }
            let Some(stdin) = &mut self.stdin else { return Ok(()) };
            if let Err(error) = stdin.write_all(&buffer[..read]) {
                return Pipes::forgiving(Err(error));
            }
            sent += read as u64;
            progress(sent);
        }
    }

    fn line(&mut self, _limit: Duration) -> Result<Option<Vec<u8>>> {
        let Some(stdout) = &mut self.stdout else { return Ok(None) };
        let mut line = Vec::new();
        if stdout.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        Ok(Some(line))
    }

    fn finish(mut self: Box<Self>) -> Result<String> {
        drop(self.stdin.take());
        self.child.wait()?;
        Ok(String::new())
    }
}
