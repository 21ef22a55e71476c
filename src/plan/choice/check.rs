//! Refuses what cannot be planned at all: usage errors, before any candidate is tried.

use super::candidates::workloads;
use crate::error::{Failure, Result};
use crate::model::tensor_type::TensorType;
use crate::plan::ledger::refusal;
use crate::plan::placement;
use crate::plan::request::Request;

/// Errors: a value out of range, or a combination that llama.cpp refuses.
pub(super) fn check(request: &Request) -> Result<()> {
    let fixed = &request.fixed;
    if let Some(name) = &fixed.kv_type
        && !TensorType::CACHE.contains(&name.as_str())
    {
        let hint = format!("llama-server accepts {}", TensorType::CACHE.join(", "));
        return Err(Failure::usage(format!("{name:?} is not a KV cache type")).hint(hint).into());
    }
    let limits = [
        ("context", fixed.n_ctx, 1 << 24),
        ("slots", fixed.slots, 256),
        ("batch", fixed.batch, 1 << 16),
        ("ubatch", fixed.ubatch, 1 << 16),
    ];
    for (what, value, most) in limits {
        if let Some(value) = value.filter(|n| *n == 0 || *n > most) {
            return Err(Failure::usage(format!("{what} {value} is not between 1 and {most}"))
                .hint("leave it out, and the plan chooses it")
                .into());
        }
    }
    if let Some(why) = refusal(&request.model.shape, &workloads(request)[0]) {
        return Err(Failure::usage(why)
            .hint("choose another --kv-type or --flash-attn; f16 always works")
            .into());
    }
    let refused = placement::refusal(&request.model.shape, &workloads(request)[0], fixed, request.build);
    if let Some(why) = refused {
        return Err(Failure::usage(why)
            .hint("leave --split-mode and --n-cpu-moe out: the plan then places the model itself")
            .into());
    }
    let least = placement::least_gpus(fixed);
    let named = request.profiles.iter().find(|profile| request.profile.as_ref() == Some(&profile.id));
    if let Some(profile) = named.filter(|profile| profile.gpus.len() < least) {
        let have = match profile.gpus.len() {
            0 => "no GPU",
            _ => "one GPU",
        };
        return Err(Failure::usage(format!("{} has {have}, and what was asked needs {least}", profile.id))
            .hint("`agi-provision profiles` lists profiles with more; or leave --split-mode and --n-cpu-moe out")
            .into());
    }
    let on_offer = |offer: &crate::hardware::offers::Offer| {
        offer.machine.gpus.as_ref().is_some_and(|gpus| gpus.count as usize >= least)
    };
    let classes = request.profiles.iter().any(|profile| profile.gpus.len() >= least);
    if !classes && !request.offers.iter().any(on_offer) {
        return Err(Failure::usage(format!(
            "no known machine has {least} GPUs, and what was asked needs them"
        ))
        .hint("`agi-provision profiles` and `agi-provision offers` list what is known")
        .into());
    }
    if request.model.variants.is_empty() {
        return Err(Failure::usage(format!("no quantisation of {} is known", request.model.id))
            .hint("name one with --quant, or the file itself with --model FILE.gguf")
            .into());
    }
    Ok(())
}
