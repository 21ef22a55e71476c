//! Plans every level of hardware: each profile with each model of the registry, judged by the same
//! rule as a plan, and what each model's memory comes to beside the mission document's own ranges.

use super::document::{Verdict, Workload};
use super::ledger::{Graphs, Logits, Subject};
use super::placement::Placement;
use super::request::{Fixed, ModelChoice, Request};
use super::verdict::{COMFORT_CONTEXT, COMFORT_SLOTS, LEAST_CONTEXT};
use crate::engine::llama_cpp::build::Build;
use crate::error::{Context, Result};
use crate::hardware::offers::Rates;
use crate::hardware::profiles::{self, Profile};
use crate::model::registry::{self, Model};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The texts of one language: `profiles/levels.en.toml`, compiled in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// The registry's models that levels are judged by.
    pub models: Vec<String>,
    /// Title of the page.
    pub title: String,
    /// Paragraph below the title.
    pub intro: String,
    /// Heading of the memory table.
    pub memory_title: String,
    /// Paragraph above the memory table; `{build}` stands for the id of the llama.cpp build.
    pub memory_intro: String,
    /// Heading of the table of claims.
    pub claims_title: String,
    /// Paragraph above the table of claims.
    pub claims_intro: String,
    /// By verdict, before the models that have it.
    pub summaries: BTreeMap<String, String>,
    /// Stands where no model has a verdict.
    pub nothing: String,
    /// Column heads of the table of claims, by key.
    pub claim_columns: BTreeMap<String, String>,
    /// Names of the verdicts in tables, by key: `comfort`, `compromise`, `impossible`.
    pub verdicts: BTreeMap<String, String>,
    /// Column heads of a profile's table of models, by key.
    pub columns: BTreeMap<String, String>,
    /// Column heads of the memory table, by key.
    pub memory_columns: BTreeMap<String, String>,
    /// Sentences of [`Memory::why`], by key: `agrees`, `below`, `above`, `above_trained`. The code fills in
    /// `{weights}`, `{parameters}`, `{low}`, `{tokens}` and `{trained}`.
    pub why: BTreeMap<String, String>,
    /// Levels, smallest first.
    pub level: Vec<LevelText>,
    /// Claims of the mission's document, in its order.
    pub claim: Vec<ClaimText>,
    /// Memory ranges of the mission's document.
    pub range: Vec<Range>,
}

/// One thing the document says of what runs where.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimText {
    /// Id of the profile that stands for the document's hardware.
    pub profile: String,
    /// Id of the model in the registry.
    pub model: String,
    /// Quantisation, as for `--quant`; `None`: the best that runs.
    pub quant: Option<String>,
    /// Number of slots; `None`: the planner's choice.
    pub slots: Option<u64>,
    /// Claim, as it is shown.
    pub note: String,
}

/// One level of hardware, as the texts name it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelText {
    /// Title of the level.
    pub title: String,
    /// Ids of its profiles.
    pub profiles: Vec<String>,
}

/// The document's range for a model, GB.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Id of the model in the registry.
    pub model: String,
    /// Least and most memory in F16, GB.
    pub f16: [f64; 2],
    /// Least and most memory at 4 bits, GB.
    pub four_bit: [f64; 2],
}

impl Texts {
    /// Returns the English texts, which are compiled in.
    pub fn english() -> Texts {
        let text = include_str!("../../profiles/levels.en.toml");
        toml::from_str(text).expect("the embedded texts are checked by a test")
    }
}

/// Result of [`levels`], in the form of the JSON of the command `levels`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Levels {
    /// Id of the llama.cpp build that was planned with.
    pub build: String,
    /// Levels, smallest first.
    pub levels: Vec<Level>,
    /// Claims of the mission's document, in its order.
    pub claims: Vec<Claim>,
    /// Memory of every model, once in F16 and once in Q4_K_M.
    pub memory: Vec<Memory>,
}

/// Claim of the mission's document about a profile, and ours.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// Id of the profile.
    pub profile: String,
    /// Claim, as it is shown.
    pub note: String,
    /// Result of the planner for the same model on that profile.
    #[serde(flatten)]
    pub ours: OfModel,
}

