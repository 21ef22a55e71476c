//! Text that nobody may read over our shoulder.

use std::fmt;
use zeroize::Zeroizing;

/// A passphrase, password, token or key: never shown, never serialized unless a field says so with
/// [`travels`], and wiped from memory when it is dropped. What a
/// library copies on the way out (libssh2, TLS) is beyond its reach.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns whether the secret is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Secret {
        text.to_string().into()
    }
}

impl TryFrom<Vec<u8>> for Secret {
    type Error = std::str::Utf8Error;

    /// Takes the bytes over; those that are no text are wiped.
    fn try_from(bytes: Vec<u8>) -> Result<Secret, Self::Error> {
        String::from_utf8(bytes).map(Secret::from).map_err(|error| {
            let why = error.utf8_error();
            drop(Zeroizing::new(error.into_bytes()));
            why
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// For the fields that travel on an agent's stdin, as `#[serde(with = "crate::secret::travels")]`: nothing
/// else can put a secret into JSON.
pub mod travels {
    use super::Secret;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the secret as plain text.
    pub fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }

    /// Reads the secret from plain text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::from)
    }
}

/// Keeps this process's memory, and the secrets in it, out of core files and from other processes of its
/// user. Best effort: a system without either goes on.
pub fn keep_memory_private() {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Request {
        #[serde(with = "travels")]
        password: Secret,
    }

    #[test]
    fn a_secret_is_not_shown_and_travels_only_where_a_field_says_so() {
        let secret = Secret::from("hunter2");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret Some(Secret)");
        let request = Request { password: secret };
        assert_eq!(format!("{request:?}"), "Request { password: Secret }");
        let json = serde_json::to_string(&request).unwrap();
        assert_eq!(json, r#"{"password":"hunter2"}"#);
        assert_eq!(serde_json::from_str::<Request>(&json).unwrap(), request);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_is_kept_out_of_core_files_and_from_other_processes() {
        use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};
        keep_memory_private();
        assert_eq!(getrlimit(Resource::Core).maximum, Some(0));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }

    #[test]
    fn bytes_become_a_secret_if_they_are_text() {
        assert_eq!(Secret::try_from(b"key".to_vec()).unwrap().expose(), "key");
        assert!(Secret::try_from(vec![0xff]).is_err());
    }
}
