//! The best quantisation for devices of several hosts together, by the rule of one machine.

use super::candidates::{Candidate, subject, workloads};
use super::check::check;
use super::machines::Machine;
use super::ranking::better;
use crate::error::{Context, Failure, Result};
use crate::hardware::profiles::Profile;
use crate::lang::Sentence;
use crate::plan::document::{DeviceLedger, Speed, Verdict, Workload};
use crate::plan::ledger::{Graphs, Subject, refusal};
use crate::plan::placement::Placement;
use crate::plan::request::{Request, Variant};
use crate::plan::requirements;
use crate::plan::verdict::{self, Disk};
use std::rc::Rc;

/// Devices that work together on one model.
pub trait Pool {
    /// The first host, with all devices as its cards.
    fn profile(&self) -> &Profile;
    /// Whether the devices are cards; processors else.
    fn has_cards(&self) -> bool;
    /// Where the layers lie.
    fn place(&self, subject: &Subject) -> Placement;
    /// The ledger of every device and host, the first host's memory first.
    fn memory(&self, subject: &Subject, placement: &Placement) -> Vec<DeviceLedger>;
    /// Speed of one request alone.
    fn speed(&self, subject: &Subject, placement: &Placement, memory: &[DeviceLedger]) -> Speed;
}

/// A model in one quantisation over a pool, judged.
pub struct Pooled<'a> {
    /// Quantisation.
    pub variant: &'a Variant,
    /// Context, slots and batches.
    pub workload: Workload,
    /// Layers of each device.
    pub placement: Placement,
    /// Ledger as [`Pool::memory`] has it.
    pub memory: Vec<DeviceLedger>,
    /// Predicted speed.
    pub speed: Speed,
    /// Judgement.
    pub verdict: Verdict,
    /// Things given up, or why nothing fits.
    pub reasons: Vec<Sentence>,
}

impl<'a> Pooled<'a> {
    /// Returns what its ledger is counted of; keeps in `graphs` what it works out.
    pub fn subject<'s>(&'s self, request: &'s Request, graphs: &'s Graphs) -> Subject<'s> {
        subject(request, graphs, self.variant, &self.workload)
    }
}

/// Returns the best of every quantisation on the pool.
///
/// # Errors
/// Usage errors, as of a plan.
pub fn pooled<'a>(request: &'a Request, pool: &dyn Pool) -> Result<Pooled<'a>> {
    check(request)?;
    if request.model.checkpoint.is_some() {
        return Err(Failure::usage("a model is spread over hosts by llama.cpp, which serves GGUF files")
            .hint("leave --hosts out, or --engine with a GGUF file in place of this model")
            .into());
    }
    let graphs = Graphs::default();
    let workloads = workloads(request);
    let tried = request.model.variants.iter().filter_map(|variant| {
        let mut last = None;
        for workload in workloads.iter().filter(|w| refusal(&request.model.shape, w).is_none()) {
            let candidate = judged(request, pool, &subject(request, &graphs, variant, workload), variant);
            let runs = candidate.verdict != Verdict::Impossible;
            last = Some(candidate);
            if runs {
                break;
            }
        }
        last
    });
    let best = tried.min_by(|a, b| better(request, a, b)).context("no quantisation can be loaded")?;
    let reasons = verdict::reasons(&best.case(request));
    Ok(Pooled {
        variant: best.variant,
        workload: best.workload.clone(),
        placement: pool.place(&subject(request, &graphs, best.variant, &best.workload)),
        memory: best.memory,
        speed: best.speed,
        verdict: best.verdict,
        reasons,
    })
}

fn judged<'a>(request: &Request, pool: &dyn Pool, subject: &Subject, variant: &'a Variant) -> Candidate<'a> {
    let placement = pool.place(subject);
    let memory = pool.memory(subject, &placement);
    let speed = pool.speed(subject, &placement, &memory);
    let need =
        requirements::disk_need(variant.size_bytes, requirements::pinned_bytes(&request.fixed.runtime));
    let candidate = Candidate {
        machine: Machine { profile: Rc::new(pool.profile().clone()), offer: None, own: false, asked: true },
        variant,
        workload: subject.workload.clone(),
        // Processors alone are one class of device, wherever they are.
        placement: match pool.has_cards() {
            true => placement,
            false => Placement::host_only(subject.shape.layers.len() as u64),
        },
        memory,
        rag: None,
        disk: Disk { need, of_rag: 0, has: pool.profile().disk_bytes() },
        speed,
        verdict: Verdict::Impossible,
        given_up: 0,
    };
    candidate.judged(request)
}
