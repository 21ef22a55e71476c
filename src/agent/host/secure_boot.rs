//! Secure Boot, and the key that DKMS signs the modules with which it builds.

use crate::hardware::facts::Facts;
use crate::hardware::vendor::driver::SecureBoot;
use crate::process;
use std::time::Duration;

const KEY: &str = "/var/lib/dkms/mok.pub";

/// Returns the state by the facts; where it is on, mokutil tells whether the key is enrolled.
pub fn state(facts: &Facts) -> SecureBoot {
    match facts.os.secure_boot {
        Some(true) => {}
        Some(false) | None => return SecureBoot::Off,
    }
    let said = process::run("mokutil", &["--test-key", KEY], Duration::from_secs(10));
    match said.is_ok_and(|outcome| is_enrolled(&outcome.stdout)) {
        true => SecureBoot::KeyEnrolled,
        false => SecureBoot::On,
    }
}

/// `/var/lib/dkms/mok.pub is already enrolled`, or `… is not enrolled`.
fn is_enrolled(said: &str) -> bool {
    said.contains("is already enrolled")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_as_enrolled_once_the_firmware_has_it() {
        for (said, enrolled) in [
            ("/var/lib/dkms/mok.pub is already enrolled\n", true),
            ("/var/lib/dkms/mok.pub is not enrolled\n", false),
            ("/var/lib/dkms/mok.pub is already in the enrollment request\n", false),
            ("", false),
        ] {
            assert_eq!(is_enrolled(said), enrolled, "{said}");
        }
    }
}
