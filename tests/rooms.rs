//! Imports in src/ run one way: no file imports, directly or through others, one that imports it, and
//! neither does a folder.
//!
//! The rule, in every folder of src/: its files and subfolders import each other without a circle, where a
//! subfolder stands for everything below it, and the folder's own `mod.rs` is one of its files. So `mod.rs`
//! may declare its children and use them, as long as no child uses an item of it; or children use what
//! `mod.rs` defines, and it only declares them. `mod child;` is a declaration, no import; `pub use` is an
//! import. Unit tests, and modules that exist for tests alone, may import what they like.
//!
//! The files are read as tokens, without a compiler: `use` trees, paths in the text (`crate::a::b()`), and
//! names that a `use` brought in (`use super::a; a::b::c()`).

#[path = "rooms/circles.rs"]
mod circles;
#[path = "rooms/imports.rs"]
mod imports;
#[path = "rooms/source.rs"]
mod source;

use circles::circles;
use imports::imports;
use source::{Name, Token, read_tree, tokens, without_tests};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn imports_of_src_have_no_circle() {
    let modules = read_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(modules.len() > 100, "only {} modules were found", modules.len());
    let circles = circles(&imports(&modules));
    assert!(circles.is_empty(), "{} import circles:\n\n{}", circles.len(), circles.join("\n\n"));
}

/// Modules that may have words of a folder all the same, each with its reason.
type Besides = &'static [(&'static str, &'static str)];

/// Words that stand in code or strings of one folder of src/ only, in lower case. One more of a kind is added in its
/// folder, and nowhere else.
const OWN_WORDS: &[(&str, &[&str], Besides)] = &[
    ("processor", &["x86", "amd64", "aarch64", "arm64"], &[]),
    (
        "hardware::vendor",
        &["nvidia-smi", "nvidia-modprobe", "char-", "amdgpu", "i915", "mem_info_vram", "/dev/kfd"],
        &[],
    ),
    (
        "engine::llama_cpp",
        &["llama-server", "llama.cpp"],
        &[
            ("model::loads", "says which GGUF files llama.cpp loads, by its own rules"),
            ("model::gguf", "names llama.cpp as the reader of the format"),
            ("plan::graph", "is llama.cpp's graph, from which the ledger's buffers follow"),
            ("plan::ledger", "counts llama.cpp's buffers, and refuses the KV caches that it refuses"),
            ("plan::placement", "refuses the splits that llama.cpp refuses"),
            ("plan::choice", "tells the rules of llama.cpp by which a plan was chosen"),
            (
                "plan::usable_cards",
                "leaves out cards that llama.cpp's builds have no code for, and knows its process",
            ),
            ("plan::runtime", "knows the archives of llama.cpp's releases"),
            ("hardware", "tells which drivers and cards llama.cpp's backends work with"),
            ("report::status", "labels `llama_build`, a key of status/1"),
            ("cli", "helps with files that people have of llama.cpp"),
            ("engine::text_generation_webui", "starts llama.cpp's server, and gives it arguments"),
        ],
    ),
    (
        "engine::text_generation_webui",
        &["text-generation-webui", "textgen-portable", "server.py", "netrc"],
        &[],
    ),
    ("engine::vllm", &["vllm serve", "vllm_", "vllm/", "gpu-memory-utilization"], &[]),
];

#[test]
fn names_of_a_kind_stand_in_its_folder_alone() {
    let modules = read_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let of_path = |path: &str| -> Name { path.split("::").map(str::to_string).collect() };
    for (folder, words, besides) in OWN_WORDS {
        let folder = of_path(folder);
        assert!(modules.contains_key(&folder), "no folder {folder:?}");
        let mut elsewhere = Vec::new();
        let mut unused: Vec<Name> = besides.iter().map(|(path, _)| of_path(path)).collect();
        let others: Vec<Name> = unused.clone();
        for (name, tokens) in modules.iter().filter(|(name, _)| !name.starts_with(&folder)) {
            let texts = tokens.iter().filter_map(|token| match token {
                Token::Word(text) | Token::Text(text) => Some(text.to_lowercase()),
                _ => None,
            });
            let found: Vec<String> =
                texts.filter(|text| words.iter().any(|word| text.contains(word))).collect();
            match others.iter().find(|other| name.starts_with(other)) {
                Some(other) if !found.is_empty() => unused.retain(|path| path != other),
                Some(_) => {}
                None => elsewhere.extend(found.iter().map(|text| format!("{}: {text:?}", name.join("::")))),
            }
        }
        assert!(elsewhere.is_empty(), "{}", elsewhere.join("\n"));
        assert!(unused.is_empty(), "exceptions that are none: {unused:?}");
    }
}

