//! From a request to a plan. No I/O happens here.

pub mod document;

pub use document::Plan;
