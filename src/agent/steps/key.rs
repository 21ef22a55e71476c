//! The API key: made on the host, readable by root alone, handed to the server as a credential.

use super::run::{Run, Step, Undo};
use crate::agent::store::desired::Desired;
use crate::agent::store::key;
use crate::error::Result;
use crate::paths;
use std::path::Path;

pub struct Key;

impl Step for Key {
    fn name(&self) -> &'static str {
        "key"
    }

    fn check(&self, _: &Desired) -> Result<Vec<String>> {
        Ok(if Path::new(paths::API_KEY).is_file() { Vec::new() } else { vec!["make an API key".to_string()] })
    }

    fn apply(&self, _: &Desired, run: &mut Run) -> Result<()> {
        run.undo.push(Undo::Remove(paths::API_KEY.into()));
        key::create()
    }
}
