//! The secrets of one run: given by a script or asked for once, shared by all hosts, and never tried
//! more often than they were typed.
//!
//! A password may belong to one account on many hosts, which a few wrong ones lock everywhere. So the
//! first host tries it alone; only when that one took it, the others do, and each of them once.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::ask::{Absent, Ask, LIMIT, Nobody};
use crate::secret::Secret;

/// Longest wait for another host that asks or tries.
const TURN: Duration = Duration::from_secs(LIMIT.as_secs() + 60);
/// Wrong passphrases that are asked for again; no server hears of them.
const PASSPHRASE_TRIES: usize = 3;

/// Lock that a secret opens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lock {
    /// An encrypted key file.
    Key(PathBuf),
    /// A user's login.
    Login(String),
    /// A user's sudo.
    Sudo(String),
}

/// Secrets that a script gave.
#[derive(Clone, Debug, Default)]
pub struct GivenSecrets {
    /// Passphrase of an encrypted key.
    pub passphrase: Option<Secret>,
    /// Password of the login.
    pub password: Option<Secret>,
    /// Password for sudo.
    pub sudo: Option<Secret>,
}

/// Clones share everything.
#[derive(Clone)]
pub struct Secrets {
    inner: Arc<Inner>,
    /// Nobody is asked through this one.
    silent: bool,
}

struct Inner {
    given: GivenSecrets,
    ask: Box<dyn Ask>,
    states: Mutex<HashMap<Lock, State>>,
    changed: Condvar,
    /// One question at a time.
    asking: Mutex<()>,
    quiet: Mutex<Option<Box<Around>>>,
}

/// Runs what it is given while nothing else writes to the terminal.
pub type Around = dyn Fn(&mut dyn FnMut()) + Send;

#[derive(Clone)]
enum State {
    /// Someone asks or tries.
    Busy,
    /// Known, and no host has judged it yet.
    Untried(Secret),
    Right {
        secret: Secret,
        refused_by: HashSet<String>,
    },
    Gone(Absent),
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// The same secrets, not only equal ones.
impl PartialEq for Secrets {
    fn eq(&self, other: &Secrets) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) && self.silent == other.silent
    }
}

impl Default for Secrets {
    /// Nothing is given and nobody is asked.
    fn default() -> Secrets {
        Secrets::new(GivenSecrets::default(), Nobody)
    }
}

impl Secrets {
    /// Returns secrets that ask through `ask` for those that are not given.
    pub fn new(given: GivenSecrets, ask: impl Ask + 'static) -> Secrets {
        let inner = Arc::new(Inner {
            given,
            ask: Box::new(ask),
            states: Mutex::default(),
            changed: Condvar::new(),
            asking: Mutex::default(),
            quiet: Mutex::default(),
        });
        Secrets { inner, silent: false }
    }

    /// The same, and nobody is asked.
    pub(super) fn without_questions(&self) -> Secrets {
        Secrets { silent: true, ..self.clone() }
    }

    /// Questions are asked inside `around`, which may hold progress bars back.
    pub fn ask_within(&self, around: Box<Around>) {
        *locked(&self.inner.quiet) = Some(around);
    }

    /// A script gave it.
    pub fn is_given(&self, lock: &Lock) -> bool {
        self.given(lock).is_some()
    }

    /// There may be an answer.
    pub fn may_open(&self, lock: &Lock) -> bool {
        self.is_given(lock) || self.can_ask()
    }

    /// Returns whether a person can be asked.
    pub fn can_ask(&self) -> bool {
        !self.silent && !self.inner.ask.is_deaf()
    }

    fn given(&self, lock: &Lock) -> Option<&Secret> {
        let given = &self.inner.given;
        match lock {
            Lock::Key(_) => given.passphrase.as_ref(),
            Lock::Login(_) => given.password.as_ref(),
            Lock::Sudo(_) => given.sudo.as_ref(),
        }
    }

