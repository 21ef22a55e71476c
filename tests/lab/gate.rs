//! Stops a host's job at a chosen place, so that a fault hits it there and nowhere else. The job is
//! told nothing of it: a drop-in for its unit, in `/run`, makes the unit begin as a shell that stops
//! itself and then becomes the agent; ptrace follows the agent's system calls from this side.

use std::ffi::c_long;
use std::fs::{self, File};
use std::marker::PhantomData;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use super::Host;

/// Where a job can be stopped: always before the system call named, so a job that is killed there has
/// not done it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The step is about to be announced; nothing of it is done.
    Begins,
    /// It has begun, and this call of it, counted from 1, is next.
    Within(Call, usize),
    /// All of it is done, and only the journal does not say so yet.
    Done,
}

/// Calls by which a step changes something, or waits for a program that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    MakeDirectory,
    Rename,
    Unlink,
    /// A program that it started has not ended yet, or it has and that is not known.
    Wait,
    /// A program is started, and after it the two threads that read what it says: three calls each.
    Start,
}

impl Call {
    fn has(self, number: i64) -> bool {
        let numbers: &[c_long] = match self {
            Call::MakeDirectory => &[libc::SYS_mkdir, libc::SYS_mkdirat],
            Call::Rename => &[libc::SYS_rename, libc::SYS_renameat, libc::SYS_renameat2],
            Call::Unlink => &[libc::SYS_unlink, libc::SYS_unlinkat],
            Call::Wait => &[libc::SYS_wait4, libc::SYS_waitid],
            Call::Start => &[libc::SYS_clone, libc::SYS_clone3, libc::SYS_fork, libc::SYS_vfork],
        };
        numbers.contains(&number)
    }
}

const MARK: &str = "agi-provision-gate";
/// Time after which a job is dead: a busy machine is slow, and never this slow.
const LIMIT: Duration = Duration::from_secs(1200);

/// From now until the host's next boot every job waits for [`Gate::catch`].
#[track_caller]
pub fn arm(host: &Host) {
    let script = format!(
        "d=/run/systemd/system/agi-provision-apply.service.d && mkdir -p $d && cat > $d/gate.conf <<'END' && \
         systemctl daemon-reload\n[Service]\nExecStart=\n\
         ExecStart=/bin/sh -c ': {MARK}; kill -STOP $$$$; exec /usr/local/lib/agi-provision/agent-* agent run'\nEND"
    );
    host.exec(&script).ok();
}

/// Starts `command`, which needs no quotes, and holds it before one of its system calls.
#[track_caller]
pub fn hold(host: &Host, command: &str, call: Call, count: usize) -> Gate {
    let script = format!("systemd-run -q --collect sh -c ': {MARK}; kill -STOP $$$$; exec {command}'");
    host.exec(&script).ok();
    let mut gate = Gate::catch(host);
    // It has no steps, so it is within none.
    assert!(gate.run_to("", Place::Within(call, count)), "{command}: no {call:?} {count}");
    gate
}

/// Later jobs run freely.
#[track_caller]
pub fn disarm(host: &Host) {
    host.exec("rm -f /run/systemd/system/agi-provision-apply.service.d/gate.conf; systemctl daemon-reload")
        .ok();
}

/// A job that goes only where it is let. Dropped, it goes on freely.
pub struct Gate {
    pid: i32,
    ended: bool,
    /// The step that has begun.
    step: String,
    // Only the thread that traces may.
    _here: PhantomData<*const ()>,
}

fn ptrace(request: u32, pid: i32, data: usize) -> Result<(), std::io::Error> {
    // SAFETY: the requests used here take no address, and `data` is flags or a signal.
    let result = unsafe { libc::ptrace(request, pid, std::ptr::null_mut::<libc::c_void>(), data) };
    if result < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}

impl Gate {
    /// Waits for the host's job to begin, and takes it.
    #[track_caller]
    pub fn catch(host: &Host) -> Gate {
        let began = Instant::now();
        let pid = loop {
            if let Some(pid) = stopped_shell(host) {
                break pid;
            }
            assert!(began.elapsed() < LIMIT, "{}: no job began", host.name());
            std::thread::sleep(Duration::from_millis(10));
        };
        ptrace(libc::PTRACE_SEIZE, pid, libc::PTRACE_O_TRACESYSGOOD as usize).expect("tracing the job");
        let mut gate = Gate { pid, ended: false, step: String::new(), _here: PhantomData };
        gate.wait().expect("it is stopped");
        // SAFETY: a signal to a process that is traced, so its number is nobody else's.
        assert_eq!(unsafe { libc::kill(pid, libc::SIGCONT) }, 0);
        gate
    }

