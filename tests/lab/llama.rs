//! A real llama-server on this machine, with the lab's build.

use super::{llama_bin, wait_for};
use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

/// Key that it asks for.
pub const KEY: &str = "a-key-of-the-test";

/// Ends with the value.
pub struct Llama {
    pub child: Child,
    pub port: u16,
}

impl Llama {
    /// Starts one on a free port, with its log in `folder`.
    pub fn start(folder: &Path, name: &str, model: &Path, args: &[&str]) -> Llama {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let log = File::create(folder.join(name)).unwrap();
        let mut command = Command::new(llama_bin().join("llama-server"));
        command.args([
            "--host",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--no-webui",
            "--api-key",
            KEY,
            "-m",
        ]);
        command.arg(model).args(args).stdout(log.try_clone().unwrap()).stderr(log);
        Llama { child: command.spawn().expect("llama-server"), port }
    }

    /// Waits until the model is loaded.
    pub fn wait(&self) {
        let health = format!("http://127.0.0.1:{}/health", self.port);
        wait_for("llama-server to be ready", Duration::from_secs(300), || {
            Command::new("curl").args(["-sf", "-o", "/dev/null", &health]).status().unwrap().success()
        });
    }
}

impl Drop for Llama {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
