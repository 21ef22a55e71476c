//! Starts a program that stands in front of an engine's server and starts it, and stays above both: it hands the keys
//! over in files, keeps them out of the journal, and ends when the server behind has ended, so that systemd starts all
//! of it again.

use crate::agent::store::front::home;
use crate::agent::store::key;
use crate::engine::front::{Front, Handed, Keys};
use crate::engine::server::ServerName;
use crate::error::{Context, Exit, Failure, Result};
use crate::files;
use crate::hardware::probe::sockets;
use crate::outside::{self, Kind};
use crate::secret::Secret;
use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

/// Runs the front of the server `name` until it ends; `program` is the server behind it.
pub(super) fn run(
    front: &Front,
    name: ServerName,
    program: &Path,
    argv: &[String],
    environment: Vec<(&'static str, Secret)>,
) -> Result<Exit> {
    let home = home(front, program).ok_or_else(|| {
        Failure::usage(format!(
            "no folder above {} has {} and {}",
            program.display(),
            front.script,
            front.runs
        ))
    })?;
    let keys = Keys { api: api_key(name)?, nobodys: key::random()?, behind: key::random()? };
    let handed: Handed = (front.hands)(&keys, name);
    let folder = PathBuf::from(name.runtime_folder());
    for (file, content) in &handed.files {
        files::write(&folder.join(file), content.expose().as_bytes(), 0o600)?;
    }
    link_data(front, &home, &folder)?;
    let mut command = Command::new(home.join(front.runs));
    command.arg(front.script).args(argv).current_dir(&home);
    command.envs(environment.iter().chain(&handed.environment).map(|(name, value)| (*name, value.expose())));
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.with_context(|| format!("starting {}", home.join(front.runs).display()))?;
    let said = follow(&mut child, &[&keys.api, &keys.nobodys, &keys.behind]);
    let why = watch(&mut child, name, program)?;
    // The reason stands in what it printed last.
    let _ = child.kill();
    let _ = child.wait();
    said.into_iter().for_each(|thread| drop(thread.join()));
    Err(Failure::failed(format!("{}: {why}", front.script)).into())
}

/// The API's key, which systemd has put there for this unit.
fn api_key(name: ServerName) -> Result<Secret> {
    let path = name.key_file();
    let text = outside::text(Path::new(&path), outside::NOTE, Kind::Regular);
    Ok(text.with_context(|| format!("reading {path}"))?.trim().into())
}

/// Links the data that the front reads into the folder where it looks for it; what it writes stays in memory.
fn link_data(front: &Front, home: &Path, folder: &Path) -> Result<()> {
    // Beside its folder in a release, in it in its repository.
    let places = [home.parent().unwrap_or(home).join(front.data), home.join(front.data)];
    for name in front.links {
        if let Some(data) = places.iter().map(|place| place.join(name)).find(|data| data.is_dir()) {
            files::link(&folder.join(name), &data)?;
        }
    }
    Ok(())
}

/// Waits until the front has ended, or serves without the server behind it; returns which.
fn watch(child: &mut Child, name: ServerName, program: &Path) -> Result<String> {
    let called = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut was_there = false;
    loop {
        if let Some(status) = child.try_wait().context("waiting for it")? {
            return Ok(format!("it ended: {status}"));
        }
        let is_there = in_own_group().any(|pid| is_called(pid, &called));
        if !is_there && (was_there || !sockets::listening(name.port()).is_empty()) {
            return Ok(format!("its {called} is not running"));
        }
        was_there |= is_there;
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Processes of this one's control group: those of its unit.
fn in_own_group() -> impl Iterator<Item = u32> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or_default().to_string();
    let all = fs::read_to_string(format!("/sys/fs/cgroup{group}/cgroup.procs")).unwrap_or_default();
    all.lines().flat_map(str::parse).collect::<Vec<u32>>().into_iter()
}

/// Returns whether the process was started from a program of this name; the kernel keeps 15 bytes of it.
fn is_called(pid: u32, program: &str) -> bool {
    let called = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    !called.trim().is_empty() && program.starts_with(called.trim())
}

/// Prints every line that the child says, without the keys.
pub(super) fn follow(child: &mut Child, secrets: &[&Secret]) -> Vec<JoinHandle<()>> {
    let parts = parts(secrets);
    let outputs: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|out| Box::new(out) as _),
        child.stderr.take().map(|out| Box::new(out) as _),
    ];
    let print = |output: Box<dyn Read + Send>| {
        let parts = parts.clone();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            while output.by_ref().take(LINE).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = without(&String::from_utf8_lossy(&line), &parts);
                if !text.trim_end().is_empty() {
                    let _ = writeln!(std::io::stdout().lock(), "{}", text.trim_end());
                }
                line.clear();
            }
        })
    };
    outputs.into_iter().flatten().map(print).collect()
}

