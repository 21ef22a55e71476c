//! A published list of prices, and what is read from one.

use crate::error::Result;
use crate::fetch::page::Pages;
use crate::hardware::cards;
use crate::hardware::link::Link;
use crate::hardware::offers::currency::Currency;
use crate::hardware::offers::offer::{Dated, Gpus, HostKind, Machine, Offer};
use crate::hardware::rows::BrokenRow;
use crate::processor::Processor;
use std::fmt;

/// A published list of prices.
pub trait Source: Sync {
    /// The word that `--source` takes.
    fn name(&self) -> &'static str;
    /// Name by which an offer's source is written.
    fn title(&self) -> &'static str;
    /// Where it is published.
    fn address(&self) -> &'static str;
    /// Its place in a copy of the whole publication.
    fn folder(&self) -> &'static str;
    fn clouds(&self) -> &'static [Cloud];
    /// The catalogue of one cloud under `base`, a URL or a folder; `None` when there is none.
    ///
    /// # Errors
    /// It could not be had.
    fn fetch(&self, pages: &Pages, base: &str, cloud: &Cloud) -> Result<Option<Catalogue>>;

    /// Reads the offers in a catalogue. For a table in CSV, `csv::read_rows` does all but the row.
    ///
    /// # Errors
    /// It is no catalogue of this source.
    fn read(&self, cloud: &Cloud, catalogue: &Catalogue) -> Result<Reading>;

    /// Whether `address` is the catalogue of one cloud, and not a place with those of all.
    fn is_catalogue(&self, address: &str) -> bool {
        address.ends_with(".csv")
    }

    /// Whether `address`, which is a catalogue, is that of `cloud`: `…/runpod/vms.csv` and `…/runpod.csv` are
    /// RunPod's.
    fn is_of(&self, address: &str, cloud: &Cloud) -> bool {
        let mut parts = address.rsplit('/');
        let name = parts.next().and_then(|name| name.strip_suffix(".csv"));
        name == Some(cloud.id) || (name == Some("vms") && parts.next() == Some(cloud.id))
    }
}

/// One cloud in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Id in the source's files.
    pub id: &'static str,
    /// Provider's name in offers; sources that disagree on a name agree here.
    pub provider: &'static str,
    pub host: HostKind,
}

impl Cloud {
    pub(super) const fn vm(id: &'static str) -> Cloud {
        Cloud { id, provider: id, host: HostKind::Vm }
    }

    pub(super) const fn container(id: &'static str) -> Cloud {
        Cloud { id, provider: id, host: HostKind::Container }
    }

    pub(super) const fn called(self, provider: &'static str) -> Cloud {
        Cloud { provider, ..self }
    }
}

/// A table of prices as it was fetched.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// Where it came from, for messages.
    pub address: String,
    pub bytes: Vec<u8>,
    /// The day it was made, where that is known.
    pub day: Option<jiff::civil::Date>,
}

/// Content of a catalogue.
#[derive(Debug, Default)]
pub struct Reading {
    pub offers: Vec<Listed>,
    /// How many entries there were.
    pub rows: usize,
    /// Entries that are sound, but no on-demand price of a machine that this tool can use.
    pub left_out: Vec<LeftOut>,
    pub broken: Vec<BrokenRow>,
}

/// An entry that is sound and not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Line of the table, from 1.
    pub line: u64,
    /// Name of the machine; empty where it has none.
    pub instance: String,
    pub why: NotForUs,
}

/// Reason for which an entry is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotForUs {
    /// It has a price for spot instances only, or is one.
    Spot,
    /// It is a part of a machine, such as a card to add.
    Part,
    /// It is several machines at once.
    Cluster,
    /// Its processor is one that llama.cpp's releases are not built for.
    Processor,
    /// Its cards are priced in an entry of their own.
    CardsApart,
    /// Its cards are not in profiles/cards.csv, or are shares of one.
    Cards,
}

impl fmt::Display for NotForUs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotForUs::Spot => "no on-demand price",
            NotForUs::Part => "a part of a machine",
            NotForUs::Cluster => "several machines at once",
            NotForUs::Processor => "another processor",
            NotForUs::CardsApart => "its cards are priced apart",
            NotForUs::Cards => "cards that are not known, or a share of one",
        })
    }
}

/// Result of a row: an offer, or why it is not used.
pub type Row = Result<Listed, NotForUs>;

/// An offer before its source and day are added.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub instance: String,
    pub region: Option<String>,
    /// Price for an hour, in `currency`.
    pub per_hour: f64,
    pub currency: Currency,
    /// The most that a month is billed, of `currency`.
    pub per_month_cap: Option<f64>,
    pub machine: Machine,
}

impl Listed {
    pub fn offer(self, source: &dyn Source, cloud: &Cloud, day: jiff::civil::Date) -> Offer {
        Offer {
            provider: cloud.provider.to_string(),
            instance: self.instance,
            region: self.region,
            per_hour: self.per_hour,
            currency: self.currency,
            per_month_cap: self.per_month_cap,
            host: cloud.host,
            machine: self.machine,
            source: source.title().to_string(),
            as_of: day.to_string(),
            dated: Dated::Seen,
        }
    }
}

/// `count` cards of the kind that was recognised.
pub(super) fn gpus(count: f64, recognised: Option<(&cards::Card, Option<Link>)>) -> Option<Gpus> {
    let (card, link) = recognised?;
    // A share of a card is not a card.
    let whole = count >= 1.0 && count.fract() == 0.0;
    whole.then(|| Gpus { count: count as u64, name: card.name.clone(), vram_mib: card.vram_mib, link })
}

/// Returns the processor by a table's word for it; the default one where the table says nothing.
pub(super) fn processor(said: Option<&str>) -> Result<Processor, NotForUs> {
    said.map_or(Ok(Processor::default()), |name| Processor::of_catalogue(name).ok_or(NotForUs::Processor))
}

/// The day of an HTTP date.
pub(super) fn day_of(last_modified: Option<&str>) -> Option<jiff::civil::Date> {
    let time = jiff::fmt::rfc2822::DateTimeParser::new().parse_zoned(last_modified?).ok()?;
    Some(time.date())
}

/// `base` and a path below it, whether it is a URL or a folder.
pub(super) fn below(base: &str, path: &str) -> String {
    format!("{}/{path}", base.trim_end_matches('/'))
}

/// Verda's A100 and H100 are SXM boards: its own API calls them "A100 SXM4" and "H100 SXM5".
pub(super) fn verda_is_sxm(card: &str) -> bool {
    card.starts_with("A100") || card.starts_with("H100")
}
