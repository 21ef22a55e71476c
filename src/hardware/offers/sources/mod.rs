//! Catalogues that offers are read from. One file each: a type that implements [`Source`], and a line
//! in [`all`].

mod gpuhunt;
mod skypilot;
mod source;

pub use source::{Catalogue, Cloud, Listed, Said, Source};

/// Every source, in the order in which they are asked.
pub fn all() -> Vec<&'static dyn Source> {
    vec![&skypilot::SkyPilot, &gpuhunt::GpuHunt]
}
