//! The hardware levels as a page.

use super::page::fill;
use crate::error::Result;
use crate::plan::levels::{Levels, Texts};
use crate::units::rate;
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
pub fn levels(levels: &Levels, texts: &Texts) -> Result<String> {
    let named = |key: &str| texts.verdicts.get(key).cloned().unwrap_or_default();
    let section = |profile: &crate::plan::levels::OfProfile| Section {
        title: profile.title.clone(),
        profile: profile.profile.clone(),
        models: profile
            .models
            .iter()
            .map(|model| Cell {
                model: model.model.clone(),
                quant: model.quant.clone(),
                verdict: model.verdict.name(),
                name: named(model.verdict.name()),
                context: format!("{} × {}", model.slots, model.n_ctx / model.slots.max(1)),
                speed: match (model.decode_low, model.decode_high) {
                    (Some(low), Some(high)) => format!("{} to {}", rate(low), rate(high)),
                    _ => "–".to_string(),
                },
                reasons: model.reasons.join("; "),
            })
            .collect(),
    };
    let all: Vec<(String, Vec<Section>)> = levels
        .levels
        .iter()
        .map(|level| (level.title.clone(), level.profiles.iter().map(section).collect()))
        .collect();
    let mut context = tera::Context::new();
    context.insert("texts", &Words::of(texts));
    context.insert("levels", &all);
    fill("levels.html", &context)
}

/// The page's own words.
#[derive(Serialize)]
struct Words<'a> {
    title: &'a str,
    intro: &'a str,
    columns: &'a std::collections::BTreeMap<String, String>,
}

impl<'a> Words<'a> {
    fn of(texts: &'a Texts) -> Words<'a> {
        Words { title: &texts.title, intro: &texts.intro, columns: &texts.columns }
    }
}
