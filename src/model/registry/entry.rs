//! A model of the registry: one file of `profiles/models`.

use crate::error::{Failure, Result};
use crate::model::dimensions::Dimensions;
use crate::model::layout::Part;
use crate::model::recipe::{Mix, nominal_bits};
use crate::model::{Shape, Weights};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A published model: names, dimensions, and the files that it can be had in.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name in commands and plans, `bge-m3`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Other names, in any spelling that `registry::find` is to take.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Tasks that it is for.
    pub uses: Vec<Use>,
    /// Hugging Face repository of the original weights, `owner/name`.
    pub origin: String,
    /// Licence by its name on the repository's card; `None` where it was not seen.
    pub licence: Option<String>,
    /// Codes of ISO 639-1, as the card lists them; `None` where it lists none.
    pub languages: Option<Vec<String>>,
    /// Day on which the original repository was made, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// Name of a file in templates/chat, `file` where published files carry their own; `None` for a base model.
    pub chat_template: Option<String>,
    /// Elements of all tensors, and of those that one token is multiplied with: what the dimensions come to, held by
    /// a test, so that models are compared without the arithmetic.
    pub elements: [u64; 2],
    /// Where dimensions, files and sizes were read, for people.
    pub sources: Vec<String>,
    /// Dimensions, from which the bytes of every tensor follow.
    pub dimensions: Dimensions,
    /// Bytes of a file beside its tensors, nearly all of them the tokenizer; as a published file of a
    /// known size leaves them.
    pub beside_bytes: Option<u64>,
    /// Where quantisations are published, the one to take first in front.
    pub published: Vec<Repository>,
}

/// A task that models are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// Answers in a conversation.
    Chat,
    /// Writes program code.
    Code,
    /// Gives vectors.
    Embedding,
    /// Gives scores.
    Rerank,
}

impl Use {
    /// Every use.
    pub(super) const ALL: [Use; 4] = [Use::Chat, Use::Code, Use::Embedding, Use::Rerank];

    /// Returns its word in the registry's files and in listings.
    pub fn name(self) -> &'static str {
        match self {
            Use::Chat => "chat",
            Use::Code => "code",
            Use::Embedding => "embedding",
            Use::Rerank => "rerank",
        }
    }
}

/// A repository with quantisations of the model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// On Hugging Face, `owner/name`.
    pub repository: String,
    /// Its files are made with an importance matrix, which changes some tensors' types.
    #[serde(default)]
    pub imatrix: bool,
    /// Its publisher chose types of his own: only a file's header tells what it weighs.
    #[serde(default)]
    pub own: bool,
    /// Files, one for each quantisation.
    pub files: Vec<PublishedFile>,
}

/// Written as `["Q4_K_M", "model-Q4_K_M.gguf", 2497280256]`; the size may be missing.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedFile {
    /// Quantisation by its name in llama.cpp, or the publisher's own, `UD-Q4_K_XL`.
    pub quant: String,
    /// Path in the repository; of a split file, the first part's.
    pub name: String,
    /// Size of all parts together; `None` where it was not seen.
    pub size: Option<Size>,
}

/// Size of a whole file, all parts together.
#[derive(Clone, Debug, PartialEq)]
pub enum Size {
    /// Exact number of bytes.
    Bytes(u64),
    /// A rounded size, as a catalogue prints it: `4.7 GiB`.
    Printed(String),
}

impl Size {
    /// Smallest and largest number of bytes that it stands for. `None` for an unknown unit.
    pub fn range(&self) -> Option<(f64, f64)> {
        let text = match self {
            Size::Bytes(bytes) => return Some((*bytes as f64, *bytes as f64)),
            Size::Printed(text) => text,
        };
        let (number, unit) = text.split_once(' ')?;
        let unit = match unit {
            "GiB" => f64::from(1 << 30),
            "MiB" => f64::from(1 << 20),
            "GB" => 1e9,
            "MB" => 1e6,
            _ => return None,
        };
        let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let half = 0.5 * 10f64.powi(-(decimals as i32));
        let number: f64 = number.parse().ok()?;
        Some(((number - half) * unit, (number + half) * unit))
    }
}