/// One level of hardware.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Level {
    /// Title of the level.
    pub title: String,
    /// Results of its profiles.
    pub profiles: Vec<OfProfile>,
}

/// Results of one profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfProfile {
    /// Id of the profile.
    pub profile: String,
    /// Title of the profile.
    pub title: String,
    /// The models by verdict, smallest first.
    pub comfort: Vec<String>,
    /// Models that run as a compromise.
    pub compromise: Vec<String>,
    /// Models that do not run.
    pub impossible: Vec<String>,
    /// Result of each model, smallest first.
    pub models: Vec<OfModel>,
}

/// The best that a profile does with a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfModel {
    /// Id of the model in the registry.
    pub model: String,
    /// Verdict of the plan.
    pub verdict: Verdict,
    /// Quantisation of the plan.
    pub quant: String,
    /// Number of slots.
    pub slots: u64,
    /// Context of all slots together, tokens.
    pub n_ctx: u64,
    /// tokens/s; `None` where it does not run.
    pub decode_low: Option<f64>,
    /// Decode speed at the high end, tokens/s; `None` where it does not run.
    pub decode_high: Option<f64>,
    /// Things given up, or why it does not run; one sentence each.
    pub reasons: Vec<String>,
}

/// A model's memory on one device, bytes, and the document's range, GB.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Memory {
    /// Id of the model in the registry.
    pub model: String,
    /// `F16` or `Q4_K_M`.
    pub quant: String,
    /// Weights alone, bytes.
    pub weights_bytes: u64,
    /// One slot of the fewest tokens.
    pub low_bytes: u64,
    /// The comfort workload.
    pub high_bytes: u64,
    /// Least and most memory that the document gives, GB; `None` if it does not name the model.
    pub document_gb: Option<[f64; 2]>,
    /// Reason for a difference, or that there is none, in the texts' language; `None` without a range.
    pub why: Option<String>,
}

impl Memory {
    /// Key of the text under `why` that explains the difference.
    fn key(&self) -> Option<&'static str> {
        let [low, high] = self.document_gb?;
        let gb = |bytes: u64| bytes as f64 / 1e9;
        // The document gives whole gigabytes.
        Some(if high + 0.5 < gb(self.low_bytes) {
            "below"
        } else if low - 0.5 > gb(self.high_bytes) {
            "above"
        } else {
            "agrees"
        })
    }
}

/// Plans every profile, claim and model that `texts` names. An unknown model or profile: exit 2; a model
/// without an F16 and a Q4_K_M recipe: exit 1.
pub fn levels(texts: &Texts, build: &'static Build) -> Result<Levels> {
    let models = texts.models.iter().map(|id| registry::find(id)).collect::<Result<Vec<_>>>()?;
    let mut levels = Vec::new();
    for level in &texts.level {
        let mut of_profiles = Vec::new();
        for id in &level.profiles {
            let profile = profiles::find(id)?;
            let judge = |model| judge(model, &profile, None, Fixed::default(), build);
            let models: Vec<OfModel> = models.iter().map(judge).collect::<Result<_>>()?;
            let of = |verdict: Verdict| {
                models.iter().filter(|m| m.verdict == verdict).map(|m| m.model.clone()).collect()
            };
            of_profiles.push(OfProfile {
                profile: id.clone(),
                title: profile.title.clone(),
                comfort: of(Verdict::Comfort),
                compromise: of(Verdict::Compromise),
                impossible: of(Verdict::Impossible),
                models,
            });
        }
        levels.push(Level { title: level.title.clone(), profiles: of_profiles });
    }
    let claims = texts.claim.iter().map(|claim| {
        let fixed = Fixed { quant: claim.quant.is_some(), slots: claim.slots, ..Fixed::default() };
        let (model, profile) = (registry::find(&claim.model)?, profiles::find(&claim.profile)?);
        let ours = judge(&model, &profile, claim.quant.as_deref(), fixed, build)?;
        Ok(Claim { profile: claim.profile.clone(), note: claim.note.clone(), ours })
    });
    let claims = claims.collect::<Result<_>>()?;
    let memory = models
        .iter()
        .flat_map(|model| ["F16", "Q4_K_M"].map(|quant| memory(texts, model, quant, build)))
        .collect::<Option<Vec<_>>>()
        .context("the registry's models have an F16 and a Q4_K_M recipe")?;
    Ok(Levels { build: build.id.clone(), levels, claims, memory })
}

