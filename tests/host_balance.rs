//! Debian's HAProxy, with the configuration that a bundle has, in front of two hosts that `apply` brought to the plan: under load
//! no request fails while they are taken out, stopped, killed, cut off and added.

#[path = "lab/mod.rs"]
mod lab;

use lab::journey::{Client, PROFILE, text, wait_until_ready};
use lab::{Host, run, wait_for};
use reqwest::blocking::{Client as Http, Response};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Clients at once, of which two servers of two slots take half.
const CLIENTS: usize = 8;
/// Key of both servers, as the balancer passes it through.
const KEY: &str = "a-key-of-the-test";
/// A loaded machine takes seconds for what is done in one.
const SOON: Duration = Duration::from_secs(90);
const UNIT: &str = "agi-provision-llama";

struct HaProxy<'a> {
    child: Child,
    client: &'a Client,
    bind: SocketAddr,
}

impl HaProxy<'_> {
    /// Starts it in front of these hosts. What it keeps in /etc and /run as a service lies in the client's home.
    fn start<'a>(client: &'a Client, hosts: &[(&str, &Host)]) -> HaProxy<'a> {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let bind = free.local_addr().unwrap();
        drop(free);
        let file = write(client, bind, hosts);
        let log = fs::File::create(client.path("haproxy.log")).unwrap();
        let child = Command::new("/usr/sbin/haproxy")
            .args(["-W", "-f"])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("install haproxy");
        let proxy = HaProxy { child, client, bind };
        // One listens a moment before the other.
        let answers = || {
            UnixStream::connect(client.path("agi-provision.sock")).is_ok()
                && std::net::TcpStream::connect(bind).is_ok()
        };
        wait_for("HAProxy to listen", SOON, answers);
        proxy
    }

    fn ask(&self, order: &str) -> String {
        let mut socket = UnixStream::connect(self.client.path("agi-provision.sock")).unwrap();
        writeln!(socket, "{order}").unwrap();
        let mut said = String::new();
        socket.read_to_string(&mut said).unwrap();
        said
    }

    /// Waits until these servers are up, and no others.
    fn up(&self, names: &[&str]) {
        let began = Instant::now();
        wait_for(&format!("{names:?} to be up"), SOON, || {
            let said = self.ask("show stat");
            let rows = said.lines().map(|line| line.split(',').collect::<Vec<_>>());
            let servers = rows.filter(|row| {
                row.len() > 17 && row[0] == "agi-provision" && !["FRONTEND", "BACKEND"].contains(&row[1])
            });
            servers
                .filter(|row| row[17].starts_with("UP"))
                .map(|row| row[1].to_string())
                .eq(names.iter().copied())
        });
        println!("{names:?} are up after {:.1} s", began.elapsed().as_secs_f64());
    }

    /// Reloads as the unit's ExecReload= does, with these servers from then on.
    fn reload(&self, hosts: &[(&str, &Host)]) {
        write(self.client, self.bind, hosts);
        fs::write(self.client.path("agi-provision.state"), self.ask("show servers state")).unwrap();
        signal(&self.child, Signal::USR2);
    }

    /// Waits until the processes of earlier configurations have ended: they ask no server how it is, so that a request there
    /// waits for one that failed.
    fn alone(&self) {
        let pid = self.child.id();
        wait_for("HAProxy's old processes to end", Duration::from_secs(120), || {
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
            children.split_whitespace().count() == 1
        });
    }

    fn completion(&self, http: &Http, tokens: u32, stream: bool, key: &str) -> reqwest::Result<Response> {
        let body = json!({"prompt": "x", "n_predict": tokens, "ignore_eos": true, "stream": stream});
        http.post(format!("http://{}/completion", self.bind)).bearer_auth(key).body(body.to_string()).send()
    }

    /// One answer, or what came instead of it.
    fn answer(&self, http: &Http) -> Result<(), String> {
        let response = self.completion(http, 16, false, KEY).map_err(|error| format!("{error:?}"))?;
        let (status, text) = (response.status(), response.text().map_err(|error| format!("{error:?}"))?);
        let whole = serde_json::from_str::<Value>(&text).is_ok_and(|answer| answer["content"].is_string());
        if status.is_success() && whole { Ok(()) } else { Err(format!("{status}: {text}")) }
    }
}

