//! Downloads that survive: several ranges at once, resumed after anything, hashed while they stream.
//!
//! [`fetch`] brings one file of known size and SHA-256 to one place. Threads take gaps of the file in
//! order ([`ranges`], `work`), one thread follows them with the hash, one writes down what is on the disk
//! for certain ([`record`]). What an HTTP answer means is decided in [`answer`]. Space is reserved before
//! the first byte. Memory does not depend on the size: a buffer per thread, under 8 MiB in all.
//! [`ask`] is for what fits in memory: [`api`] asks servers that pin, [`page`] reads catalogues.

pub mod answer;
pub mod api;
pub mod ask;
mod client;
mod hash;
pub mod page;
pub mod ranges;
pub mod rate;
pub mod record;
pub mod release;
pub mod route;
#[cfg(test)]
pub(crate) mod scripted;
mod source;
mod state;
mod work;

pub use client::reach;
pub use record::{discard, downloaded_bytes};
pub use source::{NO_ROOM, Options, Progress, Source, Token, Unfinished};

use crate::error::{Context, Failure, Result};
use crate::files;
use record::Record;
use source::no_space;
use state::{Shared, State};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Brings `source` to `dest`, which is not there yet. `progress` is called about ten times a second
/// and stops the download by an error.
///
/// # Errors
/// [`Unfinished`] where a later try may go on: no address gives the file now. What came stays. A [`Failure`] where the
/// disk is too small, or what came has another hash at every address; nothing is kept then.
pub fn fetch(
    source: &Source,
    dest: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress) -> Result<()>,
) -> Result<()> {
    let client = client::client(options.stall, &options.route)?;
    let mut url = 0;
    loop {
        let record = Record::read(dest, &source.sha256, source.size_bytes);
        let resumed = record.have.total() > 0;
        let file = reserve(source, dest, &record)?;
        let shared = Shared::new(State::new(record, url));
        let job = work::Job { source, dest, options, client: &client, file: &file, shared: &shared };
        let found = job.run(progress).inspect_err(|error| {
            // Nothing came, and the space is not ours to keep.
            if error.downcast_ref::<Unfinished>().is_some_and(|unfinished| unfinished.have == 0) {
                let _ = record::discard(dest);
            }
        })?;
        if found == source.sha256 {
            return finish(&file, dest);
        }
        drop(file);
        record::discard(dest)?;
        // The part that an earlier try left may be the damaged one; it gets no second chance.
        if !resumed {
            url = shared.lock().url + 1;
        }
        if url >= source.urls.len() {
            return Err(damaged(source, dest, &found));
        }
    }
}

fn finish(file: &File, dest: &Path) -> Result<()> {
    file.sync_all().with_context(|| format!("writing {}", dest.display()))?;
    let partial = record::partial(dest);
    fs::rename(&partial, dest).with_context(|| format!("moving {}", partial.display()))?;
    files::sync_folder(dest)?;
    files::remove(&record::record(dest))
}

/// Opens the partial file with all its space taken: a full disk shows now, not after an hour.
fn reserve(source: &Source, dest: &Path, record: &Record) -> Result<File> {
    let path = record::partial(dest);
    let what = || format!("reserving {} bytes for {}", source.size_bytes, path.display());
    let reserved = (|| -> io::Result<File> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
        files::reserve(&file, source.size_bytes)?;
        Ok(file)
    })();
    reserved.map_err(|error| {
        if record.have.total() == 0 {
            let _ = record::discard(dest);
        }
        match files::full(&error) {
            true => no_space(source, dest),
            false => anyhow::Error::from(error).context(what()),
        }
    })
}

fn damaged(source: &Source, dest: &Path, found: &str) -> anyhow::Error {
    let name = dest.file_name().unwrap_or_default().to_string_lossy();
    Failure::failed(format!(
        "{name} arrived damaged or is another file: its SHA-256 is {found}, not {}",
        source.sha256
    ))
    .hint("the publisher may have replaced it: `agi-provision plan --resolve` pins the file of today")
    .into()
}
