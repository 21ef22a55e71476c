use std::io::Read;
use std::time::{Duration, Instant};

use agi_provision::ssh::{EndedEarly, LONGEST_LINE, Lost, RemoteOutput, TimedOut, sh};
use sha2::{Digest, Sha256};

use crate::server::Server;

const LONG: Duration = Duration::from_secs(60);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn output_status_and_stderr_come_back() {
    let server = Server::start();
    let connection = server.connect();
    let outcome = connection.run("cat; echo oops >&2; exit 7", b"in\0\xff", LONG).unwrap();
    let want = RemoteOutput { status: Some(7), stdout: b"in\0\xff".to_vec(), stderr: "oops\n".into() };
    assert_eq!(outcome, want);
    assert_eq!(connection.run("kill -9 $$", b"", LONG).unwrap().status, None);
    assert_eq!(connection.run(&sh("printf '%s' \"it's\""), b"", LONG).unwrap().stdout, b"it's");
    assert_eq!(connection.run("no-such-program-here", b"", LONG).unwrap().status, Some(127));
    // A command that does not read its input, of any size, is no failure.
    let big = vec![b'x'; 8 << 20];
    assert_eq!(connection.run("exit 3", &big, LONG).unwrap().status, Some(3));
    // More of both kinds of output than any window.
    let outcome =
        connection.run("head -c 7000000 /dev/zero; head -c 7000000 /dev/zero >&2", b"", LONG).unwrap();
    assert_eq!((outcome.stdout.len(), outcome.stderr.len(), outcome.status), (7_000_000, 64 << 10, Some(0)));
    // Output arrives while input is still being sent.
    let outcome = connection.run("cat", &big[..6 << 20], LONG).unwrap();
    assert_eq!(outcome.stdout, &big[..6 << 20]);
    for n in 0..30 {
        assert_eq!(connection.run(&format!("exit {n}"), b"", LONG).unwrap().status, Some(n));
    }
}

#[test]
fn output_that_never_ends_is_cut() {
    let server = Server::start();
    let connection = server.connect();
    let error = connection.run("yes", b"", LONG).unwrap_err();
    assert!(error.to_string().contains("wrote more than"), "{error:#}");
    let start = Instant::now();
    let error = connection.run("exec yes >&2", b"", Duration::from_secs(1)).unwrap_err();
    assert!(
        error.downcast_ref::<TimedOut>().is_some() && start.elapsed() < Duration::from_secs(5),
        "{error:#}"
    );
    // The connection still works.
    assert_eq!(connection.run("echo ok", b"", LONG).unwrap().stdout, b"ok\n");
}

#[test]
fn a_conversation_by_lines() {
    let server = Server::start();
    let connection = server.connect();
    let mut exec = connection
        .open("while read -r x; do echo \"got $x\"; echo \"err $x\" >&2; done; printf end")
        .unwrap();
    for word in ["one", "two"] {
        exec.write_stdin(format!("{word}\n").as_bytes()).unwrap();
        assert_eq!(exec.read_line(LONG).unwrap().unwrap(), format!("got {word}").as_bytes());
    }
    let error = exec.read_line(Duration::from_millis(200)).unwrap_err();
    assert!(error.downcast_ref::<TimedOut>().is_some(), "{error:#}");
    exec.close_stdin().unwrap();
    assert_eq!(exec.read_line(LONG).unwrap().unwrap(), b"end");
    assert_eq!(exec.read_line(LONG).unwrap(), None);
    let ended = exec.finish(LONG).unwrap();
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), "err one\nerr two\n"));
}

#[test]
fn a_line_without_end_is_refused() {
    let server = Server::start();
    let connection = server.connect();
    let mut exec = connection.open(&format!("head -c {} /dev/zero; echo", LONGEST_LINE + 1)).unwrap();
    let error = exec.read_line(LONG).unwrap_err();
    assert!(error.to_string().contains("a line of more than"), "{error:#}");
    let mut exec = connection.open(&format!("head -c {LONGEST_LINE} /dev/zero; echo; echo next")).unwrap();
    assert_eq!(exec.read_line(LONG).unwrap().unwrap().len(), LONGEST_LINE);
    assert_eq!(exec.read_line(LONG).unwrap().unwrap(), b"next");
}

