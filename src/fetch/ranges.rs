//! Tracks the bytes of a file that are there: a set of half-open ranges.

use serde::{Deserialize, Serialize};

/// Disjoint, ascending, not touching; `[start, end)` in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// From any pairs, such as those of a record that anyone may have written.
    pub fn new(pairs: impl IntoIterator<Item = (u64, u64)>) -> Ranges {
        let mut ranges = Ranges::default();
        pairs.into_iter().for_each(|(start, end)| ranges.add(start, end));
        ranges
    }

    /// Returns the ranges in order, each its first byte and the byte after its last.
    pub fn pairs(&self) -> &[(u64, u64)] {
        &self.0
    }

    /// Adds `[start, end)`; an empty one changes nothing.
    pub fn add(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        // The ones that overlap or touch become one.
        let from = self.0.partition_point(|range| range.1 < start);
        let to = self.0.partition_point(|range| range.0 <= end);
        let joined = match self.0[from..to] {
            [] => (start, end),
            [first, ..] => (start.min(first.0), end.max(self.0[to - 1].1)),
        };
        self.0.splice(from..to, [joined]);
    }

    /// Bytes in all ranges.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }

    /// Everything before this is there.
    pub fn frontier(&self) -> u64 {
        self.0.first().filter(|range| range.0 == 0).map_or(0, |range| range.1)
    }

    /// End of the run of bytes that are there from `at` on; `at` itself where there is none.
    pub fn covered_until(&self, at: u64) -> u64 {
        self.0.iter().find(|range| range.0 <= at && at < range.1).map_or(at, |range| range.1)
    }

    /// The first gap before `size` that is in neither set, `most` bytes of it at most.
    pub fn next_gap(&self, taken: &Ranges, size: u64, most: u64) -> Option<(u64, u64)> {
        let mut at = 0;
        while at < size {
            let next = taken.covered_until(self.covered_until(at));
            if next == at {
                let begins = |ranges: &Ranges| ranges.0.iter().map(|range| range.0).find(|start| *start > at);
                let end = [begins(self), begins(taken)].into_iter().flatten().min().unwrap_or(size);
                return Some((at, end.min(size).min(at.saturating_add(most))));
            }
            at = next;
        }
        None
    }

    /// Takes `[start, end)` out.
    pub fn remove(&mut self, start: u64, end: u64) {
        let cut = |&(from, to): &(u64, u64)| [(from, to.min(start)), (from.max(end), to)];
        self.0 = self.0.iter().flat_map(cut).filter(|(from, to)| from < to).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neighbours_join_and_gaps_are_found_in_order() {
        let mut have = Ranges::new([(10, 20), (30, 40), (20, 25)]);
        assert_eq!(have.pairs(), [(10, 25), (30, 40)]);
        assert_eq!((have.total(), have.frontier()), (25, 0));
        let none = Ranges::default();
        assert_eq!(have.next_gap(&none, 100, 1000), Some((0, 10)));
        assert_eq!(have.next_gap(&Ranges::new([(0, 10)]), 100, 3), Some((25, 28)));
        assert_eq!(have.next_gap(&Ranges::new([(0, 31)]), 100, 1000), Some((40, 100)));
        have.add(0, 100);
        assert_eq!((have.frontier(), have.next_gap(&none, 100, 1)), (100, None));
    }

    proptest! {
        /// Against the plain truth: one bool a byte.
        #[test]
        fn ranges_behave_as_a_set_of_bytes(
            adds in prop::collection::vec((0u64..64, 0u64..64), 0..12),
            removes in prop::collection::vec((0u64..64, 0u64..64), 0..4),
            taken in prop::collection::vec((0u64..64, 0u64..64), 0..4),
            most in 1u64..70,
        ) {
            let mut truth = [false; 64];
            let mut have = Ranges::default();
            for (start, end) in &adds {
                have.add(*start, *end);
                (*start..*end).for_each(|at| truth[at as usize] = true);
            }
            for (start, end) in &removes {
                if start < end { have.remove(*start, *end); }
                (*start..*end).for_each(|at| truth[at as usize] = false);
            }
            prop_assert_eq!(have.total(), truth.iter().filter(|there| **there).count() as u64);
            prop_assert_eq!(have.frontier(), truth.iter().take_while(|there| **there).count() as u64);
            prop_assert!(have.pairs().windows(2).all(|pair| pair[0].1 < pair[1].0));
            let taken = Ranges::new(taken);
            let mut busy = truth;
            taken.pairs().iter().for_each(|(s, e)| (*s..*e).for_each(|at| busy[at as usize] = true));
            let first = busy.iter().position(|busy| !busy);
            match have.next_gap(&taken, 64, most) {
                None => prop_assert_eq!(first, None),
                Some((start, end)) => {
                    prop_assert_eq!(Some(start as usize), first);
                    prop_assert!(start < end && end - start <= most);
                    prop_assert!((start..end).all(|at| !busy[at as usize]));
                    prop_assert!(end - start == most || end == 64 || busy[end as usize]);
                }
            }
        }
    }
}
