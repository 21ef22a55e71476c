//! gpuhunt's catalogues: per cloud a `version` and, under it, `catalog.zip` with `<cloud>.csv`; a folder
//! of plain `<cloud>.csv` does too. Prices in USD per hour; spot prices are rows of their own.

use super::csv;
use super::source::{
    Catalogue, Cloud, Listed, NotForUs, Reading, Row, Source, below, day_of, gpus, processor, verda_is_sxm,
};
use crate::error::{Context, Failure, Result};
use crate::fetch::page::Pages;
use crate::hardware::cards::{Board, Said as CardSaid, recognise};
use crate::hardware::offers::currency::Currency;
use crate::hardware::offers::offer::Machine;
use crate::hardware::rows::Fields;
use std::io::{Cursor, Read};

pub struct GpuHunt;

/// Largest table that a catalogue may unpack to.
const MOST_BYTES: u64 = 64 << 20;

/// RunPod rents containers; the others virtual machines.
const CLOUDS: &[Cloud] = &[
    Cloud::vm("aws"),
    Cloud::vm("azure"),
    Cloud::vm("gcp"),
    Cloud::vm("lambdalabs").called("lambda"),
    Cloud::vm("nebius"),
    Cloud::vm("oci"),
    Cloud::vm("verda"),
    Cloud::container("runpod"),
];

/// Columns without which a table is not of this source.
const COLUMNS: &[&str] =
    &["instance_name", "location", "price", "cpu", "memory", "gpu_count", "gpu_name", "gpu_memory", "spot"];

impl Source for GpuHunt {
    fn name(&self) -> &'static str {
        "gpuhunt"
    }

    fn title(&self) -> &'static str {
        "gpuhunt catalog"
    }

    fn address(&self) -> &'static str {
        "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v3"
    }

    fn folder(&self) -> &'static str {
        "v3"
    }

    fn clouds(&self) -> &'static [Cloud] {
        CLOUDS
    }

    fn fetch(&self, pages: &Pages, base: &str, cloud: &Cloud) -> Result<Option<Catalogue>> {
        let id = cloud.id;
        let plain = below(base, &format!("{id}.csv"));
        let Some(version) = pages.get(&below(base, &format!("{id}/version")))? else {
            return Ok(pages.get(&plain)?.map(|page| Catalogue {
                address: plain,
                day: day_of(page.last_modified.as_deref()),
                bytes: page.bytes,
            }));
        };
        let version = String::from_utf8_lossy(&version.bytes).trim().to_string();
        let fine = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if version.is_empty() || version.len() > 40 || !version.chars().all(fine) {
            return Err(Failure::failed(format!("{id}/version is no version")).into());
        }
        let address = below(base, &format!("{id}/{version}/catalog.zip"));
        let Some(zip) = pages.get(&address)? else { return Ok(None) };
        let bytes = unzip(&zip.bytes, &format!("{id}.csv")).with_context(|| format!("reading {address}"))?;
        Ok(Some(Catalogue { address, bytes, day: day_of_version(&version) }))
    }

    fn read(&self, cloud: &Cloud, catalogue: &Catalogue) -> Result<Reading> {
        csv::read_rows(catalogue, COLUMNS, |row| listed(cloud, row))
    }
}

/// `20260819-2541` was made on 2026-08-19.
fn day_of_version(version: &str) -> Option<jiff::civil::Date> {
    let day = version.get(..8)?;
    format!("{}-{}-{}", day.get(..4)?, day.get(4..6)?, day.get(6..)?).parse().ok()
}

fn unzip(bytes: &[u8], name: &str) -> Result<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).context("opening it as a zip archive")?;
    let file = archive.by_name(name).with_context(|| format!("looking for {name}"))?;
    let mut csv = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut csv).with_context(|| format!("unpacking {name}"))?;
    if csv.len() as u64 > MOST_BYTES {
        return Err(Failure::failed(format!("{name} is larger than {} MiB", MOST_BYTES >> 20)).into());
    }
    Ok(csv)
}

fn listed(cloud: &Cloud, row: &Fields) -> Result<Row, String> {
    let instance = row.name("instance_name")?.ok_or("instance_name is empty")?;
    let per_hour = row.need_number("price")?;
    let (vcpu, ram_gib, disk_gb) = (row.number("cpu")?, row.number("memory")?, row.number("disk_size")?);
    let (count, size) = (row.need_number("gpu_count")?, row.number("gpu_memory")?);
    let region = row.name("location")?;
    match row.need("spot")?.to_ascii_lowercase().as_str() {
        "false" => {}
        "true" => return Ok(Err(NotForUs::Spot)),
        other => return Err(format!("spot {other:?} is neither True nor False")),
    }
    if per_hour == 0.0 {
        return Err("price is 0".to_string());
    }
    if row.text("flags").is_some_and(|flags| flags.contains("cluster")) {
        return Ok(Err(NotForUs::Cluster));
    }
    let processor = match processor(row.text("cpu_arch")) {
        Ok(processor) => processor,
        Err(why) => return Ok(Err(why)),
    };
    let mut machine = Machine { processor, vcpu, ram_gib, disk_gb, gpus: None };
    if count > 0.0 {
        let name = row.text("gpu_name").unwrap_or_default();
        let mut board = Board::of(&[&instance, name]);
        board.sxm |= cloud.id == "verda" && verda_is_sxm(name);
        let said = CardSaid { gib: size.into_iter().collect(), board, merged: false };
        // RunPod's instance is the card as nvidia-smi names it, which says more.
        let recognised = recognise(&instance, &said).or_else(|| recognise(name, &said));
        machine.gpus = gpus(count, recognised);
        if machine.gpus.is_none() {
            return Ok(Err(NotForUs::Cards));
        }
    }
    let currency = Currency::Usd;
    Ok(Ok(Listed { instance, region, per_hour, currency, per_month_cap: None, machine }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_carry_their_day() {
        assert_eq!(day_of_version("20260819-2541"), Some("2026-08-19".parse().unwrap()));
        assert_eq!(day_of_version("latest"), None);
        assert_eq!(day_of_version("20261319-1"), None);
    }
}
