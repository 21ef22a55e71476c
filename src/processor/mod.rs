//! Processors that a language model is run on: one file each, with all that this program knows of it. Its names in
//! the kernel, in ELF files, in packages and in llama.cpp's releases, and the instructions that matter.
//! docs/add-processor.md says how to add one.

use serde::{Deserialize, Serialize};
use std::fmt;

mod aarch64;
mod row;
mod x86_64;

pub use row::Row;

/// A family of processors. The default is that of profiles and plans which name none.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
pub enum Processor {
    /// Intel and AMD, 64 bits.
    #[default]
    #[serde(rename = "x86_64")]
    X86_64,
    /// Arm, 64 bits.
    #[serde(rename = "aarch64")]
    Aarch64,
}

impl Processor {
    /// All of them.
    pub const ALL: [Processor; 2] = [Processor::X86_64, Processor::Aarch64];

    /// Returns the properties of the processor.
    pub fn row(self) -> &'static Row {
        match self {
            Processor::X86_64 => &x86_64::ROW,
            Processor::Aarch64 => &aarch64::ROW,
        }
    }

    /// Returns the one that this program is built for.
    pub const fn own() -> Processor {
        // The program does not build for another one.
        const { assert!(x86_64::ROW.own || aarch64::ROW.own, "no file in src/processor is of this processor") };
        if aarch64::ROW.own { Processor::Aarch64 } else { Processor::X86_64 }
    }

    /// By its name in `uname -m`.
    pub fn of_uname(name: &str) -> Option<Processor> {
        Processor::ALL.into_iter().find(|processor| processor.row().uname == name)
    }

    /// By ELF's number.
    pub fn of_elf(number: u16) -> Option<Processor> {
        Processor::ALL.into_iter().find(|processor| processor.row().elf == number)
    }

    /// By a price catalogue's name.
    pub fn of_catalogue(name: &str) -> Option<Processor> {
        let is = |processor: &Processor| {
            processor.row().catalogues.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        Processor::ALL.into_iter().find(is)
    }

    /// Returns the names of all, as files have them: `x86_64, aarch64`.
    pub fn names() -> String {
        Processor::ALL.map(|processor| processor.row().uname).join(", ")
    }

    /// Whether profiles and plans that name none are for it.
    pub fn is_default(&self) -> bool {
        *self == Processor::default()
    }
}

impl fmt::Display for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().title)
    }
}

/// Keys of /proc/cpuinfo that list a processor's instructions.
pub fn flags_keys() -> impl Iterator<Item = &'static str> {
    Processor::ALL.into_iter().map(|processor| processor.row().flags_key)
}

/// The name of a model that /proc/cpuinfo has numbers for, such as `0x41` and `0xd0c`.
pub fn model(implementer: &str, part: &str) -> Option<&'static str> {
    let number = |text: &str| u16::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    let (implementer, part) = (number(implementer)?, number(part)?);
    let mut all = Processor::ALL.into_iter().flat_map(|processor| processor.row().models);
    all.find(|known| (known.0, known.1) == (implementer, part)).map(|known| known.2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_name_is_shared_by_two_processors() {
        type Names = fn(&Row) -> Vec<String>;
        let names: [Names; 7] = [
            |row| vec![row.title.to_string()],
            |row| vec![row.uname.to_string()],
            |row| vec![row.elf.to_string()],
            |row| vec![row.debian.to_string()],
            |row| vec![row.asset.to_string()],
            |row| row.catalogues.iter().map(|name| name.to_string()).collect(),
            |row| row.isa.iter().map(|name| name.to_string()).collect(),
        ];
        for (index, of) in names.into_iter().enumerate() {
            let all: Vec<String> = Processor::ALL.into_iter().flat_map(|one| of(one.row())).collect();
            let distinct: BTreeSet<&String> = all.iter().collect();
            assert_eq!(distinct.len(), all.len(), "{index}: {all:?}");
        }
        for processor in Processor::ALL {
            let row = processor.row();
            assert_eq!(Processor::of_uname(row.uname), Some(processor));
            assert_eq!(Processor::of_elf(row.elf), Some(processor));
            assert_eq!(Processor::of_catalogue(&row.catalogues[0].to_ascii_uppercase()), Some(processor));
            assert_eq!(serde_json::to_string(&processor).unwrap(), format!("\"{}\"", row.uname));
            assert!(row.needed.iter().chain(row.shown).all(|flag| row.isa.contains(flag)), "{processor}");
        }
        assert_eq!(Processor::of_uname("riscv64"), None);
    }

    #[test]
    fn this_machine_is_the_one_that_the_program_is_built_for() {
        let own = Processor::own().row();
        assert_eq!(own.uname, std::env::consts::ARCH);
        assert_eq!(
            Processor::of_uname(&rustix::system::uname().machine().to_string_lossy()),
            Some(Processor::own())
        );
        if let Ok(outcome) =
            crate::process::run("dpkg", &["--print-architecture"], std::time::Duration::from_secs(10))
        {
            assert_eq!(outcome.stdout.trim(), own.debian);
        }
    }

    #[test]
    fn numbers_of_a_model_have_its_name() {
        assert_eq!(model("0x41", "0xd0c"), Some("Neoverse-N1"));
        assert_eq!(model("0x41", "0xfff"), None);
        assert_eq!(model("", "0xd0c"), None);
    }
}
