//! Catalogues into offers: what can be read replaces what was known of that cloud, the rest stays.

use super::rows::{BrokenRow, Table};
use super::sources::{Catalogue, Cloud, Said, Source};
use super::Offer;
use crate::error::{Context, Failure, Result};
use crate::fetch::page::Pages;

/// What happened to one cloud of one source.
#[derive(Debug)]
pub enum Outcome {
    Read { address: String, rows: usize, offers: usize, broken: Vec<BrokenRow> },
    /// The source has no such file; what was known stays.
    Missing,
    /// What was known stays.
    Failed(anyhow::Error),
}

/// Reads every cloud of `source` under `base` into `offers`. `each` hears what happened to each cloud.
/// Errors: not one of its files is there.
pub fn update(
    offers: &mut Vec<Offer>,
    source: &dyn Source,
    base: &str,
    pages: &Pages,
    today: jiff::civil::Date,
    each: &mut dyn FnMut(&Cloud, &Outcome),
) -> Result<()> {
    let (mut found, mut failed) = (false, Vec::new());
    for cloud in source.clouds() {
        let outcome = match source.fetch(pages, base, cloud) {
            Ok(None) => Outcome::Missing,
            Ok(Some(catalogue)) => match read(source, cloud, &catalogue, today) {
                Ok((fresh, rows, broken)) => {
                    let count = fresh.len();
                    replace(offers, source, cloud, fresh);
                    Outcome::Read { address: catalogue.address, rows, offers: count, broken }
                }
                Err(error) => Outcome::Failed(error.context(catalogue.address)),
            },
            Err(error) => Outcome::Failed(error),
        };
        each(cloud, &outcome);
        match outcome {
            Outcome::Missing => {}
            Outcome::Read { .. } => found = true,
            Outcome::Failed(_) => {
                found = true;
                failed.push(cloud.id);
            }
        }
    }
    if !found {
        return Err(Failure::failed(format!("{} has none of its files at {base}", source.name()))
            .hint("--from takes the address above its clouds' files")
            .into());
    }
    if !failed.is_empty() {
        return Err(Failure::failed(format!("{} failed for {}", source.name(), failed.join(", "))).into());
    }
    Ok(())
}

/// Offers, how many rows there were, and the broken ones. Errors: it is no table of this source, or one
/// without a single usable price, which is more likely a fault than a cloud that rents nothing.
fn read(
    source: &dyn Source,
    cloud: &Cloud,
    catalogue: &Catalogue,
    today: jiff::civil::Date,
) -> Result<(Vec<Offer>, usize, Vec<BrokenRow>)> {
    let table = Table::read(&catalogue.csv).map_err(anyhow::Error::msg)?;
    for column in source.columns() {
        table.places([*column]).map_err(anyhow::Error::msg).context("it is no table of prices")?;
    }
    let day = catalogue.day.filter(|day| *day <= today).unwrap_or(today);
    let (mut offers, mut broken, mut rows, mut sound) = (Vec::new(), Vec::new(), 0, 0);
    for (line, fields) in table.rows() {
        rows += 1;
        match fields.map(|fields| source.row(cloud, &fields)) {
            Ok(Said::Price(listed)) => offers.push(listed.offer(source, cloud, day)),
            Ok(Said::NotForUs) => sound += 1,
            Ok(Said::Broken(why)) | Err(why) => broken.push(BrokenRow { line, why }),
        }
    }
    if offers.is_empty() && (sound == 0 || !broken.is_empty()) {
        let first = broken.first().map_or(String::new(), |row| format!("; {row}"));
        return Err(Failure::failed(format!("none of its {rows} rows is an offer{first}")).into());
    }
    Ok((offers, rows, broken))
}

fn replace(offers: &mut Vec<Offer>, source: &dyn Source, cloud: &Cloud, fresh: Vec<Offer>) {
    offers.retain(|offer| offer.source != source.title() || offer.provider != cloud.provider);
    offers.extend(fresh);
}
