//! The arguments of vLLM's server in its container.

use super::flags::*;
use crate::engine::arguments::{Draft, ServerArgs};
use crate::engine::launch::{Cards, Launch};
use crate::error::{Failure, Result};

pub fn arguments(launch: &Launch) -> Result<ServerArgs> {
    if launch.page {
        return Err(Failure::usage(format!("{NAME} has no page for chats"))
            .hint("leave --webui out; any client of OpenAI's API can ask it")
            .into());
    }
    let cards = match launch.cards {
        Cards::All | Cards::One(_) => 1,
        Cards::Shared(_, shares) => shares.iter().filter(|share| **share > 0).count(),
        Cards::Idle => 0,
    };
    let Some(share) = launch.card_share.filter(|_| cards > 0) else {
        return Err(Failure::usage(format!("{NAME} computes on graphics cards alone"))
            .hint("the default engine serves a GGUF file of the model on a CPU")
            .into());
    };
    let mut args = Draft::new(&GRAMMAR, launch.server, launch.model);
    args.ours(MODEL).set(SERVED_MODEL_NAME, launch.alias.to_string()).ours(HOST).ours(PORT);
    args.set(LOAD_FORMAT, "safetensors").set(TENSOR_PARALLEL_SIZE, cards);
    args.set(MAX_MODEL_LEN, launch.n_ctx / launch.slots.max(1)).set(MAX_NUM_SEQS, launch.slots);
    args.set(MAX_NUM_BATCHED_TOKENS, launch.batch.0.max(launch.slots));
    args.hundredths(GPU_MEMORY_UTILIZATION, share).set(BLOCK_SIZE, 16).set(KV_CACHE_DTYPE, "auto");
    args.done()
}
