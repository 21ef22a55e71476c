//! Unpacks a .tar or .tar.gz that a stranger made into a new folder.
//!
//! Nothing outside the folder can change: while files are written there is no link in it, and each folder
//! on the way to a file is opened by its own name, never through a link. Links come last, after every one
//! was seen to lead to something in the archive. Modes and owners are ours, whatever the archive says.
//!
//! `name`, `tree` and `header` decide and touch nothing; `input` counts what is read, `disk` writes.

mod disk;
mod header;
mod input;
mod limits;
mod name;
mod refusal;
mod shown;
mod tree;

pub use limits::Limits;
pub use refusal::UnpackError;

use disk::Root;
use header::{Extensions, Item};
use input::Metered;
use refusal::{Result, refused, unreadable};
use shown::shown;
use std::io::{self, Read};
use std::path::Path;
use tree::Tree;

/// Unpacks `archive` into `folder`, which must not exist yet. `reserved`: names at the top that the caller
/// writes itself. After an error the folder may hold a part of it.
pub fn unpack(archive: impl Read, folder: &Path, limits: &Limits, reserved: &[&str]) -> Result<()> {
    let root = Root::create(folder).map_err(|source| written("its folder", source))?;
    let metered = Metered::open(archive, limits).map_err(|error| unreadable(&error))?;
    let meter = metered.meter();
    let mut unpacking = Unpacking { tree: Tree::new(limits.entries), root, limits, reserved };
    let result = unpacking.entries(metered);
    // The limit that the reader ran into says more than the error that came of it.
    match meter.breach() {
        Some(breach) => refused(breach),
        None => result,
    }
}

struct Unpacking<'a> {
    tree: Tree,
    root: Root,
    limits: &'a Limits,
    reserved: &'a [&'a str],
}

impl Unpacking<'_> {
    fn entries(&mut self, input: Metered<impl Read>) -> Result<()> {
        let mut tar = tar::Archive::new(input);
        let mut extensions = Extensions::default();
        let mut count = 0;
        // Raw: the library reads no extension header on its own, however long it says it is.
        for entry in tar.entries().map_err(|error| unreadable(&error))?.raw(true) {
            let mut entry = entry.map_err(|error| unreadable(&error))?;
            count += 1;
            if count > self.limits.entries {
                return refused(format!("it has more than {} entries", self.limits.entries));
            }
            let size = entry.header().entry_size().map_err(|error| unreadable(&error))?;
            if header::is_extension(entry.header().entry_type()) {
                let kind = entry.header().entry_type();
                if size > self.limits.header_bytes {
                    return refused(format!(
                        "it has an extension header of {size} bytes; at most {} are read",
                        self.limits.header_bytes
                    ));
                }
                let mut content = Vec::new();
                entry.read_to_end(&mut content).map_err(|error| unreadable(&error))?;
                if content.len() as u64 != size {
                    return Err(UnpackError::Truncated);
                }
                extensions.add(kind, &content)?;
                continue;
            }
            let item = Item::read(entry.header(), std::mem::take(&mut extensions), self.limits)?;
            if let Some(item) = item {
                self.put(item, size, &mut entry)?;
            }
        }
        if !extensions.is_empty() {
            return Err(UnpackError::Truncated);
        }
        for (name, target) in self.tree.links()? {
            self.root.link(name, target).map_err(|source| written(name.as_str(), source))?;
        }
        Ok(())
    }

    fn put(&mut self, item: Item, size: u64, content: &mut impl Read) -> Result<()> {
        if self.reserved.contains(&item.name.top()) {
            return refused(format!(
                "its entry {} has a name that is kept for ourselves",
                shown(item.name.as_str())
            ));
        }
        if size > self.limits.bytes {
            return refused(format!(
                "its file {} has {size} bytes; at most {} are unpacked",
                shown(item.name.as_str()),
                self.limits.bytes
            ));
        }
        let Item { name, kind } = item;
        let folders = self.tree.add(name.clone(), kind.clone())?;
        for folder in &folders {
            self.root.folder(folder).map_err(|source| written(folder.as_str(), source))?;
        }
        if let tree::Kind::File { executable } = kind {
            let copied = self.root.file(&name, executable, content).map_err(|error| match error {
                disk::Copy::Read(error) => unreadable(&error),
                disk::Copy::Write(source) => written(name.as_str(), source),
            })?;
            if copied != size {
                return Err(UnpackError::Truncated);
            }
        }
        Ok(())
    }
}

fn written(name: &str, source: io::Error) -> UnpackError {
    UnpackError::Write { name: shown(name), source }
}

#[cfg(test)]
mod tests;
