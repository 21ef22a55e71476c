use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use agi_provision::error::{Exit, exit_code, hint};
use agi_provision::ssh::{
    Connection, GivenSecrets, HostKeyPolicy, Lost, Memory, Nobody, Options, Secrets, Target,
};

use crate::server::{Server, USER};

/// Connections by which a test finds out that its server is up.
const KNOCKS: usize = 1;
const LONG: Duration = Duration::from_secs(60);

/// Two servers, the second behind the first, and options whose configuration says so.
fn behind() -> (Server, Server, Options) {
    let (gate, inner) = (Server::start(), Server::start());
    let key = fs::read_to_string(gate.path("client.pub")).unwrap();
    let keys = fs::read_to_string(inner.path("authorized_keys")).unwrap();
    fs::write(inner.path("authorized_keys"), keys + &key).unwrap();
    let text = format!(
        "Host inner\n  HostName 127.0.0.1\n  User {0}\n  Port {1}\n  ProxyJump {0}@127.0.0.1:{2}\n",
        *USER, inner.port, gate.port
    );
    fs::write(gate.path("config"), text).unwrap();
    let line = |server: &Server| format!("{} {}\n", server.known_as(), server.host_key("ed25519"));
    gate.write_known_hosts(&(line(&gate) + &line(&inner)));
    let options = Options { config: Some(gate.path("config")), ..gate.options() };
    (gate, inner, options)
}

fn connect(options: &Options) -> anyhow::Result<Connection> {
    Connection::connect(&Target::parse("inner").unwrap(), options)
}

/// Sends so many MiB, which arrive whole.
fn takes(connection: &Connection, mib: u64) {
    let size = mib << 20;
    let mut exec = connection.open("wc -c").unwrap();
    exec.send_stream(&mut std::io::repeat(7).take(size), |_| {}).unwrap();
    exec.close_stdin().unwrap();
    assert_eq!(exec.read_line(LONG).unwrap().unwrap(), size.to_string().as_bytes());
    assert_eq!(exec.finish(LONG).unwrap().status, Some(0));
}

#[test]
fn a_host_behind_another_is_reached_through_it() {
    let (gate, inner, options) = behind();
    let connection = connect(&options).unwrap();
    assert_eq!(connection.peer(), format!("{}@127.0.0.1:{}", *USER, inner.port));
    let outcome = connection.run("echo $SSH_CONNECTION; cat; exit 4", b"in", LONG).unwrap();
    assert_eq!(outcome.status, Some(4));
    let text = String::from_utf8(outcome.stdout).unwrap();
    assert!(text.contains(&format!(" 127.0.0.1 {}\n", inner.port)) && text.ends_with("in"), "{text}");
    gate.wait_for_log("direct-tcpip");

    takes(&connection, 20);
    let outcome = connection.run("head -c 7000000 /dev/zero", b"", LONG).unwrap();
    assert_eq!(outcome.stdout.len(), 7_000_000);
    // Both ends are told when we are done.
    drop(connection);
    inner.wait_for_log("Received disconnect");
    gate.wait_for_log("Received disconnect");
}

#[test]
fn the_host_key_of_each_is_checked() {
    let (gate, inner, options) = behind();
    let pin = |server: &Server| Options {
        host_key: HostKeyPolicy::pinned(&server.fingerprint("ed25519")).unwrap(),
        ..options.clone()
    };
    // A pin is meant for the host at the end.
    connect(&pin(&inner)).unwrap();
    assert_eq!(exit_code(&connect(&pin(&gate)).err().unwrap()), Exit::HostKey);
    gate.write_known_hosts(&format!("{} {}\n", inner.known_as(), inner.host_key("ed25519")));
    let error = connect(&options).err().unwrap();
    assert_eq!(exit_code(&error), Exit::HostKey);
    assert!(format!("{error:#}").contains(&gate.fingerprint("ed25519")), "{error:#}");
    connect(&Options { host_key: HostKeyPolicy::AcceptNew, ..options.clone() }).unwrap();
    connect(&options).unwrap();
}

