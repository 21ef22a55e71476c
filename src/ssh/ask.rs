//! Asking a person: on the terminal without echo, or through the program that SSH_ASKPASS names. Never
//! for longer than [`LIMIT`], and the terminal is left as it was found.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fmt};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcsetattr};
use zeroize::{Zeroize, Zeroizing};

use crate::secret::Secret;

/// sshd hangs up on whoever has not logged in after two minutes.
pub const LIMIT: Duration = Duration::from_secs(100);
/// Longest answer, bytes.
const LONGEST: usize = 1024;
const TERMINAL: &str = "/dev/tty";

/// Environment variables with secrets, which no program that is started here inherits.
pub const VARIABLES: [&str; 3] =
    ["AGI_PROVISION_PASSPHRASE", "AGI_PROVISION_PASSWORD", "AGI_PROVISION_SUDO_PASSWORD"];

/// Why there is no answer; reads on after "its passphrase: " and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Nobody can be asked.
    NoTerminal,
    /// Asked, and nothing came.
    NotGiven,
    /// Nobody answered in time.
    TimedOut,
    /// It was wrong; at the host that is named, or locally.
    Wrong(String),
    /// The terminal failed.
    Failed(String),
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Absent::NoTerminal => f.write_str("there is no terminal to ask on"),
            Absent::NotGiven => f.write_str("none was given"),
            Absent::TimedOut => write!(f, "nothing was typed within {} s", LIMIT.as_secs()),
            Absent::Wrong(by) => write!(f, "{by}"),
            Absent::Failed(why) => f.write_str(why),
        }
    }
}

/// Whom to ask.
pub trait Ask: Send + Sync {
    /// Shows `question` and gives the answer. `echo`: what is typed may be seen.
    fn ask(&self, question: &str, echo: bool) -> Result<Secret, Absent>;

    /// Nobody would answer.
    fn is_deaf(&self) -> bool {
        false
    }
}

/// Never asks.
pub struct Nobody;

impl Ask for Nobody {
    fn ask(&self, _: &str, _: bool) -> Result<Secret, Absent> {
        Err(Absent::NoTerminal)
    }

    fn is_deaf(&self) -> bool {
        true
    }
}

/// Person at this process's terminal.
pub struct Person(Way);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    Terminal,
    Program(PathBuf),
    Nobody,
}

impl Person {
    /// By terminal, SSH_ASKPASS, SSH_ASKPASS_REQUIRE and DISPLAY, as OpenSSH does.
    pub fn find() -> Person {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        // A background job has a terminal that nobody looks at when neither end is connected to it.
        let terminal = (isatty(io::stdin()) || isatty(io::stderr())) && File::open(TERMINAL).is_ok();
        let require = env::var("SSH_ASKPASS_REQUIRE").unwrap_or_default();
        let display = set("DISPLAY").or_else(|| set("WAYLAND_DISPLAY")).is_some();
        Person(way(&require, set("SSH_ASKPASS").map(PathBuf::from), display, terminal))
    }
}

fn way(require: &str, program: Option<PathBuf>, display: bool, terminal: bool) -> Way {
    let program = program.map(Way::Program);
    let on_terminal = terminal.then_some(Way::Terminal);
    let way = match require {
        "never" => on_terminal,
        "force" => program.or(on_terminal),
        "prefer" => program.filter(|_| display).or(on_terminal),
        _ => on_terminal.or(program.filter(|_| display)),
    };
    way.unwrap_or(Way::Nobody)
}

impl Ask for Person {
    fn ask(&self, question: &str, echo: bool) -> Result<Secret, Absent> {
        let answer = match &self.0 {
            Way::Terminal => on_terminal(question, echo, LIMIT),
            Way::Program(program) => by_program(program, question, LIMIT),
            Way::Nobody => return Err(Absent::NoTerminal),
        };
        match answer {
            Ok(secret) if secret.is_empty() && !echo => Err(Absent::NotGiven),
            Ok(secret) => Ok(secret),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(Absent::TimedOut),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Absent::NotGiven),
            Err(error) => Err(Absent::Failed(format!("it could not be asked for: {error}"))),
        }
    }

    fn is_deaf(&self) -> bool {
        self.0 == Way::Nobody
    }
}

