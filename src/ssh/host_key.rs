//! Whether a server's key is the right one. Decided before anything is authenticated, and there is no
//! way to decide nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use sha2::{Digest, Sha256};

use super::known_hosts::{Lookup, type_of};
use crate::error::{Exit, Failure};

/// Keys that a person is ready to take. A revoked key is never taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HostKeyPolicy {
    /// Only keys in known_hosts.
    #[default]
    Known,
    /// Keys in known_hosts, and the key of a host that is not in it; that one is then written down.
    /// A changed key is refused.
    AcceptNew,
    /// Exactly the key with this fingerprint (`SHA256:` and base64), whatever known_hosts says.
    Fingerprint(String),
}

impl HostKeyPolicy {
    /// The policy that takes only the key with this fingerprint, `SHA256:` and 43 characters of base64.
    ///
    /// # Errors
    /// Exit 2 where the text is no SHA-256 fingerprint: nothing could ever match it.
    pub fn pinned(fingerprint: &str) -> Result<HostKeyPolicy, Failure> {
        let decoded = BASE64.decode(bare(fingerprint));
        if decoded.is_ok_and(|hash| hash.len() == 32) {
            return Ok(HostKeyPolicy::Fingerprint(format!("SHA256:{}", bare(fingerprint))));
        }
        Err(Failure::usage(format!("{fingerprint:?} is not the fingerprint of a host key"))
            .hint("it is what `ssh-keygen -lf` prints: SHA256: and 43 letters, digits, '+' or '/'"))
    }
}

/// A server's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKey {
    /// `ssh-ed25519` and the like.
    pub key_type: String,
    /// SSH wire format.
    pub blob: Vec<u8>,
}

impl HostKey {
    /// `None` where the blob does not even name its type.
    pub fn from_blob(blob: &[u8]) -> Option<HostKey> {
        Some(HostKey { key_type: type_of(blob)?.to_string(), blob: blob.to_vec() })
    }

    /// Fingerprint as `ssh-keygen -l` prints it: `SHA256:` and base64 without padding.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", BASE64.encode(Sha256::digest(&self.blob)))
    }

    fn shown(&self) -> String {
        format!("{} key {}", self.key_type, self.fingerprint())
    }

    /// Exit 6: somebody says that the key is in other hands. `how`: who says so.
    pub(super) fn refused_as_revoked(&self, name: &str, how: &str) -> Failure {
        Failure::new(Exit::HostKey, format!("the {} of {name} is {how}", self.shown()))
            .hint("do not connect: whoever marked it knows that this key is in other hands")
    }
}

/// A key that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Known, or pinned.
    Trusted,
    /// New, under [`HostKeyPolicy::AcceptNew`]: to be added to known_hosts.
    New,
}

/// Decides about `key` of a host: `name` is shown, and known_hosts has it as `entry`.
///
/// # Errors
/// Exit 6 with the key's type and fingerprint, and a hint that says what to type.
pub fn decide(
    policy: &HostKeyPolicy,
    lookup: &Lookup,
    key: &HostKey,
    name: &str,
    entry: &str,
) -> Result<Accepted, Failure> {
    let shown = key.shown();
    let refuse = |message: String| Failure::new(Exit::HostKey, message);
    if let Lookup::Revoked { at } = lookup {
        return Err(key.refused_as_revoked(name, &format!("marked @revoked at {at}")));
    }
    if let HostKeyPolicy::Fingerprint(wanted) = policy {
        if same_fingerprint(wanted, &key.fingerprint()) {
            return Ok(Accepted::Trusted);
        }
        return Err(refuse(format!("{name} showed the {shown}, not the pinned {wanted}")).hint(
            "compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the host's console; \
             a host has one key of each type",
        ));
    }
    match (lookup, policy) {
        (Lookup::Known, _) => Ok(Accepted::Trusted),
        (Lookup::Unknown, HostKeyPolicy::AcceptNew) => Ok(Accepted::New),
        (Lookup::Changed { at, types }, _) => {
            let file = super::quote(&at.file.to_string_lossy()).to_string();
            let types = types.join(", ");
            let place = at.to_string();
            let text =
                english!("error-host-key-changed", name = name, key = shown, place = place, types = types);
            let command = format!("ssh-keygen -f {file} -R '{entry}'");
            Err(refuse(text).hint(english!("hint-host-key-changed", command = command)))
        }
        _ => {
            let hint = english!("hint-host-key-unknown", fingerprint = key.fingerprint());
            Err(refuse(english!("error-host-key-unknown", key = shown, name = name)).hint(hint))
        }
    }
}

