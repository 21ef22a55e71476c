//! Offers as a file: CSV with a header, the columns in any order, one offer a row.
//!
//! A plan needs the cheapest of each kind for each profile and nothing else, so [`shortlist`] sifts a
//! large file without keeping it: a hundred thousand rows cost some tens of milliseconds.

use super::matching::{Has, keeps};
use super::offer::{Currency, Gpus, HostKind, Machine, Offer, Period, price};
use crate::hardware::link::Link;
use crate::hardware::profiles::Profile;
use crate::hardware::rows::{BrokenRow, Table, name, number};
use csv::StringRecord;

/// The header, in the order in which it is written.
pub const COLUMNS: [&str; 16] = [
    "provider",
    "instance",
    "region",
    "per_hour",
    "currency",
    "per_month_cap",
    "host",
    "vcpu",
    "ram_gib",
    "disk_gb",
    "gpu_count",
    "gpu",
    "vram_mib",
    "link",
    "source",
    "as_of",
];

/// Content of an offers file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OfferFile {
    pub offers: Vec<Offer>,
    /// Providers of all rows, also of those that are not among the offers.
    pub providers: Vec<String>,
    pub broken: Vec<BrokenRow>,
}

/// Every offer of a file. Errors: it is no offers file at all.
pub fn parse_offers(bytes: &[u8]) -> Result<OfferFile, String> {
    let mut read = OfferFile::default();
    read.providers = scan(bytes, |line, row| match row.and_then(|row| row.offer()) {
        Ok(offer) => read.offers.push(offer),
        Err(why) => read.broken.push(BrokenRow { line, why }),
    })?;
    Ok(read)
}

/// Works like [`parse_offers`], but keeps only the offers that a choice among `profiles` can come to: for each, in each
/// currency and kind of host, the cheapest by the hour, the day and the month.
pub fn shortlist(bytes: &[u8], profiles: &[Profile]) -> Result<OfferFile, String> {
    const PERIODS: [Period; 3] = [Period::Hour, Period::Day, Period::Month];
    let rented: Vec<&Profile> = profiles.iter().filter(|profile| profile.is_rented()).collect();
    // By profile, currency, kind of host and period.
    let mut best: Vec<[[[Option<Offer>; 3]; 2]; 2]> = vec![Default::default(); rented.len()];
    let mut broken = Vec::new();
    let providers = scan(bytes, |line, row| {
        let outcome = row.and_then(|row| {
            let mut offer = None;
            for (profile, best) in rented.iter().zip(&mut best) {
                let best = &mut best[row.currency as usize][row.host as usize];
                let dearer = |best: &Offer, period| price(row.per_hour, row.cap, period) > best.price(period);
                let beats =
                    |period, best: &Option<Offer>| best.as_ref().is_none_or(|best| !dearer(best, period));
                let competes = PERIODS.iter().zip(best.iter()).any(|(period, best)| beats(*period, best));
                if !competes || !keeps(row.has, profile) {
                    continue;
                }
                if offer.is_none() {
                    offer = Some(row.offer()?);
                }
                let offer = offer.as_ref().expect("made above");
                for (period, best) in PERIODS.iter().zip(best) {
                    if best.as_ref().is_none_or(|best| offer.order(best, *period).is_lt()) {
                        *best = Some(offer.clone());
                    }
                }
            }
            Ok(())
        });
        if let Err(why) = outcome {
            broken.push(BrokenRow { line, why });
        }
    })?;
    let mut offers: Vec<Offer> = best.into_iter().flatten().flatten().flatten().flatten().collect();
    offers.sort_by(|a, b| a.order(b, Period::Hour));
    offers.dedup();
    Ok(OfferFile { offers, providers, broken })
}