/// A line from `input`, without waiting longer than `limit` in all. For secrets on stdin.
///
/// # Errors
/// `TimedOut`; `UnexpectedEof` where there is no line.
pub fn line(input: impl std::os::fd::AsFd, limit: Duration) -> io::Result<Secret> {
    let end = Instant::now() + limit;
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        match byte(&input, end)? {
            None if bytes.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            None | Some(b'\n') => return text(&mut bytes),
            Some(byte) => push(&mut bytes, byte)?,
        }
    }
}

/// One byte at a time: what follows belongs to others.
fn byte(input: &impl std::os::fd::AsFd, end: Instant) -> io::Result<Option<u8>> {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(input, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let mut one = [0];
        match rustix::io::read(input, &mut one) {
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(Some(one[0])),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Within the space there is: growing would leave a copy behind.
fn push(bytes: &mut Vec<u8>, byte: u8) -> io::Result<()> {
    if bytes.len() == LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is longer than {LONGEST} bytes")));
    }
    bytes.push(byte);
    Ok(())
}

fn text(bytes: &mut Zeroizing<Vec<u8>>) -> io::Result<Secret> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))?;
    Ok(Secret::from(text.trim_end_matches('\r')))
}

/// Puts the terminal back, whatever happens.
struct Quiet<'a> {
    tty: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    /// No echo, and every key at once: Ctrl-C must not end the process while the echo is off.
    fn begin(tty: &'a File) -> io::Result<Quiet<'a>> {
        let before = tcgetattr(tty)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(tty, OptionalActions::Now, &quiet)?;
        Ok(Quiet { tty, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.tty, OptionalActions::Now, &self.before);
        let _ = (&*self.tty).write_all(b"\n");
    }
}

fn on_terminal(question: &str, echo: bool, limit: Duration) -> io::Result<Secret> {
    let tty = File::options().read(true).write(true).open(TERMINAL)?;
    if echo {
        (&tty).write_all(question.as_bytes())?;
        return line(&tty, limit);
    }
    // Before the question: whoever answers it at once is not echoed.
    let quiet = Quiet::begin(&tty)?;
    (&tty).write_all(question.as_bytes())?;
    let answer = typed(&tty, Instant::now() + limit);
    drop(quiet);
    if answer.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
        // The terminal would have done the same.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT);
    }
    answer
}

/// Reads a person's line until Enter; `Interrupted` for Ctrl-C.
fn typed(tty: &File, end: Instant) -> io::Result<Secret> {
    const CTRL_C: u8 = 3;
    const CTRL_D: u8 = 4;
    const CTRL_U: u8 = 21;
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        match byte(&tty, end)? {
            Some(CTRL_C) => return Err(io::ErrorKind::Interrupted.into()),
            None | Some(CTRL_D) if bytes.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            None | Some(b'\n' | b'\r') => return text(&mut bytes),
            Some(CTRL_U) => bytes.clear(),
            Some(8 | 127) => erase(&mut bytes),
            Some(byte) if byte < b' ' => {}
            Some(byte) => push(&mut bytes, byte)?,
        }
    }
}

/// Takes the last character away, all its bytes.
fn erase(bytes: &mut Vec<u8>) {
    while bytes.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
}

/// The first line that the program prints. Its argument is the question, never the answer.
fn by_program(program: &Path, question: &str, limit: Duration) -> io::Result<Secret> {
    let mut command = Command::new(program);
    VARIABLES.iter().for_each(|name| {
        command.env_remove(name);
    });
    let mut child = command.arg(question).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let answer = match child.stdout.take() {
        Some(stdout) => line(&stdout, limit),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    };
    let status = match &answer {
        // It may still close its window.
        Ok(_) => child.wait(),
        Err(_) => child.kill().and_then(|()| child.wait()),
    };
    let answer = answer?;
    if !status?.success() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answer)
}

