//! Reads an archive, compressed or not, and stops where it unpacks to more than it may.

use super::limits::Limits;
use flate2::read::MultiGzDecoder;
use std::cell::{Cell, RefCell};
use std::io::{self, Cursor, Read};
use std::rc::Rc;

/// Counts the bytes read and unpacked so far, and keeps the limit that was exceeded.
#[derive(Debug, Default)]
pub struct Meter {
    compressed: Cell<u64>,
    breach: RefCell<Option<String>>,
}

impl Meter {
    pub fn breach(&self) -> Option<String> {
        self.breach.borrow().clone()
    }
}

/// Counts the compressed bytes.
struct Counted<R> {
    inner: R,
    meter: Rc<Meter>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.meter.compressed.set(self.meter.compressed.get() + read as u64);
        Ok(read)
    }
}

type Whole<R> = Counted<io::Chain<Cursor<Vec<u8>>, R>>;

enum Stream<R> {
    Plain(Whole<R>),
    Gzip(Box<MultiGzDecoder<io::BufReader<Whole<R>>>>),
}

/// The unpacked bytes of an archive.
pub struct Metered<R> {
    stream: Stream<R>,
    meter: Rc<Meter>,
    unpacked: u64,
    limits: Limits,
}

impl<R: Read> Metered<R> {
    pub fn open(mut archive: R, limits: &Limits) -> io::Result<Metered<R>> {
        let mut magic = Vec::new();
        archive.by_ref().take(2).read_to_end(&mut magic)?;
        let is_gzip = magic == [0x1f, 0x8b];
        let meter = Rc::new(Meter::default());
        let whole = Counted { inner: Cursor::new(magic).chain(archive), meter: meter.clone() };
        let stream = if is_gzip {
            Stream::Gzip(Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(64 << 10, whole))))
        } else {
            Stream::Plain(whole)
        };
        Ok(Metered { stream, meter, unpacked: 0, limits: *limits })
    }

    pub fn meter(&self) -> Rc<Meter> {
        self.meter.clone()
    }

    fn check(&self) -> Option<String> {
        let Limits { bytes, ratio, ratio_from, .. } = self.limits;
        if self.unpacked > bytes {
            return Some(format!("it unpacks to more than {bytes} bytes"));
        }
        let Stream::Gzip(_) = self.stream else { return None };
        let expected = self.meter.compressed.get().saturating_mul(ratio);
        (self.unpacked > ratio_from && self.unpacked > expected)
            .then(|| format!("it unpacks to more than {ratio} times its compressed size"))
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.stream {
            Stream::Plain(stream) => stream.read(buffer)?,
            Stream::Gzip(stream) => stream.read(buffer)?,
        };
        self.unpacked += read as u64;
        if let Some(breach) = self.check() {
            self.meter.breach.replace(Some(breach.clone()));
            return Err(io::Error::other(breach));
        }
        Ok(read)
    }
}
