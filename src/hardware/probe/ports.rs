//! TCP ports that something listens on, and who does.

use crate::hardware::facts::{Gaps, Port};
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, sockopt};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub fn probe(gaps: &mut Gaps) -> Vec<Port> {
    let listeners = asked().unwrap_or_else(|_| listed(gaps));
    let mut ports: BTreeMap<u16, (BTreeSet<IpAddr>, BTreeSet<u64>)> = BTreeMap::new();
    for Listener { port, address, inode, .. } in listeners {
        let (addresses, inodes) = ports.entry(port).or_default();
        addresses.insert(address);
        inodes.insert(inode);
    }
    let owners = if ports.is_empty() { BTreeMap::new() } else { socket_owners() };
    let named = |inode: &u64| owners.get(inode).map(|(_, name)| name.clone());
    let port = |(port, (addresses, inodes)): (u16, (BTreeSet<IpAddr>, BTreeSet<u64>))| Port {
        port,
        addresses: addresses.into_iter().collect(),
        process: inodes.iter().find_map(named),
    };
    ports.into_iter().map(port).collect()
}

/// Addresses on which one of these processes listens, by the kernel.
pub fn listening(pids: &[u32]) -> io::Result<Vec<SocketAddr>> {
    let sockets: BTreeSet<u64> = pids.iter().flat_map(|pid| sockets_of(*pid)).collect();
    if sockets.is_empty() {
        return Ok(Vec::new());
    }
    let listeners = asked().unwrap_or_else(|_| listed(&mut Gaps::default()));
    let ours = listeners.into_iter().filter(|listener| sockets.contains(&listener.inode));
    let addresses: BTreeSet<SocketAddr> = ours.map(|l| SocketAddr::new(l.address, l.port)).collect();
    Ok(addresses.into_iter().collect())
}

/// Inodes of the sockets that a process has open, where this user may look.
fn sockets_of(pid: u32) -> Vec<u64> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let inode = |link: std::path::PathBuf| {
        link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
    };
    files.filter_map(|file| inode(fs::read_link(file.path()).ok()?)).collect()
}

/// Sockets of this host's own addresses, for who has to know whose they are.
pub mod sockets {
    use super::{Gaps, Listener, asked, listed, socket_owners};
    use std::fs;

    fn all(port: u16) -> impl Iterator<Item = Listener> {
        let all = asked().unwrap_or_else(|_| listed(&mut Gaps::default()));
        let here = |address: std::net::IpAddr| address.is_loopback() || address.is_unspecified();
        all.into_iter().filter(move |listener| listener.port == port && here(listener.address))
    }

    /// Inodes of those that listen on `port`, where a client on this host reaches them.
    pub fn listening(port: u16) -> Vec<u64> {
        all(port).map(|listener| listener.inode).collect()
    }

    /// Whether all that listen on `port` belong to the user `uid`, and one does.
    pub fn are_of_user(port: u16, uid: u32) -> bool {
        let mut uids = all(port).map(|listener| listener.uid).peekable();
        uids.peek().is_some() && uids.all(|owner| owner == uid)
    }

    /// The process `pid` holds the socket.
    pub fn has(pid: u32, inode: u64) -> bool {
        let link = format!("socket:[{inode}]");
        let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        open.into_iter()
            .any(|fd| fs::read_link(fd.path()).is_ok_and(|target| target.as_os_str() == link.as_str()))
    }

    /// A process that holds the socket, with its name: `nginx (pid 4711)`.
    pub fn holder(inode: u64) -> Option<(u32, String)> {
        socket_owners().remove(&inode)
    }
}

/// A listening socket.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Listener {
    port: u16,
    address: IpAddr,
    inode: u64,
    /// User who made it.
    uid: u32,
}

