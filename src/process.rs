//! Runs a program with a time limit, for the few tools that are not libraries (systemctl, apt-get,
//! nvidia-smi). Secrets never go into arguments.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Most of each output stream that is kept, bytes; the rest is read and dropped.
pub const KEEP: usize = 1 << 20;

/// Result of a program that ended in time.
#[derive(Clone, Debug)]
pub struct ProgramOutput {
    /// Whether it exited with status 0.
    pub success: bool,
    /// Exit status; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Output, at most the first MiB; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Error output, within the same bound.
    pub stderr: String,
}

/// Reason why a program gave no result.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("starting {program}")]
    Start {
        /// Name of the program.
        program: String,
        /// Cause.
        source: std::io::Error,
    },
    /// It ran too long and was stopped.
    #[error("{program} did not finish within {} s and was stopped", limit.as_secs())]
    TimedOut {
        /// Name of the program.
        program: String,
        /// Time that it had.
        limit: Duration,
    },
    /// Waiting for its end failed.
    #[error("waiting for {program}")]
    Wait {
        /// Name of the program.
        program: String,
        /// Cause.
        source: std::io::Error,
    },
}

impl ProcessError {
    /// The program is not installed.
    pub fn is_missing(&self) -> bool {
        matches!(self, ProcessError::Start { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
    }
}

/// Runs `program` in the C locale with no stdin, for at most `limit`.
pub fn run(program: &str, args: &[&str], limit: Duration) -> Result<ProgramOutput, ProcessError> {
    run_command(Command::new(program).args(args), program, limit)
}

/// Runs a command as [`run`] does, after it was prepared further (environment, directory).
pub fn run_command(
    command: &mut Command,
    name: &str,
    limit: Duration,
) -> Result<ProgramOutput, ProcessError> {
    run_bounded(command, name, Bounds { limit, memory: None, keep: KEEP })
}

/// Runs a command as [`run_command`] does, without a limit of its own: `look` is called about four times a second with its
/// pid, and stops it with an error.
pub fn run_watched(
    command: &mut Command,
    name: &str,
    mut look: impl FnMut(u32) -> crate::error::Result<()>,
) -> crate::error::Result<ProgramOutput> {
    let program = name.to_string();
    let mut child = spawn(command, &program)?;
    let (stdout, stderr) = (drain(child.stdout.take(), KEEP), drain(child.stderr.take(), KEEP));
    let start = Instant::now();
    let mut seen = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if seen.elapsed() > LOOK => {
                seen = Instant::now();
                if let Err(error) = look(child.id()) {
                    stop(&mut child);
                    return Err(error);
                }
            }
            Ok(None) => std::thread::sleep(pause(start.elapsed())),
            Err(source) => return Err(ProcessError::Wait { program, source }.into()),
        }
    };
    Ok(ended(status, stdout, stderr))
}

/// How often a command that is watched is looked at.
const LOOK: Duration = Duration::from_millis(250);

fn spawn(command: &mut Command, program: &str) -> Result<Child, ProcessError> {
    let prepared = command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    let spawned = prepared.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    spawned.map_err(|source| ProcessError::Start { program: program.to_string(), source })
}

type Drained = std::sync::mpsc::Receiver<Vec<u8>>;

fn ended(status: std::process::ExitStatus, stdout: Drained, stderr: Drained) -> ProgramOutput {
    // A grandchild may hold the pipe open after the program ended: wait for the text, but not long.
    let text = |rx: Drained| {
        let bytes = rx.recv_timeout(Duration::from_secs(2)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    ProgramOutput {
        success: status.success(),
        code: status.code(),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

/// Bounds on a program.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Time that it may run; the program is stopped after it.
    pub limit: Duration,
    /// Memory of its own, also for each of those that it starts, bytes.
    pub memory: Option<u64>,
    /// Most of each output stream that is kept, bytes; the rest is read and dropped.
    pub keep: usize,
}

/// Runs a command as [`run_command`] does, with other bounds.
pub fn run_bounded(command: &mut Command, name: &str, bounds: Bounds) -> Result<ProgramOutput, ProcessError> {
    let Bounds { limit, memory, keep } = bounds;
    let program = name.to_string();
    let start = Instant::now();
    let mut child = spawn(command, &program)?;
    if let Some(memory) = memory {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let bound = Rlimit { current: Some(memory), maximum: Some(memory) };
        // It may have ended already.
        let _ = prlimit(Pid::from_raw(child.id() as i32), Resource::Data, bound);
    }
    let stdout = drain(child.stdout.take(), keep);
    let stderr = drain(child.stderr.take(), keep);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() > limit => {
                stop(&mut child);
                return Err(ProcessError::TimedOut { program, limit });
            }
            Ok(None) => std::thread::sleep(pause(start.elapsed())),
            Err(source) => return Err(ProcessError::Wait { program, source }),
        }
    };
    Ok(ended(status, stdout, stderr))
}

/// Short while the program may end any moment, longer later.
fn pause(elapsed: Duration) -> Duration {
    (elapsed / 10).clamp(Duration::from_micros(500), Duration::from_millis(50))
}

fn drain(stream: Option<impl Read + Send + 'static>, keep: usize) -> Drained {
    let (tx, rx) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.by_ref().take(keep as u64).read_to_end(&mut kept);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
        let _ = tx.send(kept);
    });
    rx
}

/// A process that is stuck in the kernel (a broken GPU driver) does not die: it is left behind.
fn stop(child: &mut Child) {
    let _ = child.kill();
    let start = Instant::now();
    while matches!(child.try_wait(), Ok(None)) && start.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_and_status_come_back() {
        let outcome = run("sh", &["-c", "echo out; echo err >&2; exit 3"], Duration::from_secs(10)).unwrap();
        assert_eq!(
            (outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()),
            (Some(3), "out\n", "err\n")
        );
    }

    #[test]
    fn a_program_that_hangs_is_stopped() {
        let start = Instant::now();
        let error = run("sleep", &["60"], Duration::from_millis(200)).unwrap_err();
        assert!(matches!(error, ProcessError::TimedOut { .. }));
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_watched_program_is_looked_at_and_stopped_by_an_error() {
        let mut looks = 0;
        let outcome = run_watched(Command::new("sh").args(["-c", "sleep 1; echo out"]), "sh", |pid| {
            looks += 1;
            assert!(pid > 1);
            Ok(())
        });
        assert_eq!((outcome.unwrap().stdout.as_str(), looks > 0), ("out\n", true));
        let start = Instant::now();
        let given_up =
            run_watched(Command::new("sleep").arg("60"), "sleep", |_| Err(crate::error::anyhow!("given up")));
        assert_eq!(given_up.unwrap_err().to_string(), "given up");
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_missing_program_is_told_apart() {
        assert!(run("no-such-program-here", &[], Duration::from_secs(1)).unwrap_err().is_missing());
    }

    #[test]
    fn endless_output_is_bounded() {
        let outcome = run("sh", &["-c", "head -c 5000000 /dev/zero"], Duration::from_secs(20)).unwrap();
        assert_eq!(outcome.stdout.len(), KEEP);
    }
}
