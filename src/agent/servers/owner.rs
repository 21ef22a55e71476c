//! Who listens where one of our servers should. By the kernel: a socket is ours when our unit's main process
//! holds it, or another process of that unit.

use crate::hardware::probe::sockets;
use std::fs;

/// Owner of a listening port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nothing listens.
    Nobody,
    /// Our own unit listens.
    Ours,
    /// Somebody else: `nginx (pid 4711)`.
    Stranger(String),
}

/// Returns who listens on `port` of this host's own addresses. `pid` is the main process of `unit`, 0 for none.
pub fn of(port: u16, unit: &str, pid: u32) -> Owner {
    let ours = |other: u32| group(other, unit).is_some_and(|theirs| group(pid, unit) == Some(theirs));
    decide(&sockets::listening(port), |inode| match sockets::has(pid, inode) {
        true => Holder::Main,
        false => match sockets::holder(inode) {
            Some((other, _)) if pid != 0 && ours(other) => Holder::Main,
            Some((_, name)) => Holder::Other(name),
            None => Holder::Other("another process".to_string()),
        },
    })
}

/// Owner of one socket.
enum Holder {
    Main,
    Other(String),
}

fn decide(sockets: &[u64], holder: impl Fn(u64) -> Holder) -> Owner {
    let mut owner = Owner::Nobody;
    for inode in sockets {
        match holder(*inode) {
            // One of several is enough to take a connection that was meant for us.
            Holder::Other(who) => return Owner::Stranger(who),
            Holder::Main => owner = Owner::Ours,
        }
    }
    owner
}

/// The control groups of a process of `unit`, which systemd made. Those of a user's own unit of the same name
/// are others.
fn group(pid: u32, unit: &str) -> Option<String> {
    let of_unit = |text: &String| text.contains(&format!("/{unit}"));
    fs::read_to_string(format!("/proc/{pid}/cgroup")).ok().filter(of_unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::UNIT;
    use std::net::TcpListener;
    use std::process::{Command, Stdio};

    #[test]
    fn a_socket_is_ours_only_if_our_process_holds_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(of(port, UNIT, std::process::id()), Owner::Ours);
        // Our unit does not run, or its main process is another one.
        let mut other = Command::new("sleep").arg("60").stdout(Stdio::null()).spawn().unwrap();
        for pid in [0, other.id()] {
            match of(port, UNIT, pid) {
                Owner::Stranger(who) => {
                    assert!(who.contains(&format!("pid {}", std::process::id())), "{who}")
                }
                wrong => panic!("{pid}: {wrong:?}"),
            }
        }
        other.kill().and_then(|()| other.wait()).unwrap();
        drop(listener);
        assert_eq!(of(port, UNIT, std::process::id()), Owner::Nobody);
    }

    #[test]
    fn one_stranger_among_the_sockets_of_a_port_is_enough() {
        let holder = |inode: u64| match inode {
            0..10 => Holder::Main,
            _ => Holder::Other("nginx (pid 7)".to_string()),
        };
        let stranger = || Owner::Stranger("nginx (pid 7)".to_string());
        for (sockets, owner) in [
            (&[][..], Owner::Nobody),
            (&[1], Owner::Ours),
            (&[1, 2], Owner::Ours),
            (&[1, 20], stranger()),
            (&[20, 1], stranger()),
        ] {
            assert_eq!(decide(sockets, holder), owner, "{sockets:?}");
        }
    }
}
