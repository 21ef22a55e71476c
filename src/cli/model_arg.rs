//! `--model`: a name of the registry, a GGUF file whose header is read, or a repository on Hugging
//! Face (`hf:owner/repository[:quant]` and the other spellings of [`hub`]).

use super::model_parts::{merged, part_names, parts_of};
use crate::checked::{FileName, ModelId, Refused};
use crate::engine::{self, kind::Engine};
use crate::error::{Context, Failure, Result};
use crate::model::format::{self, Format};
use crate::model::gguf::{GgufError, Header};
use crate::model::hub::{self, HubName, Unpicked, Which, split_name};
use crate::model::huggingface::{Hub, RemoteFile};
use crate::model::registry::{self, Use};
use crate::model::safetensors::{config, index};
use crate::model::{Shape, weights_of};
use crate::model::{Weights, loads, template};
use crate::plan::document::ModelFile;
use crate::plan::request::{ModelChoice, Variant};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The model, and where its files are.
pub struct Loaded {
    pub choice: ModelChoice,
    /// On this machine, when it was named by path.
    pub local: Vec<PathBuf>,
    /// With `resolve`, the repository whose files' headers are still to be read.
    pub published: Option<Published>,
}

/// A registry model, whose repositories are asked.
pub struct Published {
    pub hub: Hub,
    pub model: registry::Model,
}

/// Errors: exit 2 for an unknown name or quantisation, exit 1 for a file that cannot be read.
///
/// Reaches for the network only for `hf:owner/repository[:quant]`, or with `resolve`, which fills in
/// a registry model's sizes and hashes from its repository.
pub fn load(model: &str, quant: Option<&str>, resolve: bool) -> Result<Loaded> {
    let name = model.trim();
    let path = Path::new(model);
    if !path.is_file()
        && let Some(named) = hub::parse(name)
    {
        let choice = from_hub(&Hub::from_env()?, &named?, quant)?;
        return Ok(Loaded { choice, local: Vec::new(), published: None });
    }
    if model.to_ascii_lowercase().ends_with(".gguf") || model.contains('/') || path.is_file() {
        return from_file(path, quant);
    }
    let asked = strip_ollama(name);
    if path.join(config::NAME).is_file() {
        return Err(other_format(Format::Safetensors)).with_context(|| format!("reading {}", path.display()));
    }
    let (model, tagged) = registry::named(asked)?;
    answers(&model)?;
    if asked.contains(':') || asked != name {
        let (id, repository) = (&model.id, model.repository());
        say!("{name:?} is a name of ollama's: taken as {id}, whose files are {repository}'s on Hugging Face");
    }
    let mut choice = ModelChoice::of_registry(&model, one_quant(&model.id, tagged, quant)?)?;
    let mut published = None;
    if resolve {
        let hub = Hub::from_env()?;
        pin(&hub, &model, &mut choice)?;
        published = Some(Published { hub, model });
    }
    Ok(Loaded { choice, local: Vec::new(), published })
}

