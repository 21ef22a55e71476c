//! The settings that the model's own server is started with.

use super::document::{PlannedModel, Workload};
use super::placement::Placement;
use crate::engine::launch::{Cards, Launch};
use crate::engine::server::ServerName;

/// Returns the share of each card in the order of the bus: of those that the plan uses at their `places`, and none for
/// the cards between them.
pub fn shares_on_bus(placement: &Placement, places: Option<&[usize]>) -> Vec<u64> {
    let Some(places) = places else { return placement.shares.clone() };
    let mut all = vec![0; places.iter().max().map_or(0, |last| last + 1)];
    places.iter().zip(&placement.shares).for_each(|(place, share)| all[*place] = *share);
    all
}

/// `places` of the plan's cards on the bus, for a host that has others too; `shares` as [`shares_on_bus`] has them. With a web
/// page for chats, `page`.
pub fn chat<'a>(
    model: &'a PlannedModel,
    workload: &'a Workload,
    placement: &'a Placement,
    prompt_cache_mib: u64,
    places: Option<&[usize]>,
    shares: &'a [u64],
    page: bool,
) -> Launch<'a> {
    Launch {
        server: ServerName::CHAT,
        model: model.files.first().map_or("model.gguf", |file| file.name.as_str()),
        alias: &model.id,
        n_ctx: workload.n_ctx,
        slots: workload.slots,
        kv_unified: workload.kv_unified,
        kv_types: Some((&workload.kv_type_k, &workload.kv_type_v)),
        flash_attn: workload.flash_attn,
        batch: (workload.batch, workload.ubatch),
        layers: placement.n_gpu_layers(),
        host_experts: placement.host_experts,
        cards: match (placement.gpu_layers.len(), places) {
            (0, Some(_)) => Cards::Idle,
            (1, Some(places)) => Cards::One(places.first().copied().unwrap_or(0)),
            (0 | 1, None) => Cards::All,
            _ => Cards::Shared(placement.split, shares),
        },
        card_share: None,
        workers: 0,
        prompt_cache_mib,
        chat_template: model.chat_template.is_some(),
        page,
        node_threads: None,
        pooling: None,
    }
}
