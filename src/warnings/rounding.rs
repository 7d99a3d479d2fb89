//! Rounding to the lattice that weighs in the inertia, or in that of a cluster.

use rayon::prelude::*;

use super::subject::Ended;
use super::warning::{Warning, WarningCode};
use crate::data::{DataError, Dataset};
use crate::kmeans::Fit;
use crate::lattice::{Lattice, Rounding, Scale, WHOLE};
use crate::numbers::{plural, significant};

/// The share of an inertia from which rounding is worth a word.
const SHARE: f64 = 0.01;
/// Rows per parallel task.
const BLOCK: usize = 4096;

const ADVICE: &str =
    "subtract the start of a time axis, clip far values, or fit the tight groups as a table of their own";

/// A warning if the expected cost of rounding is a notable share of the inertia.
pub(super) fn of_all(rounding: &Rounding, ended: &Ended) -> Option<Warning> {
    let share = rounding.cost / ended.inertia as f64;
    if ended.inertia == 0 || share <= SHARE {
        return None;
    }
    let percent = significant(share * 100.0, 2);
    let text = format!("rounding to the lattice is about {percent}% of the inertia; {ADVICE}");
    Some(Warning::new(WarningCode::CoarseRounding, text))
}

/// A warning if rounding notably changes the inertia of a cluster: the one where it does most.
///
/// Rows of a cluster that are all equal have no inertia, and lose nothing.
pub(super) fn of_clusters(data: &Dataset<'_>, fit: &Fit) -> Result<Option<Warning>, DataError> {
    if fit.rounding.cost == 0.0 {
        return Ok(None);
    }
    let clusters = clusters(data, fit)?;
    let units = units(&fit.lattice);
    let changes = clusters.iter().map(|cluster| cluster.change(&units)).enumerate();
    let Some((cluster, change)) = changes.max_by(|(_, a), (_, b)| a.total_cmp(b)) else { return Ok(None) };
    if change <= SHARE {
        return Ok(None);
    }
    let of = format!("cluster {cluster} ({})", plural(clusters[cluster].n_rows, "row"));
    let text = if clusters[cluster].placed == 0.0 {
        format!("rounding to the lattice made the rows of {of} equal, which differ; {ADVICE}")
    } else {
        let percent = significant(change * 100.0, 2);
        format!("rounding to the lattice changes the inertia of {of} by about {percent}%; {ADVICE}")
    };
    Ok(Some(Warning::new(WarningCode::CoarseRounding, text)))
}

/// Sums over the rows of a cluster, in steps of the finest feature.
#[derive(Debug, Clone, Default)]
struct Cluster {
    first: Vec<f64>, // a row (n_dims); empty before the first
    differs: bool,   // some row is not equal to it
    n_rows: u64,
    weight: f64,
    means: Vec<f64>,        // weighted distances from the centroid, summed (n_dims)
    given: f64,             // weighted squared distances of the rows from the centroid, summed
    placed: f64,            // the same of their places on the lattice
    placed_means: Vec<f64>, // as `means`, of their places
}

impl Cluster {
    fn add(&mut self, row: &[f64], weight: f64, places: &[Place]) {
        if self.first.is_empty() {
            self.first = row.to_vec();
            self.means = vec![0.0; row.len()];
            self.placed_means = vec![0.0; row.len()];
        }
        self.differs |= self.first != row;
        self.n_rows += 1;
        self.weight += weight;
        let means = self.means.iter_mut().zip(&mut self.placed_means);
        for ((&x, (mean, placed_mean)), place) in row.iter().zip(means).zip(places) {
            let steps = place.scale.steps(x);
            let given = (steps - place.centroid) * place.unit;
            // coordinates are far below 2^51; `round_ties_even` is a call where the processor's set is the least one
            let placed = ((steps + WHOLE) - WHOLE - place.centroid) * place.unit;
            *mean += weight * given;
            *placed_mean += weight * placed;
            self.given += weight * given * given;
            self.placed += weight * placed * placed;
        }
    }

    fn merge(&mut self, other: Self) {
        if self.first.is_empty() {
            *self = other;
            return;
        }
        if other.first.is_empty() {
            return;
        }
        self.differs |= other.differs || self.first != other.first;
        self.n_rows += other.n_rows;
        self.weight += other.weight;
        self.means.iter_mut().zip(other.means).for_each(|(mean, more)| *mean += more);
        self.placed_means.iter_mut().zip(other.placed_means).for_each(|(mean, more)| *mean += more);
        self.given += other.given;
        self.placed += other.placed;
    }