/// Reads secrets that a script gives on stdin, one line each.
pub fn from_stdin(limit: Duration) -> io::Result<Secret> {
    line(io::stdin(), limit)
}

/// A secret from the environment, and its copy there is not wiped.
pub fn from_variable(name: &str) -> Option<Secret> {
    let mut text = env::var(name).ok().filter(|text| !text.is_empty())?;
    let secret = Secret::from(text.as_str());
    text.zeroize();
    Some(secret)
}

/// Bytes of a server's text without what a terminal would obey, on one line.
pub(super) fn shown(text: &str, most: usize) -> String {
    let plain = text.chars().map(|c| if crate::outside::steers(c) { ' ' } else { c });
    plain.take(most).collect::<String>().trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn whom_to_ask_is_decided_as_openssh_does() {
        let program = || Some(PathBuf::from("/p"));
        let by = Way::Program("/p".into());
        for (require, program, display, terminal, want) in [
            ("", program(), true, true, Way::Terminal),
            ("", program(), true, false, by.clone()),
            ("", program(), false, false, Way::Nobody),
            ("", None, true, true, Way::Terminal),
            ("", None, true, false, Way::Nobody),
            ("prefer", program(), true, true, by.clone()),
            ("prefer", program(), false, true, Way::Terminal),
            ("force", program(), false, true, by.clone()),
            ("force", None, true, true, Way::Terminal),
            ("never", program(), true, false, Way::Nobody),
            ("never", program(), true, true, Way::Terminal),
        ] {
            assert_eq!(way(require, program, display, terminal), want, "{require} {display} {terminal}");
        }
    }

    fn piped(bytes: &[u8]) -> std::os::fd::OwnedFd {
        let (read, mut write) = io::pipe().unwrap();
        write.write_all(bytes).unwrap();
        read.into()
    }

    #[test]
    fn lines_are_taken_one_by_one_and_bounded() {
        let input = piped("eins\r\nzwei\nüber".as_bytes());
        let next = || line(&input, Duration::from_secs(5)).map(|secret| secret.expose().to_string());
        assert_eq!(next().unwrap(), "eins");
        assert_eq!(next().unwrap(), "zwei");
        assert_eq!(next().unwrap(), "über");
        assert_eq!(next().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(line(piped(&[b'x'; 2 * LONGEST]), Duration::from_secs(5)).is_err());
        let (read, _write) = io::pipe().unwrap();
        let silent = line(read, Duration::from_millis(50)).unwrap_err();
        assert_eq!(silent.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn keys_do_what_they_do_elsewhere() {
        let type_in = |keys: &str| {
            let file = File::from(piped(keys.as_bytes()));
            typed(&file, Instant::now() + Duration::from_secs(5)).map(|secret| secret.expose().to_string())
        };
        assert_eq!(type_in("secret\rrest").unwrap(), "secret");
        assert_eq!(type_in("sü\x7fo\x08\x08ecret\n").unwrap(), "ecret");
        assert_eq!(type_in("wrong\x15right\t\n").unwrap(), "right");
        assert_eq!(type_in("\x04").unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(type_in("se\x03cret\n").unwrap_err().kind(), io::ErrorKind::Interrupted);
    }

    #[test]
    fn a_program_answers_or_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let program = |name: &str, script: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
            path
        };
        let ask = |path: &Path, limit| by_program(path, "Password: ", limit);
        let long = Duration::from_secs(20);
        let echo = program("echo", "printf '%s %s\\n' \"$1\" \"$AGI_PROVISION_PASSWORD\"");
        assert_eq!(ask(&echo, long).unwrap().expose(), "Password:  ");
        assert!(ask(&program("cancel", "exit 1"), long).is_err());
        assert!(ask(&program("fail", "echo x; exit 1"), long).is_err());
        let slow = ask(&program("slow", "exec sleep 60"), Duration::from_millis(200)).unwrap_err();
        assert_eq!(slow.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_servers_text_cannot_move_the_cursor() {
        assert_eq!(shown("Pass\x1b[2Jword:\r\n ", 100), "Pass [2Jword:");
        assert_eq!(shown("abcdef", 3), "abc");
    }
}
