//! A program that starts an engine's server itself and stands in front of it: text-generation-webui starts a server of
//! llama.cpp. What is here says how; it is started and watched by `agent::servers::front`.

use super::question::Guarded;
use super::server::ServerName;
use crate::secret::Secret;

/// A program in front of a server.
#[derive(Debug)]
pub struct Front {
    /// File that tells its folder: the nearest one above the server's program that has it.
    pub script: &'static str,
    /// Executable that runs the script, in that folder.
    pub runs: &'static str,
    /// Most files of an archive with it.
    pub most_files: usize,
    /// Folder with its data, beside that folder or in it.
    pub data: &'static str,
    /// Folders of that data that it reads.
    pub links: &'static [&'static str],
    /// Port of the server behind it, counted from the API's own.
    pub behind: u16,
    /// Requests to the server behind it that only its own key opens.
    pub guarded: &'static [Guarded],
    /// Makes what it gets beside its arguments.
    pub hands: fn(&Keys, ServerName) -> Handed,
}

/// Keys of one start.
#[derive(Debug)]
pub struct Keys {
    /// The key of the API.
    pub api: Secret,
    /// New at every start, and of no person: for what people have no business with.
    pub nobodys: Secret,
    /// New at every start: opens the server behind, and only the program in front has it.
    pub behind: Secret,
}

/// Values that a program gets beside its arguments.
#[derive(Debug)]
pub struct Handed {
    /// Files in [`ServerName::runtime_folder`], which its user alone can read.
    pub files: Vec<(&'static str, Secret)>,
    /// Variables.
    pub environment: Vec<(&'static str, Secret)>,
}