#[test]
fn a_failure_at_the_jump_host_is_reported() {
    let (gate, inner, options) = behind();
    let connection = connect(&options).unwrap();
    let start = Instant::now();
    gate.kill_sessions();
    let error = connection.run("true", b"", LONG).unwrap_err();
    assert!(error.downcast_ref::<Lost>().is_some() && start.elapsed() < Duration::from_secs(5), "{error:#}");

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error =
        Connection::connect(&Target::parse(&format!("inner:{closed}")).unwrap(), &options).err().unwrap();
    assert!(error.to_string().contains(&format!("cannot connect to 127.0.0.1:{closed}")), "{error:#}");

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = Target::parse(&format!("inner:{}", silent.local_addr().unwrap().port())).unwrap();
    let short = Options { connect_timeout: Some(Duration::from_secs(1)), ..options.clone() };
    let error = Connection::connect(&target, &short).err().unwrap();
    assert!(error.to_string().contains("did not answer with an SSH banner"), "{error:#}");

    fs::write(gate.path("config"), "Host inner\n ProxyJump a\nHost a\n ProxyJump b\nHost b\n ProxyJump a\n")
        .unwrap();
    let options = Options { memory: Memory::default(), ..options };
    let error = connect(&options).err().unwrap();
    assert_eq!(exit_code(&error), Exit::Usage);
    assert!(format!("{error:#}").contains("in a circle"), "{error:#}");
    drop(inner);
}

#[test]
fn both_hosts_take_an_encrypted_key_that_is_opened_once() {
    let (gate, inner, options) = behind();
    let key = gate.authorize("locked", &["-t", "ed25519", "-N", "secret"]);
    fs::copy(gate.path("locked.pub"), inner.path("authorized_keys")).unwrap();
    fs::copy(gate.path("locked.pub"), gate.path("authorized_keys")).unwrap();
    let given = GivenSecrets { passphrase: Some("secret".into()), ..GivenSecrets::default() };
    let options = Options { identity: vec![key], secrets: Secrets::new(given, Nobody), ..options };
    assert_eq!(connect(&options).unwrap().peer(), format!("{}@127.0.0.1:{}", *USER, inner.port));
}

