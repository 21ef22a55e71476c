//! The settings that the model's own server is started with.

use super::document::{PlannedModel, Workload};
use super::placement::Placement;
use crate::engine::launch::{Cards, Launch};
use crate::engine::server::ServerName;

/// For a host with more cards than the plan uses, `idle_cards`; with a web page for chats, `page`.
pub fn chat<'a>(
    model: &'a PlannedModel,
    workload: &'a Workload,
    placement: &'a Placement,
    prompt_cache_mib: u64,
    idle_cards: bool,
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
        cards: match placement.gpu_layers.len() {
            0 if idle_cards => Cards::Idle,
            1 if idle_cards => Cards::First,
            0 | 1 => Cards::All,
            _ => Cards::Shared(placement.split, &placement.shares),
        },
        prompt_cache_mib,
        chat_template: model.chat_template.is_some(),
        page,
        pooling: None,
    }
}
