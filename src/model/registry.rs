//! The models known by name: `profiles/models/*.toml`, compiled in.

use super::recipe::{Dimensions, nominal_bits};
use super::shape::{Shape, Weights};
use crate::error::{Failure, Result};
use serde::Deserialize;

/// A model of the registry.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub id: String,
    pub name: String,
    /// Hugging Face repository, `owner/name`.
    pub repository: String,
    /// Name of a file in templates/chat; `None` for a base model.
    pub chat_template: Option<String>,
    pub dimensions: Dimensions,
    /// The published files, best quality first.
    pub files: Vec<PublishedFile>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedFile {
    pub quant: String,
    pub name: String,
    /// Read from the repository; `None` until someone has.
    pub size_bytes: Option<u64>,
}

macro_rules! embedded {
    ($folder:literal, $extension:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../", $folder, "/", $name, $extension)))),*]
    };
}

const MODELS: &[(&str, &str)] = embedded!("profiles/models", ".toml":
    "tinyllama-1.1b" "phi-2" "llama-7b" "mistral-7b" "saiga-8b" "saiga-13b" "llama-30b" "llama-65b");

const CHAT_TEMPLATES: &[(&str, &str)] =
    embedded!("templates/chat", ".jinja": "chatml" "llama-2" "llama-3" "mistral" "phi-2" "saiga" "zephyr");

/// The ids, smallest model first.
pub fn ids() -> impl Iterator<Item = &'static str> {
    MODELS.iter().map(|(id, _)| *id)
}

/// The model called `id`. Unknown: exit 2 with the nearest names.
pub fn find(id: &str) -> Result<Model> {
    let wanted = id.to_ascii_lowercase();
    let (_, text) = MODELS.iter().find(|(known, _)| *known == wanted).ok_or_else(|| unknown(id))?;
    Ok(toml::from_str(text).expect("the embedded registry is checked by a test"))
}

fn unknown(id: &str) -> Failure {
    let nearest = nearest(id, ids());
    let hint = if nearest.is_empty() {
        "`agi-provision models` lists the known ones; a path to a .gguf file works too".to_string()
    } else {
        format!(
            "did you mean {}? `agi-provision models` lists all; a path to a .gguf file works too",
            nearest.join(" or ")
        )
    };
    Failure::usage(format!("no model is called {id:?}")).hint(hint)
}

/// Up to three of `known` that look like `word`, nearest first.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let word = word.to_ascii_lowercase();
    let mut scored: Vec<(f64, &str)> = known.map(|k| (strsim::jaro_winkler(&word, k), k)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    scored
        .into_iter()
        .filter(|(score, _)| *score > 0.75 && *score > best - 0.1)
        .take(3)
        .map(|(_, name)| name.to_string())
        .collect()
}

/// The source of the chat template called `name`.
pub fn chat_template(name: &str) -> Option<&'static str> {
    CHAT_TEMPLATES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

impl Model {
    pub fn shape(&self) -> Shape {
        self.dimensions.shape()
    }

    /// Exact tensor sizes at `quant`, which need not be published; `None` for an unknown name.
    pub fn weights(&self, quant: &str) -> Option<Weights> {
        let tensors = self.dimensions.tensors(quant)?;
        Some(Weights::of(quant, &tensors, self.dimensions.n_layer as usize))
    }

    pub fn file(&self, quant: &str) -> Option<&PublishedFile> {
        self.files.iter().find(|file| file.quant == quant)
    }

    pub fn url(&self, file: &PublishedFile) -> String {
        format!("https://huggingface.co/{}/resolve/main/{}", self.repository, file.name)
    }

