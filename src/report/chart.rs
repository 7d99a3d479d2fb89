//! Charts as SVG, in the page's colours, so that they follow the light, dark and print themes.

use std::ops::Range;

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::ReportError;
use super::error::failed;

/// Size of a chart, in pixels.
const SIZE: (u32, u32) = (440, 320);
/// Number of colours for clusters and classes: `--c0` and so on in the page's style.
pub(super) const COLORS: usize = 10;
/// Placeholder for the text colour, replaced in the finished SVG.
const INK: RGBColor = RGBColor(1, 2, 3);

type Axes<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Data series of a chart.
pub(super) enum Series {
    /// Vertical bars: from, to, height.
    Bars(usize, Vec<(f64, f64, f64)>),
    /// Horizontal bars: from, to, length.
    Lying(usize, Vec<(f64, f64, f64)>),
    Dots(usize, Vec<(f64, f64)>),
    /// One large dot.
    Big(usize, f64, f64),
    Line(usize, Vec<(f64, f64)>),
    /// A dashed line, from and to.
    Mark((f64, f64), (f64, f64)),
}

/// Description of a chart.
pub(super) struct Chart<'a> {
    /// Alternative text.
    pub(super) alt: String,
    pub(super) x: (&'a str, Range<f64>),
    pub(super) y: (&'a str, Range<f64>),
    pub(super) x_text: &'a dyn Fn(&f64) -> String,
    pub(super) y_text: &'a dyn Fn(&f64) -> String,
    pub(super) series: Vec<Series>,
}

impl Chart<'_> {
    /// The SVG.
    pub(super) fn svg(&self) -> Result<String, ReportError> {
        self.draw(70, &[])
    }

    /// The SVG, with values but no name on the vertical axis.
    pub(super) fn svg_valued(&self) -> Result<String, ReportError> {
        self.draw(58, &[])
    }

    /// The SVG, with names instead of values on the vertical axis.
    pub(super) fn svg_named(&self, names: &[(f64, String)]) -> Result<String, ReportError> {
        self.draw(72, names)
    }

    fn draw(&self, left: u32, names: &[(f64, String)]) -> Result<String, ReportError> {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            let mut axes = ChartBuilder::on(&area)
                .margin(8)
                .margin_right(18)
                .x_label_area_size(46)
                .y_label_area_size(left)
                .build_cartesian_2d(apart(&self.x.1), apart(&self.y.1))
                .map_err(failed)?;
            self.mesh(&mut axes, names.is_empty())?;
            self.series.iter().try_for_each(|series| draw(&mut axes, series))?;
            let style = ("system-ui, sans-serif", 14).into_font().color(&INK);
            let style = style.pos(Pos::new(HPos::Right, VPos::Center));
            for (y, name) in names {
                let (_, y) = axes.backend_coord(&(self.x.1.start, *y));
                area.draw_text(name, &style, (left as i32, y)).map_err(failed)?;
            }
            drop(axes);
            area.present().map_err(failed)?;
        }
        Ok(self.styled(svg))
    }

    fn mesh(&self, axes: &mut Axes<'_, '_>, valued: bool) -> Result<(), ReportError> {
        let text = ("system-ui, sans-serif", 14).into_font().color(&INK);
        axes.configure_mesh()
            .x_desc(self.x.0)
            .y_desc(self.y.0)
            .x_labels(5)
            .y_labels(if valued { 6 } else { 0 })
            .x_label_formatter(&self.x_text)
            .y_label_formatter(&self.y_text)
            .label_style(text.clone())
            .axis_desc_style(text)
            .axis_style(INK.mix(0.5))
            .bold_line_style(INK.mix(0.13))
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(failed)
    }

    fn styled(&self, svg: String) -> String {
        let hex = |RGBColor(r, g, b): RGBColor| format!("\"#{r:02X}{g:02X}{b:02X}\"");
        let svg = (0..COLORS)
            .fold(svg, |svg, at| svg.replace(&hex(color(at)), &format!("\"var(--c{at})\"")))
            .replace(&hex(INK), "\"currentColor\"");
        let width = format!("width=\"{}\" height=\"{}\" ", SIZE.0, SIZE.1);
        let svg = svg.replacen(&width, "", 1);
        svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{}\" ", escape(&self.alt)), 1)
    }
}

/// Placeholder for a colour of the page, replaced in the finished SVG.
fn color(at: usize) -> RGBColor {
    RGBColor(4, 5, (at % COLORS) as u8)
}

fn draw(axes: &mut Axes<'_, '_>, series: &Series) -> Result<(), ReportError> {
    let drawn = match series {
        Series::Bars(at, bars) => axes
            .draw_series(
                bars.iter().map(|&(a, b, h)| Rectangle::new([(a, 0.0), (b, h)], color(*at).filled())),
            )
            .map(drop),
        Series::Lying(at, bars) => axes
            .draw_series(
                bars.iter().map(|&(a, b, x)| Rectangle::new([(0.0, a), (x, b)], color(*at).filled())),
            )
            .map(drop),
        Series::Dots(at, dots) => {
            let style = color(*at).mix(0.6).filled();
            axes.draw_series(dots.iter().map(|&dot| Circle::new(dot, 2, style))).map(drop)
        }
        Series::Big(at, x, y) => axes.draw_series([Circle::new((*x, *y), 6, color(*at).filled())]).map(drop),
        Series::Line(at, line) => {
            let style = color(*at).stroke_width(2);
            axes.draw_series(LineSeries::new(line.iter().copied(), style)).map(drop)
        }
        Series::Mark(from, to) => {
            let style = INK.mix(0.7).stroke_width(1);
            axes.draw_series(DashedLineSeries::new([*from, *to], 5, 4, style)).map(drop)
        }
    };
    drawn.map_err(failed)
}

/// Valid bounds of an axis: finite and distinct.
fn apart(range: &Range<f64>) -> Range<f64> {
    let Range { start, end } = range.clone();
    if end > start { start..end } else { start - 0.5 - start.abs() * 1e-3..start + 0.5 + start.abs() * 1e-3 }
}

/// The range of the values, with a margin.
pub(super) fn around(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    let room = (high - low) * 0.04;
    low - room..high + room
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
