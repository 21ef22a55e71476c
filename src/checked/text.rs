//! The base of the types of text: how one is checked and refused.

use crate::outside;
use std::fmt;

/// Longest part of a refused text that an error repeats, characters.
const SHOWN: usize = 80;

/// Reason why a text was refused. Its message shows the text escaped and cut, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    text: String,
    what: &'static str,
    why: String,
}

impl Refused {
    pub(super) fn new(text: &str, what: &'static str, why: impl Into<String>) -> Refused {
        let shown: String = text.chars().take(SHOWN).collect();
        let cut = if shown.len() < text.len() { "…" } else { "" };
        Refused { text: format!("{shown:?}{cut}"), what, why: why.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not {}: {}", self.text, self.what, self.why)
    }
}

impl std::error::Error for Refused {}

/// Refuses characters that cannot be seen or that change how others are shown: control characters,
/// line separators, marks without width, and those that turn the direction of writing.
pub(super) fn visible(text: &str) -> Result<(), String> {
    // Joiners steer nothing, but two names that differ by one look the same.
    let hidden = |c: char| outside::steers(c) || matches!(c, '\u{200c}' | '\u{200d}');
    match text.chars().find(|c| hidden(*c)) {
        None => Ok(()),
        Some(found) => Err(format!("it has the character U+{:04X}", u32::from(found))),
    }
}

/// Refuses an empty text and one of more than `most` bytes.
pub(super) fn length(text: &str, most: usize) -> Result<(), String> {
    match text.len() {
        0 => Err("it is empty".to_string()),
        found if found > most => Err(format!("it has {found} bytes, and {most} are the most")),
        _ => Ok(()),
    }
}

/// Makes a type of text that `$check` accepts.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes `text`, or says why it cannot be one.
            pub fn new(text: impl Into<String>) -> Result<$name, $crate::checked::text::Refused> {
                let text = text.into();
                match $check(&text) {
                    Ok(()) => Ok($name(text)),
                    Err(why) => Err($crate::checked::text::Refused::new(&text, $what, why)),
                }
            }

            /// Takes what the system calls a file; what is not UTF-8 is refused.
            pub fn from_os(
                text: impl AsRef<std::ffi::OsStr>,
            ) -> Result<$name, $crate::checked::text::Refused> {
                let text = text.as_ref();
                match text.to_str() {
                    Some(text) => $name::new(text),
                    None => {
                        let shown = text.to_string_lossy();
                        Err($crate::checked::text::Refused::new(&shown, $what, "it is not UTF-8"))
                    }
                }
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<std::path::Path> for $name {
            fn as_ref(&self) -> &std::path::Path {
                std::path::Path::new(&self.0)
            }
        }

        impl AsRef<std::ffi::OsStr> for $name {
            fn as_ref(&self) -> &std::ffi::OsStr {
                std::ffi::OsStr::new(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<String> for $name {
            fn eq(&self, other: &String) -> bool {
                self.0 == *other
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::checked::text::Refused;
            fn from_str(text: &str) -> Result<$name, $crate::checked::text::Refused> {
                $name::new(text)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "minLength": 1})
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                $name::new(text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(super) use text_type;
