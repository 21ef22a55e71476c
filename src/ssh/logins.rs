//! Logins to one jump host, a few at a time: sshd drops connections that are not logged in above its MaxStartups,
//! and a fleet behind one gate comes with as many as it has jobs.

use std::collections::BTreeMap;
use std::sync::{Condvar, LazyLock, Mutex, PoisonError};

/// Logins to one place at a time.
const MOST: usize = 3;

/// Logins that are under way, by place.
static UNDER_WAY: LazyLock<(Mutex<BTreeMap<String, usize>>, Condvar)> = LazyLock::new(Default::default);

/// A login that is under way until this is dropped.
pub(super) struct Entered(String);

/// Waits until another login to `place` may begin. Each is bounded in time, and so is this.
pub(super) fn enter(place: &str) -> Entered {
    let (counts, changed) = &*UNDER_WAY;
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    while counts.get(place).is_some_and(|count| *count >= MOST) {
        counts = changed.wait(counts).unwrap_or_else(PoisonError::into_inner);
    }
    *counts.entry(place.to_string()).or_default() += 1;
    Entered(place.to_string())
}

impl Drop for Entered {
    fn drop(&mut self) {
        let (counts, changed) = &*UNDER_WAY;
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.0) {
            *count -= 1;
        }
        changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn a_few_enter_one_gate_at_a_time_and_all_get_through() {
        let (inside, most, through) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    let _entered = enter("gate:22");
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(10));
                    inside.fetch_sub(1, Ordering::SeqCst);
                    through.fetch_add(1, Ordering::SeqCst);
                });
            }
            // Another gate is not held up.
            drop(enter("other:22"));
        });
        assert!(most.load(Ordering::SeqCst) <= MOST, "{most:?}");
        assert_eq!(through.load(Ordering::SeqCst), 12);
    }
}
