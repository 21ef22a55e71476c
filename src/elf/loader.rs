//! Finds the libraries of a program as the dynamic loader would, without starting it.

use super::cache;
use super::failure::Result;
use super::image::{Image, Machine, VersionNeed, glibc};
use crate::processor::Processor;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// More libraries than this has no program.
const MOST: usize = 256;
/// Most that is read of ld.so.cache, bytes; a desktop's has half a MB.
const CACHE_BYTES: u64 = 16 << 20;

/// Where libraries are looked for when a program does not say.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Paths of each library in the loader's cache.
    pub cache: BTreeMap<String, Vec<PathBuf>>,
    /// Folders that are searched after the cache.
    pub folders: Vec<PathBuf>,
}

impl Search {
    /// This machine's.
    pub fn of_host() -> Search {
        let mut bytes = Vec::new();
        if let Ok(file) = fs::File::open("/etc/ld.so.cache") {
            let _ = file.take(CACHE_BYTES).read_to_end(&mut bytes);
        }
        // Debian's loader has its own besides.
        let triple = format!("{}-linux-gnu", Processor::own().row().uname);
        let plain = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"].map(PathBuf::from);
        let own = ["/lib", "/usr/lib"].map(|folder| Path::new(folder).join(&triple));
        Search { cache: cache::parse_cache(&bytes), folders: own.into_iter().chain(plain).collect() }
    }

    /// Paths at which a library may be that no program's own folders have.
    pub(super) fn places(&self, name: &str) -> impl Iterator<Item = PathBuf> {
        let cached = self.cache.get(name).into_iter().flatten().cloned();
        cached.chain(self.folders.iter().map(move |folder| folder.join(name)))
    }
}

/// Something that a program needs and this machine does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// The processor that the program is built for.
    Processor(Processor),
    /// A library that no folder has.
    Library(String),
    /// The library is there, and older than the program.
    Version {
        /// Name of the library.
        library: String,
        /// Version that the program needs.
        version: String,
        /// Newest version that the library has.
        newest: Option<String>,
    },
}

/// Libraries that the loader would load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Libraries, direct and indirect.
    pub found: Vec<PathBuf>,
    /// Libraries and versions that it lacks.
    pub lacking: Vec<Lacking>,
}

impl Loaded {
    /// Names of libraries that are not there at all.
    pub fn missing(&self) -> Vec<String> {
        let names = self.lacking.iter().filter_map(|lacking| match lacking {
            Lacking::Library(name) => Some(name.clone()),
            Lacking::Processor(_) | Lacking::Version { .. } => None,
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        names.dedup();
        names
    }
}

/// A file that is loaded, and the RPATHs that hold for what it needs.
struct Object {
    image: Image,
    rpaths: Vec<PathBuf>,
    runpaths: Vec<PathBuf>,
}

impl Object {
    /// `above`: the folders that RPATHs of what loads it name.
    fn new(path: &Path, image: Image, above: &[PathBuf]) -> Object {
        let origin = path.parent().unwrap_or(Path::new("/"));
        let expand =
            |folders: &[String]| folders.iter().filter_map(|folder| expand(folder, origin)).collect();
        let runpaths: Vec<PathBuf> = expand(&image.runpath);
        let own: Vec<PathBuf> = if image.runpath.is_empty() { expand(&image.rpath) } else { Vec::new() };
        Object { rpaths: own.into_iter().chain(above.iter().cloned()).collect(), runpaths, image }
    }
}

/// A folder of an RPATH; one that is relative to wherever the program is started is none.
fn expand(folder: &str, origin: &Path) -> Option<PathBuf> {
    let origin = origin.to_str()?;
    let expanded = folder.replace("${ORIGIN}", origin).replace("$ORIGIN", origin);
    (expanded.starts_with('/') && !expanded.contains('$')).then(|| PathBuf::from(expanded))
}

/// Follows everything that the program or library at `path` needs.
pub fn resolve(path: &Path, search: &Search) -> Result<Loaded> {
    let Walk { known, versions, mut loaded } = walk(path, search, |_| true)?;
    for need in versions.iter().filter(|need| !need.weak) {
        let Some(Some(defined)) = known.get(&need.library) else { continue };
        loaded.lacking.extend(older(need, defined).filter(|lacking| !loaded.lacking.contains(lacking)));
    }
    Ok(loaded)
}

/// A version that a library does not define; `None` where it does, or has no versions and so serves any.
pub(super) fn older(need: &VersionNeed, defined: &BTreeSet<String>) -> Option<Lacking> {
    if defined.is_empty() || defined.contains(&need.version) {
        return None;
    }
    let newest =
        defined.iter().filter(|version| glibc(version).is_some()).max_by_key(|version| glibc(version));
    Some(Lacking::Version {
        library: need.library.clone(),
        version: need.version.clone(),
        newest: newest.cloned(),
    })
}

/// A program with all that it loads.
pub(super) struct Walk {
    /// Versions that each library defines, by the name under which it was asked for; a library is loaded once. `None`:
    /// it was not found.
    pub known: BTreeMap<String, Option<BTreeSet<String>>>,
    /// Versions that the program and its libraries need.
    pub versions: Vec<VersionNeed>,
    /// Libraries that were found, and those that were not.
    pub loaded: Loaded,
}

/// Follows what the file at `path` needs, through libraries that `may` be used.
pub(super) fn walk(path: &Path, search: &Search, may: impl Fn(&Path) -> bool) -> Result<Walk> {
    let mut first = Image::read(path)?;
    let machine = first.machine;
    let mut loaded = Loaded::default();
    let mut known: BTreeMap<String, Option<BTreeSet<String>>> = BTreeMap::new();
    let mut versions = std::mem::take(&mut first.versions_needed);
    let mut waiting = VecDeque::from([Object::new(path, first, &[])]);
    while let Some(object) = waiting.pop_front() {
        for name in &object.image.needed {
            if known.contains_key(name) || known.len() >= MOST {
                continue;
            }
            let Some((path, mut image)) = find(name, &object, machine, search).filter(|(path, _)| may(path))
            else {
                loaded.lacking.push(Lacking::Library(name.clone()));
                known.insert(name.clone(), None);
                continue;
            };
            versions.append(&mut image.versions_needed);
            known.insert(name.clone(), Some(std::mem::take(&mut image.versions_defined)));
            let above = if object.image.runpath.is_empty() { &*object.rpaths } else { &[] };
            waiting.push_back(Object::new(&path, image, above));
            loaded.found.push(path);
        }
    }
    Ok(Walk { known, versions, loaded })
}

/// The first file of that name that the loader would take: one for another processor is passed over.
fn find(name: &str, object: &Object, machine: Machine, search: &Search) -> Option<(PathBuf, Image)> {
    let fits = |path: PathBuf| {
        let image = Image::read(&path).ok().filter(|image| image.machine == machine)?;
        Some((path, image))
    };
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| path.is_absolute()).and_then(fits);
    }
    let own = object.rpaths.iter().chain(&object.runpaths).map(|folder| folder.join(name));
    own.chain(search.places(name)).find_map(fits)
}

#[cfg(test)]
#[path = "loader_tests.rs"]
mod tests;
