//! Compares a bundle with what this program makes of its plan. A manifest vouches only for itself: whoever
//! edits a file of a bundle edits its sum too. So only the plan counts, which is checked when it is read;
//! all else follows from it, and what does not is an edit.

use super::bundle::{Bundle, BundleFile};
use super::manifest::TOOL_VERSION;
use super::manifest::{MANIFEST, PLAN, ROOTFS};
use super::render_as;
use super::targets;
use crate::checked::RelativePath;
use crate::error::{Context, Failure, Result};
use crate::outside;
use crate::paths;
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::fs;
use std::path::Path;

/// How a file or link is not as rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The plan renders no such file.
    Added,
    /// The file that the plan renders is missing.
    Missing,
    /// The content or mode differs.
    Changed,
    /// The content is right, the mode is not.
    Mode,
    /// It leads elsewhere.
    Target,
    /// An entry of the manifest that is no file's.
    Entry,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            How::Added => "added",
            How::Missing => "missing",
            How::Changed => "changed",
            How::Mode => "another mode",
            How::Target => "leads elsewhere",
            How::Entry => "another entry",
        })
    }
}

/// A file or link that is not as this program renders it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Path in the bundle.
    pub path: String,
    /// Kind of the edit.
    pub how: How,
    /// Content as rendered and as found; empty where there is none or it is not text.
    rendered: String,
    found: String,
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", outside::line(&self.path), self.how)
    }
}

/// All that is not as rendered, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    list: Vec<Edit>,
    /// The version that made the bundle, where it is not this one.
    other_version: Option<String>,
}

/// Most of a diff that is shown: lines, and characters of a line.
const SHOWN_LINES: usize = 400;
const SHOWN_WIDTH: usize = 200;
/// Most files that are looked at for ones that no manifest lists.
const MOST_FILES: usize = 10_000;

impl Edits {
    /// Returns whether nothing was edited.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the paths of the edited files.
    pub fn paths(&self) -> Vec<String> {
        self.list.iter().map(|edit| edit.path.clone()).collect()
    }

    /// Settings of units that are not as rendered and start a program or say as whom: what runs as root.
    pub fn commands(&self) -> Vec<String> {
        let of_unit = |edit: &&Edit| {
            let host = edit.path.strip_prefix(ROOTFS).unwrap_or_default();
            host.starts_with(paths::UNITS) || host.ends_with(".conf")
        };
        let starts = |line: &&str| {
            let key = line.trim_start();
            ["Exec", "User", "Group", "DynamicUser", "RootDirectory", "Ambient", "Capability"]
                .iter()
                .any(|start| key.starts_with(start))
        };
        let mut commands = Vec::new();
        for edit in self.list.iter().filter(of_unit) {
            let old: Vec<&str> = edit.rendered.lines().collect();
            let new = edit.found.lines().filter(starts).filter(|line| !old.contains(line));
            commands.extend(new.map(|line| format!("{}: {}", edit.path, line.trim())));
        }
        commands
    }

    /// The refusal that names each file. `trust` says how to run it all the same.
    pub fn refusal(&self, what: &str, trust: &str) -> Failure {
        let list = self.list.iter().map(Edit::to_string).collect::<Vec<_>>().join(", ");
        match &self.other_version {
            Some(version) => Failure::failed(format!(
                "{what} was made by agi-provision {version}, and this is {TOOL_VERSION}, which makes other files \
                 of its plan: {list}"
            ))
            .hint(format!(
                "make it anew with this version: `agi-provision bundle --plan plan.json --out DIR`; {trust}"
            )),
            None => Failure::failed(format!("{what} is not what its plan makes; it was edited: {list}"))
                .hint(format!("make it anew with `agi-provision bundle --plan plan.json --out DIR`; {trust}")),
        }
    }

    /// Returns the edits as a unified diff, from the rendered files to those that were found.
    pub fn diff(&self) -> String {
        let mut out = String::new();
        for edit in &self.list {
            let _ = writeln!(out, "{edit}");
            let diff = similar::TextDiff::from_lines(&edit.rendered, &edit.found);
            let text = diff.unified_diff().context_radius(2).header("rendered", "found").to_string();
            for (count, line) in text.lines().enumerate() {
                if count == SHOWN_LINES {
                    let _ = writeln!(out, "  … {} more lines", text.lines().count() - count);
                    break;
                }
                let cut: String = line.chars().take(SHOWN_WIDTH).collect();
                let more = if cut.len() < line.len() { "…" } else { "" };
                let _ = writeln!(out, "  {}{more}", outside::line(&cut));
            }
        }
        out
    }
}

