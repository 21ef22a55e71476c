//! Names of files, units and models.

use super::checksum::Checksum;
use super::text::{length, text_type, visible};

/// Longest file name, bytes. File systems and Rock Ridge take 255, and some of them get an ending.
const LONGEST: usize = 200;
/// Longest name of a unit that systemd takes, bytes.
const LONGEST_UNIT: usize = 255;
/// Endings of a unit's name.
const KINDS: [&str; 7] = ["service", "socket", "timer", "target", "mount", "path", "slice"];

text_type!(
    /// The name of a file, without a folder: no `/`, `\`, leading `.` or `-`, at most 200 bytes, all of
    /// them to be seen.
    FileName,
    "a plain file name",
    check_file
);

text_type!(
    /// The name of a systemd unit, such as `agi-provision-llama.service`.
    UnitName,
    "the name of a unit",
    check_unit
);

text_type!(
    /// The name of a model: an id of the registry, or its file's name without the ending. It goes into units'
    /// descriptions, arguments and onto terminals.
    ModelId,
    "a model's name",
    check_model
);

text_type!(
    /// The version of the agi-provision that made a bundle; it goes into a comment of user-data.
    ToolVersion,
    "a version",
    check_version
);

text_type!(
    /// A container image, pinned: `registry.example/llama.cpp:server@sha256:…`. The tag is for people; the digest says
    /// which image it is.
    ImageRef,
    "an image pinned by its digest",
    check_image
);

text_type!(
    /// The name of a server behind a balancer: lower-case letters, digits, `-`, `_` and `.`, at most 63.
    BalancedName,
    "a name for a balanced server",
    check_balanced
);

impl ImageRef {
    /// Returns the digest of its manifest.
    pub fn digest(&self) -> &str {
        self.split_once("@sha256:").map_or("", |(_, digest)| digest)
    }

    /// Returns the name without tag and digest: `docker.io/vllm/vllm-openai`.
    pub fn repository(&self) -> &str {
        let name = self.split_once('@').map_or(&**self, |(name, _)| name);
        // A colon before the last slash is a registry's port.
        match name.rfind(':').filter(|colon| name.rfind('/').is_none_or(|slash| slash < *colon)) {
            Some(colon) => &name[..colon],
            None => name,
        }
    }

    /// Returns the host of its registry, with a port where it has one. Docker's own is reached under another name than the one
    /// that images bear.
    pub fn registry(&self) -> &str {
        match self.split_once('/').map_or("", |(registry, _)| registry) {
            "docker.io" => "registry-1.docker.io",
            other => other,
        }
    }

    /// Returns the image without its tag, which says nothing beside the digest: `docker.io/a/b@sha256:…`.
    pub fn pinned(&self) -> String {
        format!("{}@sha256:{}", self.repository(), self.digest())
    }
}

fn check_image(text: &str) -> Result<(), String> {
    length(text, 400)?;
    let Some((name, digest)) = text.split_once("@sha256:") else {
        return Err("it does not end in @sha256: and the digest".to_string());
    };
    Checksum::new(digest).map_err(|_| "its digest is not 64 lower-case hex digits".to_string())?;
    let good = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
    match name.chars().find(|c| !good(*c)) {
        Some(odd) => Err(format!("it has the character {odd:?}")),
        None if name.split('/').any(|part| !part.starts_with(|c: char| c.is_ascii_alphanumeric())) => {
            Err("a part of its name is empty or begins with a sign".to_string())
        }
        None => Ok(()),
    }
}

fn check_balanced(text: &str) -> Result<(), String> {
    length(text, 63)?;
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    match text.chars().find(|c| !good(*c)) {
        Some(odd) => Err(format!("it has the character {odd:?}")),
        None => leading(text, &['-', '.', '_']),
    }
}

fn check_version(text: &str) -> Result<(), String> {
    length(text, 40)?;
    match text.chars().find(|c| !c.is_ascii_alphanumeric() && !".+-".contains(*c)) {
        Some(odd) => Err(format!("it has the character {odd:?}")),
        None => Ok(()),
    }
}

fn check_file(text: &str) -> Result<(), String> {
    length(text, LONGEST)?;
    visible(text)?;
    if text.contains(['/', '\\']) {
        return Err("it has a slash or a backslash".to_string());
    }
    leading(text, &['.', '-'])
}

fn check_unit(text: &str) -> Result<(), String> {
    length(text, LONGEST_UNIT)?;
    if let Some(odd) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !":-_.@".contains(*c)) {
        return Err(format!("it has the character {odd:?}"));
    }
    leading(text, &['.', '-'])?;
    match text.rsplit_once('.') {
        Some((name, kind)) if !name.is_empty() && KINDS.contains(&kind) => Ok(()),
        _ => Err(format!("it does not end in .{}", KINDS.join(", ."))),
    }
}

fn check_model(text: &str) -> Result<(), String> {
    length(text, LONGEST)?;
    visible(text)?;
    leading(text, &['-'])
}

fn leading(text: &str, refused: &[char]) -> Result<(), String> {
    match text.chars().next().filter(|first| refused.contains(first)) {
        Some(first) => Err(format!("it begins with {first:?}")),
        None => Ok(()),
    }
}
