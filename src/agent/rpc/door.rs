//! The one command that the head's key may run on a worker: it passes bytes between the connection and the worker's socket.

use super::passing;
use super::relay::{RPC, WATCH};
use crate::engine::server::ServerName;
use crate::error::{Context, Exit, Failure, Result};
use std::io::{stdin, stdout};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Name of the program's socket and of the one that tells whether it is there, for what the head asked for; `None` for
/// anything else.
fn socket(asked: &str) -> Option<&'static str> {
    [RPC, WATCH].into_iter().find(|name| *name == asked)
}

/// Passes bytes until either end has ended, and then ends the process. `asked` is what the client wanted to run.
///
/// # Errors
/// It wanted something else; no worker runs here.
pub fn pass(asked: &str) -> Result<Exit> {
    let name = socket(asked).ok_or_else(|| Failure::usage("this key opens the worker and nothing else"))?;
    let path = Path::new(&ServerName::WORKER.runtime_folder()).join(name);
    let stream = UnixStream::connect(&path).context("the worker does not run here")?;
    let (from, to) = (stream.try_clone()?, stream);
    // End what still waits for the other end: it would wait for ever.
    passing::both((stdin(), stdout()), (from, to), || std::process::exit(0));
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_opens_for_two_words_and_nothing_else() {
        assert_eq!(["rpc", "watch"].map(socket), [Some("rpc"), Some("watch")]);
        for other in ["", "rpc ", "../rpc", "sh", "rpc; sh", "internal-sftp"] {
            assert_eq!(socket(other), None, "{other}");
        }
    }
}
