//! Takes the tool off a host: service, unit, files, user. Removes what the record says was made.

use crate::agent::expose;
use crate::agent::host::accounts::Accounts;
use crate::agent::host::service::{self, remove_drop_in};
use crate::agent::host::{podman, user_locks, users};
use crate::agent::servers::beside;
use crate::agent::store::made::{self, Made};
use crate::agent::store::seen::SHELVES;
use crate::agent::store::thing::Thing;
use crate::agent::store::{preflight, resume};
use crate::engine::server::ServerName;
use crate::error::Result;
use crate::{files, paths};
use std::cmp::Reverse;
use std::fs;
use std::path::Path;

/// Part of the record that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only what was made: an image's own things stay.
    Made,
    /// Everything recorded, with what was taken over.
    All,
}

/// Removes everything but the job's folder, the record and the agent, which the running job still uses, and
/// these folders. Gives what of ours stays because of others, in words.
pub fn everything_but_the_job(stay: &[&str], scope: Scope) -> Result<Vec<String>> {
    // A killed useradd leaves its locks whatever was recorded.
    user_locks::sweep(Path::new("/etc"))?;
    let Some(made) = Made::read()? else { return Ok(Vec::new()) };
    stop(&made)?;
    let going = going(&made, stay, scope);
    let mut left = Vec::new();
    for thing in &going {
        left.extend(remove(thing)?);
    }
    service::reload()?;
    made::update(|made| made.forget(|thing| going.contains(thing)))?;
    Ok(left)
}

/// Stops the services whose units are ours.
fn stop(made: &Made) -> Result<()> {
    let has = |path: &str| made.has(Path::new(path));
    if has(paths::RESUME_FILE) {
        resume::disable()?;
    }
    if has(paths::EXPOSE_FILE) {
        expose::remove()?;
    }
    if has(paths::LINK_FILE) && Path::new(paths::LINK_FILE).exists() {
        service::stop(paths::LINK_UNIT)?;
    }
    let ours = |server: &ServerName| has(&server.unit_file()) || has(&server.container_file());
    let beside: Vec<_> = beside::installed().into_iter().filter(ours).collect();
    beside::retire(&beside)?;
    if has(paths::UNIT_FILE) && Path::new(paths::UNIT_FILE).exists() {
        // A full disk keeps systemd from its own files; what has stopped can be taken away all the same.
        if let Err(error) = service::stop(paths::UNIT)
            && service::state(paths::UNIT)?.is_running()
        {
            return Err(error);
        }
        if service::disable(paths::UNIT).is_err() {
            files::remove(Path::new(paths::WANTS))?;
        }
        remove_drop_in(Path::new(paths::UNIT_DROP_IN))?;
    }
    let container = ServerName::CHAT.container_file();
    if has(&container) && Path::new(&container).exists() {
        service::stop(paths::UNIT)?;
    }
    Ok(())
}

/// Lists what goes, in the reverse of the order in which resources make it: the job's own first, the account last. Of
/// one resource, files go before their folders, and folders from the innermost.
fn going(made: &Made, stay: &[&str], scope: Scope) -> Vec<Thing> {
    let later = [paths::JOB, paths::VAR];
    let stays = |path: &Path| {
        stay.iter().any(|stay| path.starts_with(stay)) || later.iter().any(|later| path == Path::new(later))
    };
    let all = made.things.iter().chain(made.taken_over.iter().filter(|_| scope == Scope::All));
    // The note of an image that stays says that it is there.
    let images_stay = stays(Path::new(paths::RUNTIMES));
    let image_stays = |thing: &Thing| images_stay && matches!(thing, Thing::Image { .. });
    let all = all.filter(|thing| !thing.path().is_some_and(stays) && !image_stays(thing));
    let mut going: Vec<Thing> = all.cloned().collect();
    let is_folder = |thing: &Thing| matches!(thing, Thing::Tree { .. } | Thing::Folder { .. });
    let is_group = |thing: &Thing| matches!(thing, Thing::Group { .. });
    going.sort_by_key(|thing| {
        let depth = thing.path().map_or(0, |path| path.components().count());
        let by = thing.by();
        (by.is_some(), Reverse(by), is_folder(thing), is_group(thing), Reverse(depth))
    });
    going
}

/// Says why it stays, where it does.
fn remove(thing: &Thing) -> Result<Option<String>> {
    match thing {
        Thing::File { path }
        | Thing::UnitFile { path }
        | Thing::DropIn { path }
        | Thing::Link { path }
        | Thing::Certificate { path } => {
            files::remove(&files::temporary(path.path()))?;
            files::remove(path.path())?;
            Ok(None)
        }
        Thing::Tree { path } => match files::remove(path.path()) {
            Err(_) if is_empty(path.path()) => Ok(Some(mounted(path.path()))),
            removed => removed.map(|()| None),
        },
        Thing::Folder { path } => {
            Ok((!made::remove_folder(path.path())?).then(|| match is_empty(path.path()) {
                true => mounted(path.path()),
                false => format!("{} (others have files in it)", path.path().display()),
            }))
        }
        Thing::Account { name, uid } => {
            let found = Accounts::read()?.account(name);
            let other = found.filter(|found| match uid {
                Some(uid) => *uid != found.uid,
                // It was about to be made.
                None if name == paths::RPC_USER => found.home != paths::RPC_HOME,
                None => !preflight::is_as_made(found, None),
            });
            match other {
                Some(other) => Ok(Some(format!("the account {name} (uid {}, another one's)", other.uid))),
                None if name == paths::RPC_USER => users::remove_named(name).map(|()| None),
                None => users::remove().map(|()| None),
            }
        }
        // The group goes with the account, and the table with the unit that loads it.
        Thing::Image { image } => podman::remove(image),
        Thing::Group { .. } | Thing::FirewallTable { .. } | Thing::Package { .. } => Ok(None),
    }
}

