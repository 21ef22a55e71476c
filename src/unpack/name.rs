//! Names in an archive: relative, without `..`, of bounded length, and safe to show.

use super::limits::Limits;
use super::refusal::{Result, refused};
use super::shown::{SHOWN, shown};

/// A path below the folder that is unpacked into: `/` between its parts, none of which is empty, `.`, `..`
/// or holds a control character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// `None`: the folder itself, as in `./`.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Option<Name>> {
        let text = text(bytes, "name", limits)?;
        if text.starts_with('/') {
            return refused(format!("its entry {} has an absolute name", shown(text)));
        }
        let mut parts = Vec::new();
        for part in text.split('/').filter(|part| !matches!(*part, "" | ".")) {
            if part == ".." {
                return refused(format!("its entry {} leads outside", shown(text)));
            }
            if part.len() > 255 {
                return refused(format!("its entry {} has a part of more than 255 bytes", shown(text)));
            }
            parts.push(part);
        }
        if parts.len() > limits.depth {
            return refused(format!(
                "its entry {} lies more than {} folders deep",
                shown(text),
                limits.depth
            ));
        }
        Ok((!parts.is_empty()).then(|| Name(parts.join("/"))))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The first part.
    pub fn top(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// The folder that it lies in, unless that is the one unpacked into; and its own name there.
    pub fn split(&self) -> (Option<Name>, &str) {
        match self.0.rsplit_once('/') {
            Some((folder, name)) => (Some(Name(folder.to_string())), name),
            None => (None, &self.0),
        }
    }

    /// `parts` as one name; `None` for the folder that is unpacked into.
    pub fn join(parts: &[&str]) -> Option<Name> {
        (!parts.is_empty()).then(|| Name(parts.join("/")))
    }
}

/// The target of a link: relative and safe to show. Where it leads is for [`super::tree`] to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    pub fn parse(bytes: &[u8], link: &Name, limits: &Limits) -> Result<Target> {
        let target = text(bytes, "link target", limits)?;
        if target.is_empty() {
            return refused(format!("its link {} leads nowhere", shown(link.as_str())));
        }
        if target.starts_with('/') {
            return refused(format!("its link {} leads outside, to {}", shown(link.as_str()), shown(target)));
        }
        Ok(Target(target.to_string()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn text<'a>(bytes: &'a [u8], what: &str, limits: &Limits) -> Result<&'a str> {
    let show = || shown(&String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]));
    if bytes.len() > limits.name_bytes {
        return refused(format!(
            "its {what} {} has {} bytes; at most {} are taken",
            show(),
            bytes.len(),
            limits.name_bytes
        ));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return refused(format!("its {what} {} is not UTF-8", show()));
    };
    if text.contains(|c: char| c.is_control() || c == '\\') {
        return refused(format!("its {what} {} has a control character or a backslash", show()));
    }
    Ok(text)
}
