//! The map: rows along the first two principal components, coloured by cluster or by class.

use std::fmt::Write;
use std::ops::Range;

use askama::Template;

use super::super::chart::{COLORS, around};
use super::super::pca::{Components, components};
use super::{Facts, ReportError, Section};
use crate::numbers::{grouped_plural, short_percent};

/// Size of the map, in SVG units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 480.0;
const MARGIN: f64 = 16.0;
/// Most names on the map.
const MOST_NAMES: usize = 40;
/// Room of a letter and of a line of a name, in SVG units; names that would overlap a larger group's are left out.
const LETTER: f64 = 18.0;
const LINE: f64 = 26.0;

#[derive(Template)]
#[template(path = "report/map.html")]
struct Map {
    words: Vec<String>,
    layers: Vec<Layer>,
}

/// The points in one colouring.
struct Layer {
    id: &'static str,
    switch: String,
    alt: String,
    groups: Vec<MapGroup>,
}

struct MapGroup {
    color: usize,
    path: String,
    /// A name and its position.
    name: Option<(String, String, String)>,
}

pub(super) fn section(facts: &Facts<'_>) -> Result<Option<Section>, ReportError> {
    let Some((gathered, rows)) = facts.gathered.as_ref().zip(facts.report.rows) else { return Ok(None) };
    let Some(found) = components(&gathered.values, facts.model.n_dims()) else { return Ok(None) };
    let paper = Paper::around(&found);
    let clusters: Vec<usize> = gathered.sample.iter().map(|&row| rows.labels[row] as usize).collect();
    let mut layers = vec![Layer {
        id: "map-cluster",
        switch: "by cluster".into(),
        alt: format!(
            "{} placed by the first two principal components, coloured by cluster",
            grouped_plural(clusters.len(), "row")
        ),
        groups: paper.groups(
            &found,
            &clusters,
            &facts.names,
            |c| facts.color(c),
            |c| Some(found.place(facts.centroids.row(c).iter().copied().collect::<Vec<f64>>())),
        ),
    }];
    if let Some(truth) = facts.truth() {
        let classes: Vec<usize> = gathered.sample.iter().map(|&row| truth.labels[row] as usize).collect();
        layers.push(Layer {
            id: "map-class",
            switch: format!("by {}", truth.column),
            alt: format!("the same rows, coloured by {}", truth.column),
            groups: paper.groups(
                &found,
                &classes,
                &truth.names,
                |class| class % COLORS,
                |class| mean(&found, &classes, class),
            ),
        });
    }
    let n_named = layers[0].groups.iter().filter(|group| group.name.is_some()).count();
    let unnamed = n_named < facts.names.len();
    super::section::section(
        "map",
        "A map of the rows",
        &Map { words: words(facts, &found, clusters.len(), unnamed), layers },
    )
}

fn words(facts: &Facts<'_>, found: &Components, drawn: usize, unnamed: bool) -> Vec<String> {
    let [first, second] = found.shares;
    let mut words = vec![format!(
        "Each dot is a row, placed by its first two principal components, the directions of largest variance. They explain {} and \
         {} of the variance, together {}: clusters that overlap here may be separated in the other {}.",
        short_percent(first),
        short_percent(second),
        short_percent(first + second),
        short_percent((1.0 - first - second).max(0.0))
    )];
    if facts.truth().is_some() {
        words.push(
            "Switch between the two colourings: clusters and classes disagree where the colour changes."
                .into(),
        );
    }
    let n = facts.report.rows.map_or(0, |rows| rows.labels.len());
    if drawn < n {
        words.push(format!(
            "{} of {} are drawn, chosen at random.",
            grouped_plural(drawn, "row"),
            grouped_plural(n, "row")
        ));
    }
    if unnamed {
        words.push(format!("Names are those of the largest groups, at most {MOST_NAMES}; those that would overlap are left out."));
    }
    if facts.names.len() > COLORS {
        words.push("There are more clusters than colours, so colours repeat.".into());
    }
    words
}

fn mean(found: &Components, groups: &[usize], group: usize) -> Option<[f64; 2]> {
    let own = || found.coordinates.iter().zip(groups).filter(|&(_, &g)| g == group).map(|(at, _)| at);
    let n = own().count() as f64;
    (n > 0.0).then(|| [0, 1].map(|axis| own().map(|at| at[axis]).sum::<f64>() / n))
}

/// Maps coordinates to the map, with equal scales on both axes.
struct Paper {
    centre: [f64; 2],
    scale: f64,
}