/// Most bytes of a line; what is longer is printed in parts.
const LINE: u64 = 64 << 10;

/// Bytes of a key that are no accident. A log may break a key over two lines.
const PART: usize = 8;

/// Every part of the secrets that is as long as [`PART`].
fn parts(secrets: &[&Secret]) -> HashSet<Vec<u8>> {
    let all = secrets.iter().flat_map(|secret| secret.expose().as_bytes().windows(PART));
    all.map(<[u8]>::to_vec).collect()
}

/// The line, with `…` for every run of bytes that is part of a secret.
fn without(line: &str, parts: &HashSet<Vec<u8>>) -> String {
    let mut hidden = vec![false; line.len()];
    for (at, part) in line.as_bytes().windows(PART).enumerate() {
        if parts.contains(part) {
            hidden[at..at + PART].fill(true);
        }
    }
    let mut shown = String::new();
    let mut before = false;
    for (at, c) in line.char_indices() {
        match (hidden[at], before) {
            (false, _) => shown.push(c),
            (true, false) => shown.push('…'),
            (true, true) => {}
        }
        before = hidden[at];
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kind::Engine;
    use crate::engine::text_generation_webui::TextGenerationWebui;

    #[test]
    fn no_part_of_a_key_is_printed() {
        let key: Secret = "0123456789abcdef0123456789ABCDEF".into();
        let other: Secret = "ffeeddccbbaa99887766".into();
        let parts = parts(&[&key, &other]);
        for (line, shown) in [
            ("OpenAI API key: 0123456789abcdef0123456789ABCDEF, of it", "OpenAI API key: …, of it"),
            // Broken over two lines.
            ("key 0123456789abc", "key …"),
            ("def0123456789ABCDEF ü", "… ü"),
            ("ffeeddccbbaa99887766 and 23456789", "… and …"),
            ("slot 0123456 of 7", "slot 0123456 of 7"),
            ("", ""),
        ] {
            assert_eq!(without(line, &parts), shown, "{line}");
        }
    }

    #[test]
    fn the_fronts_folder_is_the_nearest_above_the_server_that_has_its_script_and_what_runs_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let put = |path: &str| {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), "").unwrap();
            root.join(path)
        };
        let server = put("textgen-4.9/app/portable_env/lib/llama_cpp_binaries/bin/llama-server");
        let front = TextGenerationWebui.front().unwrap();
        assert_eq!(home(front, &server), None);
        put("textgen-4.9/app/server.py");
        assert_eq!(home(front, &server), None, "nothing runs it");
        put("textgen-4.9/app/portable_env/bin/python3");
        assert_eq!(home(front, &server), Some(root.join("textgen-4.9/app")));
        // The data lies beside it in a release.
        put("textgen-4.9/user_data/characters/Assistant.yaml");
        put("textgen-4.9/user_data/CMD_FLAGS.txt");
        let folder = root.join("run");
        fs::create_dir(&folder).unwrap();
        link_data(front, &root.join("textgen-4.9/app"), &folder).unwrap();
        assert!(folder.join("characters/Assistant.yaml").is_file());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "the archive brings no arguments");
    }

    #[test]
    fn a_process_is_known_by_its_programs_name() {
        let own = std::process::id();
        let name = fs::read_to_string("/proc/self/comm").unwrap();
        assert!(is_called(own, name.trim()) && !is_called(own, "llama-server"));
        assert!(!is_called(u32::MAX, "llama-server"));
    }
}
