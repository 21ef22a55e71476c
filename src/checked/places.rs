//! Paths on a host and below a folder. None of them has `.`, `..`, an empty part or a trailing slash, so
//! that the text is the place.

use super::text::{length, text_type, visible};
use crate::paths;
use std::path::Path;

/// Longest path that Linux takes, bytes, without the final zero.
const LONGEST: usize = 4095;
/// Longest part of one.
const LONGEST_PART: usize = 255;

text_type!(
    /// An absolute path on a host.
    HostPath,
    "an absolute path of a host",
    check_host
);

text_type!(
    /// A path below some folder, which it cannot leave.
    RelativePath,
    "a relative path that stays in its folder",
    check_relative
);

text_type!(
    /// Where a link of a bundle leads: to a file of the configuration that serves.
    LinkTarget,
    "a target for a bundle's link",
    check_target
);

fn check_host(text: &str) -> Result<(), String> {
    length(text, LONGEST)?;
    match text.strip_prefix('/') {
        Some(rest) => parts(rest),
        None => Err("it does not begin with a slash".to_string()),
    }
}

fn check_relative(text: &str) -> Result<(), String> {
    length(text, LONGEST)?;
    parts(text)
}

fn check_target(text: &str) -> Result<(), String> {
    check_host(text)?;
    match text.strip_prefix(paths::GENERATION).is_some_and(|rest| rest.starts_with('/')) {
        true => Ok(()),
        false => Err(format!("it does not lie below {}", paths::GENERATION)),
    }
}

fn parts(text: &str) -> Result<(), String> {
    visible(text)?;
    for part in text.split('/') {
        match part {
            "" => return Err("it has an empty part".to_string()),
            "." | ".." => return Err(format!("it has the part {part:?}")),
            _ if part.contains('\\') => return Err("it has a backslash".to_string()),
            _ if part.len() > LONGEST_PART => {
                return Err(format!("a part of it has more than {LONGEST_PART} bytes"));
            }
            _ => {}
        }
    }
    Ok(())
}

impl HostPath {
    /// Returns the path.
    pub fn as_path(&self) -> &Path {
        Path::new(self.as_str())
    }
}

impl RelativePath {
    /// Returns the path.
    pub fn as_path(&self) -> &Path {
        Path::new(self.as_str())
    }
}
