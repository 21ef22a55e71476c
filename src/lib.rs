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
//!   what fails, and is what the service starts: verify, then become the engine's program. [`wire`] is what both
//!   ends speak.
//! - [`verify`] judges [facts](hardware::facts) against a plan's requirements; the same function
//!   before the first write and at every start.
//!
//! Below them: [`engine`] (the programs that serve, one folder each), [`fetch`] (resumable, verified downloads), [`model`] (GGUF headers, the registry, exact weights) and [`hardware`] (profiles,
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
//! engine
//! hardware
//! model
//! fetch   ssh
//! checked   elf   error   files   hash   home   lang   oci   paths   process   processor   say   secret   trace   units   unpack
//! outside
//! ```
//!
//! The ground floor: [`checked`] text from outside as types that can hold nothing else, [`elf`] what a program needs,
//! read without running it, [`error`] the exit codes and hints, [`files`] how files change, [`hash`] their SHA-256,
//! [`home`] the user's folders here, [`lang`] the messages of each language, [`oci`] which image an archive has, [`outside`] how text of others is read and shown, [`paths`] every path on a host,
//! [`process`] programs with a time limit, [`processor`] what is known of each, [`say`] lines on stderr, [`secret`] what must not be seen, [`trace`] what `--verbose` tells, [`units`] sizes
//! as people read them, [`unpack`] archives that a stranger made.
//!
//! # Plan
//!
//! ```
//! use agi_provision::plan::{Request, plan};
//!
//! let plan = plan(&Request::of_registry("tinyllama-1.1b", Some("Q4_K_M"))?)?;
//! assert!(plan.memory.iter().all(|device| device.headroom_bytes > 0));
//! # Ok::<(), anyhow::Error>(())
//! ```
//!
//! # Bundle
//!
//! ```
//! # use agi_provision::plan::{Request, plan};
//! use agi_provision::render::{Bundle, render};
//!
//! # let plan = plan(&Request::of_registry("tinyllama-1.1b", Some("Q4_K_M"))?)?;
//! # let folder = tempfile::tempdir()?;
//! let bundle = render(&plan)?;
//! bundle.write(folder.path())?;
//! assert_eq!(Bundle::read(folder.path())?.plan()?, plan);
//! # Ok::<(), anyhow::Error>(())
//! ```
//!
//! # Verify and apply
//!
//! On this machine, without any change to it:
//!
//! ```
//! # use agi_provision::plan::{Request, plan};
//! use agi_provision::hardware::probe::probe;
//! use agi_provision::{paths, verify};
//!
//! # let plan = plan(&Request::of_registry("tinyllama-1.1b", Some("Q4_K_M"))?)?;
//! let facts = probe(std::path::Path::new(paths::MODELS));
//! let report = verify::check(&plan.requirements, &facts, &verify::Held::default());
//! for line in report.refused() {
//!     println!("{}: needed {}, found {}", line.id, line.needed, line.found);
//! }
//! # Ok::<(), anyhow::Error>(())
//! ```
//!
//! On a host, by the agent, which is the command's own executable:
//!
//! ```no_run
//! use agi_provision::apply::show::Silent;
//! use agi_provision::apply::{AgentFile, Host, Work, session};
//! use agi_provision::ssh::{Options, Target};
//! use agi_provision::wire::protocol::Op;
//! use std::path::Path;
//!
//! let target = Target::parse("root@203.0.113.7")?;
//! let host = Host::Ssh { target, options: Box::new(Options::default()), called: None, doas: false };
//! let agent = AgentFile::find(Some(Path::new("/usr/local/bin/agi-provision")))?;
//! let op = Op::Probe { measure: false, urls: Vec::new() };
//! let work = Work { op, agent, files: Vec::new(), token: None, certificate: None };
//! let outcome = session::run(&host, &work, &mut Silent)?;
//! assert!(outcome.end.failure().is_none());
//! # Ok::<(), anyhow::Error>(())
//! ```
//!
//! `Op::Verify` and `Op::Apply` are asked in the same way; `Op::Apply` carries the bundle as a tar.

// They panic where a pipe is closed or a disk full; `say!` and `cli::output::print` do not.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]
#![deny(unsafe_code)]
#![warn(missing_docs)]

#[macro_use]
pub mod lang;
#[macro_use]
pub mod say;

pub mod agent;
pub mod apply;
pub mod checked;
pub mod cli;
pub mod elf;
pub mod engine;
pub mod error;
pub mod fetch;
pub mod files;
pub mod hardware;
pub mod hash;
pub mod home;
#[doc(hidden)]
pub mod hostile;
pub mod model;
pub mod oci;
pub mod outside;
pub mod paint;
pub mod paths;
pub mod plan;
pub mod process;
pub mod processor;
pub mod render;
pub mod report;
pub mod secret;
pub mod ssh;
pub mod trace;
pub mod units;
pub mod unpack;
pub mod verify;
pub mod width;
pub mod wire;
