//! Becoming root, by sudo or doas: which command line asks for it, and what their words mean. One command is all in the
//! usual case; another way is tried only when sudo named the reason. A password is typed into a sudo
//! that asked for it, once.

use crate::error::Failure;

/// How sudo is used. The first way needs neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// sudo asks for a password.
    pub password: bool,
    /// sudo wants a terminal (`Defaults requiretty`).
    pub terminal: bool,
    /// doas instead of sudo. It takes a password from a terminal only.
    pub doas: bool,
}

impl Way {
    /// The command says when it is root, and nothing is sent to it before.
    pub fn announces(self) -> bool {
        self.password || self.terminal
    }

    /// The way to try after sudo said this; `None` where it would not help.
    pub fn after(self, said: &str) -> Option<Way> {
        match refusal(said)? {
            Refusal::Password if !self.password => Some(Way { password: true, ..self }),
            Refusal::Terminal if !self.terminal => Some(Way { terminal: true, ..self }),
            Refusal::Missing if !self.doas => Some(Way { doas: true, ..Way::default() }),
            Refusal::DoasPassword if !self.password => {
                Some(Way { password: true, terminal: true, doas: true })
            }
            _ => None,
        }
    }

    /// A script for `sh`, without line breaks and `!`, which csh would not hand on: `command` as root,
    /// with `before` and `after` (which may be empty) around its start. sudo speaks English.
    pub fn script(self, before: &str, command: &str, after: &str, nonce: &str) -> String {
        let raw = if self.terminal { "stty raw -echo 2>/dev/null; " } else { "" };
        let sudo = match self.password {
            true if self.doas => "doas".to_string(),
            false if self.doas => "doas -n".to_string(),
            false => "sudo -n".to_string(),
            // The prompt ends its line, so that it is read like every other.
            true => format!("sudo -S -p \"$(printf '%s\\n.' '{}')\"", asks(nonce)),
        };
        let command = match self.announces() {
            false => command.to_string(),
            true => format!("sh -c 'echo {}; exec \"$@\"' sh {command} 2>&1", is_root(nonce)),
        };
        format!(
            "LC_ALL=C; export LC_ALL; {raw}if [ \"$(id -u)\" = 0 ]; then set --; else set -- {sudo}; fi; \
             {before}exec \"$@\" {command}{after}"
        )
    }

    /// The name of the program.
    pub fn program(self) -> &'static str {
        if self.doas { "doas" } else { "sudo" }
    }
}

/// The line that sudo prints when it wants the password.
pub fn asks(nonce: &str) -> String {
    format!("agi-provision-sudo-{nonce}")
}

/// The line that is printed as root.
pub fn is_root(nonce: &str) -> String {
    format!("agi-provision-root-{nonce}")
}

/// Why sudo did not run a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Missing,
    Password,
    Terminal,
    /// The password was wrong.
    Wrong,
    DoasMissing,
    DoasPassword,
    /// The password was wrong.
    DoasWrong,
    /// doas.conf does not allow it.
    Doas,
    /// sudoers does not allow it.
    Forbidden,
}

fn refusal(said: &str) -> Option<Refusal> {
    let has = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
    if has(&["sudo: not found", "sudo: command not found"]) {
        return Some(Refusal::Missing);
    }
    if has(&["doas: not found", "doas: command not found"]) {
        return Some(Refusal::DoasMissing);
    }
    if has(&["doas: Authentication required", "doas: a tty is required"]) {
        return Some(Refusal::DoasPassword);
    }
    if has(&["doas: Authentication failed"]) {
        return Some(Refusal::DoasWrong);
    }
    if said.contains("doas: ") {
        return Some(Refusal::Doas);
    }
    if has(&["you must have a tty to run sudo"]) {
        return Some(Refusal::Terminal);
    }
    if has(&[
        "is not in the sudoers",
        "may not run sudo",
        "is not allowed to execute",
        "not allowed to run sudo",
    ]) {
        return Some(Refusal::Forbidden);
    }
    if has(&["incorrect password attempt", "Sorry, try again", "no password was provided"]) {
        return Some(Refusal::Wrong);
    }
    if has(&["a password is required", "terminal is required to read the password", "askpass"]) {
        return Some(Refusal::Password);
    }
    (said.contains("sudo:") || said.contains("sudoers")).then_some(Refusal::Forbidden)
}

