//! `--model` for an engine that serves safetensors: a folder with `config.json`, one of its files, or a repository on
//! Hugging Face.

use super::model_arg::{Loaded, serving};
use crate::checked::{FileName, ModelId};
use crate::engine::kind::Engine;
use crate::error::{Context, Failure, Result};
use crate::model::format::{self, Format};
use crate::model::hub::{self, HubName, Which};
use crate::model::huggingface::{Hub, RemoteFile};
use crate::model::registry;
use crate::model::safetensors::checkpoint::Checkpoint;
use crate::model::safetensors::config::{self, Config};
use crate::model::safetensors::header::{Header, SafetensorsError};
use crate::model::safetensors::index::{self, Index};
use crate::outside::{self, Kind};
use crate::plan::document::ModelFile;
use crate::plan::request::{ModelChoice, Variant};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Files beside the tensors that a server reads, where they are there.
const BESIDE: [&str; 12] = [
    config::NAME,
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
    "generation_config.json",
    "merges.txt",
    "quantize_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
];

/// Where a model's files are.
enum Place<'a> {
    Folder(&'a Path),
    Hub(&'a Hub, &'a HubName, Vec<RemoteFile>),
}

/// Errors: exit 2 for a name or a file that the engine does not serve, exit 1 for files that cannot be read.
pub fn load(model: &str, quant: Option<&str>, engine: &dyn Engine) -> Result<Loaded> {
    let (name, path) = (model.trim(), Path::new(model));
    let quant = quant.filter(|quant| *quant != "auto");
    if path.is_dir() {
        return of_place(
            &Place::Folder(path),
            path.file_name().and_then(|name| name.to_str()),
            quant,
            engine,
        );
    }
    if path.is_file() {
        return of_file(path, quant, engine);
    }
    if let Some(named) = hub::parse(name) {
        let named = named?;
        if let Which::File(file) | Which::Tag(file) = &named.which {
            let why = format!(
                "{name} names one quantisation or file ({file}), and {} reads a whole repository",
                engine.name()
            );
            return Err(Failure::usage(why).hint(format!("--model hf:{}", named.repository)).into());
        }
        let hub = Hub::from_env()?;
        let files = hub.files(&named)?;
        let base = named.repository.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        return of_place(&Place::Hub(&hub, &named, files), Some(&base), quant, engine);
    }
    if let Ok((model, _)) = registry::named(name) {
        let why = format!("{} is known by its GGUF files, which {} does not serve", model.id, engine.name());
        return Err(Failure::usage(why).hint(by_another(Format::Gguf)).into());
    }
    let why = format!("{model:?} is neither a folder with {} nor a repository", config::NAME);
    Err(Failure::usage(why).hint("--model FOLDER or --model hf:owner/repository").into())
}

/// The model that a file is a part of.
fn of_file(path: &Path, quant: Option<&str>, engine: &dyn Engine) -> Result<Loaded> {
    let mut start = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(format::START as u64).read_to_end(&mut start));
    opened.with_context(|| format!("reading {}", path.display()))?;
    let is_index = path.file_name().is_some_and(|name| name == index::NAME);
    match Format::of(&start) {
        _ if is_index => {}
        Some(format) if engine.formats().contains(&format) => {}
        Some(format) => {
            let why = format!("{} is {format}, which {} does not serve", path.display(), engine.name());
            return Err(Failure::usage(why).hint(by_another(format)).into());
        }
        None => {
            let why = format!("{} is no file of a model", path.display());
            return Err(Failure::usage(why)
                .hint("name the model's folder, which has config.json in it")
                .into());
        }
    }
    let folder = path.canonicalize().with_context(|| format!("reading {}", path.display()))?;
    let folder = folder.parent().context("a file lies in a folder")?.to_path_buf();
    let name = folder.file_name().and_then(|name| name.to_str()).map(str::to_string);
    of_place(&Place::Folder(&folder), name.as_deref(), quant, engine)
}

/// `--engine` of the one that serves a format, or where to look for none.
fn by_another(format: Format) -> String {
    match serving(format) {
        Some(engine) => format!("--engine {} serves it", engine.name()),
        None => "no engine here serves it: look for the model's GGUF or safetensors files".to_string(),
    }
}

