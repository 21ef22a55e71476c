//! Parts of a model that is split over several files.

use crate::error::{Failure, Result};
use crate::model::gguf::Header;
use crate::model::hub::split_name;
use std::path::{Path, PathBuf};

/// One header of a split file's: the first has the metadata, each has tensors of its own.
pub(super) fn merged(headers: Vec<Header>) -> Result<Header> {
    let count = headers.len() as u64;
    let mut parts = headers.into_iter();
    let mut whole = parts.next().expect("there is a first part");
    let declared = whole.number("split.count").unwrap_or(1).max(1);
    if declared != count {
        return Err(unfit(format!("the file is part of {declared}, but {count} are named")));
    }
    let expected = whole.number("split.tensors.count");
    let misplaced = |part: &Header, at: u64| part.number("split.no").is_some_and(|number| number != at);
    if misplaced(&whole, 0) {
        return Err(unfit(
            "the first part is not part 1 of the model: its parts are in the wrong order".into(),
        ));
    }
    for (at, part) in (1..).zip(parts) {
        if misplaced(&part, at) {
            let number = at + 1;
            return Err(unfit(format!(
                "part {number} of the model says that it is another: its parts are in the wrong order"
            )));
        }
        whole.tensors.extend(part.tensors);
    }
    let found = whole.tensors.len() as u64;
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        return Err(unfit(format!(
            "the parts hold {found} tensors of {expected}: one is of another model, or named twice"
        )));
    }
    Ok(whole)
}

/// Failure of a split model whose files do not belong together.
fn unfit(why: String) -> anyhow::Error {
    let names =
        "keep the publisher's names, NAME-00001-of-00003.gguf and so on, with all parts in one folder";
    Failure::failed(why).hint(names).into()
}

/// Names of all parts of a split file, given any of them; the name itself otherwise.
pub(super) fn part_names(name: &str) -> Result<Vec<String>> {
    let Some((stem, number, count)) = split_name(name) else {
        return Ok(vec![name.to_string()]);
    };
    if !(1..=count).contains(&number) || count > 999 {
        return Err(Failure::usage(format!("{name} is not a part of {count}"))
            .hint("parts are called NAME-00001-of-00003.gguf and so on, as llama.cpp's gguf-split names them")
            .into());
    }
    Ok((1..=count).map(|n| format!("{stem}-{n:05}-of-{count:05}.gguf")).collect())
}

/// Paths of all parts of a split file, given any of them, each of which is there; the path itself otherwise.
pub(super) fn parts_of(path: &Path) -> Result<Vec<PathBuf>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let names = part_names(&name)?;
    if names.len() == 1 {
        return Ok(vec![path.to_path_buf()]);
    }
    let parts: Vec<PathBuf> = names.iter().map(|name| path.with_file_name(name)).collect();
    match parts.iter().find(|part| !part.is_file()) {
        Some(missing) => Err(Failure::failed(format!("{} of the split model is missing", missing.display()))
            .hint("all parts must lie in one directory")
            .into()),
        None => Ok(parts),
    }
}
