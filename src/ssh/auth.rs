//! Authentication: keys, then what a person types, in the order that PreferredAuthentications says.

use ssh2::Session;

use super::ask::LIMIT;
use super::attempt::{Attempt, Verdict, no_answer, reason};
use super::auth_keys::Keys;
use super::conversation::{self, Conversation};
use super::method::Method;
use super::proxy::Socket;
use super::secrets::Lock;
use super::settings::Settings;
use super::wire::{Watchdog, is_lost, millis};
use crate::error::{Failure, Result};

/// Authenticates `session` as `settings.user`.
///
/// # Errors
/// Exit 2 where a named key file is missing or no key; exit 1 with all that was tried, and what the
/// server offers, where it takes none.
pub(super) fn authenticate(
    session: &Session,
    socket: &Socket,
    watchdog: &Watchdog,
    settings: &Settings,
    peer: &str,
) -> Result<()> {
    let mut attempt = Attempt {
        session,
        socket,
        watchdog,
        settings,
        peer,
        tried: Vec::new(),
        hint: None,
        offers: None,
        keys_tried: 0,
        broken_off: false,
    };
    let verdict = attempt.all()?;
    attempt.tried.iter().for_each(|tried| tracing::debug!("{peer}: {tried}"));
    match verdict {
        Verdict::In => Ok(()),
        Verdict::Refused => attempt.refused(),
        Verdict::Cut => Err(attempt.cut()),
    }
}

