//! The llama.cpp builds a plan can be pinned to: `profiles/llama-builds.toml`, compiled in.

use crate::engine::arguments::ServerArgs;
use crate::engine::grammar::Flag;
use crate::error::{Failure, Result};
use serde::Deserialize;
use std::sync::LazyLock;

/// Differences between builds of llama.cpp.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// `b11434`.
    pub id: String,
    /// The matrices that turn a quantised cache lie in every layer's context, not among the inputs of
    /// the graph (read in llama-kv-cache.cpp, held by tests/oracle).
    pub quantised_kv_rotation: bool,
    /// The tokens that give logits are picked in the last layer of models that could draft, as of all others, unless
    /// they draft (held by tests/oracle).
    pub early_outputs: bool,
    /// The arguments written in a plan were accepted by a real llama-server of this build.
    pub serves: bool,
    /// A distribution packages it: plans with those packages are pinned to it, and no others.
    #[serde(default)]
    pub packaged: bool,
    /// Arguments that a plan for it may give its llama-server; none where they have not been tried.
    arguments: Vec<String>,
    /// Architectures that `--split-mode tensor` refuses.
    pub no_tensor_split: Vec<String>,
}

/// A published weakness of some builds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisory {
    /// Identifier, such as `CVE-2026-134540`.
    pub id: String,
    /// Address of the record.
    pub source: String,
    /// Weakness, in one sentence.
    pub what: String,
    /// Build numbers: it concerns those from `first` on, and no longer `fixed`.
    #[serde(default)]
    first: Option<u32>,
    #[serde(default)]
    fixed: Option<u32>,
    /// Concerns only who passes this argument, or runs this program of llama.cpp.
    #[serde(default)]
    needs: Option<String>,
}

impl Advisory {
    fn is_of(&self, build: u32) -> bool {
        self.first.is_none_or(|first| first <= build) && self.fixed.is_none_or(|fixed| build < fixed)
    }

    /// The build that has it no more, where there is one.
    pub fn fixed(&self) -> Option<String> {
        self.fixed.map(|number| format!("b{number}"))
    }
}

impl Build {
    /// Advisories on this build, whatever they need besides.
    pub fn advisories(&self) -> impl Iterator<Item = &'static Advisory> {
        let number = self.id.strip_prefix('b').and_then(|number| number.parse().ok());
        FILE.advisory.iter().filter(move |advisory| number.is_some_and(|number| advisory.is_of(number)))
    }

    /// Advisories that concern a llama-server of this build with the arguments `argv`.
    pub fn concerned_by(&self, argv: &[String]) -> Vec<&'static Advisory> {
        let applies = |needs: &String| argv.contains(needs);
        self.advisories().filter(|advisory| advisory.needs.as_ref().is_none_or(applies)).collect()
    }

    /// Its llama-server takes this argument, and plans may give it.
    pub fn takes(&self, flag: Flag) -> bool {
        self.arguments.iter().any(|name| name == flag.name())
    }

    /// Refuses, by name, the first argument that its llama-server does not take.
    pub fn check(&self, args: &ServerArgs) -> std::result::Result<(), String> {
        match args.flags().find(|flag| !self.takes(*flag)) {
            Some(flag) => Err(format!("{} is no argument of llama.cpp {}", flag.name(), self.id)),
            None => Ok(()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    build: Vec<Build>,
    advisory: Vec<Advisory>,
    /// The day on which advisories were last looked for, `2026-11-28`.
    advisories_looked_for: jiff::civil::Date,
}

static FILE: LazyLock<File> = LazyLock::new(|| {
    let text = include_str!("../../../profiles/llama-builds.toml");
    toml::from_str(text).expect("the embedded builds are checked by a test")
});

/// The day on which advisories on llama.cpp were last looked for.
pub fn advisories_looked_for() -> jiff::civil::Date {
    FILE.advisories_looked_for
}

/// The build plans are pinned to when none is named.
pub const DEFAULT: &str = "b11434";
/// The build that distributions package, which a plan with their packages names.
pub const PACKAGED: &str = "b11669";

/// The build called `id`. Unknown: exit 2.
pub fn find(id: &str) -> Result<&'static Build> {
    let known =
        || FILE.build.iter().filter(|build| build.serves).map(|build| build.id.as_str()).collect::<Vec<_>>();
    FILE.build.iter().find(|build| build.serves && build.id == id).ok_or_else(|| {
        Failure::usage(format!("llama.cpp build {id:?} is not supported"))
            .hint(format!("supported: {}", known().join(", ")))
            .into()
    })
}

/// The build called `id` that a plan is pinned to, one of a distribution's packages included. Unknown: exit 2.
pub fn of_plan(id: &str) -> Result<&'static Build> {
    let packaged = FILE.build.iter().find(|build| build.packaged && build.id == id);
    packaged.map_or_else(|| find(id), Ok)
}