impl Drop for HaProxy<'_> {
    fn drop(&mut self) {
        signal(&self.child, Signal::TERM);
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Has `bundle --balance` make the configuration for these hosts, and puts it where the test's HAProxy reads it.
fn write(client: &Client, bind: SocketAddr, hosts: &[(&str, &Host)]) -> PathBuf {
    let (bind, model) = (bind.to_string(), client.path("tiny.gguf"));
    let servers: Vec<String> = hosts.iter().map(|(name, host)| format!("{name}={}", host.addr())).collect();
    let out = client.path("bundle");
    let _ = fs::remove_dir_all(&out);
    let mut args = vec!["bundle", "--model", text(&model), "--profile", PROFILE, "--out", text(&out)];
    args.extend(["--balance-bind", &bind]);
    servers.iter().for_each(|server| args.extend(["--balance", server]));
    client.run(&args).ok();
    let here = client.path("");
    let here = text(&here).trim_end_matches('/');
    let made = fs::read_to_string(out.join("haproxy/haproxy.cfg")).unwrap();
    let made = made.replace("/etc/haproxy/agi-provision", here).replace("/run/haproxy", here);
    let file = client.path("haproxy.cfg");
    fs::write(&file, made).unwrap();
    run(Command::new("/usr/sbin/haproxy").args(["-c", "-f"]).arg(&file)).ok();
    file
}

fn http() -> Http {
    Http::builder().no_proxy().timeout(Duration::from_secs(300)).build().unwrap()
}

/// Answers of the clients that ask on and on.
#[derive(Default)]
struct Load {
    /// With the client's number.
    answers: Mutex<Vec<(usize, Result<(), String>)>>,
    stop: AtomicBool,
}

impl Load {
    /// Waits for so many further answers.
    fn more(&self, count: usize) {
        let answered = || self.answers.lock().unwrap().len();
        let wanted = answered() + count;
        wait_for("more answers", Duration::from_secs(300), || answered() >= wanted);
    }

    /// Waits for two further answers of each client: what it asks for now was asked after this moment.
    fn of_each(&self) {
        let count = |answers: &[(usize, Result<(), String>)]| {
            (0..CLIENTS)
                .map(|client| answers.iter().filter(|(of, _)| *of == client).count())
                .collect::<Vec<_>>()
        };
        let before = count(&self.answers.lock().unwrap());
        wait_for("answers of every client", Duration::from_secs(300), || {
            let now = count(&self.answers.lock().unwrap());
            now.iter().zip(&before).all(|(now, before)| *now >= before + 2)
        });
    }
}

/// Lets the clients end, also when a check fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Brings both hosts to the same plan, open to this machine, with the same key, and keeps their certificates.
fn apply(client: &Client, hosts: &[(&str, &Host)]) {
    client.know(hosts.iter().map(|(_, host)| *host));
    let ranges: Vec<String> = hosts.iter().map(|(_, host)| format!("{}/32", host.near_addr())).collect();
    let mut more = vec!["--format", "json", "--known-hosts", "known_hosts"];
    ranges.iter().for_each(|range| more.extend(["--expose", range]));
    let mut command = client.command(&client.applying(&more));
    for (_, host) in hosts {
        command.args(["--host", &format!("root@{}", host.addr())]).arg("--identity").arg(host.key_path());
    }
    let ran = run(&mut command);
    let answers: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!(ran.status, 0, "{answers:#?}\n{}", ran.stderr);
    for ((name, host), answer) in hosts.iter().zip(&answers) {
        let pem = answer["exposed"]["certificate"]["pem"].as_str().unwrap_or_else(|| panic!("{answer:#}"));
        fs::write(client.path(&format!("{name}.pem")), pem).unwrap();
        // A server that is stopped loses its work after this time, which is 30 s otherwise.
        host.exec(&format!(
            "install -d /etc/systemd/system/{UNIT}.service.d && \
             printf '[Service]\\nTimeoutStopSec=3\\n' >/etc/systemd/system/{UNIT}.service.d/50-lab.conf && \
             systemctl daemon-reload && echo {KEY} >/etc/agi-provision/api-key && systemctl restart {UNIT}"
        ))
        .ok();
    }
}

#[test]
fn two_hosts_lose_no_request_while_they_come_and_go() {
    let hosts = [Host::boot("debian12"), Host::boot("debian13")];
    let client = Client::new();
    let [a, b] = [("a", &hosts[0]), ("b", &hosts[1])];
    apply(&client, &[a, b]);
    let proxy = HaProxy::start(&client, &[a, b]);
    proxy.up(&["a", "b"]);

    // The servers judge the key.
    assert_eq!(proxy.completion(&http(), 1, false, "another-key").unwrap().status(), 401);

    let load = Load::default();
    thread::scope(|scope| {
        let _stop = Stop(&load.stop);
        for client in 0..CLIENTS {
            let (load, proxy) = (&load, &proxy);
            scope.spawn(move || {
                let http = http();
                while !load.stop.load(Ordering::Relaxed) {
                    let answer = proxy.answer(&http);
                    load.answers.lock().unwrap().push((client, answer));
                }
            });
        }
        load.more(CLIENTS);

        // Taken out by a reload: an answer that is under way goes on where it is, and the server can be stopped after it.
        let mut stream = proxy.completion(&http(), 600, true, KEY).unwrap();
        let mut begun = [0; 16];
        stream.read_exact(&mut begun).unwrap();
        proxy.reload(&[b]);
        proxy.up(&["b"]);
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        drop(stream);
        assert!(rest.contains("\"stop\":true"), "the stream was cut: {}", rest.len());
        a.1.exec(&format!("systemctl stop {UNIT}")).ok();
        load.more(CLIENTS);

        // Added again.
        // HAProxy takes a new server for up until it has asked it.
        a.1.exec(&format!("systemctl start {UNIT}")).ok();
        wait_until_ready(a.1);
        proxy.reload(&[a, b]);
        proxy.up(&["a", "b"]);
        load.more(CLIENTS);

        // Stopped without a word to the balancer, with answers under way: they are asked of the other.
        proxy.alone();
        b.1.exec(&format!("systemctl stop {UNIT}")).ok();
        proxy.up(&["a"]);
        load.more(CLIENTS);
        b.1.exec(&format!("systemctl start {UNIT}")).ok();
        proxy.up(&["a", "b"]);
        load.more(CLIENTS);

        // Killed, which its unit mends by itself.
        b.1.exec(&format!("systemctl kill -s KILL {UNIT}")).ok();
        load.more(CLIENTS);
        proxy.up(&["a", "b"]);

        // Cut off: nobody says so, and what was asked of it is asked of the other.
        a.1.link_down();
        let cut = Instant::now();
        proxy.up(&["b"]);
        load.of_each();
        println!("every client goes on {:.1} s after a host was cut off", cut.elapsed().as_secs_f64());
        a.1.link_up();
        proxy.up(&["a", "b"]);
        load.more(CLIENTS);
    });
    let answers = load.answers.into_inner().unwrap();
    let failed: Vec<&String> = answers.iter().filter_map(|(_, answer)| answer.as_ref().err()).collect();
    println!("{} answers, {} failed", answers.len(), failed.len());
    assert!(
        failed.is_empty(),
        "{} of {} failed: {:?}\n{}",
        failed.len(),
        answers.len(),
        &failed[..failed.len().min(3)],
        fs::read_to_string(client.path("haproxy.log")).unwrap_or_default()
    );
}
