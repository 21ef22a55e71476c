//! `--rag`: the embedding model, by a name of the registry, as a GGUF file, or from Hugging Face.

use super::model_arg::{ModelFiles, read_files, read_hub};
use super::project::Flag;
use crate::error::{Failure, Result};
use crate::model::embedder::{self, Embedder, EmbedderError};
use crate::model::gguf::Header;
use crate::model::hub;
use crate::model::huggingface::Hub;
use crate::model::registry;
use crate::plan::document::ModelFile;
use crate::plan::request::RagChoice;
use std::path::{Path, PathBuf};

#[derive(clap::Args, Clone, Debug, Default)]
pub struct RagArgs {
    /// Also plan an embedding server beside the model, and disk for an index
    #[arg(long)]
    rag: bool,
    /// Embedding model of --rag: bge-m3 (the default), hf:owner/repository[:quant], or a .gguf file
    #[arg(long, value_name = "MODEL", requires = "rag")]
    rag_model: Option<String>,
    /// Texts that the index of --rag has room for [default: 100000]
    #[arg(long, value_name = "N", requires = "rag")]
    rag_chunks: Option<u64>,
    /// Tokens of the longest text that --rag embeds at once [default: 512]
    #[arg(long, value_name = "N", requires = "rag")]
    rag_chunk_tokens: Option<u64>,
}

/// The embedding model, and its files on this machine when it was named by path.
pub struct LoadedRag {
    pub choice: RagChoice,
    pub local: Vec<PathBuf>,
}

impl RagArgs {
    /// These as flags of a command that is shown.
    pub fn flags(&self) -> Vec<Flag> {
        let rag = self.rag.then_some(("rag", None));
        let values = [
            ("rag-model", self.rag_model.clone()),
            ("rag-chunks", self.rag_chunks.map(|number| number.to_string())),
            ("rag-chunk-tokens", self.rag_chunk_tokens.map(|number| number.to_string())),
        ];
        let given = values.into_iter().filter(|(_, value)| value.is_some());
        rag.into_iter().chain(given).collect()
    }

    /// `None` without `--rag`. Errors as for `--model`; a model that gives no vectors: exit 2.
    pub fn load(&self, resolve: bool) -> Result<Option<LoadedRag>> {
        if !self.rag {
            return Ok(None);
        }
        let model = self.rag_model.as_deref().unwrap_or(embedder::DEFAULT);
        let path = Path::new(model);
        let named_on_hub = if path.is_file() { None } else { hub::parse(model) };
        let (mut choice, local) = if let Some(named) = named_on_hub {
            let read = read_hub(&Hub::from_env()?, &named?, None, &["Q8_0", "F16"])?;
            (of_files(read, model)?, Vec::new())
        } else if model.to_ascii_lowercase().ends_with(".gguf") || model.contains('/') || path.is_file() {
            let (read, local) = read_files(path)?;
            (of_files(read, model)?, local)
        } else {
            (named(model, resolve)?, Vec::new())
        };
        choice.chunks = self.rag_chunks;
        choice.chunk_tokens = self.rag_chunk_tokens;
        Ok(Some(LoadedRag { choice, local }))
    }
}

fn of_files(read: ModelFiles, model: &str) -> Result<RagChoice> {
    let ModelFiles { id, header, files, .. } = read;
    let size_bytes = files.iter().map(|file| file.size_bytes).sum();
    let embedder = embedder(&header, model)?;
    Ok(RagChoice { id, embedder, files, size_bytes, chunks: None, chunk_tokens: None })
}

fn embedder(header: &Header, model: &str) -> Result<Embedder> {
    Embedder::from_header(header).map_err(|error| match error {
        EmbedderError::Shape(error) => anyhow::Error::from(error).context(format!("reading {model}")),
        other => Failure::usage(format!("{model}: {other}"))
            .hint("--rag-model wants a model that gives vectors; bge-m3 is known by name")
            .into(),
    })
}

fn named(name: &str, resolve: bool) -> Result<RagChoice> {
    let model = registry::embedder(name)?;
    let mut choice = RagChoice::of_registry(&model)?;
    if resolve {
        let hub = Hub::from_env()?;
        let file = &mut choice.files[0];
        pin(&hub, model.repository(), file)?;
        // The published file counts, in place of the values that are known offline.
        let header = hub.header(model.repository(), &file.name, file.size_bytes)?;
        choice.size_bytes = file.size_bytes;
        choice.embedder = embedder(&header, name)?;
    }
    Ok(choice)
}

/// Size and hash as the repository has them now.
fn pin(hub: &Hub, repository: &str, file: &mut ModelFile) -> Result<()> {
    let remote = hub.files(repository)?;
    let found = remote.iter().find(|found| file.name == found.path).ok_or_else(|| {
        Failure::failed(format!("{repository} has no file {}", file.name))
            .hint("name another embedding model: --rag-model hf:owner/repository:quant")
    })?;
    file.size_bytes = found.size;
    file.sha256 = found.sha256.clone();
    file.url = Some(hub.url(repository, &found.path)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, exit_code};
    use crate::model::{tiny, tiny_embedding};

    fn asked(model: Option<&str>) -> Result<Option<LoadedRag>> {
        let rag_model = model.map(str::to_string);
        RagArgs { rag: true, rag_model, ..RagArgs::default() }.load(false)
    }

    #[test]
    fn a_name_a_file_or_nothing_is_an_embedding_model() {
        assert!(RagArgs::default().load(false).unwrap().is_none());
        let default = asked(None).unwrap().unwrap();
        assert_eq!((default.choice.id.as_str(), default.local.len()), (embedder::DEFAULT, 0));
        let file = &default.choice.files[0];
        assert!(file.url.as_ref().unwrap().ends_with(&format!("/resolve/main/{}", file.name)));
        assert_eq!(file.sha256, None);

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mine.gguf");
        tiny_embedding::write_tiny_embedder(&mut std::fs::File::create(&path).unwrap(), 1).unwrap();
        let own = asked(path.to_str()).unwrap().unwrap();
        assert_eq!((own.choice.id.as_str(), own.local.as_slice()), ("mine", &[path.clone()][..]));
        assert_eq!(own.choice.embedder.dimensions, tiny_embedding::DIMENSIONS);
        assert_eq!(own.choice.size_bytes, std::fs::metadata(&path).unwrap().len());
    }

    #[test]
    fn a_chat_model_an_unknown_name_and_a_missing_file_are_refused_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chat.gguf");
        tiny::write_tiny(&mut std::fs::File::create(&path).unwrap(), 1, None).unwrap();
        let refused = |model: Option<&str>| asked(model).err().unwrap();
        let chat = refused(path.to_str());
        assert_eq!(exit_code(&chat), Exit::Usage);
        assert!(chat.to_string().contains("no embedding model"), "{chat:#}");
        assert_eq!(exit_code(&refused(Some("saiga-13b"))), Exit::Usage);
        assert_eq!(exit_code(&refused(Some("./nowhere.gguf"))), Exit::Failed);
    }
}
