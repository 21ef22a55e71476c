//! The keys of one start, as text-generation-webui v4.9 takes them without their being in argv.
//!
//! - `CMD_FLAGS.txt` in its `--user-data-dir` has arguments, and may have `--api-key` and `--admin-key`. The second opens
//!   what loads other models with arguments of the caller's choice: nobody gets it.
//! - It asks its llama-server without a key. `requests`, by which it asks, sends the user and password of the file that
//!   `NETRC` names, as `Authorization: Basic …`; llama-server compares the whole header where it is no `Bearer`, so that
//!   this header as `LLAMA_API_KEY` closes it to everyone else on the host.
//!
//! Its port is the API's and 5, where nothing else listens.

use crate::engine::front::{Front, Handed, Keys};
use crate::engine::llama_cpp::api;
use crate::engine::server::{ADDRESS, ServerName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// server.py in front of a llama-server.
pub static FRONT: Front = Front {
    script: super::flags::SCRIPT,
    runs: "portable_env/bin/python3",
    // Python, its packages and a desktop's Electron; the same without the last has 8151.
    most_files: 40_000,
    data: "user_data",
    links: &["characters", "instruction-templates", "presets"],
    behind: 5,
    guarded: api::GUARDED,
    hands,
};

/// File with arguments.
const ARGUMENTS: &str = "CMD_FLAGS.txt";
/// File with user and password for the llama-server, and the user's name in it.
const NETRC: &str = "netrc";
const USER: &str = "agi-provision";

fn hands(keys: &Keys, server: ServerName) -> Handed {
    let Keys { api, nobodys, behind } = keys;
    let arguments = format!("--api-key {}\n--admin-key {}\n", api.expose(), nobodys.expose());
    let netrc = format!("machine {ADDRESS} login {USER} password {}\n", behind.expose());
    let basic = STANDARD.encode(format!("{USER}:{}", behind.expose()));
    let netrc_path = format!("{}/{NETRC}", server.runtime_folder());
    // It logs the last characters of one key; of two keys it logs their number alone.
    let llama_keys = format!("Basic {basic},{}", nobodys.expose());
    Handed {
        files: vec![(ARGUMENTS, arguments.into()), (NETRC, netrc.into())],
        environment: vec![("NETRC", netrc_path.into()), ("LLAMA_API_KEY", llama_keys.into())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn the_keys_are_in_files_and_variables_and_the_llama_server_has_one_that_only_requests_sends() {
        let keys = Keys { api: "aa".into(), nobodys: "bb".into(), behind: "cc".into() };
        let handed = hands(&keys, ServerName::CHAT);
        let of = |all: &[(&'static str, Secret)]| -> Vec<String> {
            all.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect()
        };
        assert_eq!(
            of(&handed.files),
            [
                "CMD_FLAGS.txt=--api-key aa\n--admin-key bb\n",
                "netrc=machine 127.0.0.1 login agi-provision password cc\n"
            ]
        );
        // RFC 7617 of "agi-provision:cc".
        assert_eq!(
            of(&handed.environment),
            ["NETRC=/run/agi-provision-llama/netrc", "LLAMA_API_KEY=Basic YWdpLXByb3Zpc2lvbjpjYw==,bb"]
        );
    }
}
