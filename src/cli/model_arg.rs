//! `--model`: a name of the registry, a GGUF file whose header is read, or a repository on Hugging
//! Face (`hf:owner/repository[:quant]`).

use crate::checked::{FileName, ModelId, Refused};
use crate::error::{Context, Failure, Result, bail, ensure};
use crate::model::gguf::{GgufError, Header};
use crate::model::huggingface::{Hub, RemoteFile};
use crate::model::registry;
use crate::model::shape::{Shape, weights_of};
use crate::model::{Weights, embedder, template};
use crate::plan::document::ModelFile;
use crate::plan::request::{ModelChoice, Variant};
use std::path::{Path, PathBuf};

/// The model, and where its files are.
pub struct Loaded {
    pub choice: ModelChoice,
    /// On this machine, when it was named by path.
    pub local: Vec<PathBuf>,
    /// With `resolve`, the repository whose files' headers are still to be read.
    pub published: Option<Published>,
}

/// A registry model's repository.
pub struct Published {
    pub hub: Hub,
    pub repository: String,
}

/// Errors: exit 2 for an unknown name or quantisation, exit 1 for a file that cannot be read.
///
/// Reaches for the network only for `hf:owner/repository[:quant]`, or with `resolve`, which fills in
/// a registry model's sizes and hashes from its repository.
pub fn load(model: &str, quant: Option<&str>, resolve: bool) -> Result<Loaded> {
    if let Some(named) = model.strip_prefix("hf:") {
        let choice = from_hub(&Hub::from_env()?, named, quant)?;
        return Ok(Loaded { choice, local: Vec::new(), published: None });
    }
    let path = Path::new(model);
    if model.to_ascii_lowercase().ends_with(".gguf") || model.contains('/') || path.is_file() {
        return from_file(path, quant);
    }
    if let Ok(embedding) = embedder::find(model) {
        let named = embedding.id;
        return Err(Failure::usage(format!("{named} is an embedding model: it gives vectors, not answers"))
            .hint(format!("--rag --rag-model {named} puts it beside a model that answers"))
            .into());
    }
    let model = registry::find(model)?;
    let mut choice = ModelChoice::of_registry(&model, quant)?;
    let mut published = None;
    if resolve {
        let hub = Hub::from_env()?;
        pin(&hub, &model.repository, &mut choice)?;
        published = Some(Published { hub, repository: model.repository });
    }
    Ok(Loaded { choice, local: Vec::new(), published })
}

impl Published {
    /// Replaces what the registry says of a variant by what the header of its files says.
    pub fn read(&self, choice: &mut ModelChoice, variant: usize) -> Result<()> {
        let quant = choice.variants[variant].weights.quant.clone();
        let mut headers = Vec::new();
        for file in &choice.variants[variant].files {
            headers.push(self.hub.header(&self.repository, &file.name, file.size_bytes)?);
        }
        let header = merged(headers).with_context(|| format!("reading {quant} of {}", self.repository))?;
        let shape =
            Shape::from_header(&header).with_context(|| format!("reading {quant} of {}", self.repository))?;
        // Known by the registry's name: a file may call itself by another.
        choice.variants[variant].weights = Weights { quant, ..weights_of(&header, shape.layers.len()) };
        choice.shape = shape;
        choice.chat_template = Some(template::of_header(&header, choice.chat_template.take(), &[]));
        Ok(())
    }
}

/// Sizes, hashes and addresses of the published files, as the repository has them now. Variants whose
/// file is not there are dropped.
pub(super) fn pin(hub: &Hub, repository: &str, choice: &mut ModelChoice) -> Result<()> {
    let remote = hub.files(repository)?;
    choice.variants.retain_mut(|variant| {
        variant.files.iter_mut().all(|file| {
            let found = remote.iter().find(|found| file.name == found.path);
            let Some((found, Ok(url))) = found.map(|found| (found, hub.url(repository, &found.path))) else {
                return false;
            };
            file.size_bytes = found.size;
            file.sha256 = found.sha256.clone();
            file.url = Some(url);
            true
        })
    });
    for variant in &mut choice.variants {
        variant.size_bytes = variant.files.iter().map(|file| file.size_bytes).sum();
    }
    if choice.variants.is_empty() {
        return Err(Failure::failed(format!("{repository} has none of the files known for {}", choice.id))
            .hint("name the repository and one of its quantisations: hf:owner/repository:quant")
            .into());
    }
    Ok(())
}

