//! One ELF file, by its program headers, as the loader reads it: what its section headers say, if it has
//! any, counts for nothing when it is run.

use super::bytes::Bytes;
use super::failure::Result;
use crate::processor::Processor;
use object::LittleEndian as LE;
use object::elf::{
    self, Dyn64, FileHeader64, ProgramHeader64, VER_FLG_WEAK, Verdaux, Verdef, Vernaux, Verneed,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// More of any of these has no program.
const MOST_HEADERS: u16 = 256;
const MOST_ENTRIES: u64 = 4096;

/// The processor that a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// A processor that this tool knows.
    Known(Processor),
    /// ELF's number of another one.
    Other(u16),
}

impl Machine {
    /// This executable's.
    pub const OWN: Machine = Machine::Known(Processor::own());

    fn of(number: u16) -> Machine {
        Processor::of_elf(number).map_or(Machine::Other(number), Machine::Known)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Machine::Known(processor) => processor.fmt(f),
            Machine::Other(number) => write!(f, "another processor (ELF machine {number})"),
        }
    }
}

/// A version of a library's symbols, such as GLIBC_2.38 of libc.so.6.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VersionNeed {
    /// Library that has to define the version.
    pub library: String,
    /// Name of the version, such as `GLIBC_2.34`.
    pub version: String,
    /// It runs without.
    pub weak: bool,
}

/// Parts of an ELF file that the loader reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Processor that it is for.
    pub machine: Machine,
    /// The loader that the kernel starts for it; none for libraries and static programs.
    pub interpreter: Option<String>,
    /// Name by which others need it.
    pub soname: Option<String>,
    /// Names of the libraries that it is linked with.
    pub needed: Vec<String>,
    /// Folders to look in, as they are written (`$ORIGIN/../lib`).
    pub rpath: Vec<String>,
    /// Folders of its libraries, from `DT_RUNPATH`.
    pub runpath: Vec<String>,
    /// Versions of symbols that it needs.
    pub versions_needed: Vec<VersionNeed>,
    /// Versions of symbols that it defines.
    pub versions_defined: BTreeSet<String>,
}

impl Image {
    /// Reads the file at `path`. Errors: it cannot be read, is not ELF, or is damaged.
    pub fn read(path: &Path) -> Result<Image> {
        Reader { bytes: Bytes::open(path)? }.image()
    }

    /// The oldest C library that it runs with, as 2.38; `None` where it says nothing of one.
    pub fn glibc_needed(&self) -> Option<(u32, u32)> {
        let needs = self.versions_needed.iter().filter(|need| !need.weak);
        needs.filter_map(|need| glibc(&need.version)).max()
    }
}

