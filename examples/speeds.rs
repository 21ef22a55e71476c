//! Writes the part "Published speeds" of docs/measured.md, and its plot docs/speeds.svg:
//!
//!     cargo run --example speeds

#[path = "../tests/oracle/ages.rs"]
mod ages;
#[path = "../tests/oracle/published.rs"]
mod published;
#[path = "../tests/oracle/refit.rs"]
mod refit;

use agi_provision::plan::speed::rates::FITTED;
use plotters::prelude::*;
use published::{Kind, Point, coverage, own, points};
use std::fmt::Write;

const BEGIN: &str = "<!-- published speeds: cargo run --example speeds -->\n";
const END: &str = "<!-- end of published speeds -->";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let points = points();
    plot(&points)?;
    let path = "docs/measured.md";
    let text = std::fs::read_to_string(path)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("docs/measured.md has no place for it")?;
    let (_, after) = rest.split_once(END).ok_or("docs/measured.md has no end of it")?;
    let parts = [kinds(&points)?, rates(&points)?, table(&points)?].concat();
    std::fs::write(path, format!("{before}{BEGIN}{parts}{END}{after}"))?;
    Ok(())
}

/// How many numbers are inside: of all rows, and of cards and models that the fit did not see.
fn kinds(points: &[Point]) -> Result<String> {
    let own = own();
    let without_card = refit::left_out(points, &own, refit::card);
    let without_model = refit::left_out(points, &own, refit::model);
    let today: Vec<Point> =
        points.iter().map(|point| Point { planned: point.by(&FITTED), ..point.clone() }).collect();
    let cell = |of: &[Point], wanted: &dyn Fn(&&Point) -> bool| {
        let (_, inside, width) = coverage(of.iter().filter(wanted));
        format!("{:.0} %, {width:.2}", inside * 100.0)
    };
    let mut text = String::from(
        "\n| share inside, median width | numbers | fitted | without its card | without its model | by today's plan |\n|---|---|---|---|---|---|\n",
    );
    let mut line = |name: &str, wanted: &dyn Fn(&&Point) -> bool| {
        let count = points.iter().filter(wanted).count();
        let cells = [points, &without_card, &without_model, &today].map(|of| cell(of, wanted));
        writeln!(text, "| {name} | {count} | {} |", cells.join(" | "))
    };
    for kind in Kind::ALL {
        for (decode, name) in [(true, "decode"), (false, "prefill")] {
            let wanted = move |point: &&Point| point.kind() == kind && point.decode == decode;
            line(&format!("{}, {name}", kind.name()), &wanted)?;
        }
    }
    line("all", &|_| true)?;
    Ok(text + "\n")
}

/// The rates that the rows give, beside the program's.
fn rates(points: &[Point]) -> Result<String> {
    let fitted = refit::rates(&points.iter().chain(&own()).collect::<Vec<_>>());
    let mut text = String::from("| rate | the rows give | the program has |\n|---|---|---|\n");
    for (name, rows, program) in refit::beside_fitted(&fitted) {
        writeln!(text, "| {name} | {} | {} |", digits(rows), digits(program))?;
    }
    Ok(text + "\n")
}

/// Three digits.
fn digits(value: f64) -> String {
    let places = (2 - value.abs().log10().floor() as i32).max(0) as usize;
    format!("{value:.places$}")
}

fn table(points: &[Point]) -> Result<String> {
    let mut text = String::new();
    writeln!(text, "| row | machine | model | | published | planned | |\n|---|---|---|---|---|---|---|")?;
    for point in points {
        let machine = if point.row.card.is_empty() {
            point.row.machine.clone()
        } else {
            format!("{} ({})", point.row.machine, point.row.card)
        };
        writeln!(
            text,
            "| {} | {machine} | {} {} | {} | {} | {:.1}–{:.1} | {} |",
            point.row.id,
            point.row.model,
            point.row.quant,
            if point.decode { "decode" } else { "prefill" },
            point.published,
            point.planned.low,
            point.planned.high,
            if point.is_inside() { "" } else { "outside" },
        )?;
    }
    text.push('\n');
    Ok(text)
}

/// Planned against published, both on logarithmic axes: decode and prefill side by side.
fn plot(points: &[Point]) -> Result<()> {
    let root = SVGBackend::new("docs/speeds.svg", (1000, 520)).into_drawing_area();
    root.fill(&WHITE)?;
    let halves = root.split_evenly((1, 2));
    for ((half, decode), range) in halves.iter().zip([true, false]).zip([1.0..1000.0, 5.0..50_000.0]) {
        let title = if decode { "decode, tokens/s" } else { "prefill, tokens/s" };
        let mut chart = ChartBuilder::on(half)
            .caption(title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d(range.clone().log_scale(), range.clone().log_scale())?;
        chart.configure_mesh().x_desc("published").y_desc("planned (the interval)").draw()?;
        chart.draw_series(LineSeries::new(
            [(range.start, range.start), (range.end, range.end)],
            BLACK.mix(0.4),
        ))?;
        for (kind, colour) in Kind::ALL.into_iter().zip([BLUE, GREEN, RED, MAGENTA]) {
            let of = || points.iter().filter(|point| point.decode == decode && point.kind() == kind);
            chart.draw_series(of().map(|point| {
                let ends = [(point.published, point.planned.low), (point.published, point.planned.high)];
                PathElement::new(ends, colour.mix(0.35))
            }))?;
            let middle =
                of().map(|point| Circle::new((point.published, point.planned.expected), 2, colour.filled()));
            chart
                .draw_series(middle)?
                .label(kind.name())
                .legend(move |(x, y)| Circle::new((x + 8, y), 3, colour.filled()));
        }
        chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(BLACK).draw()?;
    }
    root.present()?;
    Ok(())
}
