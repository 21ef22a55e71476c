//! The system user that the server runs as.

use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::Run;
use crate::agent::host::accounts::Accounts;
use crate::agent::host::users::{self, UserAndGroup};
use crate::agent::store::desired::Desired;
use crate::agent::store::made;
use crate::agent::store::thing::Thing;
use crate::error::Result;
use crate::hardware::vendor;
use crate::paths;

pub struct User;

impl Resource for User {
    fn id(&self) -> Id {
        Id::User
    }

    fn observe(&self, desired: &Desired, _: &Past) -> Result<Observed> {
        Ok(match UserAndGroup::read()? {
            UserAndGroup { user: true, group: true } => match groups(desired)?.join(", ") {
                none if none.is_empty() => Observed::default(),
                groups => {
                    vec![Change::Create(english!("change-group", name = paths::USER, groups = groups))].into()
                }
            },
            UserAndGroup { user: false, group: false } => {
                vec![Change::Create(english!("change-user", name = paths::USER))].into()
            }
            _ => {
                let text = format!("create the system user {} anew, which is there in part", paths::USER);
                vec![Change::Replace(text)].into()
            }
        })
    }

    /// Taken back with everything else when a first apply fails; later it exists.
    fn apply(&self, desired: &Desired, _: &mut Run) -> Result<()> {
        if let UserAndGroup { user: true, group: true } = UserAndGroup::read()? {
            return users::join(&groups(desired)?);
        }
        users::remove()?;
        users::create()?;
        users::join(&groups(desired)?)?;
        let accounts = Accounts::read()?;
        let (account, group) = (accounts.account(paths::USER), accounts.group(paths::USER));
        let name = || paths::USER.to_string();
        made::add([
            Thing::Account { name: name(), uid: account.map(|account| account.uid) },
            Thing::Group { name: name(), gid: group.map(|group| group.gid) },
        ])
    }
}

/// Groups of the host that the device files of the plan's cards belong to, and that the user is not in yet.
fn groups(desired: &Desired) -> Result<Vec<&'static str>> {
    let cards = desired.plan.cards();
    if cards == 0 {
        return Ok(Vec::new());
    }
    let accounts = Accounts::read()?;
    let has = accounts.account(paths::USER).map(|account| account.groups).unwrap_or_default();
    let wanted = vendor::of(desired.plan.profile.vendor()).unit(cards).groups;
    let lacks = |group: &&str| accounts.group(group).is_some() && !has.iter().any(|known| known == group);
    Ok(wanted.into_iter().filter(lacks).collect())
}
