//! agi-provision puts a language model on a machine and proves that it runs there.
//!
//! One pipeline, four artefacts:
//!
//! ```text
//! Request ──plan──▶ Plan ──render──▶ Bundle ──apply──▶ Receipt
//! model, budget,     one JSON          a directory        what the host
//! workload           document          of plain files     is and did
//!                                          ▲
//!                     Facts (what the host has) ──verify──▶ Report
//! ```
//!
//! - [`plan`] turns a request into a [`Plan`](plan::Plan): which hardware, which quantisation, every
//!   argument of llama-server, a memory ledger to the byte, what a host must have. Pure: no I/O.
//! - [`render`] turns a plan into a [`Bundle`](render::Bundle): the files a host gets, at their real
//!   paths, and cloud-init. Pure as well; the same plan gives the same bytes.
//! - [`apply`] brings hosts to a bundle: it stages this very executable as the agent over [`ssh`] (or
//!   runs it on this machine) and shows what it does.
//! - [`agent`] is the other end: it verifies the host, runs the steps in a unit of its own, takes back
//!   what fails, and is what the service starts: verify, then become llama-server.
//! - [`verify`] judges [facts](hardware::facts) against a plan's requirements; the same function
//!   before the first write and at every start.
//!
//! Below them: [`fetch`] (resumable, verified downloads), [`model`] (GGUF headers, the registry, exact weights) and [`hardware`] (profiles,
//! offers, the probe). [`cli`] has one file per command, [`report`] the texts, [`error`] the exit
//! codes and hints, [`checked`] text from outside as types, [`secret`] what must not be seen, [`paths`] every path on a host, [`home`] the user's
//! folders here, [`files`] how files change, [`hash`] their SHA-256. Imports run one way: cli → apply, render, plan →
//! agent → verify, model, hardware; `agent` knows nothing of SSH, `ssh` nothing of plans.

pub mod agent;
pub mod apply;
pub mod checked;
pub mod cli;
pub mod error;
pub mod fetch;
pub mod files;
pub mod hardware;
pub mod hash;
pub mod home;
pub mod model;
pub mod paths;
pub mod plan;
pub mod process;
pub mod render;
pub mod report;
pub mod secret;
pub mod ssh;
pub mod verify;
