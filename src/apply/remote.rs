//! The agent on a host over SSH. In the usual case one command is all: it finds the staged executable
//! and becomes it.

use super::executable::{AgentFile, UNAME};
use super::link::{Link, Stream};
use super::root::{self, Way, not_root, wrong_password};
use crate::agent::store::staged::{MARK, STAGING};
use crate::error::{Context, Exit, Failure, Result};
use crate::paths;
use crate::processor::Processor;
use crate::ssh::{Connection, EndedEarly, Exec, Lock, Options, Secrets, Target, Turn, quote, sh};
use crate::wire::protocol::stage_marker;
use std::fs::File;
use std::io::Read;
use std::time::Duration;

/// For small commands, and for sudo to make up its mind.
const LIMIT: Duration = Duration::from_secs(60);
/// Bytes kept of the end of what a command prints before it runs as root.
const KEEP_SAID: usize = 8 << 10;
/// Noise of a login shell before that, bytes.
const MOST_NOISE: usize = 16 << 20;

pub struct Remote {
    connection: Connection,
    secrets: Secrets,
    way: Way,
}

impl Remote {
    pub fn connect(target: &Target, options: &Options, doas: bool) -> Result<Remote> {
        let connection = Connection::connect(target, options)?;
        let secrets = options.secrets.clone();
        // A password that was given is meant to be used.
        let lock = Lock::Sudo(user(&connection).to_string());
        let way = Way { password: secrets.is_given(&lock) && !doas, terminal: false, doas };
        Ok(Remote { connection, secrets, way })
    }

    /// Runs `script`, which [`Way::script`] made, until it is root where it announces that.
    fn start(&self, script: &str, nonce: &str) -> Result<Command> {
        tracing::debug!("{}: runs `{script}`", self.connection.peer());
        let command = sh(script);
        let exec = match self.way.terminal {
            true => self.connection.open_on_terminal(&command)?,
            false => self.connection.open(&command)?,
        };
        let mut command =
            Command { exec, merged: self.way.announces(), asked: false, said: String::new(), next: None };
        if self.way.announces() {
            self.become_root(&mut command, nonce)?;
        }
        Ok(command)
    }

    /// Waits for sudo. A command that ended, or that says it has to be staged, is left to the caller.
    fn become_root(&self, command: &mut Command, nonce: &str) -> Result<()> {
        let (asks, is_root, stage) = (root::asks(nonce), root::is_root(nonce), stage_marker(nonce));
        let mut turn: Option<Turn> = None;
        let mut noise = 0;
        while noise < MOST_NOISE {
            // doas cannot be told how to ask.
            let heard = match self.way.doas {
                true => command.exec.read_line_or_question(LIMIT),
                false => command.exec.read_line(LIMIT).map(|line| Some((line?, false))),
            };
            let heard = heard.with_context(|| format!("waiting for {}", self.way.program()))?;
            let Some((line, question)) = heard else {
                // sudoers may forbid it after the right password, too: then nothing is known of that.
                if let Some(turn) = turn.filter(|_| root::was_wrong(&command.said)) {
                    turn.refused(&self.refused());
                }
                return Ok(());
            };
            let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_string();
            if text.ends_with(&is_root) {
                turn.map(Turn::accepted);
                return Ok(());
            }
            if text.ends_with(&stage) {
                command.next = Some(line);
                return Ok(());
            }
            if !question && !text.ends_with(&asks) {
                noise += line.len() + 1;
                command.note(&text);
                continue;
            }
            // Asked again: it was wrong. Another line would be another try.
            if let Some(turn) = turn {
                turn.refused(&self.refused());
                return Err(wrong_password(self.way.doas).into());
            }
            let mine = self.password()?;
            let mut answer = zeroize::Zeroizing::new(Vec::with_capacity(mine.secret().expose().len() + 1));
            answer.extend_from_slice(mine.secret().expose().as_bytes());
            answer.push(b'\n');
            command.exec.write_stdin(&answer)?;
            command.asked = true;
            turn = Some(mine);
        }
        Err(endless().into())
    }

    fn refused(&self) -> String {
        format!("{} refused it, and it is not tried again", self.connection.peer())
    }

    fn password(&self) -> Result<Turn> {
        let peer = self.connection.peer();
        let program = self.way.program();
        let question = format!("{program} password of {peer}: ");
        let lock = Lock::Sudo(user(&self.connection).to_string());
        self.secrets.turn(&lock, &question, peer).map_err(|absent| {
            Failure::failed(english!("error-sudo-password", program = program, absent = absent.to_string()))
                .hint(format!(
                    "give it with --sudo-password-stdin or in AGI_PROVISION_SUDO_PASSWORD, connect as root, \
                     or allow the user {program} without a password ({})",
                    if self.way.doas { "nopass" } else { "NOPASSWD" }
                ))
                .into()
        })
    }
}

