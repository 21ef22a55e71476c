//! `offers`: the prices known, and `offers update`, which reads them anew.

use super::output::{Format, interactive, print, print_json};
use crate::error::{Exit, Failure, Result};
use crate::fetch::ask::Patience;
use crate::fetch::page::Pages;
use crate::hardware::offers::banks::BANKS;
use crate::hardware::offers::rates::Rate;
use crate::hardware::offers::sources::{self, Cloud, LeftOut, NotForUs, Source};
use crate::hardware::offers::update::{CloudOutcome, Ending, update};
use crate::hardware::offers::{
    HostKind, Machine, Offer, Period, machine, matching, providers, stale_days, store, today,
};
use crate::hardware::profiles::{self, Profile};
use crate::model::registry::nearest;
use crate::report::table;
use crate::units::{hourly, money};
use indicatif::ProgressBar;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Rows shown as text; a refreshed file has tens of thousands.
const SHOWN: usize = 60;
/// Largest catalogue that is read.
const MOST_BYTES: u64 = 64 << 20;
/// Broken rows named for each catalogue.
const NAMED: usize = 10;

#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  agi-provision offers --profile gpu-24gb --vm
  agi-provision offers update
  agi-provision offers update --source skypilot --from https://mirror.example/catalogs/v8"
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Read the catalogues that prices come from; what fails keeps what it had
    Update(UpdateArgs),
}

#[derive(clap::Args)]
struct ListArgs {
    /// Only machines that keep this profile's promises (see `profiles`)
    #[arg(long, value_name = "ID")]
    profile: Option<String>,
    /// Only this provider
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Only virtual machines: what `apply` can use
    #[arg(long)]
    vm: bool,
    /// Offers of this file instead of those known
    #[arg(long, value_name = "FILE")]
    offers: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(clap::Args)]
struct UpdateArgs {
    /// Only this source, or rates: central banks' exchange rates; may be repeated
    #[arg(long, value_name = "NAME", value_parser = source)]
    source: Vec<&'static str>,
    /// A copy of the source: the address above its files, one table of it, or a folder
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// The longest wait for a catalogue's next bytes
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

/// The word of `--source` for exchange rates.
const RATES: &str = "rates";

fn source(name: &str) -> Result<&'static str, String> {
    let names: Vec<&str> = sources::all().iter().map(|source| source.name()).collect();
    let found = names.iter().chain([&RATES]).find(|known| **known == name).copied();
    found.ok_or_else(|| format!("the sources are {}, and {RATES} for currencies", names.join(" and ")))
}

pub fn run(args: &Args) -> Result<Exit> {
    match &args.command {
        Some(Command::Update(args)) => refresh(args),
        None => list(&args.list),
    }
}

fn list(args: &ListArgs) -> Result<Exit> {
    let wanted = args.profile.as_deref().map(profiles::find).transpose()?;
    let known = store::all(args.offers.as_deref())?;
    known.warnings.iter().for_each(|warning| say!("warning: {warning}"));
    let mut offers = known.offers;
    if let Some(name) = &args.provider {
        known_provider(name, &offers)?;
    }
    offers.retain(|offer| {
        wanted.as_ref().is_none_or(|profile| matching::fits(&offer.machine, profile))
            && args.provider.as_ref().is_none_or(|name| offer.provider.eq_ignore_ascii_case(name))
            && (!args.vm || offer.host == HostKind::Vm)
    });
    let rates = store::rates();
    offers.sort_by(|a, b| a.order(b, Period::Month, &rates));
    let profiles = profiles::all();
    let today = today();
    if args.format == Format::Json {
        let rows: Vec<_> = offers.iter().map(|offer| document(offer, &profiles, today)).collect();
        print_json(&rows)?;
        return Ok(Exit::Done);
    }
    if offers.is_empty() {
        print("no known offer is all of that")?;
        say!(
            "\nhint: leave out one of --profile, --provider and --vm; `agi-provision offers update` reads more offers"
        );
        return Ok(Exit::Done);
    }
    let rows = offers.iter().take(SHOWN).map(|offer| row(offer, &profiles, today));
    let head = ["provider", "instance", "region", "hour", "month", "", "host", "has", "profiles", "source"];
    print(&table::table(&head, rows, &[3, 4]))?;
    if offers.len() > SHOWN {
        let count = offers.len();
        say!("the cheapest {SHOWN} of {count}; --profile, --provider and --vm choose, --format json has all");
    }
    Ok(Exit::Done)
}