/// `GLIBC_2.2.5` is 2.2.
pub(super) fn glibc(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix("GLIBC_")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

struct Reader {
    bytes: Bytes,
}

/// A loaded part of the file: addresses from `start` on lie at `offset`.
struct Part {
    start: u64,
    length: u64,
    offset: u64,
}

/// Values of the dynamic table that say where the rest is.
#[derive(Default)]
struct Table {
    strings: Option<u64>,
    needed: Vec<u64>,
    soname: Option<u64>,
    rpath: Option<u64>,
    runpath: Option<u64>,
    verneed: Option<(u64, u64)>,
    verdef: Option<(u64, u64)>,
}

impl Reader {
    fn image(&self) -> Result<Image> {
        let header: FileHeader64<LE> = self.bytes.at(0).map_err(|_| self.bytes.not_elf())?;
        let is_elf = header.e_ident.magic == elf::ELFMAG
            && header.e_ident.class == elf::ELFCLASS64
            && header.e_ident.data == elf::ELFDATA2LSB
            && matches!(header.e_type.get(LE), elf::ET_EXEC | elf::ET_DYN);
        if !is_elf {
            return Err(self.bytes.not_elf());
        }
        let mut image = Image {
            machine: Machine::of(header.e_machine.get(LE).0),
            interpreter: None,
            soname: None,
            needed: Vec::new(),
            rpath: Vec::new(),
            runpath: Vec::new(),
            versions_needed: Vec::new(),
            versions_defined: BTreeSet::new(),
        };
        let count = header.e_phnum.get(LE);
        if count > MOST_HEADERS {
            return self.bytes.damaged("it has too many program headers");
        }
        let (mut parts, mut dynamic) = (Vec::new(), None);
        for index in 0..u64::from(count) {
            let at = header.e_phoff.get(LE).checked_add(index * size_of::<ProgramHeader64<LE>>() as u64);
            let program: ProgramHeader64<LE> = self.bytes.at(at.unwrap_or(u64::MAX))?;
            let (offset, length) = (program.p_offset.get(LE), program.p_filesz.get(LE));
            match program.p_type.get(LE) {
                elf::PT_LOAD => parts.push(Part { start: program.p_vaddr.get(LE), length, offset }),
                elf::PT_DYNAMIC => dynamic = Some((offset, length)),
                elf::PT_INTERP => image.interpreter = Some(self.bytes.text(offset)?),
                _ => {}
            }
        }
        let Some((offset, length)) = dynamic else { return Ok(image) };
        let table = self.table(offset, length)?;
        self.fill(&mut image, &table, &parts)?;
        Ok(image)
    }

    fn table(&self, offset: u64, length: u64) -> Result<Table> {
        let size = size_of::<Dyn64<LE>>() as u64;
        let mut table = Table::default();
        let mut counts = (0, 0);
        let mut places = (None, None);
        for index in 0..(length / size).min(MOST_ENTRIES) {
            let entry: Dyn64<LE> = self.bytes.at(offset.saturating_add(index * size))?;
            let value = entry.d_val.get(LE);
            match entry.d_tag.get(LE) {
                elf::DT_NULL => break,
                elf::DT_NEEDED => table.needed.push(value),
                elf::DT_STRTAB => table.strings = Some(value),
                elf::DT_SONAME => table.soname = Some(value),
                elf::DT_RPATH => table.rpath = Some(value),
                elf::DT_RUNPATH => table.runpath = Some(value),
                elf::DT_VERNEED => places.0 = Some(value),
                elf::DT_VERNEEDNUM => counts.0 = value,
                elf::DT_VERDEF => places.1 = Some(value),
                elf::DT_VERDEFNUM => counts.1 = value,
                _ => {}
            }
        }
        table.verneed = places.0.map(|place| (place, counts.0.min(MOST_ENTRIES)));
        table.verdef = places.1.map(|place| (place, counts.1.min(MOST_ENTRIES)));
        Ok(table)
    }

    fn fill(&self, image: &mut Image, table: &Table, parts: &[Part]) -> Result<()> {
        let place = |address: u64| {
            let part = parts
                .iter()
                .find(|part| address.checked_sub(part.start).is_some_and(|distance| distance < part.length));
            match part.and_then(|part| part.offset.checked_add(address - part.start)) {
                Some(place) => Ok(place),
                None => self.bytes.damaged("it refers to what it does not load"),
            }
        };
        let Some(strings) = table.strings.map(place).transpose()? else { return Ok(()) };
        let text = |offset: u64| self.bytes.text(strings.saturating_add(offset));
        let folders = |offset: Option<u64>| -> Result<Vec<String>> {
            let list = offset.map(text).transpose()?.unwrap_or_default();
            Ok(list.split(':').filter(|folder| !folder.is_empty()).map(str::to_string).collect())
        };
        image.needed = table.needed.iter().map(|offset| text(*offset)).collect::<Result<_>>()?;
        image.soname = table.soname.map(text).transpose()?;
        image.rpath = folders(table.rpath)?;
        image.runpath = folders(table.runpath)?;
        if let Some((address, count)) = table.verneed {
            self.versions_needed(image, place(address)?, count, &text)?;
        }
        if let Some((address, count)) = table.verdef {
            self.versions_defined(image, place(address)?, count, &text)?;
        }
        Ok(())
    }

    fn versions_needed(
        &self,
        image: &mut Image,
        mut at: u64,
        count: u64,
        text: &impl Fn(u64) -> Result<String>,
    ) -> Result<()> {
        for _ in 0..count {
            let need: Verneed<LE> = self.bytes.at(at)?;
            let library = text(need.vn_file.get(LE).into())?;
            let mut of = at.saturating_add(need.vn_aux.get(LE).into());
            for _ in 0..need.vn_cnt.get(LE) {
                let aux: Vernaux<LE> = self.bytes.at(of)?;
                image.versions_needed.push(VersionNeed {
                    library: library.clone(),
                    version: text(aux.vna_name.get(LE).into())?,
                    weak: aux.vna_flags.get(LE).0 & VER_FLG_WEAK.0 != 0,
                });
                match aux.vna_next.get(LE) {
                    0 => break,
                    next => of = of.saturating_add(next.into()),
                }
            }
            match need.vn_next.get(LE) {
                0 => break,
                next => at = at.saturating_add(next.into()),
            }
        }
        Ok(())
    }

    fn versions_defined(
        &self,
        image: &mut Image,
        mut at: u64,
        count: u64,
        text: &impl Fn(u64) -> Result<String>,
    ) -> Result<()> {
        for _ in 0..count {
            let definition: Verdef<LE> = self.bytes.at(at)?;
            // The first name is its own; others are of versions that it builds on.
            let aux: Verdaux<LE> = self.bytes.at(at.saturating_add(definition.vd_aux.get(LE).into()))?;
            image.versions_defined.insert(text(aux.vda_name.get(LE).into())?);
            match definition.vd_next.get(LE) {
                0 => break,
                next => at = at.saturating_add(next.into()),
            }
        }
        Ok(())
    }
}
