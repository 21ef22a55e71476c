//! Shared parts of the journeys: the program under test with a home of its own, files to give it, and a way to talk
//! to the model on a host.

use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::schemas::assert_valid;
use super::{Machine, Ran, agi_provision, llama_archive, run};

/// The port of the model's server on a host.
pub const PORT: u16 = 8080;

/// Someone's machine: the program with an empty home, and a folder for files.
pub struct Client {
    home: TempDir,
    /// `tiny.gguf` in its home, which [`Self::tiny`] writes.
    model: String,
    archive: String,
}

impl Client {
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("a home for the client");
        let model = text(&home.path().join("tiny.gguf")).to_owned();
        let client = Self { home, model, archive: text(&llama_archive()).to_owned() };
        client.tiny("tiny.gguf", 1);
        client
    }

    /// A path in its home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The program, with no more of this process's environment than it needs.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(agi_provision());
        command.env_clear().env("HOME", self.home.path()).env("USER", "tester");
        command.env("PATH", "/usr/bin:/bin").current_dir(self.home.path()).stdin(Stdio::null());
        command.args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        run(&mut self.command(args))
    }

    /// Runs the program on `host` as `user`, who has the key and knows the host's, with the `ssh_config` of its
    /// home if it has one.
    pub fn on(&self, host: &impl Machine, user: &str, args: &[&str]) -> Ran {
        run(&mut self.command_on(host, user, args))
    }

    pub fn command_on(&self, host: &impl Machine, user: &str, args: &[&str]) -> Command {
        let mut command = self.command(args);
        command.arg("--host").arg(host.login(user));
        command.arg("--identity").arg(host.key_path()).arg("--known-hosts").arg(host.known_hosts());
        if self.path("ssh_config").exists() {
            command.args(["--ssh-config", "ssh_config"]);
        }
        command
    }

    /// Starts it in the background, its output piped.
    pub fn spawn_on(&self, host: &impl Machine, user: &str, args: &[&str]) -> Child {
        let mut command = self.command_on(host, user, args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starting agi-provision")
    }

    /// The same with `--format json`, and its answer.
    #[track_caller]
    pub fn json_on(&self, host: &impl Machine, user: &str, args: &[&str]) -> Answer {
        let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
        let answer = Answer::new(self.on(host, user, &args));
        let document = match args[0] {
            "plan" if !args.contains(&"--model") => "suggestions",
            command => command,
        };
        if !answer.value.is_null() {
            assert_valid(document, &answer.value);
        }
        answer
    }

    /// Writes `known_hosts` in its home, with the keys of all of them.
    pub fn know<'a>(&self, hosts: impl IntoIterator<Item = &'a super::Host>) {
        let known = hosts.into_iter().map(|host| std::fs::read_to_string(host.known_hosts()).unwrap());
        std::fs::write(self.path("known_hosts"), known.collect::<String>()).unwrap();
    }

    /// `apply --yes` of the tiny model with the lab's llama.cpp, and `more`, which may name others.
    pub fn applying<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec!["apply", "--yes"];
        let named = |flags: &[&str]| flags.iter().any(|flag| more.contains(flag));
        if !named(&["--plan", "--bundle"]) {
            for (flag, usual) in [("--model", self.model.as_str()), ("--profile", PROFILE)] {
                if !named(&[flag]) {
                    all.extend([flag, usual]);
                }
            }
        }
        if !named(&["--runtime-archive", "--runtime-path", "--runtime-source"]) {
            all.extend(["--runtime-archive", &self.archive]);
        }
        all.extend(more);
        all
    }

    /// Applies that on `host`, and gives the answer.
    #[track_caller]
    pub fn apply(&self, host: &impl Machine, user: &str, more: &[&str]) -> Answer {
        self.json_on(host, user, &self.applying(more))
    }

    /// The same, and panics unless the model serves.
    #[track_caller]
    pub fn serve(&self, host: &impl Machine, user: &str) -> Answer {
        let done = self.apply(host, user, &[]);
        assert_eq!(done.exit, 0, "{done:?}\n{}", host.console());
        done
    }

    /// A model of 600 KB that llama-server loads; another seed gives other bytes.
    pub fn tiny(&self, name: &str, seed: u64) -> PathBuf {
        let path = self.path(name);
        let mut file = File::create(&path).expect("a file for the model");
        agi_provision::model::tiny::write_tiny(&mut file, seed, None).expect("writing the model");
        path
    }

    /// The tiny model with zeros after its tensors, `size` bytes in all.
    pub fn padded(&self, name: &str, size: u64) -> PathBuf {
        let path = self.tiny(name, 1);
        File::options().write(true).open(&path).unwrap().set_len(size).unwrap();
        path
    }

    /// An embedding model of 1.5 MB that llama-server loads.
    pub fn tiny_embedder(&self, name: &str) -> PathBuf {
        self.tiny_embedder_of(name, 1)
    }

    /// The same; another seed gives other bytes.
    pub fn tiny_embedder_of(&self, name: &str, seed: u64) -> PathBuf {
        let path = self.path(name);
        let mut file = File::create(&path).expect("a file for the model");
        agi_provision::model::tiny_embedding::write_tiny_embedder(&mut file, seed)
            .expect("writing the model");
        path
    }

    /// The plan for `model` with `flags`, as a file that `alter` has changed.
    #[track_caller]
    pub fn plan(&self, name: &str, model: &Path, flags: &[&str], alter: impl FnOnce(&mut Value)) -> PathBuf {
        let path = self.path(name);
        let mut args = vec!["plan", "--model", text(model), "--profile", PROFILE, "--out", text(&path)];
        args.extend(flags);
        self.run(&args).ok();
        let mut plan: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        alter(&mut plan);
        std::fs::write(&path, serde_json::to_vec_pretty(&plan).unwrap()).unwrap();
        path
    }
}

