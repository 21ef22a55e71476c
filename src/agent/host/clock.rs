//! A host's clock that is wrong: said before it does harm, and named where it has.

use jiff::{SignedDuration, Timestamp};

/// Most difference between the clocks of a client and a host.
const APART: SignedDuration = SignedDuration::from_hours(1);
/// Hint for a host whose clock is wrong.
pub const SET_IT: &str = "`timedatectl set-ntp true` on the host sets its clock, or `date -s` by hand";

/// Returns a warning where this host's clock and the client's say different times.
pub fn apart(here: Timestamp, client: Timestamp) -> Option<String> {
    (here.duration_since(client).abs() > APART).then(|| {
        format!(
            "this host's clock says {}, and the client's {}; with a wrong one no download over https is trusted: \
             {SET_IT}",
            show(here),
            show(client)
        )
    })
}

/// Returns a remark about this host's clock if the error of TLS or apt is about time.
pub fn doubt(said: &str, here: Timestamp) -> Option<String> {
    let about_time = [
        // OpenSSL of a certificate.
        "certificate is not yet valid",
        "certificate has expired",
        // apt of a list's Release file.
        "is not valid yet (invalid for another",
        "is expired (invalid since",
    ];
    about_time
        .iter()
        .any(|words| said.contains(words))
        .then(|| format!("by this host's clock it is {}", show(here)))
}

fn show(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_an_hour_apart_are_told() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let client = at("2026-11-24T18:00:00Z");
        for (here, told) in [
            ("2026-11-24T18:00:00Z", false),
            ("2026-11-24T18:59:00Z", false),
            ("2026-11-24T17:01:00Z", false),
            ("2026-11-24T19:01:00Z", true),
            ("2011-03-01T00:00:00Z", true),
            ("2036-06-01T00:00:00Z", true),
        ] {
            let said = apart(at(here), client);
            assert_eq!(said.is_some(), told, "{here}");
            assert!(said.is_none_or(|said| said.contains(&here[..10]) && said.contains("2026-11-24 18:00")));
        }
    }

    #[test]
    fn only_an_error_about_time_casts_doubt_on_the_clock() {
        let here = "2011-03-01T00:00:00Z".parse::<Timestamp>().unwrap();
        for (said, doubtful) in [
            (
                "error:0A000086:SSL routines:: certificate verify failed:: (certificate is not yet valid)",
                true,
            ),
            ("certificate verify failed: (certificate has expired)", true),
            (
                "E: Release file for http://x/debian/dists/trixie/InRelease is not valid yet (invalid \
                 for another 5645d 3h 2min 1s). Updates for this repository will not be applied.",
                true,
            ),
            ("E: Release file for http://x/InRelease is expired (invalid since 3d 1h 2min 3s).", true),
            ("certificate verify failed: (unable to get local issuer certificate)", false),
            ("no answer within 30 s", false),
        ] {
            let told = doubt(said, here);
            assert_eq!(told.is_some(), doubtful, "{said}");
            assert!(told.is_none_or(|told| told.contains("2011-03-01 00:00 UTC")));
        }
    }
}
