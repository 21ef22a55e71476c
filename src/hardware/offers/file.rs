//! Offers as a file: CSV with a header, the columns in any order, one offer a row.
//!
//! A plan needs those that no other beats and nothing else, so [`shortlist`] sifts a large file without keeping it: a
//! hundred thousand rows cost some tens of milliseconds.

use super::day::today;
use super::matching::Has;
use super::offer::{Dated, Gpus, Machine, Offer};
use super::rates::Rates;
use super::shortlist::{Compared, Sieve};
use crate::hardware::link::Link;
use crate::hardware::rows::{BrokenRow, Table, name, number};
use crate::processor::Processor;
use csv::StringRecord;

/// The header, in the order in which it is written.
pub const COLUMNS: [&str; 17] = [
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
    "processor",
];

/// Columns that a file may leave out: what they say is then unsaid.
const OPTIONAL: [&str; 10] = [
    "region",
    "per_month_cap",
    "vcpu",
    "ram_gib",
    "disk_gb",
    "gpu_count",
    "gpu",
    "vram_mib",
    "link",
    "processor",
];

/// Prices of an hour that are believed, in any currency, and what a month may cost.
const LEAST_PRICE: f64 = 1e-5;
const MOST_PRICE: f64 = 1e6;
/// MiB of one card that are believed; less is written in GB.
const LEAST_VRAM: u64 = 512;

/// Content of an offers file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OfferFile {
    /// Sound rows; from [`shortlist`] only those that a choice can come to.
    pub offers: Vec<Offer>,
    /// Providers of all rows, also of those that are not among the offers.
    pub providers: Vec<String>,
    /// Rows that cannot be used, each with its reason.
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

/// Works like [`parse_offers`], but keeps only the offers that a choice can come to: of machines with the same processor and cards, in
/// each kind of host, those that no other beats in price, cores, memory and disk.
pub fn shortlist(bytes: &[u8], rates: &Rates) -> Result<OfferFile, String> {
    let mut sieve = Sieve::new(rates);
    let mut broken = Vec::new();
    let providers = scan(bytes, |line, row| {
        if let Err(why) = row.and_then(|row| sieve.add(row.compared, || row.offer())) {
            broken.push(BrokenRow { line, why });
        }
    })?;
    Ok(OfferFile { offers: sieve.offers(), providers, broken })
}

