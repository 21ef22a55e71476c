//! keyboard-interactive: what a server asks, often through PAM, and who answers it.

use std::time::Duration;

use ssh2::{KeyboardInteractivePrompt, Prompt};

use super::ask::{Absent, LIMIT, shown};
use super::proxy::Socket;
use super::secrets::{Lock, Secrets, Turn};
use super::wire::Watchdog;

/// A server that asks more than this does not want to let us in.
const MOST_QUESTIONS: usize = 12;

/// Longest a whole conversation may take.
pub(super) const LONGEST: Duration = Duration::from_secs(4 * LIMIT.as_secs());

/// Kind of answer that a server wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    /// The login password: the first thing that must not be seen, unless it is clearly a code.
    Password,
    /// A code, a name: asked for each time, good for this once.
    Answer,
    /// Another password than the one there is.
    NewPassword,
}

fn want(text: &str, echo: bool, password_given: bool) -> Want {
    let text = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if text.contains("password") && has(&["new ", "retype", "again", "current"]) {
        return Want::NewPassword;
    }
    if echo || password_given || has(&["code", "otp", "token", "one-time", "pin"]) {
        return Want::Answer;
    }
    Want::Password
}

/// Answers one login.
pub(super) struct Conversation<'a> {
    secrets: &'a Secrets,
    user: &'a str,
    host: &'a str,
    socket: &'a Socket,
    watchdog: &'a Watchdog,
    /// The password that was given in this conversation.
    pub turn: Option<Turn>,
    questions: usize,
    /// Why it was broken off. An empty answer would count as a wrong one, so the connection is ended.
    pub broken: Option<String>,
}

impl<'a> Conversation<'a> {
    pub fn new(
        secrets: &'a Secrets,
        user: &'a str,
        host: &'a str,
        socket: &'a Socket,
        watchdog: &'a Watchdog,
    ) -> Conversation<'a> {
        Conversation { secrets, user, host, socket, watchdog, turn: None, questions: 0, broken: None }
    }

    fn answer(&mut self, instructions: &str, prompt: &Prompt<'_>) -> Result<String, String> {
        self.questions += 1;
        let text = shown(&prompt.text, 200);
        if self.questions > MOST_QUESTIONS {
            return Err("it asks without end".into());
        }
        self.watchdog.extend(LIMIT);
        let absent = |absent: Absent| format!("it asks {text:?}, and {absent}");
        match want(&prompt.text, prompt.echo, self.turn.is_some()) {
            Want::NewPassword => Err(format!("it wants the password changed ({text:?})")),
            Want::Answer => {
                let question = question(self.user, self.host, instructions, &text);
                let answer = self.secrets.ask(&question, prompt.echo).map_err(absent)?;
                Ok(answer.expose().to_string())
            }
            Want::Password => {
                let question = question(self.user, self.host, instructions, &text);
                let lock = Lock::Login(self.user.to_string());
                let turn = self.secrets.turn(&lock, &question, self.host).map_err(absent)?;
                let answer = turn.secret().expose().to_string();
                self.turn = Some(turn);
                Ok(answer)
            }
        }
    }
}

fn question(user: &str, host: &str, instructions: &str, text: &str) -> String {
    let instructions = instructions.lines().map(|line| shown(line, 200)).filter(|line| !line.is_empty());
    let mut question: String = instructions.take(10).map(|line| line + "\n").collect();
    question += &format!("({user}@{host}) {text} ");
    question
}

impl KeyboardInteractivePrompt for Conversation<'_> {
    fn prompt<'b>(&mut self, _: &str, instructions: &str, prompts: &[Prompt<'b>]) -> Vec<String> {
        let mut answers = Vec::new();
        for prompt in prompts {
            match self.answer(instructions, prompt) {
                Ok(answer) => answers.push(answer),
                Err(why) => {
                    self.broken.get_or_insert(why);
                    let _ = rustix::net::shutdown(self.socket, rustix::net::Shutdown::Both);
                    return Vec::new();
                }
            }
        }
        answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_hidden_question_gets_the_password() {
        for (text, echo, given, want_) in [
            ("Password: ", false, false, Want::Password),
            ("Passwort: ", false, false, Want::Password),
            ("root@box's password: ", false, false, Want::Password),
            ("Password: ", false, true, Want::Answer),
            ("Verification code: ", false, false, Want::Answer),
            ("Verification code: ", true, false, Want::Answer),
            ("One-time password (OTP): ", false, false, Want::Answer),
            ("login: ", true, false, Want::Answer),
            ("Current password: ", false, false, Want::NewPassword),
            ("New password: ", false, true, Want::NewPassword),
            ("Retype new password: ", false, true, Want::NewPassword),
        ] {
            assert_eq!(want(text, echo, given), want_, "{text}");
        }
    }

    #[test]
    fn a_question_says_who_asks_and_what_the_server_wrote() {
        let text = question("me", "box", "Two steps.\r\n\x1b[2Jhello\n", "Code:");
        assert_eq!(text, "Two steps.\n [2Jhello\n(me@box) Code: ");
    }
}
