//! Tells whether plans on several hosts are parts of the same one.

use crate::checked::Checksum;
use crate::hash::sha256;
use crate::plan::document::Plan;
use serde_json::json;

/// Returns what all parts of one plan over several hosts have in common and no other plan has: a hash of the model, the
/// workload, the server and the hosts. `None` for a plan of one host.
pub fn whole(plan: &Plan) -> Option<Checksum> {
    let over = plan.over_hosts.as_ref()?;
    let (model, server) = (&plan.model, &plan.llama_server);
    // The head's files are left out: workers have none.
    let common = json!({
        "model": [model.id.to_string(), model.quant.to_string(), model.size_bytes.to_string()],
        "workload": plan.workload, "build": server.build, "args": server.args.to_argv(), "hosts": over.hosts,
    });
    Some(sha256(common.to_string().as_bytes()))
}
