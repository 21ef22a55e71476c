//! The API key: made on the host, readable by root alone, handed to the server as a credential.

use super::resource::{Change, Id, Observed, Past, Resource};
use super::run::{How, Run};
use crate::agent::store::desired::Desired;
use crate::agent::store::key;
use crate::error::Result;
use crate::paths;
use std::path::Path;

pub struct Key;

impl Resource for Key {
    fn id(&self) -> Id {
        Id::Key
    }

    fn observe(&self, _: &Desired, _: &Past) -> Result<Observed> {
        Ok(match Path::new(paths::API_KEY).is_file() {
            true => Observed::default(),
            false => vec![Change::Create(english!("change-key"))].into(),
        })
    }

    fn apply(&self, _: &Desired, run: &mut Run) -> Result<()> {
        run.note(self.id(), How::Remove(paths::API_KEY.into()));
        key::create()
    }
}
