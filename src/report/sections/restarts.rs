//! The restarts: spread of inertia, its relation to accuracy, convergence of the best restart.

use super::super::RestartSummary;
use super::super::axis::Axis;
use super::super::chart::{Chart, Series, around};
use super::super::scale::unit_of;
use super::section::{Figure, Figures};
use super::{Facts, ReportError, Section};
use crate::numbers::{count, grouped, grouped_plural, short_percent, tick, times_power_of_two};

/// Bars of the histogram.
const BINS: usize = 40;
/// Most restarts drawn as dots.
const MOST_DOTS: usize = 2_000;

/// The unit of inertias: 2 to this power, in the user's units.
#[derive(Clone, Copy)]
struct Unit(i32);

impl Unit {
    /// An inertia in the user's units.
    fn shown(self, inertia: f64) -> String {
        if self.0 == 0 { grouped(inertia) } else { times_power_of_two(inertia, self.0, 4) }
    }

    /// The same for a tick of an axis.
    fn tick(self, inertia: f64) -> String {
        if self.0 == 0 { tick(inertia) } else { times_power_of_two(inertia, self.0, 2) }
    }
}

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    let (mut words, mut figures) = (Vec::new(), Vec::new());
    let unit = Unit(facts.report.inertia_scale);
    if let Some(restarts) = facts.report.restarts.as_ref().filter(|restarts| restarts.inertias.len() > 1) {
        words.extend(spread_words(restarts, unit, &facts.model.params.init));
        figures.push(histogram(restarts, unit)?);
        if restarts.falls.len() > 2 {
            figures.push(against_time(restarts, unit)?);
        }
        words.extend(restarts.unscored.clone());
        if restarts.accuracies.len() == restarts.inertias.len() {
            figures.push(against_accuracy(restarts, unit)?);
        }
    }
    if let Some(inertias) = facts.report.convergence.as_ref().filter(|inertias| !inertias.is_empty()) {
        figures.push(convergence(inertias, unit)?);
    }
    if figures.is_empty() {
        return Ok(None);
    }
    super::section::section("restarts", "How it was found", &Figures { words, figures })
}

fn spread_words(restarts: &RestartSummary, unit: Unit, init: &str) -> Vec<String> {
    let best = restarts.min;
    let above = |x: f64| if best > 0.0 { short_percent(x / best - 1.0) } else { unit.shown(x - best) };
    let from = match init {
        "k-means++" => "from rows chosen by k-means++",
        "random" => "from random rows",
        _ => "from given centroids",
    };
    let times = |n: u64| if n == 1 { "once".to_owned() } else { format!("{} times", count(n as f64)) };
    let starts = match restarts.first_generation {
        first if first > 0 && first < restarts.count => {
            let others = times(restarts.count - first);
            format!("{} {from}, then {others} from centroids found before,", times(first))
        }
        _ => format!("{} {from}", times(restarts.count)),
    };
    let start = format!(
        "k-means ends in a local minimum, so it starts {starts} and keeps the least inertia, here {}.",
        unit.shown(best)
    );
    if restarts.found_best == restarts.count {
        return vec![format!("{start} All restarts reached it.")];
    }
    let found = match restarts.found_best {
        1 => "One restart reached it, so a lower one may exist.".to_owned(),
        n => format!("{} restarts reached it.", count(n as f64)),
    };
    vec![format!(
        "{start} {found} The median restart is {} above it, the worst {}.",
        above(restarts.median),
        above(restarts.max)
    )]
}

fn histogram(restarts: &RestartSummary, unit: Unit) -> Result<Figure, ReportError> {
    let range = around(restarts.inertias.iter().copied());
    let range = Axis::over(&range).map_or(range, |axis| axis.bounds());
    let n = BINS as f64;
    let width = match (range.end - range.start) / n {
        width if width.is_finite() => width,
        _ => range.end / n - range.start / n,
    };
    let mut bins = [0usize; BINS];
    for x in restarts.inertias.iter().filter(|x| x.is_finite()) {
        bins[(((x - range.start) / width) as usize).min(BINS - 1)] += 1;
    }
    let most = bins.iter().copied().max().unwrap_or(0) as f64;
    let bar = |(at, &n): (usize, &usize)| {
        let from = range.start + width * at as f64;
        (from, from + width * 0.9, n as f64)
    };
    let chart = Chart {
        alt: format!("Histogram of the inertia of {}", grouped_plural(restarts.inertias.len(), "restart")),
        x: ("inertia", range.clone()),
        y: ("restarts", 0.0..most * 1.08),
        x_text: &|x| unit.tick(*x),
        y_text: &|y| if y.fract() == 0.0 { tick(*y) } else { String::new() },
        series: vec![Series::Bars(0, bins.iter().enumerate().filter(|bin| *bin.1 > 0).map(bar).collect())],
    };
    let text = "The best is at the left. A bar counts restarts of similar inertia, which need not have the same clusters: the \
                text above says how many reached exactly the least.";
    Ok(Figure { title: "Inertia of all restarts", svg: chart.svg()?, text: text.into() })
}

