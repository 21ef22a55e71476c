//! Passwords and what PAM asks.

use super::lab::journey::Client;
use super::lab::{Host, run};
use super::{PASSWORD, Terminal, fed, give_password, logged, sshd, without_key};

const PASSWORD_ONLY: &str = "PasswordAuthentication yes\nKbdInteractiveAuthentication no\n";
const PAM_ONLY: &str = "PasswordAuthentication no\nKbdInteractiveAuthentication yes\n";

#[test]
fn a_password_lets_us_in_and_a_wrong_one_is_tried_once() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    give_password(&host, "admin", PASSWORD);
    let probe = |password: &str, more: &[&str]| {
        let args = [&["probe", "--password-stdin"][..], more].concat();
        fed(without_key(&client, &host, "admin", &args), &format!("{password}\n"))
    };
    for (lines, how) in [(PASSWORD_ONLY, "password"), (PAM_ONLY, "keyboard-interactive/pam")] {
        sshd(&host, lines);
        let none = run(&mut without_key(&client, &host, "admin", &["probe"]));
        assert_eq!(none.status, 1, "{none:?}");
        assert!(none.stderr.contains("there is no terminal to ask for the password on"), "{none:?}");
        assert!(none.stderr.contains("hint: log in with a key") && none.stderr.contains("--password-stdin"));

        let failures = || logged(&host, &format!("Failed {how} for admin"));
        let before = failures();
        let wrong = probe("wrong", &[]);
        assert_eq!(wrong.status, 1, "{wrong:?}");
        assert!(wrong.stderr.contains(&format!("{}: refused", how.trim_end_matches("/pam"))), "{wrong:?}");
        assert!(wrong.stderr.contains("hint: a password is tried once"), "{wrong:?}");
        assert_eq!(failures(), before + 1, "{lines}");

        let right = probe(PASSWORD, &["-vv"]);
        assert_eq!(right.status, 0, "{how}: {right:?}");
        assert!(right.stderr.contains("is logged in") && !right.stderr.contains(PASSWORD), "{right:?}");
        let mut terminal = Terminal::start(&without_key(&client, &host, "admin", &["probe"]));
        terminal.expect(&format!("admin@{}:22", host.addr())).expect(": ");
        terminal.type_in(&format!("{PASSWORD}\r"));
        let (status, seen) = terminal.end();
        assert!(status == 0 && !seen.contains(PASSWORD), "{seen}");
    }
    // Both: PAM comes first, and the password that it refused is not tried the other way.
    sshd(&host, "PasswordAuthentication yes\nKbdInteractiveAuthentication yes\n");
    let failures = || {
        logged(&host, "Failed password for admin")
            + logged(&host, "Failed keyboard-interactive/pam for admin")
    };
    let before = failures();
    assert_eq!(probe("wrong", &[]).status, 1);
    assert_eq!(failures(), before + 1);
    // The configuration chooses.
    let config = client.path("config");
    std::fs::write(&config, "Host *\n  PreferredAuthentications password\n").unwrap();
    let accepted = logged(&host, "Accepted password for admin");
    assert_eq!(probe(PASSWORD, &["--ssh-config", config.to_str().unwrap()]).status, 0);
    assert_eq!(logged(&host, "Accepted password for admin"), accepted + 1);
    std::fs::write(&config, "Host *\n  BatchMode yes\n").unwrap();
    let batch = without_key(&client, &host, "admin", &["probe", "--ssh-config", config.to_str().unwrap()]);
    let (status, seen) = Terminal::start(&batch).end();
    assert!(status == 1 && seen.contains("no terminal to ask"), "{seen}");

    // A key and a password, and through the host to itself.
    sshd(&host, "AuthenticationMethods publickey,password publickey,keyboard-interactive\n");
    let both = client.command_on(&host, "admin", &["probe", "--password-stdin"]);
    let both = fed(both, &format!("{PASSWORD}\n"));
    assert_eq!(both.status, 0, "{both:?}");
    sshd(&host, PASSWORD_ONLY);
    let text =
        format!("Host inner\n  HostName 127.0.0.1\n  HostKeyAlias {0}\n  ProxyJump admin@{0}\n", host.addr());
    std::fs::write(&config, text).unwrap();
    let mut through = client.command(&["probe", "--host", "admin@inner", "--password-stdin"]);
    through.arg("--ssh-config").arg(&config).arg("--known-hosts").arg(host.known_hosts());
    let through = fed(through, &format!("{PASSWORD}\n"));
    assert_eq!(through.status, 0, "{through:?}");
    assert!(logged(&host, "Accepted password for admin from 127.0.0.1") > 0);

    // An expired one is not changed behind anybody's back.
    host.exec("chage -d 0 admin").ok();
    for lines in [PAM_ONLY, PASSWORD_ONLY] {
        sshd(&host, lines);
        let expired = probe(PASSWORD, &[]);
        assert_eq!(expired.status, 1, "{lines}: {expired:?}");
        assert!(expired.stderr.contains("change"), "{lines}: {expired:?}");
        assert!(!expired.stderr.contains("fell silent"), "{lines}: {expired:?}");
    }
    host.exec("chage -d 20000 admin").ok();
    assert_eq!(probe(PASSWORD, &[]).status, 0);
}