fn is_empty(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|entries| entries.flatten().all(|entry| entry.file_name() == "lost+found"))
}

fn mounted(path: &Path) -> String {
    format!("{} (empty; a disk is mounted on it)", path.display())
}

/// `path` is in one of the folders of what a host may have without serving, by its image or `remove
/// --keep-models`.
pub fn is_shelved(path: &Path) -> bool {
    SHELVES.iter().any(|shelf| path.starts_with(shelf))
}

/// Returns the folders that hold something.
pub fn filled() -> Vec<&'static str> {
    let holds = |path: &&str| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
    SHELVES.into_iter().filter(holds).collect()
}

/// Removes what [`everything_but_the_job`] left, but the agent, kept models and runtimes.
pub fn data() -> Result<()> {
    let Some(made) = Made::read()? else { return made::end() };
    let trees = [paths::INCOMING, paths::JOB].map(Path::new);
    for path in trees.into_iter().filter(|path| made.has(path)) {
        files::remove(path)?;
    }
    made::update(|made| made.forget(|thing| thing.path().is_some_and(|path| trees.contains(&path))))?;
    made::end()
}

/// Removes everything but the agent, which goes with the last session that runs from it; with
/// `keep_models`, the models stay for a next apply. Gives what of ours stays because of others, in words.
pub fn everything(keep_models: bool) -> Result<Vec<String>> {
    let stay: Vec<&str> = filled().into_iter().filter(|path| keep_models && *path == paths::MODELS).collect();
    let mut left = everything_but_the_job(&stay, Scope::All)?;
    let ours = Made::read()?.is_some_and(|made| made.has(Path::new(paths::VAR)));
    if stay.is_empty() {
        data_of_all()?
    } else {
        data()?
    }
    let var = Path::new(paths::VAR);
    if ours && stay.is_empty() && var.exists() {
        left.push(match is_empty(var) {
            true => mounted(var),
            false => format!("{} (others have files in it)", var.display()),
        });
    }
    Ok(left)
}

/// [`data`], and the data folder where it was taken over.
fn data_of_all() -> Result<()> {
    let taken = |made: &Made| made.taken_over.iter().any(|thing| thing.path() == Some(Path::new(paths::VAR)));
    if Made::read()?.as_ref().is_some_and(taken) {
        made::update(|made| {
            made.forget(|thing| thing.path() == Some(Path::new(paths::VAR)));
            made.things.extend(Thing::folder(paths::VAR));
        })?;
    }
    data()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Made {
        let mut made = Made::default();
        for thing in [
            Thing::Account { name: "agi-provision".into(), uid: Some(998) },
            Thing::Group { name: "agi-provision".into(), gid: Some(998) },
            Thing::Package { name: "libgomp1".into() },
        ] {
            made.add(thing);
        }
        for folder in [paths::VAR, paths::ETC, paths::MODELS, paths::RUNTIMES, paths::TLS] {
            made.add(Thing::folder(folder).unwrap());
        }
        for tree in [paths::JOB, paths::INCOMING, "/var/lib/agi-provision/models/ab"] {
            made.add(Thing::tree(tree).unwrap());
        }
        let image = format!("docker.io/a/b@sha256:{}", "1".repeat(64)).parse().unwrap();
        made.add(Thing::Image { image });
        made.add(Thing::file(paths::API_KEY).unwrap());
        made.add(Thing::certificate(paths::TLS_KEY).unwrap());
        made.taken_over.insert(Thing::tree("/var/lib/agi-provision/runtimes/cd").unwrap());
        made
    }

    fn shown(stay: &[&str], scope: Scope) -> Vec<String> {
        let name = |thing: &Thing| match thing.path() {
            Some(path) => path.display().to_string(),
            None => serde_json::to_value(thing).unwrap()["kind"].as_str().unwrap().to_string(),
        };
        going(&record(), stay, scope).iter().map(name).collect()
    }

    #[test]
    fn files_go_before_their_folders_and_the_account_last() {
        let all = shown(&[], Scope::All);
        let at = |name: &str| {
            all.iter().position(|found| found == name).unwrap_or_else(|| panic!("{name}: {all:?}"))
        };
        for (first, then) in [
            (paths::TLS_KEY, paths::TLS),
            (paths::TLS, paths::ETC),
            (paths::API_KEY, paths::ETC),
            ("/var/lib/agi-provision/models/ab", paths::MODELS),
            ("/var/lib/agi-provision/runtimes/cd", paths::RUNTIMES),
            (paths::MODELS, "account"),
            ("account", "group"),
        ] {
            assert!(at(first) < at(then), "{first} before {then}: {all:?}");
        }
        for later in [paths::JOB, paths::VAR] {
            assert!(!all.iter().any(|name| name == later), "the job still uses {later}");
        }
    }

    #[test]
    fn folders_that_stay_and_things_that_an_image_brought_are_left_out() {
        let kept = shown(&[paths::MODELS], Scope::All);
        assert!(kept.iter().all(|path| !path.starts_with(paths::MODELS)), "{kept:?}");
        // The note of an image is in the runtimes' folder, and does not stay without it.
        assert!(kept.contains(&"image".to_string()), "{kept:?}");
        let with_runtimes = shown(&[paths::RUNTIMES], Scope::Made);
        assert!(!with_runtimes.contains(&"image".to_string()), "{with_runtimes:?}");
        let made = shown(&[], Scope::Made);
        assert!(!made.iter().any(|path| path.ends_with("runtimes/cd")), "{made:?}");
        assert!(made.iter().any(|path| path.ends_with("models/ab")), "{made:?}");
    }
}
