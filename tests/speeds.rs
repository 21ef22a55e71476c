//! Intervals of plans hold what others published (docs/measured.md).

#[path = "oracle/published.rs"]
mod published;

use published::{coverage, points};

#[test]
fn eight_of_ten_published_speeds_are_inside_intervals_of_at_most_1_8() {
    let points = points();
    for (name, kind) in [("one card", "one card"), ("several cards", "several cards"), ("CPU", "CPU")] {
        for decode in [true, false] {
            let of = points.iter().filter(|point| point.kind() == kind && point.decode == decode);
            let (count, inside, width) = coverage(of);
            assert!(inside >= 0.7, "{name}, decode {decode}: {inside:.3} of {count} are inside");
            println!(
                "{name}, {}: {count} rows, {inside:.2} inside, width {width:.2}",
                if decode { "decode" } else { "prefill" }
            );
        }
    }
    let (count, inside, width) = coverage(points.iter());
    assert!(count > 500, "only {count} numbers");
    assert!(inside >= 0.8, "{inside:.3} of {count} are inside");
    assert!(width <= 1.8, "the median width is {width:.2}");
}
