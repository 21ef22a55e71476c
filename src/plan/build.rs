//! The llama.cpp builds a plan can be pinned to: `profiles/llama-builds.toml`, compiled in.

use super::server_args::{Flag, ServerArgs};
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
    /// The arguments written in a plan were accepted by a real llama-server of this build.
    pub serves: bool,
    /// Arguments that a plan for it may give its llama-server; none where they have not been tried.
    arguments: Vec<String>,
    /// Architectures that `--split-mode tensor` refuses.
    pub no_tensor_split: Vec<String>,
}

impl Build {
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

static BUILDS: LazyLock<Vec<Build>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct File {
        build: Vec<Build>,
    }
    let text = include_str!("../../profiles/llama-builds.toml");
    toml::from_str::<File>(text).expect("the embedded builds are checked by a test").build
});

/// The build plans are pinned to when none is named.
pub const DEFAULT: &str = "b11434";

/// The build called `id`. Unknown: exit 2.
pub fn find(id: &str) -> Result<&'static Build> {
    let known =
        || BUILDS.iter().filter(|build| build.serves).map(|build| build.id.as_str()).collect::<Vec<_>>();
    BUILDS.iter().find(|build| build.serves && build.id == id).ok_or_else(|| {
        Failure::usage(format!("llama.cpp build {id:?} is not supported"))
            .hint(format!("supported: {}", known().join(", ")))
            .into()
    })
}

/// A build whose memory is known, whether or not plans may name it.
pub fn ledger(id: &str) -> Option<&'static Build> {
    BUILDS.iter().find(|build| build.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::server_args::Flag;

    #[test]
    fn every_argument_of_a_build_is_known_and_written_once() {
        for build in BUILDS.iter() {
            let mut names = build.arguments.clone();
            assert_eq!(names.is_empty(), !build.serves, "{}", build.id);
            assert!(names.iter().all(|name| Flag::named(name).is_some()), "{names:?}");
            names.sort();
            names.dedup();
            assert_eq!(names.len(), build.arguments.len(), "{}", build.id);
        }
    }
}
