//! Checks the entries of an archive: each name once, nothing below a file or a link, every link to something in it.

use super::name::{Name, Target};
use super::refusal::{Result, refused};
use super::shown::shown;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Folder,
    File { executable: bool },
    Link(Target),
}

#[derive(Debug)]
pub struct Tree {
    entries: BTreeMap<Name, Kind>,
    most: usize,
}

/// Links that one link may lead through.
const HOPS: usize = 16;

impl Tree {
    /// Holds `most` entries, folders that are only implied among them.
    pub fn new(most: usize) -> Tree {
        Tree { entries: BTreeMap::new(), most }
    }

    /// Adds an entry and returns the folders to make for it, outermost first.
    pub fn add(&mut self, name: Name, kind: Kind) -> Result<Vec<Name>> {
        let mut made = Vec::new();
        let parts: Vec<&str> = name.parts().collect();
        for end in 1..parts.len() {
            let Some(folder) = Name::join(&parts[..end]) else { continue };
            match self.entries.get(&folder) {
                None => {
                    self.insert(folder.clone(), Kind::Folder)?;
                    made.push(folder);
                }
                Some(Kind::Folder) => {}
                Some(other) => {
                    let what = if matches!(other, Kind::Link(_)) { "a link" } else { "a file" };
                    return refused(format!(
                        "its entry {} lies below {}, which is {what}",
                        shown(name.as_str()),
                        shown(folder.as_str())
                    ));
                }
            }
        }
        match (self.entries.get(&name), &kind) {
            (None, _) => {
                if kind == Kind::Folder {
                    made.push(name.clone());
                }
                self.insert(name, kind)?;
            }
            (Some(Kind::Folder), Kind::Folder) => {}
            (Some(_), _) => return refused(format!("its entry {} is there twice", shown(name.as_str()))),
        }
        Ok(made)
    }

    fn insert(&mut self, name: Name, kind: Kind) -> Result<()> {
        if self.entries.len() >= self.most {
            return refused(format!("it has more than {} files, folders and links", self.most));
        }
        self.entries.insert(name, kind);
        Ok(())
    }

    /// Every link with its target, all of which lead to a file or folder of the archive.
    pub fn links(&self) -> Result<Vec<(&Name, &Target)>> {
        let links = self.entries.iter().filter_map(|(name, kind)| match kind {
            Kind::Link(target) => Some((name, target)),
            _ => None,
        });
        links
            .map(|(name, target)| {
                self.follow(name, target).map(|()| (name, target)).or_else(|why| {
                    refused(format!("its link {} {why}: {}", shown(name.as_str()), shown(target.as_str())))
                })
            })
            .collect()
    }

    /// Walks from the link `name` to its end, as the kernel would.
    fn follow(&self, name: &Name, target: &Target) -> std::result::Result<(), &'static str> {
        let (folder, _) = name.split();
        let mut at: Vec<&str> = folder.iter().flat_map(Name::parts).collect();
        let mut ahead: Vec<&str> = target.as_str().rsplit('/').collect();
        let mut hops = 0;
        while let Some(part) = ahead.pop() {
            match part {
                "" | "." => continue,
                ".." => {
                    at.pop().ok_or("leads outside")?;
                    continue;
                }
                part => at.push(part),
            }
            let here = Name::join(&at).and_then(|here| self.entries.get(&here));
            match here {
                Some(Kind::Folder) => {}
                Some(Kind::File { .. }) if ahead.iter().all(|part| part.is_empty()) => {}
                Some(Kind::File { .. }) => return Err("leads through a file"),
                Some(Kind::Link(next)) => {
                    hops += 1;
                    if hops > HOPS {
                        return Err("leads through too many links");
                    }
                    at.pop();
                    ahead.extend(next.as_str().rsplit('/'));
                }
                None => return Err("leads to nothing in the archive"),
            }
        }
        if at.is_empty() { Err("leads to the folder of the archive itself") } else { Ok(()) }
    }
}
