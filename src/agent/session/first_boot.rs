//! A first boot by cloud-init that did not bring this machine to its plan, for `status`.

use crate::agent::job;
use crate::paths;
use serde::Serialize;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Where cloud-init keeps what its commands print.
const LOG: &str = "/var/log/cloud-init-output.log";
/// Bytes at the end of the log that are looked at.
const TAIL: u64 = 256 << 10;
/// Longest line that is repeated, characters.
const LONGEST: usize = 400;
/// Begins the lines that this program and its script print at a first boot.
const OURS: &str = "agi-provision: ";

/// Traces of a first boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct FirstBoot {
    /// Its last word: why it failed, or what it does at this moment.
    pub said: String,
    /// The file that has all of it.
    pub log: &'static str,
    /// The bundle that waits to be applied; `None` where it came from a seed.
    pub bundle: Option<&'static str>,
}

/// Returns the first boot of this machine, of which nothing is installed; `None` if there was none.
pub fn look() -> Option<FirstBoot> {
    let bundle = Path::new(paths::FIRST_BOOT).is_file().then_some(paths::FIRST_BOOT);
    let in_log = tail().as_deref().and_then(said);
    if bundle.is_none() && in_log.is_none() {
        return None;
    }
    // After a restart for its driver the machine goes on without cloud-init.
    let said = job::failed_after_restart().or(in_log);
    let said = said.unwrap_or_else(|| "it has not started, or was cut off".to_string());
    Some(FirstBoot { said, log: LOG, bundle })
}

fn tail() -> Option<String> {
    let mut file = File::open(LOG).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut end = Vec::new();
    file.take(TAIL).read_to_end(&mut end).ok()?;
    Some(String::from_utf8_lossy(&end).into_owned())
}

/// Returns our last word in a log: the error after our last line, or that line.
fn said(log: &str) -> Option<String> {
    let lines: Vec<&str> = log.lines().collect();
    let last = lines.iter().rposition(|line| line.starts_with(OURS))?;
    let error = lines[last..].iter().find_map(|line| line.strip_prefix("error: "));
    Some(error.unwrap_or(&lines[last][OURS.len()..]).chars().take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_log_is_the_error_after_our_last_line_or_that_line() {
        for (log, expected) in [
            ("", None),
            ("Cloud-init v. 25.1 running\n", None),
            ("agi-provision: a gave 0 bytes\nagi-provision: b gave 0 bytes\n", Some("b gave 0 bytes")),
            (
                "agi-provision: preflight\nerror: the host does not meet the plan: ram\n\nhint: a larger one\nCloud-init finished\n",
                Some("the host does not meet the plan: ram"),
            ),
            // The error of an earlier boot, before ours of this one.
            ("error: old\nagi-provision: it is fetched\n", Some("it is fetched")),
            ("error: of another command\n", None),
        ] {
            assert_eq!(said(log).as_deref(), expected, "{log:?}");
        }
        let long = format!("agi-provision: {}\n", "ä".repeat(1000));
        assert_eq!(said(&long).unwrap().chars().count(), LONGEST);
    }
}
