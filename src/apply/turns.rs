//! Hosts that share a machine (containers, by their kernel and its start) start their servers one after the other:
//! those that start and are timed at once on the same cores would slow and mistime one another.

use crate::error::Result;
use std::collections::BTreeSet;
use std::sync::{Condvar, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A turn is not waited for any longer; the host is changed beside the others then.
const LONGEST: Duration = Duration::from_secs(3600);

/// Machines on which a host is being changed.
static TAKEN: LazyLock<(Mutex<BTreeSet<String>>, Condvar)> = LazyLock::new(Default::default);

/// A machine's turn, until it is dropped.
pub(super) struct Turn(String);

/// Waits until no other host of `machine` is being changed; calls `waiting` at once and after each `beat` until then.
/// `None` where it took too long.
///
/// # Errors
/// `waiting` fails.
pub(super) fn take(
    machine: &str,
    beat: Duration,
    mut waiting: impl FnMut() -> Result<()>,
) -> Result<Option<Turn>> {
    let (taken, changed) = &*TAKEN;
    let began = Instant::now();
    let mut held = taken.lock().unwrap_or_else(PoisonError::into_inner);
    while !held.insert(machine.to_string()) {
        if began.elapsed() > LONGEST {
            return Ok(None);
        }
        drop(held);
        waiting()?;
        held = taken.lock().unwrap_or_else(PoisonError::into_inner);
        if held.contains(machine) {
            held = changed.wait_timeout(held, beat).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
    Ok(Some(Turn(machine.to_string())))
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (taken, changed) = &*TAKEN;
        taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
        changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn hosts_of_one_machine_take_turns_and_others_do_not_wait() {
        let (inside, most, waits) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let count = || {
            waits.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let turn = take("one", Duration::from_millis(5), count).unwrap();
                    assert!(turn.is_some());
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                    inside.fetch_sub(1, Ordering::SeqCst);
                });
            }
            let began = Instant::now();
            drop(take("another", Duration::from_secs(60), || panic!("nobody is there")).unwrap());
            assert!(began.elapsed() < Duration::from_secs(5));
        });
        assert_eq!(most.load(Ordering::SeqCst), 1);
        assert!(waits.load(Ordering::SeqCst) >= 5, "{waits:?}");
        // A client whose host is gone leaves the queue.
        let held = take("two", Duration::from_millis(1), || Ok(())).unwrap();
        assert!(take("two", Duration::from_millis(1), || Err(crate::error::anyhow!("lost"))).is_err());
        drop(held);
        assert!(take("two", Duration::from_millis(1), || Ok(())).unwrap().is_some());
    }
}
