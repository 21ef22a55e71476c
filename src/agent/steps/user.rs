//! The system user that the server runs as.

use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::Run;
use crate::agent::host::users::{self, Found};
use crate::agent::store::desired::Desired;
use crate::error::Result;
use crate::paths;

pub struct User;

impl Resource for User {
    fn id(&self) -> Id {
        Id::User
    }

    fn observe(&self, _: &Desired, _: &Past) -> Result<Observed> {
        Ok(match Found::read()? {
            Found { user: true, group: true } => Observed::default(),
            Found { user: false, group: false } => {
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
        users::create()
    }
}
