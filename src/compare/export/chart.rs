//! The chart as SVG: times with their spread over the values of a sweep, or the times of successive runs without one.
//!
//! Colours refer to the page's style (`currentColor`, `var(--device-0)`), so that they follow its light or dark
//! theme.

use std::ops::Range;

use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;

use super::error::{ExportError, failed};
use crate::compare::Document;
use crate::numbers::time;

/// Placeholder for the text colour, replaced in the finished SVG.
const INK: RGBColor = RGBColor(1, 2, 3);

/// Times that are drawn, in seconds: shorter and longer ones are drawn at these ends.
const SHORTEST: f64 = 1e-9;
const LONGEST: f64 = 1e9;

/// Times of a device at a position of the horizontal axis, in seconds. Only made by [`At::of`].
#[derive(Debug)]
struct At {
    x: f64,
    low: f64,
    median: f64,
    high: f64,
}

impl At {
    /// `None` where a time is no number: the charts see only finite, positive ones.
    fn of(x: f64, [low, median, high]: [f64; 3]) -> Option<Self> {
        let numbers = x.is_finite() && [low, median, high].iter().all(|time| !time.is_nan());
        let [low, median, high] = [low, median, high].map(|time| time.clamp(SHORTEST, LONGEST));
        numbers.then_some(Self { x, low: low.min(median), median, high: high.max(median) })
    }
}

/// The chart, with `size` in pixels (width, height); `None` if nothing was measured.
pub(super) fn svg(document: &Document, size: (u32, u32)) -> Result<Option<String>, ExportError> {
    let curves: Vec<Vec<At>> = (0..document.devices.len()).map(|device| curve(document, device)).collect();
    let swept = document.sweep.as_ref().map(|sweep| sweep.parameter.name());
    Ok(drawn(&curves, swept, size)?.map(|svg| styled(svg, document.devices.len())))
}

/// The chart over the values of a parameter, or of successive runs.
fn drawn(curves: &[Vec<At>], swept: Option<&str>, size: (u32, u32)) -> Result<Option<String>, ExportError> {
    let all = || curves.iter().flatten();
    let Some((xs, ys)) = bounds(all().map(|at| at.x..at.x)).zip(bounds(all().map(|at| at.low..at.high)))
    else {
        return Ok(None);
    };
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        match swept {
            Some(name) => {
                let (xs, ys) = (padded(xs, 1.0).log_scale(), padded(ys, 1.25).log_scale());
                draw(&area, xs, ys, (name, &one_two_five), curves)?;
            }
            None => {
                let xs = xs.start - 0.5..xs.end + 0.5;
                draw(&area, xs, 0.0..ys.end * 1.1, ("run", &whole), curves)?;
            }
        }
        area.present().map_err(failed)?;
    }
    Ok(Some(svg))
}

/// Spread over the runs of each value, or single runs.
fn curve(document: &Document, device: usize) -> Vec<At> {
    if document.sweep.is_none() {
        let runs = document.measurements.first().and_then(|m| m.devices.get(device));
        let runs = runs.map(|timing| timing.runs_s.as_slice()).unwrap_or_default();
        let at = |(run, &s): (usize, &f64)| At::of((run + 1) as f64, [s; 3]);
        return runs.iter().enumerate().filter_map(at).collect();
    }
    let at = |m: &crate::compare::document::Measurement| {
        let spread = m.devices.get(device)?.time_s?;
        At::of(m.value? as f64, [spread.min, spread.median, spread.max])
    };
    let mut curve: Vec<At> = document.measurements.iter().filter_map(at).collect();
    curve.sort_by(|a, b| a.x.total_cmp(&b.x));
    curve
}

fn bounds(ranges: impl Iterator<Item = Range<f64>>) -> Option<Range<f64>> {
    ranges.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
}

/// Bounds of a logarithmic axis: positive and distinct.
fn padded(range: Range<f64>, factor: f64) -> Range<f64> {
    let (start, end) = (range.start.max(1e-9) / factor, range.end.max(1e-9) * factor);
    if start < end { start..end } else { start / 1.5..end * 1.5 }
}

