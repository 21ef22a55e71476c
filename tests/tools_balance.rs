//! Debian's HAProxy with the configuration that a bundle has, in front of real llama-servers under load.

#[path = "lab/mod.rs"]
mod lab;

use agi_provision::plan::Plan;
use agi_provision::render::choices::{Balance, Balanced, Targets};
use agi_provision::render::{Choices, render_for};
use lab::llama::{KEY, Llama};
use lab::{run, wait_for};
use reqwest::blocking::{Client, Response};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Clients at once, of which two servers of two slots take half.
const CLIENTS: usize = 8;

fn configuration(bind: SocketAddr, servers: &[String]) -> String {
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plans/cpu.json");
    let plan = Plan::from_json(&fs::read_to_string(plan).unwrap()).unwrap();
    let servers = servers.iter().map(|server| Balanced::parse(server).unwrap()).collect();
    let balance = Some(Balance { bind, servers });
    let choices = Choices { targets: Targets { balance, ..Targets::default() }, ..Choices::default() };
    let bundle = render_for(&plan, &choices).unwrap();
    String::from_utf8(bundle.file("haproxy/haproxy.cfg").unwrap().to_vec()).unwrap()
}

struct HaProxy {
    child: Child,
    folder: tempfile::TempDir,
    bind: SocketAddr,
}

impl HaProxy {
    fn start(servers: &[String]) -> HaProxy {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let bind = free.local_addr().unwrap();
        drop(free);
        let folder = tempfile::tempdir().unwrap();
        let file = Self::write(&folder, bind, servers);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("/usr/sbin/haproxy")
            .args(["-W", "-f"])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("install haproxy");
        let proxy = HaProxy { child, folder, bind };
        wait_for("HAProxy to listen", Duration::from_secs(60), || std::net::TcpStream::connect(bind).is_ok());
        proxy
    }

    /// Its files lie in the folder, not in /run/haproxy.
    fn write(folder: &tempfile::TempDir, bind: SocketAddr, servers: &[String]) -> PathBuf {
        let here = folder.path().to_str().unwrap();
        let text = configuration(bind, servers).replace("/run/haproxy", here);
        let file = folder.path().join("haproxy.cfg");
        fs::write(&file, text).unwrap();
        run(Command::new("/usr/sbin/haproxy").args(["-c", "-f"]).arg(&file)).ok();
        file
    }

    fn ask(&self, order: &str) -> String {
        let mut socket = UnixStream::connect(self.folder.path().join("agi-provision.sock")).unwrap();
        writeln!(socket, "{order}").unwrap();
        let mut said = String::new();
        socket.read_to_string(&mut said).unwrap();
        said
    }

    /// Servers that are up.
    fn up(&self) -> Vec<String> {
        let said = self.ask("show stat");
        let rows = said.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let servers = rows.filter(|row| {
            row.len() > 17 && row[0] == "agi-provision" && !["FRONTEND", "BACKEND"].contains(&row[1])
        });
        servers.filter(|row| row[17].starts_with("UP")).map(|row| row[1].to_string()).collect()
    }

    /// Reloads as the unit's ExecReload= does, with these servers from then on.
    fn reload(&self, servers: &[String]) {
        Self::write(&self.folder, self.bind, servers);
        let state = self.ask("show servers state");
        fs::write(self.folder.path().join("agi-provision.state"), state).unwrap();
        signal(&self.child, Signal::USR2);
    }

    fn url(&self) -> String {
        format!("http://{}/completion", self.bind)
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        signal(&self.child, Signal::TERM);
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn client() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(300)).build().unwrap()
}

fn completion(client: &Client, url: &str, tokens: u32, stream: bool, key: &str) -> reqwest::Result<Response> {
    let body = json!({"prompt": "x", "n_predict": tokens, "ignore_eos": true, "stream": stream});
    client.post(url).bearer_auth(key).body(body.to_string()).send()
}

/// One answer, or what came instead of it.
fn answer(client: &Client, url: &str) -> Result<(), String> {
    let response = completion(client, url, 16, false, KEY).map_err(|error| error.to_string())?;
    let (status, text) = (response.status(), response.text().map_err(|error| error.to_string())?);
    let whole = serde_json::from_str::<Value>(&text).is_ok_and(|answer| answer["content"].is_string());
    if status.is_success() && whole { Ok(()) } else { Err(format!("{status}: {text}")) }
}

/// Answers of the clients that ask on and on.
struct Load {
    answers: Mutex<Vec<Result<(), String>>>,
    stop: AtomicBool,
}

impl Load {
    fn count(&self) -> usize {
        self.answers.lock().unwrap().len()
    }

