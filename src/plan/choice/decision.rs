//! The decision, and the alternatives to it.

use super::candidates::Candidate;
use crate::hardware::profiles::Profile;
use crate::plan::document::Plan;
use crate::plan::rag;
use crate::plan::request::Request;

/// A plan, and which of the candidates it is.
pub(super) struct Decision<'a> {
    pub plan: Plan,
    pub everywhere: Vec<Candidate<'a>>,
    pub chosen: usize,
    /// The embedding server's size, wherever it runs.
    pub rag: Option<rag::Server<'a>>,
}

/// The profile that was named, else one that is rented.
pub(super) fn asked(request: &Request, profile: &Profile) -> bool {
    match &request.profile {
        Some(id) => profile.id == *id,
        None => profile.rented,
    }
}

/// May be chosen: of a profile that was asked for, and within the budget.
pub(super) fn eligible(request: &Request, c: &Candidate) -> bool {
    asked(request, c.profile) && (request.budget.is_none() || c.offer.is_some())
}