/// A profile that fits every machine that runs these tests.
pub const PROFILE: &str = "laptop-cpu-16gb";

/// Answer of the program with `--format json`.
#[derive(Debug)]
pub struct Answer {
    pub exit: i32,
    /// Null when it printed nothing.
    pub value: Value,
    pub stderr: String,
}

impl Answer {
    #[track_caller]
    fn new(ran: Ran) -> Self {
        let value = match ran.stdout.trim() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|e| panic!("no JSON ({e}): {ran:?}")),
        };
        Self { exit: ran.status, value, stderr: ran.stderr }
    }

    pub fn message(&self) -> &str {
        self.value["message"].as_str().unwrap_or(&self.stderr)
    }

    pub fn changed(&self) -> bool {
        self.value["changed"] == json!(true)
    }

    /// Returns the changes that `--check` found: `step: change`, in order.
    pub fn differences(&self) -> Vec<String> {
        let mut all = Vec::new();
        for step in self.value["differences"].as_array().into_iter().flatten() {
            for change in step["changes"].as_array().into_iter().flatten() {
                all.push(format!("{}: {}", step["step"].as_str().unwrap(), change.as_str().unwrap()));
            }
        }
        all
    }
}

/// A path of a test, which is always UTF-8.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Asks the server on a host through a tunnel of OpenSSH: the status and the body.
#[track_caller]
pub fn http(
    host: &impl Machine,
    method: &str,
    path: &str,
    key: Option<&str>,
    body: Option<&Value>,
) -> (u16, String) {
    http_at(host, PORT, method, path, key, body)
}

/// The same of any server on the host.
#[track_caller]
pub fn http_at(
    host: &impl Machine,
    port: u16,
    method: &str,
    path: &str,
    key: Option<&str>,
    body: Option<&Value>,
) -> (u16, String) {
    let body = body.map(Value::to_string).unwrap_or_default();
    let key = key.map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{key}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut ssh = Command::new("ssh");
    let known_hosts = format!("UserKnownHostsFile={}", host.known_hosts().display());
    ssh.args(["-F", "none", "-o", "GlobalKnownHostsFile=none", "-o", &known_hosts, "-o", "BatchMode=yes"]);
    ssh.args(["-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=5", "-i"]).arg(host.key_path());
    ssh.args(["-W", &format!("127.0.0.1:{port}"), &format!("ssh://{}", host.login("root"))]);
    let mut ssh = ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starting ssh");
    ssh.stdin.as_mut().unwrap().write_all(request.as_bytes()).expect("sending the request");
    let answer = read_answer(ssh.stdout.as_mut().unwrap());
    // Its stdin stays open until here: llama-server drops the request of a client that closed.
    ssh.kill().and_then(|()| ssh.wait()).expect("ending ssh");
    answer.unwrap_or_else(|text| panic!("{method} {path}: no whole answer in {text:?}"))
}

