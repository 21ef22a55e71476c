//! The arguments of llama-server. Every value is written out, because llama.cpp changes its defaults
//! between builds.

use super::document::Plan;
use super::placement::Placement;
use crate::paths;

/// Seconds that llama-server waits for the next byte of a request, or for a client to take the next bytes of
/// an answer; its own default is an hour. The silence while a prompt is processed does not count: nothing is
/// read or written then.
pub(super) const IO_TIMEOUT: &str = "60";

/// Arguments for `plan`, for a host laid out as [`crate::paths`] says. Accepted by b11434.
pub fn args(plan: &Plan, placement: &Placement, prompt_cache_mib: u64) -> Vec<String> {
    let w = &plan.workload;
    let first_file = plan.model.files.first().map_or("model.gguf", |file| file.name.as_str());
    let model = format!("{}/{}/{first_file}", paths::GENERATION, paths::generation::MODEL);
    let mut args: Vec<String> = Vec::new();
    let mut flag = |name: &str, value: &str| args.extend([name.to_string(), value.to_string()]);
    flag("--model", &model);
    flag("--alias", &plan.model.id);
    flag("--host", "127.0.0.1");
    flag("--port", &paths::DEFAULT_PORT.to_string());
    flag("--api-key-file", paths::API_KEY_CREDENTIAL);
    flag("--ctx-size", &w.n_ctx.to_string());
    flag("--parallel", &w.slots.to_string());
    flag("--cache-type-k", &w.kv_type_k);
    flag("--cache-type-v", &w.kv_type_v);
    flag("--flash-attn", if w.flash_attn { "on" } else { "off" });
    flag("--batch-size", &w.batch.to_string());
    flag("--ubatch-size", &w.ubatch.to_string());
    flag("--n-gpu-layers", &placement.n_gpu_layers().to_string());
    if placement.host_experts > 0 {
        flag("--n-cpu-moe", &placement.host_experts.to_string());
    }
    if placement.gpu_layers.len() > 1 {
        let shares: Vec<String> = placement.shares.iter().map(u64::to_string).collect();
        flag("--split-mode", &placement.split.to_string());
        flag("--tensor-split", &shares.join(","));
    }
    flag("--fit", "off");
    flag("--cache-ram", &prompt_cache_mib.to_string());
    flag("--ctx-checkpoints", "0");
    flag("--load-mode", "mmap");
    flag("--threads", "-1");
    flag("--timeout", IO_TIMEOUT);
    if plan.model.chat_template.is_some() {
        flag("--chat-template-file", &format!("{}/{}", paths::GENERATION, paths::generation::CHAT_TEMPLATE));
    }
    args.push(if w.kv_unified { "--kv-unified" } else { "--no-kv-unified" }.to_string());
    args.extend(["--jinja", "--no-webui", "--no-slots", "--metrics", "--offline"].map(String::from));
    args
}