    /// Published quantisations that fit `asked`: an exact name (`Q4_K_M`), or bits (`4-bit`).
    /// A recipe's name without a published file is accepted as asked. Nothing fits: exit 2.
    pub fn quants(&self, asked: Option<&str>) -> Result<Vec<String>> {
        let published = || self.files.iter().map(|file| file.quant.clone());
        let Some(asked) = asked.filter(|asked| *asked != "auto") else {
            return Ok(published().collect());
        };
        if let Some(bits) = asked.strip_suffix("-bit").and_then(|bits| bits.parse::<u64>().ok()) {
            let fitting: Vec<String> =
                published().filter(|quant| nominal_bits(quant) == Some(bits)).collect();
            if !fitting.is_empty() {
                return Ok(fitting);
            }
        }
        let upper = asked.to_ascii_uppercase();
        if self.dimensions.tensors(&upper).is_some() {
            return Ok(vec![upper]);
        }
        let names: Vec<String> = published().collect();
        Err(Failure::usage(format!("no quantisation {asked:?} of {} is known", self.id))
            .hint(format!("published: {}; also F16, or bits such as 4-bit", names.join(", ")))
            .into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, exit_code, hint};

    #[test]
    fn every_embedded_model_reads_and_is_named_as_its_file() {
        for id in ids() {
            let model = find(id).unwrap();
            assert_eq!(model.id, id);
            assert!(!model.files.is_empty());
            for file in &model.files {
                assert!(model.weights(&file.quant).is_some(), "{id} {}", file.quant);
            }
            if let Some(name) = &model.chat_template {
                assert!(chat_template(name).is_some(), "{id} {name}");
            }
        }
    }

    /// Parameters and tensor bytes by exact arithmetic; confirmed by `llama-quantize --dry-run` at b11434.
    #[test]
    fn tensor_bytes_are_exact() {
        let table = [
            ("phi-2", 2_779_683_840, 1_789_890_560, 2_956_226_560),
            ("tinyllama-1.1b", 1_100_048_384, 667_078_656, 1_169_072_128),
            ("llama-7b", 6_738_415_616, 4_080_263_168, 7_160_348_672),
            ("mistral-7b", 7_241_732_096, 4_367_704_064, 7_695_122_432),
            ("saiga-8b", 8_030_261_248, 4_912_898_048, 8_532_934_656),
            ("saiga-13b", 13_015_864_320, 7_865_210_880, 13_830_574_080),
            ("llama-30b", 32_528_943_616, 19_620_383_744, 34_564_368_384),
            ("llama-65b", 65_285_660_672, 39_347_273_728, 69_369_888_768u64),
        ];
        for (id, parameters, q4_k_m, q8_0) in table {
            let model = find(id).unwrap();
            let q4 = model.weights("Q4_K_M").unwrap();
            assert_eq!((q4.parameters, q4.total_bytes), (parameters, q4_k_m), "{id}");
            assert_eq!(model.weights("Q8_0").unwrap().total_bytes, q8_0, "{id}");
            assert_eq!(
                q4.embedding_bytes + q4.output_bytes + q4.layer_bytes.iter().sum::<u64>(),
                q4.total_bytes
            );
        }
    }

    /// Sums of `llama-quantize --dry-run` of b11434 over files of examples/reference_gguf.rs.
    #[test]
    fn every_recipe_matches_llama_quantize() {
        let table = [
            ("phi-2", "Q2_K", 1_150_504_960),
            ("phi-2", "Q3_K_M", 1_483_304_960),
            ("phi-2", "Q4_K_S", 1_623_592_960),
            ("phi-2", "Q5_K_M", 2_029_096_960),
            ("phi-2", "Q6_K", 2_283_253_760),
            ("mistral-7b", "Q2_K", 2_718_507_008),
            ("mistral-7b", "Q3_K_M", 3_518_251_008),
            ("mistral-7b", "Q4_K_S", 4_139_638_784),
            ("mistral-7b", "Q5_K_M", 5_130_674_176),
            ("mistral-7b", "Q6_K", 5_941_329_920),
            ("saiga-13b", "Q2_K", 4_853_524_480),
            ("saiga-13b", "Q3_K_M", 6_337_024_000),
            ("saiga-13b", "Q4_K_S", 7_422_433_280),
            ("saiga-13b", "Q5_K_M", 9_229_178_880),
            ("saiga-13b", "Q6_K", 10_678_394_880u64),
        ];
        for (id, quant, bytes) in table {
            assert_eq!(find(id).unwrap().weights(quant).unwrap().total_bytes, bytes, "{id} {quant}");
        }
    }

    #[test]
    fn a_misspelt_name_gets_the_nearest() {
        let error = find("sagia-13b").unwrap_err();
        assert_eq!(exit_code(&error), Exit::Usage);
        assert!(hint(&error).unwrap().contains("saiga-13b"), "{:?}", hint(&error));
    }

    #[test]
    fn bits_name_the_published_files_of_that_width() {
        let model = find("saiga-13b").unwrap();
        assert_eq!(model.quants(Some("4-bit")).unwrap(), ["Q4_K_M"]);
        assert_eq!(model.quants(Some("q8_0")).unwrap(), ["Q8_0"]);
        assert_eq!(model.quants(Some("F16")).unwrap(), ["F16"]);
        assert_eq!(model.quants(None).unwrap(), ["Q8_0", "Q4_K_M"]);
        assert_eq!(exit_code(&model.quants(Some("Q9")).unwrap_err()), Exit::Usage);
    }
}
