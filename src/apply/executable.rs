//! The executable that serves as agent: this program, or its build for the processor of a host.

use super::blobs::LocalFile;
use crate::checked::{Checksum, FileName};
use crate::elf::{Image, Machine};
use crate::error::{Context, Failure, Result};
use crate::paths;
use crate::processor::Processor;
use std::path::{Path, PathBuf};

/// The executable that serves as agent.
#[derive(Clone, Debug)]
pub struct AgentFile {
    /// Path on this machine.
    pub path: PathBuf,
    /// SHA-256 of the file.
    pub sha256: Checksum,
    /// Size of the file, bytes.
    pub size_bytes: u64,
    /// Processor that it is built for.
    pub processor: Processor,
    /// The user named it: no other one is taken in its place.
    pub named: bool,
}

impl AgentFile {
    /// Returns `given`, or this executable where it can run on a host, or the one for hosts that are not said to be
    /// others.
    pub fn find(given: Option<&Path>) -> Result<AgentFile> {
        match given {
            Some(path) => AgentFile::open(path, true),
            None if cfg!(target_os = "linux") => AgentFile::open(&own()?, false),
            None => AgentFile::beside(&own()?, Processor::default()),
        }
    }

    /// Returns `given`, or the executable for machines with that processor.
    pub fn find_for(given: Option<&Path>, processor: Processor) -> Result<AgentFile> {
        AgentFile::find(given)?.for_host(processor)
    }

    /// Returns the executable for a host with that processor: this one, or the one beside this program.
    ///
    /// # Errors
    /// There is none, or the user named one for another processor.
    pub fn for_host(self, processor: Processor) -> Result<AgentFile> {
        if self.processor == processor {
            return Ok(self);
        }
        if self.named {
            let path = self.path.display();
            return Err(Failure::failed(format!(
                "{path} is built for {}, and the machine is {processor}",
                self.processor
            ))
            .hint(format!(
                "give --agent FILE: the agi-provision executable for Linux on {processor}; without --agent the one \
                 beside this program is taken ({})",
                file_name(processor)
            ))
            .into());
        }
        AgentFile::beside(&own()?, processor)
    }

    /// Returns the executable for a host that named its processor so, or this one where it said nothing.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn for_uname(self, uname: Option<&str>) -> Result<AgentFile> {
        let Some(uname) = uname else { return Ok(self) };
        let processor = Processor::of_uname(uname).ok_or_else(|| {
            let known = Processor::ALL.map(|one| one.to_string()).join(" or ");
            Failure::failed(format!("the host is {uname}, for which there is no build of agi-provision"))
                .hint(format!("take a machine that is {known}"))
        })?;
        self.for_host(processor)
    }

    /// Finds the executable for `processor` in the folder of `program`.
    fn beside(program: &Path, processor: Processor) -> Result<AgentFile> {
        let path = program.with_file_name(file_name(processor));
        let hint = format!(
            "`scripts/build-agent {0}` in the project's source builds it and puts it there; --agent FILE names one \
             elsewhere: the agi-provision executable for Linux on {processor}, of the same version",
            processor.row().uname
        );
        if !path.exists() {
            let what = format!(
                "the machine is {processor}, this program is for {}, and there is no {}",
                Processor::own(),
                path.display()
            );
            return Err(Failure::failed(what).hint(hint).into());
        }
        let found = AgentFile::open(&path, false)?;
        match found.processor == processor {
            true => Ok(found),
            false => Err(Failure::failed(format!(
                "{} is built for {}, not for {processor}",
                path.display(),
                found.processor
            ))
            .hint(hint)
            .into()),
        }
    }

    fn open(path: &Path, named: bool) -> Result<AgentFile> {
        let file = LocalFile::open(path, FileName::new("agi-provision")?, |_| {})?;
        let processor = match Image::read(path).map(|image| image.machine) {
            Ok(Machine::Known(processor)) => processor,
            _ => Processor::own(),
        };
        let (sha256, size_bytes) = (file.blob.sha256, file.blob.size_bytes);
        Ok(AgentFile { path: file.path, sha256, size_bytes, processor, named })
    }

    /// Its place on a host.
    pub fn staged(&self) -> PathBuf {
        Path::new(paths::LIB).join(format!("agent-{}", self.sha256))
    }
}

