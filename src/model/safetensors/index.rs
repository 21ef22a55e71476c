//! `model.safetensors.index.json`: the file of each tensor of a model that is cut into several.

use crate::checked::FileName;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Name of the file.
pub const NAME: &str = "model.safetensors.index.json";
/// Name of the model's file where it is one.
pub const WHOLE: &str = "model.safetensors";
/// Most bytes of an index; that of a model with 100 000 tensors has 9 MB.
pub const MOST: u64 = 32 << 20;
/// Most files of a model.
const MAX_FILES: usize = 1024;

/// Files of a model, and the tensors that each is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index(pub BTreeMap<FileName, BTreeSet<String>>);

#[derive(Deserialize)]
struct Written {
    weight_map: BTreeMap<String, String>,
}

impl Index {
    /// Reads an index.
    ///
    /// # Errors
    /// It is none, names no file, or a file outside of the model's folder.
    pub fn parse(json: &[u8]) -> Result<Index, String> {
        let Written { weight_map } = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let mut files: BTreeMap<FileName, BTreeSet<String>> = BTreeMap::new();
        for (tensor, file) in weight_map {
            let name = FileName::new(file).map_err(|error| error.to_string())?;
            if !name.ends_with(".safetensors") {
                return Err(format!("it names {name}, which is no safetensors file"));
            }
            files.entry(name).or_default().insert(tensor);
            if files.len() > MAX_FILES {
                return Err(format!("it names more than {MAX_FILES} files"));
            }
        }
        if files.is_empty() { Err("it names no file".to_string()) } else { Ok(Index(files)) }
    }
}
