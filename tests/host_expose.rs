//! An API that other hosts may use: who gets in, who does not, and what stays of it.

#[path = "lab/mod.rs"]
mod lab;

use lab::journey::{Answer, Client, assert_serves, text};
use lab::{Host, Ran, diff, run};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// A second address of this side, which the host can answer and no range holds.
struct Stranger(String);

impl Stranger {
    fn of(host: &Host) -> Stranger {
        let (near, address) = (host.near_addr(), host.near_addr().replace("10.99.", "10.98."));
        let interface = near.split('.').nth(2).map(|n| format!("agi-lab-{n}")).unwrap();
        ip(&["address", "add", &format!("{address}/32"), "dev", &interface]);
        host.exec(&format!("ip route replace {address} via {near}")).ok();
        Stranger(address)
    }
}

fn ip(args: &[&str]) {
    run(Command::new("ip").args(args)).ok();
}

/// Asks for the models from an address of this side.
fn ask(from: &str, url: &str, cacert: &Path, key: &str) -> Ran {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "20", "--connect-timeout", "3", "--interface", from, "--cacert"]);
    curl.arg(cacert).args(["-o", "/dev/null", "-w", "%{http_code}"]);
    run(curl.args(["-H", &format!("Authorization: Bearer {key}"), url]))
}