    /// Its status at the next stop; `None` when it ended.
    #[track_caller]
    fn wait(&mut self) -> Option<i32> {
        let began = Instant::now();
        for turn in 0.. {
            let mut status = 0;
            // SAFETY: `status` outlives the call.
            match unsafe { libc::waitpid(self.pid, &mut status, libc::__WALL | libc::WNOHANG) } {
                0 if turn < 100 => std::thread::yield_now(),
                0 => std::thread::sleep(Duration::from_micros(200)),
                pid if pid == self.pid && libc::WIFSTOPPED(status) => return Some(status),
                _ => {
                    self.ended = true;
                    return None;
                }
            }
            assert!(began.elapsed() < LIMIT, "the job neither stops nor ends");
        }
        None
    }

    /// Lets it go to `place` of `step`; false when it ended before.
    #[track_caller]
    pub fn run_to(&mut self, step: &str, place: Place) -> bool {
        let begins = format!(r#"{{"event":"step","name":"{step}""#);
        let done = format!(r#"{{"event":"step-done","name":"{step}""#);
        let (mut calls, mut signal) = (0, 0);
        loop {
            ptrace(libc::PTRACE_SYSCALL, self.pid, signal).expect("letting it go on");
            signal = 0;
            let Some(status) = self.wait() else { return false };
            let stop = libc::WSTOPSIG(status);
            if stop != libc::SIGTRAP | 0x80 {
                // Its own signals reach it; stops of the tracing itself are none.
                signal = if status >> 16 == 0 { stop as usize } else { 0 };
                continue;
            }
            let Some((number, buffer, length)) = self.entered() else { continue };
            if number == libc::SYS_write {
                let text = self.read(buffer, (length as usize).min(200));
                let says = |what: &str| text.starts_with(what.as_bytes());
                if says(&begins) {
                    self.step = step.to_string();
                    if place == Place::Begins {
                        return true;
                    }
                }
                if says(&done) {
                    assert_eq!(place, Place::Done, "{step} ended after {calls} of those calls");
                    return true;
                }
            }
            if let Place::Within(call, count) = place
                && self.step == step
                && call.has(number)
            {
                calls += 1;
                if calls == count {
                    return true;
                }
            }
        }
    }

    /// The call that it is about to make, with its second and third argument.
    fn entered(&self) -> Option<(i64, u64, u64)> {
        // SAFETY: all of it may be zero, and the kernel writes no more than the size it is given.
        let info = unsafe {
            let mut info: libc::ptrace_syscall_info = std::mem::zeroed();
            let size = std::mem::size_of_val(&info);
            let at = (&raw mut info).cast::<libc::c_void>();
            (libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, self.pid, size, at) > 0).then_some(info)
        }?;
        if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
            return None;
        }
        // SAFETY: `op` says that this is the part that was written.
        let entry = unsafe { info.u.entry };
        Some((entry.nr as i64, entry.args[1], entry.args[2]))
    }

    fn read(&self, address: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        // Opened anew each time: it became another program meanwhile.
        let memory = File::open(format!("/proc/{}/mem", self.pid)).expect("its memory");
        let read = memory.read_at(&mut bytes, address).unwrap_or(0);
        bytes.truncate(read);
        bytes
    }

    /// SIGKILL, where it is.
    #[track_caller]
    pub fn kill(self) {
        // SAFETY: a signal to a process that is traced, so its number is nobody else's.
        assert_eq!(unsafe { libc::kill(self.pid, libc::SIGKILL) }, 0);
        self.gone();
    }

    /// Something else kills it, such as its host's end.
    #[track_caller]
    pub fn gone(mut self) {
        while !self.ended {
            self.wait();
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if !self.ended {
            let _ = ptrace(libc::PTRACE_DETACH, self.pid, 0);
        }
    }
}

/// The shell that a job begins as, on `host`, once it has stopped itself.
fn stopped_shell(host: &Host) -> Option<i32> {
    let name = format!("{}\n", host.name());
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let command = fs::read(entry.path().join("cmdline")).ok()?;
        let marked = command.windows(MARK.len()).any(|window| window == MARK.as_bytes());
        if !marked || fs::read_to_string(entry.path().join("root/etc/hostname")).ok()? != name {
            return None;
        }
        let status = fs::read_to_string(entry.path().join("status")).ok()?;
        status.lines().any(|line| line.starts_with("State:\tT")).then_some(pid)
    })
}
