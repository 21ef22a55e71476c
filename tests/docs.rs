//! Holds the pages to the program: links lead somewhere, commands are commands, quoted messages are its own.

use clap::Parser;
use pulldown_cmark::{Event, HeadingLevel, Tag, TagEnd};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Lists files below `folder` whose name ends in `ending`.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(files(&path, ending)),
            false if path.to_string_lossy().ends_with(ending) => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

/// Reads every page: those at the top, those of docs/, and those beside what they describe.
fn pages() -> BTreeMap<PathBuf, Page> {
    let top = fs::read_dir(root()).expect("the repository").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = top.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    paths.extend(files(&root().join("docs"), ".md"));
    paths.push(root().join("tests/lab/README.md"));
    assert!(paths.len() > 20, "only {} pages were found", paths.len());
    paths.into_iter().map(|path| (path.clone(), Page::read(&path))).collect()
}

/// Parts of a page that tests look at.
struct Page {
    /// Destinations of links and images, as written.
    links: Vec<String>,
    /// Names that a link may give after `#`.
    anchors: BTreeSet<String>,
    /// Lines of its code blocks.
    code: Vec<String>,
}

impl Page {
    fn read(path: &Path) -> Page {
        let text = fs::read_to_string(path).expect("a page");
        let mut page = Page { links: Vec::new(), anchors: BTreeSet::new(), code: Vec::new() };
        let (mut heading, mut code): (Option<String>, Option<String>) = (None, None);
        let options = pulldown_cmark::Options::ENABLE_TABLES;
        for event in pulldown_cmark::Parser::new_ext(&text, options) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.to_string());
                }
                Event::Start(Tag::Heading { level, .. }) if level <= HeadingLevel::H6 => {
                    heading = Some(String::new())
                }
                Event::End(TagEnd::Heading(_)) => {
                    page.anchors.extend(heading.take().map(|text| anchor(&text)))
                }
                Event::Start(Tag::CodeBlock(_)) => code = Some(String::new()),
                Event::End(TagEnd::CodeBlock) => {
                    let block = code.take().unwrap_or_default().replace("\\\n", " ");
                    page.code.extend(block.lines().map(str::to_owned));
                }
                Event::Text(text) | Event::Code(text) => {
                    for kept in [&mut heading, &mut code].into_iter().flatten() {
                        kept.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        page
    }
}