/// Asks the kernel for those that listen: milliseconds sooner than the whole table, whose size goes
/// with the machine's memory.
///
/// # Errors
/// A sandbox without AF_NETLINK, a kernel without sock_diag.
fn asked() -> io::Result<Vec<Listener>> {
    let flags = SocketFlags::CLOEXEC;
    let kind = Some(netlink::SOCK_DIAG);
    let socket = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, kind)?;
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(Duration::from_secs(1)))?;
    let mut found = Vec::new();
    for (family, socket_id) in [(AF_INET, SocketId::new_v4()), (AF_INET6, SocketId::new_v6())] {
        let request = InetRequest {
            family,
            protocol: IPPROTO_TCP,
            extensions: ExtensionFlags::empty(),
            states: StateFlags::LISTEN,
            socket_id,
        };
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        rustix::net::send(&socket, &bytes, SendFlags::empty())?;
        // The kernel makes no larger answer.
        let mut answer = vec![0; 32 << 10];
        loop {
            let (size, _) = rustix::net::recv(&socket, &mut answer[..], RecvFlags::empty())?;
            if answered(&answer[..size], &mut found)? {
                break;
            }
        }
    }
    Ok(found)
}

/// Adds what one answer holds; whether it was the last one.
fn answered(mut bytes: &[u8], found: &mut Vec<Listener>) -> io::Result<bool> {
    while !bytes.is_empty() {
        let message = NetlinkMessage::<SockDiagMessage>::deserialize(bytes).map_err(io::Error::other)?;
        match message.payload {
            NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(socket)) => {
                let id = &socket.header.socket_id;
                let (address, inode) = (id.source_address.to_canonical(), socket.header.inode.into());
                found.push(Listener { port: id.source_port, address, inode, uid: socket.header.uid });
            }
            NetlinkPayload::Done(_) => return Ok(true),
            NetlinkPayload::Error(error) => return Err(error.to_io()),
            _ => {}
        }
        // Messages start at multiples of four.
        let length = (message.header.length as usize).next_multiple_of(4);
        bytes = bytes.get(length.max(16)..).unwrap_or_default();
    }
    Ok(false)
}

/// Reads all sockets' tables. That of IPv6 is absent where it is off.
fn listed(gaps: &mut Gaps) -> Vec<Listener> {
    let mut tables = gaps.read("/proc/net/tcp", "ports").unwrap_or_default();
    tables += &fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
    tables.lines().filter_map(listener).collect()
}

/// A line of /proc/net/tcp in state LISTEN (0A).
fn listener(line: &str) -> Option<Listener> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (local, "0A", uid, inode) = (fields.get(1)?, *fields.get(3)?, fields.get(7)?, fields.get(9)?) else {
        return None;
    };
    let (host, port) = local.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(Listener { port, address: address(host)?, inode: inode.parse().ok()?, uid: uid.parse().ok()? })
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

/// Socket inode → process and `name (pid N)`, for the processes this user may look into.
fn socket_owners() -> BTreeMap<u64, (u32, String)> {
    let mut owners = BTreeMap::new();
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
        for inode in sockets_of(pid) {
            owners.entry(inode).or_insert_with(|| {
                let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                (pid, format!("{} (pid {pid})", name.trim()))
            });
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
    fn the_kernel_answers_what_its_tables_say() {
        let here: Vec<_> = ["127.0.0.1:0", "[::1]:0", "[::]:0"]
            .iter()
            .filter_map(|address| std::net::TcpListener::bind(address).ok())
            .map(|listener| (listener.local_addr().unwrap(), listener))
            .collect();
        // Other tests open and close ports meanwhile.
        let ours = |found: Vec<Listener>| {
            let is_here =
                |listener: &Listener| here.iter().any(|(address, _)| address.port() == listener.port);
            let mut ours: Vec<Listener> = found.into_iter().filter(is_here).collect();
            ours.sort();
            ours
        };
        let (asked, listed) = (ours(asked().unwrap()), ours(listed(&mut Gaps::default())));
        assert_eq!(asked, listed);
        assert_eq!(asked.len(), here.len());
        for (address, _) in &here {
            assert!(asked.iter().any(|l| (l.address, l.port) == (address.ip(), address.port())), "{asked:?}");
        }
    }

    #[test]
    fn connected_sockets_and_garbage_are_not_listeners() {
        let table = "  sl  local_address rem_address   st\n\
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 998 0 77 1\n\
            1: 0100007F:0050 0100007F:9999 01 00000000:00000000 00:00000000 00000000 0 0 78 1\n\
            garbage\n";
        let found: Vec<Listener> = table.lines().filter_map(listener).collect();
        let address_of = |text: &str| text.parse().unwrap();
        assert_eq!(found, [Listener { port: 8080, address: address_of("127.0.0.1"), inode: 77, uid: 998 }]);
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