fn same_fingerprint(wanted: &str, actual: &str) -> bool {
    bare(wanted) == bare(actual)
}

/// Padding may have been pasted along, and some tools leave the prefix out.
fn bare(fingerprint: &str) -> &str {
    let text = fingerprint.trim();
    text.strip_prefix("SHA256:").unwrap_or(text).trim_end_matches('=')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::known_hosts::Place;

    fn key() -> HostKey {
        let blob = base64::engine::general_purpose::STANDARD
            .decode("AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl")
            .unwrap();
        HostKey::from_blob(&blob).unwrap()
    }

    /// Fingerprint by `ssh-keygen -lf` of that key (github.com's).
    const FINGERPRINT: &str = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";

    fn place() -> Place {
        Place { file: "/home/me/.ssh/known_hosts".into(), line: 7 }
    }

    #[test]
    fn the_fingerprint_is_the_one_that_ssh_keygen_prints() {
        assert_eq!(key().key_type, "ssh-ed25519");
        assert_eq!(key().fingerprint(), FINGERPRINT);
        assert_eq!(HostKey::from_blob(&[0, 0, 0, 9, b'x']), None);
        assert_eq!(HostKey::from_blob(&[0, 0, 0, 0]), None);
    }

    #[test]
    fn every_pair_of_policy_and_lookup() {
        use Accepted::*;
        let pinned = HostKeyPolicy::Fingerprint(FINGERPRINT.into());
        let other = HostKeyPolicy::Fingerprint(format!("SHA256:{}", "A".repeat(43)));
        let changed = Lookup::Changed { at: place(), types: vec!["ssh-rsa".into()] };
        let revoked = Lookup::Revoked { at: place() };
        let table = [
            (&HostKeyPolicy::Known, [Some(Trusted), None, None, None]),
            (&HostKeyPolicy::AcceptNew, [Some(Trusted), Some(New), None, None]),
            (&pinned, [Some(Trusted), Some(Trusted), Some(Trusted), None]),
            (&other, [None, None, None, None]),
        ];
        for (policy, wants) in table {
            let lookups = [&Lookup::Known, &Lookup::Unknown, &changed, &revoked];
            for (lookup, want) in lookups.into_iter().zip(wants) {
                let got = decide(policy, lookup, &key(), "web1:22", "web1");
                assert_eq!(got.as_ref().ok(), want.as_ref(), "{policy:?} {lookup:?}");
                if let Err(failure) = got {
                    assert_eq!(failure.exit, Exit::HostKey);
                    assert!(failure.message.contains(FINGERPRINT) && failure.message.contains("ssh-ed25519"));
                    assert!(failure.hint.is_some());
                }
            }
        }
    }

    #[test]
    fn the_hints_say_what_to_type() {
        let unknown = decide(&HostKeyPolicy::Known, &Lookup::Unknown, &key(), "web1:22", "web1").unwrap_err();
        let hint = unknown.hint.unwrap();
        assert!(
            hint.contains(&format!("--host-key {FINGERPRINT}")) && hint.contains("--accept-new-host-key")
        );
        let changed = Lookup::Changed { at: place(), types: vec!["ssh-rsa".into()] };
        let failure =
            decide(&HostKeyPolicy::AcceptNew, &changed, &key(), "web1:2222", "[web1]:2222").unwrap_err();
        assert!(failure.message.contains("/home/me/.ssh/known_hosts:7"), "{}", failure.message);
        assert!(failure.hint.unwrap().contains("-R '[web1]:2222'"));
    }

    #[test]
    fn a_pinned_fingerprint_may_lack_its_prefix_or_have_padding() {
        assert!(same_fingerprint(&FINGERPRINT["SHA256:".len()..], FINGERPRINT));
        assert!(same_fingerprint(&format!("{FINGERPRINT}="), FINGERPRINT));
        assert!(!same_fingerprint("", FINGERPRINT));
        assert!(!same_fingerprint("SHA256:", FINGERPRINT));
        assert_eq!(
            HostKeyPolicy::pinned(&format!(" {FINGERPRINT}=")).unwrap(),
            HostKeyPolicy::Fingerprint(FINGERPRINT.into())
        );
        for nonsense in ["", "SHA256:", "MD5:00:11", &FINGERPRINT[..20], "SHA256:*"] {
            assert_eq!(HostKeyPolicy::pinned(nonsense).unwrap_err().exit, Exit::Usage);
        }
    }
}
