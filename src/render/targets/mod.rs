//! Other forms of a bundle, for whoever starts a machine. One file each: a type that implements [`Target`], and a
//! line in [`all`]; docs/add-bundle-target.md says how.

pub mod cloud_init;
mod target;

pub use target::Target;

/// Every target, in the order in which their files are rendered.
pub fn all() -> [&'static dyn Target; 1] {
    [&cloud_init::CloudInit]
}
