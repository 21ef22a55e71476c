//! SkyPilot's catalogue: `<cloud>/vms.csv`, prices in USD per hour.
//!
//! Its faults, met here: RunPod and Shadeform give a card's size in GiB under `SizeInMiB`; Vast gives
//! the sum of all cards there and puts cards of several sizes under one instance and one price; Google's
//! machine types with cards are listed without the cards' price.

use super::csv;
use super::source::{
    Catalogue, Cloud, Listed, NotForUs, Reading, Row, Source, below, day_of, gpus, processor, verda_is_sxm,
};
use crate::error::Result;
use crate::fetch::page::Pages;
use crate::hardware::cards::{Board, Said as CardSaid, recognise};
use crate::hardware::offers::currency::Currency;
use crate::hardware::offers::offer::Machine;
use crate::hardware::rows::Fields;

pub struct SkyPilot;

/// RunPod and Vast rent containers; the others virtual machines.
const CLOUDS: &[Cloud] = &[
    Cloud::vm("aws"),
    Cloud::vm("gcp"),
    Cloud::vm("cudo"),
    Cloud::vm("hyperstack"),
    Cloud::vm("lambda"),
    Cloud::vm("nebius"),
    Cloud::vm("oci"),
    Cloud::vm("seeweb"),
    Cloud::vm("shadeform"),
    Cloud::vm("verda"),
    Cloud::container("runpod"),
    Cloud::container("vast"),
];

/// Columns without which a table is not of this source.
const COLUMNS: &[&str] =
    &["InstanceType", "vCPUs", "MemoryGiB", "AcceleratorName", "AcceleratorCount", "Price", "Region"];

impl Source for SkyPilot {
    fn name(&self) -> &'static str {
        "skypilot"
    }

    fn title(&self) -> &'static str {
        "SkyPilot catalog v8"
    }

    fn address(&self) -> &'static str {
        "https://raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/catalogs/v8"
    }

    fn folder(&self) -> &'static str {
        "catalogs/v8"
    }

    fn clouds(&self) -> &'static [Cloud] {
        CLOUDS
    }

    fn fetch(&self, pages: &Pages, base: &str, cloud: &Cloud) -> Result<Option<Catalogue>> {
        let address = below(base, &format!("{}/vms.csv", cloud.id));
        Ok(pages.get(&address)?.map(|page| Catalogue {
            address,
            day: day_of(page.last_modified.as_deref()),
            bytes: page.bytes,
        }))
    }

    fn read(&self, cloud: &Cloud, catalogue: &Catalogue) -> Result<Reading> {
        csv::read_rows(catalogue, COLUMNS, |row| listed(cloud, row))
    }
}

fn listed(cloud: &Cloud, row: &Fields) -> Result<Row, String> {
    let price = row.number("Price")?;
    let (vcpu, ram_gib) = (row.number("vCPUs")?, row.number("MemoryGiB")?);
    let count = row.number("AcceleratorCount")?.unwrap_or(0.0);
    let (instance, region) = (row.name("InstanceType")?, row.name("Region")?);
    let Some(instance) = instance else { return Ok(Err(NotForUs::Part)) };
    let Some(per_hour) = price else { return Ok(Err(NotForUs::Spot)) };
    if per_hour == 0.0 {
        return Err("Price is 0".to_string());
    }
    let processor = match processor(row.text("Arch").or(untold(cloud, &instance))) {
        Ok(processor) => processor,
        Err(why) => return Ok(Err(why)),
    };
    if is_without_its_cards(cloud, &instance) {
        return Ok(Err(NotForUs::CardsApart));
    }
    let mut machine = Machine { processor, vcpu, ram_gib, disk_gb: None, gpus: None };
    if count > 0.0 || row.text("AcceleratorName").is_some() {
        machine.gpus = cards_of(cloud, &instance, count, row);
        if machine.gpus.is_none() {
            return Ok(Err(NotForUs::Cards));
        }
    }
    let currency = Currency::Usd;
    Ok(Ok(Listed { instance, region, per_hour, currency, per_month_cap: None, machine }))
}

/// Families of machines with an Arm processor, of clouds whose table does not tell: the processor's name in catalogues.
fn untold(cloud: &Cloud, instance: &str) -> Option<&'static str> {
    let is_arm = match cloud.id {
        "gcp" => ["t2a-", "c4a-", "n4a-", "a4x-"].iter().any(|family| instance.starts_with(family)),
        "oci" => [".A1.", ".A2.", ".A4."].iter().any(|family| instance.contains(family)),
        _ => false,
    };
    is_arm.then_some("arm")
}

/// Google bills cards apart, in rows of their own.
fn is_without_its_cards(cloud: &Cloud, instance: &str) -> bool {
    cloud.id == "gcp" && ["a2-", "a3-", "a4-", "g2-", "g4-", "ct"].iter().any(|f| instance.starts_with(f))
}

