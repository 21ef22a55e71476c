//! The arguments of the model's own server. Every value is written out, because llama.cpp changes its
//! defaults between builds.

use super::document::{PlannedModel, Workload};
use super::placement::Placement;
use super::server::ServerName;
use super::server_args::{Draft, Flag, IO_TIMEOUT, ServerArgs, joined};
use crate::error::Result;

/// The shares at the places of their cards; the cards between them get none.
fn at_places(shares: &[u64], places: &[usize]) -> Vec<u64> {
    let mut all = vec![0; places.iter().max().map_or(0, |last| last + 1)];
    places.iter().zip(shares).for_each(|(place, share)| all[*place] = *share);
    all
}

/// For a host laid out as [`crate::paths`] says. Accepted by b11434.
pub fn chat(
    model: &PlannedModel,
    workload: &Workload,
    placement: &Placement,
    prompt_cache_mib: u64,
    among: Option<&[usize]>,
) -> Result<ServerArgs> {
    let first_file = model.files.first().map_or("model.gguf", |file| file.name.as_str());
    let mut args = Draft::new(ServerName::CHAT, first_file);
    args.ours(Flag::Model).alias(&model.id);
    args.ours(Flag::Host).ours(Flag::Port).ours(Flag::ApiKeyFile);
    args.set(Flag::CtxSize, workload.n_ctx).set(Flag::Parallel, workload.slots);
    args.set(Flag::CacheTypeK, &workload.kv_type_k).set(Flag::CacheTypeV, &workload.kv_type_v);
    args.set(Flag::FlashAttn, if workload.flash_attn { "on" } else { "off" });
    args.set(Flag::BatchSize, workload.batch).set(Flag::UbatchSize, workload.ubatch);
    args.set(Flag::NGpuLayers, placement.n_gpu_layers());
    if placement.host_experts > 0 {
        args.set(Flag::NCpuMoe, placement.host_experts);
    }
    match (placement.gpu_layers.len(), among) {
        (0, Some(_)) => _ = args.set(Flag::Device, "none"),
        (1, Some(places)) => {
            args.set(Flag::SplitMode, "none").set(Flag::MainGpu, places.first().copied().unwrap_or(0));
        }
        (0 | 1, None) => {}
        (_, places) => {
            let shares = match places {
                Some(places) => at_places(&placement.shares, places),
                None => placement.shares.clone(),
            };
            args.set(Flag::SplitMode, placement.split).set(Flag::TensorSplit, joined(&shares));
        }
    }
    args.set(Flag::Fit, "off").set(Flag::CacheRam, prompt_cache_mib);
    args.set(Flag::CtxCheckpoints, 0).set(Flag::LoadMode, "mmap").set(Flag::Threads, -1);
    args.set(Flag::Timeout, IO_TIMEOUT);
    if model.chat_template.is_some() {
        args.ours(Flag::ChatTemplateFile);
    }
    args.switch(if workload.kv_unified { Flag::KvUnified } else { Flag::NoKvUnified });
    args.switch(Flag::Jinja).switch(Flag::NoWebui).switch(Flag::NoSlots);
    args.switch(Flag::Metrics).switch(Flag::Offline);
    args.done()
}