    /// The secret for one try at `host`, asked for with `question` if need be. Until the verdict is told,
    /// nobody else gets it, unless some host took it before.
    pub fn turn(&self, lock: &Lock, question: &str, host: &str) -> Result<Turn, Absent> {
        let known = self.wait_for(lock, host)?;
        let turn = |secret, proven| Turn {
            secrets: self.clone(),
            lock: lock.clone(),
            host: host.to_string(),
            secret,
            proven,
            told: false,
        };
        let found = match known {
            Some(State::Right { secret, .. }) => return Ok(turn(secret, true)),
            Some(State::Untried(secret)) => Ok(secret),
            _ => self.given(lock).cloned().map_or_else(|| self.ask(question, false), Ok),
        };
        match found {
            Ok(secret) => Ok(turn(secret, false)),
            Err(absent) => {
                match self.silent {
                    true => self.clear(lock),
                    false => self.set(lock, State::Gone(absent.clone())),
                }
                Err(absent)
            }
        }
    }

    /// Waits until nobody else is at it, returns its state, and marks it as busy unless some host took it.
    fn wait_for(&self, lock: &Lock, host: &str) -> Result<Option<State>, Absent> {
        let end = Instant::now() + TURN;
        let mut states = locked(&self.inner.states);
        loop {
            match states.get(lock) {
                Some(State::Busy) => {}
                Some(State::Gone(absent)) => return Err(absent.clone()),
                Some(State::Right { refused_by, .. }) if refused_by.contains(host) => {
                    return Err(Absent::Wrong(format!("{host} refused it before, so it is not tried again")));
                }
                Some(right @ State::Right { .. }) => return Ok(Some(right.clone())),
                _ => return Ok(states.insert(lock.clone(), State::Busy)),
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Absent::TimedOut);
            }
            let waited = self.inner.changed.wait_timeout(states, left);
            states = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn set(&self, lock: &Lock, state: State) {
        locked(&self.inner.states).insert(lock.clone(), state);
        self.inner.changed.notify_all();
    }

    fn clear(&self, lock: &Lock) {
        locked(&self.inner.states).remove(lock);
        self.inner.changed.notify_all();
    }

    /// An answer that is good for once, such as a code.
    pub fn ask(&self, question: &str, echo: bool) -> Result<Secret, Absent> {
        if self.silent {
            return Err(Absent::NoTerminal);
        }
        let _one = locked(&self.inner.asking);
        let mut answer = Err(Absent::NotGiven);
        match locked(&self.inner.quiet).as_ref() {
            Some(around) => around(&mut || answer = self.inner.ask.ask(question, echo)),
            None => answer = self.inner.ask.ask(question, echo),
        }
        answer
    }

    /// The passphrase of a key file, which `opens` judges; asked for three times at most.
    pub(super) fn passphrase(
        &self,
        file: &std::path::Path,
        opens: &dyn Fn(&Secret) -> bool,
    ) -> Result<Secret, Absent> {
        let lock = Lock::Key(file.to_path_buf());
        let question = format!("Passphrase of {}: ", file.display());
        for left in (0..PASSPHRASE_TRIES).rev() {
            let turn = self.turn(&lock, &question, "")?;
            if turn.proven || opens(turn.secret()) {
                return Ok(turn.accepted());
            }
            match left > 0 && !self.is_given(&lock) {
                true => turn.forget(),
                false => turn.refused("it is wrong"),
            }
        }
        Err(Absent::Wrong("it is wrong".into()))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One try with a secret. Dropped without a verdict, the secret waits for the next one.
pub struct Turn {
    secrets: Secrets,
    lock: Lock,
    host: String,
    secret: Secret,
    proven: bool,
    told: bool,
}

impl Turn {
    /// Returns the secret of this turn.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// It was right here: others may use it too.
    pub fn accepted(mut self) -> Secret {
        let secret = self.secret.clone();
        if !self.proven {
            self.tell(State::Right { secret: secret.clone(), refused_by: HashSet::new() });
        }
        self.told = true;
        secret
    }

    /// It was wrong here; `why` is what others are told, who do not try it then.
    pub fn refused(mut self, why: &str) {
        if self.proven {
            if let Some(State::Right { refused_by, .. }) =
                locked(&self.secrets.inner.states).get_mut(&self.lock)
            {
                refused_by.insert(self.host.clone());
            }
            self.told = true;
            return;
        }
        self.tell(State::Gone(Absent::Wrong(why.to_string())));
    }

    /// It was wrong, and the next one is asked for anew.
    fn forget(mut self) {
        self.secrets.clear(&self.lock);
        self.told = true;
    }

    fn tell(&mut self, state: State) {
        self.secrets.set(&self.lock, state);
        self.told = true;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.told && !self.proven {
            self.tell(State::Untried(self.secret.clone()));
        }
    }
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
