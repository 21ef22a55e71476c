//! What any Linux host is, whatever of ours is on it: [`service`] (systemd), [`lock`] (one apply at a time),
//! [`clock`], [`accounts`], [`users`] and what killed tools left of [`user_locks`], the [`private`] folder in `/run`,
//! [`packages`], [`addresses`], [`disk`], and a [`sandbox`] for a program of a stranger's.

pub mod accounts;
pub mod addresses;
pub mod clock;
pub mod disk;
pub mod lock;
pub mod packages;
pub mod private;
pub mod sandbox;
pub mod service;
pub mod user_locks;
pub mod users;