impl Paper {
    fn around(found: &Components) -> Self {
        let [x, y] = [0, 1].map(|axis| around(found.coordinates.iter().map(|at| at[axis])));
        // halves, whose difference can't overflow
        let half = |range: &Range<f64>| range.end / 2.0 - range.start / 2.0;
        let fit =
            |room: f64, half: f64| if half > 0.0 { (room / 2.0 - MARGIN) / half } else { f64::INFINITY };
        let scale = fit(WIDTH, half(&x)).min(fit(HEIGHT, half(&y)));
        let centre = [&x, &y].map(|range| range.start + half(range));
        Self { centre, scale: if scale.is_finite() { scale } else { 1.0 } }
    }

    /// The place of a row, if it has one.
    fn placed(&self, at: [f64; 2]) -> Option<(f64, f64)> {
        Some(self.place(at)).filter(|(x, y)| x.is_finite() && y.is_finite())
    }

    fn place(&self, at: [f64; 2]) -> (f64, f64) {
        let x = WIDTH / 2.0 + (at[0] - self.centre[0]) * self.scale;
        (x, HEIGHT / 2.0 - (at[1] - self.centre[1]) * self.scale)
    }

    fn groups(
        &self,
        found: &Components,
        groups: &[usize],
        names: &[String],
        color: impl Fn(usize) -> usize,
        centre: impl Fn(usize) -> Option<[f64; 2]>,
    ) -> Vec<MapGroup> {
        let mut paths = vec![String::new(); COLORS];
        for (at, &group) in found.coordinates.iter().zip(groups) {
            let Some((x, y)) = self.placed(*at) else { continue };
            // a line of zero length with round caps is the shortest way to draw a dot
            let _ = write!(paths[color(group)], "M{x:.0} {y:.0}h0");
        }
        let dots = paths.into_iter().enumerate().map(|(color, path)| MapGroup { color, path, name: None });
        let mut sizes = vec![0usize; names.len()];
        groups.iter().for_each(|&group| sizes[group] += 1);
        let mut by_size: Vec<usize> = (0..names.len()).collect();
        by_size.sort_by_key(|&group| std::cmp::Reverse(sizes[group]));
        let mut taken: Vec<(f64, f64, f64)> = Vec::new();
        let named = by_size.into_iter().filter_map(|group| {
            if taken.len() >= MOST_NAMES {
                return None;
            }
            let (x, y) = self.placed(centre(group)?)?;
            let name = names[group].strip_prefix("cluster ").unwrap_or(&names[group]);
            let name: String = name.chars().take(16).collect();
            let half = name.chars().count() as f64 * LETTER / 2.0;
            let apart =
                |&(a, b, other): &(f64, f64, f64)| (x - a).abs() >= half + other || (y - b).abs() >= LINE;
            if !taken.iter().all(apart) {
                return None;
            }
            taken.push((x, y, half));
            let name = Some((name, format!("{x:.0}"), format!("{y:.0}")));
            Some(MapGroup { color: color(group), path: String::new(), name })
        });
        dots.chain(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::num::f64::ANY;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_rows_are_placed_or_left_out(values in prop::collection::vec(ANY, 0..24), equal in ANY) {
            let n_dims = 2;
            for values in [vec![equal; 6], values[..values.len() / n_dims * n_dims].to_vec()] {
                let Some(found) = components(&values, n_dims) else { continue };
                let groups: Vec<usize> = (0..found.coordinates.len()).map(|row| row % 2).collect();
                let names = ["a".to_owned(), "b".to_owned()];
                let paper = Paper::around(&found);
                for group in paper.groups(&found, &groups, &names, |group| group, |group| mean(&found, &groups, group)) {
                    let texts = format!("{}{:?}", group.path, group.name);
                    prop_assert!(!texts.contains("NaN") && !texts.contains("inf"), "{}", texts);
                }
            }
        }

        #[test]
        fn any_coordinates_are_placed_or_left_out(xs in prop::collection::vec((ANY, ANY), 0..9)) {
            let mut found = components(&[0.0, 1.0, 5.0, 2.0], 2).unwrap();
            found.coordinates = xs.iter().map(|&(x, y)| [x, y]).collect();
            let paper = Paper::around(&found);
            let groups = vec![0; xs.len()];
            for group in paper.groups(&found, &groups, &["a".to_owned()], |_| 0, |_| mean(&found, &groups, 0)) {
                let texts = format!("{}{:?}", group.path, group.name);
                prop_assert!(!texts.contains("NaN") && !texts.contains("inf"), "{}", texts);
            }
        }
    }
}
