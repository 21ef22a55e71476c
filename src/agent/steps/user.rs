//! The system user that the server runs as.

use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::Run;
use crate::agent::host::accounts::Accounts;
use crate::agent::host::users::{self, UserAndGroup};
use crate::agent::store::desired::Desired;
use crate::agent::store::made::{self, Thing};
use crate::error::Result;
use crate::paths;

pub struct User;

impl Resource for User {
    fn id(&self) -> Id {
        Id::User
    }

    fn observe(&self, _: &Desired, _: &Past) -> Result<Observed> {
        Ok(match UserAndGroup::read()? {
            UserAndGroup { user: true, group: true } => Observed::default(),
            UserAndGroup { user: false, group: false } => {
                vec![Change::Create(format!("create the system user {}", paths::USER))].into()
            }
            _ => {
                let text = format!("create the system user {} anew, which is there in part", paths::USER);
                vec![Change::Replace(text)].into()
            }
        })
    }

    /// Taken back with everything else when a first apply fails; later it exists.
    fn apply(&self, _: &Desired, _: &mut Run) -> Result<()> {
        users::remove()?;
        users::create()?;
        let accounts = Accounts::read()?;
        let (account, group) = (accounts.account(paths::USER), accounts.group(paths::USER));
        let name = || paths::USER.to_string();
        made::add([
            Thing::Account { name: name(), uid: account.map(|account| account.uid) },
            Thing::Group { name: name(), gid: group.map(|group| group.gid) },
        ])
    }
}
