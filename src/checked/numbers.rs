//! Modes of files and numbers of ports.

use super::text::Refused;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU16;

/// The mode of a file that a bundle brings: permission bits only, and nobody but its owner may write it.
/// In JSON four octal digits, `0644`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileMode(u32);

const MODE: &str = "a mode for a bundle's file";

impl FileMode {
    /// Mode of a file that everyone may read.
    pub const PLAIN: FileMode = FileMode(0o644);

    /// Checks the bits. Fails for a mode with bits other than permissions, or one that others may write.
    pub fn new(bits: u32) -> Result<FileMode, Refused> {
        let refuse = |why: &str| Err(Refused::new(&format!("{bits:04o}"), MODE, why));
        match bits {
            _ if bits & !0o777 != 0 => refuse("it has more than permission bits"),
            _ if bits & 0o022 != 0 => refuse("others could write the file"),
            _ => Ok(FileMode(bits)),
        }
    }

    /// Returns the permission bits.
    pub fn bits(self) -> u32 {
        self.0
    }
}

impl fmt::Display for FileMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl From<FileMode> for String {
    fn from(mode: FileMode) -> String {
        mode.to_string()
    }
}

impl TryFrom<String> for FileMode {
    type Error = Refused;

    fn try_from(text: String) -> Result<FileMode, Refused> {
        let digits = text.len() == 4 && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        match u32::from_str_radix(&text, 8) {
            Ok(bits) if digits => FileMode::new(bits),
            _ => Err(Refused::new(&text, MODE, "that is four octal digits")),
        }
    }
}

/// A TCP port that something can listen on: 1 to 65535.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "u64", into = "u16")]
pub struct Port(NonZeroU16);

impl Port {
    /// Returns the port's number.
    pub fn number(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Port> for u16 {
    fn from(port: Port) -> u16 {
        port.number()
    }
}

impl TryFrom<u64> for Port {
    type Error = Refused;

    fn try_from(number: u64) -> Result<Port, Refused> {
        let found = u16::try_from(number).ok().and_then(NonZeroU16::new);
        let refused = || Refused::new(&number.to_string(), "a TCP port", "those are 1 to 65535");
        found.map(Port).ok_or_else(refused)
    }
}

impl std::str::FromStr for Port {
    type Err = Refused;

    /// Digits alone: no sign, no zero in front.
    fn from_str(text: &str) -> Result<Port, Refused> {
        let refused = || Refused::new(text, "a TCP port", "those are 1 to 65535");
        let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        let number = text.parse::<u64>().ok().filter(|_| plain).ok_or_else(refused)?;
        Port::try_from(number)
    }
}