/// Returns the name that mdBook and code hosts give a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn links_lead_to_a_file_and_a_heading() {
    let pages = pages();
    let mut broken = Vec::new();
    for (path, page) in &pages {
        for link in page.links.iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let to = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            let Ok(to) = to.canonicalize() else {
                broken.push(format!("{}: {link}: no such file", path.display()));
                continue;
            };
            if !heading.is_empty() && !pages.get(&to).is_some_and(|page| page.anchors.contains(heading)) {
                broken.push(format!("{}: {link}: no such heading", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Returns the command lines in a line of a code block that start this program, as words.
fn commands(line: &str) -> Vec<Vec<String>> {
    let line = line.trim().trim_start_matches("$ ").trim_start_matches("# ");
    // A command inside another's quotes is a command too.
    let inner = line.split("$(").skip(1).filter_map(|rest| rest.split(')').next()).flat_map(commands);
    // Words in brackets may be left out; a lone `…` is a flag's value, or stands for further flags.
    let mut given = String::new();
    let mut depth = 0;
    for c in line.split(" # ").next().unwrap_or_default().chars() {
        match c {
            '[' => depth += 1,
            ']' if depth > 0 => depth -= 1,
            '\'' => given.push('"'),
            _ if depth == 0 => given.push(c),
            _ => {}
        }
    }
    let mut words: Vec<String> = Vec::new();
    for word in shlex::split(&given).unwrap_or_default() {
        if word != "…" || words.last().is_some_and(|last| last.starts_with("--")) {
            words.push(word.replace('…', "X"));
        }
    }
    let mut found: Vec<Vec<String>> = inner.collect();
    let is_end = |word: &String| ["|", "||", "&&", ";", "&"].contains(&word.as_str()) || word.contains('>');
    for part in words.split(is_end) {
        let assigned = |word: &&String| word.contains('=') && !word.starts_with('-');
        let part: Vec<String> = part.iter().skip_while(|w| assigned(w) || *w == "sudo").cloned().collect();
        if part.first().is_some_and(|first| first == "agi-provision" || first == "./run") {
            found.push(part);
        }
    }
    found
}

#[test]
fn commands_on_the_pages_are_taken_by_the_program() {
    let mut refused = Vec::new();
    let mut seen = 0;
    for (path, page) in pages() {
        for command in page.code.iter().flat_map(|line| commands(line)) {
            // `status|verify|logs` stands for each of them.
            let several: Vec<&str> = command.get(1).map_or(vec![], |word| word.split('|').collect());
            for one in several {
                let mut words = command.clone();
                words[1] = one.to_string();
                seen += 1;
                if let Err(error) = agi_provision::cli::Cli::try_parse_from(&words)
                    && error.use_stderr()
                {
                    let why = error.to_string();
                    let why = why.lines().next().unwrap_or_default();
                    refused.push(format!("{}: {}\n    {why}", path.display(), words.join(" ")));
                }
            }
        }
    }
    assert!(seen > 50, "only {seen} commands were found");
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn profiles_and_models_on_the_pages_are_known() {
    let mut unknown = Vec::new();
    for (path, page) in pages() {
        for command in page.code.iter().flat_map(|line| commands(line)) {
            for pair in command.windows(2) {
                let name = pair[1].as_str();
                let known = match pair[0].as_str() {
                    "--profile" => {
                        name.contains('/') || agi_provision::hardware::profiles::find(name).is_ok()
                    }
                    "--model" if name.contains(['/', ':', '.']) || name == "NAME" => true,
                    "--model" => agi_provision::model::registry::find(name).is_ok(),
                    _ => true,
                };
                if !known {
                    unknown.push(format!("{}: {} {name}", path.display(), pair[0]));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn messages_of_troubleshooting_are_the_programs_own() {
    // Text literals go over several lines with a backslash at the end.
    let joined = |text: String| {
        let lines: Vec<&str> = text.split("\\\n").collect();
        lines
            .into_iter()
            .enumerate()
            .map(|(n, l)| if n == 0 { l } else { l.trim_start() })
            .collect::<String>()
    };
    let sources: Vec<String> = [("src", ".rs"), ("locales/en", ".ftl")]
        .into_iter()
        .flat_map(|(folder, ending)| files(&root().join(folder), ending))
        .map(|path| joined(fs::read_to_string(path).expect("a source")))
        .collect();
    for page in ["docs/troubleshooting.md", "docs/ru/troubleshooting.md"] {
        let page = Page::read(&root().join(page));
        let messages: Vec<&str> = page.code.iter().filter_map(|line| line.strip_prefix("error: ")).collect();
        assert!(messages.len() >= 25, "only {} messages", messages.len());
        let mut strange = Vec::new();
        for message in messages {
            let pieces: Vec<&str> =
                message.split('…').map(str::trim).filter(|piece| piece.len() > 3).collect();
            assert!(!pieces.is_empty(), "{message}: nothing in it can be looked for");
            let is_there = sources.iter().any(|source| pieces.iter().all(|piece| source.contains(piece)));
            if !is_there {
                strange.push(message);
            }
        }
        assert!(strange.is_empty(), "no file of src/ or locales/en/ says: {strange:#?}");
    }
}

#[test]
fn the_book_has_every_page() {
    let summary = Page::read(&root().join("docs/SUMMARY.md"));
    let listed: BTreeSet<PathBuf> = summary
        .links
        .iter()
        .map(|link| root().join("docs").join(link).canonicalize().expect("a page"))
        .collect();
    let missing: Vec<_> = files(&root().join("docs"), ".md")
        .into_iter()
        .filter(|path| !listed.contains(path) && !path.ends_with("SUMMARY.md"))
        .collect();
    assert!(missing.is_empty(), "not in docs/SUMMARY.md: {missing:?}");
}

/// Lines of each code block that begins with `$ agi-provision plan …`, the command first.
fn shown_plans(text: &str) -> Vec<Vec<&str>> {
    let mut shown: Vec<Vec<&str>> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line.strip_prefix("    ") {
            Some(line) if line.starts_with("$ agi-provision plan ") => {
                shown.push(vec![line]);
                inside = true;
            }
            Some(line) if inside => shown.last_mut().expect("a block").push(line),
            None if !line.is_empty() => inside = false,
            _ => {}
        }
    }
    shown
}

#[test]
fn plans_on_the_pages_are_what_the_program_prints() {
    let home = tempfile::tempdir().expect("a folder");
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in pages().keys() {
        let text = fs::read_to_string(path).expect("a page");
        for shown in shown_plans(&text) {
            let args = shlex::split(shown[0]).expect("a command");
            let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
            command.env_clear().env("HOME", home.path()).current_dir(&home).args(&args[2..]);
            let printed = String::from_utf8(command.output().expect("the program").stdout).expect("text");
            // Figures in Russian have no-break spaces.
            let printed = printed.replace('\u{a0}', " ");
            let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
            let missing = shown[1..].iter().filter(|line| **line != "…" && !printed.contains(line));
            wrong.extend(
                missing.map(|line| format!("{}: {} does not print {line:?}", path.display(), shown[0])),
            );
            seen += 1;
        }
    }
    assert!(seen >= 3, "{seen} plans are shown");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
