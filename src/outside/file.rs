//! Files of unknown content, read up to a bound.

use rustix::fs::{FileType, Mode, OFlags};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Kinds of files that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Regular files, and /dev/null: for a name that a file or a directory gave.
    Regular,
    /// Pipes too: for a name that the user typed, which may be `/dev/stdin` or a shell's `<(command)`.
    Named,
}

/// Reads the file at `path`, links followed.
///
/// # Errors
/// The system's own; `InvalidInput` for a device, socket or pipe, without reading from it; `FileTooLarge` for more
/// than `most` bytes, of which no more than that are read.
pub fn read_bounded(path: &Path, most: u64, kind: Kind) -> io::Result<Vec<u8>> {
    // Opening a pipe that nobody writes to would wait for one.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    let stat = rustix::fs::fstat(&file)?;
    let what = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => None,
        FileType::Directory => return Err(rustix::io::Errno::ISDIR.into()),
        FileType::Fifo if kind == Kind::Named => {
            // The writer may come later, and is waited for.
            rustix::fs::fcntl_setfl(&file, OFlags::empty())?;
            None
        }
        FileType::CharacterDevice if stat.st_rdev == rustix::fs::makedev(1, 3) => return Ok(Vec::new()),
        FileType::Fifo => Some("a pipe"),
        FileType::CharacterDevice | FileType::BlockDevice => Some("a device"),
        _ => Some("something else"),
    };
    if let Some(what) = what {
        let why = format!("it is not a regular file but {what}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    // A file that says how long it is needs no second look at its end; those of /proc say 0.
    let mut bytes = Vec::with_capacity(u64::try_from(stat.st_size).unwrap_or(0).min(most) as usize + 1);
    File::from(file).take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes"))),
        false => Ok(bytes),
    }
}

/// Reads a file as [`read_bounded`] does, as text.
///
/// # Errors
/// Those of [`read_bounded`]; `InvalidData` if it is not UTF-8.
pub fn text(path: &Path, most: u64, kind: Kind) -> io::Result<String> {
    let bytes = read_bounded(path, most, kind)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_bounded(&path, 5, Kind::Regular).unwrap(), b"12345");
        let error = read_bounded(&path, 4, Kind::Regular).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 4 bytes");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        std::fs::write(&path, [0xff]).unwrap();
        assert!(text(&path, 5, Kind::Regular).unwrap_err().to_string().contains("UTF-8"));
        assert_eq!(
            read_bounded(&dir.path().join("none"), 5, Kind::Regular).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        assert_eq!(read_bounded(dir.path(), 5, Kind::Named).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert!(text(Path::new("/proc/self/status"), 1 << 16, Kind::Regular).unwrap().contains("Pid:"));
    }

    #[test]
    fn devices_and_pipes_are_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, FileType::Fifo, 0o600.into(), 0).unwrap();
        for (path, what) in [(pipe.as_path(), "a pipe"), (Path::new("/dev/zero"), "a device")] {
            let error = read_bounded(path, 1 << 10, Kind::Regular).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
        }
        assert!(read_bounded(Path::new("/dev/zero"), 1 << 10, Kind::Named).is_err());
        assert_eq!(read_bounded(Path::new("/dev/null"), 1 << 10, Kind::Regular).unwrap(), b"");
    }

    #[test]
    fn a_pipe_that_the_user_names_is_read_up_to_its_bound() {
        let (reader, mut writer) = io::pipe().unwrap();
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
        let thread = std::thread::spawn(move || writer.write_all(b"later"));
        assert_eq!(read_bounded(Path::new(&path), 5, Kind::Named).unwrap(), b"later");
        thread.join().unwrap().unwrap();
    }
}
