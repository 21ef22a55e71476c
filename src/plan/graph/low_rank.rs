//! Keys and values by way of a joint low rank, cached whole (src/models/plm.cpp and minicpm3.cpp of llama.cpp).

use super::alloc::Id;
use super::cache::rope_with;
use super::tensors::Graph;
use crate::model::shape::{LayerKv, LowRank};

/// Query, key and value of the normed input.
pub(super) fn project(
    graph: &mut Graph,
    low: &LowRank,
    layer: &LayerKv,
    (positions, factors): (Id, Option<Id>),
    normed: Id,
) -> [Id; 3] {
    let (tokens, heads) = (graph.dims(normed)[1], layer.heads);
    let nope = layer.head_k - low.rope;
    let mut q = normed;
    if let Some(rank) = low.q_rank {
        q = graph.mul_mat(rank, q);
        q = graph.norm(q, true, false);
    }
    q = graph.mul_mat(layer.head_k * heads, q);
    q = graph.reshape(q, [layer.head_k, heads, tokens, 1]);
    let joint = graph.mul_mat(low.kv_rank + low.rope, normed);
    let kv = graph.columns(joint, low.kv_rank, [low.kv_rank, tokens, 1, 1]);
    let k_rope = graph.columns(joint, low.rope, [low.rope, 1, tokens, 1]);
    let kv = graph.norm(kv, true, false);
    let kv = graph.mul_mat(heads * (nope + layer.head_v), kv);
    let k_nope = graph.view(kv, [nope, heads, tokens, 1]);
    let v = graph.view(kv, [layer.head_v, heads, tokens, 1]);
    let v = graph.op([layer.head_v, heads, tokens, 1], &[v]);
    let q = rope_with(graph, positions, factors, q);
    let k_rope = rope_with(graph, positions, factors, k_rope);
    let repeated = graph.op([low.rope, heads, tokens, 1], &[k_rope]);
    let k = graph.op([layer.head_k, heads, tokens, 1], &[k_nope, repeated]);
    [q, k, v]
}
