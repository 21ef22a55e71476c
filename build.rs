//! Lists the files of `profiles/models` for the registry, so that a model is added by adding its file.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=profiles/models");
    println!("cargo::rerun-if-changed=build.rs");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let folder = Path::new(&root).join("profiles/models");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("profiles/models")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in ASCII"))
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort_unstable();
    let mut list = String::from("&[\n");
    for name in &names {
        let path = folder.join(name);
        writeln!(list, "    ({:?}, include_str!({path:?})),", name.trim_end_matches(".toml"))
            .expect("a string");
    }
    list.push(']');
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("models.rs"), list).expect("OUT_DIR is writable");
}
