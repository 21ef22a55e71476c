//! Runs as the unit of a head's server: starts the server once every worker is there, stops it when one is lost, and
//! starts it again when that one is back. By itself the server would notice at its next request, and end.

use super::state::{self, Worker};
use crate::error::{Context, Exit, Failure, Result};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// A server that ended is asked after this long whether that was for want of a worker: a lost network is known later.
const KNOWN: Duration = Duration::from_secs(10);
/// For the server to end by itself.
const ENDS: Duration = Duration::from_secs(5);

/// Returns the workers that are not there, in words; `None` where all are.
fn lost(workers: &[Worker], planned: usize) -> Option<String> {
    if workers.len() != planned {
        return Some("the connections to the workers are not up".to_string());
    }
    let lost = workers.iter().enumerate().filter(|(_, worker)| !worker.up);
    lost.map(|(number, worker)| format!("worker {} ({}): {}", number + 1, worker.name, worker.why))
        .reduce(|all, next| format!("{all}; {next}"))
}

/// Runs the server while its `workers` are there. `follow` is handed each start, to pass on what it says.
///
/// # Errors
/// It does not start, or ended although every worker is there.
pub fn run(workers: usize, mut command: Command, follow: impl Fn(&mut Child)) -> Result<Exit> {
    let now = || lost(&state::read(), workers);
    loop {
        wait(now);
        say!("every worker is there: the server starts");
        let mut child = command.spawn().context("starting the server")?;
        follow(&mut child);
        match watch(&mut child, now)? {
            Ended::Lost(why) => say!("the server is stopped until it is back: {why}"),
            Ended::ByItself(status) => {
                let start = Instant::now();
                while now().is_none() && start.elapsed() < KNOWN {
                    thread::sleep(LOOK);
                }
                match now() {
                    Some(why) => say!("the server ended ({status}), and a worker is lost: {why}"),
                    None => return Err(Failure::failed(format!("the server ended: {status}")).into()),
                }
            }
        }
    }
}

/// Waits until every worker is there, and says for whom.
fn wait(now: impl Fn() -> Option<String>) {
    let mut said = String::new();
    while let Some(why) = now() {
        if why != said {
            say!("waiting for {why}");
            said = why;
        }
        thread::sleep(LOOK);
    }
}

/// How a start of the server ended.
enum Ended {
    /// It was stopped, because a worker is lost.
    Lost(String),
    ByItself(ExitStatus),
}

fn watch(child: &mut Child, now: impl Fn() -> Option<String>) -> Result<Ended> {
    loop {
        if let Some(status) = child.try_wait().context("waiting for the server")? {
            return Ok(Ended::ByItself(status));
        }
        if let Some(why) = now() {
            stop(child)?;
            return Ok(Ended::Lost(why));
        }
        thread::sleep(LOOK);
    }
}

fn stop(child: &mut Child) -> Result<()> {
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    let start = Instant::now();
    while child.try_wait().context("waiting for the server")?.is_none() {
        if start.elapsed() > ENDS {
            child.kill().context("stopping the server")?;
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_serves_while_every_worker_of_its_plan_is_there() {
        let worker =
            |name: &str, up: bool, why: &str| Worker { up, why: why.to_string(), ..Worker::new(name) };
        let (b, c) = (worker("b", true, ""), worker("c", false, "no route to host"));
        assert_eq!(lost(&[b.clone(), worker("c", true, "")], 2), None);
        assert_eq!(lost(&[b.clone(), c], 2).unwrap(), "worker 2 (c): no route to host");
        for missing in [&[][..], &[b]] {
            assert_eq!(lost(missing, 2).unwrap(), "the connections to the workers are not up");
        }
    }

    #[test]
    fn a_server_is_stopped_when_a_worker_is_lost_and_its_end_is_told_otherwise() {
        let mut sleeper = Command::new("sleep").arg("60").spawn().unwrap();
        let lost = watch(&mut sleeper, || Some("worker 1 (b): gone".to_string())).unwrap();
        assert!(matches!(lost, Ended::Lost(why) if why.contains("gone")));
        assert!(sleeper.try_wait().unwrap().is_some());
        let mut quick = Command::new("false").spawn().unwrap();
        assert!(matches!(watch(&mut quick, || None).unwrap(), Ended::ByItself(status) if !status.success()));
    }
}
