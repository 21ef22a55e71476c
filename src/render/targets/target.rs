//! A form of a bundle.

use crate::checked::RelativePath;
use crate::error::{Result, ensure};
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