impl PublishedFile {
    /// Returns the exact size, bytes; `None` where only a printed one or none is known.
    pub fn size_bytes(&self) -> Option<u64> {
        match self.size {
            Some(Size::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Name without folders.
    pub fn base_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// Paths of all parts; the file itself where it is whole.
    pub fn parts(&self) -> Vec<String> {
        let split = || {
            let (stem, count) = self.name.strip_suffix(".gguf")?.rsplit_once("-00001-of-")?;
            Some((stem, count.parse::<u32>().ok().filter(|_| count.len() == 5)?))
        };
        match split() {
            Some((stem, count)) => (1..=count).map(|n| format!("{stem}-{n:05}-of-{count:05}.gguf")).collect(),
            None => vec![self.name.clone()],
        }
    }
}

impl<'de> Deserialize<'de> for PublishedFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PublishedFile, D::Error> {
        struct Row;
        impl<'de> Visitor<'de> for Row {
            type Value = PublishedFile;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("[quantisation, file, size]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<PublishedFile, A::Error> {
                #[derive(Deserialize)]
                #[serde(untagged)]
                enum Written {
                    Bytes(u64),
                    Printed(String),
                }
                let quant = row.next_element()?.ok_or_else(|| A::Error::missing_field("quantisation"))?;
                let name = row.next_element()?.ok_or_else(|| A::Error::missing_field("file"))?;
                let size = row.next_element::<Written>()?.map(|written| match written {
                    Written::Bytes(bytes) => Size::Bytes(bytes),
                    Written::Printed(text) => Size::Printed(text),
                });
                Ok(PublishedFile { quant, name, size })
            }
        }
        deserializer.deserialize_seq(Row)
    }
}

/// Quantisations that are chosen from when none is named, where they are published: the steps that people
/// take. A model that is published in others only is chosen from those.
const STEPS: [Mix; 8] =
    [Mix::Q8_0, Mix::Q6_K, Mix::Q5_K_M, Mix::Q4_K_M, Mix::MXFP4, Mix::MXFP4_MOE, Mix::Q3_K_M, Mix::Q2_K];

/// The rule whose file is most like one of `quant`: `UD-Q4_K_XL` → Q4_K_M.
fn rule_near(quant: &str) -> Option<Mix> {
    Mix::by_name(quant).or_else(|| {
        Mix::by_name(match quant.strip_prefix("UD-").unwrap_or(quant) {
            "Q8_K_XL" | "Q8_K_L" => "Q8_0",
            "Q6_K_XL" | "Q6_K_L" | "Q6_K_M" => "Q6_K",
            "Q5_K_XL" => "Q5_K_M",
            "Q4_K_XL" => "Q4_K_M",
            "Q3_K_XL" => "Q3_K_M",
            "Q2_K_XL" => "Q2_K",
            "TQ2_0" => "IQ2_XXS",
            "TQ1_0" => "IQ1_S",
            other => other,
        })
    })
}

/// Tensors of a model, from which its shape and the sizes in each quantisation follow.
pub struct Sizes<'a> {
    model: &'a Model,
    parts: Vec<Part>,
}

impl Sizes<'_> {
    /// Returns the model's shape, as [`Model::shape`] does.
    pub fn shape(&self) -> Shape {
        self.model.dimensions.shape_of(&self.parts).expect("the embedded registry is checked by a test")
    }

    /// Tensor sizes at `quant`, which need not be published; `None` where no rule goes by that name. Exact
    /// where the file follows llama.cpp's rules; where its publisher chose types of his own, the published
    /// size, spread over the layers as the nearest rule does.
    pub fn weights(&self, quant: &str) -> Option<Weights> {
        let of = |quant: &str, imatrix| self.model.dimensions.weights_of(&self.parts, quant, imatrix);
        let Some((repository, file)) = self.model.file(quant) else { return of(quant, false) };
        if !repository.own {
            return of(quant, repository.imatrix);
        }
        let (_, most) = file.size.as_ref()?.range()?;
        let nearest = of(rule_near(quant)?.name(), repository.imatrix)?;
        let tensors = (most as u64).saturating_sub(self.model.beside_bytes.unwrap_or(0));
        Some(nearest.scaled_to(&file.quant, tensors))
    }
}

impl Model {
    /// Returns whether it is for that task.
    pub fn has_use(&self, wanted: Use) -> bool {
        self.uses.contains(&wanted)
    }

    /// Answers in words: neither an embedding model nor a reranker.
    pub fn is_chat(&self) -> bool {
        self.has_use(Use::Chat) || self.has_use(Use::Code)
    }

    /// Where its files come from: the first repository with quantisations, else the original one.
    pub fn repository(&self) -> &str {
        self.published.first().map_or(&self.origin, |published| &published.repository)
    }

    /// Returns what the planner needs of its dimensions. Every embedded model has a shape, which a test
    /// holds.
    pub fn shape(&self) -> Shape {
        self.dimensions.shape().expect("the embedded registry is checked by a test")
    }

    /// Elements of all tensors.
    pub fn parameters(&self) -> u64 {
        self.elements[0]
    }