fn judge(
    model: &Model,
    profile: &Profile,
    quant: Option<&str>,
    fixed: Fixed,
    build: &'static Build,
) -> Result<OfModel> {
    // A level is about hardware: that a base model has no chat template is no reason here.
    let choice = ModelChoice { chat_template: None, ..ModelChoice::of_registry(model, quant)? };
    let plan = super::plan(&Request {
        model: choice,
        profiles: vec![profile.clone()],
        profile: Some(profile.id.clone()),
        offers: Vec::new(),
        containers: false,
        rates: Rates::default(),
        prefer: None,
        budget: None,
        fixed,
        rag: None,
        build,
    })?;
    let runs = plan.verdict != Verdict::Impossible;
    // Without other profiles to name, the last reason only says that there are none.
    let shown = if runs { plan.reasons.len() } else { plan.reasons.len().saturating_sub(1) };
    Ok(OfModel {
        model: model.id.clone(),
        verdict: plan.verdict,
        quant: plan.model.quant,
        slots: plan.workload.slots,
        n_ctx: plan.workload.n_ctx,
        decode_low: runs.then_some(plan.speed.decode_tok_s.low),
        decode_high: runs.then_some(plan.speed.decode_tok_s.high),
        reasons: plan.reasons[..shown].to_vec(),
    })
}

fn memory(texts: &Texts, model: &Model, quant: &str, build: &Build) -> Option<Memory> {
    let (shape, weights) = (model.shape(), model.weights(quant)?);
    let graphs = Graphs::default();
    let bytes = |slots: u64, tokens: u64| {
        let workload = Workload {
            n_ctx: slots * tokens,
            slots,
            kv_unified: false,
            kv_type_k: "f16".to_string(),
            kv_type_v: "f16".to_string(),
            flash_attn: true,
            batch: 2048,
            ubatch: 512,
        };
        let (logits, graphs) = (Logits::PerSlot, &graphs);
        let subject =
            Subject { shape: &shape, weights: &weights, workload: &workload, build, logits, graphs };
        let n_layer = shape.layers.len() as u64;
        let compute = subject.compute_bytes(&Placement::offload(n_layer, n_layer, &[1]));
        weights.total_bytes + subject.kv_bytes(0, n_layer) + compute[1]
    };
    let range = texts.range.iter().find(|range| range.model == model.id);
    let trained = shape.n_ctx_train;
    let mut memory = Memory {
        model: model.id.clone(),
        quant: quant.to_string(),
        weights_bytes: weights.total_bytes,
        low_bytes: bytes(1, LEAST_CONTEXT.min(trained)),
        high_bytes: bytes(COMFORT_SLOTS, COMFORT_CONTEXT.min(trained)),
        document_gb: range.map(|range| if quant == "F16" { range.f16 } else { range.four_bit }),
        why: None,
    };
    let mut key = memory.key();
    let low = memory.document_gb.map_or(0.0, |[low, _]| low);
    let tokens = if key == Some("above") { context_for(low * 1e9, |tokens| bytes(1, tokens)) } else { 0 };
    if tokens > trained {
        key = Some("above_trained");
    }
    memory.why = key.and_then(|key| texts.why.get(key)).map(|text| {
        text.replace("{weights}", &format!("{:.1}", weights.total_bytes as f64 / 1e9))
            .replace("{parameters}", &format!("{:.1}", weights.parameters as f64 / 1e9))
            .replace("{low}", &low.to_string())
            .replace("{tokens}", &tokens.to_string())
            .replace("{trained}", &trained.to_string())
    });
    Some(memory)
}