/// The same until it answers 200, as after a start or a new address.
#[track_caller]
fn answers(from: &str, url: &str, cacert: &Path, key: &str) {
    let start = Instant::now();
    loop {
        let ran = ask(from, url, cacert, key);
        if ran.stdout == "200" {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{from} {url}: {ran:?}");
        thread::sleep(Duration::from_millis(300));
    }
}

#[track_caller]
fn served(answer: &Answer) {
    assert_eq!(answer.exit, 0, "{} {}", answer.message(), answer.stderr);
}

fn certificate(client: &Client, applied: &Value) -> std::path::PathBuf {
    let path = client.path("host.pem");
    std::fs::write(&path, applied["exposed"]["certificate"]["pem"].as_str().unwrap()).unwrap();
    path
}

#[test]
fn the_allowed_range_gets_in_with_tls_and_key_and_nobody_else() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    let before = host.snapshot();
    let (near, stranger) = (host.near_addr(), Stranger::of(&host));
    let interface = near.split('.').nth(2).map(|n| format!("agi-lab-{n}")).unwrap();
    // Rules of the host's own, which must stay as they are.
    host.exec("nft add table inet theirs; nft add chain inet theirs input '{ type filter hook input priority 0; }'; nft add rule inet theirs input tcp dport 9 drop").ok();
    let theirs = host.exec("nft list table inet theirs").ok();

    let range = format!("{near}/32");
    let done = client.apply(&host, "admin", &["--expose", &range, "--expose", "fd00:99::1"]);
    assert_eq!(
        done.exit,
        0,
        "{done:?}\n{}",
        host.exec("journalctl --no-pager -n 40 -u agi-provision-expose").stdout
    );
    assert_serves(&host);
    let key = client.on(&host, "admin", &["key", "show"]).ok();
    let cacert = certificate(&client, &done.value);
    let url = format!("https://{}:8080/v1/models", host.addr());

    assert_eq!(ask(&near, &url, &cacert, &key).ok(), "200");
    assert_eq!(ask(&near, &url, &cacert, "wrong").ok(), "401");
    let plain = ask(&near, &url.replace("https", "http"), &cacert, &key);
    assert_ne!(plain.stdout, "200", "{plain:?}");
    // A range is dropped, not refused: nothing answers at all.
    assert_eq!(ask(&stranger.0, &url, &cacert, &key).status, 28);
    let ssh = format!("ssh-keyscan -T 5 -t ed25519 {}", host.addr());
    assert!(run(Command::new("sh").args(["-c", &ssh])).ok().contains("ssh-ed25519"));

    // An address that comes later is taken too; IPv6 as well.
    ip(&["address", "add", "fd00:99::1/64", "dev", &interface, "nodad"]);
    host.exec("ip address add fd00:99::2/64 dev eth0 nodad").ok();
    let ipv6 = "https://[fd00:99::2]:8080/v1/models";
    let mut curl = Command::new("curl");
    curl.args(["-sk", "--retry", "20", "--retry-delay", "1", "--retry-all-errors", "--max-time", "5", ipv6]);
    curl.args(["-o", "/dev/null", "-w", "%{http_code}", "-H", &format!("Authorization: Bearer {key}")]);
    assert_eq!(run(&mut curl).ok(), "200");
    host.exec("ip address del fd00:99::2/64 dev eth0").ok();

    // Nothing more to do, and it is known.
    let again = client.apply(&host, "admin", &["--expose", &range, "--expose", "fd00:99::1"]);
    served(&again);
    assert!(!again.changed(), "{}", again.message());
    let status = client.json_on(&host, "admin", &["status"]).value;
    let exposed = &status["status"]["exposed"];
    assert_eq!(exposed["confirmed"], true, "{status}");
    assert_eq!(exposed["rules_loaded"], true, "{status}");
    assert!(exposed["certificate"]["days_left"].as_i64() > Some(800), "{status}");

    // Someone flushes every table: strangers still get nothing, and an apply mends it.
    assert_eq!(theirs, host.exec("nft list table inet theirs").ok());
    host.exec("nft delete table inet agi_provision").ok();
    assert_ne!(ask(&stranger.0, &url, &cacert, &key).status, 0);
    assert_eq!(ask(&near, &url, &cacert, &key).ok(), "200");
    let mended = client.apply(&host, "admin", &["--expose", &range, "--expose", "fd00:99::1"]);
    served(&mended);
    assert!(mended.changed(), "{}", mended.message());
    assert_eq!(ask(&stranger.0, &url, &cacert, &key).status, 28);

    // A client that holds connections keeps nobody out, and both versions of TLS are served.
    let held: Vec<_> = (0..600).map(|_| std::net::TcpStream::connect((host.addr(), 8080)).unwrap()).collect();
    for version in ["1.2", "1.3"] {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "20", "--tls-max", version, &format!("--tlsv{version}"), "--cacert"]);
        curl.arg(&cacert).args([
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            &url.replace("v1/models", "health"),
        ]);
        assert_eq!(run(&mut curl).ok(), "200", "TLS {version}");
    }
    drop(held);
    let cacert = renewed(&host, &client, exposed, &url);

    // The key of the certificate is root's alone, and in nothing that is shown or kept elsewhere.
    assert_eq!(host.exec("stat -c '%a %U' /etc/agi-provision/tls/key.pem").ok(), "600 root");
    let secret = host.exec("sed -n 2p /etc/agi-provision/tls/key.pem").ok();
    let found = host.exec(&format!(
        "grep -rlF '{secret}' /etc /var/lib/agi-provision /var/log /run/agi-provision* 2>/dev/null"
    ));
    assert_eq!(found.stdout.trim(), "/etc/agi-provision/tls/key.pem");

    host.reboot();
    host.exec(&format!("ip route replace {} via {near}", stranger.0)).ok();
    answers(&near, &url, &cacert, &key);
    assert_eq!(ask(&stranger.0, &url, &cacert, &key).status, 28);

    client.on(&host, "admin", &["remove", "--yes"]).ok();
    assert_eq!(host.exec("nft list tables").ok(), "table inet theirs");
    let left = diff(&before, &host.snapshot());
    let left: Vec<&String> = left.iter().filter(|line| line.contains("agi-provision")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(ask(&near, &url, &cacert, &key).status, 7, "refused, as by any closed port");
}