/// Labels of 1, 2, 5, 10, ..; empty for other values.
fn one_two_five(x: &f64) -> String {
    let tens = 10f64.powf(x.log10().floor());
    let shown = x.fract() == 0.0 && [1.0, 2.0, 5.0].contains(&(x / tens));
    if shown { x.to_string() } else { String::new() }
}

fn whole(x: &f64) -> String {
    if x.fract() == 0.0 { x.to_string() } else { String::new() }
}

fn draw<X, Y>(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    xs: X,
    ys: Y,
    (x_name, x_label): (&str, &dyn Fn(&f64) -> String),
    curves: &[Vec<At>],
) -> Result<(), ExportError>
where
    X: AsRangedCoord<Value = f64>,
    Y: AsRangedCoord<Value = f64>,
    X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let text = ("system-ui, sans-serif", 14).into_font().color(&INK);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(76)
        .build_cartesian_2d(xs, ys)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .x_desc(x_name)
        .y_desc("time of a run")
        .x_label_formatter(x_label)
        .y_label_formatter(&|s| time(*s))
        .label_style(text.clone())
        .axis_desc_style(text)
        .axis_style(INK.mix(0.6))
        .bold_line_style(INK.mix(0.18))
        .light_line_style(TRANSPARENT)
        .draw()
        .map_err(failed)?;
    for (device, curve) in curves.iter().enumerate() {
        let color = color(device);
        let above = curve.iter().map(|at| (at.x, at.high));
        let band: Vec<(f64, f64)> = above.chain(curve.iter().rev().map(|at| (at.x, at.low))).collect();
        chart.draw_series([Polygon::new(band, color.mix(0.2))]).map_err(failed)?;
        let line = curve.iter().map(|at| (at.x, at.median));
        chart.draw_series(LineSeries::new(line.clone(), color.stroke_width(2))).map_err(failed)?;
        let dots = line.map(|at| Circle::new(at, 3, color.filled()));
        chart.draw_series(dots).map_err(failed)?;
    }
    Ok(())
}

/// Placeholder for the colour of a device, replaced in the finished SVG.
fn color(device: usize) -> RGBColor {
    RGBColor(4, 5, (device % 250) as u8)
}

/// The SVG with the page's colours and an accessible name.
fn styled(svg: String, devices: usize) -> String {
    let hex = |RGBColor(r, g, b): RGBColor| format!("\"#{r:02X}{g:02X}{b:02X}\"");
    let svg = (0..devices).fold(svg, |svg, device| {
        svg.replace(&hex(color(device)), &format!("\"var(--device-{})\"", device % 6))
    });
    let svg = svg.replace(&hex(INK), "\"currentColor\"");
    svg.replacen("<svg ", "<svg role=\"img\" aria-label=\"Times of the devices, as in the table below\" ", 1)
}

#[cfg(test)]
mod tests {
    use proptest::num::f64::ANY;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_charts_take_any_times(
            values in prop::collection::vec(prop::collection::vec((1..u32::MAX, [ANY; 3]), 0..6), 0..3),
            equal in ANY,
        ) {
            let curve = |values: Vec<(u32, [f64; 3])>| {
                let mut curve: Vec<At> =
                    values.into_iter().filter_map(|(x, times)| At::of(x.into(), times)).collect();
                curve.sort_by(|a, b| a.x.total_cmp(&b.x));
                curve
            };
            let flat = vec![At::of(1.0, [equal; 3]).into_iter().collect()];
            let any: Vec<Vec<At>> = values.into_iter().map(curve).collect();
            for (curves, swept) in [&any, &flat].into_iter().flat_map(|curves| [(curves, None), (curves, Some("k"))]) {
                let svg = drawn(curves, swept, (400, 300)).unwrap();
                prop_assert_eq!(svg.is_some(), curves.iter().any(|curve| !curve.is_empty()));
                for wrong in ["NaN", "\"inf", "2147483647", "-2147483648"] {
                    prop_assert!(svg.as_ref().is_none_or(|svg| !svg.contains(wrong)), "{}: {:?}", wrong, svg);
                }
            }
        }
    }
}
