//! TCP ports that something listens on, from /proc.

use crate::hardware::facts::Gaps;
use crate::hardware::facts::Port;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

pub fn probe(gaps: &mut Gaps) -> Vec<Port> {
    let mut listening: BTreeMap<u16, BTreeSet<u64>> = BTreeMap::new();
    if let Some(text) = gaps.read("/proc/net/tcp", "ports") {
        listeners(&text, &mut listening);
    }
    // Absent where IPv6 is off.
    listeners(&fs::read_to_string("/proc/net/tcp6").unwrap_or_default(), &mut listening);
    let owners = if listening.is_empty() { BTreeMap::new() } else { socket_owners() };
    listening
        .into_iter()
        .map(|(port, inodes)| Port {
            port,
            process: inodes.iter().find_map(|inode| owners.get(inode).cloned()),
        })
        .collect()
}

/// Adds the ports in state LISTEN (0A) of one /proc/net/tcp table, with their socket inodes.
fn listeners(table: &str, into: &mut BTreeMap<u16, BTreeSet<u64>>) {
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (Some(local), Some(&"0A"), Some(inode)) = (fields.get(1), fields.get(3), fields.get(9)) else {
            continue;
        };
        let port = local.rsplit(':').next().and_then(|hex| u16::from_str_radix(hex, 16).ok());
        if let (Some(port), Ok(inode)) = (port, inode.parse()) {
            into.entry(port).or_default().insert(inode);
        }
    }
}

/// Socket inode → `name (pid N)`, for the processes this user may look into.
fn socket_owners() -> BTreeMap<u64, String> {
    let mut owners = BTreeMap::new();
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
        for fd in fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
            let Ok(link) = fs::read_link(fd.path()) else { continue };
            let inode =
                link.to_str().and_then(|l| l.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            if let Some(inode) = inode {
                owners.entry(inode).or_insert_with(|| {
                    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                    format!("{} (pid {pid})", name.trim())
                });
            }
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_socket_of_this_process_is_found_with_its_owner() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let found = probe(&mut Gaps::default()).into_iter().find(|p| p.port == port).unwrap();
        assert!(found.process.unwrap().contains(&format!("pid {}", std::process::id())));
    }

    #[test]
    fn connected_sockets_and_garbage_are_not_listeners() {
        let table = "  sl  local_address rem_address   st\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 77 1\n\
            1: 0100007F:0050 0100007F:9999 01 00000000:00000000 00:00000000 00000000 0 0 78 1\n\
            garbage\n";
        let mut found = BTreeMap::new();
        listeners(table, &mut found);
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [8080]);
    }
}
