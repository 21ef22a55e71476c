//! The hardware levels as a page.

use super::page::fill;
use crate::error::Result;
use crate::lang::Lang;
use crate::plan::levels::{Levels, OfModel, OfProfile};
use crate::report::levels::{model_heads, of_model};
use serde::Serialize;

/// One model on one profile.
#[derive(Serialize)]
struct Cell {
    model: String,
    quant: String,
    verdict: &'static str,
    /// The verdict's name in the page's language.
    name: String,
    context: String,
    speed: String,
    reasons: String,
}

/// One profile with its models.
#[derive(Serialize)]
struct Section {
    title: String,
    profile: String,
    models: Vec<Cell>,
}

/// Returns the page.
pub fn levels(levels: &Levels, lang: Lang) -> Result<String> {
    let section = |profile: &OfProfile| Section {
        title: profile.title.told(lang),
        profile: profile.profile.clone(),
        models: profile.models.iter().map(|model| cell(model, lang)).collect(),
    };
    let all: Vec<(String, Vec<Section>)> = levels
        .levels
        .iter()
        .map(|level| (level.title.told(lang), level.profiles.iter().map(section).collect()))
        .collect();
    let mut context = tera::Context::new();
    context.insert("lang", lang.code());
    context.insert("title", &tr!(lang, "levels-title"));
    context.insert("intro", &tr!(lang, "levels-intro"));
    context.insert("columns", &model_heads(lang));
    context.insert("levels", &all);
    fill("levels.html", &context)
}

fn cell(of: &OfModel, lang: Lang) -> Cell {
    let [model, name, quant, context, speed, reasons] = of_model(of, lang);
    let speed = if speed == "-" { "–".to_string() } else { speed };
    Cell { model, quant, verdict: of.verdict.name(), name, context, speed, reasons }
}
