//! Ranking of models by how good they are at a use: by people's votes where there are some, else by size and age.
//!
//! Both give points on one scale, that of the votes: models that are rated tell what a size and an age are worth
//! (a test fits the numbers anew). A model that nobody rated counts as much as such models have, less what that misses
//! by, so that it comes before a rated one only where it is clearly larger or newer.

use super::registry::Outline;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Ratings by id, `profiles/arena.csv`; its head says where they were read.
const VOTES: &str = include_str!("../../profiles/arena.csv");

/// Day of the votes of LMArena's text arena.
pub const DAY: &str = "2025-12-11";

/// A use that people voted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Any conversation.
    Chat,
    /// Conversations about program code.
    Code,
    /// Conversations in Russian.
    Russian,
}

/// Origin of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// People's votes.
    Votes,
    /// Parameters and day of publication.
    SizeAndAge,
}

/// Place of a model among others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Score {
    /// Points of the Elo kind; more is better.
    pub points: f64,
    /// Where they come from.
    pub basis: Basis,
}

/// Points of a model of 10^9 parameters of 2025-01-01, for twice the parameters, and for a year. The parameters of a
/// mixture are the geometric mean of all and of those that one token needs.
struct Fitted {
    base: f64,
    doubling: f64,
    year: f64,
    /// Root of the mean square of what the rated models miss it by.
    miss: f64,
}

const CHAT: Fitted = Fitted { base: 1195.1, doubling: 22.1, year: 99.2, miss: 31.0 };
const CODE: Fitted = Fitted { base: 1208.0, doubling: 26.5, year: 103.9, miss: 31.1 };
const RUSSIAN: Fitted = Fitted { base: 1144.9, doubling: 27.9, year: 112.5, miss: 48.9 };

/// Years from 2025-01-01 to the day of a model that does not tell its own.
const UNDATED: f64 = -1.0;

impl Measure {
    fn fitted(self) -> &'static Fitted {
        match self {
            Measure::Chat => &CHAT,
            Measure::Code => &CODE,
            Measure::Russian => &RUSSIAN,
        }
    }

    /// Column of the table, from 0, and its name at the source.
    fn column(self) -> (usize, &'static str) {
        match self {
            Measure::Chat => (2, "full"),
            Measure::Code => (3, "coding"),
            Measure::Russian => (4, "russian"),
        }
    }

    /// Name of the source's category.
    pub fn category(self) -> &'static str {
        self.column().1
    }

    /// The rating of the model `id` by votes; `None` where it has too few.
    pub fn rating(self, id: &str) -> Option<f64> {
        BY_ID.get(id)?.split(',').nth(self.column().0)?.parse().ok()
    }

    /// The score of a model.
    pub fn score(self, model: &Outline) -> Score {
        let fitted = self.fitted();
        match self.rating(model.id) {
            Some(points) => Score { points, basis: Basis::Votes },
            None => {
                let (doublings, years) = (doublings(model), years(model).unwrap_or(UNDATED));
                let points = fitted.base + fitted.doubling * doublings + fitted.year * years - fitted.miss;
                Score { points, basis: Basis::SizeAndAge }
            }
        }
    }
}

/// Rows of the table of votes, their cells between commas.
fn rows() -> impl Iterator<Item = &'static str> {
    VOTES.lines().filter(|line| !line.starts_with('#')).skip(1)
}

/// Rows of the table by the model's id; the first where there are several.
static BY_ID: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| {
    let mut by_id = BTreeMap::new();
    for row in rows() {
        by_id.entry(row.split(',').next().unwrap_or_default()).or_insert(row);
    }
    by_id
});

/// Doublings of the parameters from 10^9 on.
fn doublings(model: &Outline) -> f64 {
    let log = |parameters: u64| (parameters.max(1) as f64 / 1e9).log2();
    (log(model.parameters) + log(model.active_parameters)) / 2.0
}

/// Years from 2025-01-01 on.
fn years(model: &Outline) -> Option<f64> {
    let day: jiff::civil::Date = model.date?.parse().ok()?;
    Some(f64::from(day.year()) - 2025.0 + (f64::from(day.day_of_year()) - 1.0) / 365.25)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::registry;

    const ALL: [Measure; 3] = [Measure::Chat, Measure::Code, Measure::Russian];

    #[test]
    fn every_rating_is_of_a_known_model_and_believable() {
        assert!(rows().count() >= 50);
        for row in rows() {
            let named = row.split(',').next().unwrap();
            assert!(registry::ids().any(|id| id == named), "{row:?}");
            for measure in ALL {
                let rating = measure.rating(named).unwrap_or(1200.0);
                assert!((800.0..1600.0).contains(&rating), "{row:?}");
            }
        }
        assert_eq!(Measure::Chat.rating("gemma-3-27b"), Some(1365.0));
        assert_eq!(Measure::Chat.rating("no-such-model"), None);
    }

    /// Least squares over the rated models that are dated.
    #[test]
    fn size_and_age_count_as_the_rated_models_have_it() {
        let outlines: Vec<Outline> = registry::outlines().collect();
        for measure in ALL {
            let rated = outlines.iter().filter_map(|model| {
                Some(([1.0, doublings(model), years(model)?], measure.rating(model.id)?))
            });
            let rated: Vec<([f64; 3], f64)> = rated.collect();
            let mut system = [[0.0; 4]; 3];
            for (terms, rating) in &rated {
                for (row, of_row) in system.iter_mut().zip(terms) {
                    let sums = terms.iter().chain([rating]);
                    row.iter_mut().zip(sums).for_each(|(sum, term)| *sum += of_row * term);
                }
            }
            for at in [0, 1, 2] {
                let pivot = system[at];
                for other in (0..3).filter(|other| *other != at) {
                    let factor = system[other][at] / pivot[at];
                    system[other]
                        .iter_mut()
                        .zip(pivot)
                        .for_each(|(cell, of_pivot)| *cell -= factor * of_pivot);
                }
            }
            let [base, doubling, year] = [0, 1, 2].map(|at| system[at][3] / system[at][at]);
            let missed = |(terms, rating): &([f64; 3], f64)| {
                (rating - base - doubling * terms[1] - year * terms[2]).powi(2)
            };
            let miss = (rated.iter().map(missed).sum::<f64>() / rated.len() as f64).sqrt();
            let fitted = measure.fitted();
            let pairs =
                [(base, fitted.base), (doubling, fitted.doubling), (year, fitted.year), (miss, fitted.miss)];
            for (found, written) in pairs {
                assert!((found - written).abs() < 0.1, "{measure:?}: {found:.2} is written {written}");
            }
        }
    }

    #[test]
    fn a_model_without_votes_is_placed_by_size_and_age_and_says_so() {
        let outline = |id: &str| registry::outlines().find(|model| model.id == id).unwrap();
        let rated = Measure::Chat.score(&outline("qwen3-32b"));
        assert_eq!((rated.points, rated.basis), (1345.0, Basis::Votes));
        let (small, large) = (outline("qwen3.5-4b"), outline("qwen3.5-27b"));
        let points = |model: &Outline| Measure::Chat.score(model).points;
        assert_eq!(Measure::Chat.score(&small).basis, Basis::SizeAndAge);
        assert!(points(&large) > points(&small));
        let older = Outline { date: Some("2024-02-24"), ..large.clone() };
        assert!((points(&large) - points(&older) - 2.0 * CHAT.year).abs() < 1.0);
        let undated = Outline { date: None, ..large.clone() };
        assert!(points(&undated) < points(&older));
    }
}
