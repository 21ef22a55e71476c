//! sudo with and without a password, tried once.

use super::lab::journey::{Client, assert_serves};
use super::lab::{Host, doas_package, run};
use super::{PASSWORD, Terminal, fed, give_password, logged, sshd, write};

const WITH_PASSWORD: &str = "admin ALL=(ALL:ALL) ALL\n";

fn sudoers(host: &Host, lines: &str) {
    write(host, "/etc/sudoers.d/90-admin", lines);
    host.exec(
        "chown root:root /etc/sudoers.d/90-admin && chmod 440 /etc/sudoers.d/90-admin && visudo -c >&2",
    )
    .ok();
}

/// `probe` with the sudo password on stdin.
fn probe(client: &Client, host: &Host, password: &str) -> super::Ran {
    let args = ["probe", "--format", "json", "--sudo-password-stdin"];
    fed(client.command_on(host, "admin", &args), &format!("{password}\n"))
}

#[test]
fn a_password_is_typed_once_and_a_wrong_one_is_not_repeated() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    give_password(&host, "admin", PASSWORD);
    sudoers(&host, WITH_PASSWORD);

    // Nobody to ask: sudo is not made to count anything.
    let none = client.on(&host, "admin", &["probe"]);
    assert_eq!(none.status, 1, "{none:?}");
    assert!(none.stderr.contains("without a password, and there is no terminal"), "{none:?}");
    assert!(none.stderr.contains("hint: give it with --sudo-password-stdin"), "{none:?}");
    let tries = || logged(&host, "incorrect password attempt") + logged(&host, "authentication failure");
    assert_eq!(tries(), 0);

    let wrong = probe(&client, &host, "wrong");
    assert_eq!(wrong.status, 1, "{wrong:?}");
    assert!(wrong.stdout.contains("sudo did not take the password"), "{wrong:?}");
    assert_eq!(logged(&host, "pam_unix(sudo:auth): authentication failure"), 1);
    assert_eq!(logged(&host, "incorrect password attempts"), 0, "more than one");
    assert!(!wrong.stdout.contains("wrong\\n") && !wrong.stderr.contains(PASSWORD));

    let right = probe(&client, &host, PASSWORD);
    assert_eq!(right.status, 0, "{right:?}");
    assert!(right.stdout.contains("\"sudo\": \"sudo-with-password\""), "{right:?}");
    let mut by_variable = client.command_on(&host, "admin", &["probe"]);
    run(by_variable.env("AGI_PROVISION_SUDO_PASSWORD", PASSWORD)).ok();

    // A person sees the question and not the answer.
    let mut terminal = Terminal::start(&client.command_on(&host, "admin", &["probe", "--format", "json"]));
    let question = format!("sudo password of admin@{}:22: ", host.addr());
    terminal.expect(&question).type_in(&format!("typo\x15{PASSWORD}\r"));
    let (status, seen) = terminal.end();
    assert_eq!(status, 0, "{seen}");
    assert!(
        seen.contains("sudo-with-password") && !seen.contains("typo") && !seen.contains(PASSWORD),
        "{seen}"
    );
    let mut terminal = Terminal::start(&client.command_on(&host, "admin", &["probe"]));
    terminal.expect(&question).type_in("half\x03");
    assert!(terminal.end().0 != 0);
    assert_eq!(logged(&host, "pam_unix(sudo:auth): authentication failure"), 1);

    // One question for a fleet, and one wrong try. One after the other: it is the same host twice, where
    // the one that ends takes away the agent that the other is about to start.
    let twice = format!("admin@{}:22", host.addr());
    let fleet = |password: &str| {
        let command = client.command_on(
            &host,
            "admin",
            &["probe", "--jobs", "1", "--sudo-password-stdin", "--host", &twice],
        );
        fed(command, &format!("{password}\n"))
    };
    let right = fleet(PASSWORD);
    assert_eq!(right.status, 0, "{right:?}");
    let wrong = fleet("wrong");
    assert_eq!(wrong.status, 1, "{wrong:?}");
    assert!(wrong.stderr.contains("refused it, and it is not tried again"), "{wrong:?}");
    assert_eq!(logged(&host, "pam_unix(sudo:auth): authentication failure"), 2);
}