/// The file of `offers`: sorted, so that the same offers are the same bytes.
pub fn write(offers: &[Offer]) -> Vec<u8> {
    let mut sorted: Vec<&Offer> = offers.iter().collect();
    sorted.sort_by(|a, b| {
        let key = |offer: &Offer| (offer.source.clone(), offer.provider.clone());
        key(a).cmp(&key(b)).then_with(|| a.order(b, Period::Hour))
    });
    sorted.dedup();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let text = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let records = sorted.into_iter().map(|offer| {
        let gpus = offer.machine.gpus.as_ref();
        [
            offer.provider.clone(),
            offer.instance.clone(),
            offer.region.clone().unwrap_or_default(),
            offer.per_hour.to_string(),
            offer.currency.to_string(),
            text(offer.per_month_cap),
            offer.host.to_string(),
            text(offer.machine.vcpu),
            text(offer.machine.ram_gib),
            text(offer.machine.disk_gb),
            gpus.map_or(String::new(), |gpus| gpus.count.to_string()),
            gpus.map_or(String::new(), |gpus| gpus.name.clone()),
            gpus.map_or(String::new(), |gpus| gpus.vram_mib.to_string()),
            gpus.and_then(|gpus| gpus.link).map_or(String::new(), |link| link.to_string()),
            offer.source.clone(),
            offer.as_of.clone(),
        ]
    });
    let header = std::iter::once(COLUMNS.map(String::from));
    header.chain(records).try_for_each(|record| writer.write_record(&record)).expect("memory takes it");
    writer.into_inner().expect("memory takes it")
}

/// A row that has been checked, with its texts where they lie.
struct Row<'a> {
    record: &'a StringRecord,
    places: &'a [usize; COLUMNS.len()],
    per_hour: f64,
    currency: Currency,
    cap: Option<f64>,
    host: HostKind,
    has: Has<'a>,
}