/// A certificate that ends soon is renewed when the unit is started anew, for the same key; gives the new one.
fn renewed(host: &Host, client: &Client, before: &Value, url: &str) -> std::path::PathBuf {
    let (key, cert, new) = (client.path("near.key"), client.path("near.pem"), client.path("new.pem"));
    std::fs::write(&key, host.exec("cat /etc/agi-provision/tls/key.pem").ok()).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-days", "20", "-subj", "/O=agi-provision/CN=near", "-addext"]);
    openssl.arg(format!("subjectAltName=IP:{},DNS:kept.example.org", host.addr()));
    run(openssl.arg("-key").arg(&key).arg("-out").arg(&cert)).ok();
    let near = std::fs::read_to_string(&cert).unwrap();
    host.exec(&format!(
        "cat > /etc/agi-provision/tls/cert.pem <<'END'\n{near}END\nsystemctl restart agi-provision-expose"
    ))
    .ok();
    let status = client.json_on(host, "admin", &["status"]).value;
    let after = &status["status"]["exposed"]["certificate"];
    assert!(after["days_left"].as_i64() > Some(800), "{after}");
    assert_eq!(after["public_key_pin"], before["certificate"]["public_key_pin"], "{after}");
    assert_ne!(after["sha256"], before["certificate"]["sha256"], "{after}");
    let names: Vec<&str> = after["names"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(names.contains(&"kept.example.org") && names.contains(&host.addr().as_str()), "{names:?}");
    std::fs::write(&new, after["pem"].as_str().unwrap()).unwrap();
    // Who pins the public key need not know.
    let mut curl = Command::new("curl");
    curl.args(["-skS", "--retry", "10", "--retry-all-errors", "--max-time", "20", "--pinnedpubkey"]);
    curl.arg(before["certificate"]["public_key_pin"].as_str().unwrap());
    curl.args(["-o", "/dev/null", "-w", "%{http_code}", &url.replace("v1/models", "health")]);
    assert_eq!(run(&mut curl).ok(), "200");
    new
}

/// From the beginning of the next trial on, the host takes no new SSH connection.
fn lock_out(host: &Host) {
    host.exec(
        "cat > /run/lock-out <<'END'\n\
         until [ -e /run/agi-provision-expose-trial ]; do sleep 0.02; done\n\
         nft add table inet out\n\
         nft add chain inet out input '{ type filter hook input priority 0; }'\n\
         nft add rule inet out input tcp dport 22 ct state new drop\n\
         END\n\
         systemd-run --quiet --unit=lock-out sh /run/lock-out",
    )
    .ok();
}

/// The rules may lock out whoever applies them: here the host stops taking new SSH connections as soon
/// as the trial begins.
#[test]
fn without_a_new_connection_the_port_is_closed_again() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let near = host.near_addr();
    let range = format!("{near}/32");
    client.serve(&host, "root");
    lock_out(&host);
    let locked = client.apply(&host, "root", &["--expose", &range, "--confirm-seconds", "8"]);
    assert_eq!(locked.exit, 1, "{}", locked.message());
    assert!(locked.message().contains("no new connection could confirm"), "{}", locked.message());
    let start = Instant::now();
    while host.exec("nft list table inet agi_provision").status == 0 {
        assert!(start.elapsed() < Duration::from_secs(30));
        thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(host.exec("systemctl is-active agi-provision-expose").stdout.trim(), "inactive");
    // Still closed after a restart of the server; the model serves on the host itself.
    host.exec("systemctl restart agi-provision-llama").ok();
    lab::journey::wait_until_ready(&host);
    assert_ne!(host.exec("nft list table inet agi_provision").status, 0);
    assert_serves_inside(&host);

    // The lock is gone: the same command again opens it.
    host.exec("nft delete table inet out").ok();
    let opened = client.apply(&host, "root", &["--expose", &range, "--confirm-seconds", "12"]);
    served(&opened);
    let key = client.on(&host, "root", &["key", "show"]).ok();
    let (cacert, url) =
        (certificate(&client, &opened.value), format!("https://{}:8080/v1/models", host.addr()));
    assert_eq!(ask(&near, &url, &cacert, &key).ok(), "200");
    // The time for the confirmation is over, and it stays open.
    thread::sleep(Duration::from_secs(13));
    assert_eq!(ask(&near, &url, &cacert, &key).ok(), "200");

    // Another range, which shuts out who was let in: unconfirmed, the one before it comes back.
    let stranger = Stranger::of(&host);
    let other = format!("{}/32", stranger.0);
    lock_out(&host);
    let locked = client.apply(&host, "root", &["--expose", &other, "--confirm-seconds", "8"]);
    assert_eq!(locked.exit, 1, "{}", locked.message());
    assert!(locked.message().contains(&format!("lets {range} in again")), "{}", locked.message());
    host.exec("nft delete table inet out").ok();
    answers(&near, &url, &cacert, &key);
    assert_eq!(ask(&stranger.0, &url, &cacert, &key).status, 28);
    let status = client.on(&host, "root", &["status"]).ok();
    let says = format!("{range}, port 8080, TLS; {other} was not confirmed: apply again");
    assert!(status.contains(&says), "{status}");
    // That is so after a restart of the host too.
    host.reboot();
    host.exec(&format!("ip route replace {} via {near}", stranger.0)).ok();
    answers(&near, &url, &cacert, &key);
    assert_eq!(ask(&stranger.0, &url, &cacert, &key).status, 28);
    // Confirmed, it holds, and the one before it does not any more.
    let opened = client.apply(&host, "root", &["--expose", &other, "--confirm-seconds", "12"]);
    served(&opened);
    assert_eq!(ask(&stranger.0, &url, &cacert, &key).ok(), "200");
    assert_eq!(ask(&near, &url, &cacert, &key).status, 28);
    let status = client.on(&host, "root", &["status"]).ok();
    assert!(status.contains(&format!("{other}, port 8080, TLS, confirmed")), "{status}");
    served(&client.apply(&host, "root", &["--expose", &range, "--confirm-seconds", "12"]));
    assert_eq!(ask(&near, &url, &cacert, &key).ok(), "200");

    // A plan that lets nobody in closes it, and a rollback opens it again.
    let closed = client.apply(&host, "root", &[]);
    served(&closed);
    assert_eq!(ask(&near, &url, &cacert, &key).status, 7);
    client.on(&host, "root", &["rollback", "--yes"]).ok();
    answers(&near, &url, &cacert, &key);

    // A certificate of one's own takes the place of the one made there.
    let (cert, own) = (client.path("own.pem"), client.path("own.key"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", "/CN=own"]);
    openssl.arg("-addext").arg(format!("subjectAltName=IP:{}", host.addr()));
    run(openssl.arg("-keyout").arg(&own).arg("-out").arg(&cert)).ok();
    let flags = ["--expose", &range, "--tls-cert", text(&cert), "--tls-key", text(&own)];
    let done = client.apply(&host, "root", &flags);
    served(&done);
    assert_eq!(ask(&near, &url, &cert, &key).ok(), "200");
    assert_ne!(ask(&near, &url, &cacert, &key).status, 0, "the old certificate is not shown any more");
    let leaked =
        host.exec("grep -rl 'PRIVATE KEY' /var/lib/agi-provision /var/log /run/agi-provision* 2>/dev/null");
    assert_eq!(leaked.stdout, "", "a key is kept where it should not be");
    let again = client.apply(&host, "root", &flags[..2]);
    served(&again);
    assert!(!again.changed(), "{}", again.message());
}

/// The host's own way to the model, behind SSH's back.
#[track_caller]
fn assert_serves_inside(host: &Host) {
    let ask = "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && echo \"$line\"";
    let ran = host.exec(&format!("bash -c '{}'", ask.replace('\'', "'\\''")));
    assert!(ran.stdout.contains("200"), "{ran:?}");
}
