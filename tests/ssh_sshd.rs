//! `ssh` against a real sshd on 127.0.0.1. Needs openssh-server and openssh-client.

#[path = "ssh_sshd/server.rs"]
mod server;

#[path = "ssh_sshd/auth.rs"]
mod auth;
#[path = "ssh_sshd/exec.rs"]
mod exec;
#[path = "ssh_sshd/host_key.rs"]
mod host_key;
#[path = "ssh_sshd/jump.rs"]
mod jump;
#[path = "ssh_sshd/reach.rs"]
mod reach;
