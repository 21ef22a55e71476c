//! Models of Hugging Face's libraries: safetensors files, and the `config.json` beside them.
//!
//! - [`header`]: the table of a file's tensors, read exactly and with suspicion;
//! - [`index`]: the parts of a model that is cut into several files;
//! - [`config`]: architecture, dimensions and quantisation;
//! - [`checkpoint`]: what all of it weighs, on one card or on several.

pub mod checkpoint;
pub mod config;
pub mod header;
pub mod index;

#[cfg(test)]
mod tests;
