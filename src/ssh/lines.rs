//! Output cut into lines.

/// A line of output without its newline; not always UTF-8.
pub type Line = Vec<u8>;

/// Bytes already asked for that may lie at the front before the rest is moved up.
const SLACK: usize = 256 << 10;

/// Bytes read and not yet asked for.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    /// Up to here there is no newline.
    searched: usize,
}

impl Buffer {
    pub fn unread(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub fn add(&mut self, bytes: &[u8]) {
        if self.start == self.bytes.len() || self.start > SLACK {
            self.bytes.drain(..self.start);
            self.searched = self.searched.saturating_sub(self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    pub fn take_line(&mut self) -> Option<Line> {
        let from = self.searched.max(self.start);
        let Some(at) = self.bytes[from..].iter().position(|&b| b == b'\n') else {
            self.searched = self.bytes.len();
            return None;
        };
        let line = self.bytes[self.start..from + at].to_vec();
        self.start = from + at + 1;
        Some(line)
    }

    /// The unfinished line, if it asks for a password.
    pub fn take_question(&mut self) -> Option<Line> {
        let from = self.bytes[self.start..].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let last = self.bytes[self.start + from..].trim_ascii_end().to_ascii_lowercase();
        let asks = from == 0 && last.ends_with(b":") && last.windows(8).any(|word| word == b"password");
        asks.then(|| self.take_all())
    }

    pub fn take_all(&mut self) -> Vec<u8> {
        let mut all = std::mem::take(self);
        all.bytes.drain(..all.start);
        all.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_an_unfinished_last_line_asks() {
        for (text, asks) in [
            ("\rdoas (me@box) password: ", true),
            ("Password:", true),
            ("password: \n", false),
            ("password: \nmore", false),
            ("done\nPassword: ", false),
            ("the password is", false),
            ("", false),
        ] {
            let mut buffer = Buffer::default();
            buffer.add(b"x\n");
            buffer.add(text.as_bytes());
            assert_eq!(buffer.take_line().unwrap(), b"x");
            assert_eq!(buffer.take_question().as_deref(), asks.then_some(text.as_bytes()), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn lines_come_out_as_they_went_in_however_they_are_cut(
            text in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200),
            cuts in prop::collection::vec(1usize..40, 1..20),
        ) {
            let mut buffer = Buffer::default();
            let mut lines = Vec::new();
            let mut rest = text.as_slice();
            for cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                buffer.add(piece);
                rest = after;
                lines.extend(std::iter::from_fn(|| buffer.take_line()));
                if rest.is_empty() {
                    break;
                }
            }
            lines.push(buffer.take_all());
            let want: Vec<&[u8]> = text.split(|&b| b == b'\n').collect();
            prop_assert_eq!(lines, want);
            prop_assert_eq!(buffer.unread(), 0);
        }
    }
}
