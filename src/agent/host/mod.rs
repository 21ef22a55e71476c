//! What any Linux host is, whatever of ours is on it: [`service`] (systemd), [`lock`] (one apply at a time),
//! [`clock`], [`users`] and what killed tools left of [`user_locks`], [`packages`], [`addresses`], [`disk`].

pub mod addresses;
pub mod clock;
pub mod disk;
pub mod lock;
pub mod packages;
pub mod service;
pub mod user_locks;
pub mod users;