/// Folders of the targets.
fn folders() -> impl Iterator<Item = &'static str> {
    targets::all().into_iter().map(|target| target.name())
}

impl Bundle {
    /// Returns the files of this bundle that differ from what its plan renders; none if nobody edited it. A bundle
    /// that has nothing for clouds, as in a tar, is compared without.
    pub fn edits(&self) -> Result<Edits> {
        let plan = self.plan()?;
        let json = String::from_utf8(self.file(PLAN).unwrap_or_default().to_vec())
            .context("reading the bundle's plan.json")?;
        let manifest = self.manifest();
        let of_target = |file: &BundleFile| folders().any(|folder| file.path.as_path().starts_with(folder));
        let whole = self.files().iter().any(of_target);
        let choices = whole.then(|| manifest.choices());
        let rendered = render_as(&plan, json, &manifest.tool_version, choices.as_ref(), manifest.driver)?;

        let by_path = |files: &[BundleFile]| -> BTreeMap<RelativePath, BundleFile> {
            files.iter().map(|file| (file.path.clone(), file.clone())).collect()
        };
        let (rendered_files, found_files) = (by_path(rendered.files()), by_path(self.files()));
        let mut list = Vec::new();
        for (path, file) in &rendered_files {
            let how = match found_files.get(path) {
                None => How::Missing,
                Some(found) if found.content != file.content => How::Changed,
                Some(found) if found.mode != file.mode => How::Mode,
                Some(_) => continue,
            };
            let found = found_files.get(path).map_or(String::new(), |file| text(&file.content));
            list.push(Edit { path: path.to_string(), how, rendered: text(&file.content), found });
        }
        for (path, file) in found_files.iter().filter(|(path, _)| !rendered_files.contains_key(*path)) {
            let found = text(&file.content);
            list.push(Edit { path: path.to_string(), how: How::Added, rendered: String::new(), found });
        }
        let links = |bundle: &Bundle| -> BTreeMap<String, String> {
            bundle.links().iter().map(|link| (link.path.to_string(), link.target.to_string())).collect()
        };
        let (rendered_links, found_links) = (links(&rendered), links(self));
        for path in
            rendered_links.keys().chain(found_links.keys().filter(|k| !rendered_links.contains_key(*k)))
        {
            let of = |links: &BTreeMap<String, String>| links.get(path).cloned().unwrap_or_default();
            let how = match (rendered_links.get(path), found_links.get(path)) {
                (old, new) if old == new => continue,
                (_, None) => How::Missing,
                (None, _) => How::Added,
                _ => How::Target,
            };
            let (rendered, found) = (of(&rendered_links), of(&found_links));
            list.push(Edit { path: path.clone(), how, rendered, found });
        }
        let ours = rendered.manifest();
        if (&ours.downloads, &ours.llama_build) != (&manifest.downloads, &manifest.llama_build) {
            let shown = |manifest: &super::Manifest| {
                let shown = serde_json::json!({
                    "llama_build": manifest.llama_build, "downloads": manifest.downloads,
                });
                format!("{shown:#}\n")
            };
            let (rendered, found) = (shown(ours), shown(manifest));
            list.push(Edit { path: MANIFEST.to_string(), how: How::Entry, rendered, found });
        }
        list.sort_by(|a, b| a.path.cmp(&b.path));
        let other = (manifest.tool_version != TOOL_VERSION).then(|| manifest.tool_version.to_string());
        Ok(Edits { list, other_version: other })
    }

    /// The same of a bundle's directory, where a file that no manifest lists is one more edit: people copy
    /// `rootfs/` by hand.
    pub fn edits_in(&self, dir: &Path) -> Result<Edits> {
        let mut edits = self.edits()?;
        let known =
            |path: &str| self.file(path).is_some() || self.links().iter().any(|link| link.path == path);
        let mut folders: Vec<String> = folders().chain([ROOTFS]).map(str::to_string).collect();
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(dir.join(&folder)).into_iter().flatten().flatten() {
                seen += 1;
                if seen > MOST_FILES {
                    return Err(Failure::failed(format!(
                        "{} has more than {MOST_FILES} files in {ROOTFS} and its targets",
                        dir.display()
                    ))
                    .hint("name a folder that holds the bundle and nothing else")
                    .into());
                }
                let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(path),
                    _ if known(&path) => {}
                    _ => edits.list.push(Edit {
                        path,
                        how: How::Added,
                        rendered: String::new(),
                        found: String::new(),
                    }),
                }
            }
        }
        edits.list.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(edits)
    }
}

fn text(content: &[u8]) -> String {
    String::from_utf8(content.to_vec()).unwrap_or_default()
}
