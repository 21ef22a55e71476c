use std::fs;
use std::path::PathBuf;

use agi_provision::error::{Exit, exit_code, hint};
use agi_provision::ssh::{Connection, Options, Target};

use crate::server::{Agent, Server, USER, generate};

fn connect_with(server: &Server, identity: Vec<PathBuf>) -> anyhow::Result<Connection> {
    server.trust("ed25519");
    Connection::connect(&server.target(), &Options { identity, ..server.options() })
}

#[test]
fn every_type_and_format_of_key_lets_us_in() {
    let server = Server::start();
    for (name, args) in [
        ("ed25519", &["-t", "ed25519"][..]),
        ("rsa", &["-t", "rsa", "-b", "2048"]),
        ("rsa-pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
        ("rsa-pkcs8", &["-t", "rsa", "-b", "2048", "-m", "PKCS8"]),
        ("ecdsa-256", &["-t", "ecdsa", "-b", "256"]),
        ("ecdsa-521", &["-t", "ecdsa", "-b", "521"]),
        ("ecdsa-pem", &["-t", "ecdsa", "-m", "PEM"]),
    ] {
        let key = server.authorize(name, &[args, &["-N", ""]].concat());
        // The private key alone must do.
        fs::remove_file(server.path(&format!("{name}.pub"))).unwrap();
        if let Err(error) = connect_with(&server, vec![key]) {
            panic!("{name}: {error:#}");
        }
    }
    // No SHA-1 signatures.
    assert!(!server.log().contains("ssh-rsa not in"), "{}", server.log());
}

#[test]
fn a_wrong_key_is_refused_with_what_was_tried_and_what_is_offered() {
    let server = Server::start();
    generate(server.path("").as_path(), "wrong", &["-t", "ed25519", "-N", ""]);
    let error = connect_with(&server, vec![server.path("wrong")]).err().unwrap();
    assert_eq!(exit_code(&error), Exit::Failed);
    let text = error.to_string();
    assert!(text.contains("wrong: refused") && text.contains("the server offers publickey"), "{text}");
    assert!(hint(&error).unwrap().contains("authorized_keys"));
    // Of several named keys the right one is found.
    connect_with(&server, vec![server.path("wrong"), server.path("client")]).unwrap();
}

#[test]
fn a_named_file_that_is_missing_or_no_key_is_a_mistake_in_the_command() {
    let server = Server::start();
    for name in ["missing", "client.pub", "sshd_config"] {
        let error = connect_with(&server, vec![server.path(name)]).err().unwrap();
        assert_eq!(exit_code(&error), Exit::Usage, "{error:#}");
        assert!(error.to_string().contains(name), "{error:#}");
    }
}

#[test]
fn a_server_that_hangs_up_after_wrong_keys_is_told_apart() {
    let server = Server::with(&["ed25519"], "MaxAuthTries 2");
    let names: Vec<String> = (0..4).map(|n| format!("wrong{n}")).collect();
    for name in &names {
        generate(server.path("").as_path(), name, &["-t", "ed25519", "-N", ""]);
    }
    let error = connect_with(&server, names.iter().map(|name| server.path(name)).collect()).err().unwrap();
    assert_eq!(exit_code(&error), Exit::Failed);
    assert!(error.to_string().contains("hung up or fell silent after 2 keys"), "{error:#}");
    assert!(hint(&error).unwrap().contains("--identity"));
}

#[test]
fn an_encrypted_key_works_through_the_agent_and_is_named_without() {
    let server = Server::start();
    let key = server.authorize("secret", &["-t", "ed25519", "-N", "secret"]);
    let error = connect_with(&server, vec![key.clone()]).err().unwrap();
    assert_eq!(exit_code(&error), Exit::Failed);
    assert!(error.to_string().contains("is encrypted: add it to ssh-agent"), "{error:#}");

    let agent = Agent::start(server.path("").as_path());
    agent.add(&key);
    let options =
        Options { identity: vec![key], agent_socket: Some(agent.socket.clone()), ..server.options() };
    Connection::connect(&server.target(), &options).unwrap();
}

#[test]
fn keys_of_an_agent_let_us_in() {
    let server = Server::start();
    server.trust("ed25519");
    let agent = Agent::start(server.path("").as_path());
    let options = Options { identity: vec![], agent_socket: Some(agent.socket.clone()), ..server.options() };
    generate(server.path("").as_path(), "wrong", &["-t", "ed25519", "-N", ""]);
    agent.add(&server.path("wrong"));
    agent.add(&server.authorize("rsa", &["-t", "rsa", "-b", "2048", "-N", ""]));
    let connection = Connection::connect(&server.target(), &options).unwrap();
    assert_eq!(connection.peer(), format!("{}@127.0.0.1:{}", *USER, server.port));
    assert!(server.wait_for_log("Accepted publickey").contains("Accepted publickey"));
}

#[test]
fn an_agent_that_never_answers_does_not_hold_us_up() {
    let server = Server::start();
    server.trust("ed25519");
    let socket = server.path("mute");
    let _mute = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let key = server.authorize("secret", &["-t", "ed25519", "-N", "secret"]);
    let options = Options { identity: vec![key], agent_socket: Some(socket), ..server.options() };
    let start = std::time::Instant::now();
    let error = Connection::connect(&server.target(), &options).err().unwrap();
    assert!(start.elapsed() < std::time::Duration::from_secs(15));
    assert!(error.to_string().contains("ssh-agent at"), "{error:#}");
}

#[test]
fn the_configuration_names_host_port_user_and_key() {
    let server = Server::start();
    server.trust("ed25519");
    let config = server.path("config");
    let text = format!(
        "Host box\n  HostName 127.0.0.1\n  Port {}\n  User {}\n  IdentityFile {}\n",
        server.port,
        *USER,
        server.path("client").display()
    );
    fs::write(&config, text).unwrap();
    let options = Options { identity: vec![], config: Some(config), ..server.options() };
    let connection = Connection::connect(&Target::parse("box").unwrap(), &options).unwrap();
    assert_eq!(connection.peer(), format!("{}@127.0.0.1:{}", *USER, server.port));
}
