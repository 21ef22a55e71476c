//! The distribution's own packages of llama.cpp: which of them a plan has, and which systems have them.
//!
//! Debian's llama.cpp 0.7.0 (forky and sid): `llama.cpp-tools` has llama-server, which loads the backends that are
//! installed beside it; the CPU's comes with it, and `libggml0-backend-vulkan` has the one for cards of every maker. The one
//! for CUDA is not packaged, and `libggml0-backend-hip` asks for ROCm of the distribution.

use super::kind::RuntimeHost;
use crate::engine::llama_cpp::build;
use crate::hardware::apt_has;
use crate::hardware::facts::Os;
use crate::lang::Sentence;
use serde::{Deserialize, Serialize};

/// The package with llama-server, and the one with its backend for cards.
const SERVER: &str = "llama.cpp-tools";
const VULKAN: &str = "libggml0-backend-vulkan";

/// Returns the packages of a plan with so many cards.
pub fn packages(cards: usize) -> Vec<String> {
    let all = [Some(SERVER), (cards > 0).then_some(VULKAN)];
    all.into_iter().flatten().map(str::to_string).collect()
}

/// Whether these are packages that a plan may have: they are installed as root.
///
/// # Errors
/// One is another; the error names it.
pub fn check(names: &[String]) -> Result<(), String> {
    let odd = names.iter().find(|name| ![SERVER, VULKAN].contains(&name.as_str()));
    match odd {
        Some(odd) => Err(format!("llama_server/packages: {odd:?} is no package of llama.cpp's")),
        None if !names.is_empty() && !names.iter().any(|name| name == SERVER) => {
            Err(format!("llama_server/packages: {SERVER}, which has llama-server, is missing"))
        }
        None => Ok(()),
    }
}

/// A system's own packages, as a plan names them beside what it chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PackagesAdvice {
    /// Names of the packages, the one with llama-server first.
    pub names: Vec<String>,
    /// Build of llama.cpp in them.
    pub build: String,
}

/// Returns the packages of a host whose distribution is known to have them.
pub(super) fn advice(host: &RuntimeHost) -> Option<PackagesAdvice> {
    let names = packages(usize::from(host.vendor.is_some()));
    let build = build::PACKAGED.to_string();
    (host.packaged == Some(true) && !host.tensor).then_some(PackagesAdvice { names, build })
}

/// Whether a system's apt is known to have them.
pub(super) fn has(os: &Os) -> bool {
    apt_has::llama_cpp(os)
}

/// Returns what a plan says that takes the distribution's packages.
pub(super) fn why(host: &RuntimeHost) -> Sentence {
    match (host.tensor, host.packaged) {
        (true, _) => sentence!("runtime-vulkan-tensor"),
        (false, Some(false)) => sentence!("runtime-packages-unknown"),
        (false, Some(true) | None) => sentence!("runtime-packages"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::facts::Vendor;

    #[test]
    fn a_plan_has_llama_server_and_the_backend_for_its_cards() {
        assert_eq!(packages(0), ["llama.cpp-tools"]);
        assert_eq!(packages(2), ["llama.cpp-tools", "libggml0-backend-vulkan"]);
        let names = |all: &[&str]| all.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        assert_eq!((check(&packages(0)), check(&packages(1)), check(&[])), (Ok(()), Ok(()), Ok(())));
        for (wrong, why) in [
            (names(&["llama.cpp-tools", "-oAPT::X=y"]), "\"-oAPT::X=y\" is no package"),
            (names(&["openssh-server"]), "is no package of llama.cpp's"),
            (names(&["libggml0-backend-vulkan"]), "llama.cpp-tools, which has llama-server, is missing"),
        ] {
            assert!(check(&wrong).unwrap_err().contains(why), "{wrong:?}");
        }
    }

    #[test]
    fn packages_are_named_where_the_system_has_them_and_chosen_where_they_are_asked_for() {
        let host =
            |packaged, vendor, tensor| RuntimeHost { packaged, vendor, tensor, ..RuntimeHost::default() };
        let names = |host: &RuntimeHost| advice(host).map(|advice| advice.names.join(" "));
        assert_eq!(names(&host(Some(true), None, false)).as_deref(), Some("llama.cpp-tools"));
        let both = Some("llama.cpp-tools libggml0-backend-vulkan");
        assert_eq!(names(&host(Some(true), Some(Vendor::Amd), false)).as_deref(), both);
        for other in [host(Some(false), None, false), host(None, None, false), host(Some(true), None, true)] {
            assert_eq!(names(&other), None, "{other:?}");
        }
        for (host, said) in [
            (host(Some(true), None, false), "the distribution's own packages"),
            (host(None, None, false), "the distribution's own packages"),
            (host(Some(false), None, false), "is not known to have them"),
            (host(Some(true), Some(Vendor::Nvidia), true), "promises nothing"),
        ] {
            let why = why(&host);
            assert!(why.to_string().contains(said), "{host:?}: {why}");
        }
    }
}
