//! Finds the model that a name means. The files are text until one is asked for: a plan reads one of them.

use super::entry::{Model, Use};
use super::names::{nearest, squeezed};
use super::outline::Outline;
use crate::error::{Failure, Result};
use crate::model::recipe::Mix;

/// Id and text of each, by id.
const MODELS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/models.rs"));

/// Every id, in the alphabet's order.
pub fn ids() -> impl Iterator<Item = &'static str> {
    MODELS.iter().map(|(id, _)| *id)
}

/// Every model.
pub fn all() -> impl Iterator<Item = Model> {
    MODELS.iter().map(|(_, text)| read(text))
}

/// The outline of every model: a small part of the work of reading them whole.
pub fn outlines() -> impl Iterator<Item = Outline> {
    MODELS.iter().map(|(id, text)| Outline::read(id, text))
}

fn read(text: &str) -> Model {
    toml::from_str(text).expect("the embedded registry is checked by a test")
}

/// The aliases of a model's file, without reading the rest of it.
fn aliases(text: &str) -> impl Iterator<Item = &str> {
    let line = text.lines().find_map(|line| line.strip_prefix("aliases = ["));
    line.into_iter().flat_map(|line| line.split('"').skip(1).step_by(2))
}

/// The model called `name`: its id or an alias, without regard to case, signs and alphabet.
pub fn lookup(name: &str) -> Option<Model> {
    let wanted = squeezed(name);
    let is = |known: &str| squeezed(known) == wanted;
    let by_id = MODELS.iter().find(|(id, _)| is(id));
    by_id.or_else(|| MODELS.iter().find(|(_, text)| aliases(text).any(is))).map(|(_, text)| read(text))
}

/// The model called `name`. Unknown: exit 2 with the nearest names.
pub fn find(name: &str) -> Result<Model> {
    lookup(name).ok_or_else(|| unknown(name, |_| true).into())
}

/// A model and a quantisation in one name, as ollama and others write it: `mistral-7b:Q4_K_M`,
/// `llama3.1:8b-instruct-q4_K_M`, `saiga-8b-q4_0`. Unknown: exit 2 with the nearest names.
pub fn named(name: &str) -> Result<(Model, Option<&'static str>)> {
    if let Some(model) = lookup(name) {
        return Ok((model, None));
    }
    let lower = name.to_lowercase();
    let cuts = lower.rmatch_indices([':', '-', '.']).map(|(at, _)| (&lower[..at], &lower[at + 1..]));
    for (before, quant) in cuts {
        let Some(mix) = mix(quant) else { continue };
        // Tags of ollama say what a model is tuned for; the registry knows the tuned ones by their short names.
        let tuned = ["-instruct", "-it", "-chat"].iter().find_map(|word| before.strip_suffix(word));
        if let Some(model) = lookup(before).or_else(|| lookup(tuned?)) {
            return Ok((model, Some(mix.name())));
        }
    }
    let tuned = ["-instruct", "-it", "-chat"].iter().find_map(|word| lower.strip_suffix(word));
    match tuned.and_then(lookup) {
        Some(model) => Ok((model, None)),
        None => Err(unknown(name, |_| true).into()),
    }
}

fn mix(name: &str) -> Option<Mix> {
    match name.to_ascii_lowercase().as_str() {
        "q4" => Some(Mix::Q4_K_M),
        "q5" => Some(Mix::Q5_K_M),
        "q6" => Some(Mix::Q6_K),
        "q8" => Some(Mix::Q8_0),
        "fp16" => Some(Mix::F16),
        other => Mix::by_name(other),
    }
}

/// The embedding model called `name`. Any other: exit 2 with the known names.
pub fn embedder(name: &str) -> Result<Model> {
    if let Some(model) = lookup(name).filter(|model| model.has_use(Use::Embedding)) {
        return Ok(model);
    }
    let embeds =
        |text: &str| text.lines().any(|line| line.starts_with("uses = ") && line.contains("embedding"));
    let failure = unknown(name, embeds);
    Err(failure.into())
}

fn unknown(name: &str, among: impl Fn(&str) -> bool) -> Failure {
    let candidates = || MODELS.iter().filter(|(_, text)| among(text));
    let names = candidates().flat_map(|(id, text)| std::iter::once(*id).chain(aliases(text)));
    let near = nearest(name, names);
    if name.contains(':') && near.is_empty() {
        return Failure::usage(english!("error-no-model", name = format!("{name:?}"))).hint(
            "a name of ollama's is known where its model is (`agi-provision models`); else give the publisher's \
             repository: --model hf:owner/repository:quant",
        );
    }
    let hint = match near.is_empty() {
        true => english!("hint-no-model"),
        false => english!("hint-near-model", near = near.join(" or ")),
    };
    Failure::usage(english!("error-no-model", name = format!("{name:?}"))).hint(hint)
}
