//! Logging in and becoming root on real hosts, as people have them: passwords, PAM, sudo, odd shells and
//! odd servers. Needs root, and `tests/lab/install` first.

#[path = "host_login/as_they_are.rs"]
mod as_they_are;
#[path = "lab/mod.rs"]
mod lab;
#[path = "host_login/password.rs"]
mod password;
#[path = "host_login/poison.rs"]
mod poison;
#[path = "host_login/sudo.rs"]
mod sudo;

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use agi_provision::ssh::quote;
use lab::journey::{Client, text};
use lab::{Host, Ran, run};

/// Password of the host's user `admin`, with letters that are easy to get wrong.
pub const PASSWORD: &str = "pass wörd'\"$x\\";

pub fn give_password(host: &Host, user: &str, password: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("line");
    std::fs::write(&file, format!("{user}:{password}\n")).unwrap();
    host.put(&file, "/root/line");
    host.exec("chpasswd < /root/line && rm /root/line").ok();
}

/// A file in the host, behind SSH's back.
pub fn write(host: &Host, path: &str, content: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    host.put(file.path(), path);
}

/// sshd of the host with these lines before its own, in force, and every attempt in its log.
pub fn sshd(host: &Host, lines: &str) {
    write(host, "/etc/ssh/sshd_config.d/00-test.conf", &format!("LogLevel VERBOSE\n{lines}"));
    host.exec("sshd -t && { systemctl reset-failed ssh; systemctl restart ssh; }").ok();
}

/// Runs a command with `input` on its stdin.
pub fn fed(mut command: Command, input: &str) -> Ran {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), input).unwrap();
    run(command.stdin(std::fs::File::open(file.path()).unwrap()))
}

/// Without the host's key, only what `args` give.
pub fn without_key(client: &Client, host: &Host, user: &str, args: &[&str]) -> Command {
    let mut command = client.command(args);
    command.args(["--host", &format!("{user}@{}", host.addr()), "--known-hosts", text(&host.known_hosts())]);
    command
}

/// A command on a terminal of its own, before which a person sits.
pub struct Terminal {
    script: Child,
    output: mpsc::Receiver<Vec<u8>>,
    pub seen: String,
}

impl Terminal {
    pub fn start(command: &Command) -> Terminal {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let line: Vec<String> = words.map(|word| quote(word.to_str().unwrap())).collect();
        let mut script = Command::new("script");
        script.args(["-qefc", &line.join(" "), "/dev/null"]).env_clear();
        for (name, value) in command.get_envs() {
            script.env(name, value.unwrap_or_default());
        }
        script.current_dir(command.get_current_dir().unwrap()).env("TERM", "dumb").env("SHELL", "/bin/sh");
        let mut script = script
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("script, of util-linux or bsdutils");
        let mut stdout = script.stdout.take().unwrap();
        let (send, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(size @ 1..) = stdout.read(&mut piece) {
                if send.send(piece[..size].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal { script, output, seen: String::new() }
    }

    /// Waits until `text` is on the screen, and takes away what was seen up to there.
    #[track_caller]
    pub fn expect(&mut self, text: &str) -> &mut Terminal {
        let began = Instant::now();
        while !self.seen.contains(text) {
            let piece = self.output.recv_timeout(Duration::from_secs(60).saturating_sub(began.elapsed()));
            let piece = piece.unwrap_or_else(|_| panic!("no {text:?} on the terminal: {:?}", self.seen));
            self.seen += &String::from_utf8_lossy(&piece);
        }
        self
    }

    pub fn type_in(&mut self, text: &str) -> &mut Terminal {
        self.script.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
        self
    }

    /// Status and everything that was on the screen.
    pub fn end(mut self) -> (i32, String) {
        while let Ok(piece) = self.output.recv_timeout(Duration::from_secs(120)) {
            self.seen += &String::from_utf8_lossy(&piece);
        }
        (self.script.wait().unwrap().code().unwrap_or(-1), self.seen)
    }
}

/// How often the host's log has `text`.
pub fn logged(host: &Host, text: &str) -> usize {
    let command = format!("journalctl --sync; journalctl -q --no-pager | grep -cF -- {}", quote(text));
    host.exec(&command).stdout.trim().parse().unwrap()
}