/// Several hosts at once by threads of their own, as a run over a fleet does; what each said.
fn fleet(options: &Options, targets: &[&str]) -> Vec<anyhow::Result<Connection>> {
    std::thread::scope(|scope| {
        let each = targets
            .iter()
            .map(|target| scope.spawn(move || Connection::connect(&Target::parse(target).unwrap(), options)));
        each.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn logins(gate: &Server) -> usize {
    gate.log().matches("Accepted publickey").count()
}

#[test]
fn hosts_behind_one_gate_share_a_login_there_and_each_gets_its_own_bytes() {
    let (gate, inner, options) = behind();
    let _run = options.memory.begin_run();
    let connections = fleet(&options, &["inner"; 12]);
    std::thread::scope(|scope| {
        for (number, connection) in connections.into_iter().enumerate() {
            scope.spawn(move || {
                let connection = connection.unwrap();
                // More than the window of a channel.
                takes(&connection, 3);
                let outcome = connection.run(&format!("cat; echo {number}"), b"in ", LONG).unwrap();
                assert_eq!(outcome.stdout, format!("in {number}\n").as_bytes());
            });
        }
    });
    // One after another too, as long as the run goes on.
    connect(&options).unwrap();
    assert_eq!((logins(&gate), logins(&inner)), (1, 13));
    // Another key may be let in where this one is not.
    let other = Options { identity: vec![gate.path("client"), inner.path("client")], ..options.clone() };
    connect(&other).unwrap();
    assert_eq!(logins(&gate), 2);
}

#[test]
fn a_gate_that_fails_is_tried_once_and_told_for_every_host_behind_it() {
    let (gate, _inner, options) = behind();
    let _run = options.memory.begin_run();
    fs::write(gate.path("authorized_keys"), "").unwrap();
    let place = format!("{}@127.0.0.1:{}", *USER, gate.port);
    for outcome in fleet(&options, &["inner"; 8]).into_iter().chain([connect(&options)]) {
        let error = outcome.err().unwrap();
        assert_eq!(exit_code(&error), Exit::Failed);
        assert!(error.to_string().contains(&format!("the way to inner is through {place}")), "{error:#}");
        assert!(hint(&error).is_some());
    }
    assert_eq!(gate.log().matches("Connection from").count(), 1 + KNOCKS, "{}", gate.log());
}

#[test]
fn a_gate_that_is_lost_is_named_and_connected_to_again_once_for_all() {
    let (gate, _inner, options) = behind();
    let _run = options.memory.begin_run();
    let connections = fleet(&options, &["inner"; 4]);
    gate.kill_sessions();
    for connection in connections {
        let error = connection.unwrap().run("true", b"", LONG).unwrap_err();
        let lost = error.downcast_ref::<Lost>().unwrap();
        let place = format!("the connection to {}@127.0.0.1:{} was lost", *USER, gate.port);
        assert!(lost.on_the_way && lost.detail.contains(&place), "{error:#}");
    }
    assert!(fleet(&options, &["inner"; 4]).iter().all(Result::is_ok));
    assert_eq!(logins(&gate), 2);
}

#[test]
fn a_host_that_does_not_answer_holds_up_no_other_behind_the_gate() {
    let (gate, _inner, options) = behind();
    let _run = options.memory.begin_run();
    // A listener whose queue is full, where the kernel answers no more.
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&full, 0).unwrap();
    let dead = full.local_addr().unwrap();
    let filling: Vec<_> =
        (0..4).map(|_| TcpStream::connect_timeout(&dead, Duration::from_millis(200))).collect();
    assert!(filling.iter().any(Result::is_err));
    let first = connect(&options).unwrap();
    let target = format!("inner:{}", dead.port());
    let outcomes = std::thread::scope(|scope| {
        let silent = scope.spawn(|| fleet(&options, &[&target]));
        gate.wait_for_log(&format!("target 127.0.0.1 port {}", dead.port()));
        let start = Instant::now();
        assert!(fleet(&options, &["inner"; 6]).iter().all(Result::is_ok));
        // The limit of the dead host, 10 s here, is not waited for.
        assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
        silent.join().unwrap()
    });
    let error = outcomes.into_iter().next().unwrap().err().unwrap();
    assert!(error.to_string().contains(&format!("cannot connect to {dead}")), "{error:#}");
    // The channels that were opened meanwhile go on.
    takes(&first, 3);
    assert_eq!(logins(&gate), 2, "one for those behind the silent host");
}

/// ProxyCommand of `inner` instead of ProxyJump.
fn by_command(gate: &Server, inner: &Server, command: &str) -> Options {
    let text = format!(
        "Host inner\n HostName 127.0.0.1\n User {}\n Port {}\n ProxyCommand {command}\n",
        *USER, inner.port
    );
    fs::write(gate.path("config"), text).unwrap();
    Options { config: Some(gate.path("config")), memory: Memory::default(), ..gate.options() }
}

#[test]
fn a_proxy_command_is_the_way_to_the_host_and_ends_with_it() {
    let (gate, inner, _) = behind();
    let ssh = format!(
        "ssh -F /dev/null -i {0}/client -o UserKnownHostsFile={0}/known_hosts -W %h:%p -p {1} {2}@127.0.0.1",
        gate.path("").display(),
        gate.port,
        *USER
    );
    let options = by_command(&gate, &inner, &ssh);
    let connection = connect(&options).unwrap();
    gate.wait_for_log("direct-tcpip");
    takes(&connection, 20);
    drop(connection);
    inner.wait_for_log("Received disconnect");
    gate.wait_for_log("Connection closed by");
}

#[test]
fn a_proxy_command_that_fails_is_told_with_its_own_words() {
    let (gate, inner, _) = behind();
    for (command, why) in [
        ("sh -c 'echo no route to %h >&2; exit 3'", "exit status: 3: no route to 127.0.0.1"),
        ("/nonexistent/cloudflared access ssh --hostname %h", "exit status: 127"),
    ] {
        let start = Instant::now();
        let error = connect(&by_command(&gate, &inner, command)).err().unwrap();
        assert_eq!(exit_code(&error), Exit::Failed, "{error:#}");
        assert!(format!("{error:#}").contains(why), "{error:#}");
        assert!(start.elapsed() < Duration::from_secs(5), "it is not tried again");
    }
    // The host's key counts as anywhere.
    gate.write_known_hosts("");
    let options = by_command(&gate, &inner, "nc 127.0.0.1 %p");
    if std::process::Command::new("nc").arg("-h").output().is_ok() {
        assert_eq!(exit_code(&connect(&options).err().unwrap()), Exit::HostKey);
    }
}
