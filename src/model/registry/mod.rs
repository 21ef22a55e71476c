//! The models known by name: `profiles/models/*.toml`, compiled in. docs/add-model.md says how one is added.

mod entry;
mod find;
mod names;
mod outline;
mod templates;

pub use entry::{Model, PublishedFile, Repository, Size, Sizes, Use};
pub use find::{all, embedder, find, ids, lookup, named, outlines};
pub use names::nearest;
pub use outline::Outline;
pub use templates::chat_template;

#[cfg(test)]
mod tests;