    /// By how much rounding changes the inertia, relative to that of the given rows about their mean. `units` are steps of
    /// the features in steps of the finest (n_dims).
    ///
    /// On the lattice it is that of the places about their rounded mean: the centroid of a restart that has ended by
    /// itself, but not where it was stopped by a tolerance or a number of iterations.
    fn change(&self, units: &[f64]) -> f64 {
        if !self.differs {
            return 0.0;
        }
        let about_mean = self.means.iter().map(|sum| sum * sum).sum::<f64>() / self.weight;
        let inertia = (self.given - about_mean).max(self.given * 1e-12);
        let gains = self.placed_means.iter().zip(units).map(|(sum, unit)| {
            let mean = sum / self.weight;
            let rounded = (mean / unit).round_ties_even() * unit;
            self.weight * (mean * mean - (mean - rounded) * (mean - rounded))
        });
        let placed = self.placed - gains.sum::<f64>();
        ((placed - inertia) / inertia).abs()
    }
}

/// What places a feature, seen from a centroid.
struct Place {
    scale: Scale,
    unit: f64, // a step in steps of the finest feature
    centroid: f64,
}

/// A step of each feature in steps of the finest. (n_dims)
fn units(lattice: &Lattice) -> Vec<f64> {
    lattice.shift.iter().map(|&shift| libm::ldexp(1.0, (lattice.max_shift() - shift) as i32)).collect()
}

fn clusters(data: &Dataset<'_>, fit: &Fit) -> Result<Vec<Cluster>, DataError> {
    let (lattice, d) = (&fit.lattice, fit.lattice.n_dims());
    let units = units(lattice);
    let scales: Vec<Scale> = (0..d).map(|j| Scale::new(lattice, j)).collect();
    let place = |j: usize, &q: &i32| Place { scale: scales[j], unit: units[j], centroid: q.into() };
    let of_centroid = |row: &[i32]| row.iter().enumerate().map(|(j, q)| place(j, q)).collect::<Vec<_>>();
    let places: Vec<Vec<Place>> = fit.state.centroids.chunks_exact(d).map(of_centroid).collect();
    let weight = |row: usize| data.weights.as_ref().map_or(1.0, |weights| weights[row] / fit.weight_unit);
    let none = || vec![Cluster::default(); places.len()];
    let merge = |mut all: Vec<Cluster>, more: Vec<Cluster>| {
        all.iter_mut().zip(more).for_each(|(all, more)| all.merge(more));
        all
    };
    let mut all = none();
    data.points.visit::<DataError>(&mut |first, rows| {
        let rows = rows.to_f64();
        let of_block = |mut found: Vec<Cluster>, (block, rows): (usize, &[f64])| {
            for (i, row) in rows.chunks_exact(d).enumerate() {
                let row_number = first + block * BLOCK + i;
                if weight(row_number) > 0.0 {
                    let label = fit.labels()[row_number] as usize;
                    found[label].add(row, weight(row_number), &places[label]);
                }
            }
            found
        };
        let found = rows.par_chunks(BLOCK * d).enumerate().fold(none, of_block).reduce(none, merge);
        all = merge(std::mem::take(&mut all), found);
        Ok(())
    })?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kmeans::{KMeans, fit};

    /// Centroids that are not the means of their rows are no matter of rounding.
    #[test]
    fn a_restart_that_is_stopped_early_loses_nothing_to_rounding() {
        let rows: Vec<[f64; 2]> =
            (0..400).map(|i| [f64::from(i * 7919 % 1009).sqrt(), f64::from(i).sin()]).collect();
        let data = Dataset::from(&rows[..]);
        for kmeans in [KMeans::new(6).max_iter(1), KMeans::new(6).tol(0.1), KMeans::new(6)] {
            let params = kmeans.restarts(3).check().expect("good parameters");
            let fit = fit(&data, &params).expect("it fits");
            assert!(fit.rounding.cost > 0.0, "values on the lattice show nothing");
            assert_eq!(of_clusters(&data, &fit).expect("rows in memory"), None);
        }
    }
}
