//! The offers that a choice can come to: of machines with the same processor and cards, those that no other beats in price, cores,
//! memory and disk. A hundred thousand rows are sifted while they are read.

use super::currency::Currency;
use super::matching::Has;
use super::offer::{HostKind, Offer, Period, price};
use super::rates::Rates;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// An offer as it is compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared<'a> {
    pub per_hour: f64,
    pub currency: Currency,
    pub cap: Option<f64>,
    pub host: HostKind,
    pub has: Has<'a>,
}

/// Properties that offers are compared by; less is better in each.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Terms {
    /// US dollars an hour and a month, and the negatives of cores, memory and disk.
    figures: [f64; 5],
    /// Cores, memory and disk that the source says; only what says the same is compared.
    said: [bool; 3],
}

impl Terms {
    fn of(offer: &Compared, rates: &Rates) -> Terms {
        let usd =
            |period| rates.convert(price(offer.per_hour, offer.cap, period), offer.currency, Currency::Usd);
        let has = [offer.has.vcpu, offer.has.ram_gib, offer.has.disk_gb];
        let [cores, ram, disk] = has.map(|figure| -figure.unwrap_or(0.0));
        let figures = [usd(Period::Hour), usd(Period::Month), cores, ram, disk];
        Terms { figures, said: has.map(|figure| figure.is_some()) }
    }

    /// No worse in anything.
    fn covers(&self, other: &Terms) -> bool {
        self.said == other.said && self.figures.iter().zip(&other.figures).all(|(a, b)| a <= b)
    }
}

/// The offers of one kind of host with the same processor and cards that beat each other in nothing.
struct Front {
    host: HostKind,
    offers: Vec<(Terms, Offer)>,
}

impl Front {
    fn is_of(&self, host: HostKind, has: Has) -> bool {
        let same = |other: Has| other.processor == has.processor && other.gpus == has.gpus;
        self.host == host && self.offers.first().is_some_and(|(_, offer)| same(offer.machine.has()))
    }
}

/// Sifts offers, one after the other.
pub(super) struct Sieve<'r> {
    rates: &'r Rates,
    fronts: HashMap<u64, Vec<Front>>,
}

impl<'r> Sieve<'r> {
    pub fn new(rates: &'r Rates) -> Sieve<'r> {
        Sieve { rates, fronts: HashMap::new() }
    }

    /// Keeps an offer that no kept one beats, and drops those that it beats. `whole` makes the offer, which is
    /// asked only where it may be kept.
    pub fn add(
        &mut self,
        offer: Compared,
        whole: impl FnOnce() -> Result<Offer, String>,
    ) -> Result<(), String> {
        let terms = Terms::of(&offer, self.rates);
        let mut hasher = DefaultHasher::new();
        (offer.host as u8, offer.has.processor, offer.has.gpus).hash(&mut hasher);
        let fronts = self.fronts.entry(hasher.finish()).or_default();
        let Some(front) = fronts.iter_mut().find(|front| front.is_of(offer.host, offer.has)) else {
            fronts.push(Front { host: offer.host, offers: vec![(terms, whole()?)] });
            return Ok(());
        };
        let beaten = |kept: &(Terms, Offer)| kept.0 != terms && kept.0.covers(&terms);
        if front.offers.iter().any(beaten) {
            return Ok(());
        }
        let whole = whole()?;
        if let Some((_, same)) = front.offers.iter_mut().find(|(kept, _)| *kept == terms) {
            if whole.tie(same).is_lt() {
                *same = whole;
            }
            return Ok(());
        }
        front.offers.retain(|(kept, _)| !terms.covers(kept));
        front.offers.push((terms, whole));
        Ok(())
    }

    /// Returns the offers that are left, the cheapest for an hour first.
    pub fn offers(self) -> Vec<Offer> {
        let fronts = self.fronts.into_values().flatten();
        let mut offers: Vec<Offer> = fronts.flat_map(|front| front.offers).map(|(_, offer)| offer).collect();
        offers.sort_by(|a, b| a.order(b, Period::Hour, self.rates));
        offers
    }
}
