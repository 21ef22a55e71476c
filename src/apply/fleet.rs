//! The same work on several hosts side by side; one host's failure never stops another.

use super::attempt::{HostOutcome, Work};
use super::host::Host;
use super::session;
use super::show::{Bars, Plain, Show, Silent};
use super::show_json::JsonLines;
use crate::error::{Context, Result};
use crate::lang::Lang;
use crate::ssh::Run;
use indicatif::MultiProgress;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Progress bars, for a terminal.
    Bars,
    /// Lines on stderr.
    Plain,
    /// JSON lines on stderr.
    Json,
    /// Nothing.
    Silent,
}

/// Each host with its outcome, in the order given.
pub type Results = Vec<(Host, Result<HostOutcome>)>;

/// Works on at most `jobs` hosts at a time. Every host has a connection and a thread of its own, as
/// libssh2 blocks; tokio keeps count and hears Ctrl-C.
pub fn run(work: Vec<(Host, Arc<Work>)>, jobs: usize, style: Style, interrupted: &str) -> Result<Results> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(jobs.clamp(1, 512))
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let hosts = work.iter().filter_map(|(host, _)| match host {
        Host::Ssh { options, .. } => Some(options.memory.begin_run()),
        Host::Local { .. } => None,
    });
    let _runs: Vec<Run> = hosts.collect();
    let results = runtime.block_on(async {
        tokio::select! {
            results = all(work, jobs, style) => Ok(results),
            _ = tokio::signal::ctrl_c() => Err(()),
        }
    });
    match results {
        Ok(results) => Ok(results),
        Err(()) => {
            say!("\ninterrupted: {interrupted}");
            // Blocking threads cannot be cancelled; the agents go on by themselves.
            std::process::exit(130);
        }
    }
}

async fn all(work: Vec<(Host, Arc<Work>)>, jobs: usize, style: Style) -> Results {
    let hosts: Vec<Host> = work.iter().map(|(host, _)| host.clone()).collect();
    let permits = Arc::new(Semaphore::new(jobs.max(1)));
    let bars = MultiProgress::new();
    if style == Style::Bars {
        ask_between_bars(&hosts, &bars);
    }
    let mut set = JoinSet::new();
    for (index, (host, work)) in work.into_iter().enumerate() {
        let (permits, bars) = (permits.clone(), bars.clone());
        set.spawn(async move {
            let _permit = permits.acquire_owned().await;
            let blocking = tokio::task::spawn_blocking(move || {
                let mut show = show(&host, style, &bars);
                let result = session::run(&host, &work, show.as_mut());
                result.as_ref().err().into_iter().for_each(|error| show.failed(error));
                show.finish();
                result
            });
            (index, blocking.await.unwrap_or_else(|error| Err(anyhow::anyhow!("the worker failed: {error}"))))
        });
    }
    let mut results: Vec<Option<Result<HostOutcome>>> = (0..hosts.len()).map(|_| None).collect();
    while let Some(joined) = set.join_next().await {
        if let Ok((index, result)) = joined {
            results[index] = Some(result);
        }
    }
    let missing = || Err(anyhow::anyhow!("the worker ended early"));
    hosts.into_iter().zip(results.into_iter().map(|result| result.unwrap_or_else(missing))).collect()
}

/// A question stays where it is while it is answered.
fn ask_between_bars(hosts: &[Host], bars: &MultiProgress) {
    for host in hosts {
        if let Host::Ssh { options, .. } = host {
            let bars = bars.clone();
            options.secrets.ask_within(Box::new(move |question| bars.suspend(question)));
        }
    }
}

fn show(host: &Host, style: Style, bars: &MultiProgress) -> Box<dyn Show> {
    match style {
        Style::Bars => Box::new(Bars::new(&host.shown(Lang::current()), bars)),
        Style::Plain => Box::new(Plain::new(&host.shown(Lang::current()))),
        Style::Json => Box::new(JsonLines::new(&host.name())),
        Style::Silent => Box::new(Silent),
    }
}
