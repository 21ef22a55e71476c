//! The files that a step puts in place: those that came from the client, and downloads of the others.

use super::run::Run;
use crate::agent::host::clock;
use crate::agent::store::desired::Desired;
use crate::agent::store::receive;
use crate::error::{Failure, Result};
use crate::fetch::{self, Options, Unfinished};
use crate::wire::protocol::{Blob, Unit};
use crate::{files, paths};
use std::path::{Path, PathBuf};

/// The file `blob` in the folder of arrivals, downloaded where it did not arrive from the client.
pub fn arrived(blob: &Blob, desired: &Desired, run: &mut Run) -> Result<PathBuf> {
    let dest = receive::arrived(blob);
    if dest.exists() {
        return Ok(dest);
    }
    let source = desired.sources.iter().find(|source| source.sha256 == blob.sha256).ok_or_else(|| {
        Failure::failed(format!("{} did not arrive and the plan pins no download of it", blob.name)).hint(
            "give it with --model-file or --runtime-archive, or pin it with `agi-provision plan --resolve`",
        )
    })?;
    files::directory(Path::new(paths::INCOMING), 0o700)?;
    let options = Options { token: run.token.clone(), route: run.route.clone(), ..Options::default() };
    let fetched = fetch::fetch(source, &dest, &options, &mut |progress| {
        run.progress(progress.done, Some(progress.total), Unit::Bytes)
    });
    fetched.map_err(|error| explain(error, &blob.name, run.token.is_some()))?;
    Ok(dest)
}

fn explain(error: anyhow::Error, name: &str, token: bool) -> anyhow::Error {
    let Some(unfinished) = error.downcast_ref::<Unfinished>() else {
        return error.context(format!("downloading {name}"));
    };
    let doubt = clock::doubt(&unfinished.message, jiff::Timestamp::now());
    let failure = match (unfinished.needs_token, token) {
        _ if doubt.is_some() => Failure::failed(format!(
            "downloading {name} stopped, and {}",
            doubt.unwrap_or_default()
        ))
        .hint(format!(
            "if that is not the time, set it and apply again ({}); if it is, --mirror FROM=TO names another place",
            clock::SET_IT
        )),
        (true, true) => Failure::failed(format!("downloading {name}: the token is not accepted"))
            .hint("is it valid, and were the model's terms accepted at its site? Then apply again"),
        (true, false) => Failure::failed(format!("downloading {name} needs a token"))
            .hint("put it into the environment variable HF_TOKEN and apply again; it is sent on stdin and kept nowhere"),
        (false, _) => Failure::failed(format!("downloading {name} stopped"))
            .hint("apply again to go on where it stopped; --mirror FROM=TO names another place, --model-file sends it from here"),
    };
    error.context(failure)
}
