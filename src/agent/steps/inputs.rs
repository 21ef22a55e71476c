//! Inputs of a generation, by the server that reads them: a server restarts where its own change, and goes on where
//! only another's do.

use super::resource::Reach;
use crate::agent::store::desired::Desired;
use crate::agent::store::generation;
use crate::engine::server::ServerName;
use crate::paths;
use crate::render::manifest::host_path;
use std::fs;
use std::path::Path;

/// Returns the servers that read a file of the generation; every server for a file of which that is not known.
pub fn reach_of_file(name: &str) -> Reach {
    let belongs = |server: &ServerName| name == server.args_file() || name == server.limits_file();
    match ServerName::all().find(belongs) {
        Some(server) => Reach::Only([server].into()),
        None if [paths::generation::CHAT_TEMPLATE, paths::generation::WORKERS].contains(&name) => {
            Reach::Only([ServerName::CHAT].into())
        }
        // They are read when a server starts, to verify the host, and by what lets other hosts in.
        None if [paths::generation::PLAN, paths::generation::EXPOSE].contains(&name) => Reach::none(),
        None => Reach::Every,
    }
}

/// Returns the servers that read what a link of the generation leads to: a model, or the runtime.
pub fn reach_of_link(name: &Path, desired: &Desired) -> Reach {
    match name.strip_prefix(paths::generation::MODEL) {
        Ok(file) => Reach::Only(desired.readers(&file.to_string_lossy())),
        Err(_) => Reach::Every,
    }
}

/// Returns the servers that get other inputs by the new generation than by the one that serves.
pub fn reach_of_new(desired: &Desired) -> Reach {
    let Some(old) = generation::current_record() else { return Reach::Every };
    if old.runtime != desired.record.runtime {
        return Reach::Every;
    }
    let folder = Path::new(paths::GENERATION);
    let files = contents(desired)
        .filter(|(name, content)| fs::read(folder.join(name)).ok().as_deref() != Some(*content))
        .map(|(name, _)| reach_of_file(name));
    let models = desired.record.models.iter().filter(|blob| !old.models.contains(blob));
    let models = models.map(|blob| Reach::Only(desired.readers(&blob.name)));
    files.chain(models).fold(Reach::none(), Reach::and)
}

/// Returns the files of the generation's folder, each with its name and content.
pub fn contents(desired: &Desired) -> impl Iterator<Item = (&str, &[u8])> {
    let prefix = format!("{}/", paths::GENERATION);
    desired.bundle.files().iter().filter_map(move |file| {
        let name = host_path(&file.path)?.strip_prefix(&prefix)?;
        Some((name, file.content.as_slice()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_generation_reaches_the_servers_that_read_it() {
        let embed_2 = "embed-2".parse::<ServerName>().unwrap();
        for (name, expected) in [
            ("llama-server.args", Reach::Only([ServerName::CHAT].into())),
            ("limits.conf", Reach::Only([ServerName::CHAT].into())),
            ("chat-template.jinja", Reach::Only([ServerName::CHAT].into())),
            ("embed-server.args", Reach::Only([ServerName::EMBEDDING].into())),
            ("embed-2-limits.conf", Reach::Only([embed_2].into())),
            ("plan.json", Reach::none()),
            ("expose.nft", Reach::none()),
            ("a-file-of-a-later-version", Reach::Every),
        ] {
            assert_eq!(reach_of_file(name), expected, "{name}");
        }
    }
}