#[test]
fn sudo_as_it_may_be_set_up() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    give_password(&host, "admin", PASSWORD);
    sshd(&host, "");
    let commands = || logged(&host, "Starting session: command");

    // A terminal is wanted: with a password and without.
    for (lines, sudo) in [
        ("Defaults requiretty\nadmin ALL=(ALL:ALL) NOPASSWD: ALL\n", "passwordless-sudo"),
        ("Defaults requiretty, lecture=always\nadmin ALL=(ALL:ALL) ALL\n", "sudo-with-password"),
        ("Defaults !use_pty, timestamp_timeout=0\nadmin ALL=(ALL:ALL) ALL\n", "sudo-with-password"),
        ("Defaults requiretty, !use_pty\nadmin ALL=(ALL:ALL) ALL\n", "sudo-with-password"),
        ("Defaults passprompt_override, passwd_tries=1\nadmin ALL=(ALL:ALL) ALL\n", "sudo-with-password"),
        ("admin ALL=(ALL:ALL) NOPASSWD: ALL\n", "passwordless-sudo"),
    ] {
        sudoers(&host, lines);
        let ran = probe(&client, &host, PASSWORD);
        assert_eq!(ran.status, 0, "{lines}: {ran:?}");
        assert!(ran.stdout.contains(&format!("\"sudo\": \"{sudo}\"")), "{lines}: {ran:?}");
        if lines.contains("ALL=(ALL:ALL) ALL") {
            let ran = probe(&client, &host, "wrong");
            assert!(ran.stdout.contains("sudo did not take the password"), "{lines}: {ran:?}");
        }
    }
    // It forbids what we need, after the right password.
    sudoers(&host, "admin ALL=(ALL:ALL) /bin/ls\n");
    let ran = probe(&client, &host, PASSWORD);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(
        ran.stdout.contains("may not become root with sudo") && ran.stdout.contains("not allowed"),
        "{ran:?}"
    );

    // All the way through a terminal: staging, upload, service; a second apply is one command.
    sudoers(&host, "Defaults requiretty\nadmin ALL=(ALL:ALL) ALL\n");
    let args = client.applying(&[]);
    let apply = || {
        let command = client.command_on(&host, "admin", &[&args[..], &["--sudo-password-stdin"]].concat());
        fed(command, &format!("{PASSWORD}\n"))
    };
    let done = apply();
    assert_eq!(done.status, 0, "{done:?}");
    assert_serves(&host);
    sudoers(&host, WITH_PASSWORD);
    let before = commands();
    let again = apply();
    assert!(again.status == 0 && again.stderr.contains("nothing to do"), "{again:?}");
    assert_eq!(commands(), before + 1);
    sudoers(&host, "admin ALL=(ALL:ALL) NOPASSWD: ALL\n");
    let again = client.on(&host, "admin", &args);
    assert!(again.status == 0 && again.stderr.contains("nothing to do"), "{again:?}");
    assert_eq!(commands(), before + 2);
}

#[test]
fn doas_is_given_a_password_once_too() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    give_password(&host, "admin", PASSWORD);
    host.put(&doas_package(), "/root/doas.deb");
    let install = "dpkg -i /root/doas.deb >&2 && rm /root/doas.deb && mv /usr/bin/sudo /usr/bin/sudo.away";
    host.exec(install).ok();
    let conf = |lines: &str| {
        write(&host, "/etc/doas.conf", lines);
        host.exec("chown root:root /etc/doas.conf && chmod 600 /etc/doas.conf && doas -C /etc/doas.conf")
            .ok();
    };
    conf("permit nopass admin as root\n");
    client.on(&host, "admin", &["probe"]).ok();

    conf("permit admin as root\n");
    let tries = || logged(&host, "pam_unix(doas:auth): authentication failure");
    let none = client.on(&host, "admin", &["probe"]);
    assert_eq!((none.status, tries()), (1, 0), "{none:?}");
    assert!(none.stderr.contains("become root with doas without a password"), "{none:?}");
    let right = probe(&client, &host, PASSWORD);
    assert_eq!((right.status, tries()), (0, 0), "{right:?}");
    let wrong = probe(&client, &host, "wrong");
    assert_eq!((wrong.status, tries()), (1, 1), "{wrong:?}");
    assert!(wrong.stdout.contains("doas did not take the password"), "{wrong:?}");
    assert!(!wrong.stdout.contains("wrong\\n") && !right.stdout.contains(PASSWORD));

    // All the way: staging, upload, service.
    let args = client.applying(&["--sudo-password-stdin"]);
    let done = fed(client.command_on(&host, "admin", &args), &format!("{PASSWORD}\n"));
    assert_eq!(done.status, 0, "{done:?}");
    assert_serves(&host);

    conf("permit nobody as root\n");
    let forbidden = probe(&client, &host, PASSWORD);
    assert_eq!(forbidden.status, 1, "{forbidden:?}");
    assert!(forbidden.stdout.contains("doas.conf"), "{forbidden:?}");
}