/// Stands before the output of `uname -m` in the line by which a host asks for an agent: `=aarch64 MARKER`.
pub(super) const UNAME: char = '=';

/// Returns what such a line says of the processor, whatever a login shell left before it.
pub(super) fn uname_in(line: &[u8], marker: &str) -> Option<String> {
    let before = std::str::from_utf8(line.strip_suffix(marker.as_bytes())?).ok()?;
    let (_, name) = before.trim_end().rsplit_once(UNAME)?;
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    ((1..=32).contains(&name.len()) && name.chars().all(fine)).then(|| name.to_string())
}

/// Returns the name of the executable for a processor, beside this program.
fn file_name(processor: Processor) -> String {
    format!("agi-provision-{}", processor.row().uname)
}

fn own() -> Result<PathBuf> {
    std::env::current_exe().context("finding this executable")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// The first bytes of an executable, as far as [`Image::read`] looks: ELF's header and no program headers.
    fn program(folder: &Path, name: &str, processor: Processor) -> PathBuf {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(64, 0);
        bytes[16] = 2;
        bytes[18..20].copy_from_slice(&processor.row().elf.to_le_bytes());
        bytes[20] = 1;
        bytes[52] = 64;
        bytes[54] = 56;
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn refusal(found: Result<AgentFile>) -> (String, String) {
        let error = found.unwrap_err();
        (error.to_string(), crate::error::hint(&error).unwrap().to_string())
    }

    #[test]
    fn a_host_of_another_processor_gets_the_program_beside_this_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("agi-provision");
        let (own, other) = (Processor::X86_64, Processor::Aarch64);
        let (message, hint) = refusal(AgentFile::beside(&at, other));
        assert!(
            message.contains("agi-provision-aarch64") && hint.contains("scripts/build-agent aarch64"),
            "{hint}"
        );

        program(folder.path(), "agi-provision-aarch64", own);
        let (message, hint) = refusal(AgentFile::beside(&at, other));
        assert!(message.contains("is built for x86-64, not for aarch64") && hint.contains("build-agent"));

        let right = program(folder.path(), "agi-provision-aarch64", other);
        let found = AgentFile::beside(&at, other).unwrap();
        assert_eq!((found.path, found.processor, found.named), (right, other, false));
    }

    #[test]
    fn the_processor_is_read_from_the_line_that_asks_for_an_agent() {
        for (line, uname) in [
            ("=aarch64 mark", Some("aarch64")),
            ("Welcome a=b=x86_64 mark", Some("x86_64")),
            ("mark", None),
            ("= mark", None),
            ("=aarch64; rm mark", None),
            ("=aarch64", None),
        ] {
            assert_eq!(uname_in(line.as_bytes(), "mark").as_deref(), uname, "{line}");
        }
        let folder = tempfile::tempdir().unwrap();
        let mine = || AgentFile::open(&program(folder.path(), "mine", Processor::own()), false).unwrap();
        assert_eq!(mine().for_uname(None).unwrap().path, mine().path);
        assert_eq!(mine().for_uname(Some(Processor::own().row().uname)).unwrap().path, mine().path);
        let (message, hint) = refusal(mine().for_uname(Some("riscv64")));
        assert!(message.contains("riscv64") && hint.contains("x86-64 or aarch64"), "{message} {hint}");
    }

    #[test]
    fn a_named_program_is_taken_for_its_own_processor_only() {
        let folder = tempfile::tempdir().unwrap();
        let arm = program(folder.path(), "mine", Processor::Aarch64);
        assert_eq!(AgentFile::find_for(Some(&arm), Processor::Aarch64).unwrap().path, arm);
        let (message, hint) = refusal(AgentFile::find_for(Some(&arm), Processor::X86_64));
        assert!(message.contains("mine is built for aarch64, and the machine is x86-64"), "{message}");
        assert!(hint.contains("--agent FILE") && hint.contains("agi-provision-x86_64"), "{hint}");
    }
}