/// One quantisation of a repository: the one named, else Q4_K_M, else the first.
pub(super) fn from_hub(hub: &Hub, named: &str, quant: Option<&str>) -> Result<ModelChoice> {
    let ModelFiles { id, header, files, from } = read_hub(hub, named, quant, &["Q4_K_M", "Q4_K"])?;
    let shape = Shape::from_header(&header).with_context(|| format!("reading {}", files[0].name))?;
    let weights = weights_of(&header, shape.layers.len());
    let size_bytes = files.iter().map(|file| file.size_bytes).sum();
    let from: Vec<&str> = from.iter().map(String::as_str).collect();
    let chat_template = Some(template::of_header(&header, None, &from));
    let variants = vec![Variant { weights, files, size_bytes }];
    Ok(ModelChoice { id, shape, chat_template, variants })
}

/// A model's files as one, and what its header says.
pub(super) struct ModelFiles {
    pub id: ModelId,
    pub header: Header,
    pub files: Vec<ModelFile>,
    /// The repository and the file's path in it, or the file's name.
    pub from: Vec<String>,
}

/// The files of one quantisation of a repository: the one named, else the first of `liked` that is
/// there, else the first.
pub(super) fn read_hub(hub: &Hub, named: &str, quant: Option<&str>, liked: &[&str]) -> Result<ModelFiles> {
    let (repository, tag) = named.split_once(':').map_or((named, None), |(name, tag)| (name, Some(tag)));
    let asked = tag.or(quant).filter(|asked| *asked != "auto");
    let files = hub.files(repository)?;
    let models: Vec<&RemoteFile> = files.iter().filter(|file| is_model(&file.path)).collect();
    let Some(first) = pick(&models, asked, liked) else {
        let mut names: Vec<&str> = models.iter().filter_map(|file| quant_in(&file.path)).collect();
        names.sort_unstable();
        names.dedup();
        return Err(match models.is_empty() {
            true => Failure::failed(format!("{repository} has no GGUF file"))
                .hint("look for a repository of the model whose name ends in GGUF"),
            false => {
                Failure::usage(format!("{repository} has no file of {}", asked.unwrap_or("any quantisation")))
                    .hint(format!("it has {}", names.join(", ")))
            }
        }
        .into());
    };
    let parts = hub_parts(&models, first)?;
    let mut headers = Vec::new();
    for part in &parts {
        headers.push(hub.header(repository, &part.path, part.size)?);
    }
    let header = merged(headers).with_context(|| format!("reading {}", first.path))?;
    let files: Vec<ModelFile> = parts
        .iter()
        .map(|part| {
            Ok(ModelFile {
                name: FileName::new(base_name(&part.path))?,
                size_bytes: part.size,
                sha256: part.sha256.clone(),
                url: Some(hub.url(repository, &part.path)?),
            })
        })
        .collect::<Result<_>>()?;
    Ok(ModelFiles {
        id: ModelId::new(base_name(repository).to_ascii_lowercase())?,
        header,
        files,
        from: vec![repository.to_string(), first.path.clone()],
    })
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A model to load: a whole file or a first part, no vision projector.
fn is_model(path: &str) -> bool {
    let name = base_name(path).to_ascii_lowercase();
    name.ends_with(".gguf") && !name.starts_with("mmproj")
}

/// `Q4_K_M` of `model.Q4_K_M.gguf` or `model-q4_k_m-00001-of-00002.gguf`.
fn quant_in(path: &str) -> Option<&str> {
    let looks = |part: &&str| {
        let upper = part.to_ascii_uppercase();
        let digit = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
        matches!(upper.as_str(), "F16" | "BF16" | "F32" | "MXFP4")
            || upper.strip_prefix("IQ").or(upper.strip_prefix('Q')).is_some_and(digit)
    };
    base_name(path).split(['-', '.']).rev().find(looks)
}

fn pick<'a>(models: &[&'a RemoteFile], asked: Option<&str>, liked: &[&str]) -> Option<&'a RemoteFile> {
    let of = |quant: &str| {
        let named = |file: &&&RemoteFile| quant_in(&file.path).is_some_and(|q| q.eq_ignore_ascii_case(quant));
        models.iter().filter(named).min_by_key(|file| &file.path).copied()
    };
    match asked {
        Some(quant) => of(quant),
        None => liked.iter().find_map(|quant| of(quant)).or_else(|| models.first().copied()),
    }
}

