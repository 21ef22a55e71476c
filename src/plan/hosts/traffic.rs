//! Bytes that cross the network, and what they cost.
//!
//! A token passes the hosts one after the other, and all of it passes through the head: for each worker the head sends
//! what the worker's first layer reads, and waits for the one answer that the next host needs.

use crate::engine::llama_cpp::rpc;
use crate::plan::graph::{self, Batch, Layout};
use crate::plan::kept::window_cells;
use crate::plan::ledger::Subject;
use crate::plan::placement::Placement;
use serde::Serialize;
use std::str::FromStr;

/// Network between the head and its workers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Link {
    /// Time there and back, milliseconds: what `ping` says.
    pub latency_ms: f64,
    /// 10^6 bits/s.
    pub mbit_s: f64,
}

impl FromStr for Link {
    type Err = String;

    fn from_str(text: &str) -> Result<Link, String> {
        let wrong = || format!("{text:?} is no latency in ms and rate in Mbit/s, such as 0.4,940");
        let (latency, rate) = text.split_once(',').ok_or_else(wrong)?;
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let latency_ms = number(latency).filter(|ms| (0.0..=10_000.0).contains(ms)).ok_or_else(wrong)?;
        let mbit_s = number(rate).filter(|rate| (0.1..=10_000_000.0).contains(rate)).ok_or_else(wrong)?;
        Ok(Link { latency_ms, mbit_s })
    }
}

/// Bytes and round trips of one batch over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    pub bytes: u64,
    /// Answers that the head waits for.
    pub round_trips: u64,
}

impl Traffic {
    /// Milliseconds that it takes on `link`.
    pub fn milliseconds(&self, link: &Link) -> f64 {
        self.round_trips as f64 * link.latency_ms + self.bytes as f64 * 8.0 / (link.mbit_s * 1e3)
    }
}

/// One token of an answer, with `cells` of the slot's cache looked at; the graph is the one of the token before.
pub(super) fn of_token(subject: &Subject, placement: &Placement, cells: u64) -> Traffic {
    of_prompt(subject, placement, 1, cells)
}

/// One physical batch of a prompt of one slot.
pub(super) fn of_prompt(subject: &Subject, placement: &Placement, tokens: u64, cells: u64) -> Traffic {
    let window = window_cells(subject.shape, subject.workload).min(cells);
    let batch = Batch { tokens, outputs: 1, streams: 1, cells, window_cells: window, ..subject.batch() };
    of(subject, placement, &batch)
}

/// A batch of fewer tokens has its norms with their layers however they lie (`graph_get_cb` of llama-context.cpp).
const KEEPS_NORMS: u64 = 32;

fn of(subject: &Subject, placement: &Placement, batch: &Batch) -> Traffic {
    let keeps_norms = batch.tokens < KEEPS_NORMS || !placement.is_split();
    let layout = Layout { keeps_norms, ..subject.layout(placement) };
    let is_remote = |device: u8| (device as usize) < placement.remote;
    let mut traffic = Traffic::default();
    for crossing in graph::crossings(subject.shape, batch, &layout) {
        if is_remote(crossing.from) {
            let (asked, answered) = rpc::fetch(crossing.bytes);
            traffic.bytes += asked + answered;
            traffic.round_trips += 1;
        }
        if is_remote(crossing.to) {
            traffic.bytes += rpc::fill(crossing.bytes);
        }
    }
    let working = placement.gpu_layers.iter().take(placement.remote).filter(|layers| **layers > 0).count();
    traffic.bytes += working as u64 * rpc::COMPUTE_AGAIN;
    traffic
}

/// Bytes of the weights that the head sends to its workers before the first token.
pub(super) fn of_loading(placement: &Placement, weights: &[u64]) -> u64 {
    weights.iter().take(placement.remote).sum()
}
