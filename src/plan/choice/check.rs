//! Refuses what cannot be planned at all: usage errors, before any candidate is tried.

use super::candidates::workloads;
use super::machines::{named, paged_refusal};
use crate::engine::split::SplitMode;
use crate::error::{Failure, Result};
use crate::model::registry;
use crate::model::tensor_type::TensorType;
use crate::plan::ledger::refusal;
use crate::plan::placement;
use crate::plan::request::Request;

/// Refuses what the engine does not do, and a machine whose cards it does not work with.
fn engine(request: &Request) -> Result<()> {
    let fixed = &request.fixed;
    let Some((engine, _)) = fixed
        .engine
        .and_then(|engine| Some((engine, engine.container().filter(|container| container.only)?)))
    else {
        return Ok(());
    };
    let name = engine.name();
    let of_others = [
        (request.rag.is_some(), "--rag", "serves no embedding model beside the other"),
        (fixed.n_cpu_moe.is_some(), "--n-cpu-moe", "leaves nothing on the CPU"),
        (fixed.kv_unified, "--kv-unified", "has one cache for all requests anyway"),
        (fixed.flash_attn.is_some(), "--flash-attn", "chooses its attention itself"),
        (
            fixed.split_mode == Some(SplitMode::Layer),
            "--split-mode layer",
            "shares every matrix among its cards",
        ),
        (fixed.expose.is_some(), "--expose", "answers requests outside of /v1 without a key"),
        (
            fixed.kv_type.as_ref().is_some_and(|name| name != "f16"),
            "--kv-type",
            "caches in the model's own type here",
        ),
    ];
    if let Some((_, flag, why)) = of_others.into_iter().find(|(asked, ..)| *asked) {
        return Err(Failure::usage(format!("{name} {why}")).hint(format!("leave {flag} out")).into());
    }
    let named = named(request, |_| true)
        .and_then(|machine| Some((machine.name(), paged_refusal(request, &machine.profile)?)));
    match named {
        Some((machine, why)) => {
            Err(Failure::usage(format!("{machine} cannot serve {} with {name}: {why}", request.model.id))
                .hint(instead(request))
                .into())
        }
        None => Ok(()),
    }
}

/// The GGUF that would do on such a machine: of the registry's model with the same dimensions, or of the same model.
fn instead(request: &Request) -> String {
    let engine = crate::engine::default().name();
    let shape = &request.model.shape;
    let same = registry::all().find(|model| {
        let d = &model.dimensions;
        let layers = d.n_layer == shape.layers.len() as u64 && d.architecture == shape.architecture;
        let heads = (d.n_head, d.heads_kv()) == (shape.n_head, shape.heads_kv());
        layers && heads && (d.n_embd, d.n_ff, d.n_vocab) == (shape.n_embd, shape.n_ff, shape.n_vocab)
    });
    match same {
        Some(model) => format!(
            "a GGUF of the same dimensions would do: --model {} --quant Q4_K_M --engine {engine}",
            model.id
        ),
        None => format!("a GGUF of the same model would do: --model FILE.gguf --engine {engine}"),
    }
}

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
    let workload = &workloads(request)[0];
    if let Some(why) = refusal(&request.model.shape, workload) {
        return Err(Failure::usage(why)
            .hint("choose another --kv-type or --flash-attn; f16 always works")
            .into());
    }
    let refused = placement::refusal(&request.model.shape, workload, fixed, request.build);
    if let Some(why) = refused {
        return Err(Failure::usage(why)
            .hint("leave --split-mode and --n-cpu-moe out: the plan then places the model itself")
            .into());
    }
    engine(request)?;
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
