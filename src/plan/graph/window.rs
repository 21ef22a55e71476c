//! The last nodes that have to do with a tensor: which of them a node waits for is found without looking at each.

use super::alloc::Id;

/// Last nodes that a tensor is part of; the nearest is bit 0.
#[derive(Clone, Copy, Default)]
struct Last {
    at: u32,
    bits: u32,
}

impl Last {
    /// Returns them as seen from the node at `index`: the one before it is bit 0.
    fn before(self, index: u32) -> u32 {
        self.bits.checked_shl(index - self.at - 1).unwrap_or(0)
    }

    fn note(&mut self, index: u32) {
        let before = if self.bits == 0 || self.at == index { self.bits >> 1 } else { self.before(index) };
        *self = Last { at: index, bits: before << 1 | 1 };
    }
}

/// Nodes of the window by the tensors that they compute and read, Id → its last nodes. Nodes are counted through all
/// splits of a graph, so that those of a split before are out of the window.
pub(super) struct Recent {
    /// Count of the first node of this split.
    start: u32,
    itself: Vec<Last>,
    /// Nodes that compute or show the base.
    of_base: Vec<Last>,
    /// The same without those in which nothing runs.
    runs_on_base: Vec<Last>,
    /// Nodes that run and read the base.
    reads_base: Vec<Last>,
}

impl Recent {
    pub(super) fn of(count: usize) -> Recent {
        let none = || vec![Last::default(); count];
        Recent { start: 1, itself: none(), of_base: none(), runs_on_base: none(), reads_base: none() }
    }

    /// Begins the next split after one of so many nodes.
    pub(super) fn forget(&mut self, nodes: usize) {
        self.start += nodes as u32 + u32::BITS;
    }

    /// Returns which nodes before the one at `index` of this split it has to wait for, the nearest as bit 0, and counts it
    /// among them. `bases` are the tensors that views show; a node in which nothing runs waits only for what it shows.
    pub(super) fn waits(&mut self, index: usize, id: Id, sources: &[Id], bases: &[Id], runs: bool) -> u32 {
        let (index, base) = (self.start + index as u32, bases[id]);
        let mut waits = self.of_base[base].before(index);
        for source in sources {
            waits |= self.itself[*source].before(index);
            if runs {
                waits |= self.runs_on_base[bases[*source]].before(index);
            }
        }
        if runs {
            waits |= self.reads_base[base].before(index);
            self.runs_on_base[base].note(index);
            sources.iter().for_each(|source| self.reads_base[bases[*source]].note(index));
        }
        self.of_base[base].note(index);
        self.itself[id].note(index);
        waits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_seen_by_how_far_back_they_are() {
        let mut last = Last::default();
        assert_eq!(last.before(1), 0);
        last.note(1);
        last.note(4);
        last.note(4);
        assert_eq!((last.before(5), last.before(6)), (0b1001, 0b10010));
        assert_eq!((last.before(35), last.before(36)), (1 << 30, 1 << 31));
        assert_eq!(last.before(37), 0);
    }

    #[test]
    fn nothing_is_waited_for_over_the_end_of_a_split() {
        let mut recent = Recent::of(2);
        assert_eq!(recent.waits(0, 0, &[], &[0, 1], true), 0);
        assert_eq!(recent.waits(1, 1, &[0], &[0, 1], true), 1);
        recent.forget(2);
        assert_eq!(recent.waits(0, 1, &[0], &[0, 1], true), 0);
    }
}
