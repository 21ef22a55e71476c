//! KnownHostsCommand: a program that prints lines of a known_hosts file. Run without a shell, with a bound on time
//! and output.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::host_key::HostKey;
use super::known_hosts::KnownHosts;
use super::line::split;
use super::tokens::Tokens;
use crate::error::{Failure, Result};
use crate::process;

const LIMIT: Duration = Duration::from_secs(30);

/// The configuration's command, with the tokens of the host.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KnownHostsCommand {
    pub command: String,
    pub tokens: Tokens,
}

impl KnownHostsCommand {
    /// Adds what it prints of `name` to `known`; without a `key` it is asked for the types of keys.
    ///
    /// # Errors
    /// Exit 6 where it fails: going on without it could take a key that it revokes.
    pub fn add(&self, known: &mut KnownHosts, name: &str, key: Option<&HostKey>) -> Result<()> {
        let failed = |why: String| {
            anyhow::Error::from(
                Failure::new(
                    crate::error::Exit::HostKey,
                    format!("KnownHostsCommand {}: {why}", self.command),
                )
                .hint("run it by hand; it takes the absolute path of a program, and no shell is around it"),
            )
        };
        let none = || "NONE".to_string();
        let tokens = self
            .tokens
            .with('H', name)
            .with('I', if key.is_some() { "HOSTNAME" } else { "ORDER" })
            .with('t', &key.map_or_else(none, |key| key.key_type.clone()))
            .with('f', &key.map_or_else(none, HostKey::fingerprint))
            .with('K', &key.map_or_else(none, |key| BASE64.encode(&key.blob)));
        let words = split(&self.command).map_err(failed)?;
        let words =
            words.iter().map(|word| tokens.expand(word)).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let Some((program, args)) = words.split_first().filter(|(program, _)| program.starts_with('/'))
        else {
            return Err(failed("it does not begin with the absolute path of a program".into()));
        };
        let outcome = process::run_command(Command::new(program).args(args), program, LIMIT)
            .map_err(|error| failed(format!("{:#}", anyhow::Error::from(error))))?;
        if !outcome.success {
            let status = outcome.code.map_or("a signal".to_string(), |code| format!("status {code}"));
            return Err(failed(format!("it ended with {status} {}", outcome.stderr.trim())));
        }
        if outcome.stdout.len() >= process::KEEP {
            return Err(failed(format!("it prints more than {} bytes", process::KEEP)));
        }
        known.add(Path::new("KnownHostsCommand"), outcome.stdout.as_bytes());
        Ok(())
    }
}