    /// Elements of the tensors that one token is multiplied with: a part of the experts, no embedding.
    pub fn active_parameters(&self) -> u64 {
        self.elements[1]
    }

    /// Returns its tensors' sizes in any quantisation.
    pub fn sizes(&self) -> Sizes<'_> {
        Sizes { model: self, parts: self.dimensions.parts() }
    }

    /// Tensor sizes at `quant`, as [`Sizes`] has them.
    pub fn weights(&self, quant: &str) -> Option<Weights> {
        self.sizes().weights(quant)
    }

    /// Every published file with its repository, the first repository's first.
    pub fn files(&self) -> impl Iterator<Item = (&Repository, &PublishedFile)> {
        self.published
            .iter()
            .flat_map(|repository| repository.files.iter().map(move |file| (repository, file)))
    }

    /// The file to take for `quant`: of a publisher who follows llama.cpp's rules where there is one, else
    /// of one whose size is known.
    pub fn file(&self, quant: &str) -> Option<(&Repository, &PublishedFile)> {
        let named = || self.files().filter(|(_, file)| file.quant.eq_ignore_ascii_case(quant));
        let sized = |file: &PublishedFile| file.size.is_some() && rule_near(&file.quant).is_some();
        let by_rule = named().find(|(repository, _)| !repository.own);
        by_rule.or_else(|| named().find(|(_, file)| sized(file)))
    }

    /// Bytes of a file at `quant`: as published where that was seen, else by arithmetic.
    pub fn size_bytes(&self, quant: &str) -> Option<u64> {
        self.published_bytes(quant).or_else(|| Some(self.bytes_around(&self.weights(quant)?)))
    }

    /// Bytes of the published file at `quant`, where they were seen.
    pub fn published_bytes(&self, quant: &str) -> Option<u64> {
        self.file(quant).and_then(|(_, file)| file.size_bytes())
    }

    /// Bytes of a file with these weights.
    pub fn bytes_around(&self, weights: &Weights) -> u64 {
        weights.total_bytes + self.beside_bytes.unwrap_or(0)
    }

    /// Published quantisations, best quality first.
    pub fn published_quants(&self) -> Vec<&str> {
        let known = |quant: &str| rule_near(quant).filter(|_| self.file(quant).is_some());
        let quants = self.files().map(|(_, file)| file.quant.as_str());
        let mut quants: Vec<(u8, &str)> =
            quants.filter_map(|quant| Some((known(quant)? as u8, quant))).collect();
        quants.sort_unstable();
        quants.dedup();
        quants.into_iter().map(|(_, quant)| quant).collect()
    }

    /// Published quantisations that fit `asked`: an exact name (`Q4_K_M`), or bits (`4-bit`).
    /// A recipe's name without a published file is accepted as asked. Nothing fits: exit 2.
    pub fn quants(&self, asked: Option<&str>) -> Result<Vec<String>> {
        let published = self.published_quants();
        let is_step = |quant: &&str| STEPS.iter().any(|step| step.name() == *quant);
        let mut steps: Vec<&str> = published.iter().copied().filter(is_step).collect();
        if steps.is_empty() {
            steps.clone_from(&published);
        }
        let owned = |quants: Vec<&str>| quants.into_iter().map(str::to_string).collect::<Vec<_>>();
        let Some(asked) = asked.filter(|asked| *asked != "auto") else {
            return if steps.is_empty() { Err(self.unpublished()) } else { Ok(owned(steps)) };
        };
        if let Some(bits) = asked.strip_suffix("-bit").and_then(|bits| bits.parse::<u64>().ok()) {
            for quants in [&steps, &published] {
                let fitting: Vec<&str> =
                    quants.iter().copied().filter(|quant| nominal_bits(quant) == Some(bits)).collect();
                if !fitting.is_empty() {
                    return Ok(owned(fitting));
                }
            }
        }
        if let Some(quant) = published.iter().find(|quant| quant.eq_ignore_ascii_case(asked)) {
            return Ok(vec![quant.to_string()]);
        }
        if let Some(mix) = Mix::by_name(asked) {
            return Ok(vec![mix.name().to_string()]);
        }
        Err(Failure::usage(format!("no quantisation {asked:?} of {} is known", self.id))
            .hint(format!("published: {}; also F16, or bits such as 4-bit", published.join(", ")))
            .into())
    }

    fn unpublished(&self) -> anyhow::Error {
        Failure::usage(format!("no published file of {} is known", self.id))
            .hint("name a quantisation that you will make (--quant Q4_K_M), or a repository: --model hf:owner/repository:quant")
            .into()
    }
}
