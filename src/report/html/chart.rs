//! The chart of price against speed, as SVG that takes its colours from the page.

use crate::error::{Result, anyhow};
use crate::lang::{Lang, figure};
use crate::plan::choice::OnOffer;
use crate::units::rate;
use plotters::prelude::*;

/// Colours that the page's style replaces by its own, for light and dark.
mod colours {
    use plotters::style::RGBColor;

    pub const MACHINE: RGBColor = RGBColor(1, 1, 1);
    pub const FRONT: RGBColor = RGBColor(2, 2, 2);
    pub const CHOSEN: RGBColor = RGBColor(3, 3, 3);
    pub const GRID: RGBColor = RGBColor(4, 4, 4);
    pub const AXIS: RGBColor = RGBColor(5, 5, 5);
}

/// Size of a chart, pixels of its own coordinates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub width: u32,
    pub height: u32,
}

/// Names of the axes, and the language of their numbers.
pub(super) struct Axes {
    pub price: String,
    pub speed: String,
    pub lang: Lang,
}

/// Draws every machine by its price and decode speed, both on logarithmic axes: the front as a line, the machine
/// called `chosen` with its interval. `None` where there is nothing to compare.
pub(super) fn price_against_speed(
    points: &[OnOffer],
    chosen: &str,
    size: Size,
    axes: &Axes,
) -> Result<Option<String>> {
    let usable: Vec<&OnOffer> =
        points.iter().filter(|p| p.usd_per_month > 0.0 && p.decode_tok_s.expected > 0.0).collect();
    if usable.len() < 2 {
        return Ok(None);
    }
    let prices = range(usable.iter().map(|p| p.usd_per_month));
    let speeds = range(usable.iter().map(|p| p.decode_tok_s.expected));
    let mut svg = String::new();
    draw(&mut svg, &usable, chosen, (size, axes), prices, speeds)
        .map_err(|error| anyhow!("drawing the chart: {error}"))?;
    Ok(Some(svg))
}

/// The range of an axis, with some room on both sides.
fn range(values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
    low / 1.4..high * 1.4
}

type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

fn draw(
    svg: &mut String,
    points: &[&OnOffer],
    chosen: &str,
    (size, axes): (Size, &Axes),
    prices: std::ops::Range<f64>,
    speeds: std::ops::Range<f64>,
) -> Drawn {
    let root = SVGBackend::with_string(svg, (size.width, size.height)).into_drawing_area();
    let font = ("sans-serif", 14).into_font();
    let mut chart = ChartBuilder::on(&root)
        .margin(8)
        .margin_right(20)
        .x_label_area_size(44)
        .y_label_area_size(54)
        .build_cartesian_2d(prices.log_scale(), speeds.log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(colours::GRID)
        .axis_style(colours::AXIS)
        .x_labels(6)
        .y_labels(6)
        .label_style(font.clone())
        .axis_desc_style(font)
        .x_desc(&*axes.price)
        .y_desc(&*axes.speed)
        .x_label_formatter(&|price| figure(axes.lang, &format!("{price:.0}")))
        .y_label_formatter(&|speed| figure(axes.lang, &rate(*speed)))
        .draw()?;
    let at = |p: &OnOffer| (p.usd_per_month, p.decode_tok_s.expected);
    let others = points.iter().filter(|p| !p.front && p.name != chosen);
    chart.draw_series(others.map(|p| Circle::new(at(p), 3, colours::MACHINE.filled())))?;
    let front: Vec<(f64, f64)> = points.iter().filter(|p| p.front).map(|p| at(p)).collect();
    chart.draw_series(std::iter::once(PathElement::new(front.clone(), colours::FRONT.stroke_width(2))))?;
    chart.draw_series(front.into_iter().map(|place| Circle::new(place, 4, colours::FRONT.filled())))?;
    let taken = || points.iter().filter(|p| p.name == chosen);
    chart.draw_series(taken().map(|p| {
        let ends = [(p.usd_per_month, p.decode_tok_s.low), (p.usd_per_month, p.decode_tok_s.high)];
        PathElement::new(ends, colours::CHOSEN.stroke_width(3))
    }))?;
    chart.draw_series(taken().map(|p| Circle::new(at(p), 7, colours::CHOSEN.filled())))?;
    root.present()?;
    Ok(())
}