/// The part before the host of `user@host:port`.
fn user(connection: &Connection) -> &str {
    connection.peer().rsplit_once('@').map_or("", |(user, _)| user)
}

pub fn endless() -> Failure {
    Failure::failed("the host's login shell prints without end").hint("look at the user's .bashrc there")
}

impl Link for Remote {
    fn open(&mut self, agent: &AgentFile, nonce: &str) -> Result<Box<dyn Stream + '_>> {
        let path = agent.staged();
        let path = path.display();
        // Root's own, in a folder of root's own: nothing else is run as root.
        let before = format!(
            "case \"$(stat -c %F,%u,%a,%s {lib} {path} 2>/dev/null)\" in directory,0,*[0145][0145],*\"regular \
             file,0,755,{size}\") ",
            lib = paths::LIB,
            size = agent.size_bytes
        );
        let after = format!(";; esac; echo \"{UNAME}$(uname -m) {}\"", stage_marker(nonce));
        let script = self.way.script(&before, &format!("{path} agent session"), &after, nonce);
        Ok(Box::new(self.start(&script, nonce)?))
    }

    fn another_way(&mut self, said: &str) -> Result<bool> {
        let Some(way) = self.way.after(said) else { return Ok(false) };
        let before = std::mem::replace(&mut self.way, way);
        tracing::info!("{}: asks {} in another way: {:?}", self.connection.peer(), way.program(), self.way);
        if way.password && !before.password {
            // Known to be missing before it is made to wait for it.
            drop(self.password()?);
        }
        Ok(true)
    }

    fn stage(&mut self, agent: &AgentFile, nonce: &str, progress: &mut dyn FnMut(u64)) -> Result<()> {
        let script = stage_script(agent);
        let mut file =
            File::open(&agent.path).with_context(|| format!("opening {}", agent.path.display()))?;
        let said = loop {
            let script = self.way.script("", &format!("sh -c {}", quote(&script)), "", nonce);
            let mut command = self.start(&script, nonce)?;
            let exec = &mut command.exec;
            let sent = exec.send_stream(&mut file, &mut *progress).and_then(|_| exec.close_stdin());
            let stderr = match sent {
                Ok(()) => {
                    let said = command.rest()?;
                    let ended = command.exec.finish(LIMIT)?;
                    if ended.status == Some(0) {
                        return Ok(());
                    }
                    format!("{said}{}", ended.stderr)
                }
                Err(error) => match error.downcast_ref::<EndedEarly>() {
                    Some(early) => format!("{}{}", command.rest().unwrap_or_default(), early.ended.stderr),
                    None => return Err(error),
                },
            };
            if !self.another_way(&stderr)? {
                break stderr;
            }
            std::io::Seek::rewind(&mut file).with_context(|| format!("reading {}", agent.path.display()))?;
        };
        Err(not_root(&said, self.way.password)
            .unwrap_or_else(|| staging_failed(&said, agent.processor))
            .into())
    }
}

/// The folder has to be root's alone; where it is not there it is made, and marked as ours. An empty folder goes
/// again if it fails. Another session that ends may remove the folder until there is a
/// file in it, and may have staged the same meanwhile, which others run from; touched, it is ours too. The
/// size is told, as a terminal has no end. A client that goes away in the middle, and with it whoever reads
/// what is said, does not keep the script from clearing up.
fn stage_script(agent: &AgentFile) -> String {
    format!(
        "umask 022; d={lib}; t=$d/{STAGING}$$; p={path}; trap '' HUP PIPE; \
         undo() {{ rm -f $t; [ \"$(ls -A $d 2>/dev/null)\" = {MARK} ] && rm -f $d/{MARK} && rmdir $d; exit 1; }}; \
         roots() {{ case \"$(stat -c %F,%u,%a $d)\" in directory,0,*[0145][0145]) ;; \
         *) echo \"$d is {NOT_OURS}: $(stat -c '%F of %U, mode %a' $d)\" >&2; false ;; esac; }}; \
         begin() {{ mkdir -p ${{d%/*}}; if mkdir $d 2>/dev/null; then true > $d/{MARK}; \
         elif [ ! -e $d ] && [ ! -L $d ]; then mkdir $d && true > $d/{MARK} || return 1; fi; roots && true > $t; }}; \
         begin 2>/dev/null || begin 2>/dev/null || begin || undo; head -c {size} > $t || undo; \
         [ \"$(sha256sum < $t)\" = \"{sha}  -\" ] || {{ echo 'the executable arrived damaged' >&2; undo; }}; \
         chmod 755 $t && $t --version >/dev/null || {{ m=$(df -P $d | sed -n '2s/.* //p'); \
         grep -q \" $m [^ ]* [^ ]*noexec\" /proc/mounts && echo \"{NOEXEC}: $m\" >&2; undo; }}; \
         if [ \"$(stat -c %s $p 2>/dev/null)\" = {size} ]; then touch $p; rm -f $t; else mv $t $p || undo; fi",
        lib = paths::LIB,
        size = agent.size_bytes,
        sha = agent.sha256,
        path = agent.staged().display(),
    )
}

