//! A real sshd on 127.0.0.1, with keys of its own, that ends with the test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use agi_provision::ssh::{Connection, HostKeyPolicy, Options, Secrets, Target};

const SSHD: &str = "/usr/sbin/sshd";

/// Name of the user who runs the tests.
pub static USER: LazyLock<String> = LazyLock::new(|| {
    let output = Command::new("id").arg("-un").output().expect("id");
    String::from_utf8(output.stdout).unwrap().trim().to_string()
});

pub struct Server {
    pub port: u16,
    folder: tempfile::TempDir,
    sshd: Child,
}

impl Server {
    /// With an ed25519 host key, and an ed25519 client key that it lets in.
    pub fn start() -> Server {
        Server::with(&["ed25519"], "")
    }

    /// With host keys of these types and more lines of sshd_config.
    pub fn with(host_keys: &[&str], more: &str) -> Server {
        assert!(Path::new(SSHD).exists(), "these tests need {SSHD}: apt-get install openssh-server");
        // Its privilege separation wants this folder; the service makes it where there is one.
        if USER.as_str() == "root" {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for key_type in host_keys {
            generate(path, &format!("host_{key_type}"), &["-t", key_type, "-N", ""]);
        }
        generate(path, "client", &["-t", "ed25519", "-N", ""]);
        fs::copy(path.join("client.pub"), path.join("authorized_keys")).unwrap();
        // The port is free when chosen, but another test may be faster.
        for _ in 0..20 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let config = sshd_config(path, port, host_keys, more);
            fs::write(path.join("sshd_config"), config).unwrap();
            let mut sshd = Command::new(SSHD)
                .arg("-D")
                .arg("-f")
                .arg(path.join("sshd_config"))
                .arg("-E")
                .arg(path.join("log"))
                .stdin(Stdio::null())
                .spawn()
                .unwrap();
            if answers(port, &mut sshd) {
                return Server { port, folder, sshd };
            }
            let _ = sshd.kill();
            let _ = sshd.wait();
        }
        panic!("sshd does not start: {}", fs::read_to_string(path.join("log")).unwrap_or_default());
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// Waits until the log has `text`; it is written by another process.
    pub fn wait_for_log(&self, text: &str) -> String {
        self.wait_for_log_after("", text)
    }

    /// The same, for `text` somewhere after `earlier`.
    pub fn wait_for_log_after(&self, earlier: &str, text: &str) -> String {
        let start = Instant::now();
        loop {
            let log = self.log();
            if log.split_once(earlier).is_some_and(|(_, rest)| rest.contains(text)) {
                return log;
            }
            assert!(start.elapsed() < Duration::from_secs(10), "no {text:?} after {earlier:?} in {log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Makes a key beside the others and lets it in.
    pub fn authorize(&self, name: &str, args: &[&str]) -> PathBuf {
        generate(self.folder.path(), name, args);
        let mut keys = fs::read_to_string(self.path("authorized_keys")).unwrap();
        keys += &fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap();
        fs::write(self.path("authorized_keys"), keys).unwrap();
        self.path(name)
    }

    pub fn target(&self) -> Target {
        Target::parse(&format!("{}@127.0.0.1:{}", *USER, self.port)).unwrap()
    }

    /// Nothing of the machine's own SSH setup; the host key must be in this server's known_hosts.
    pub fn options(&self) -> Options {
        Options {
            identity: vec![self.path("client")],
            host_key: HostKeyPolicy::Known,
            known_hosts: Some(self.path("known_hosts")),
            config: Some("/dev/null".into()),
            agent_socket: Some("/nonexistent/agent".into()),
            connect_timeout: Some(Duration::from_secs(10)),
            io_timeout: Duration::from_secs(20),
            secrets: Secrets::default(),
            ..Options::default()
        }
    }

    /// `type base64` of a host key.
    pub fn host_key(&self, key_type: &str) -> String {
        let line = fs::read_to_string(self.path(&format!("host_{key_type}.pub"))).unwrap();
        line.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    /// The name under which known_hosts files this server.
    pub fn known_as(&self) -> String {
        format!("[127.0.0.1]:{}", self.port)
    }

    pub fn write_known_hosts(&self, text: &str) {
        fs::write(self.path("known_hosts"), text).unwrap();
    }

    pub fn trust(&self, key_type: &str) {
        self.write_known_hosts(&format!("{} {}\n", self.known_as(), self.host_key(key_type)));
    }

    pub fn connect(&self) -> Connection {
        self.trust("ed25519");
        Connection::connect(&self.target(), &self.options()).unwrap()
    }

    /// SHA256:… as ssh-keygen says it.
    pub fn fingerprint(&self, key_type: &str) -> String {
        let output =
            Command::new("ssh-keygen").arg("-lf").arg(self.path(&format!("host_{key_type}.pub"))).output();
        String::from_utf8(output.unwrap().stdout).unwrap().split(' ').nth(1).unwrap().to_string()
    }

    /// Kills the processes that serve connections, and leaves the one that listens.
    pub fn kill_sessions(&self) {
        for pid in descendants(self.sshd.id()) {
            if let Some(pid) = rustix::process::Pid::from_raw(pid as i32) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill_sessions();
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

fn sshd_config(path: &Path, port: u16, host_keys: &[&str], more: &str) -> String {
    let path = path.display();
    let keys: String = host_keys.iter().map(|key| format!("HostKey {path}/host_{key}\n")).collect();
    // Of two such lines the last one counts, and of others the first.
    let startups = if more.contains("MaxStartups") { "" } else { "MaxStartups 100\n" };
    format!(
        "{more}\nPort {port}\nListenAddress 127.0.0.1\n{keys}AuthorizedKeysFile {path}/authorized_keys\n\
         StrictModes no\nPidFile none\nUsePAM no\nLogLevel DEBUG1\nPasswordAuthentication no\n\
         KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n{startups}"
    )
}

pub fn generate(folder: &Path, name: &str, args: &[&str]) {
    let status = Command::new("ssh-keygen").args(["-q", "-f"]).arg(folder.join(name)).args(args).status();
    assert!(status.expect("these tests need ssh-keygen: apt-get install openssh-client").success());
}

/// Whether this sshd, not another that took the port, shows its banner.
fn answers(port: u16, sshd: &mut Child) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        if sshd.try_wait().unwrap().is_some() {
            return false;
        }
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
            let mut line = String::new();
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = BufReader::new(stream).read_line(&mut line);
            return line.starts_with("SSH-2.0-") && sshd.try_wait().unwrap().is_none();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

fn descendants(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let direct = children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
    direct.flat_map(|pid: u32| [vec![pid], descendants(pid)].concat()).collect()
}

/// A real ssh-agent that ends with the test.
pub struct Agent {
    pub socket: PathBuf,
    process: Child,
}

impl Agent {
    pub fn start(folder: &Path) -> Agent {
        let socket = folder.join("agent");
        let process = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .expect("these tests need ssh-agent: apt-get install openssh-client");
        let start = Instant::now();
        while !socket.exists() {
            assert!(start.elapsed() < Duration::from_secs(10), "ssh-agent does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        Agent { socket, process }
    }

    /// Adds a key; its passphrase, if it has one, is `secret`.
    pub fn add(&self, key: &Path) {
        let ask = self.socket.with_extension("askpass");
        fs::write(&ask, "#!/bin/sh\necho secret\n").unwrap();
        fs::set_permissions(&ask, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let output = Command::new("ssh-add")
            .arg(key)
            .env("SSH_AUTH_SOCK", &self.socket)
            .env("SSH_ASKPASS", &ask)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
