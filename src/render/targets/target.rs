//! A form of a bundle.

use crate::checked::RelativePath;
use crate::error::{Failure, Result, ensure};
use crate::hardware::vendor::driver::Origin;
use crate::plan::Plan;
use crate::render::bundle::{Bundle, BundleFile};
use crate::render::choices::Choices;
use crate::render::manifest;

/// Renders files that bring a bundle to a machine in one way. They lie in a folder of their own and stay on this
/// side: a host gets what `goes_to_host` in `bundle.rs` lists, and no target's files.
pub trait Target: Sync {
    /// The folder of its files in a bundle, and its word on the command line.
    fn name(&self) -> &'static str;

    /// Returns whether a bundle with these choices has its files.
    fn wanted(&self, choices: &Choices) -> bool;

    /// Its files: each path below its folder, and its content. A function of its arguments alone.
    ///
    /// `host` is what a host gets, complete: a target may pack it.
    ///
    /// # Errors
    /// The plan cannot be brought to a machine in this way.
    fn files(&self, plan: &Plan, host: &Bundle, choices: &Choices) -> Result<Vec<(&'static str, Vec<u8>)>>;

    /// The same as files of a bundle.
    ///
    /// # Errors
    /// [`Target::files`] fails, or a path that leads out of the target's folder.
    fn render(&self, plan: &Plan, host: &Bundle, choices: &Choices) -> Result<Vec<BundleFile>> {
        let files = self.files(plan, host, choices)?.into_iter().map(|(path, content)| {
            let path = format!("{}/{path}", self.name());
            manifest::check_path(&RelativePath::new(path.as_str())?)?;
            ensure!(!manifest::goes_to_host(&path), "the target {} would bring files to hosts", self.name());
            BundleFile::plain(&path, content)
        });
        files.collect()
    }
}

/// Refuses a driver for machines that no agent brings one to. `theirs`: where they have it from.
pub(super) fn without_driver(driver: Option<Origin>, theirs: &str) -> Result<(), Failure> {
    match driver {
        None => Ok(()),
        Some(origin) => Err(Failure::usage(format!(
            "--driver {origin} is for a host that agi-provision brings to the plan, and no pod or replica gets a driver from it"
        ))
        .hint(format!("{theirs}: --driver none leaves it out"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_is_refused_where_no_agent_could_install_it() {
        assert!(without_driver(None, "").is_ok());
        let refused = without_driver(Some(Origin::Nvidia), "nodes have one").unwrap_err();
        let said = refused.to_string();
        assert!(
            said.contains("--driver nvidia is for a host") && said.contains("no pod or replica gets"),
            "{said}"
        );
        assert_eq!(refused.hint.as_deref(), Some("nodes have one: --driver none leaves it out"));
    }
}