/// The imports of modules given as text, `a → b, c`.
fn read(sources: &[(&str, &str)]) -> Vec<String> {
    let name = |path: &str| -> Name { path.split("::").map(str::to_string).collect() };
    let module = |text: &str| without_tests(&tokens(text));
    let modules = sources.iter().map(|(path, text)| (name(path), module(text))).collect();
    let joined =
        |names: BTreeSet<Name>| names.iter().map(|name| name.join("::")).collect::<Vec<_>>().join(", ");
    let lines = imports(&modules).into_iter().filter(|(_, to)| !to.is_empty());
    lines.map(|(from, to)| format!("{} → {}", from.join("::"), joined(to))).collect()
}

#[test]
fn every_way_to_name_a_module_is_read() {
    let rest = [("a", ""), ("a::b", ""), ("a::b::c", ""), ("d", "")];
    let of = |name: &'static str, text: &'static str| read(&[&rest[..], &[(name, text)]].concat());
    for (text, expected) in [
        ("use crate::a::b::Item;", "e → a::b"),
        ("pub use crate::{a::b, d::Item as Other};", "e → a::b, d"),
        ("use crate::{\n a::{self, b::{self, c::*}},\n d,\n};", "e → a, a::b, a::b::c, d"),
        ("fn f() -> super::d::Item { crate::a::b::c::make::<u8>() }", "e → a::b::c, d"),
        ("use super::a; fn f() { a::b::c::g() }", "e → a, a::b::c"),
        ("use super::a as x; fn f() { x::b::g() }", "e → a, a::b"),
        ("mod inside { use super::super::d::X; fn f(x: super::super::a::b::Y) {} }", "e → a::b, d"),
        (
            "impl<'a> From<crate::d::X> for Y<'a> { fn f(c: char) -> bool { c == '\"' || c == '\\'' } }",
            "e → d",
        ),
        ("const C: &[u8] = &[b'\\\\', b'x']; use crate::d;", "e → d"),
        ("macro_rules! m { () => { $crate::d::X } }", "e → d"),
    ] {
        assert_eq!(of("e", text), [expected], "{text}");
    }
    for text in [
        "// use crate::a;\n/* crate::a::b /* nested */ crate::d */ //! [`crate::a`]",
        "const S: &str = \"use crate::a;\"; const R: &str = r#\"crate::\"a\"::b\"#;",
        "use std::fs; use serde::de; fn f() { fs::read(); de::x::y() }",
        "#[cfg(test)] mod tests { use crate::a::b; fn f() { crate::d::g() } }",
        "#[cfg(test)]\nuse crate::a;",
        "fn f() { crate::version() }",
    ] {
        assert_eq!(of("e", text), [] as [&str; 0], "{text}");
    }
    assert_eq!(of("a::b::e", "use super::c::X; use super::super::super::d;"), ["a::b::e → a::b::c, d"]);
    assert_eq!(read(&[("a", "mod b; use b::X; fn f() -> b::Y {}"), ("a::b", "use super::Z;")]).len(), 2);
}

#[test]
fn circles_are_found_at_every_level_and_only_there() {
    let of = |sources: &[(&str, &str)]| {
        let name = |path: &str| -> Name { path.split("::").map(str::to_string).collect() };
        let module = |text: &str| tokens(text);
        let modules = sources.iter().map(|(path, text)| (name(path), module(text))).collect();
        circles(&imports(&modules))
    };
    let folder = ("a", "pub mod x; pub mod y;");
    // One way.
    assert!(of(&[folder, ("a::x", "use super::y::Y;"), ("a::y", ""), ("b", "use crate::a::x;")]).is_empty());
    // Two files of a folder.
    let found = of(&[folder, ("a::x", "use super::y::Y;"), ("a::y", "use crate::a::x::X;")]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("src/a: x, y\n") && found[0].contains("a::y imports a::x"), "{}", found[0]);
    // Two folders, whose files import each other one way.
    let found = of(&[
        folder,
        ("a::x", "use crate::b::z;"),
        ("a::y", ""),
        ("b", ""),
        ("b::z", ""),
        ("b::w", "use crate::a::y;"),
    ]);
    assert!(found.len() == 1 && found[0].starts_with("src: a, b\n"), "{found:?}");
    // A child that uses its folder's item, and is used by it.
    let found = of(&[("a", "pub mod x; pub use x::X;"), ("a::x", "use super::Item;")]);
    assert!(found.len() == 1 && found[0].starts_with("src/a: mod.rs, x\n"), "{found:?}");
    // Three in a row.
    let three = [("a", "use crate::b;"), ("b", "use crate::c;"), ("c", "fn f() { crate::a::g() }")];
    assert_eq!(of(&three).len(), 1);
}
