//! Where refreshed offers are kept, and what planning reads: the refreshed file where there is one, with
//! the rows compiled in for the providers that it does not have.

use super::rates::{self, Rates};
use super::{Offer, file};
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::hardware::rows::BrokenRow;
use crate::outside::{self, Kind};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Known offers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Offers of the named file, or of the refreshed file and those compiled in.
    pub offers: Vec<Offer>,
    /// Parts of a file that could not be used, one sentence each.
    pub warnings: Vec<String>,
}

/// The user's refreshed offers: `offers.csv` in the data folder.
pub fn path() -> Option<PathBuf> {
    Some(crate::home::data()?.join("offers.csv"))
}

/// Every offer: of `named`, or of the refreshed file and those compiled in.
///
/// # Errors
/// `named` cannot be read, or is no offers file.
pub fn all(named: Option<&Path>) -> Result<Known> {
    known(named, &|bytes| file::parse_offers(bytes))
}

/// Works like [`all`], but of a file keeps only the offers that a choice can come to.
///
/// # Errors
/// `named` cannot be read, or is no offers file.
pub fn for_choice(named: Option<&Path>, rates: &Rates) -> Result<Known> {
    known(named, &|bytes| file::shortlist(bytes, rates))
}

/// The file of refreshed exchange rates.
pub fn rates_path() -> Option<PathBuf> {
    Some(crate::home::data()?.join("rates.csv"))
}

/// The rates compiled in, with what `offers update` read since.
pub fn rates() -> Rates {
    let fresh = rates_path().and_then(|path| kept(&path)).and_then(|bytes| rates::read(&bytes).ok());
    Rates::default().updated(fresh.unwrap_or_default())
}

/// Keeps `rates` for the plans to come, while `_held` keeps others from it.
///
/// # Errors
/// No home, or no right to write.
pub fn save_rates(rates: &Rates, _held: &LockedOffers) -> Result<()> {
    let path = rates_path().context("finding the data folder")?;
    files::write(&path, rates.to_csv().as_bytes(), 0o644)
}

type Reader<'a> = &'a dyn Fn(&[u8]) -> Result<file::OfferFile, String>;

fn known(named: Option<&Path>, read: Reader) -> Result<Known> {
    if let Some(path) = named {
        let bytes = outside::read_bounded(path, outside::TABLE, Kind::Named)
            .with_context(|| format!("reading {}", path.display()))?;
        let read = read(&bytes).map_err(|why| {
            Failure::usage(format!("{} is no offers file: {why}", path.display()))
                .hint(format!("its first line is {}", file::COLUMNS.join(",")))
        })?;
        if read.offers.is_empty() {
            let first = read.broken.first().map_or(": it has no rows".to_string(), |row| format!(": {row}"));
            return Err(Failure::usage(format!("{} has no offer that can be used{first}", path.display()))
                .hint("docs/offers.md says what stands in each column")
                .into());
        }
        return Ok(Known { warnings: warnings(path, &read.broken), offers: read.offers });
    }
    let embedded = super::all();
    let Some((path, bytes)) = path().and_then(|path| Some((path.clone(), kept(&path)?))) else {
        return Ok(Known { offers: embedded, warnings: Vec::new() });
    };
    Ok(match read(&bytes) {
        Ok(read) => Known { warnings: warnings(&path, &read.broken), offers: merged(read, embedded) },
        Err(why) => {
            let path = path.display();
            let warning = format!("{path} is no offers file ({why}); the prices compiled in are used");
            Known { offers: embedded, warnings: vec![warning] }
        }
    })
}

fn kept(path: &Path) -> Option<Vec<u8>> {
    outside::read_bounded(path, outside::TABLE, Kind::Regular).ok()
}

/// Refreshed providers replace their compiled-in rows.
fn merged(read: file::OfferFile, embedded: Vec<Offer>) -> Vec<Offer> {
    let mut offers = read.offers;
    offers.extend(embedded.into_iter().filter(|offer| !read.providers.contains(&offer.provider)));
    offers
}

fn warnings(path: &Path, broken: &[BrokenRow]) -> Vec<String> {
    const SHOWN: usize = 5;
    let mut all: Vec<String> = broken
        .iter()
        .take(SHOWN)
        .map(|row| format!("{}: {row}; this row is left out", path.display()))
        .collect();
    if broken.len() > SHOWN {
        all.push(format!("{}: {} more rows are left out", path.display(), broken.len() - SHOWN));
    }
    all
}

/// The refreshed file, held by one update at a time until dropped.
#[derive(Debug)]
pub struct LockedOffers {
    path: PathBuf,
    /// Its offers; empty where it could not be read.
    pub offers: Vec<Offer>,
    _lock: File,
}

impl LockedOffers {
    /// # Errors
    /// No home, no right to write, or another update is at it.
    pub fn take() -> Result<LockedOffers> {
        let path = path().ok_or_else(|| {
            Failure::failed("there is no data folder for the offers").hint("set HOME or XDG_DATA_HOME")
        })?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let lock = folder.join("offers.lock");
        let lock = File::options().create(true).append(true).open(&lock).context("opening offers.lock")?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(Failure::failed("another `offers update` is under way")
                .hint("wait until it has ended")
                .into());
        }
        let kept = kept(&path).and_then(|bytes| file::parse_offers(&bytes).ok());
        Ok(LockedOffers { path, offers: kept.unwrap_or_default().offers, _lock: lock })
    }

    /// Writes the offers, whole or not at all.
    pub fn save(&self) -> Result<&Path> {
        files::write(&self.path, &file::write(&self.offers), 0o644)?;
        Ok(&self.path)
    }
}
