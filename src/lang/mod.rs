//! The languages of messages for people: English, the reference, and Russian. Texts are Fluent files in `locales/`,
//! compiled in; a test holds each message of one language to the other.
//!
//! JSON, journals and what an agent writes on a host are always English. A [`Sentence`] keeps its message with its
//! values, so that it is shown in either language; one that comes as text (from a file or an agent) is found
//! among the English messages first ([`told`]).

#[macro_use]
mod macros;

mod catalog;
mod data;
mod figure;
mod known;
mod language;
mod sentence;
#[cfg(test)]
mod tests;

pub use data::of_data;
pub use figure::figure;
pub use known::told;
pub use language::Lang;
pub use sentence::{Sentence, Value, say};
