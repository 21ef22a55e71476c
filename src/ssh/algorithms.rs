//! The algorithms of this program, and which ones a server lacks: its first message names its own, unencrypted.

use std::fs::File;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::agent::string;
use super::proxy::Socket;

// Fast first, and nothing broken: no SHA-1, no CBC, no DSA, no host certificates (known_hosts'
// authorities are not checked here, so such a host must show its plain key).
pub(super) const KEX: &str = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,\
                              ecdh-sha2-nistp521,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,\
                              diffie-hellman-group14-sha256,diffie-hellman-group-exchange-sha256,\
                              mlkem768x25519-sha256";
pub(super) const CIPHERS: &str = "aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,\
                                  aes128-ctr,aes256-ctr";
pub(super) const MACS: &str =
    "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512";
pub(super) const HOST_KEYS: [&str; 6] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
];

/// Ciphers with which libssh2 wants no MAC in common; chacha20-poly1305 needs none, and it asks for one.
const SEALED: [&str; 2] = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"];

const LIMIT: Duration = Duration::from_secs(5);
/// Most bytes before and of the message, as in RFC 4253.
const LONGEST: usize = 35_000;
const KEXINIT: u8 = 20;

/// What the server on this fresh connection has none of that this program has: in one sentence for each kind.
/// `None` where it does not say, or lacks nothing.
pub(super) fn missing(socket: &Socket) -> Option<String> {
    let lists = offered(socket)?;
    let why = compare(&lists);
    (!why.is_empty()).then(|| why.join("; "))
}

/// The names that the server offers, in the order of the message.
fn offered(socket: &Socket) -> Option<Vec<Vec<String>>> {
    let mut stream = File::from(socket.try_clone().ok()?);
    stream.write_all(b"SSH-2.0-agi_provision\r\n").ok()?;
    let end = Instant::now() + LIMIT;
    let mut bytes = Vec::new();
    loop {
        if let Some(message) = first_message(&bytes) {
            return parse(message);
        }
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        let ready = poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&timeout)).ok()?;
        let mut piece = [0; 4096];
        let size = if ready == 0 { 0 } else { stream.read(&mut piece).ok()? };
        if size == 0 || bytes.len() > LONGEST {
            return None;
        }
        bytes.extend_from_slice(&piece[..size]);
    }
}

/// The payload of the first packet after the line that begins with `SSH-`.
fn first_message(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    loop {
        let end = rest.iter().position(|&b| b == b'\n')?;
        let banner = rest.starts_with(b"SSH-");
        rest = &rest[end + 1..];
        if banner {
            break;
        }
    }
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let packet = rest.get(..u32::from_be_bytes(*length) as usize)?;
    let (padding, payload) = packet.split_first()?;
    payload.get(..payload.len().checked_sub(usize::from(*padding))?)
}

fn parse(message: &[u8]) -> Option<Vec<Vec<String>>> {
    let (&KEXINIT, rest) = message.split_first()? else { return None };
    let mut rest = rest.get(16..)?;
    (0..8)
        .map(|_| {
            let names = String::from_utf8_lossy(string(&mut rest)?).into_owned();
            Some(names.split(',').map(str::to_string).collect())
        })
        .collect()
}

/// Compares with what this program has: key exchange, host key, cipher and MAC to the server and from it.
fn compare(lists: &[Vec<String>]) -> Vec<String> {
    let [kex, host_key, cipher_to, cipher_from, mac_to, mac_from, ..] = lists else { return Vec::new() };
    let host_keys = HOST_KEYS.join(",");
    let mut why = Vec::new();
    let mut check = |what: &str, ours: &str, theirs: &[String]| {
        let common = ours.split(',').find(|name| theirs.iter().any(|their| their == name));
        if common.is_none() {
            why.push(format!("it has no {what} but {}, and this program has {ours}", theirs.join(",")));
        }
        common.map(str::to_string)
    };
    check("key exchange", KEX, kex);
    check("host key", &host_keys, host_key);
    for (ciphers, macs) in [(cipher_to, mac_to), (cipher_from, mac_from)] {
        let cipher = check("cipher", CIPHERS, ciphers);
        if cipher.is_some_and(|cipher| !SEALED.contains(&cipher.as_str())) {
            check("MAC", MACS, macs);
        }
    }
    why.dedup();
    why
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ssh2::{MethodType, Session};

    #[test]
    fn libssh2_knows_every_method_asked_for() {
        let session = Session::new().unwrap();
        for (method, list) in
            [(MethodType::Kex, KEX), (MethodType::CryptCs, CIPHERS), (MethodType::MacCs, MACS)]
        {
            let known = session.supported_algs(method).unwrap();
            for name in list.split(',') {
                assert!(known.contains(&name), "{name} is not among {known:?}");
            }
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let list = |names: &str| names.split(',').map(str::to_string).collect::<Vec<_>>();
        let usual = [KEX, "ssh-ed25519", CIPHERS, CIPHERS, MACS, MACS].map(list);
        assert!(compare(&usual).is_empty());
        let umac = list("umac-128-etm@openssh.com");
        for (place, names, want) in [
            (
                0,
                list("sntrup761x25519-sha512"),
                "no key exchange but sntrup761x25519-sha512, and this program has curve",
            ),
            (1, list("ssh-dss"), "no host key but ssh-dss"),
            (3, list("aes128-cbc"), "no cipher but aes128-cbc"),
        ] {
            let mut lists = usual.clone();
            lists[place] = names;
            assert!(compare(&lists)[0].contains(want), "{:?}", compare(&lists));
        }
        let with = |cipher: &str| {
            [list(KEX), list("ssh-ed25519"), list(cipher), list(cipher), umac.clone(), umac.clone()]
        };
        assert!(compare(&with("aes256-gcm@openssh.com")).is_empty());
        for cipher in ["aes256-ctr", "chacha20-poly1305@openssh.com"] {
            assert_eq!(compare(&with(cipher)).len(), 1);
            assert!(compare(&with(cipher))[0].contains("no MAC but umac-128"));
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = first_message(&[b"SSH-2.0-x\r\n".as_slice(), &bytes].concat()).and_then(parse);
            let _ = parse(&[&[KEXINIT], bytes.as_slice()].concat());
        }
    }
}
