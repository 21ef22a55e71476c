//! Plans every level of hardware: each profile with each model of the registry, judged by the same
//! rule as a plan, and what each model's memory comes to beside the mission document's own ranges.

use super::document::{Verdict, Workload};
use super::ledger::{Graphs, Logits, Subject};
use super::placement::Placement;
use super::request::{Fixed, ModelChoice, Request};
use super::together::{self, Compared, Together};
use super::verdict::{COMFORT_CONTEXT, COMFORT_SLOTS, LEAST_CONTEXT};
use crate::engine::llama_cpp::build::Build;
use crate::error::{Context, Result};
use crate::hardware::offers::Rates;
use crate::hardware::profiles::{self, Profile};
use crate::lang::{Sentence, Value};
use crate::model::registry::{self, Model};
use serde::{Deserialize, Serialize};

/// Models, levels and claims that are judged: `profiles/levels.toml`, compiled in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// The registry's models that levels are judged by.
    pub models: Vec<String>,
    /// Levels, smallest first.
    pub level: Vec<LevelOf>,
    /// Claims of the mission's document, in its order.
    pub claim: Vec<ClaimOf>,
    /// Memory ranges of the mission's document.
    pub range: Vec<Range>,
    /// Several machines for one large model.
    pub together: Compared,
}

/// One thing the document says of what runs where.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimOf {
    /// Id of the profile that stands for the document's hardware.
    pub profile: String,
    /// Id of the model in the registry.
    pub model: String,
    /// Quantisation, as for `--quant`; `None`: the best that runs.
    pub quant: Option<String>,
    /// Number of slots; `None`: the planner's choice.
    pub slots: Option<u64>,
    /// Names the message `claim-NOTE`.
    pub note: String,
}

/// One level of hardware.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelOf {
    /// Names the message `level-KEY`, its title.
    pub key: String,
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

impl Scale {
    /// Returns the one that is compiled in.
    pub fn embedded() -> Scale {
        let text = include_str!("../../profiles/levels.toml");
        toml::from_str(text).expect("the embedded levels are checked by a test")
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
    /// Several machines for one large model.
    pub together: Together,
}

/// Claim of the mission's document about a profile, and ours.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// Id of the profile.
    pub profile: String,
    /// Claim, as it is shown.
    pub note: Sentence,
    /// Result of the planner for the same model on that profile.
    #[serde(flatten)]
    pub ours: OfModel,
}

/// One level of hardware.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Level {
    /// Title of the level.
    pub title: Sentence,
    /// Results of its profiles.
    pub profiles: Vec<OfProfile>,
}

/// Results of one profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfProfile {
    /// Id of the profile.
    pub profile: String,
    /// Title of the profile.
    pub title: Sentence,
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
    pub reasons: Vec<Sentence>,
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
    /// Reason for a difference, or that there is none; `None` without a range.
    pub why: Option<Sentence>,
}

/// Place of the document's range beside ours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Agrees,
    Below,
    Above,
}

impl Memory {
    /// `None`: the document has no range.
    fn beside(&self) -> Option<Beside> {
        let [low, high] = self.document_gb?;
        let gb = |bytes: u64| bytes as f64 / 1e9;
        // The document gives whole gigabytes.
        Some(if high + 0.5 < gb(self.low_bytes) {
            Beside::Below
        } else if low - 0.5 > gb(self.high_bytes) {
            Beside::Above
        } else {
            Beside::Agrees
        })
    }
}

/// Plans every profile, claim and model of `scale`. An unknown model or profile: exit 2; a model
/// without an F16 and a Q4_K_M recipe: exit 1.
pub fn levels(scale: &Scale, build: &'static Build) -> Result<Levels> {
    let models = scale.models.iter().map(|id| registry::find(id)).collect::<Result<Vec<_>>>()?;
    let mut levels = Vec::new();
    for level in &scale.level {
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
                title: Sentence::new(format!("profile-{id}"), Vec::new()),
                comfort: of(Verdict::Comfort),
                compromise: of(Verdict::Compromise),
                impossible: of(Verdict::Impossible),
                models,
            });
        }
        levels.push(Level {
            title: Sentence::new(format!("level-{}", level.key), Vec::new()),
            profiles: of_profiles,
        });
    }
    let claims = scale.claim.iter().map(|claim| {
        let fixed = Fixed { quant: claim.quant.is_some(), slots: claim.slots, ..Fixed::default() };
        let (model, profile) = (registry::find(&claim.model)?, profiles::find(&claim.profile)?);
        let ours = judge(&model, &profile, claim.quant.as_deref(), fixed, build)?;
        let note = Sentence::new(format!("claim-{}", claim.note), Vec::new());
        Ok(Claim { profile: claim.profile.clone(), note, ours })
    });
    let claims = claims.collect::<Result<_>>()?;
    let memory = models
        .iter()
        .flat_map(|model| ["F16", "Q4_K_M"].map(|quant| memory(scale, model, quant, build)))
        .collect::<Option<Vec<_>>>()
        .context("the registry's models have an F16 and a Q4_K_M recipe")?;
    let together = together::together(&scale.together)?;
    Ok(Levels { build: build.id.clone(), levels, claims, memory, together })
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

fn memory(scale: &Scale, model: &Model, quant: &str, build: &Build) -> Option<Memory> {
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
    let range = scale.range.iter().find(|range| range.model == model.id);
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
    let one_decimal = |number: f64| Value::figure(format!("{number:.1}"));
    let low = memory.document_gb.map_or(0.0, |[low, _]| low);
    memory.why = memory.beside().map(|beside| match beside {
        Beside::Agrees => sentence!("levels-why-agrees"),
        Beside::Below => sentence!(
            "levels-why-below",
            parameters = one_decimal(weights.parameters as f64 / 1e9),
            weights = one_decimal(weights.total_bytes as f64 / 1e9),
        ),
        Beside::Above => {
            let (tokens, low) =
                (context_for(low * 1e9, |tokens| bytes(1, tokens)), Value::figure(low.to_string()));
            match tokens > trained {
                true => sentence!("levels-why-above-trained", low = low, tokens = tokens, trained = trained),
                false => sentence!("levels-why-above", low = low, tokens = tokens),
            }
        }
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
        LazyLock::new(|| levels(&Scale::embedded(), build::find(build::DEFAULT).unwrap()).unwrap());

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
    fn a_profile_has_the_title_of_its_row() {
        for profile in LEVELS.levels.iter().flat_map(|level| &level.profiles) {
            assert_eq!(profile.title, *profiles::find(&profile.profile).unwrap().title);
        }
    }

    #[test]
    fn the_documents_f16_ranges_of_the_large_models_lie_below_the_arithmetic() {
        let levels = &*LEVELS;
        for id in ["llama-30b", "llama-65b"] {
            let row = levels.memory.iter().find(|m| m.model == id && m.quant == "F16").unwrap();
            assert!(row.beside() == Some(Beside::Below), "{row:?}");
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
