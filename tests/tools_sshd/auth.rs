use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use agi_provision::error::{Exit, exit_code, hint};
use agi_provision::secret::Secret;
use agi_provision::ssh::{Absent, Ask, Connection, GivenSecrets, Nobody, Options, Secrets, Target};

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
    // The right one of several named keys is found.
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
    assert!(
        error.to_string().contains("is encrypted") && error.to_string().contains("no terminal"),
        "{error:#}"
    );
    let hint = hint(&error).unwrap();
    assert!(hint.contains("ssh-add") && hint.contains("--passphrase-stdin"), "{hint}");

    let agent = Agent::start(server.path("").as_path());
    agent.add(&key);
    let options =
        Options { identity: vec![key], agent_socket: Some(agent.socket.clone()), ..server.options() };
    Connection::connect(&server.target(), &options).unwrap();
}

/// Answers what it has, and counts the questions.
#[derive(Clone, Default)]
struct Typist(Arc<Mutex<Vec<String>>>, &'static str);

impl Ask for Typist {
    fn ask(&self, question: &str, _: bool) -> Result<Secret, Absent> {
        self.0.lock().unwrap().push(question.to_string());
        Ok(self.1.into())
    }
}

#[test]
fn an_encrypted_key_is_opened_by_its_passphrase_asked_for_once() {
    let server = Server::start();
    server.trust("ed25519");
    for args in [
        &["-t", "ed25519"][..],
        &["-t", "ecdsa"],
        &["-t", "rsa", "-b", "2048"],
        &["-t", "rsa", "-b", "2048", "-m", "PEM"],
    ] {
        let key = server.authorize(&args.concat(), &[args, &["-N", "open me"]].concat());
        let typist = Typist(Arc::default(), "open me");
        let secrets = Secrets::new(GivenSecrets::default(), typist.clone());
        let options = Options { identity: vec![key.clone()], secrets, ..server.options() };
        for _ in 0..2 {
            if let Err(error) = Connection::connect(&server.target(), &options) {
                panic!("{args:?}: {error:#}");
            }
        }
        assert_eq!(*typist.0.lock().unwrap(), [format!("Passphrase of {}: ", key.display())]);
    }
}

#[test]
fn the_passphrase_of_a_key_that_the_server_does_not_want_is_not_asked_for() {
    let server = Server::start();
    server.trust("ed25519");
    generate(server.path("").as_path(), "other", &["-t", "ed25519", "-N", "secret"]);
    let typist = Typist(Arc::default(), "wrong");
    let secrets = Secrets::new(GivenSecrets::default(), typist.clone());
    let options = Options { identity: vec![server.path("other")], secrets, ..server.options() };
    let error = Connection::connect(&server.target(), &options).err().unwrap();
    assert!(error.to_string().contains("other: refused"), "{error:#}");
    assert!(typist.0.lock().unwrap().is_empty());
    // One that it wants is asked for three times at most, and the server hears of no attempt.
    let key = server.authorize("mine", &["-t", "ed25519", "-N", "secret"]);
    let options = Options { identity: vec![key, server.path("client")], ..options };
    Connection::connect(&server.target(), &options).unwrap();
    assert!(typist.0.lock().unwrap().is_empty(), "a key without a passphrase comes first");
    let options = Options { identity: vec![server.path("mine")], ..options };
    let error = Connection::connect(&server.target(), &options).err().unwrap();
    assert!(error.to_string().contains("it is wrong"), "{error:#}");
    assert_eq!(typist.0.lock().unwrap().len(), 3);
    assert!(!format!("{error:#} {options:?}").contains("secret\""));
}

/// Signs `name`'s public key with the authority `ca`.
fn certify(server: &Server, name: &str, more: &[&str]) {
    let mut keygen = std::process::Command::new("ssh-keygen");
    keygen.args(["-q", "-s"]).arg(server.path("ca")).args(["-I", "test", "-n", USER.as_str()]).args(more);
    assert!(keygen.arg(server.path(&format!("{name}.pub"))).status().unwrap().success());
}

/// A server that lets in whom the authority signed, and nobody else.
fn with_authority() -> Server {
    let folder = tempfile::tempdir().unwrap();
    generate(folder.path(), "ca", &["-t", "ed25519", "-N", ""]);
    let line = format!("TrustedUserCAKeys {}", folder.path().join("ca.pub").display());
    let server = Server::with(&["ed25519"], &line);
    for name in ["ca", "ca.pub"] {
        fs::copy(folder.path().join(name), server.path(name)).unwrap();
    }
    // The server reads the authority at each login.
    std::mem::forget(folder);
    fs::write(server.path("authorized_keys"), "").unwrap();
    server.trust("ed25519");
    server
}

#[test]
fn certificates_let_us_in_where_the_key_alone_does_not() {
    let server = with_authority();
    let folder = server.path("");
    for (name, args) in [
        ("c-ed25519", &["-t", "ed25519", "-N", ""][..]),
        ("c-rsa", &["-t", "rsa", "-b", "2048", "-N", ""]),
        ("c-ecdsa", &["-t", "ecdsa", "-N", ""]),
        ("c-locked", &["-t", "ed25519", "-N", "secret"]),
        ("c-locked-rsa", &["-t", "rsa", "-b", "2048", "-N", "secret"]),
    ] {
        generate(&folder, name, args);
        let secrets = Secrets::new(
            GivenSecrets { passphrase: Some("secret".into()), ..GivenSecrets::default() },
            Nobody,
        );
        let options = Options { identity: vec![server.path(name)], secrets, ..server.options() };
        let error = Connection::connect(&server.target(), &options).err().unwrap();
        assert!(error.to_string().contains("refused to let"), "{name}: {error:#}");
        certify(&server, name, &[]);
        if let Err(error) = Connection::connect(&server.target(), &options) {
            panic!("{name}: {error:#}");
        }
    }
    assert!(server.log().contains("Accepted publickey") && server.log().contains("-CERT"));
}

#[test]
fn a_certificate_elsewhere_is_named_by_the_configuration_and_an_old_one_is_told() {
    let server = with_authority();
    let folder = server.path("");
    generate(&folder, "key", &["-t", "ed25519", "-N", ""]);
    certify(&server, "key", &["-V", "20200101:20200102"]);
    let options = Options { identity: vec![server.path("key")], ..server.options() };
    let error = Connection::connect(&server.target(), &options).err().unwrap();
    assert!(error.to_string().contains("key-cert.pub: it expired on 2020-01-02"), "{error:#}");
    certify(&server, "key", &[]);
    fs::rename(server.path("key-cert.pub"), server.path("elsewhere")).unwrap();
    let text = format!(
        "Host *\n  IdentityFile {}\n  CertificateFile {}\n",
        server.path("key").display(),
        server.path("elsewhere").display()
    );
    fs::write(server.path("config"), text).unwrap();
    let options = Options { identity: vec![], config: Some(server.path("config")), ..server.options() };
    Connection::connect(&server.target(), &options).unwrap();
}

#[test]
fn an_agent_has_certificates_too() {
    let server = with_authority();
    let folder = server.path("");
    let agent = Agent::start(&folder);
    generate(&folder, "key", &["-t", "ed25519", "-N", "secret"]);
    certify(&server, "key", &[]);
    agent.add(&server.path("key"));
    let options = Options { identity: vec![], agent_socket: Some(agent.socket.clone()), ..server.options() };
    Connection::connect(&server.target(), &options).unwrap();
    // Its file stands for it.
    let options = Options { identity: vec![server.path("key")], ..options };
    Connection::connect(&server.target(), &options).unwrap();
}

#[test]
fn a_server_that_wants_two_keys_gets_them() {
    let server = Server::with(&["ed25519"], "AuthenticationMethods publickey,publickey");
    server.trust("ed25519");
    let second = server.authorize("second", &["-t", "ed25519", "-N", ""]);
    let options = Options { identity: vec![server.path("client"), second], ..server.options() };
    Connection::connect(&server.target(), &options).unwrap();
    let server =
        Server::with(&["ed25519"], "AuthenticationMethods publickey,password\nPasswordAuthentication yes");
    server.trust("ed25519");
    let error = Connection::connect(&server.target(), &server.options()).err().unwrap();
    let text = error.to_string();
    assert!(text.contains("client: accepted, and not enough") && text.contains("no terminal"), "{text}");
    assert!(hint(&error).unwrap().contains("--password-stdin"), "{error:#}");
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

/// A server that hangs up after two refused keys, an agent with eight wrong keys before the right one, and
/// options whose configuration has these lines.
fn full_agent(lines: &str) -> (Server, Agent, Options) {
    let server = Server::with(&["ed25519"], "MaxAuthTries 2\n");
    server.trust("ed25519");
    let agent = Agent::start(server.path("").as_path());
    for n in 0..8 {
        let name = format!("wrong{n}");
        generate(server.path("").as_path(), &name, &["-t", "ed25519", "-N", ""]);
        agent.add(&server.path(&name));
    }
    agent.add(&server.path("client"));
    fs::rename(server.path("client"), server.path("away")).unwrap();
    fs::write(server.path("config"), lines.replace("@T@", server.path("").to_str().unwrap())).unwrap();
    let options = Options {
        identity: Vec::new(),
        config: Some(server.path("config")),
        agent_socket: Some(agent.socket.clone()),
        ..server.options()
    };
    (server, agent, options)
}

#[test]
fn a_public_half_names_the_agents_key_and_that_one_is_offered_first() {
    for lines in [
        "IdentitiesOnly yes\nIdentityFile @T@/client.pub\n",
        "IdentityFile @T@/client.pub\n",
        // The private key is not there, its public half is.
        "IdentitiesOnly yes\nIdentityFile @T@/client\n",
    ] {
        let (server, _agent, options) = full_agent(lines);
        if let Err(error) = Connection::connect(&server.target(), &options) {
            panic!("{lines}: {error:#}");
        }
        assert!(!server.log().contains("Failed publickey"), "{lines}");
        let named = Options {
            identity: vec![server.path("client.pub")],
            config: Some("/dev/null".into()),
            ..options
        };
        Connection::connect(&server.target(), &named).unwrap();
    }
}

#[test]
fn a_half_without_its_other_and_a_key_on_hardware_are_told_with_the_way_out() {
    let server = Server::start();
    server.trust("ed25519");
    generate(server.path("").as_path(), "lone", &["-t", "ed25519", "-N", ""]);
    let name = b"sk-ssh-ed25519@openssh.com";
    let blob = [&(name.len() as u32).to_be_bytes()[..], name, &[0, 0, 0, 1, 7]].concat();
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, blob);
    fs::write(server.path("token.pub"), format!("sk-ssh-ed25519@openssh.com {encoded} me\n")).unwrap();
    for (file, why, way) in [
        ("lone.pub", "ssh-agent does not hold the private one", "ssh-add"),
        ("token.pub", "a key on hardware (sk-ssh-ed25519@openssh.com)", "ssh-keygen -t ed25519"),
    ] {
        fs::write(server.path("config"), format!("IdentityFile {}\n", server.path(file).display())).unwrap();
        let options =
            Options { identity: Vec::new(), config: Some(server.path("config")), ..server.options() };
        let error = Connection::connect(&server.target(), &options).err().unwrap();
        assert!(error.to_string().contains(why), "{error:#}");
        assert!(hint(&error).unwrap().contains(way), "{error:#}");
    }
}
