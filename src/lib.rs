//! agi-provision puts a language model on a machine and proves that it runs there.
//!
//! One pipeline, four artefacts:
//!
//! ```text
//! Request ──plan──▶ Plan ──render──▶ Bundle ──apply──▶ Receipt
//! ```

pub mod agent;
pub mod apply;
pub mod cli;
pub mod error;
pub mod hardware;
pub mod model;
pub mod paths;
pub mod plan;
pub mod process;
pub mod render;
pub mod report;
pub mod ssh;
pub mod verify;
