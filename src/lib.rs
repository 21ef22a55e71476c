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
//!   what fails, and is what the service starts: verify, then become llama-server. [`wire`] is what both
//!   ends speak.
//! - [`verify`] judges [facts](hardware::facts) against a plan's requirements; the same function
//!   before the first write and at every start.
//!
//! Below them: [`fetch`] (resumable, verified downloads), [`model`] (GGUF headers, the registry, exact weights) and [`hardware`] (profiles,
//! offers, the probe). [`cli`] has one file per command, [`report`] the texts.
//!
//! Imports run one way, between folders and between the files of each (`tests/rooms.rs` says so). A line
//! imports from lines below it only:
//!
//! ```text
//! cli     hostile
//! apply
//! agent
//! wire    report    render
//! verify
//! plan
//! hardware
//! model
//! fetch   ssh
//! checked   elf   error   files   hash   home   paths   process   say   secret   units   unpack
//! outside
//! ```
//!
//! The ground floor: [`checked`] text from outside as types that can hold nothing else, [`elf`] what a program needs,
//! read without running it, [`error`] the exit codes and hints, [`files`] how files change, [`hash`] their SHA-256,
//! [`home`] the user's folders here, [`outside`] how text of others is read and shown, [`paths`] every path on a host,
//! [`process`] programs with a time limit, [`say`] lines on stderr, [`secret`] what must not be seen, [`units`] sizes
//! as people read them, [`unpack`] archives that a stranger made.

// They panic where a pipe is closed or a disk full; `say!` and `cli::output::print` do not.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

#[macro_use]
pub mod say;

pub mod agent;
pub mod apply;
pub mod checked;
pub mod cli;
pub mod elf;
pub mod error;
pub mod fetch;
pub mod files;
pub mod hardware;
pub mod hash;
pub mod home;
#[doc(hidden)]
pub mod hostile;
pub mod model;
pub mod outside;
pub mod paths;
pub mod plan;
pub mod process;
pub mod render;
pub mod report;
pub mod secret;
pub mod ssh;
pub mod units;
pub mod unpack;
pub mod verify;
pub mod wire;