/// The file of `offers`: sorted, so that the same offers are the same bytes.
pub fn write(offers: &[Offer]) -> Vec<u8> {
    let mut sorted: Vec<&Offer> = offers.iter().collect();
    sorted.sort_by(|a, b| {
        let key = |offer: &Offer| (offer.source.clone(), offer.provider.clone(), offer.currency);
        key(a).cmp(&key(b)).then(a.per_hour.total_cmp(&b.per_hour)).then_with(|| a.tie(b))
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
            offer.dated.mark(&offer.as_of),
            Some(offer.machine.processor)
                .filter(|processor| !processor.is_default())
                .map_or(String::new(), |processor| processor.row().uname.to_string()),
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
    compared: Compared<'a>,
}

/// Every row, sound or not; gives the providers.
fn scan(bytes: &[u8], mut each: impl FnMut(u64, Result<Row<'_>, String>)) -> Result<Vec<String>, String> {
    let table = Table::read(bytes)?;
    let places = table.places_of(COLUMNS, &OPTIONAL)?;
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
        let believed = |column: usize, amount: f64| match amount {
            amount if amount <= 0.0 => Err(format!("{} is not above 0", COLUMNS[column])),
            amount if !(LEAST_PRICE..MOST_PRICE).contains(&amount) => {
                Err(format!("{} {amount:e} is not a price one can believe", COLUMNS[column]))
            }
            amount => Ok(amount),
        };
        let per_hour = believed(3, figure(3)?.ok_or("per_hour is empty")?)?;
        let cap = figure(5)?.map(|cap| believed(5, cap)).transpose()?;
        let gpus = match figure(10)?.unwrap_or_default() {
            0.0 => None,
            count if count.fract() != 0.0 => {
                return Err(format!("gpu_count {count} is a share of a card, which no plan is made for"));
            }
            count => {
                let gpu = filled(11).ok_or("gpu is empty, but gpu_count is not")?;
                let vram = figure(12)?.ok_or("vram_mib is empty, but gpu_count is not")? as u64;
                if vram < LEAST_VRAM {
                    let mib = vram * 1024;
                    return Err(format!(
                        "vram_mib {vram} is less than any card has; if it counts GB, write {mib}"
                    ));
                }
                Some((count as u64, gpu, vram, filled(13).map(str::parse).transpose()?))
            }
        };
        let (currency, host) = (field(4).parse()?, field(6).parse()?);
        let processor = filled(16).map_or(Ok(Processor::default()), |name| {
            Processor::of_catalogue(name).ok_or_else(|| {
                format!(
                    "processor {name:?} is none that llama.cpp's releases are built for: {}",
                    Processor::names()
                )
            })
        })?;
        let has = Has { processor, vcpu: figure(7)?, ram_gib: figure(8)?, disk_gb: figure(9)?, gpus };
        Ok(Row { record, places, compared: Compared { per_hour, currency, cap, host, has } })
    }

    fn offer(&self) -> Result<Offer, String> {
        let field = |column: usize| self.record.get(self.places[column]).unwrap_or_default().trim();
        let filled = |column: usize| Some(field(column)).filter(|text| !text.is_empty());
        let need = |column: usize| -> Result<String, String> {
            let text = filled(column).ok_or_else(|| format!("{} is empty", COLUMNS[column]))?;
            name(COLUMNS[column], text)
        };
        let written = need(15)?;
        let (as_of, dated) = Dated::read(&written);
        let day: jiff::civil::Date =
            as_of.parse().map_err(|_| format!("as_of {as_of:?} is not a date such as 2026-10-01"))?;
        // A day ahead may be today, further east.
        if day.saturating_sub(jiff::Span::new().days(1)) > today() {
            return Err(format!("as_of {as_of} is still to come"));
        }
        let Compared { per_hour, currency, cap, host, has } = self.compared;
        let gpus = has.gpus.map(|(count, gpu, vram_mib, link)| {
            let name = name("gpu", gpu)?;
            Ok::<Gpus, String>(Gpus { count, name, vram_mib, link: link as Option<Link> })
        });
        Ok(Offer {
            provider: need(0)?,
            instance: need(1)?,
            region: filled(2).map(|text| name("region", text)).transpose()?,
            per_hour,
            currency,
            per_month_cap: cap,
            host,
            machine: Machine {
                processor: has.processor,
                vcpu: has.vcpu,
                ram_gib: has.ram_gib,
                disk_gb: has.disk_gb,
                gpus: gpus.transpose()?,
            },
            source: need(14)?,
            as_of: as_of.to_string(),
            dated,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_offer_reads_back_whatever_it_holds() {
        let mut offers = super::super::all();
        offers[0].region = Some("France, \"FR\", EU".to_string());
        offers[1].machine.processor = Processor::Aarch64;
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
        let text = format!("{}\n{}\n{good}\n", COLUMNS[..16].join(","), lines.join("\n"));
        for read in
            [parse_offers(text.as_bytes()).unwrap(), shortlist(text.as_bytes(), &Rates::default()).unwrap()]
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
    fn a_shortlist_holds_what_no_other_beats_in_price_cores_or_memory() {
        let rows = [
            ("hour", "0.03", "", "vm", 8, 32),
            ("month", "0.05", "20", "vm", 8, 32),
            ("dear", "0.06", "", "vm", 8, 32),
            ("large", "0.06", "", "vm", 8, 64),
            ("fast", "0.06", "", "vm", 16, 32),
            ("pod", "0.02", "", "container", 8, 32),
        ];
        let mut text = COLUMNS[..16].join(",");
        for (instance, per_hour, cap, host, cores, ram) in rows {
            text +=
                &format!("\nv,{instance},,{per_hour},USD,{cap},{host},{cores},{ram},200,,,,,s,2026-10-01");
        }
        // 0.025 EUR are 0.0279 USD.
        text += "\nv,euro,,0.025,EUR,,vm,8,32,200,,,,,s,2026-10-01";
        let list = shortlist(text.as_bytes(), &Rates::default()).unwrap();
        let kept: Vec<&str> = list.offers.iter().map(|offer| offer.instance.as_str()).collect();
        assert_eq!(kept, ["pod", "euro", "month", "fast", "large"]);
    }

    #[test]
    fn machines_of_two_processors_are_no_rivals() {
        let row = |instance: &str, price: f64, processor: &str| {
            format!("v,{instance},,{price},USD,,vm,8,32,200,,,,,s,2026-10-01,{processor}\n")
        };
        let rows = [
            row("mine", 0.05, ""),
            row("dear", 0.06, "amd64"),
            row("arm", 0.03, "arm64"),
            row("dear-arm", 0.04, "aarch64"),
            row("odd", 0.01, "riscv64"),
        ];
        let text = format!("{}\n{}", COLUMNS.join(","), rows.concat());
        let list = shortlist(text.as_bytes(), &Rates::default()).unwrap();
        let kept = list.offers.iter().map(|offer| (offer.instance.as_str(), offer.machine.processor));
        let kept: Vec<_> = kept.collect();
        assert_eq!(kept, [("arm", Processor::Aarch64), ("mine", Processor::X86_64)]);
        assert!(list.broken[0].why.contains("riscv64") && list.broken[0].why.contains("x86_64, aarch64"));
    }

    #[test]
    fn files_are_read_as_spreadsheets_write_them() {
        let row = "acme,a1,eu,0.5,USD,,vm,16,64,500,1,NVIDIA GeForce RTX 3090,24576,,list,2026-11-20";
        let header = COLUMNS[..16].join(",");
        let plain = format!("{header}\n{row}\n");
        let wanted = parse_offers(plain.as_bytes()).unwrap().offers;
        assert_eq!(wanted.len(), 1);
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(plain.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for (how, bytes) in [
            ("a byte order mark", [b"\xef\xbb\xbf".as_slice(), plain.as_bytes()].concat()),
            ("CRLF", plain.replace('\n', "\r\n").into_bytes()),
            ("CR", plain.replace('\n', "\r").into_bytes()),
            ("UTF-16", utf16),
            ("semicolons", plain.replace(',', ";").into_bytes()),
            ("tabs", plain.replace(',', "\t").into_bytes()),
            ("no link column", plain.replace(",link", "").replace(",,list", ",list").into_bytes()),
            (
                "one column more",
                plain.replace("as_of", "as_of,note").replace("11-20", "11-20,x").into_bytes(),
            ),
            ("a header in capitals", plain.replacen(&header, &header.to_uppercase(), 1).into_bytes()),
            ("a currency in small letters", plain.replace("USD", "usd").into_bytes()),
        ] {
            let read = parse_offers(&bytes).unwrap_or_else(|why| panic!("{how}: {why}"));
            assert_eq!(read.broken, [], "{how}");
            assert_eq!(read.offers, wanted, "{how}");
        }
        for (from, to, why) in [
            ("0.5", "\"0,5\"", "per_hour \"0,5\""),
            ("0.5", "$0.5", "per_hour \"$0.5\""),
            ("0.5", "-0.5", "per_hour"),
            ("0.5", "NaN", "per_hour"),
            ("0.5", "1e-300", "per_hour 1e-300 is not a price one can believe"),
            ("2026-11-20", "2099-01-01", "still to come"),
            ("2026-11-20", "20.11.2026", "not a date such as"),
            (",1,NVIDIA", ",0.5,NVIDIA", "share of a card"),
            ("24576", "24", "write 24576"),
            ("USD,,", "USD,0,", "per_month_cap is not above 0"),
            ("USD,,", "USD,-5,", "per_month_cap"),
            (",vm,", ",spot,", "not a kind of host"),
        ] {
            let text = plain.replacen(from, to, 1);
            let read = parse_offers(text.as_bytes()).unwrap();
            assert!(read.offers.is_empty() && read.broken[0].why.contains(why), "{to}: {:?}", read.broken);
        }
    }
}