/// Status and body; what came, where that is not a whole answer.
fn read_answer(from: &mut impl Read) -> Result<(u16, String), String> {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = from.read(&mut buffer).unwrap_or(0);
        all.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&all);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
            let fields = head.lines().filter_map(|line| line.split_once(": "));
            let length =
                fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, n)| n).next();
            let length = length.and_then(|length| length.parse::<usize>().ok());
            if let (Some(status), Some(length)) = (status, length)
                && all.len() >= head.len() + 4 + length
            {
                return Ok((status, body.to_owned()));
            }
        }
        if read == 0 {
            return Err(text.into_owned());
        }
    }
}

/// Asks for a chat completion: the status and the body.
#[track_caller]
pub fn chat(host: &impl Machine, key: Option<&str>) -> (u16, Value) {
    let body = json!({"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 8, "temperature": 0});
    let (status, text) = http(host, "POST", "/v1/chat/completions", key, Some(&body));
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// The model on the host answers whoever has the key, and nobody else.
#[track_caller]
pub fn assert_serves(host: &impl Machine) {
    let key = host.exec("cat /etc/agi-provision/api-key").ok();
    let (status, answer) = chat(host, Some(&key));
    assert_eq!(status, 200, "{answer}");
    assert!(answer["usage"]["completion_tokens"].as_u64() > Some(0), "{answer}");
    assert_eq!(chat(host, None).0, 401);
}

/// The events of the host's last job, each as docs/journal.schema.json has it.
#[track_caller]
pub fn job_events(host: &impl Machine) -> Vec<Value> {
    let text = host.exec("cat /var/lib/agi-provision/job/journal.jsonl").ok();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    events.iter().for_each(|event| assert_valid("journal", event));
    assert_eq!((&events[0]["event"], &events[events.len() - 1]["event"]), (&json!("journal"), &json!("end")));
    events
}

/// Waits until the server on the host has loaded its model, 30 s at most.
#[track_caller]
pub fn wait_until_ready(host: &impl Machine) {
    let ask = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{PORT} && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && \
         read -r line <&3 && [[ $line == *' 200 '* ]]"
    );
    let wait =
        format!("for i in $(seq 300); do bash -c \"{ask}\" 2>/dev/null && exit; sleep 0.1; done; exit 1");
    let ran = host.exec(&wait.replace("$line", "\\$line"));
    let log = || host.exec("journalctl --no-pager -n 60 -u agi-provision-llama").stdout;
    assert_eq!(ran.status, 0, "the server is not ready: {}", log());
}

/// Renames the architecture in a GGUF's header: sound for us, unknown to llama-server.
#[track_caller]
pub fn spoil(model: &Path, spoilt: &Path) {
    let mut bytes = std::fs::read(model).unwrap();
    let value = b"general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0llama";
    let at = bytes.windows(value.len()).position(|window| window == value).expect("the architecture");
    bytes[at + value.len() - 5..at + value.len()].copy_from_slice(b"llamb");
    std::fs::write(spoilt, bytes).unwrap();
}

/// Sets a server's arguments so that every one is right by itself, and llama-server refuses them together
/// with [`REFUSES`].
#[track_caller]
pub fn unservable(args: &mut Value) {
    let args = args.as_array_mut().expect("a list of arguments");
    for (name, value) in [("--flash-attn", "off"), ("--cache-type-v", "q4_0")] {
        match args.iter().position(|arg| arg == name) {
            Some(at) => args[at + 1] = json!(value),
            None => args.extend([json!(name), json!(value)]),
        }
    }
}

/// Its own words for that.
pub const REFUSES: &str = "quantized V cache requires flash_attn to be enabled";