/// The parts of a split file, the first one's name given; the file itself otherwise.
fn hub_parts<'a>(models: &[&'a RemoteFile], first: &'a RemoteFile) -> Result<Vec<&'a RemoteFile>> {
    let names = part_names(&first.path)?;
    let found = |name: &String| {
        models.iter().find(|file| file.path == *name).copied().ok_or_else(|| {
            Failure::failed(format!("{name} of the split model is missing in the repository")).into()
        })
    };
    names.iter().map(found).collect()
}

/// The files of the model that `path` is, or is a part of, and their paths.
pub(super) fn read_files(path: &Path) -> Result<(ModelFiles, Vec<PathBuf>)> {
    let parts = parts_of(path)?;
    let mut headers = Vec::new();
    let mut files = Vec::new();
    for part in &parts {
        headers.push(open_header(part)?);
        files.push(ModelFile {
            name: FileName::from_os(part.file_name().unwrap_or_default()).map_err(renamed)?,
            size_bytes: std::fs::metadata(part)?.len(),
            sha256: None,
            url: None,
        });
    }
    let header = merged(headers).with_context(|| format!("reading {}", path.display()))?;
    let name = files[0].name.trim_end_matches(".gguf");
    let id = ModelId::new(split_name(&files[0].name).map_or(name, |(stem, ..)| stem)).map_err(renamed)?;
    let from = vec![files[0].name.to_string()];
    Ok((ModelFiles { id, header, files, from }, parts))
}

fn renamed(refused: Refused) -> Failure {
    Failure::usage(refused.to_string()).hint("give the file another name: it becomes a name on the host")
}

fn from_file(path: &Path, quant: Option<&str>) -> Result<Loaded> {
    let (ModelFiles { id, header, files, .. }, parts) = read_files(path)?;
    let shape = Shape::from_header(&header).with_context(|| format!("reading {}", path.display()))?;
    let weights = weights_of(&header, shape.layers.len());
    if let Some(asked) = quant.filter(|asked| *asked != "auto" && !asked.eq_ignore_ascii_case(&weights.quant))
    {
        return Err(Failure::usage(format!("{} is {}, not {asked}", path.display(), weights.quant))
            .hint("leave --quant out: a file has one quantisation")
            .into());
    }
    let size_bytes = files.iter().map(|file| file.size_bytes).sum();
    let chat_template = Some(template::of_header(&header, None, &[&files[0].name]));
    let variants = vec![Variant { weights, files, size_bytes }];
    let choice = ModelChoice { id, shape, chat_template, variants };
    Ok(Loaded { choice, local: parts, published: None })
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

/// One header of a split file's: the first has the metadata, each has tensors of its own.
fn merged(headers: Vec<Header>) -> Result<Header> {
    let count = headers.len() as u64;
    let mut parts = headers.into_iter();
    let mut whole = parts.next().expect("there is a first part");
    let declared = whole.number("split.count").unwrap_or(1).max(1);
    ensure!(declared == count, "the file is part of {declared}, but {count} are named");
    let expected = whole.number("split.tensors.count");
    for part in parts {
        whole.tensors.extend(part.tensors);
    }
    let found = whole.tensors.len() as u64;
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        bail!("the parts hold {found} tensors of {expected}: one is of another model, or named twice");
    }
    Ok(whole)
}

/// Names of all parts of a split file, given any of them; the name itself otherwise.
fn part_names(name: &str) -> Result<Vec<String>> {
    let Some((stem, number, count)) = split_name(name) else {
        return Ok(vec![name.to_string()]);
    };
    if !(1..=count).contains(&number) || count > 999 {
        return Err(Failure::usage(format!("{name} is not a part of {count}")).into());
    }
    Ok((1..=count).map(|n| format!("{stem}-{n:05}-of-{count:05}.gguf")).collect())
}

/// `dir/model-00001-of-00003.gguf` → `dir/model`, 1, 3.
fn split_name(name: &str) -> Option<(&str, u32, u32)> {
    let (rest, count) = name.strip_suffix(".gguf")?.rsplit_once("-of-")?;
    let (stem, number) = rest.rsplit_once('-')?;
    let five = |text: &str| text.parse().ok().filter(|_| text.len() == 5);
    Some((stem, five(number)?, five(count)?))
}

fn parts_of(path: &Path) -> Result<Vec<PathBuf>> {
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

#[cfg(test)]
#[path = "model_arg_tests.rs"]
mod tests;
