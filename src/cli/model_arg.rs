//! `--model`: a name of the registry, or a GGUF file whose header is read.

use crate::error::{Context, Failure, Result};
use crate::model::gguf::{GgufError, Header};
use crate::model::registry::{self, Model};
use crate::model::shape::{Shape, weights_of};
use crate::plan::document::ModelFile;
use crate::plan::request::{ModelChoice, Variant};
use std::path::{Path, PathBuf};

/// The model, and the files on this machine when it was named by path.
pub struct Loaded {
    pub choice: ModelChoice,
    pub local: Vec<PathBuf>,
}

/// Errors: exit 2 for an unknown name or quantisation, exit 1 for a file that cannot be read.
pub fn load(model: &str, quant: Option<&str>) -> Result<Loaded> {
    if let Some(repository) = model.strip_prefix("hf:") {
        return Err(Failure::usage(format!("planning from the Hugging Face repository {repository} is not supported yet"))
            .hint("download one of its .gguf files and name it by path; `agi-provision models` lists the known names")
            .into());
    }
    let path = Path::new(model);
    if model.to_ascii_lowercase().ends_with(".gguf") || model.contains('/') || path.is_file() {
        return from_file(path, quant);
    }
    Ok(Loaded { choice: from_registry(registry::find(model)?, quant)?, local: Vec::new() })
}

fn from_registry(model: Model, quant: Option<&str>) -> Result<ModelChoice> {
    let variant = |quant: String| {
        let weights = model.weights(&quant)?;
        let published = model.file(&quant);
        let size_bytes = published.and_then(|file| file.size_bytes).unwrap_or(weights.total_bytes);
        let file = ModelFile {
            name: published.map_or_else(|| format!("{}.{quant}.gguf", model.id), |file| file.name.clone()),
            size_bytes,
            sha256: None,
            url: published.map(|file| model.url(file)),
        };
        Some(Variant { weights, files: vec![file], size_bytes })
    };
    let variants = model.quants(quant)?.into_iter().filter_map(variant).collect();
    let chat_template = model.chat_template.as_deref().and_then(registry::chat_template).map(str::to_string);
    Ok(ModelChoice { id: model.id.clone(), shape: model.shape(), chat_template, variants })
}

fn from_file(path: &Path, quant: Option<&str>) -> Result<Loaded> {
    let parts = parts_of(path)?;
    let mut headers = Vec::new();
    let mut files = Vec::new();
    for part in &parts {
        headers.push(open_header(part)?);
        files.push(ModelFile {
            name: part.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            size_bytes: std::fs::metadata(part)?.len(),
            sha256: None,
            url: None,
        });
    }
    let mut header = headers.remove(0);
    headers.into_iter().for_each(|more| header.tensors.extend(more.tensors));
    let shape = Shape::from_header(&header).with_context(|| format!("reading {}", path.display()))?;
    let weights = weights_of(&header, shape.layers.len());
    if let Some(asked) = quant.filter(|asked| *asked != "auto" && !asked.eq_ignore_ascii_case(&weights.quant))
    {
        return Err(Failure::usage(format!("{} is {}, not {asked}", path.display(), weights.quant))
            .hint("leave --quant out: a file has one quantisation")
            .into());
    }
    let name = files[0].name.trim_end_matches(".gguf");
    let id = name.split("-00001-of-").next().unwrap_or(name).to_string();
    let size_bytes = files.iter().map(|file| file.size_bytes).sum();
    let variants = vec![Variant { weights, files, size_bytes }];
    // The server reads the template from the file itself.
    Ok(Loaded { choice: ModelChoice { id, shape, chat_template: None, variants }, local: parts })
}

/// A file's header, or why there is none. Nothing but a regular file is opened: a pipe would block.
pub fn open_header(path: &Path) -> Result<Header> {
    let reading = || format!("reading {}", path.display());
    let metadata = std::fs::metadata(path).with_context(reading)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a directory" } else { "not a regular file" };
        return Err(Failure::failed(format!("{} is {what}", path.display()))
            .hint("name a .gguf file")
            .into());
    }
    let unreadable = |error| match error {
        GgufError::Io(error) => anyhow::Error::from(error),
        other => Failure::failed(other.to_string())
            .hint("download it again, or compare its size and SHA-256 with the publisher's")
            .into(),
    };
    Header::open(path).map_err(unreadable).with_context(reading)
}

/// All parts of a split file, given its first; the file itself otherwise.
fn parts_of(path: &Path) -> Result<Vec<PathBuf>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some((stem, rest)) = name.split_once("-00001-of-") else {
        return match later_part(&name) {
            Some(first) => {
                Err(Failure::usage(format!("{} is a later part of a split model", path.display()))
                    .hint(format!("name its first part: {}", path.with_file_name(first).display()))
                    .into())
            }
            None => Ok(vec![path.to_path_buf()]),
        };
    };
    let count: u32 =
        rest.trim_end_matches(".gguf").parse().ok().filter(|n| (1..=999).contains(n)).unwrap_or(1);
    let parts: Vec<PathBuf> =
        (1..=count).map(|n| path.with_file_name(format!("{stem}-{n:05}-of-{rest}"))).collect();
    match parts.iter().find(|part| !part.is_file()) {
        Some(missing) => Err(Failure::failed(format!("{} of the split model is missing", missing.display()))
            .hint("all parts must lie in one directory")
            .into()),
        None => Ok(parts),
    }
}

/// The first part's name, where `name` is that of a later one: `NAME-00002-of-00003.gguf`.
fn later_part(name: &str) -> Option<String> {
    let (before, count) = name.strip_suffix(".gguf")?.rsplit_once("-of-")?;
    let (stem, number) = before.rsplit_once('-')?;
    let is_number = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(number) && is_number(count)).then(|| format!("{stem}-00001-of-{count}.gguf"))
}