/// `ollama:llama3.2:3b`, `ollama/llama3.2:3b` → `llama3.2:3b`.
fn strip_ollama(name: &str) -> &str {
    ["ollama:", "ollama/"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// Refuses a model that gives vectors or scores.
fn answers(model: &registry::Model) -> Result<()> {
    let id = &model.id;
    let failure = match model.is_chat() {
        true => return Ok(()),
        false if model.has_use(Use::Embedding) => {
            Failure::usage(format!("{id} is an embedding model: it gives vectors, not answers"))
                .hint(format!("--rag --rag-model {id} puts it beside a model that answers"))
        }
        false => Failure::usage(format!("{id} is a reranker: it gives scores, not answers"))
            .hint("`agi-provision models --use chat` lists the models that answer"),
    };
    Err(failure.into())
}

/// The quantisation of a name (`mistral-7b:Q4_K_M`) or of `--quant`; two that differ: exit 2.
fn one_quant<'a>(id: &str, tagged: Option<&'a str>, quant: Option<&'a str>) -> Result<Option<&'a str>> {
    match (tagged, quant.filter(|quant| *quant != "auto")) {
        (Some(tagged), Some(quant)) if !tagged.eq_ignore_ascii_case(quant) => {
            Err(Failure::usage(format!("{id} is named with {tagged}, and --quant asks for {quant}"))
                .hint(format!("--model {id} --quant {quant}"))
                .into())
        }
        (tagged, _) => Ok(tagged.or(quant)),
    }
}

impl Published {
    /// Replaces what the registry says of a variant by what the header of its files says.
    pub fn read(&self, choice: &mut ModelChoice, variant: usize) -> Result<()> {
        let quant = choice.variants[variant].weights.quant.clone();
        let mut headers = Vec::new();
        let found = self.model.file(&quant).context("a published quantisation")?;
        let repository = &found.0.repository;
        for (file, path) in choice.variants[variant].files.iter().zip(found.1.parts()) {
            headers.push(self.hub.header(repository.as_str(), &path, file.size_bytes)?);
        }
        let what = || format!("reading {quant} of {repository}");
        let header = merged(headers).and_then(that_answers).with_context(what)?;
        let shape = Shape::from_header(&header).with_context(what)?;
        // Known by the registry's name: a file may call itself by another.
        choice.variants[variant].weights = Weights { quant, ..weights_of(&header, shape.layers.len()) };
        choice.shape = shape;
        choice.chat_template = Some(template::of_header(&header, choice.chat_template.take(), &[]));
        Ok(())
    }
}

/// Sizes, hashes and addresses of the published files, as the repository has them now. Variants whose
/// file is not there are dropped.
pub(super) fn pin(hub: &Hub, model: &registry::Model, choice: &mut ModelChoice) -> Result<()> {
    let mut lists: BTreeMap<&str, Vec<RemoteFile>> = BTreeMap::new();
    for variant in &choice.variants {
        let Some((repository, _)) = model.file(&variant.weights.quant) else { continue };
        let name = repository.repository.as_str();
        if !lists.contains_key(name) {
            lists.insert(name, hub.files(name)?);
        }
    }
    choice.variants.retain_mut(|variant| {
        let Some((repository, file)) = model.file(&variant.weights.quant) else { return false };
        let repository = repository.repository.as_str();
        variant.files.iter_mut().zip(file.parts()).all(|(file, path)| {
            let found = lists[repository].iter().find(|found| found.path == path);
            let Some((found, Ok(url))) = found.map(|found| (found, hub.url(repository, &path))) else {
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
        let repository = model.repository();
        return Err(Failure::failed(format!("{repository} has none of the files known for {}", choice.id))
            .hint("name the repository and one of its quantisations: hf:owner/repository:quant")
            .into());
    }
    Ok(())
}

/// One quantisation of a repository: the one named, else Q4_K_M, else the first that is liked.
pub(super) fn from_hub(hub: &Hub, named: &HubName, quant: Option<&str>) -> Result<ModelChoice> {
    let ModelFiles { id, header, files, from } = read_hub(hub, named, quant, &[])?;
    let header = that_answers(header).with_context(|| format!("reading {}", files[0].name))?;
    let shape = Shape::from_header(&header).with_context(|| format!("reading {}", files[0].name))?;
    let weights = weights_of(&header, shape.layers.len());
    let size_bytes = files.iter().map(|file| file.size_bytes).sum();
    let from: Vec<&str> = from.iter().map(String::as_str).collect();
    let chat_template = Some(template::of_header(&header, None, &from));
    let variants = vec![Variant { weights, files, size_bytes }];
    Ok(ModelChoice { id, shape, chat_template, variants, checkpoint: None })
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
/// there, else what most people take.
pub(super) fn read_hub(
    hub: &Hub,
    named: &HubName,
    quant: Option<&str>,
    liked: &[&str],
) -> Result<ModelFiles> {
    let repository = named.repository.as_str();
    let remote = hub.files(named)?;
    let first = chosen(&remote, named, quant, liked)?;
    let parts = hub_parts(&remote, first)?;
    let mut headers = Vec::new();
    for part in &parts {
        headers.push(hub.header(named, &part.path, part.size)?);
    }
    let header = merged(headers).with_context(|| format!("reading {}", first.path))?;
    let files: Vec<ModelFile> = parts
        .iter()
        .map(|part| {
            Ok(ModelFile {
                name: FileName::new(base_name(&part.path))?,
                size_bytes: part.size,
                sha256: part.sha256.clone(),
                url: Some(hub.url(named, &part.path)?),
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

/// The file, or the first part of it, that is meant.
fn chosen<'a>(
    remote: &'a [RemoteFile],
    named: &HubName,
    quant: Option<&str>,
    liked: &[&str],
) -> Result<&'a RemoteFile> {
    let repository = named.repository.as_str();
    let path = match &named.which {
        Which::File(path) => Ok(path.as_str()),
        which => {
            let tag = if let Which::Tag(tag) = which { Some(tag.as_str()) } else { None };
            // A file's name beside --quant is one file all the same.
            let tag_names_a_file = tag.is_some_and(|tag| tag.to_ascii_lowercase().ends_with(".gguf"));
            let quant = quant.filter(|_| !tag_names_a_file);
            let asked = one_quant(&format!("hf:{repository}"), tag, quant)?.filter(|asked| *asked != "auto");
            let paths: Vec<&str> = remote.iter().map(|file| file.path.as_str()).collect();
            hub::pick(&paths, asked, liked)
                .map_err(|unpicked| unpicked_failure(unpicked, remote, named, asked))
        }
    };
    let path = path?;
    remote.iter().find(|file| file.path == path).ok_or_else(|| {
        Failure::failed(format!("{repository} has no file {path} at {}", named.revision))
            .hint(format!("--model hf:{repository} takes one that it has"))
            .into()
    })
}

fn unpicked_failure(
    unpicked: Unpicked,
    remote: &[RemoteFile],
    named: &HubName,
    asked: Option<&str>,
) -> anyhow::Error {
    /// Names shown of a long list.
    const SHOWN: usize = 12;
    let repository = &named.repository;
    let at = if named.revision == "main" { String::new() } else { format!("@{}", named.revision) };
    let failure = match unpicked {
        Unpicked::NoModel => {
            let cut = remote
                .iter()
                .find(|file| file.path.contains(".gguf-split-") || file.path.contains(".gguf.part"));
            match cut {
                Some(part) => Failure::failed(format!("{repository} has its models cut in pieces: {}", part.path))
                    .hint("download the pieces, join them in their order with cat, and give the file: --model ./model.gguf"),
                None if let Some(engine) = served_whole(remote) => {
                    Failure::usage(format!("{repository} has no GGUF file, but safetensors"))
                        .hint(format!("--engine {} serves it; or look for a repository of the model whose name ends in GGUF", engine.name()))
                }
                None => Failure::failed(format!("{repository} has no GGUF file"))
                    .hint("look for a repository of the model whose name ends in GGUF"),
            }
        }
        Unpicked::NoSuch(there) => {
            let asked = asked.unwrap_or("any quantisation");
            Failure::usage(format!("{repository} has no file of {asked}"))
                .hint(format!("it has {}", there.join(", ")))
        }
        Unpicked::Several(names) => {
            let spelt: Vec<String> =
                names.iter().take(SHOWN).map(|name| format!("--model hf:{repository}{at}:{name}")).collect();
            let more = if names.len() > SHOWN {
                format!(" (and {} more)", names.len() - SHOWN)
            } else {
                String::new()
            };
            Failure::usage(format!("{repository} has {} models that could be meant", names.len()))
                .hint(format!("name one: {}{more}", spelt.join(" or ")))
        }
    };
    failure.into()
}

/// The engine that serves a repository of safetensors files.
fn served_whole(remote: &[RemoteFile]) -> Option<&'static dyn Engine> {
    let has = |name: &str| remote.iter().any(|file| file.path == name);
    let whole = has(config::NAME) && (has(index::NAME) || has(index::WHOLE));
    whole.then(|| serving(Format::Safetensors)).flatten()
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The parts of a split file, the first one's name given; the file itself otherwise.
fn hub_parts<'a>(models: &'a [RemoteFile], first: &RemoteFile) -> Result<Vec<&'a RemoteFile>> {
    let names = part_names(&first.path)?;
    let found = |name: &String| {
        models.iter().find(|file| file.path == *name).ok_or_else(|| {
            Failure::failed(format!("{name} of the split model is missing in the repository"))
                .hint("name another quantisation or repository: the model's page lists its files")
                .into()
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
    let header = that_answers(header).with_context(|| format!("reading {}", path.display()))?;
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
    let choice = ModelChoice { id, shape, chat_template, variants, checkpoint: None };
    Ok(Loaded { choice, local: parts, published: None })
}

/// The header of a model that answers. Another kind of file: exit 2; one that llama.cpp would not load: exit 1.
fn that_answers(header: Header) -> Result<Header> {
    match loads::refusal(&header) {
        None => Ok(header),
        Some(refusal) if refusal.other_kind => Err(Failure::usage(refusal.why).hint(refusal.hint).into()),
        Some(refusal) => Err(Failure::failed(refusal.why).hint(refusal.hint).into()),
    }
}

/// A file's header, or why there is none. Nothing but a regular file is opened: a pipe would block.
pub fn open_header(path: &Path) -> Result<Header> {
    let reading = || format!("reading {}", path.display());
    let metadata = std::fs::metadata(path).with_context(reading)?;
    if metadata.is_dir() && path.join(config::NAME).is_file() {
        return Err(other_format(Format::Safetensors)).with_context(reading);
    }
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a directory" } else { "not a regular file" };
        return Err(Failure::failed(format!("{} is {what}", path.display()))
            .hint("name a .gguf file")
            .into());
    }
    let unreadable = |error| match error {
        GgufError::Io(error) => anyhow::Error::from(error),
        GgufError::NotGguf(_) if let Some(format) = format_of(path) => other_format(format).into(),
        other => Failure::failed(other.to_string())
            .hint("download it again, or compare its size and SHA-256 with the publisher's")
            .into(),
    };
    Header::open(path).map_err(unreadable).with_context(reading)
}

/// Format of a file, told by its first bytes.
fn format_of(path: &Path) -> Option<Format> {
    let mut start = Vec::new();
    File::open(path).ok()?.take(format::START as u64).read_to_end(&mut start).ok()?;
    Format::of(&start)
}

/// The first engine that serves models of this format.
pub(super) fn serving(format: Format) -> Option<&'static dyn Engine> {
    engine::all().into_iter().find(|engine| engine.formats().contains(&format))
}

/// A file of another format than GGUF, with the engine that serves it.
fn other_format(format: Format) -> Failure {
    const MAKE: &str = "name a GGUF file of this model: many are published, and convert_hf_to_gguf.py of llama.cpp makes \
                        one from the model's folder";
    match serving(format) {
        Some(engine) => Failure::usage(format!("the file is {format}, which this engine does not serve"))
            .hint(format!("--engine {} serves it; or {MAKE}", engine.name())),
        None => Failure::usage(format!("the file is {format}, which no engine here serves")).hint(MAKE),
    }
}

#[cfg(test)]
#[path = "model_arg_tests.rs"]
mod tests;