/// A build whose memory is known, whether or not plans may name it.
pub fn ledger(id: &str) -> Option<&'static Build> {
    FILE.build.iter().find(|build| build.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{Lang, of_data};

    #[test]
    fn every_advisory_is_told_in_every_language() {
        for advisory in &FILE.advisory {
            let what = of_data("advisory", &advisory.id, &advisory.what);
            assert_eq!(*what, *advisory.what, "locales/en/data.ftl has another text for {}", advisory.id);
            assert_ne!(what.told(Lang::Russian), advisory.what, "{}", advisory.id);
        }
    }

    #[test]
    fn a_build_knows_the_advisories_that_concern_how_it_is_started() {
        let ids = |build: &str, argv: &[&str]| -> Vec<&str> {
            let argv: Vec<String> = argv.iter().map(|arg| arg.to_string()).collect();
            ledger(build).unwrap().concerned_by(&argv).iter().map(|advisory| advisory.id.as_str()).collect()
        };
        for build in ["b11434", "b12032"] {
            assert_eq!(ids(build, &["--port", "8080"]), ["CVE-2026-134540"], "{build}");
            let asleep = ids(build, &["--sleep-idle-seconds", "60"]);
            assert_eq!(asleep, ["CVE-2026-134540", "CVE-2026-43631", "CVE-2026-43632"], "{build}");
        }
        let of = |build: &str| ledger(build).unwrap().advisories().map(|a| a.id.as_str()).collect::<Vec<_>>();
        // Fixed before, or begun after.
        for gone in ["CVE-2026-21869", "CVE-2026-27940", "CVE-2026-107183", "CVE-2026-137567"] {
            assert!(!of("b11434").contains(&gone), "{gone}");
        }
        assert!(of("b12032").contains(&"CVE-2026-137567") && !of("b12032").contains(&"CVE-2026-118375"));
    }

    #[test]
    fn an_advisory_names_its_source_and_its_builds() {
        for advisory in &FILE.advisory {
            assert!(advisory.source.starts_with("https://"), "{advisory:?}");
            assert!(advisory.first.is_some() || advisory.fixed.is_some(), "{advisory:?}");
            assert!(advisory.first.unwrap_or(0) < advisory.fixed.unwrap_or(u32::MAX), "{advisory:?}");
        }
        assert!(advisories_looked_for() >= jiff::civil::date(2026, 11, 28));
    }
    use crate::engine::llama_cpp::flags::GRAMMAR;

    #[test]
    fn every_argument_of_a_build_is_known_and_written_once() {
        for build in FILE.build.iter() {
            let mut names = build.arguments.clone();
            assert_eq!(names.is_empty(), !build.serves && !build.packaged, "{}", build.id);
            assert_eq!(build.packaged, build.id == PACKAGED, "{}", build.id);
            // Only a plan with the packages names it: no archive of it is published.
            assert!(
                !build.packaged || find(&build.id).is_err() && of_plan(&build.id).is_ok(),
                "{}",
                build.id
            );
            assert!(names.iter().all(|name| GRAMMAR.flag(name).is_some()), "{names:?}");
            names.sort();
            names.dedup();
            assert_eq!(names.len(), build.arguments.len(), "{}", build.id);
        }
    }
}