/// The least inertia so far, and that of the restarts from seeds of their own where others follow.
fn against_time(restarts: &RestartSummary, unit: Unit) -> Result<Figure, ReportError> {
    let falls = &restarts.falls;
    let (end, least) = falls[falls.len() - 1];
    let step = falls.len().div_ceil(MOST_DOTS);
    // it falls when a batch ends: steps
    let kept: Vec<(f64, f64)> = falls.iter().copied().step_by(step).chain([(end, least)]).collect();
    let steps = kept.windows(2).flat_map(|pair| [pair[0], (pair[1].0, pair[0].1), pair[1]]).collect();
    let mut series = vec![Series::Line(0, steps)];
    let first = usize::try_from(restarts.first_generation).unwrap_or(usize::MAX);
    let of_first = restarts.inertias.iter().take(first).copied().min_by(f64::total_cmp);
    let mut text =
        "The line is the least inertia so far. It falls when a batch of restarts ends that found a lower one.".to_owned();
    if let Some(of_first) = of_first {
        series.push(Series::Mark((0.0, of_first), (end, of_first)));
        text += &format!(
            " Dashed: the best of the first {}, which begin with seeds of their own; all others begin with centroids of those \
             before.",
            grouped_plural(first.min(restarts.inertias.len()), "restart")
        );
    }
    let values = falls.iter().map(|fall| fall.1).chain(of_first);
    let chart = Chart {
        alt: format!("The least inertia against time, down to {}", unit.shown(least)),
        x: ("seconds", 0.0..if end > 0.0 { end } else { 1.0 }),
        y: ("least inertia", around(values)),
        x_text: &|x| tick(*x),
        y_text: &|y| unit.tick(*y),
        series,
    };
    Ok(Figure { title: "Inertia against time", svg: chart.svg()?, text })
}

fn against_accuracy(restarts: &RestartSummary, unit: Unit) -> Result<Figure, ReportError> {
    let (inertias, accuracies) = (&restarts.inertias, &restarts.accuracies);
    let step = inertias.len().div_ceil(MOST_DOTS);
    let dots = inertias.iter().copied().zip(accuracies.iter().copied()).step_by(step).collect();
    let best = best(restarts);
    let chart = Chart {
        alt: format!("Accuracy against inertia of {}", grouped_plural(inertias.len(), "restart")),
        x: ("inertia", around(inertias.iter().copied())),
        y: ("accuracy", around(accuracies.iter().copied())),
        x_text: &|x| unit.tick(*x),
        y_text: &|y| short_percent(*y),
        series: vec![Series::Dots(0, dots), Series::Big(1, inertias[best], accuracies[best])],
    };
    let mut text = accuracy_words(restarts, best);
    if step > 1 {
        text += &format!(" Every {step}th restart is drawn.");
    }
    Ok(Figure { title: "Inertia against accuracy", svg: chart.svg()?, text })
}

/// The best restart: least inertia, then least number.
fn best(restarts: &RestartSummary) -> usize {
    let inertias = &restarts.inertias;
    (0..inertias.len()).min_by(|&a, &b| inertias[a].total_cmp(&inertias[b])).unwrap_or(0)
}

fn accuracy_words(restarts: &RestartSummary, best: usize) -> String {
    let (inertias, accuracies) = (&restarts.inertias, &restarts.accuracies);
    let Some(r) = correlation(inertias, accuracies) else {
        return "One of the two is equal for all restarts, so they have no correlation.".into();
    };
    let meaning = match r {
        ..-0.6 => "Lower inertia goes with higher accuracy here, but does not guarantee it",
        -0.6..0.1 => "Lower inertia does not go with higher accuracy here",
        _ => "Lower inertia goes with lower accuracy here",
    };
    let most = (0..accuracies.len()).max_by(|&a, &b| accuracies[a].total_cmp(&accuracies[b]).then(b.cmp(&a)));
    let most = most.unwrap_or(best);
    let mut text = format!(
        "{meaning}: their correlation is {} (−1: accuracy falls linearly with inertia; 0: no linear relation). The \
         restart kept (the large dot) has an accuracy of {}.",
        format!("{r:.2}").replace('-', "−"),
        short_percent(accuracies[best])
    );
    if accuracies[most] > accuracies[best] && inertias[best] > 0.0 {
        text += &format!(
            " The most accurate one has {}, at an inertia {:.2}% higher; it can't be found without the known classes.",
            short_percent(accuracies[most]),
            100.0 * (inertias[most] / inertias[best] - 1.0)
        );
    }
    text
}