/// Word of the script before a mount point from which no program may be run.
const NOEXEC: &str = "mounted noexec";

/// Words of the script for a folder that others own or may write to.
const NOT_OURS: &str = "not a folder of root's alone";

fn staging_failed(stderr: &str, processor: Processor) -> Failure {
    if let Some(line) = stderr.lines().find(|line| line.contains(NOT_OURS)) {
        return not_roots(line);
    }
    let noexec = stderr.lines().find_map(|line| line.rsplit_once(&format!("{NOEXEC}: ")));
    if let Some((_, place)) = noexec {
        return no_programs(place);
    }
    let failure =
        Failure::failed(format!("the agent could not be put under {}: {}", paths::LIB, stderr.trim()));
    let says = |texts: &[&str]| texts.iter().any(|text| stderr.contains(text));
    if says(&["No space left"]) {
        failure.hint("the host's disk is full, or has no inodes left (`df -i`); nothing was kept there")
    } else if says(&["Permission denied", "Exec format error", "not found"]) {
        failure.hint(format!("is /usr/local mounted noexec there, or the host not Linux on {processor}?"))
    } else {
        failure.hint("is the host's /usr/local writable?")
    }
}

/// Exit 4, before anything is written.
pub(super) fn not_roots(what: &str) -> Failure {
    Failure::new(Exit::HostDoesNotMeetPlan, what).hint(format!(
        "the agent runs as root from {0}: move what is there away; nothing was changed",
        paths::LIB
    ))
}

/// Exit 4, before anything is written: no program may be run from the mount at `place`.
pub(super) fn no_programs(place: &str) -> Failure {
    let what = format!("{place} is mounted noexec, and the agent runs from {}", paths::LIB);
    Failure::new(Exit::HostDoesNotMeetPlan, what).hint(format!(
        "`mount -o remount,exec {place}` there, and without noexec in /etc/fstab; nothing was changed"
    ))
}

struct Command {
    exec: Exec,
    /// stderr comes on stdout.
    merged: bool,
    /// sudo was given a password.
    asked: bool,
    /// Output on stdout that is not the agent's.
    said: String,
    /// A line that was read already.
    next: Option<Vec<u8>>,
}

impl Command {
    fn note(&mut self, text: &str) {
        self.said += text;
        self.said.push('\n');
        if self.said.len() > KEEP_SAID {
            let from =
                (self.said.len() - KEEP_SAID..).find(|at| self.said.is_char_boundary(*at)).unwrap_or(0);
            self.said.drain(..from);
        }
    }

    /// Reads the rest of a merged command's output until it ends.
    fn rest(&mut self) -> Result<String> {
        while self.merged
            && let Some(line) = self.exec.read_line(LIMIT)?
        {
            self.note(&String::from_utf8_lossy(&line));
        }
        Ok(std::mem::take(&mut self.said))
    }
}

impl Stream for Command {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        forgive_end(self.exec.write_stdin(bytes))
    }

    fn send(&mut self, source: &mut dyn Read, progress: &mut dyn FnMut(u64)) -> Result<()> {
        forgive_end(self.exec.send_stream(source, progress).map(|_| ()))
    }

    fn line(&mut self, limit: Duration) -> Result<Option<Vec<u8>>> {
        match self.next.take() {
            Some(line) => Ok(Some(line)),
            None => self.exec.read_line(limit),
        }
    }

    fn used_password(&self) -> bool {
        self.asked
    }

    fn finish(mut self: Box<Self>) -> Result<String> {
        let said = std::mem::take(&mut self.said);
        Ok(said + &self.exec.finish(LIMIT)?.stderr)
    }
}

/// A command that ended is not the news: its last lines say why.
fn forgive_end(result: Result<()>) -> Result<()> {
    match result {
        Err(error) if error.downcast_ref::<EndedEarly>().is_some() => Ok(()),
        other => other,
    }
}
