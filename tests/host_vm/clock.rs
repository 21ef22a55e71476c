//! Tests of a wrong clock, which only a machine of its own can have.

use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::lab::journey::{Answer, Client, PROFILE, assert_serves, text};
use super::lab::vm::{Shape, Vm};
use super::lab::{Machine as _, llama_archive, run};
use super::{client, generations, patiently};

/// Files of the client's home over https, by a server whom `ca.pem` there vouches for, both for two days.
struct Site {
    server: Child,
    port: u16,
}

impl Site {
    fn new(client: &Client) -> Site {
        let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca \
               -keyout ca.key -out ca.pem 2>/dev/null && \
             openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=127.0.0.1 -keyout key.pem \
               -out csr.pem 2>/dev/null && printf 'subjectAltName=IP:127.0.0.1' > ext && \
             openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext \
               -out cert.pem 2>/dev/null";
        run(Command::new("sh").args(["-c", script]).current_dir(client.path(""))).ok();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut server = Command::new("openssl");
        server.args(["s_server", "-WWW", "-quiet", "-accept", &format!("127.0.0.1:{port}")]);
        server.args(["-cert", "cert.pem", "-key", "key.pem"]).current_dir(client.path(""));
        let server = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Site { server: server.expect("openssl s_server"), port }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Nothing was changed, and the one line and its hint say that the clock may be why.
#[track_caller]
fn blames_the_clock(answer: &Answer, why: &str, date: &str) {
    assert_eq!((answer.exit, answer.changed()), (1, false), "{answer:?}");
    let clock = format!("by this host's clock it is {date}");
    for words in ["downloading other.gguf stopped", why, &clock, "the old generation still serves"] {
        assert!(answer.message().contains(words), "{words}: {answer:?}");
    }
    let hint = answer.value["hint"].as_str().unwrap();
    assert!(hint.contains("timedatectl set-ntp true") && hint.contains("apply again"), "{hint}");
    assert!(warned(answer).contains(&format!("this host's clock says {date}")), "{answer:?}");
}

fn warned(answer: &Answer) -> String {
    answer.value["warnings"].to_string()
}

#[test]
fn a_wrong_clock_is_named_and_changes_nothing() {
    let client = client();
    let shape = Shape { memory: "1G".into(), clock: Some("2036-06-01T12:00:00"), ..Shape::default() };
    let vm = Vm::boot("debian13", &shape);
    assert!(vm.exec("date +%F").ok().starts_with("2036-06-0"), "{}", vm.console());
    a_wrong_clock(&client, &vm);
}

fn a_wrong_clock(client: &Client, vm: &Vm) {
    // An apply that needs no certificate works all the same, with a warning.
    let (model, archive) = (client.tiny("tiny.gguf", 1), llama_archive());
    let args = ["apply", "--yes", "--runtime-archive", text(&archive), "--profile", PROFILE];
    let serve = [&args[..], &["--model", text(&model)]].concat();
    let served = patiently(|| client.json_on(vm, "root", &serve));
    assert_eq!(served.exit, 0, "{served:?}");
    assert!(warned(&served).contains("this host's clock says 2036-06-0"), "{served:?}");
    assert_serves(vm);

    let site = Site::new(client);
    vm.reaches(site.port);
    vm.exec("mkdir -p /etc/ssl/certs").ok();
    vm.put(&client.path("ca.pem"), "/etc/ssl/certs/ca-certificates.crt");
    let other = client.tiny("other.gguf", 2);
    let sha256: String =
        Sha256::digest(std::fs::read(&other).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
    let url = format!("https://127.0.0.1:{}/other.gguf", site.port);
    let plan = client.plan("pinned.json", &other, &["--ctx", "512", "--slots", "1"], |plan: &mut Value| {
        plan["model"]["files"][0]["url"] = json!(url);
        plan["model"]["files"][0]["sha256"] = json!(sha256);
    });
    let download = || client.json_on(vm, "root", &["apply", "--yes", "--plan", text(&plan)]);
    let before = generations(vm);
    blames_the_clock(&download(), "certificate has expired", "2036-06-0");
    vm.exec("date -s '2011-03-01 12:00:00'").ok();
    blames_the_clock(&download(), "certificate is not yet valid", "2011-03-01 12:");
    assert_eq!(generations(vm), before);
    assert_serves(vm);

    // Someone sets it.
    vm.exec(&format!("date -s @{}", jiff::Timestamp::now().as_second())).ok();
    let done = patiently(download);
    assert_eq!(done.exit, 0, "{done:?}");
    assert!(!warned(&done).contains("clock"), "{done:?}");
    assert_serves(vm);
    let again = download();
    assert_eq!((again.exit, again.changed()), (0, false), "{again:?}");
}