/// Every row, sound or not; gives the providers.
fn scan(bytes: &[u8], mut each: impl FnMut(u64, Result<Row<'_>, String>)) -> Result<Vec<String>, String> {
    let table = Table::read(bytes)?;
    let places = table.places(COLUMNS)?;
    let mut providers: Vec<String> = Vec::new();
    table.scan(|line, record| match record {
        Ok(record) => {
            let provider = record.get(places[0]).unwrap_or_default();
            // A written file has them one after the other.
            if !providers.iter().rev().any(|known| known == provider) {
                providers.push(provider.to_string());
            }
            each(line, Row::read(record, &places));
        }
        Err(broken) => each(line, Err(broken.why)),
    });
    Ok(providers)
}

impl<'a> Row<'a> {
    fn read(record: &'a StringRecord, places: &'a [usize; COLUMNS.len()]) -> Result<Row<'a>, String> {
        let field = |column: usize| record.get(places[column]).unwrap_or_default().trim();
        let filled = |column: usize| Some(field(column)).filter(|text| !text.is_empty());
        let figure = |column: usize| filled(column).map(|text| number(COLUMNS[column], text)).transpose();
        let per_hour = figure(3)?.filter(|price| *price > 0.0).ok_or("per_hour is not above 0")?;
        let gpus = match figure(10)?.unwrap_or_default() {
            0.0 => None,
            count => {
                let gpu = filled(11).ok_or("gpu is empty, but gpu_count is not")?;
                let vram = figure(12)?.ok_or("vram_mib is empty, but gpu_count is not")?;
                Some((count as u64, gpu, vram as u64, filled(13).map(str::parse).transpose()?))
            }
        };
        Ok(Row {
            record,
            places,
            per_hour,
            currency: field(4).parse()?,
            cap: figure(5)?,
            host: field(6).parse()?,
            has: Has { vcpu: figure(7)?, ram_gib: figure(8)?, disk_gb: figure(9)?, gpus },
        })
    }

    fn offer(&self) -> Result<Offer, String> {
        let field = |column: usize| self.record.get(self.places[column]).unwrap_or_default().trim();
        let filled = |column: usize| Some(field(column)).filter(|text| !text.is_empty());
        let need = |column: usize| -> Result<String, String> {
            let text = filled(column).ok_or_else(|| format!("{} is empty", COLUMNS[column]))?;
            name(COLUMNS[column], text)
        };
        let as_of = need(15)?;
        if as_of.parse::<jiff::civil::Date>().is_err() {
            return Err(format!("as_of {as_of:?} is not a date such as 2026-10-01"));
        }
        let gpus = self.has.gpus.map(|(count, gpu, vram_mib, link)| {
            let name = name("gpu", gpu)?;
            Ok::<Gpus, String>(Gpus { count, name, vram_mib, link: link as Option<Link> })
        });
        Ok(Offer {
            provider: need(0)?,
            instance: need(1)?,
            region: filled(2).map(|text| name("region", text)).transpose()?,
            per_hour: self.per_hour,
            currency: self.currency,
            per_month_cap: self.cap,
            host: self.host,
            machine: Machine {
                vcpu: self.has.vcpu,
                ram_gib: self.has.ram_gib,
                disk_gb: self.has.disk_gb,
                gpus: gpus.transpose()?,
            },
            source: need(14)?,
            as_of,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::profiles;

    #[test]
    fn what_is_written_reads_back_whatever_it_holds() {
        let mut offers = super::super::all();
        offers[0].region = Some("France, \"FR\", EU".to_string());
        let bytes = write(&offers);
        let back = parse_offers(&bytes).unwrap();
        assert_eq!(back.broken, []);
        assert_eq!(back.offers.len(), offers.len());
        assert!(offers.iter().all(|offer| back.offers.contains(offer)));
        offers.reverse();
        assert_eq!(write(&offers), bytes, "the order does not matter");
    }

    #[test]
    fn a_broken_row_is_named_and_the_rest_is_used() {
        let good = "v,a,,0.5,USD,,vm,8,32,,,,,,s,2026-10-01";
        let broken = [
            ("v,a,,free,USD,,vm,8,32,,,,,,s,2026-10-01", "per_hour \"free\""),
            ("v,a,,0,USD,,vm,8,32,,,,,,s,2026-10-01", "per_hour is not above 0"),
            ("v,a,,0.5,GBP,,vm,8,32,,,,,,s,2026-10-01", "\"GBP\" is not a currency known here"),
            ("v,a,,0.5,USD,,lambda,8,32,,,,,,s,2026-10-01", "\"lambda\" is not a kind of host"),
            ("v,a,,0.5,USD,,vm,8,32,,1,,,,s,2026-10-01", "gpu is empty"),
            ("v,a,,0.4,USD,,vm,8,32,,,,,,s,yesterday", "as_of \"yesterday\""),
            (",a,,0.3,USD,,vm,8,32,,,,,,s,2026-10-01", "provider is empty"),
            ("v,a,,0.5,USD,,vm", "7 of 16 fields"),
            ("v,a\u{1b}[2J,,0.2,USD,,vm,8,32,,,,,,s,2026-10-01", "control character"),
            ("v,\"a,,0.5,USD,,vm,8,32,,,,,,s,2026-10-01", "a quote is not closed"),
        ];
        let lines: Vec<&str> = broken.iter().map(|(line, _)| *line).collect();
        let text = format!("{}\n{}\n{good}\n", COLUMNS.join(","), lines.join("\n"));
        for read in
            [parse_offers(text.as_bytes()).unwrap(), shortlist(text.as_bytes(), &profiles::all()).unwrap()]
        {
            assert_eq!(read.offers.len(), 1, "{read:?}");
            assert_eq!(read.broken.len(), broken.len(), "{:#?}", read.broken);
            for (at, (row, (line, why))) in read.broken.iter().zip(broken).enumerate() {
                assert!(row.line == at as u64 + 2 && row.why.contains(why), "{line}: {row:?}");
            }
        }
        assert!(parse_offers(b"a,b\n1,2\n").unwrap_err().contains("no column \"provider\""));
    }

    #[test]
    fn a_shortlist_holds_the_cheapest_by_hour_and_by_month_of_each_kind() {
        let rows = [
            ("hour", "0.03", "", "vm"),
            ("month", "0.05", "20", "vm"),
            ("dear", "0.06", "", "vm"),
            ("pod", "0.02", "", "container"),
        ];
        let mut text = COLUMNS.join(",");
        for (instance, per_hour, cap, host) in rows {
            text += &format!("\nv,{instance},,{per_hour},USD,{cap},{host},8,32,200,,,,,s,2026-10-01");
        }
        let profiles = [profiles::find("cpu-vps-32gb").unwrap(), profiles::find("gpu-24gb").unwrap()];
        let list = shortlist(text.as_bytes(), &profiles).unwrap();
        let kept: Vec<&str> = list.offers.iter().map(|offer| offer.instance.as_str()).collect();
        assert_eq!(kept, ["pod", "hour", "month"]);
    }
}
