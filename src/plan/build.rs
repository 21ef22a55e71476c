//! The llama.cpp builds a plan can be pinned to: `profiles/llama-builds.toml`, compiled in.

use crate::error::{Failure, Result};
use serde::Deserialize;
use std::sync::LazyLock;

/// What differs between builds of llama.cpp.
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
    /// Architectures that `--split-mode tensor` refuses.
    pub no_tensor_split: Vec<String>,
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
