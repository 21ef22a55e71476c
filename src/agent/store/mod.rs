//! Things that we keep on a host: `generation`s with their runtimes and models, whether a `runtime` is as it was
//! put there, the executables of the agent (`staged`), files that arrive (`receive`) or may be fetched
//! (`download`), what several `archives` are together, what is built from `sourced` ones, the API `key`, secrets on their way to a job (`handover`), its
//! `turn` among hosts of one machine, a job's [`journal`] and the unit that carries it over a restart of the host (`resume`). `made` is the record of each
//! `thing` that is ours there;
//! `preflight` compares it with what `look` has `seen`, and gives `findings`. `id` names the resources that
//! all of it belongs to; `desired` says what of it a bundle means, `prune` removes what no longer serves.

pub(crate) mod archives;
pub(crate) mod desired;
pub(crate) mod download;
pub(crate) mod findings;
pub(crate) mod front;
pub(crate) mod generation;
pub(crate) mod handover;
pub(crate) mod hashes;
pub(crate) mod id;
pub(crate) mod installed;
pub mod journal;
pub(crate) mod key;
pub(crate) mod look;
pub(crate) mod made;
pub(crate) mod packaged;
pub(crate) mod preflight;
pub(crate) mod prune;
pub(crate) mod receive;
pub(crate) mod resume;
pub(crate) mod runtime;
pub(crate) mod seen;
pub(crate) mod sourced;
pub(crate) mod staged;
pub(crate) mod thing;
pub(crate) mod turn;
