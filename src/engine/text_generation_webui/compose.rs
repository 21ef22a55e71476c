//! The arguments of server.py for a host laid out as [`crate::paths`] says.

use super::flags::*;
use crate::engine::arguments::{Draft, ServerArgs};
use crate::engine::launch::{Cards, Launch};
use crate::engine::llama_cpp::flags as llama;
use crate::error::{Failure, Result};

pub fn arguments(launch: &Launch) -> Result<ServerArgs> {
    if launch.page {
        return Err(Failure::usage(format!("{NAME}'s own page asks for no key, and is not served"))
            .hint("leave --webui out; with --engine llama.cpp it gives a page that asks for the key")
            .into());
    }
    let mut args = Draft::new(&GRAMMAR, launch.server, launch.model);
    args.switch(PORTABLE).ours(USER_DATA_DIR).ours(MODEL_DIR).ours(MODEL).set(LOADER, llama::NAME);
    args.switch(API).ours(API_PORT).switch(LISTEN).ours(LISTEN_HOST).switch(NOWEBUI);
    args.set(CTX_SIZE, launch.n_ctx).set(PARALLEL, launch.slots);
    args.set(BATCH_SIZE, launch.batch.0).set(UBATCH_SIZE, launch.batch.1);
    args.set(GPU_LAYERS, launch.layers);
    let mut extra = Draft::new(&GRAMMAR, launch.server, launch.model);
    match launch.cards {
        Cards::All => {}
        Cards::Idle => _ = extra.set(llama::DEVICE, "none"),
        Cards::One(place) => {
            args.set(SPLIT_MODE, "none");
            extra.set(llama::MAIN_GPU, place);
        }
        Cards::Shared(split, shares) => _ = args.set(SPLIT_MODE, split).shares(TENSOR_SPLIT, shares),
    }
    if let Some((keys, values)) = launch.kv_types {
        extra.set(llama::CACHE_TYPE_K, keys).set(llama::CACHE_TYPE_V, values);
    }
    if !launch.flash_attn {
        extra.set(llama::FLASH_ATTN, "off");
    }
    if launch.host_experts > 0 {
        extra.set(llama::N_CPU_MOE, launch.host_experts);
    }
    extra.set(llama::CACHE_RAM, launch.prompt_cache_mib).set(llama::CTX_CHECKPOINTS, 0);
    extra.set(llama::LOAD_MODE, "mmap");
    extra.switch(if launch.kv_unified { llama::KV_UNIFIED } else { llama::NO_KV_UNIFIED });
    extra.switch(llama::NO_SLOTS).switch(llama::OFFLINE);
    if launch.chat_template {
        args.ours(CHAT_TEMPLATE_FILE);
    }
    args.inner(EXTRA_FLAGS, extra);
    args.done()
}