/// Tokens in one slot that first take `wanted` bytes, in steps of a padded context.
fn context_for(wanted: f64, bytes: impl Fn(u64) -> u64) -> u64 {
    const STEP: u64 = 256;
    let (mut low, mut high) = (1, (1 << 20) / STEP);
    while low < high {
        let middle = (low + high) / 2;
        if bytes(middle * STEP) as f64 >= wanted { high = middle } else { low = middle + 1 }
    }
    low * STEP
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::llama_cpp::build;
    use std::sync::LazyLock;

    static LEVELS: LazyLock<Levels> =
        LazyLock::new(|| levels(&Texts::english(), build::find(build::DEFAULT).unwrap()).unwrap());

    #[test]
    fn every_profile_stands_on_a_level_and_every_model_is_judged() {
        let levels = &*LEVELS;
        let listed: Vec<&String> =
            levels.levels.iter().flat_map(|l| &l.profiles).map(|p| &p.profile).collect();
        assert!(profiles::all().iter().all(|profile| listed.contains(&&profile.id)));
        let of = |profile: &str, model: &str| {
            let all = levels.levels.iter().flat_map(|l| &l.profiles);
            let found = all.filter(|p| p.profile == profile).flat_map(|p| &p.models);
            found.filter(|m| m.model == model).map(|m| m.verdict).next().unwrap()
        };
        assert_eq!(of("laptop-cpu-16gb", "phi-2"), Verdict::Comfort);
        assert_eq!(of("laptop-cpu-16gb", "llama-65b"), Verdict::Impossible);
        assert_eq!(of("gpu-24gb", "saiga-13b"), Verdict::Comfort);
        assert_eq!(of("2xa100-nvlink", "llama-65b"), Verdict::Comfort);
    }

    #[test]
    fn the_documents_f16_ranges_of_the_large_models_lie_below_the_arithmetic() {
        let levels = &*LEVELS;
        for id in ["llama-30b", "llama-65b"] {
            let row = levels.memory.iter().find(|m| m.model == id && m.quant == "F16").unwrap();
            assert_eq!(row.key(), Some("below"), "{row:?}");
            assert!(row.why.as_ref().unwrap().contains("weights alone"), "{row:?}");
        }
        assert!(levels.memory.iter().all(|row| row.low_bytes > row.weights_bytes));
    }

    #[test]
    fn every_difference_has_its_reason_and_a_context_that_fills_it() {
        let levels = &*LEVELS;
        for row in &levels.memory {
            assert_eq!(row.why.is_some(), row.document_gb.is_some(), "{row:?}");
            assert!(row.why.as_ref().is_none_or(|why| !why.contains(['{', '}'])), "{row:?}");
        }
        let mistral = levels.memory.iter().find(|m| m.model == "mistral-7b" && m.quant == "F16").unwrap();
        // 14.5 GB of weights and 128 KiB a token: 20 GB lie beyond the 32768 tokens it was trained for.
        let why = mistral.why.as_ref().unwrap();
        assert!(why.contains("its 20 GB") && why.contains("trained for 32768"), "{why}");
        assert_eq!(context_for(10_000.0, |tokens| 10 * tokens), 1024);
    }

    #[test]
    fn every_model_that_the_document_calls_runnable_fits() {
        let levels = &*LEVELS;
        for claim in &levels.claims {
            assert_ne!(claim.ours.verdict, Verdict::Impossible, "{claim:?}");
        }
        let of = |profile: &str, model: &str| {
            levels.claims.iter().find(|c| c.profile == profile && c.ours.model == model).unwrap()
        };
        assert_eq!(of("gpu-16gb", "saiga-13b").ours.verdict, Verdict::Compromise);
        assert_eq!(of("gpu-24gb", "mistral-7b").ours.quant, "F16");
    }

    #[test]
    fn a_profiles_models_are_in_one_list_each() {
        let levels = &*LEVELS;
        for profile in levels.levels.iter().flat_map(|level| &level.profiles) {
            let lists = [&profile.comfort, &profile.compromise, &profile.impossible];
            assert_eq!(lists.map(Vec::len).iter().sum::<usize>(), profile.models.len());
        }
    }
}