/// Exit 2 for a provider without any offer, with those that look like it.
fn known_provider(name: &str, offers: &[Offer]) -> Result<()> {
    if offers.iter().any(|offer| offer.provider.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let mut providers: Vec<&str> = offers.iter().map(|offer| offer.provider.as_str()).collect();
    providers.sort_unstable();
    providers.dedup();
    let near = nearest(name, providers.iter().copied());
    let hint = match near.as_slice() {
        [] => format!("known: {}; `agi-provision offers update` reads more", providers.join(", ")),
        near => format!("did you mean {}?", near.join(" or ")),
    };
    Err(Failure::usage(format!("no offer is of a provider called {name:?}")).hint(hint).into())
}

fn profiles_of<'a>(offer: &Offer, profiles: &'a [Profile]) -> Vec<&'a str> {
    let fitting = profiles.iter().filter(|profile| matching::fits(&offer.machine, profile));
    fitting.map(|profile| profile.id.as_str()).collect()
}

fn document(offer: &Offer, profiles: &[Profile], today: jiff::civil::Date) -> serde_json::Value {
    let of = profiles_of(offer, profiles);
    let machine = &offer.machine;
    json!({
        "profile": of.last(), "profiles": of,
        "provider": offer.provider, "instance": offer.instance, "region": offer.region,
        "per_hour": offer.per_hour, "per_month": offer.per_month(), "per_month_cap": offer.per_month_cap,
        "currency": offer.currency, "host": offer.host,
        "processor": machine.processor, "vcpu": machine.vcpu, "ram_gib": machine.ram_gib, "disk_gb": machine.disk_gb,
        "gpus": machine.gpus.as_ref().map(|gpus| json!({
            "count": gpus.count, "name": gpus.name, "vram_bytes": gpus.vram_mib << 20, "link": gpus.link,
        })),
        "url": providers::url(&offer.provider), "unusable": machine::not_applied(offer),
        "source": offer.source, "as_of": offer.as_of, "as_of_inferred": offer.dated.is_inferred(), "stale_days": stale_days(&offer.as_of, today),
    })
}

fn row(offer: &Offer, profiles: &[Profile], today: jiff::civil::Date) -> Vec<String> {
    let most = if offer.dated.is_inferred() { "up to " } else { "" };
    let age =
        stale_days(&offer.as_of, today).map_or(String::new(), |days| format!(" ({most}{days} days old)"));
    vec![
        offer.provider.clone(),
        offer.instance.clone(),
        offer.region.clone().unwrap_or_else(|| "-".to_string()),
        hourly(offer.per_hour),
        money(offer.per_month()),
        offer.currency.to_string(),
        if offer.host == HostKind::Vm { "VM" } else { "container" }.to_string(),
        has(&offer.machine),
        machine::unusable(&offer.machine).unwrap_or_else(|| profiles_of(offer, profiles).join(" ")),
        format!("{}, {}{age}", offer.source, offer.dated.shown(&offer.as_of)),
    ]
}

/// `8 vCPU, 32 GiB, 2 × NVIDIA A100-SXM4-80GB`, with the processor before it where it is not the default one: `arm64`.
fn has(machine: &Machine) -> String {
    let other = Some(machine.processor).filter(|processor| !processor.is_default());
    let other = other.map(|processor| processor.row().debian.to_string());
    let cpu = machine.vcpu.map(|count| format!("{count} vCPU"));
    let ram = machine.ram_gib.map(|gib| format!("{gib:.0} GiB"));
    let gpus = machine.gpus.as_ref().map(|gpus| match gpus.count {
        1 => gpus.name.clone(),
        count => format!("{count} × {}", gpus.name),
    });
    other.into_iter().chain(cpu).chain(ram).chain(gpus).collect::<Vec<_>>().join(", ")
}

fn refresh(args: &UpdateArgs) -> Result<Exit> {
    let mut sources = sources::all();
    sources.retain(|source| args.source.is_empty() || args.source.contains(&source.name()));
    let patience = Patience { stall: Duration::from_secs(args.timeout), ..Patience::default() };
    let pages = Pages::new(patience, MOST_BYTES)?;
    let mut held = store::LockedOffers::take()?;
    let bar = if interactive() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.enable_steady_tick(Duration::from_millis(120));
    let (mut read, mut failed, mut absent) = (false, Vec::new(), Vec::new());
    for source in sources {
        match from(source, args, &pages, &mut held.offers, &bar) {
            Ending::NothingThere => absent.push(source),
            Ending::ReadExcept(clouds) => {
                read = true;
                failed.extend(clouds.iter().map(|cloud| format!("{} {cloud}", source.name())));
            }
            Ending::Unusable => failed.push(source.name().to_string()),
        }
    }
    let (banks, unread) = match args.source.is_empty() || args.source.contains(&RATES) {
        true => exchange_rates(args, patience, &bar)?,
        false => (Vec::new(), Vec::new()),
    };
    failed.extend(unread);
    bar.finish_and_clear();
    if !banks.is_empty() {
        store::save_rates(&store::rates().updated(banks.clone()), &held)?;
    }
    // A copy of one source lacks the other; that is no failure.
    if args.from.is_none() || (!read && banks.is_empty() && failed.is_empty()) {
        failed.extend(absent.iter().map(|source| format!("{} (nothing there)", source.name())));
    }
    if read {
        let path = held.save()?;
        say!("{} offers in {}", held.offers.len(), path.display());
    }
    if failed.is_empty() {
        return Ok(Exit::Done);
    }
    let changed = read || !banks.is_empty();
    let kept = if changed { "what was known of them is kept" } else { "nothing was changed" };
    Err(Failure::failed(format!("failed: {}; {kept}", failed.join(", ")))
        .hint("the same command again tries all; --source and --from name a source and where it is")
        .into())
}

