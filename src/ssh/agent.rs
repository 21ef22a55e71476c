//! The keys an ssh-agent holds. Asked for here, with a time limit, before libssh2 talks to the agent:
//! it has no limit, and a forwarded agent whose connection is gone never answers.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(5);
/// OpenSSH's own bound on a message of an agent, bytes.
const LONGEST: usize = 256 << 10;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AgentKey {
    /// Public key, SSH wire format.
    pub blob: Vec<u8>,
    pub comment: String,
}

/// The agent's keys, in its order.
pub(super) fn keys(socket: &Path) -> io::Result<Vec<AgentKey>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.write_all(&[0, 0, 0, 1, REQUEST_IDENTITIES])?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > LONGEST {
        return Err(invalid());
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    parse(&answer).ok_or_else(invalid)
}

fn invalid() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it does not speak as an agent")
}

fn parse(answer: &[u8]) -> Option<Vec<AgentKey>> {
    let (&IDENTITIES_ANSWER, rest) = answer.split_first()? else { return None };
    let (count, mut rest) = rest.split_first_chunk::<4>()?;
    (0..u32::from_be_bytes(*count))
        .map(|_| {
            let blob = string(&mut rest)?.to_vec();
            let comment = String::from_utf8_lossy(string(&mut rest)?).into_owned();
            Some(AgentKey { blob, comment })
        })
        .collect()
}

/// Takes a string of the SSH wire format off the front.
pub(super) fn string<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (string, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *bytes = rest;
    Some(string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_is_read() {
        let answer = [&[12, 0, 0, 0, 1][..], &[0, 0, 0, 2, 7, 8], &[0, 0, 0, 1, b'c']].concat();
        assert_eq!(parse(&answer).unwrap(), [AgentKey { blob: vec![7, 8], comment: "c".into() }]);
        assert_eq!(parse(&answer[..answer.len() - 1]), None);
        assert_eq!(parse(&[5]), None);
        assert_eq!(parse(&[12, 255, 255, 255, 255]), None);
    }

    proptest! {
        #[test]
        fn arbitrary_answers_never_panic(answer in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&answer);
        }
    }
}
