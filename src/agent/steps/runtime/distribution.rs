//! The distribution's packages of llama.cpp: apt installs them, and the runtime is a link to the program that they bring.
//! They stay on the host, as every package does.

use super::installed::link_to;
use super::kind::Kind;
use crate::agent::host::apt;
use crate::agent::steps::repositories;
use crate::agent::steps::run::Run;
use crate::agent::store::desired::Desired;
use crate::agent::store::{generation, installed, packaged};
use crate::error::{Context, Result};
use crate::hash::sha256_file;
use std::path::{Path, PathBuf};

pub struct Distribution;

/// Folder of the programs that packages bring.
const PROGRAMS: &str = "/usr/bin";

fn program(desired: &Desired) -> PathBuf {
    Path::new(PROGRAMS).join(desired.plan.engine().program())
}

impl Kind for Distribution {
    fn is_meant(&self, desired: &Desired) -> bool {
        !desired.packages().is_empty()
    }

    fn change(&self, desired: &Desired) -> String {
        match packaged::lacking(desired.packages()) {
            lacking if lacking.is_empty() => {
                english!("change-use", path = program(desired).display().to_string())
            }
            lacking => english!("change-packages", packages = lacking.join(", ")),
        }
    }

    fn prepare(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        let packages = desired.packages();
        let lacking = packaged::lacking(packages);
        if lacking.is_empty() {
            return Ok(());
        }
        let route = run.route.clone();
        repositories::add(&lacking, run, |names| apt::install(names, &route))
            .map_err(|error| packaged::explained(error, packages))
    }

    fn put(&self, desired: &Desired, folder: &Path) -> Result<generation::Runtime> {
        let path = installed::resolve(desired.plan.engine(), &program(desired))?;
        let sha256 = sha256_file(&path, |_| {}).with_context(|| format!("reading {}", path.display()))?;
        link_to(desired, folder, &path, sha256)
    }

    fn clear(&self, _: &Desired) -> Result<()> {
        Ok(())
    }
}
