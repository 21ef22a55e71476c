//! Circles among imports.

use super::imports::Imports;
use super::source::Name;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// One text for each folder whose files and subfolders import each other in a circle.
pub fn circles(imports: &Imports) -> Vec<String> {
    let mut folders: BTreeSet<Name> = BTreeSet::new();
    for name in imports.keys() {
        folders.extend((0..name.len()).map(|length| name[..length].to_vec()));
    }
    folders.iter().flat_map(|folder| circles_in(folder, imports)).collect()
}

fn circles_in(folder: &Name, imports: &Imports) -> Vec<String> {
    let part = |name: &Name| -> Option<String> {
        let below = name.strip_prefix(folder.as_slice())?;
        Some(below.first().cloned().unwrap_or_else(|| "mod.rs".to_string()))
    };
    // A part of the folder → the parts that it imports, with the files that do.
    let mut graph: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (from, to) in imports.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to))) {
        if let (Some(part_from), Some(part_to)) = (part(from), part(to))
            && part_from != part_to
        {
            let edge = format!("{} imports {}", from.join("::"), to.join("::"));
            graph.entry(part_from).or_default().entry(part_to).or_default().push(edge);
        }
    }
    let reach = |start: &String| -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open = vec![start.clone()];
        while let Some(part) = open.pop() {
            for next in graph.get(&part).into_iter().flat_map(BTreeMap::keys) {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = graph.keys().map(|part| (part, reach(part))).collect();
    let mut told = BTreeSet::new();
    let mut texts = Vec::new();
    for (part, reaches) in reached.iter().filter(|(part, reaches)| reaches.contains(**part)) {
        let circle: BTreeSet<&String> =
            reaches.iter().filter(|other| reached.get(other).is_some_and(|r| r.contains(*part))).collect();
        if !told.insert(circle.clone()) {
            continue;
        }
        let within = |(from, to): &(&String, &String)| circle.contains(from) && circle.contains(to);
        let pairs = graph.iter().flat_map(|(from, to)| to.keys().map(move |to| (from, to))).filter(within);
        let edges: Vec<String> = pairs.flat_map(|(from, to)| graph[from][to].clone()).collect();
        let parts: Vec<&str> = circle.iter().map(|part| part.as_str()).collect();
        let path: PathBuf = std::iter::once("src".to_string()).chain(folder.iter().cloned()).collect();
        texts.push(format!("{}: {}\n  {}", path.display(), parts.join(", "), edges.join("\n  ")));
    }
    texts
}
