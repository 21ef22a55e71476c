//! Parts of any Linux host: [`service`] (systemd), [`lock`] (one apply at a time), [`clock`], [`accounts`], [`users`]
//! and the [`user_locks`] that killed tools leave, the [`private`] folder in `/run`, [`packages`], [`addresses`],
//! [`disk`], the way to the internet ([`egress`]), and a [`sandbox`] for an untrusted program.

pub mod accounts;
pub mod addresses;
pub mod clock;
pub mod disk;
pub mod egress;
pub mod lock;
pub mod packages;
pub mod private;
pub mod sandbox;
pub mod service;
pub mod user_locks;
pub mod users;
