//! The curve of a sweep as text: both axes are logarithmic, and each device has a mark.

use anstyle::{AnsiColor, Style};
use cairn::compare::Document;
use cairn::compare::document::Measurement;
use cairn::numbers;

use crate::cli::terminal::plain;

/// Height of the chart, in lines.
const HEIGHT: usize = 14;
/// Width of the labels, and largest width of the chart, in columns.
const LABELS: usize = 9;
const WIDEST: usize = 90;
/// Times that are drawn, in seconds: shorter and longer ones are drawn at these ends.
const SHORTEST: f64 = 1e-9;
const LONGEST: f64 = 1e9;
/// Marks and colours of the devices; they repeat if there are more devices.
const MARKS: [char; 6] = ['●', '○', '■', '□', '▲', '△'];
const COLORS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::Red,
];

/// A logarithmic axis over a number of cells.
struct Axis {
    low: f64,
    high: f64,
    places: usize,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, places: usize) -> Option<Self> {
        let logs: Vec<f64> = values.filter(|&value| value > 0.0).map(f64::log10).collect();
        let low = logs.iter().copied().reduce(f64::min)?;
        let high = logs.iter().copied().reduce(f64::max)?;
        Some(Self { low, high, places })
    }

    /// The cell of a value, from 0.
    fn place(&self, value: f64) -> usize {
        let share = (value.log10() - self.low) / (self.high - self.low).max(1e-9);
        ((share.clamp(0.0, 1.0)) * (self.places - 1) as f64).round() as usize
    }

    /// The value at a cell.
    fn value(&self, place: usize) -> f64 {
        10f64.powf(self.low + (self.high - self.low) * place as f64 / (self.places - 1) as f64)
    }
}

/// Content of a cell: a measured mark, or the line between two.
#[derive(Clone, Copy)]
struct Mark {
    device: usize,
    measured: bool,
}

/// The chart and its legend. Empty if there are fewer than two values.
pub(super) fn text(document: &Document, width: usize, color: bool) -> String {
    let curves: Vec<Vec<(f64, f64)>> = (0..document.devices.len()).map(|d| curve(document, d)).collect();
    drawn(&curves, width, color).map_or(String::new(), |chart| chart + &legend(document, color))
}

fn drawn(curves: &[Vec<(f64, f64)>], width: usize, color: bool) -> Option<String> {
    let all = || curves.iter().flatten();
    let columns = width.saturating_sub(LABELS + 3).clamp(20, WIDEST);
    let axes = Axis::over(all().map(|at| at.0), columns).zip(Axis::over(all().map(|at| at.1), HEIGHT));
    let (xs, ys) = axes.filter(|(xs, _)| xs.high > xs.low)?;
    let mut grid = vec![vec![None; columns]; HEIGHT];
    curves.iter().enumerate().for_each(|(device, curve)| draw(&mut grid, device, curve, &xs, &ys));
    let mut text = String::new();
    for (down, row) in grid.iter().enumerate() {
        let label = if down % 3 == 1 { numbers::time(ys.value(HEIGHT - 1 - down)) } else { String::new() };
        text.push_str(&format!("{label:>LABELS$} │{}\n", line(row, color)));
    }
    Some(text + &bottom(&xs, all().map(|at| at.0)))
}

fn curve(document: &Document, device: usize) -> Vec<(f64, f64)> {
    let at = |m: &Measurement| at(m.value? as f64, m.time(device)?);
    let mut curve: Vec<(f64, f64)> = document.measurements.iter().filter_map(at).collect();
    curve.sort_by(|a, b| a.0.total_cmp(&b.0));
    curve
}

/// A value and its time, if they can be drawn: the axes see only finite, positive numbers.
fn at(value: f64, time: f64) -> Option<(f64, f64)> {
    let drawable = value.is_finite() && value > 0.0 && !time.is_nan();
    drawable.then(|| (value, time.clamp(SHORTEST, LONGEST)))
}

#[allow(clippy::needless_range_loop, reason = "the index is the column of whichever row the curve is in")]
fn draw(grid: &mut [Vec<Option<Mark>>], device: usize, curve: &[(f64, f64)], xs: &Axis, ys: &Axis) {
    for pair in curve.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        for place in xs.place(x0) + 1..xs.place(x1) {
            let share = (xs.value(place) / x0).ln() / (x1 / x0).ln();
            let y = y0 * (y1 / y0).powf(share.clamp(0.0, 1.0));
            let cell = &mut grid[HEIGHT - 1 - ys.place(y)][place];
            cell.get_or_insert(Mark { device, measured: false });
        }
    }
    for &(x, y) in curve {
        grid[HEIGHT - 1 - ys.place(y)][xs.place(x)] = Some(Mark { device, measured: true });
    }
}

fn line(row: &[Option<Mark>], color: bool) -> String {
    let mut text = String::new();
    for cell in row {
        let Some(Mark { device, measured }) = *cell else {
            text.push(' ');
            continue;
        };
        let mark = if measured { MARKS[device % MARKS.len()] } else { '·' };
        text.push_str(&styled(device, &mark.to_string(), color));
    }
    text.trim_end().to_owned()
}

fn styled(device: usize, text: &str, color: bool) -> String {
    let style = if color { COLORS[device % COLORS.len()].on_default() } else { Style::new() };
    format!("{style}{text}{style:#}")
}

/// The horizontal axis, with the values that have room.
fn bottom(xs: &Axis, values: impl Iterator<Item = f64>) -> String {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let mut labels = String::new();
    for value in values {
        let text = numbers::rate(value).replace(' ', "");
        let text = if value < 1e6 { value.to_string() } else { text };
        let at = xs.place(value).saturating_sub(text.len() / 2);
        if labels.is_empty() || at > labels.len() {
            labels.push_str(&" ".repeat(at - labels.len().min(at)));
            labels.push_str(&text);
        }
    }
    let (gap, rule) = (" ".repeat(LABELS), "─".repeat(xs.places));
    format!("{gap} └{rule}\n{gap}  {labels}\n")
}

fn legend(document: &Document, color: bool) -> String {
    let entry = |(device, described): (usize, &cairn::compare::document::DeviceReport)| {
        let mark = MARKS[device % MARKS.len()].to_string();
        format!("{} {}", styled(device, &mark, color), plain(&described.name))
    };
    let entries: Vec<String> = document.devices.iter().enumerate().map(entry).collect();
    format!("{}  {}\n", " ".repeat(LABELS), entries.join("   "))
}

#[cfg(test)]
mod tests {
    use proptest::num::f64::ANY;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_times_are_drawn(
            values in prop::collection::vec(prop::collection::vec((ANY, ANY), 0..9), 0..4),
            counted in prop::collection::vec((1..u32::MAX, ANY), 0..9),
            width in 0..200usize,
        ) {
            let counted = counted.into_iter().map(|(value, time)| (f64::from(value), time)).collect();
            let curve = |values: Vec<(f64, f64)>| {
                let mut curve: Vec<(f64, f64)> = values.into_iter().filter_map(|(x, y)| at(x, y)).collect();
                curve.sort_by(|a, b| a.0.total_cmp(&b.0));
                curve
            };
            let curves: Vec<Vec<(f64, f64)>> = values.into_iter().chain([counted]).map(curve).collect();
            if let Some(chart) = drawn(&curves, width, false) {
                prop_assert!(!chart.contains("NaN") && chart.lines().count() == HEIGHT + 2, "{}", chart);
                prop_assert!(MARKS.iter().any(|&mark| chart.contains(mark)), "{}", chart);
            }
        }
    }
}
