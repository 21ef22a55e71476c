//! Debian's HAProxy reads the configuration that a bundle has; tests/host_balance.rs has it in front of hosts under load.

use agi_provision::plan::Plan;
use agi_provision::render::choices::{Balance, Balanced, Targets};
use agi_provision::render::{Choices, render_for};
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

fn configuration(bind: SocketAddr, servers: &[String]) -> String {
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plans/cpu.json");
    let plan = Plan::from_json(&fs::read_to_string(plan).unwrap()).unwrap();
    let servers = servers.iter().map(|server| Balanced::parse(server).unwrap()).collect();
    let balance = Some(Balance { bind, servers });
    let choices = Choices { targets: Targets { balance, ..Targets::default() }, ..Choices::default() };
    let bundle = render_for(&plan, &choices).unwrap();
    String::from_utf8(bundle.file("haproxy/haproxy.cfg").unwrap().to_vec()).unwrap()
}

fn succeeds(command: &mut Command) {
    let output = command.output().expect("run tests/lab/install");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_real_haproxy_takes_every_form_of_address() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().to_str().unwrap();
    let pem = folder.path().join("front.pem");
    succeeds(
        Command::new("openssl")
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
            .arg(folder.path().join("certificate")),
    );
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
        succeeds(Command::new("/usr/sbin/haproxy").args(["-c", "-f"]).arg(&file));
    }
}
