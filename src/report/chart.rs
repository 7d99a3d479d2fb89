//! Charts as SVG, in the page's colours, so that they follow the light, dark and print themes.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::ReportError;
use super::axis::Axis;
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

impl Series {
    /// Number of values.
    fn len(&self) -> usize {
        match self {
            Self::Bars(_, bars) | Self::Lying(_, bars) => bars.len(),
            Self::Dots(_, dots) | Self::Line(_, dots) => dots.len(),
            Self::Big(..) | Self::Mark(..) => 0,
        }
    }

    /// At their places on the axes, without values that have none.
    fn placed(&self, x: &Axis, y: &Axis) -> Self {
        let dot = |&(a, b): &(f64, f64)| Some((x.place(a)?, y.place(b)?));
        let dots = |dots: &[(f64, f64)]| dots.iter().filter_map(dot).collect();
        let bar = |along: &Axis, across: &Axis, &(a, b, h): &(f64, f64, f64)| {
            Some((along.place(a)?, along.place(b)?, across.place(h)?))
        };
        match self {
            Self::Bars(at, bars) => Self::Bars(*at, bars.iter().filter_map(|b| bar(x, y, b)).collect()),
            Self::Lying(at, bars) => Self::Lying(*at, bars.iter().filter_map(|b| bar(y, x, b)).collect()),
            Self::Dots(at, values) => Self::Dots(*at, dots(values)),
            Self::Line(at, values) => Self::Line(*at, dots(values)),
            Self::Big(at, a, b) => {
                dot(&(*a, *b)).map_or(Self::Dots(*at, Vec::new()), |(a, b)| Self::Big(*at, a, b))
            }
            Self::Mark(from, to) => match (dot(from), dot(to)) {
                (Some(from), Some(to)) => Self::Mark(from, to),
                _ => Self::Dots(0, Vec::new()),
            },
        }
    }
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
    /// The SVG, or a sentence if it can't be drawn.
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
        let (Some(x), Some(y)) = (Axis::over(&self.x.1), Axis::over(&self.y.1)) else {
            return Ok(said("This chart is left out: its values are beyond the range of 64-bit floats."));
        };
        let placed: Vec<Series> = self.series.iter().map(|series| series.placed(&x, &y)).collect();
        let dropped = self.series.iter().map(Series::len).sum::<usize>()
            - placed.iter().map(Series::len).sum::<usize>();
        // the last resort: no chart may end a run
        let plotted = catch_unwind(AssertUnwindSafe(|| self.plot(left, names, (&x, &y), &placed)));
        let Ok(svg) = plotted else { return Ok(said("This chart is left out: it could not be drawn.")) };
        let more = match dropped {
            0 => String::new(),
            1 => said("1 value is beyond the range of 64-bit floats and not drawn."),
            n => said(&format!("{n} values are beyond the range of 64-bit floats and not drawn.")),
        };
        Ok(self.styled(svg?) + &more)
    }

    fn plot(
        &self,
        left: u32,
        names: &[(f64, String)],
        (x, y): (&Axis, &Axis),
        series: &[Series],
    ) -> Result<String, ReportError> {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            let mut axes = ChartBuilder::on(&area)
                .margin(8)
                .margin_right(18)
                .x_label_area_size(46)
                .y_label_area_size(left)
                .build_cartesian_2d(x.places(), y.places())
                .map_err(failed)?;
            self.mesh(&mut axes, (x, y), names.is_empty())?;
            series.iter().try_for_each(|series| draw(&mut axes, series))?;
            let style = ("system-ui, sans-serif", 14).into_font().color(&INK);
            let style = style.pos(Pos::new(HPos::Right, VPos::Center));
            for (value, name) in names {
                let Some(place) = y.place(*value) else { continue };
                let (_, at) = axes.backend_coord(&(x.places().start, place));
                area.draw_text(name, &style, (left as i32, at)).map_err(failed)?;
            }
            drop(axes);
            area.present().map_err(failed)?;
        }
        Ok(svg)
    }

    fn mesh(&self, axes: &mut Axes<'_, '_>, (x, y): (&Axis, &Axis), valued: bool) -> Result<(), ReportError> {
        let text = ("system-ui, sans-serif", 14).into_font().color(&INK);
        axes.configure_mesh()
            .x_desc(self.x.0)
            .y_desc(self.y.0)
            .x_labels(5)
            .y_labels(if valued { 6 } else { 0 })
            .x_label_formatter(&|at| (self.x_text)(&x.value(*at)))
            .y_label_formatter(&|at| (self.y_text)(&y.value(*at)))
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

/// The range of the finite values, with a margin.
pub(super) fn around(values: impl Iterator<Item = f64>) -> Range<f64> {
    let finite = values.filter(|x| x.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    let room = (high - low) * 0.04;
    if room.is_finite() {
        return (low - room).max(f64::MIN)..(high + room).min(f64::MAX);
    }
    // wider than any float: as far as floats go
    if low <= high { f64::MIN..f64::MAX } else { low..high }
}

/// A sentence in place of a chart, or below it.
fn said(text: &str) -> String {
    format!("<p class=\"soft\">{text}</p>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Fails if a chart has a place that is no number, or could not be drawn.
#[cfg(test)]
pub(super) fn check_drawn(chart: &str) {
    let whole = chart.starts_with("<svg ") && chart.contains("</svg>");
    assert!(whole || chart.contains("its values are beyond the range"), "{chart}");
    // the alternative text in the first tag may speak of any number
    let chart = chart.split_once('>').map_or(chart, |(_, drawn)| drawn);
    for wrong in ["NaN", "\"inf", "\"-inf", "could not be drawn", "2147483647", "-2147483648"] {
        assert!(!chart.contains(wrong), "{wrong}: {chart}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::num::f64::{ANY, INFINITE, NEGATIVE, NORMAL, POSITIVE, QUIET_NAN, SUBNORMAL, ZERO};
    use proptest::prelude::*;

    use super::*;

    /// Values of one class, of any, or equal ones; or none.
    fn values() -> impl Strategy<Value = Vec<f64>> {
        let signs = POSITIVE | NEGATIVE;
        let of = |class: proptest::num::f64::Any| prop::collection::vec(class, 0..9).boxed();
        prop_oneof![
            of(ANY),
            of(signs | NORMAL),
            of(signs | SUBNORMAL),
            of(signs | ZERO),
            of(signs | INFINITE),
            of(QUIET_NAN),
            prop::collection::vec(0.9 * f64::MAX..=f64::MAX, 0..9),
            prop::collection::vec(-1e3..1e3, 0..9),
            (ANY, 0..9usize).prop_map(|(value, n)| vec![value; n]),
            (ANY, 0..9u64)
                .prop_map(|(value, n)| (0..n).map(|step| f64::from_bits(value.to_bits() ^ step)).collect()),
        ]
    }

    /// Every kind of series.
    fn all_series(xs: &[f64], ys: &[f64]) -> Vec<Series> {
        let dots: Vec<(f64, f64)> = xs.iter().copied().zip(ys.iter().copied()).collect();
        let bars =
            |values: &[(f64, f64)]| values.windows(2).map(|two| (two[0].0, two[1].0, two[1].1)).collect();
        let mut all = vec![
            Series::Bars(0, bars(&dots)),
            Series::Lying(1, bars(&dots)),
            Series::Dots(2, dots.clone()),
            Series::Line(3, dots.clone()),
        ];
        all.extend(dots.iter().map(|&(x, y)| Series::Big(4, x, y)));
        all.extend(dots.windows(2).map(|two| Series::Mark(two[0], two[1])));
        all
    }

    proptest! {
        #[test]
        fn every_kind_of_chart_takes_every_value(
            xs in values(),
            ys in values(),
            ends in prop::option::of((ANY, ANY)),
        ) {
            let range = |values: &[f64]| ends.map_or(around(values.iter().copied()), |(from, to)| from..to);
            let names: Vec<(f64, String)> = ys.iter().map(|&y| (y, "name".to_owned())).collect();
            for series in all_series(&xs, &ys) {
                let chart = Chart {
                    alt: "a chart".into(),
                    x: ("x", range(&xs)),
                    y: ("y", range(&ys)),
                    x_text: &|x| crate::numbers::tick(*x),
                    y_text: &|y| crate::numbers::times_power_of_two(*y, 2000, 3),
                    series: vec![series],
                };
                for drawn in [chart.svg(), chart.svg_valued(), chart.svg_named(&names)] {
                    check_drawn(&drawn.unwrap());
                }
            }
        }
    }

    fn chart(xs: &[f64]) -> String {
        let dots: Vec<(f64, f64)> = xs.iter().map(|&x| (x, x)).collect();
        let finite = || xs.iter().copied().filter(|x| x.is_finite());
        let chart = Chart {
            alt: "dots".into(),
            x: ("x", around(finite())),
            y: ("y", around(finite())),
            x_text: &|x| x.to_string(),
            y_text: &|_| String::new(),
            series: vec![Series::Dots(0, dots.clone()), Series::Line(1, dots)],
        };
        chart.svg().unwrap()
    }

    #[test]
    fn any_values_are_drawn_or_spoken_of() {
        for xs in [
            [1e155, 2e155, 9e155],
            [1.7e308, -1.7e308, 0.0],
            [1e-320, 2e-320, 9e-320],
            [1e16, 1e16 + 2.0, 1e16 + 4.0],
            [3.0; 3],
            [0.0; 3],
            [1e-20, 2e-20, 5e-20],
        ] {
            let page = chart(&xs);
            assert!(page.starts_with("<svg") && page.contains("<circle"), "{xs:?}: {page}");
        }
        let some = chart(&[1.0, f64::NAN, 3.0]);
        assert!(some.contains("<circle") && some.contains("2 values are beyond"), "{some}");
        assert!(chart(&[f64::INFINITY; 3]).contains("This chart is left out"));
    }
}
