//! Other forms of a bundle, for whoever starts a machine. One file each: a type that implements [`Target`], and a
//! line in [`all`]; docs/add-bundle-target.md says how.

pub mod cloud_init;
mod haproxy;
mod kubernetes;
mod skypilot;
mod target;
mod words;

pub use target::Target;

/// Every target, in the order in which their files are rendered.
pub fn all() -> [&'static dyn Target; 4] {
    [&cloud_init::CloudInit, &kubernetes::Kubernetes, &skypilot::SkyPilot, &haproxy::HaProxy]
}