/// Pearson correlation; `None` if one of the two is constant.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let [a, b] = [a, b].map(|values| {
        let unit = unit_of(values.iter().copied());
        values.iter().map(|x| x / unit).collect::<Vec<f64>>()
    });
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let sum =
        |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(&b).map(|(x, y)| f(x - mean_a, y - mean_b)).sum::<f64>();
    let r = sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
    r.is_finite().then_some(r)
}

fn convergence(inertias: &[f64], unit: Unit) -> Result<Figure, ReportError> {
    let (first, last) = (inertias[0], inertias[inertias.len() - 1]);
    let line = inertias.iter().enumerate().map(|(at, &x)| (at as f64 + 1.0, x)).collect();
    let chart = Chart {
        alt: format!(
            "Inertia after each of {} iterations, from {} to {}",
            inertias.len(),
            unit.shown(first),
            unit.shown(last)
        ),
        x: ("iteration", 1.0..(inertias.len() as f64).max(2.0)),
        y: ("inertia", around(inertias.iter().copied())),
        x_text: &|x| if x.fract() == 0.0 { tick(*x) } else { String::new() },
        y_text: &|y| unit.tick(*y),
        series: vec![Series::Line(0, line)],
    };
    let most = inertias.iter().position(|x| x - last <= 0.1 * (first - last)).map_or(1, |at| at + 1);
    let text = format!(
        "{} in all. Nine tenths of the decrease after the first update are reached by iteration {most}. Inertia never \
         rises, and the restart stops when an update changes nothing.",
        grouped_plural(inertias.len(), "iteration"),
    );
    let text = if first > last { text } else { "It converged in the first iteration.".into() };
    Ok(Figure { title: "Convergence of the best restart", svg: chart.svg()?, text })
}

#[cfg(test)]
mod tests {
    use proptest::num::f64::ANY;
    use proptest::prelude::*;

    use super::super::super::chart::check_drawn;
    use super::*;

    proptest! {
        #[test]
        fn any_inertias_are_drawn_or_spoken_of(
            values in prop::collection::vec((ANY, ANY), 1..12),
            equal in ANY,
            scale in prop::sample::select(vec![0, -2000, 2000]),
        ) {
            let (inertias, accuracies): (Vec<f64>, Vec<f64>) = values.into_iter().unzip();
            for inertias in [vec![equal; inertias.len()], inertias] {
                let restarts = RestartSummary {
                    count: inertias.len() as u64,
                    min: inertias[0],
                    median: inertias[0],
                    max: inertias[0],
                    found_best: 1,
                    accuracies: accuracies.clone(),
                    unscored: None,
                    falls: inertias.iter().copied().zip(accuracies.iter().copied()).collect(),
                    first_generation: 1,
                    inertias: inertias.clone(),
                };
                let unit = Unit(scale);
                spread_words(&restarts, unit, "random");
                for figure in [
                    histogram(&restarts, unit).unwrap(),
                    against_time(&restarts, unit).unwrap(),
                    against_accuracy(&restarts, unit).unwrap(),
                    convergence(&inertias, unit).unwrap(),
                ] {
                    check_drawn(&figure.svg);
                }
            }
        }
    }

    #[test]
    fn correlations() {
        let rising = correlation(&[1.0, 2.0, 3.0], &[5.0, 7.0, 9.0]).unwrap();
        let falling = correlation(&[1.0, 2.0, 3.0, 4.0], &[4.0, 2.0, 3.0, 1.0]).unwrap();
        assert!((rising - 1.0).abs() < 1e-12 && (falling + 0.8).abs() < 1e-12);
        assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]), None);
        let huge = correlation(&[1e200, 2e200, 3e200], &[5.0, 7.0, 9.0]).unwrap();
        assert!((huge - 1.0).abs() < 1e-12);
    }
}