    /// Waits for so many further answers.
    fn more(&self, count: usize) {
        let wanted = self.count() + count;
        wait_for("more answers", Duration::from_secs(300), || self.count() >= wanted);
    }
}

/// Lets the clients end, also when a check fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn no_request_fails_while_servers_stop_die_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("tiny.gguf");
    agi_provision::model::tiny::write_tiny(&mut fs::File::create(&model).unwrap(), 1, None).unwrap();
    let start = |name: &str| {
        let args = ["-np", "2", "-c", "2048", "-t", "1", "--metrics", "--no-slots"];
        let llama = Llama::start(folder.path(), name, &model, &args);
        llama.wait();
        llama
    };
    let (mut a, mut b, c) = (start("a"), start("b"), start("c"));
    let entry = |name: &str, llama: &Llama| format!("{name}=127.0.0.1:{}", llama.port);
    let (first, second) = ([entry("a", &a), entry("b", &b)], [entry("b", &b), entry("c", &c)]);
    let proxy = HaProxy::start(&first);
    let up = |names: &[&str]| {
        wait_for(&format!("{names:?} to be up"), Duration::from_secs(60), || proxy.up() == names);
    };
    up(&["a", "b"]);

    // The servers judge the key.
    let refused = completion(&client(), &proxy.url(), 1, false, "another-key").unwrap();
    assert_eq!(refused.status(), 401);

    let load = Load { answers: Mutex::default(), stop: AtomicBool::new(false) };
    std::thread::scope(|scope| {
        let _stop = Stop(&load.stop);
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let client = client();
                while !load.stop.load(Ordering::Relaxed) {
                    let answer = answer(&client, &proxy.url());
                    load.answers.lock().unwrap().push(answer);
                }
            });
        }
        load.more(20);

        // Removed and added by a reload: an answer that is under way goes on where it is.
        let mut stream = completion(&client(), &proxy.url(), 900, true, KEY).unwrap();
        let mut begun = [0; 16];
        stream.read_exact(&mut begun).unwrap();
        proxy.reload(&second);
        up(&["b", "c"]);
        load.more(20);
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("\"stop\":true"), "the stream was cut: {}", rest.len());

        // Nobody asks a server that was removed: it can be stopped. systemd ends a server that does not end by itself.
        signal(&a.child, Signal::TERM);
        std::thread::sleep(Duration::from_secs(1));
        a.child.kill().unwrap();
        load.more(20);

        // Stopped without a word to the balancer, with answers under way: they are asked of the other.
        signal(&b.child, Signal::TERM);
        std::thread::sleep(Duration::from_secs(3));
        b.child.kill().unwrap();
        b.child.wait().unwrap();
        up(&["c"]);
        load.more(20);

        // Another in its place, and killed at once.
        let mut d = start("d");
        proxy.reload(&[entry("c", &c), entry("d", &d)]);
        up(&["c", "d"]);
        load.more(20);
        d.child.kill().unwrap();
        d.child.wait().unwrap();
        up(&["c"]);
        load.more(20);
    });
    let answers = load.answers.into_inner().unwrap();
    let failed: Vec<&String> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(
        failed.is_empty(),
        "{} of {} failed: {:?}",
        failed.len(),
        answers.len(),
        &failed[..failed.len().min(3)]
    );
}

#[test]
fn the_real_haproxy_takes_every_form_of_address() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().to_str().unwrap();
    let pem = folder.path().join("front.pem");
    run(Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=a"])
        .arg("-keyout")
        .arg(&pem)
        .arg("-out")
        .arg(folder.path().join("certificate")))
    .ok();
    let certificate = fs::read(folder.path().join("certificate")).unwrap();
    fs::OpenOptions::new().append(true).open(&pem).unwrap().write_all(&certificate).unwrap();
    let servers = ["a=10.0.0.7", "b=localhost:8080", "six=[2001:db8::7]:9000"].map(str::to_string);
    for name in ["a", "b", "six"] {
        fs::write(folder.path().join(format!("{name}.pem")), &certificate).unwrap();
    }
    for bind in ["127.0.0.1:8000", "[::1]:8000", "0.0.0.0:8443", "[::]:8443"] {
        let text = configuration(bind.parse().unwrap(), &servers);
        let text = text.replace("/etc/haproxy/agi-provision", here).replace("/run/haproxy", here);
        let file = folder.path().join("haproxy.cfg");
        fs::write(&file, text).unwrap();
        run(Command::new("/usr/sbin/haproxy").args(["-c", "-f"]).arg(&file)).ok();
    }
}
