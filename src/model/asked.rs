//! Settings and tensors that llama.cpp asks an architecture's file for, by the table architectures.txt, which
//! tests/oracle/architectures.py writes.

use std::collections::BTreeMap;

/// Tensors that llama.cpp asks an architecture's file for.
pub(super) struct Asked {
    /// Every layer attends, or has a feed-forward.
    pub attends: bool,
    pub feeds: bool,
    /// A dense feed-forward has a gate, or experts have.
    pub gates: bool,
    pub experts_gates: bool,
    /// A position turns the whole head.
    pub whole_rope: bool,
    /// Settings that the loader asks for, without the architecture's name.
    pub keys: Vec<&'static str>,
    /// Names without layer and suffix, but `.bias`.
    pub names: BTreeMap<&'static str, Name>,
}

#[derive(Clone, Copy)]
pub(super) struct Name {
    /// It is of no layer.
    pub top: bool,
    /// The file, or every layer, has it.
    pub must: bool,
}

/// Returns what is asked for; `None` for an architecture that b11434 does not know.
pub(super) fn asked(architecture: &str) -> Option<Asked> {
    let line = include_str!("architectures.txt")
        .lines()
        .find(|line| line.strip_prefix(architecture).is_some_and(|rest| rest.starts_with([':', ' '])))?;
    let (head, names) = line.split_once(": ")?;
    let (keys, names): (Vec<_>, Vec<_>) = names.split(' ').partition(|text| text.starts_with('.'));
    let keys = keys.into_iter().map(|key| key.trim_start_matches('.')).collect();
    let names = names.into_iter().map(|text| {
        let (top, must) = (text.starts_with('^'), text.ends_with('!'));
        (text.trim_start_matches('^').trim_end_matches('!'), Name { top, must })
    });
    let says = |flag: &str| head.contains(flag);
    let (attends, feeds, gates) = (says(" +qkv"), says(" +ffn"), says(" +gate"));
    let experts_gates = says(" +experts'-gates");
    Some(Asked {
        keys,
        attends,
        feeds,
        gates,
        experts_gates,
        whole_rope: says(" +rope"),
        names: names.collect(),
    })
}
