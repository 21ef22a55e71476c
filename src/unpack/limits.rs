//! How much of an archive is taken.

/// How much an archive may hold. What is over a limit is refused, with the limit in the error.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Files, folders, links and extension headers together.
    pub entries: usize,
    /// The unpacked tar, bytes.
    pub bytes: u64,
    /// One name or link target, bytes.
    pub name_bytes: usize,
    /// Folders above a file.
    pub depth: usize,
    /// An extension header: PAX records, or a GNU long name. Bytes.
    pub header_bytes: u64,
    /// Unpacked bytes for each compressed one, once more than `ratio_from` bytes were unpacked.
    pub ratio: u64,
    /// Unpacked bytes from which on the ratio counts.
    pub ratio_from: u64,
}

impl Limits {
    /// For a build of llama.cpp: about a hundred files, 60 to 2000 MB, 2 to 6 times its compressed size.
    pub const RUNTIME: Limits = Limits {
        entries: 10_000,
        bytes: 8 << 30,
        name_bytes: 1024,
        depth: 32,
        header_bytes: 64 << 10,
        ratio: 100,
        ratio_from: 64 << 20,
    };

    /// For the source of llama.cpp: about 4000 files, 180 MB, 5 times its compressed size.
    pub const SOURCE: Limits = Limits { entries: 50_000, bytes: 2 << 30, ..Limits::RUNTIME };
}
