//! Catalogues that offers are read from. One file each: a type that implements [`Source`], and a line
//! in [`all`]; docs/add-offer-source.md says how.

mod csv;
mod gpuhunt;
mod skypilot;
mod source;

pub use source::{Catalogue, Cloud, LeftOut, NotForUs, Reading, Source};

/// Every source, in the order in which they are asked.
pub fn all() -> Vec<&'static dyn Source> {
    vec![&skypilot::SkyPilot, &gpuhunt::GpuHunt]
}