fn of_place(place: &Place, name: Option<&str>, quant: Option<&str>, engine: &dyn Engine) -> Result<Loaded> {
    let what = || format!("reading {}", place.shown());
    let config =
        place.text(config::NAME, config::MOST).with_context(what)?.ok_or_else(|| place.without(engine))?;
    let config = Config::parse(&config).map_err(|error| {
        let known: Vec<&str> = Config::architectures().collect();
        let hint = format!("known are {}, in 16 bits, GPTQ of 4 and 8 bits, and AWQ of 4", known.join(", "));
        anyhow::Error::from(Failure::failed(error.to_string()).hint(hint)).context(what())
    })?;
    let index = place.text(index::NAME, index::MOST).with_context(what)?;
    let index = index.map(|text| Index::parse(&text)).transpose().map_err(|why| {
        let why = format!("{}: {}: {why}", place.shown(), index::NAME);
        Failure::failed(why).hint("download it again from the model's page")
    })?;
    let parts: Vec<String> = match &index {
        Some(Index(files)) => files.keys().map(|name| name.to_string()).collect(),
        None => vec![index::WHOLE.to_string()],
    };
    let mut headers = Vec::new();
    for part in &parts {
        let Some(header) = place.header(part).with_context(|| format!("{} of {}", part, place.shown()))?
        else {
            return Err(match index {
                Some(_) => {
                    Failure::failed(format!("{part} of the split model is missing in {}", place.shown()))
                        .hint("the files of one model belong into one folder")
                        .into()
                }
                None => place.without(engine),
            });
        };
        headers.push((part.clone(), header));
    }
    let expected: Option<BTreeMap<_, _>> =
        index.map(|Index(files)| files.into_iter().map(|(name, of)| (name.to_string(), of)).collect());
    let (checkpoint, shape, weights) =
        Checkpoint::of(config, &headers, expected.as_ref()).map_err(|error| {
            anyhow::Error::from(
                Failure::failed(error.to_string())
                    .hint("download the model's files again: all of one revision"),
            )
            .context(what())
        })?;
    if let Some(asked) = quant.filter(|asked| !asked.eq_ignore_ascii_case(&weights.quant)) {
        return Err(Failure::usage(format!("{} is {}, not {asked}", place.shown(), weights.quant))
            .hint("leave --quant out: such a model has one quantisation")
            .into());
    }
    let (mut files, mut local) = (Vec::new(), Vec::new());
    for name in parts.iter().map(String::as_str).chain([index::NAME]).chain(BESIDE) {
        if let Some((file, path)) = place.file(name)? {
            files.push(file);
            local.extend(path);
        }
    }
    let size_bytes = files.iter().map(|file| file.size_bytes).sum();
    let id = ModelId::new(name.unwrap_or("model"))
        .map_err(|refused| Failure::usage(refused.to_string()).hint("give the folder another name"))?;
    let variants = vec![Variant { weights, files, size_bytes }];
    let choice = ModelChoice { id, shape, chat_template: None, variants, checkpoint: Some(checkpoint) };
    Ok(Loaded { choice, local, published: None })
}

impl Place<'_> {
    fn shown(&self) -> String {
        match self {
            Place::Folder(folder) => folder.display().to_string(),
            Place::Hub(_, named, _) => named.repository.clone(),
        }
    }

    /// It has no model that the engine serves.
    fn without(&self, engine: &dyn Engine) -> anyhow::Error {
        let names: Vec<String> = match self {
            Place::Folder(folder) => std::fs::read_dir(folder)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect(),
            Place::Hub(_, _, files) => files.iter().map(|file| file.path.clone()).collect(),
        };
        let why = format!("{} has no {} and {} of a model", self.shown(), config::NAME, index::WHOLE);
        let hint = match names.iter().any(|name| name.ends_with(".gguf")) {
            true => by_another(Format::Gguf),
            false => format!("{} reads a model's folder as its publisher has it", engine.name()),
        };
        Failure::usage(why).hint(hint).into()
    }

    fn remote(&self, name: &str) -> Option<&RemoteFile> {
        match self {
            Place::Folder(_) => None,
            Place::Hub(_, _, files) => files.iter().find(|file| file.path == name),
        }
    }

    /// A small file; `None` where there is none.
    fn text(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>> {
        match self {
            Place::Folder(folder) => match outside::read_bounded(&folder.join(name), most, Kind::Named) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error).with_context(|| format!("reading {name}")),
            },
            Place::Hub(hub, named, _) => match self.remote(name) {
                Some(_) => hub.small(*named, name, most).map(Some),
                None => Ok(None),
            },
        }
    }

    fn header(&self, name: &str) -> Result<Option<Header>> {
        let failed = |error: SafetensorsError| match error {
            SafetensorsError::Io(error) => anyhow::Error::from(error),
            other => Failure::failed(other.to_string())
                .hint("download it again, or compare its size and SHA-256 with the publisher's")
                .into(),
        };
        match self {
            Place::Folder(folder) => {
                let path = folder.join(name);
                // Nothing but a regular file is opened: a pipe would block.
                let Ok(metadata) = std::fs::metadata(&path) else { return Ok(None) };
                if !metadata.is_file() {
                    let why = format!("{} is not a regular file", path.display());
                    return Err(Failure::failed(why).hint("name the folder of a model's files").into());
                }
                Header::read(File::open(&path)?, Some(metadata.len())).map(Some).map_err(failed)
            }
            Place::Hub(hub, named, _) => match self.remote(name) {
                Some(file) => hub.safetensors_header(*named, name, file.size).map(Some),
                None => Ok(None),
            },
        }
    }

    /// A file of the plan, and its path on this machine.
    fn file(&self, name: &str) -> Result<Option<(ModelFile, Option<PathBuf>)>> {
        let file_name = FileName::new(name)?;
        Ok(match self {
            Place::Folder(folder) => {
                let path = folder.join(name);
                let Ok(metadata) = std::fs::metadata(&path) else { return Ok(None) };
                let file = ModelFile { name: file_name, size_bytes: metadata.len(), sha256: None, url: None };
                metadata.is_file().then_some((file, Some(path)))
            }
            Place::Hub(hub, named, _) => match self.remote(name) {
                Some(remote) => {
                    let (sha256, url) = (remote.sha256.clone(), Some(hub.url(*named, name)?));
                    Some((ModelFile { name: file_name, size_bytes: remote.size, sha256, url }, None))
                }
                None => None,
            },
        })
    }
}
