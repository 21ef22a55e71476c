//! The arguments of a llama-server for a host laid out as [`crate::paths`] says. Accepted by b11434.

use super::flags::*;
use super::forwards::endpoints;
use crate::engine::arguments::{Draft, ServerArgs};
use crate::engine::launch::{Cards, Launch};
use crate::engine::server::Role;
use crate::error::Result;

/// Seconds that a server waits for the next byte of a request, and for a client to take the next bytes of an
/// answer; its own default is an hour. The silence while a prompt is processed does not count: nothing is read
/// or written then.
const IO_TIMEOUT: u32 = 60;

pub fn arguments(launch: &Launch) -> Result<ServerArgs> {
    let mut args = Draft::new(&GRAMMAR, launch.server, launch.model);
    args.ours(MODEL).set(ALIAS, launch.alias.to_string());
    args.ours(HOST).ours(PORT).ours(API_KEY_FILE);
    if let Some(pooling) = launch.pooling {
        args.set(POOLING, pooling);
    }
    args.set(CTX_SIZE, launch.n_ctx).set(PARALLEL, launch.slots);
    if let Some((keys, values)) = launch.kv_types {
        args.set(CACHE_TYPE_K, keys).set(CACHE_TYPE_V, values);
    }
    args.set(FLASH_ATTN, if launch.flash_attn { "on" } else { "off" });
    args.set(BATCH_SIZE, launch.batch.0).set(UBATCH_SIZE, launch.batch.1);
    args.set(N_GPU_LAYERS, launch.layers);
    if launch.host_experts > 0 {
        args.set(N_CPU_MOE, launch.host_experts);
    }
    match launch.cards {
        Cards::All => {}
        Cards::Idle => _ = args.set(DEVICE, "none"),
        Cards::One(place) => _ = args.set(SPLIT_MODE, "none").set(MAIN_GPU, place),
        Cards::Shared(split, shares) => _ = args.set(SPLIT_MODE, split).shares(TENSOR_SPLIT, shares),
    }
    if launch.workers > 0 {
        args.set(RPC, endpoints(launch.workers));
    }
    args.set(FIT, "off").set(CACHE_RAM, launch.prompt_cache_mib);
    args.set(CTX_CHECKPOINTS, 0).set(LOAD_MODE, load_mode(launch));
    match launch.node_threads {
        Some(threads) => _ = args.set(NUMA, "isolate").set(THREADS, threads),
        None => _ = args.set(THREADS, -1),
    }
    args.set(TIMEOUT, IO_TIMEOUT);
    if launch.chat_template {
        args.ours(CHAT_TEMPLATE_FILE);
    }
    let role = launch.server.role();
    if role == Role::Embedding {
        args.switch(EMBEDDING);
    }
    args.switch(if launch.kv_unified { KV_UNIFIED } else { NO_KV_UNIFIED });
    if role == Role::Chat {
        args.switch(JINJA);
    }
    args.switch(if launch.page { WEBUI } else { NO_WEBUI });
    args.switch(NO_SLOTS).switch(METRICS).switch(OFFLINE);
    args.done()
}

/// A range that is mapped covers what lies between the head's tensors in the file too, which is the workers'.
fn load_mode(launch: &Launch) -> &'static str {
    if launch.workers > 0 { "none" } else { "mmap" }
}
