//! Intervals of plans hold what others published, also for cards and models that were left out of the fit
//! (docs/measured.md).

#[path = "oracle/ages.rs"]
mod ages;
#[path = "oracle/published.rs"]
mod published;
#[path = "oracle/refit.rs"]
mod refit;

use ages::Age;
use published::{Kind, Point, coverage, own, points};
use std::sync::LazyLock;

static POINTS: LazyLock<Vec<Point>> = LazyLock::new(points);
static OWN: LazyLock<Vec<Point>> = LazyLock::new(own);

/// Shares of a kind's numbers that are inside at least, and the median width at most, for decode and prefill.
struct Bound {
    kind: Kind,
    inside: [f64; 2],
    width: [f64; 2],
}

const fn bound(kind: Kind, inside: [f64; 2], width: [f64; 2]) -> Bound {
    Bound { kind, inside, width }
}

fn holds(name: &str, points: &[Point], bounds: &[Bound]) {
    for Bound { kind, inside: least, width: most } in bounds {
        for ((decode, least), most) in [true, false].into_iter().zip(least).zip(most) {
            let of = points.iter().filter(|point| point.kind() == *kind && point.decode == decode);
            let (count, inside, width) = coverage(of);
            let row = format!("{name}, {}, decode {decode}: {inside:.3} of {count} inside", kind.name());
            println!("{row}, median width {width:.2}");
            assert!(inside >= *least, "{row}, wanted {least}");
            assert!(width <= *most, "{row}, the median width is {width:.2}, wanted {most}");
        }
    }
    let (count, inside, width) = coverage(points.iter());
    println!("{name}: {inside:.3} of {count} inside, median width {width:.2}");
    assert!(count > 650, "only {count} numbers");
    assert!(inside >= 0.8, "{name}: {inside:.3} of {count} are inside");
    assert!(width <= 1.8, "{name}: the median width is {width:.2}");
}

#[test]
fn eight_of_ten_published_speeds_of_every_kind_are_inside_intervals_of_at_most_1_8() {
    let bounds = [
        bound(Kind::Card, [0.9, 0.9], [1.8, 1.8]),
        bound(Kind::Cards, [0.95, 0.9], [1.8, 1.8]),
        bound(Kind::Cpu, [0.85, 0.9], [1.8, 1.8]),
        // Of four machines, none of whose PCIe is known.
        bound(Kind::Partial, [0.9, 0.75], [2.4, 2.4]),
    ];
    holds("fitted", &POINTS, &bounds);
}

#[test]
fn cards_that_were_left_out_of_the_fit_are_inside() {
    let bounds = [
        bound(Kind::Card, [0.9, 0.83], [1.8, 1.8]),
        bound(Kind::Cards, [0.95, 0.85], [1.8, 1.8]),
        bound(Kind::Cpu, [0.8, 0.84], [1.8, 1.8]),
        // 11 of 13.
        bound(Kind::Partial, [0.9, 0.84], [2.4, 2.4]),
    ];
    holds("without the card", &refit::left_out(&POINTS, &OWN, refit::card), &bounds);
}

#[test]
fn models_that_were_left_out_of_the_fit_are_inside() {
    let bounds = [
        bound(Kind::Card, [0.9, 0.85], [1.8, 1.8]),
        bound(Kind::Cards, [0.95, 0.82], [1.8, 1.8]),
        bound(Kind::Cpu, [0.8, 0.84], [1.8, 1.8]),
        // 11 of 13, in a narrower interval than the 12 before it.
        bound(Kind::Partial, [0.9, 0.84], [2.4, 2.4]),
    ];
    holds("without the model", &refit::left_out(&POINTS, &OWN, refit::model), &bounds);
}

#[test]
fn the_programs_rates_are_those_that_the_rows_give() {
    let fitted = refit::rates(&POINTS.iter().chain(OWN.iter()).collect::<Vec<_>>());
    let pairs = refit::beside_fitted(&fitted);
    assert!(pairs.len() > 50, "{} rates", pairs.len());
    for (name, rows, program) in pairs {
        let apart = (rows / program).ln().abs();
        assert!(apart < 0.02, "{name}: the rows give {rows:.4e}, src/plan/speed/rates.rs says {program:.4e}");
    }
}

#[test]
fn a_plan_for_todays_build_holds_what_recent_builds_reached() {
    let recent =
        |decode: bool| {
            coverage(POINTS.iter().filter(|point| {
                matches!(point.row.age(), Age::Recent | Age::Unfused) && point.decode == decode
            }))
        };
    for (decode, least) in [(true, 0.9), (false, 0.8)] {
        let (count, inside, width) = recent(decode);
        println!("recent builds, decode {decode}: {inside:.3} of {count} inside, median width {width:.2}");
        assert!(count >= 50, "only {count} numbers");
        assert!(inside >= least && width <= 1.8, "{inside:.3} inside, {width:.2} wide");
    }
}

#[test]
fn memory_that_was_measured_makes_an_interval_narrower() {
    let narrower = |decode: bool| {
        let width = |measured: bool| {
            let of = POINTS.iter().filter(|point| {
                let host = &point.terms.host;
                point.kind() == Kind::Cpu
                    && point.decode == decode
                    && host.nodes == 1
                    && host.rate.is_measured() == measured
            });
            coverage(of).2
        };
        (width(true), width(false))
    };
    for decode in [true, false] {
        let (measured, assumed) = narrower(decode);
        assert!(measured < 1.8 && 1.3 * measured < assumed, "{measured:.2} against {assumed:.2}");
    }
}
