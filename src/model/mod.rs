//! Models: what is published (the registry), what a GGUF header says, and what either weighs.

mod compressed;
mod delta;
pub mod dimensions;
pub mod embedder;
mod expected;
mod fits;
mod followed;
pub mod format;
pub mod gguf;
pub mod gguf_write;
mod hrm;
pub(crate) mod hub;
pub(crate) mod huggingface;
mod kda;
mod keys;
mod layers;
pub(crate) mod layout;
pub(crate) mod loads;
mod make;
mod mamba;
mod place;
pub mod pooling;
pub mod quality;
pub(crate) mod recipe;
pub mod registry;
mod rwkv;
pub mod safetensors;
pub mod shape;
mod switch;
pub mod template;
pub mod tensor_type;
pub mod tiny;
pub mod tiny_embedding;
mod vocab;
mod window;

pub use shape::{Shape, Weights};
