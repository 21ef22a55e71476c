//! TCP ports that something listens on, from /proc.

use crate::hardware::facts::Gaps;
use crate::hardware::facts::Port;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;

pub fn probe(gaps: &mut Gaps) -> Vec<Port> {
    let mut listening = BTreeMap::new();
    if let Some(text) = gaps.read("/proc/net/tcp", "ports") {
        listeners(&text, &mut listening);
    }
    // Absent where IPv6 is off.
    listeners(&fs::read_to_string("/proc/net/tcp6").unwrap_or_default(), &mut listening);
    let owners = if listening.is_empty() { BTreeMap::new() } else { socket_owners() };
    listening
        .into_iter()
        .map(|(port, Listening { addresses, inodes })| Port {
            port,
            addresses: addresses.into_iter().collect(),
            process: inodes.iter().find_map(|inode| owners.get(inode).cloned()),
        })
        .collect()
}

#[derive(Debug, Default)]
struct Listening {
    addresses: BTreeSet<IpAddr>,
    inodes: BTreeSet<u64>,
}

/// An address of /proc/net/tcp: words of 32 bits in hex, each in this machine's order.
fn address(hex: &str) -> Option<IpAddr> {
    let mut bytes = Vec::new();
    for at in (0..hex.len()).step_by(8) {
        bytes.extend(u32::from_str_radix(hex.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    }
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(bytes).ok().map(|bytes| IpAddr::from(bytes).to_canonical()),
    }
}

/// Adds the ports in state LISTEN (0A) of one /proc/net/tcp table, with their addresses and inodes.
fn listeners(table: &str, into: &mut BTreeMap<u16, Listening>) {
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (Some(local), Some(&"0A"), Some(inode)) = (fields.get(1), fields.get(3), fields.get(9)) else {
            continue;
        };
        let Some((host, port)) = local.rsplit_once(':') else { continue };
        if let (Ok(port), Ok(inode)) = (u16::from_str_radix(port, 16), inode.parse()) {
            let listening = into.entry(port).or_default();
            listening.addresses.extend(address(host));
            listening.inodes.insert(inode);
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
        assert_eq!(found.addresses, [listener.local_addr().unwrap().ip()]);
        assert!(found.process.unwrap().contains(&format!("pid {}", std::process::id())));
    }

    #[test]
    fn connected_sockets_and_garbage_are_not_listeners() {
        let local: &[IpAddr] = &["127.0.0.1".parse().unwrap()];
        let table = "  sl  local_address rem_address   st\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 77 1\n\
            1: 0100007F:0050 0100007F:9999 01 00000000:00000000 00:00000000 00000000 0 0 78 1\n\
            garbage\n";
        let mut found = BTreeMap::new();
        listeners(table, &mut found);
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [8080]);
        assert_eq!(found[&8080].addresses.iter().copied().collect::<Vec<_>>(), local);
        for (hex, read) in [
            ("00000000", Some("0.0.0.0")),
            ("00000000000000000000000001000000", Some("::1")),
            ("B80D0120000000000000000001000000", Some("2001:db8::1")),
            ("0000000000000000FFFF00000100007F", Some("127.0.0.1")),
            ("0100007", None),
        ] {
            assert_eq!(address(hex), read.map(|text| text.parse().unwrap()), "{hex}");
        }
    }
}