/// Sends 64 MiB that are not all alike and checks what arrived.
fn upload(server: &Server) {
    let connection = server.connect();
    let size = 64 << 20;
    let data: Vec<u8> =
        (0..size / 4).flat_map(|n: u32| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut exec = connection.open("cat | sha256sum").unwrap();
    let mut calls = Vec::new();
    let start = Instant::now();
    let sent = exec.send_stream(&mut data.as_slice(), |sent| calls.push(sent)).unwrap();
    exec.close_stdin().unwrap();
    let line = exec.read_line(LONG).unwrap().unwrap();
    println!("{} MiB/s", (size >> 20) as f64 / start.elapsed().as_secs_f64());
    assert_eq!(sent, data.len() as u64);
    assert!(calls.is_sorted() && calls.last() == Some(&sent));
    assert!(line.starts_with(hex(&Sha256::digest(&data)).as_bytes()), "{}", String::from_utf8_lossy(&line));
    assert_eq!(exec.finish(LONG).unwrap().status, Some(0));
}

#[test]
fn an_upload_arrives_whole() {
    upload(&Server::start());
}

#[test]
fn an_upload_survives_new_keys_on_the_way() {
    let server = Server::with(&["ed25519"], "RekeyLimit 2M");
    upload(&server);
    assert!(server.log().matches("rekey").count() > 5, "{}", server.log());
}

#[test]
fn a_command_that_ends_during_an_upload_is_heard() {
    let server = Server::start();
    let connection = server.connect();
    let mut exec = connection.open("head -c 1000000 >/dev/null; echo disk full >&2; exit 5").unwrap();
    let start = Instant::now();
    let error = exec.send_stream(&mut std::io::repeat(7).take(1 << 40), |_| {}).unwrap_err();
    let early = error.downcast_ref::<EndedEarly>().unwrap_or_else(|| panic!("{error:#}"));
    assert_eq!((early.ended.status, early.ended.stderr.as_str()), (Some(5), "disk full\n"));
    assert!(early.sent >= 1_000_000 - (256 << 10));
    assert!(error.to_string().contains("disk full"));
    assert!(start.elapsed() < Duration::from_secs(20));
    drop(exec);
    assert_eq!(connection.run("echo ok", b"", LONG).unwrap().stdout, b"ok\n");
}

#[test]
fn a_command_may_close_its_output_and_read_on() {
    let server = Server::start();
    let connection = server.connect();
    let file = server.path("uploaded");
    let mut exec = connection.open(&format!("exec cat >{} 2>/dev/null", file.display())).unwrap();
    let size = 20 << 20;
    exec.send_stream(&mut std::io::repeat(7).take(size), |_| {}).unwrap();
    assert_eq!(exec.finish(LONG).unwrap().status, Some(0));
    assert_eq!(std::fs::metadata(file).unwrap().len(), size);
}

#[test]
fn a_command_that_hangs_meets_its_limit() {
    let server = Server::start();
    let connection = server.connect();
    let start = Instant::now();
    let error = connection.run("sleep 1000", b"", Duration::from_millis(500)).unwrap_err();
    assert!(error.downcast_ref::<TimedOut>().is_some(), "{error:#}");
    let exec = connection.open("sleep 1000").unwrap();
    assert!(exec.finish(Duration::from_millis(300)).unwrap_err().downcast_ref::<TimedOut>().is_some());
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(connection.run("echo ok", b"", LONG).unwrap().stdout, b"ok\n");
}

#[test]
fn a_connection_that_dies_is_lost() {
    let server = Server::start();
    let connection = server.connect();
    let mut exec = connection.open("echo started; cat >/dev/null").unwrap();
    assert_eq!(exec.read_line(LONG).unwrap().unwrap(), b"started");
    server.kill_sessions();
    let lost = |error: anyhow::Error| assert!(error.downcast_ref::<Lost>().is_some(), "{error:#}");
    lost(exec.read_line(LONG).unwrap_err());
    lost(connection.run("true", b"", LONG).unwrap_err());
    lost(exec.finish(LONG).unwrap_err());

    let connection = server.connect();
    let mut exec = connection.open("cat >/dev/null").unwrap();
    let mut sent_some = false;
    let error = exec.send_stream(&mut std::io::repeat(7).take(1 << 40), |sent| {
        if sent > 10 << 20 && !sent_some {
            sent_some = true;
            server.kill_sessions();
        }
    });
    lost(error.unwrap_err());
}

#[test]
fn several_commands_at_once_do_not_mix() {
    let server = Server::start();
    let connection = server.connect();
    let mut execs: Vec<_> = (0..4).map(|n| connection.open(&format!("cat; echo end {n}")).unwrap()).collect();
    for (n, exec) in execs.iter_mut().enumerate() {
        exec.write_stdin(format!("line {n}\n").as_bytes()).unwrap();
        exec.close_stdin().unwrap();
    }
    for (n, exec) in execs.iter_mut().enumerate().rev() {
        assert_eq!(exec.read_line(LONG).unwrap().unwrap(), format!("line {n}").as_bytes());
        assert_eq!(exec.read_line(LONG).unwrap().unwrap(), format!("end {n}").as_bytes());
    }
}

#[test]
fn the_server_is_told_when_we_are_done() {
    let server = Server::start();
    let connection = server.connect();
    assert_eq!(connection.run("exit 0", b"", LONG).unwrap().status, Some(0));
    drop(connection);
    server.wait_for_log("Received disconnect");
}

#[test]
fn a_terminal_passes_every_byte_as_it_is() {
    let server = Server::start();
    let connection = server.connect();
    let mut exec = connection.open_on_terminal("echo ready; tty >&2; head -c 1000000 | sha256sum").unwrap();
    assert_eq!(exec.read_line(LONG).unwrap().unwrap(), b"ready");
    assert!(exec.read_line(LONG).unwrap().unwrap().starts_with(b"/dev/pts/"));
    let data: Vec<u8> = (0..1_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    exec.write_stdin(&data).unwrap();
    let line = exec.read_line(LONG).unwrap().unwrap();
    assert!(line.starts_with(hex(&Sha256::digest(&data)).as_bytes()), "{}", String::from_utf8_lossy(&line));
    assert_eq!(exec.finish(LONG).unwrap().status, Some(0));
}

#[test]
fn one_session_at_a_time_is_enough() {
    let server = Server::with(&["ed25519"], "MaxSessions 1");
    let connection = server.connect();
    for n in 0..20 {
        assert_eq!(connection.run(&sh(&format!("exit {n}")), b"", LONG).unwrap().status, Some(n));
    }
}

/// Runs the command as sshd does, for each shell that a user may have.
#[test]
fn every_login_shell_hands_a_script_on_as_it_is() {
    let script = r#"printf '%s|' "it's" 'a "b" $c `d` \ {x} *' "$(id -u | grep -c .)"; [ 1 = 1 ] && exit 7"#;
    for shell in ["dash", "bash", "rbash", "zsh", "tcsh", "csh", "fish"] {
        let output = std::process::Command::new(shell).arg("-c").arg(sh(script)).output();
        let output = output.unwrap_or_else(|error| panic!("{shell}: {error}; tests/lab/install brings it"));
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            r#"it's|a "b" $c `d` \ {x} *|1|"#,
            "{shell}: {output:?}"
        );
        assert_eq!(output.status.code(), Some(7), "{shell}");
    }
}