/// Largest feed of exchange rates that is read.
const MOST_OF_A_FEED: u64 = 1 << 20;

/// Rates of the central banks, from where they publish them or from a copy, and what could not be read.
fn exchange_rates(
    args: &UpdateArgs,
    patience: Patience,
    bar: &ProgressBar,
) -> Result<(Vec<Rate>, Vec<String>)> {
    let pages = Pages::new(patience, MOST_OF_A_FEED)?;
    let (mut read, mut failed) = (Vec::new(), Vec::new());
    for bank in &BANKS {
        let name = format!("{RATES} {}", bank.name);
        bar.set_message(name.clone());
        let below = |base: &String| format!("{}/{}", base.trim_end_matches('/'), bank.file);
        let address = args.from.as_ref().map_or_else(|| bank.address.to_string(), below);
        let page = match pages.get(&address) {
            Ok(Some(page)) => page,
            // A copy of a source of offers has none.
            Ok(None) if args.from.is_some() && !args.source.contains(&RATES) => continue,
            Ok(None) => {
                bar.suspend(|| say!("warning: {name}: nothing is at {address}"));
                failed.push(name);
                continue;
            }
            Err(error) => {
                bar.suspend(|| say!("warning: {name}: {error:#}"));
                failed.push(name);
                continue;
            }
        };
        match bank.rate(&page.bytes, today()) {
            Ok(rate) => {
                let Rate { currency, per_usd, as_of, .. } = &rate;
                bar.suspend(|| say!("{name}: 1 USD = {per_usd:.4} {currency} on {as_of}"));
                read.push(rate);
            }
            Err(why) => {
                bar.suspend(|| say!("warning: {address}: {why}"));
                failed.push(name);
            }
        }
    }
    Ok((read, failed))
}

/// One source from where it is published, or from a copy, which may be of its parent folder.
fn from(
    source: &dyn Source,
    args: &UpdateArgs,
    pages: &Pages,
    offers: &mut Vec<Offer>,
    bar: &ProgressBar,
) -> Ending {
    let mut each = |cloud: &Cloud, outcome: Option<&CloudOutcome>| match outcome {
        None => bar.set_message(format!("{} {}", source.name(), cloud.id)),
        Some(outcome) => bar.suspend(|| say(source, cloud, outcome, args)),
    };
    let (pages, today) = (pages, today());
    let Some(base) = args.from.as_deref() else {
        return update(offers, source, source.address(), pages, today, &mut each);
    };
    match update(offers, source, base, pages, today, &mut each) {
        Ending::NothingThere if !base.ends_with(".csv") => {
            let below = format!("{}/{}", base.trim_end_matches('/'), source.folder());
            update(offers, source, &below, pages, today, &mut each)
        }
        ending => ending,
    }
}

/// Numbers of rows that are not used, by reason: `3 another processor, 1 no on-demand price`.
fn counted(left_out: &[LeftOut]) -> String {
    let mut counts: BTreeMap<NotForUs, usize> = BTreeMap::new();
    left_out.iter().for_each(|row| *counts.entry(row.why).or_default() += 1);
    counts.iter().map(|(why, count)| format!("{count} {why}")).collect::<Vec<_>>().join(", ")
}

fn say(source: &dyn Source, cloud: &Cloud, outcome: &CloudOutcome, args: &UpdateArgs) {
    let name = format!("{} {}", source.name(), cloud.id);
    match outcome {
        CloudOutcome::Read { address, rows, offers, left_out, broken } => {
            let unused =
                if left_out.is_empty() { String::new() } else { format!("; unused: {}", counted(left_out)) };
            say!("{name}: {offers} offers in {rows} rows{unused}");
            for row in left_out.iter().filter(|_| crate::trace::is_on()) {
                say!("{address}: line {}: {} is not used: {}", row.line, row.instance, row.why);
            }
            for row in broken.iter().take(NAMED) {
                say!("warning: {address}: {row}; this row is left out");
            }
            if broken.len() > NAMED {
                say!("warning: {address}: {} more rows are left out", broken.len() - NAMED);
            }
        }
        CloudOutcome::Missing if args.from.is_none() => {
            say!("warning: {name}: it is not in the catalogue any more")
        }
        CloudOutcome::Missing => {}
        CloudOutcome::Failed(error) => say!("warning: {name}: {error:#}"),
    }
}
