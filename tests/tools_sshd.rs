//! `ssh` against a real sshd on 127.0.0.1. Needs openssh-server and openssh-client.

#[path = "tools_sshd/server.rs"]
mod server;

#[path = "tools_sshd/auth.rs"]
mod auth;
#[path = "tools_sshd/exec.rs"]
mod exec;
#[path = "tools_sshd/forward.rs"]
mod forward;
#[path = "tools_sshd/host_key.rs"]
mod host_key;
#[path = "tools_sshd/jump.rs"]
mod jump;
#[path = "tools_sshd/reach.rs"]
mod reach;