fn cards_of(
    cloud: &Cloud,
    instance: &str,
    count: f64,
    row: &Fields,
) -> Option<crate::hardware::offers::offer::Gpus> {
    let accelerator = row.text("AcceleratorName")?;
    let info = row.text("GpuInfo").unwrap_or_default();
    let mut board = Board::of(&[accelerator, instance, info]);
    board.sxm |= cloud.id == "verda" && verda_is_sxm(accelerator);
    let said = CardSaid { gib: sizes(info, count), board, merged: cloud.id == "vast" };
    // Vast's instance has the card's full name (1x-RTX_4060_Ti-32-65536), the accelerator only a part.
    let name = match cloud.id {
        "vast" => instance.split('-').nth(1)?,
        _ => accelerator,
    };
    gpus(count, recognise(name, &said))
}

/// Sizes that one card may have, GiB, by `{'Gpus': [{… 'MemoryInfo': {'SizeInMiB': 80}}], 'TotalGpuMemoryInMiB': 160}`.
fn sizes(info: &str, count: f64) -> Vec<f64> {
    let figure = |key: &str| {
        let after = info.split_once(key)?.1.trim_start_matches(['\'', '"', ':', ' ']);
        let digits = after.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
        digits.parse::<f64>().ok().filter(|size| *size > 0.0)
    };
    let Some(size) = figure("SizeInMiB") else { return Vec::new() };
    // No card has 1000 GiB, and none has less than 1 GiB.
    let size_gib = if size < 1000.0 { size } else { size / 1024.0 };
    let is_of_one =
        figure("TotalGpuMemoryInMiB").is_some_and(|total| (size * count / total - 1.0).abs() < 0.01);
    if count <= 1.0 || is_of_one { vec![size_gib] } else { vec![size_gib, size_gib / count] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::rows::Table;
    use crate::processor::Processor;

    fn rows(cloud: &str, text: &str) -> Vec<Result<Row, String>> {
        let cloud = CLOUDS.iter().find(|known| known.id == cloud).unwrap();
        let table = Table::read(text.as_bytes()).unwrap();
        table.rows().map(|(_, fields)| listed(cloud, &fields.unwrap())).collect()
    }

    #[test]
    fn a_size_is_read_whatever_it_counts() {
        let info =
            |size: u64, total: u64| format!("{{'SizeInMiB': {size}}}}}], 'TotalGpuMemoryInMiB': {total}}}");
        assert_eq!(sizes(&info(80, 160), 2.0), [80.0]);
        assert_eq!(sizes(&info(81920, 163840), 2.0), [80.0]);
        assert_eq!(sizes(&info(49152, 49152), 2.0), [48.0, 24.0]);
        assert_eq!(sizes("{\"SizeInMiB\": 81920}", 1.0), [80.0]);
        assert!(sizes(&info(0, 0), 1.0).is_empty() && sizes("", 1.0).is_empty());
    }

    #[test]
    fn spot_prices_parts_and_unknown_processors_are_not_offers() {
        let aws = "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,Arch\n\
            a1.4xlarge,,,16.0,32.0,,0.408,0.10,us-east-1,arm64\n\
            x1.2xlarge,,,8.0,32.0,,0.3,0.12,us-east-1,s390x\n\
            m5.2xlarge,,,8.0,32.0,,,0.12,us-east-1,x86_64\n\
            m5.2xlarge,,,8.0,32.0,,0,0.12,us-east-1,x86_64\n\
            m5.2xlarge,,,8.0,32.0,,x,0.12,us-east-1,x86_64\n";
        let said = rows("aws", aws);
        let of = |said: &Result<Row, String>| said.clone().unwrap().unwrap().machine.processor;
        assert_eq!(of(&said[0]), Processor::Aarch64);
        assert_eq!(said[1..3], [Ok(Err(NotForUs::Processor)), Ok(Err(NotForUs::Spot))]);
        assert!(matches!(&said[3], Err(why) if why == "Price is 0"), "{said:?}");
        assert!(matches!(&said[4], Err(why) if why.contains("Price \"x\"")), "{said:?}");
        let gcp = "InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,Price,SpotPrice\n\
            a2-highgpu-1g,12.0,85.0,,,,us-central1,0.73948,0.36975\n\
            t2a-standard-8,8.0,32.0,,,,us-central1,0.308,0.1\n\
            ,,,tpu-v6e-8,1,tpu-v6e-8,us-east1,21.6,4.35366\n";
        let said = rows("gcp", gcp);
        assert_eq!(said[0], Ok(Err(NotForUs::CardsApart)));
        assert_eq!(of(&said[1]), Processor::Aarch64);
        assert_eq!(said[2], Ok(Err(NotForUs::Part)));
    }
}
