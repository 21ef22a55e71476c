//! Parts of any Linux host: [`service`] (systemd), [`lock`] (one apply at a time), [`clock`], [`accounts`], [`users`]
//! and the [`user_locks`] that killed tools leave, the [`private`] folder in `/run`, [`apt`] with its
//! [`apt_sources`], [`packages`], [`podman`], [`addresses`], [`disk`], the way to the internet ([`egress`]), [`restart`],
//! [`secure_boot`], a [`sandbox`] for an untrusted program, and a [`workshop`] for a
//! compiler.

pub mod accounts;
pub mod addresses;
pub mod apt;
pub mod apt_sources;
pub mod clock;
pub mod disk;
pub mod egress;
pub mod lock;
pub mod packages;
pub mod podman;
pub mod private;
pub mod restart;
pub mod sandbox;
pub mod secure_boot;
pub mod service;
pub mod user_locks;
pub mod users;
pub mod workshop;
