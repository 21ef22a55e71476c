//! Who has a connection to the front. Each takes a place until it ends; where places are short, a connection
//! on which nothing is being answered gives way to a new one.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Source whose connections are counted together: an IPv4 address, or a /64 of IPv6, which is what one host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Source(IpAddr);

impl Source {
    fn of(address: IpAddr) -> Source {
        match address.to_canonical() {
            IpAddr::V6(v6) => Source(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into()),
            v4 => Source(v4),
        }
    }
}

#[derive(Clone)]
pub struct Places(Arc<Mutex<Table>>);

impl Places {
    pub fn new(most: usize, most_of_one: usize) -> Places {
        Places(Arc::new(Mutex::new(Table { most, most_of_one, turn: 0, held: BTreeMap::new() })))
    }

    /// Returns a place for a connection from `address`; `None` where all that could give way are being answered.
    pub fn take(&self, address: IpAddr) -> Option<Place> {
        let given_up = Arc::new(Notify::new());
        let id = self.table().take(Source::of(address), given_up.clone())?;
        Some(Place { places: self.clone(), id, given_up })
    }

    /// Returns whether nobody is being answered.
    pub fn is_quiet(&self) -> bool {
        self.table().held.values().all(|held| !held.busy)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place, free again when this is dropped.
pub struct Place {
    places: Places,
    id: u64,
    given_up: Arc<Notify>,
}

impl Place {
    /// Returns when another connection was given this place.
    pub async fn given_up(&self) {
        self.given_up.notified().await;
    }

    /// Keeps the place for a request that has come, until the returned guard is dropped.
    pub fn busy(&self) -> Busy {
        self.places.table().set(self.id, true);
        Busy { places: self.places.clone(), id: self.id }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.table().held.remove(&self.id);
    }
}

pub struct Busy {
    places: Places,
    id: u64,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.places.table().set(self.id, false);
    }
}

struct Occupant {
    source: Source,
    busy: bool,
    /// Turn in which it took its place or its last answer ended.
    since: u64,
    given_up: Arc<Notify>,
}

struct Table {
    most: usize,
    most_of_one: usize,
    turn: u64,
    held: BTreeMap<u64, Occupant>,
}

impl Table {
    /// Takes a place, if need be from the connection that has waited longest without a request: of the same
    /// source, where that has all it may; else of the source that has most.
    fn take(&mut self, source: Source, given_up: Arc<Notify>) -> Option<u64> {
        let mut counts: BTreeMap<Source, usize> = BTreeMap::new();
        for held in self.held.values() {
            *counts.entry(held.source).or_default() += 1;
        }
        let victim = if counts.get(&source).is_some_and(|count| *count >= self.most_of_one) {
            Some(self.waiting(|held| held.source == source)?)
        } else if self.held.len() >= self.most {
            // Addresses with most places come first; the new one's own last place is nobody else's.
            let mut sources: Vec<(usize, Source)> =
                counts.into_iter().map(|(source, count)| (count, source)).collect();
            sources.sort_by(|a, b| b.cmp(a));
            Some(sources.into_iter().find_map(|(_, other)| self.waiting(|held| held.source == other))?)
        } else {
            None
        };
        if let Some(victim) = victim.and_then(|victim| self.held.remove(&victim)) {
            victim.given_up.notify_one();
        }
        self.turn += 1;
        self.held.insert(self.turn, Occupant { source, busy: false, since: self.turn, given_up });
        Some(self.turn)
    }

    /// Returns the connection that has waited longest without a request, among those that `count`.
    fn waiting(&self, count: impl Fn(&Occupant) -> bool) -> Option<u64> {
        let idle = self.held.iter().filter(|(_, held)| !held.busy && count(held));
        idle.min_by_key(|(_, held)| held.since).map(|(id, _)| *id)
    }

    fn set(&mut self, id: u64, busy: bool) {
        self.turn += 1;
        if let Some(held) = self.held.get_mut(&id) {
            held.busy = busy;
            held.since = self.turn;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ipv6_counts_by_its_64_and_mapped_ipv4_by_itself() {
        for (one, other, same) in [
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("::ffff:10.0.0.1", "10.0.0.1", true),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.2", false),
            ("2001:db8::1", "2001:db8::ffff:2", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ] {
            assert_eq!(Source::of(address(one)) == Source::of(address(other)), same, "{one} {other}");
        }
    }

    /// Takes places in turn, a capital letter's being answered; says who has one in the end.
    fn hold(most: usize, most_of_one: usize, script: &str) -> (String, String) {
        let places = Places::new(most, most_of_one);
        let (mut kept, mut refused) = (Vec::new(), String::new());
        for letter in script.chars() {
            let source = address(&format!("10.0.0.{}", letter.to_ascii_lowercase() as u32 - 'a' as u32));
            match places.take(source) {
                Some(place) => {
                    let busy = letter.is_uppercase().then(|| place.busy());
                    kept.push((letter, place, busy));
                }
                None => refused.push(letter),
            }
        }
        let has = |place: &Place| places.table().held.contains_key(&place.id);
        (kept.iter().filter(|(_, place, _)| has(place)).map(|(letter, _, _)| *letter).collect(), refused)
    }

    #[test]
    fn places_go_to_new_ones_and_never_from_one_that_is_being_answered() {
        for (most, most_of_one, script, have, refused) in [
            (4, 2, "abc", "abc", ""),
            // One source has no more than its own; its oldest makes room.
            (4, 2, "aaab", "aab", ""),
            (4, 2, "AAab", "AAb", "a"),
            (4, 2, "Aaa", "Aa", ""),
            // All are taken: the source that has most gives.
            (4, 3, "abbbc", "abbc", ""),
            (4, 3, "aBBbc", "aBBc", ""),
            // The one with most is being answered: the next one gives.
            (4, 3, "aBBBc", "BBBc", ""),
            (4, 3, "ABBBc", "ABBB", "c"),
        ] {
            assert_eq!(hold(most, most_of_one, script), (have.to_string(), refused.to_string()), "{script}");
        }
    }

    #[test]
    fn the_longest_idle_gives_way_and_an_answer_counts_as_news() {
        let places = Places::new(8, 2);
        let first = places.take(address("10.0.0.1")).unwrap();
        let second = places.take(address("10.0.0.1")).unwrap();
        assert!(places.is_quiet());
        let busy = first.busy();
        assert!(!places.is_quiet());
        drop(busy);
        let third = places.take(address("10.0.0.1")).unwrap();
        let has = |place: &Place| places.table().held.contains_key(&place.id);
        assert!(has(&first) && !has(&second) && has(&third));
        drop(second);
        assert!(has(&third));
        drop((first, third));
        assert!(places.table().held.is_empty());
    }
}
