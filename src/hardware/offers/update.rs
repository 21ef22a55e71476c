//! Catalogues into offers: what can be read replaces what was known of that cloud, the rest stays.

use super::Offer;
use super::sources::{Catalogue, Cloud, LeftOut, Reading, Source};
use crate::error::{Failure, Result};
use crate::fetch::page::Pages;
use crate::hardware::rows::BrokenRow;

/// Outcome for one cloud of one source.
#[derive(Debug)]
pub enum CloudOutcome {
    Read {
        address: String,
        rows: usize,
        offers: usize,
        left_out: Vec<LeftOut>,
        broken: Vec<BrokenRow>,
    },
    /// The source has no such file; what was known stays.
    Missing,
    /// Failed; the known offers stay.
    Failed(anyhow::Error),
}

/// How reading a source ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// Not one of its files is there.
    NothingThere,
    /// Something was read, except of these clouds.
    ReadExcept(Vec<&'static str>),
    /// Its files are there, but not one could be used.
    Unusable,
}

/// Reads every cloud of `source` under `base`, a URL or a folder, into `offers`; or the one cloud whose
/// table `base` itself is. `each` hears of a cloud when it begins and when it has ended.
pub fn update(
    offers: &mut Vec<Offer>,
    source: &dyn Source,
    base: &str,
    pages: &Pages,
    today: jiff::civil::Date,
    each: &mut dyn FnMut(&Cloud, Option<&CloudOutcome>),
) -> Ending {
    let (mut read_some, mut failed) = (false, Vec::new());
    let table = source.is_catalogue(base);
    for cloud in source.clouds().iter().filter(|cloud| !table || source.is_of(base, cloud)) {
        each(cloud, None);
        let fetched = if table { whole(pages, base) } else { source.fetch(pages, base, cloud) };
        let outcome = match fetched {
            Ok(None) => CloudOutcome::Missing,
            Ok(Some(catalogue)) => match read_catalogue(source, cloud, &catalogue, today) {
                Ok((fresh, Reading { rows, left_out, broken, .. })) => {
                    let (address, count) = (catalogue.address, fresh.len());
                    replace(offers, source, cloud, fresh);
                    CloudOutcome::Read { address, rows, offers: count, left_out, broken }
                }
                Err(error) => CloudOutcome::Failed(error.context(catalogue.address)),
            },
            Err(error) => CloudOutcome::Failed(error),
        };
        each(cloud, Some(&outcome));
        match outcome {
            CloudOutcome::Missing => {}
            CloudOutcome::Read { .. } => read_some = true,
            CloudOutcome::Failed(_) => failed.push(cloud.id),
        }
    }
    match (read_some, failed.is_empty()) {
        (true, _) => Ending::ReadExcept(failed),
        (false, true) => Ending::NothingThere,
        (false, false) => Ending::Unusable,
    }
}

fn whole(pages: &Pages, address: &str) -> Result<Option<Catalogue>> {
    let page = pages.get(address)?;
    Ok(page.map(|page| Catalogue { address: address.to_string(), bytes: page.bytes, day: None }))
}

/// Offers, and what else was read beside them. Errors: it is no table of this source, or one
/// without a single usable price, which is more likely a fault than a cloud that rents nothing.
pub(crate) fn read_catalogue(
    source: &dyn Source,
    cloud: &Cloud,
    catalogue: &Catalogue,
    today: jiff::civil::Date,
) -> Result<(Vec<Offer>, Reading)> {
    let mut reading = source.read(cloud, catalogue)?;
    let day = catalogue.day.filter(|day| *day <= today).unwrap_or(today);
    if reading.offers.is_empty() && (reading.left_out.is_empty() || !reading.broken.is_empty()) {
        let first = reading.broken.first().map_or(String::new(), |row| format!("; {row}"));
        return Err(Failure::failed(format!("none of its {} rows is an offer{first}", reading.rows)).into());
    }
    let listed = std::mem::take(&mut reading.offers);
    Ok((listed.into_iter().map(|listed| listed.offer(source, cloud, day)).collect(), reading))
}

fn replace(offers: &mut Vec<Offer>, source: &dyn Source, cloud: &Cloud, fresh: Vec<Offer>) {
    offers.retain(|offer| offer.source != source.title() || offer.provider != cloud.provider);
    offers.extend(fresh);
}
