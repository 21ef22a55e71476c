//! Packages that apt has on releases of distributions: podman with Quadlet, and llama.cpp.

use super::facts::Os;

/// The first podman with Quadlet (its release notes, 4.4.0).
const QUADLET: (u64, u64) = (4, 4);

/// Releases whose apt has a podman with Quadlet: `ID` and the first `VERSION_ID` of os-release, and its version there
/// (packages.debian.org and packages.ubuntu.com, read on 2026-11-28).
const PODMAN: [(&str, f64, &str); 2] = [("debian", 13.0, "5.4"), ("ubuntu", 24.04, "4.9")];

/// Returns the version of podman that apt would install; `None` where none with Quadlet is known of.
pub fn podman(os: &Os) -> Option<&'static str> {
    let version: f64 = os.version.parse().ok()?;
    PODMAN.iter().find(|(id, first, _)| *id == os.id && version >= *first).map(|(_, _, has)| *has)
}

/// Debian's first release with llama.cpp and its server, and the code names under which it and sid go until it is published
/// (packages.debian.org, read on 2026-11-28).
const LLAMA_CPP: (f64, [&str; 2]) = (14.0, ["forky", "sid"]);

/// Whether apt is known to have llama.cpp with its server.
pub fn llama_cpp(os: &Os) -> bool {
    let (first, names) = LLAMA_CPP;
    let version: Option<f64> = os.version.parse().ok();
    os.id == "debian" && (names.contains(&os.codename.as_str()) || version.is_some_and(|has| has >= first))
}

/// Whether podman with Quadlet is there, or apt has it.
pub fn quadlet(os: &Os) -> bool {
    let has = |text: &str| {
        let mut numbers = text.split('.').map(|number| number.parse::<u64>().ok());
        Some((numbers.next()??, numbers.next()??))
    };
    match os.podman.as_deref().and_then(has) {
        Some(version) => version >= QUADLET,
        None => podman(os).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(id: &str, version: &str) -> Os {
        Os { id: id.into(), version: version.into(), ..Os::default() }
    }

    #[test]
    fn releases_with_quadlet_offer_podman_and_older_ones_do_not() {
        for (id, version, offered) in [
            ("debian", "13", Some("5.4")),
            ("debian", "14", Some("5.4")),
            ("debian", "12", None),
            ("ubuntu", "24.04", Some("4.9")),
            ("ubuntu", "25.10", Some("4.9")),
            ("ubuntu", "22.04", None),
            ("fedora", "43", None),
            ("debian", "", None),
        ] {
            assert_eq!(podman(&os(id, version)), offered, "{id} {version}");
        }
    }

    #[test]
    fn llama_cpp_is_in_debian_from_forky_on() {
        for (id, version, codename, has) in [
            ("debian", "", "forky", true),
            ("debian", "", "sid", true),
            ("debian", "14", "forky", true),
            ("debian", "15", "duke", true),
            // Facts of an earlier agi-provision, and of Debian 13 before it was published.
            ("debian", "14", "", true),
            ("debian", "", "", false),
            ("debian", "", "trixie", false),
            ("debian", "13", "trixie", false),
            ("debian", "12", "bookworm", false),
            ("ubuntu", "24.04", "noble", false),
            ("arch", "", "", false),
        ] {
            let os = Os { codename: codename.into(), ..os(id, version) };
            assert_eq!(llama_cpp(&os), has, "{os:?}");
        }
    }

    #[test]
    fn the_podman_that_is_there_counts_before_apts() {
        for (release, podman, found) in [
            (os("debian", "12"), None, false),
            (os("debian", "12"), Some("4.3.1"), false),
            (os("debian", "12"), Some("5.2.0"), true),
            (os("debian", "13"), None, true),
            (os("ubuntu", "22.04"), Some("3.4.4"), false),
            (os("fedora", "43"), Some("5.6.2"), true),
            (os("arch", ""), None, false),
        ] {
            let os = Os { podman: podman.map(str::to_string), ..release };
            assert_eq!(quadlet(&os), found, "{os:?}");
        }
    }
}