/// Explains a command that sudo refused; `None` when sudo was not the reason. `asked`: a password was
/// typed.
pub fn not_root(said: &str, asked: bool) -> Option<Failure> {
    let line = || said.trim().lines().last().unwrap_or_default().trim();
    let refused = |why: &str| Failure::failed(english!("error-sudo", why = why));
    Some(match refusal(said)? {
        Refusal::Missing | Refusal::DoasMissing => {
            Failure::failed(english!("error-no-sudo")).hint(english!("hint-no-sudo"))
        }
        Refusal::Doas | Refusal::DoasPassword | Refusal::DoasWrong if !asked => {
            Failure::failed(format!("the user may not become root with doas: {}", line())).hint(
                "allow it in doas.conf (`permit USER as root`; with `nopass` no password is asked for), or connect \
                 as root",
            )
        }
        Refusal::Doas | Refusal::DoasPassword | Refusal::DoasWrong => wrong_password(true),
        Refusal::Wrong if asked => wrong_password(false),
        Refusal::Password | Refusal::Wrong => refused(line()).hint(english!("hint-sudo-password")),
        Refusal::Terminal => {
            refused(line()).hint("take `Defaults requiretty` out of the host's sudoers, or connect as root")
        }
        Refusal::Forbidden => refused(line())
            .hint("connect as root, or allow the user sudo, without a password (NOPASSWD) or with"),
    })
}

/// Its words mean that the password was wrong.
pub fn was_wrong(said: &str) -> bool {
    matches!(refusal(said), Some(Refusal::Wrong | Refusal::DoasWrong))
}

pub fn wrong_password(doas: bool) -> Failure {
    let message = match doas {
        true => "doas did not take the password".to_string(),
        false => english!("error-wrong-sudo-password"),
    };
    Failure::failed(message).hint(english!("hint-wrong-sudo-password"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart_and_only_what_helps_is_tried() {
        let plain = Way::default();
        let (password, terminal) = (Way { password: true, ..plain }, Way { terminal: true, ..plain });
        let both = Way { password: true, terminal: true, ..plain };
        let doas = Way { doas: true, ..plain };
        let doas_password = Way { password: true, terminal: true, doas: true };
        for (said, want, next, word) in [
            ("sudo: a password is required\n", Refusal::Password, Some(password), "NOPASSWD"),
            (
                "sudo: a terminal is required to read the password; either use the -S option to read from \
                 standard input or configure an askpass helper\n",
                Refusal::Password,
                Some(password),
                "--sudo-password-stdin",
            ),
            (
                "sudo: sorry, you must have a tty to run sudo\n",
                Refusal::Terminal,
                Some(terminal),
                "requiretty",
            ),
            ("nosudo is not in the sudoers file.\n", Refusal::Forbidden, None, "connect as root"),
            (
                "Sorry, user x is not allowed to execute '/bin/sh' as root on h.\n",
                Refusal::Forbidden,
                None,
                "root",
            ),
            ("sudo: 1 incorrect password attempt\n", Refusal::Wrong, None, "--sudo-password-stdin"),
            ("sudo: unknown user #0\n", Refusal::Forbidden, None, "root"),
            ("sh: 1: exec: sudo: not found", Refusal::Missing, Some(doas), "root@"),
            ("sh: 1: exec: doas: not found", Refusal::DoasMissing, None, "root@"),
            ("doas: Authentication required\n", Refusal::DoasPassword, Some(doas_password), "nopass"),
            ("doas: Authentication failed\n", Refusal::DoasWrong, None, "nopass"),
            ("doas: Operation not permitted\n", Refusal::Doas, None, "permit USER"),
        ] {
            assert_eq!(refusal(said), Some(want), "{said}");
            assert_eq!(plain.after(said), next, "{said}");
            assert!(not_root(said, false).unwrap().hint.unwrap().contains(word), "{said}");
        }
        assert_eq!(password.after("sudo: sorry, you must have a tty to run sudo"), Some(both));
        assert_eq!(both.after("sudo: a password is required"), None);
        assert_eq!(doas_password.after("doas: Authentication required"), None);
        let wrong = not_root("doas: Authentication failed\n", true).unwrap();
        assert!(
            wrong.message.contains("doas did not take the password") && wrong.hint.unwrap().contains("once")
        );
        let wrong = not_root("Sorry, try again.\nsudo: 1 incorrect password attempt\n", true).unwrap();
        assert!(wrong.message.contains("did not take the password") && wrong.hint.unwrap().contains("once"));
        for other in ["cat: write error: No space left on device", "", "Permission denied"] {
            assert!(refusal(other).is_none() && not_root(other, true).is_none());
        }
    }

    /// Runs the script itself in a real shell; without sudo, as the tests run as root.
    #[test]
    fn scripts_are_one_line_and_run() {
        for way in [
            Way::default(),
            Way { password: true, ..Way::default() },
            Way { password: true, terminal: true, doas: false },
            Way { terminal: true, ..Way::default() },
            Way { doas: true, ..Way::default() },
            Way { password: true, terminal: true, doas: true },
        ] {
            let script = way.script("if true; then ", "echo done 'a b'", "; fi; echo other", "00ff");
            assert!(!script.contains(['\n', '!']), "{script}");
            let fake = format!("id() {{ echo 0; }}; {script}");
            let output = std::process::Command::new("sh").args(["-c", &fake]).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let root = if way.announces() { "agi-provision-root-00ff\n" } else { "" };
            assert_eq!(text, format!("{root}done a b\n"), "{script}");
            assert_eq!(script.contains("sudo -S"), way.password && !way.doas);
        }
    }
}
