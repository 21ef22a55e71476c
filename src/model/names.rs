//! Names of a model's tensors.

use std::collections::BTreeMap;

/// Tensor names without their layer, with dimensions.
pub(super) struct Names<'a>(BTreeMap<&'a str, &'a [u64]>);

impl<'a> Names<'a> {
    pub fn of(tensors: impl Iterator<Item = (&'a str, &'a [u64])>) -> Names<'a> {
        let part = |name: &'a str| name.strip_prefix("blk.").and_then(|rest| rest.split_once('.'));
        let mut names = BTreeMap::new();
        // One by one: nearly all are of a layer whose names are known from the one before.
        for (name, dims) in tensors {
            names.insert(part(name).map_or(name, |(_, part)| part), dims);
        }
        Names(names)
    }

    pub fn all(&self) -> impl Iterator<Item = &'a str> {
        self.0.keys().copied()
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// With the usual suffix or, as PLaMo 2 has some, without.
    pub fn has_named(&self, name: &str) -> bool {
        self.has(name) || self.has(&format!("{name}.weight"))
    }

    pub(super) fn dim(&self, name: &str, index: usize) -> Option<u64> {
        self.0.get(name)?.get(index).copied()
    }
}
