//! Tells whose a connection on this host is. Any user can connect to a port of 127.0.0.1; the kernel says which one did.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};

/// Returns the user at the other end of a connection over 127.0.0.1; `None` where the kernel does not know it any more.
pub fn user(stream: &TcpStream) -> Option<u32> {
    let (SocketAddr::V4(theirs), SocketAddr::V4(ours)) =
        (stream.peer_addr().ok()?, stream.local_addr().ok()?)
    else {
        return None;
    };
    of_table(&fs::read_to_string("/proc/net/tcp").ok()?, theirs, ours)
}

/// Reads the kernel's table: the line of the socket that is `theirs` and connected to `ours`.
fn of_table(table: &str, theirs: SocketAddrV4, ours: SocketAddrV4) -> Option<u32> {
    table.lines().skip(1).find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, local, remote, state, _, _, _, uid, ..] = words[..] else { return None };
        // 01: established. A socket that is closing belongs to nobody.
        let is_it = state == "01" && address(local) == Some(theirs) && address(remote) == Some(ours);
        is_it.then(|| uid.parse().ok()).flatten()
    })
}

/// `0100007F:C385` → 127.0.0.1:50053, on a machine whose bytes are in this order.
fn address(text: &str) -> Option<SocketAddrV4> {
    let (ip, port) = text.split_once(':')?;
    let ip = Ipv4Addr::from(u32::from_str_radix(ip, 16).ok()?.to_ne_bytes());
    Some(SocketAddrV4::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_connection_of_this_process_is_of_its_user() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        assert_eq!(user(&stream), Some(rustix::process::geteuid().as_raw()));
        drop(client);
    }

    #[test]
    fn only_the_socket_at_the_other_end_counts() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:C385 00000000:0000 0A 00000000:00000000 00:00000000 00000000   997        0 1 1\n\
            1: 0100007F:C385 0100007F:9C40 01 00000000:00000000 00:00000000 00000000   997        0 2 1\n\
            2: 0100007F:9C40 0100007F:C385 01 00000000:00000000 00:00000000 00000000   998        0 3 1\n\
            3: 0100007F:9C41 0100007F:C385 06 00000000:00000000 00:00000000 00000000     0        0 4 1\n";
        let at = |port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        assert_eq!(of_table(table, at(40000), at(50053)), Some(998));
        assert_eq!(of_table(table, at(40001), at(50053)), None, "it is closing");
        assert_eq!(of_table(table, at(40002), at(50053)), None);
    }
}
