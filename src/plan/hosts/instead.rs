//! One machine in the place of several.

use super::document::OneMachine;
use super::pool::Machine;
use crate::error::Result;
use crate::plan::choice::{self, Pooled};
use crate::plan::document::Verdict;
use crate::plan::ledger::Graphs;
use crate::plan::request::Request;

/// The host that runs the model alone with no worse verdict and as fast, the fastest of them.
pub(super) fn alone(
    request: &Request,
    machines: &[Machine],
    together: &Pooled,
) -> Result<Option<OneMachine>> {
    let graphs = Graphs::default();
    let mut found: Option<OneMachine> = None;
    for machine in machines {
        let profile = machine.profile.clone();
        let of_host = Request {
            profile: Some(profile.id.clone()),
            profiles: vec![profile],
            budget: None,
            offers: Vec::new(),
            ..request.clone()
        };
        let Some(fit) = choice::fit(&of_host, &choice::Machines::of(&of_host), &graphs)? else { continue };
        let as_good = fit.verdict <= together.verdict
            && fit.decode_tok_s.expected >= together.speed.decode_tok_s.expected;
        let faster = |other: &OneMachine| fit.decode_tok_s.expected > other.decode_tok_s.expected;
        if as_good && found.as_ref().is_none_or(faster) {
            found = Some(OneMachine {
                name: machine.name.clone(),
                quant: fit.quant,
                verdict: fit.verdict,
                decode_tok_s: fit.decode_tok_s,
                per_month: None,
                currency: None,
            });
        }
    }
    Ok(found)
}

/// The cheapest machine on offer that runs the model with no worse verdict and as fast.
pub(super) fn on_offer(request: &Request, together: &Pooled) -> Result<Option<OneMachine>> {
    let market = choice::market(request)?;
    let impossible = together.verdict == Verdict::Impossible;
    let best = market.into_iter().find(|one| {
        let as_fast = one.decode_tok_s.expected >= together.speed.decode_tok_s.expected;
        one.verdict <= together.verdict && (impossible || as_fast)
    });
    Ok(best.map(|one| OneMachine {
        name: one.name,
        quant: one.quant,
        verdict: one.verdict,
        decode_tok_s: one.decode_tok_s,
        per_month: Some(one.per_month),
        currency: Some(one.currency),
    }))
}
