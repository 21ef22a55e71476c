//! Things that we keep on a host: [`generation`]s with their runtimes and models, whether a [`runtime`] is as it was
//! put there, the executables of the agent ([`staged`]), files that arrive ([`receive`]) or may be fetched
//! ([`download`]), the API [`key`], secrets on their way to a job ([`handover`]), a job's [`journal`] and the unit
//! that carries it over a restart of the host ([`resume`]). [`made`] is the record of what is ours there;
//! [`preflight`] compares it with what [`look`] has [`seen`], and gives [`findings`]. [`id`] names the resources that
//! all of it belongs to; [`desired`] says what of it a bundle means, [`prune`] removes what no longer serves.

pub mod desired;
pub mod download;
pub mod findings;
pub mod generation;
pub mod handover;
pub mod hashes;
pub mod id;
pub mod installed;
pub mod journal;
pub mod key;
pub mod look;
pub mod made;
pub mod preflight;
pub mod prune;
pub mod receive;
pub mod resume;
pub mod runtime;
pub mod seen;
pub mod staged;
