//! Models: what is published (the registry), what a GGUF header says, and what either weighs.

pub mod embedder;
pub mod gguf;
pub mod gguf_write;
pub mod huggingface;
mod keys;
mod layers;
mod make;
pub mod recipe;
pub mod registry;
pub mod shape;
pub mod template;
pub mod tensor_type;
pub mod tiny;
pub mod tiny_embedding;
mod window;

pub use shape::{Shape, Weights};
