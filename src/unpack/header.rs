//! One entry's headers: what it is, its name and its target, with the extension headers before it.

use super::limits::Limits;
use super::name::{Name, Target};
use super::refusal::{Result, UnpackError, refused, unreadable};
use super::shown::shown;
use super::tree::Kind;
use tar::{EntryType, Header, PaxExtensions};

/// Something to unpack.
#[derive(Debug)]
pub struct Item {
    pub name: Name,
    pub kind: Kind,
}

/// Headers that tell more of the next entry, or of all that follow.
pub fn is_extension(kind: EntryType) -> bool {
    matches!(
        kind,
        EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader | EntryType::XGlobalHeader
    )
}

/// Values that extension headers give for the next entry.
#[derive(Debug, Default)]
pub struct Extensions {
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<Vec<u8>>,
}

impl Extensions {
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.target.is_none() && self.size.is_none()
    }

    /// Adds a header; each thing may be said once, as readers differ in which of two they believe.
    pub fn add(&mut self, kind: EntryType, content: &[u8]) -> Result<()> {
        match kind {
            EntryType::GNULongName => once(&mut self.name, without_end(content)),
            EntryType::GNULongLink => once(&mut self.target, without_end(content)),
            _ => self.add_records(content, kind == EntryType::XGlobalHeader),
        }
    }

    fn add_records(&mut self, content: &[u8], global: bool) -> Result<()> {
        for record in PaxExtensions::new(content) {
            let malformed = || UnpackError::Unreadable("a PAX header is malformed".to_string());
            let record = record.map_err(|_| malformed())?;
            let (key, value) = (record.key_bytes(), record.value_bytes());
            if key.starts_with(b"GNU.sparse.") {
                return refused("it holds a sparse file, which is not unpacked");
            }
            let place = match key {
                b"path" => &mut self.name,
                b"linkpath" => &mut self.target,
                b"size" => &mut self.size,
                // Times, owners, attributes: ours are used.
                _ => continue,
            };
            if global {
                return refused("it gives one name or size to all its entries");
            }
            once(place, value)?;
        }
        Ok(())
    }
}

fn once(place: &mut Option<Vec<u8>>, value: &[u8]) -> Result<()> {
    if place.is_some() {
        return refused("it gives an entry two names or two sizes");
    }
    *place = Some(value.to_vec());
    Ok(())
}

/// GNU's long names end with a zero byte.
fn without_end(content: &[u8]) -> &[u8] {
    content.strip_suffix(b"\0").unwrap_or(content)
}

impl Item {
    /// `None`: the folder that is unpacked into.
    pub fn read(header: &Header, extensions: Extensions, limits: &Limits) -> Result<Option<Item>> {
        let size = header.entry_size().map_err(|error| unreadable(&error))?;
        let said = extensions.size.as_deref().map(|said| std::str::from_utf8(said).ok()?.parse::<u64>().ok());
        if said.is_some_and(|said| said != Some(size)) {
            return refused("it gives an entry two sizes");
        }
        let bytes = extensions.name.unwrap_or_else(|| header.path_bytes().into_owned());
        let Some(name) = Name::parse(&bytes, limits)? else {
            return match header.entry_type() {
                EntryType::Directory => Ok(None),
                _ => refused("it has an entry without a name"),
            };
        };
        let is_folder = bytes.ends_with(b"/");
        let kind = match header.entry_type() {
            EntryType::Directory => Kind::Folder,
            // The oldest tars know folders by their name's end.
            EntryType::Regular if is_folder => Kind::Folder,
            EntryType::Regular => {
                Kind::File { executable: header.mode().is_ok_and(|mode| mode & 0o100 != 0) }
            }
            EntryType::Symlink => {
                let target = extensions.target.or_else(|| Some(header.link_name_bytes()?.into_owned()));
                Kind::Link(Target::parse(&target.unwrap_or_default(), &name, limits)?)
            }
            EntryType::Link => {
                return refused(format!(
                    "its entry {} is a hard link, which is not unpacked; `tar --hard-dereference` packs the file itself",
                    shown(name.as_str())
                ));
            }
            kind => {
                return refused(format!(
                    "its entry {} is {}, which no runtime has",
                    shown(name.as_str()),
                    called(kind)
                ));
            }
        };
        if size > 0 && !matches!(kind, Kind::File { .. }) {
            return refused(format!("its entry {} is no file and has {size} bytes", shown(name.as_str())));
        }
        Ok(Some(Item { name, kind }))
    }
}

fn called(kind: EntryType) -> String {
    match kind {
        EntryType::Char | EntryType::Block => "a device".to_string(),
        EntryType::Fifo => "a pipe".to_string(),
        EntryType::GNUSparse => "a sparse file".to_string(),
        other => format!("of tar's type {:?}", other.as_byte() as char),
    }
}
