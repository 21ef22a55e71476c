//! The result of a choice: the candidate that was taken, and those it was taken from.

use super::candidates::Candidate;
use crate::plan::document::Plan;
use crate::plan::rag;

/// A plan, and which of the candidates it is.
pub(super) struct Decision<'a> {
    pub plan: Plan,
    pub everywhere: Vec<Candidate<'a>>,
    pub chosen: usize,
    /// The embedding server's size, wherever it runs.
    pub rag: Option<rag::Server<'a>>,
}