impl Attempt<'_> {
    /// Each method once. The list that the server offers changes when it wants several (a key and a
    /// code), so it is asked again after each.
    fn all(&mut self) -> Result<Verdict> {
        let settings = self.settings;
        let mut keys = Keys::new(self)?;
        // Asking costs a round trip, and is free of charge only as the first thing: a named key is
        // usually the right one.
        if !(settings.methods.first() == Some(&Method::PublicKey) && keys.begin_with_a_plain_file())
            && let Some(verdict) = self.ask_offers()
        {
            return Ok(verdict);
        }
        let mut done = Vec::new();
        loop {
            let next =
                settings.methods.iter().find(|method| !done.contains(*method) && self.offered(**method));
            let Some(&method) = next else { return Ok(Verdict::Refused) };
            done.push(method);
            let verdict = match method {
                Method::PublicKey => keys.all(self)?,
                Method::KeyboardInteractive => self.keyboard_interactive(),
                Method::Password => self.password(),
            };
            if !matches!(verdict, Verdict::Refused) {
                return Ok(verdict);
            }
            if done.len() < settings.methods.len()
                && let Some(verdict) = self.ask_offers()
            {
                return Ok(verdict);
            }
        }
    }

    fn login(&self) -> Lock {
        Lock::Login(self.settings.user.clone())
    }

    /// Whether there is any use in beginning.
    fn may_type(&mut self, method: Method) -> bool {
        let (secrets, lock) = (&self.settings.secrets, self.login());
        if secrets.may_open(&lock) {
            return true;
        }
        self.tried.push(format!("{}: there is no terminal to ask for the password on", method.name()));
        self.hint.get_or_insert_with(|| {
            "log in with a key (--identity, ssh-agent), or give the password with --password-stdin or in \
             AGI_PROVISION_PASSWORD"
                .into()
        });
        false
    }

    fn keyboard_interactive(&mut self) -> Verdict {
        if !self.may_type(Method::KeyboardInteractive) {
            return Verdict::Refused;
        }
        let settings = self.settings;
        let user = &settings.user;
        let mut conversation =
            Conversation::new(&settings.secrets, user, self.peer, self.socket, self.watchdog);
        // libssh2 counts the time in which a person types.
        let limit = settings.io_timeout + conversation::LONGEST;
        self.session.set_timeout(millis(limit));
        let result = self.session.userauth_keyboard_interactive(user, &mut conversation);
        self.session.set_timeout(millis(settings.io_timeout));
        let (turn, broken) = (conversation.turn.take(), conversation.broken.take());
        if let Some(why) = broken {
            self.broken_off = true;
            self.tried.push(format!("keyboard-interactive: {why}"));
            self.hint = Some(if why.contains("changed") {
                "log in once with `ssh` and change it, then try again".into()
            } else {
                "run it on a terminal, or log in with a key".into()
            });
            return Verdict::Cut;
        }
        self.judge(Method::KeyboardInteractive, turn, result)
    }

    fn password(&mut self) -> Verdict {
        if !self.may_type(Method::Password) {
            return Verdict::Refused;
        }
        self.watchdog.extend(LIMIT);
        let user = &self.settings.user;
        let question = format!("Password of {user}@{}: ", self.peer);
        let turn = match self.settings.secrets.turn(&self.login(), &question, self.peer) {
            Ok(turn) => turn,
            Err(absent) => {
                self.tried.push(format!("password: {absent}"));
                return Verdict::Refused;
            }
        };
        let result = self.session.userauth_password(user, turn.secret().expose());
        self.judge(Method::Password, Some(turn), result)
    }

    /// Judges a typed password. Refused with a shorter list of methods than before means that it
    /// was right and something else is wanted too.
    fn judge(
        &mut self,
        method: Method,
        turn: Option<super::secrets::Turn>,
        result: Result<(), ssh2::Error>,
    ) -> Verdict {
        let Err(error) = result else {
            if let Some(turn) = turn {
                turn.accepted();
            }
            return Verdict::In;
        };
        let cut = is_lost(&error) || no_answer(&error);
        let verdict = if cut { Some(Verdict::Cut) } else { self.ask_offers() };
        if verdict.is_none() && self.offers.is_some() && !self.offered(method) {
            if let Some(turn) = turn {
                turn.accepted();
            }
            return Verdict::Refused;
        }
        let typed = turn.is_some();
        if let Some(turn) = turn {
            turn.refused(&format!("{} refused it, and it is not tried again", self.peer));
        }
        let reason = if cut { "no answer".to_string() } else { reason(&error) };
        self.tried.push(format!("{}: {reason}", method.name()));
        if typed {
            self.hint = Some(
                "a password is tried once, as accounts get locked: run it again with the right one, or log \
                 in with a key"
                    .into(),
            );
        }
        verdict.unwrap_or(Verdict::Refused)
    }

    fn refused(mut self) -> Result<()> {
        if self.offers.is_none() {
            match self.ask_offers() {
                Some(Verdict::In) => return Ok(()),
                Some(_) => return Err(self.cut()),
                None => {}
            }
        }
        let offers = self
            .offers
            .as_ref()
            .map_or(String::new(), |offers| english!("login-offers", offers = offers.to_string()));
        let (user, tried) = (self.settings.user.to_string(), self.list());
        let message =
            english!("error-login", peer = self.peer.to_string(), user = user, tried = tried) + &offers;
        Err(Failure::failed(message).hint(self.hint()).into())
    }

    fn cut(&self) -> anyhow::Error {
        let (peer, list) = (self.peer, self.list());
        let message = match self.keys_tried {
            _ if self.broken_off => format!("logging in to {peer} was broken off: {list}"),
            0 => format!("{peer} hung up or fell silent: {list}"),
            keys => format!("{peer} hung up or fell silent after {keys} keys: {list}"),
        };
        let wrong_keys = "servers hang up after a few wrong keys: name the right one with --identity";
        Failure::failed(message).hint(self.hint.clone().unwrap_or_else(|| wrong_keys.into())).into()
    }

    fn list(&self) -> String {
        if self.tried.is_empty() { english!("error-no-key") } else { self.tried.join("; ") }
    }

    fn hint(&self) -> String {
        if let Some(hint) = &self.hint {
            return hint.clone();
        }
        let user = &self.settings.user;
        if self.keys_tried == 0 {
            return english!("hint-no-key");
        }
        english!("hint-login", user = user.to_string())
    }
}
