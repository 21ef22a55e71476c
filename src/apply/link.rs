//! A way to reach an agent: over SSH, or on this machine. Both carry the same bytes.

use super::executable::AgentFile;
use crate::error::Result;
use std::io::Read;
use std::time::Duration;

/// An agent that was started: its stdin and its lines.
pub trait Stream {
    /// Writes bytes to the agent's stdin.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Sends all of `source`; `progress` gets the bytes sent so far.
    fn send(&mut self, source: &mut dyn Read, progress: &mut dyn FnMut(u64)) -> Result<()>;

    /// The next line without its end, or `None` at the end of the output.
    fn line(&mut self, limit: Duration) -> Result<Option<Vec<u8>>>;

    /// A person's password made it root.
    fn used_password(&self) -> bool {
        false
    }

    /// Waits for the end; what it wrote to stderr.
    fn finish(self: Box<Self>) -> Result<String>;
}

/// Way to a host on which the agent is started.
pub trait Link {
    /// Starts `agent session` as root, from its staged executable. Its first lines may be the noise of
    /// a login shell; a line
    /// [`stage_marker`](crate::wire::protocol::stage_marker) means that the executable is not there.
    fn open(&mut self, agent: &AgentFile, nonce: &str) -> Result<Box<dyn Stream + '_>>;

    /// Whether it is worth to open again after a command ended with `said`: sudo wants a password or a
    /// terminal. Each is tried once.
    fn another_way(&mut self, _said: &str) -> Result<bool> {
        Ok(false)
    }

    /// Puts the agent's executable on the host.
    fn stage(&mut self, agent: &AgentFile, nonce: &str, progress: &mut dyn FnMut(u64)) -> Result<()>;
}
