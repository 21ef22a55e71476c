//! Puts the files of a further archive beside the program, where its loader looks for libraries: llama.cpp's releases
//! have CUDA's libraries in an archive of their own, to be unpacked next to the programs.

use crate::agent::store::hashes::below;
use crate::agent::store::runtime::find_server;
use crate::error::{Context, Failure, Result};
use crate::files;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

const HINT: &str = "give one archive with the program, and beside it one with libraries only";

/// Joins unpacked archives, each in its folder of `parts` below `folder`, in the one that has `program`. Returns the
/// path of the program below `folder`; `None` if no archive has one.
pub(super) fn join(parts: &[PathBuf], folder: &Path, program: &str) -> Result<Option<PathBuf>> {
    let mut servers = Vec::new();
    for part in parts {
        servers.extend(find_server(part, program)?.map(|found| (part, part.join(found))));
    }
    let (home, server) = match &servers[..] {
        [] => return Ok(None),
        [one] => one,
        _ => {
            return Err(Failure::failed(format!("each of the archives has a {program}")).hint(HINT).into());
        }
    };
    let place = server.parent().unwrap_or(home);
    for part in parts.iter().filter(|part| part != home) {
        move_files(part, place)?;
        files::remove(part)?;
    }
    Ok(server.strip_prefix(folder).ok().map(Path::to_path_buf))
}

/// Moves every file below `from` into the folder `to`, whatever folders they lie in. A name that is there already is
/// refused: nobody could say which of the two is meant.
fn move_files(from: &Path, to: &Path) -> Result<()> {
    let all = below(from)?;
    let mut seen = BTreeSet::new();
    for path in &all {
        let name: OsString = path.file_name().unwrap_or_default().to_owned();
        let target = to.join(&name);
        if fs::symlink_metadata(&target).is_ok() || !seen.insert(name.clone()) {
            return Err(Failure::failed(format!("the archives have two files {}", name.display()))
                .hint(HINT)
                .into());
        }
        let moving = || format!("moving {}", path.display());
        // All lie in one folder now, so that a link leads to a name.
        match fs::symlink_metadata(path).with_context(moving)?.is_symlink() {
            true => {
                let leads = fs::read_link(path).with_context(moving)?;
                files::link(&target, Path::new(leads.file_name().unwrap_or_default()))?;
            }
            false => fs::rename(path, &target).with_context(moving)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(folder: &Path, names: &[&str]) {
        for name in names {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
    }

    /// Two archives with these files, joined: the server's path and every file's.
    fn joined(parts: [&[&str]; 2]) -> Result<(Option<PathBuf>, Vec<String>)> {
        let dir = tempfile::tempdir().unwrap();
        let folders = [dir.path().join("0"), dir.path().join("1")];
        for (folder, names) in folders.iter().zip(parts) {
            fs::create_dir_all(folder).unwrap();
            put(folder, names);
        }
        let server = join(&folders, dir.path(), "llama-server")?;
        let all = below(dir.path())?;
        let mut all: Vec<String> =
            all.iter().map(|path| path.strip_prefix(dir.path()).unwrap().display().to_string()).collect();
        all.sort();
        Ok((server, all))
    }

    #[test]
    fn libraries_come_beside_the_server_in_whatever_order_the_archives_are_given() {
        let llama: &[&str] = &["llama-b1/llama-server", "llama-b1/libggml-cuda.so"];
        let cuda: &[&str] = &["cudart-llama-b1/libcudart.so.12", "cudart-llama-b1/libcublas.so.12"];
        let want = |part: &str| {
            ["libcublas.so.12", "libcudart.so.12", "libggml-cuda.so", "llama-server"]
                .map(|name| format!("{part}/llama-b1/{name}"))
                .to_vec()
        };
        let server = |part: &str| Some(PathBuf::from(format!("{part}/llama-b1/llama-server")));
        assert_eq!(joined([llama, cuda]).unwrap(), (server("0"), want("0")));
        assert_eq!(joined([cuda, llama]).unwrap(), (server("1"), want("1")));
        assert_eq!(joined([cuda, &["x/y"]]).unwrap().0, None);
    }

    #[test]
    fn two_servers_and_two_files_of_a_name_are_refused() {
        let said = |parts| format!("{:#}", joined(parts).unwrap_err());
        assert!(said([&["a/llama-server"], &["llama-server"]]).contains("each of the archives has"));
        assert!(said([&["a/llama-server", "a/x.so"], &["b/x.so"]]).contains("two files x.so"));
        assert!(said([&["a/llama-server"], &["b/x.so", "c/x.so"]]).contains("two files x.so"));
    }

    #[test]
    fn a_link_leads_to_the_file_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let folders = [dir.path().join("0"), dir.path().join("1")];
        put(&folders[0], &["b/llama-server"]);
        put(&folders[1], &["lib/real/libx.so.1.2"]);
        std::os::unix::fs::symlink("real/libx.so.1.2", folders[1].join("lib/libx.so.1")).unwrap();
        join(&folders, dir.path(), "llama-server").unwrap();
        assert_eq!(fs::read(dir.path().join("0/b/libx.so.1")).unwrap(), b"lib/real/libx.so.1.2");
    }
}
